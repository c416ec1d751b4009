/* SPDX-License-Identifier: Apache-2.0
 *
 * Shuffles by Fisher and Yates, splits, and gathers batches.
 */
#include "lib/split.h"
#include "core/random.h"
#include "lib/pool.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Uniform in 0 … bound - 1, off by less than bound / 2^64. */
static uint32_t draw_below(uint64_t bits, uint64_t bound)
{
    return (uint32_t)((unsigned __int128)bits * bound >> 64);
}

void rt_shuffle(uint64_t stream, uint64_t turn, uint32_t *order, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (int64_t i = count - 1; i > 0; i--) {
        uint32_t j = draw_below(rn_bits(stream, turn, (uint64_t)i), (uint64_t)i + 1);
        uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

uint64_t rt_order_stream_of_repeat(uint64_t seed, uint64_t repeat)
{
    return rn_stream("data/order", seed, repeat);
}

uint64_t rt_order_stream(uint64_t seed)
{
    return rt_order_stream_of_repeat(seed, 0);
}

static int64_t share_of(double share, int64_t count)
{
    int64_t part = (int64_t)floor(share * (double)count + 0.5);
    return share > 0 && part == 0 ? 1 : part;
}

bool rt_split_make(const RtData *data, double validation, double test, uint64_t seed,
                   RtSplit *split, RtError *error)
{
    int64_t count = data->train.count;
    *split = (RtSplit){0};
    if (count > UINT32_MAX)
        return rt_fail(error, RT_BAD_DATA, "%s: more than 2^32 samples", data->train.source);
    int64_t tested = data->test.count ? 0 : share_of(test, count);
    int64_t held = share_of(validation, count - tested);
    if (tested + held >= count)
        return rt_fail(error, RT_BAD_DATA, "%s: %lld samples leave none to train on",
                       data->train.source, (long long)count);
    split->rows = malloc((size_t)count * sizeof *split->rows);
    if (!split->rows)
        return rt_fail(error, RT_FAILED, "out of memory for the order of the samples");
    rt_shuffle(rn_stream("data/split", seed, 0), 0, split->rows, count);
    split->test = (RtSet){&data->train, split->rows, tested};
    if (data->test.count)
        split->test = (RtSet){&data->test, NULL, data->test.count};
    split->validation = (RtSet){&data->train, split->rows + tested, held};
    split->train = (RtSet){&data->train, split->rows + tested + held, count - tested - held};
    return true;
}

void rt_split_free(RtSplit *split)
{
    free(split->rows);
    *split = (RtSplit){0};
}

static double mean_of_feature(const RtSet *set, int64_t feature, int32_t real_size)
{
    double sum = 0;
    int64_t known = 0;
    for (int64_t i = 0; i < set->count; i++) {
        int64_t row = set->index ? set->index[i] : i;
        double value = rt_real(set->table->values, row * set->table->features + feature, real_size);
        sum += isnan(value) ? 0 : value;
        known += !isnan(value);
    }
    return known ? sum / (double)known : (double)NAN;
}

static bool fill_table(RtTable *table, const RtSet *train, int32_t real_size, RtError *error)
{
    for (int64_t feature = 0; table->values && feature < table->features; feature++) {
        double mean = (double)NAN;
        for (int64_t row = 0; row < table->count; row++) {
            int64_t at = row * table->features + feature;
            if (!isnan(rt_real(table->values, at, real_size)))
                continue;
            if (isnan(mean))
                mean = mean_of_feature(train, feature, real_size);
            if (isnan(mean))
                return rt_fail(error, RT_BAD_DATA,
                               "%s: input %lld has no value to take the mean "
                               "of",
                               table->source, (long long)feature + 1);
            rt_set_real(table->values, at, real_size, mean);
        }
    }
    return true;
}

bool rt_fill_missing(RtData *data, const RtSplit *split, int32_t real_size, RtError *error)
{
    /* the means are of the training table, which is therefore filled last; within a feature the
     * mean is taken before any row is filled */
    return fill_table(&data->test, &split->train, real_size, error) &&
           fill_table(&data->train, &split->train, real_size, error);
}

static void gather_bytes(const uint8_t *row, int64_t width, int32_t real_size, void *x)
{
    if (real_size == 4)
        for (int64_t i = 0; i < width; i++)
            ((float *)x)[i] = (float)row[i] / 255.0f;
    else
        for (int64_t i = 0; i < width; i++)
            ((double *)x)[i] = (double)row[i] / 255.0;
}

/* What a batch is gathered from and to, in pieces of so many samples. */
typedef struct Gather {
    const RtSet *set;
    const uint32_t *order;
    int64_t from, count, piece;
    int32_t real_size;
    void *x, *target;
} Gather;

static int64_t row_of(const Gather *g, int64_t i)
{
    int64_t place = g->order ? g->order[g->from + i] : g->from + i;
    return g->set->index ? g->set->index[place] : place;
}

static void gather_sample(const Gather *g, int64_t i)
{
    const RtTable *table = g->set->table;
    size_t size = (size_t)g->real_size, width = (size_t)table->features * size;
    size_t target_width = (size_t)table->outputs * size;
    int64_t row = row_of(g, i);
    char *to = (char *)g->x + (size_t)i * width;
    if (table->bytes)
        gather_bytes(table->bytes + row * table->stride, table->features, g->real_size, to);
    else
        memcpy(to, (const char *)table->values + (size_t)row * width, width);
    if (g->target && table->labels)
        ((int32_t *)g->target)[i] = table->labels[row];
    else if (g->target && table->targets)
        memcpy((char *)g->target + (size_t)i * target_width,
               (const char *)table->targets + (size_t)row * target_width, target_width);
}

/* Rows lie anywhere in memory: one is on its way while another is copied. */
static void fetch_row(const Gather *g, int64_t i)
{
    enum { LINE = 64 };
    const RtTable *table = g->set->table;
    size_t width = (size_t)table->features * (table->bytes ? 1 : (size_t)g->real_size);
    size_t stride = table->bytes ? (size_t)table->stride : width;
    const char *rows = table->bytes ? (const char *)table->bytes : table->values;
    const char *row = rows + (size_t)row_of(g, i) * stride;
    for (size_t at = 0; at < width; at += LINE)
        __builtin_prefetch(row + at);
}

static void gather_piece(void *context, int64_t index)
{
    enum { AHEAD = 2 };
    const Gather *g = context;
    int64_t from = index * g->piece, left = g->count - from;
    int64_t to = from + (left < g->piece ? left : g->piece);
    for (int64_t i = from; i < to; i++) {
        if (i + AHEAD < g->count)
            fetch_row(g, i + AHEAD);
        gather_sample(g, i);
    }
}

void rt_gather(const RtSet *set, const uint32_t *order, int64_t from, int64_t count,
               int32_t real_size, void *x, void *target, const RnParallel *parallel)
{
    enum { PIECE = 32 * 1024 }; /* bytes, worth a thread's while */
    Gather g = {.set = set,
                .order = order,
                .from = from,
                .count = count,
                .piece = 1 + PIECE / (1 + set->table->features * real_size),
                .real_size = real_size,
                .x = x,
                .target = target};
    rt_each(parallel, (count + g.piece - 1) / g.piece, gather_piece, &g);
}
