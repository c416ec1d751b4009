/* SPDX-License-Identifier: Apache-2.0
 *
 * The Jacobian of a block, transposed, as a product over its pieces: orthonormal gradients are
 * pulled through some pieces in the network's own arithmetic, one a lane, and orthogonalised again
 * in double before they have run together or left their reals; see graded.h.
 */
#include "lib/jacobian.h"
#include "lib/chain.h"
#include "lib/graded.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>

/* Lanes at once, where one sample needs no more; layers of a piece; pieces of an interval. */
enum { LANES = 512, LONG_PIECE = 8, MOST_PIECES = 32 };
/* How far the columns may run together in an interval: floats keep 3 digits at the limit. */
static const double spread_limit = 1e4, spread_aim = 1e3;

typedef struct Jacobian {
    RtChain chain;
    int64_t first, last; /* pieces of the block */
    int64_t rows, samples;
    int64_t from, count; /* samples at work */
    RtGraded *graded;    /* [most samples at work] */
    double *spread;      /* [most samples at work] */
    bool *broken;        /* [most samples at work] a state or a gradient is no number */
    void *lanes;         /* reals [count · rows][rows] */
    double *values;
    int64_t width;
    bool failed; /* out of memory in a thread */
} Jacobian;

static void each_sample(Jacobian *j, void (*body)(void *context, int64_t index))
{
    rt_each(&j->chain.session->parallel, j->count, body, j);
}

static void fill_lanes(void *context, int64_t index)
{
    Jacobian *j = context;
    int64_t size = j->rows * j->rows;
    for (int64_t i = 0; i < size; i++)
        rt_set_real(j->lanes, index * size + i, j->chain.session->program->real_size,
                    j->graded[index].u[i]);
}

static void factor_lanes(void *context, int64_t index)
{
    Jacobian *j = context;
    int64_t size = j->rows * j->rows;
    for (int64_t i = 0; i < size; i++)
        j->graded[index].next[i] =
            rt_real(j->lanes, index * size + i, j->chain.session->program->real_size);
    j->spread[index] = j->broken[index] ? (double)NAN : rt_graded_factor(&j->graded[index]);
}

static void accept_sample(void *context, int64_t index)
{
    Jacobian *j = context;
    if (!j->broken[index])
        rt_graded_accept(&j->graded[index]);
}

static void finish_sample(void *context, int64_t index)
{
    Jacobian *j = context;
    double *values = j->values + (j->from + index) * j->width;
    bool broken = j->broken[index];
    if (!broken && j->rows <= RT_SPECTRUM_WIDTH)
        rt_graded_values(&j->graded[index], values);
    else if (!broken && !rt_graded_extremes(&j->graded[index], &values[0], &values[1]))
        j->failed = true;
    for (int64_t i = 0; broken && i < j->width; i++)
        values[i] = (double)NAN;
}

/* Largest spread of the samples; NaN where none is finite. */
static double largest_spread(const Jacobian *j)
{
    double most = (double)NAN;
    for (int64_t i = 0; i < j->count; i++)
        most = fmax(most, j->spread[i]);
    return most;
}

static bool any_broken(const Jacobian *j)
{
    for (int64_t i = 0; i < j->count; i++)
        if (j->broken[i])
            return true;
    return false;
}

/* Have columns run together, or a gradient left its reals? */
static bool is_rough(const Jacobian *j, double spread)
{
    bool rough = spread > spread_limit;
    for (int64_t i = 0; i < j->count; i++)
        rough = rough || (!j->broken[i] && isnan(j->spread[i]));
    return rough;
}

static bool is_long(const RtPiece *piece)
{
    return piece->to - piece->from > 1;
}

static void start_samples(Jacobian *j)
{
    for (int64_t i = 0; i < j->count; i++) {
        rt_graded_reset(&j->graded[i]);
        j->broken[i] = !rt_chain_is_finite(&j->chain, j->first, j->last + 1, j->from + i);
    }
}

/* Pieces for the next interval, from the spread of one with n. */
static int64_t next_interval(double spread, int64_t n)
{
    double rate = log(fmax(spread, 1.0001)) / (double)n;
    double wanted = log(spread_aim) / rate;
    double most = (double)(2 * n < MOST_PIECES ? 2 * n : MOST_PIECES);
    return wanted < 1 ? 1 : (int64_t)fmin(wanted, most);
}

/* Down through the block. Ends early, with `rough`, where a piece is too long already. */
static bool descend(Jacobian *j, bool *rough, RtError *error)
{
    int64_t interval = 1, low;
    start_samples(j);
    *rough = *rough || any_broken(j);
    for (int64_t high = j->last + 1; high > j->first; high = low) {
        low = high - interval > j->first ? high - interval : j->first;
        if (*rough && is_long(&j->chain.pieces[low]))
            return true;
        each_sample(j, fill_lanes);
        for (int64_t piece = high; piece-- > low;)
            if (!rt_chain_pull(&j->chain, piece, j->from, j->count, j->rows, j->lanes, error))
                return false;
        each_sample(j, factor_lanes);
        double spread = largest_spread(j);
        bool now = is_rough(j, spread);
        interval = now ? 1 : next_interval(spread, high - low);
        if (now && high - low > 1) {
            low = high;
            continue;
        }
        *rough = *rough || now;
        for (int64_t i = 0; i < j->count; i++)
            j->broken[i] = isnan(j->spread[i]);
        each_sample(j, accept_sample);
        if (isnan(spread))
            return true;
    }
    return true;
}

static bool measure_samples(Jacobian *j, bool *rough, RtError *error)
{
    int64_t most = LANES / j->rows > 1 ? LANES / j->rows : 1;
    for (j->from = 0; j->from < j->samples; j->from += most) {
        j->count = j->samples - j->from < most ? j->samples - j->from : most;
        if (!descend(j, rough, error))
            return false;
        if (*rough && is_long(&j->chain.pieces[j->first]))
            return true;
        each_sample(j, finish_sample);
    }
    return !j->failed || rt_fail(error, RT_FAILED, "out of memory for singular values");
}

static bool open_jacobian(Jacobian *j, RtSession *session, int32_t region, int64_t length,
                          RtError *error)
{
    int64_t at_once = LANES / j->rows > 1 ? LANES / j->rows : 1;
    if (at_once > j->samples)
        at_once = j->samples;
    if (!rt_chain_open(&j->chain, session, j->samples, length, at_once * j->rows, error))
        return false;
    j->first = rt_chain_find(&j->chain, region);
    j->last = rt_chain_find(&j->chain, region + 1) - 1;
    j->graded = calloc((size_t)at_once, sizeof *j->graded);
    j->spread = calloc((size_t)at_once, sizeof *j->spread);
    j->broken = calloc((size_t)at_once, sizeof *j->broken);
    size_t bytes;
    if (rt_bytes(at_once * j->rows, j->rows, (size_t)session->program->real_size, &bytes))
        j->lanes = calloc(1, bytes);
    bool good = j->graded && j->spread && j->broken && j->lanes;
    for (int64_t i = 0; good && i < at_once; i++)
        good = rt_graded_open(&j->graded[i], j->rows);
    return good || rt_fail(error, RT_FAILED, "out of memory for singular values");
}

static void close_jacobian(Jacobian *j)
{
    int64_t at_once = LANES / j->rows > 1 ? LANES / j->rows : 1;
    for (int64_t i = 0; j->graded && i < (at_once < j->samples ? at_once : j->samples); i++)
        rt_graded_close(&j->graded[i]);
    free(j->graded);
    free(j->spread);
    free(j->broken);
    free(j->lanes);
    rt_chain_close(&j->chain);
}

bool rt_jacobian(RtSession *session, int32_t region, const void *x, int64_t samples, double *values,
                 RtError *error)
{
    int64_t rows = session->program->regions[region].in_rows;
    bool good = true, rough = true;
    for (int64_t length = LONG_PIECE; good && rough && length >= 1; length /= LONG_PIECE) {
        Jacobian j = {.rows = rows, .samples = samples, .values = values};
        j.width = rt_jacobian_values(rows);
        rough = false;
        good = open_jacobian(&j, session, region, length, error) &&
               rt_chain_forward(&j.chain, x, error) && measure_samples(&j, &rough, error);
        close_jacobian(&j);
    }
    return good;
}
