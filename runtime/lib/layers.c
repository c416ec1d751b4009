/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows, and the archive that they become.
 */
#include "lib/layers.h"
#include "lib/config.h"
#include "lib/npz.h"
#include "lib/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARRAYS = 3, NAME_SIZE = 224 }; /* of a block; bytes of an array's name */

static int64_t batch_of(int64_t samples)
{
    return samples < RT_LAYERS_BATCH ? samples : RT_LAYERS_BATCH;
}

int rt_layers_uses(const RnProgram *program, int64_t samples, RtUse *uses)
{
    int count = 0;
    for (int32_t r = 0; r < program->region_count; r++)
        if (program->regions[r].depth)
            uses[count++] = (RtUse){batch_of(samples), RT_TRACE, r};
    return count;
}

static bool open_blocks(RtLayers *l, RtError *error)
{
    const RnProgram *program = l->session->program;
    int64_t deepest = 0;
    l->blocks = calloc((size_t)program->region_count, sizeof *l->blocks);
    for (int32_t r = 0; l->blocks && r < program->region_count; r++) {
        if (!program->regions[r].depth)
            continue;
        l->blocks[r].region = r;
        if (!rt_region_depth(program, l->session->config, r, &l->blocks[r].depth, error))
            return false;
        deepest = l->blocks[r].depth > deepest ? l->blocks[r].depth : deepest;
    }
    size_t bytes;
    if (rt_bytes(RN_TRACE_ROWS * l->batch, deepest + 1, sizeof *l->trace, &bytes))
        l->trace = malloc(bytes);
    return (l->blocks && l->trace) ||
           rt_fail(error, RT_FAILED, "out of memory for norms layer by layer");
}

bool rt_layers_open(RtLayers *l, RtSession *session, const RtSet *set, const char *path,
                    RtError *error)
{
    size_t size = (size_t)session->program->real_size, x, target;
    *l = (RtLayers){.session = session, .path = path, .batch = batch_of(set->count)};
    l->loss_kind = session->program->train->loss.kind;
    if (!rt_bytes(l->batch, session->features, size, &x) ||
        !rt_bytes(l->batch, session->outputs, size, &target))
        return rt_fail(error, RT_USAGE, "the samples' size overflows");
    l->before = malloc(session->params_size);
    if (!l->before)
        return rt_fail(error, RT_FAILED, "out of memory for the weights before");
    if (!open_blocks(l, error) || !rt_block_allocate(&l->x, x, "inputs of a batch", error) ||
        !rt_block_allocate(&l->target, target, "targets of a batch", error))
        return false;
    rt_gather(set, NULL, 0, l->batch, session->program->real_size, l->x.data, l->target.data,
              &session->parallel);
    memcpy(l->before, session->params.data, session->params_size);
    return true;
}

void rt_layers_close(RtLayers *l)
{
    for (int32_t r = 0; l->blocks && r < l->session->program->region_count; r++) {
        free(l->blocks[r].state);
        free(l->blocks[r].gradient);
        free(l->blocks[r].update);
    }
    free(l->blocks);
    free(l->epoch);
    free(l->step);
    free(l->before);
    free(l->trace);
    rt_block_free(&l->x);
    rt_block_free(&l->target);
    *l = (RtLayers){0};
}

/* ---- rows ---- */

static bool grow(void **values, int64_t rows, int64_t width, size_t size)
{
    size_t bytes;
    void *grown = rt_bytes(rows, width, size, &bytes) ? realloc(*values, bytes) : NULL;
    *values = grown ? grown : *values;
    return grown;
}

/* Room for another row, in everything. */
static bool reserve(RtLayers *l, RtError *error)
{
    int64_t rows = l->capacity ? 2 * l->capacity : 16;
    if (l->rows < l->capacity)
        return true;
    bool good = grow((void **)&l->epoch, rows, 1, sizeof *l->epoch) &&
                grow((void **)&l->step, rows, 1, sizeof *l->step);
    for (int32_t r = 0; good && r < l->session->program->region_count; r++) {
        RtBlockRows *b = &l->blocks[r];
        good = b->depth == 0 || (grow((void **)&b->state, rows, b->depth + 1, sizeof(double)) &&
                                 grow((void **)&b->gradient, rows, b->depth + 1, sizeof(double)) &&
                                 grow((void **)&b->update, rows, b->depth, sizeof(double)));
    }
    l->capacity = good ? rows : l->capacity;
    return good || rt_fail(error, RT_FAILED, "out of memory for norms layer by layer");
}

static double mean_root(const RtLayers *l, int row, int64_t layer, int64_t depth)
{
    const double *squares = l->trace + (row * (depth + 1) + layer) * l->batch;
    double mean = 0;
    for (int64_t s = 0; s < l->batch; s++)
        mean += sqrt(squares[s]) / (double)l->batch;
    return mean;
}

static bool trace_block(RtLayers *l, RtBlockRows *b, RtError *error)
{
    RnCall call = rt_session_call(l->session, l->batch, RT_TRACE, l->loss_kind);
    double loss;
    call.x = l->x.data;
    call.target = l->target.data;
    call.loss = &loss;
    call.trace = l->trace;
    call.trace_region = b->region;
    if (!rt_session_run(l->session, &call, error) && error->status != RT_DIVERGED)
        return false;
    for (int64_t k = 0; k <= b->depth; k++) {
        b->state[l->rows * (b->depth + 1) + k] = mean_root(l, RN_TRACE_STATE, k, b->depth);
        b->gradient[l->rows * (b->depth + 1) + k] = mean_root(l, RN_TRACE_GRADIENT, k, b->depth);
    }
    return true;
}

/* Σ over the trained tensors of a layer of the squares of their change. */
static void add_updates(const RtLayers *l, int32_t tensor, double *squares)
{
    const RtSession *s = l->session;
    int64_t layers, size = s->program->tensors[tensor].size;
    size_t offset = s->code->tensor_offset(s->program, s->config, tensor, &layers);
    const char *now = (const char *)s->params.data + offset, *before = l->before + offset;
    for (int64_t k = 0; k < layers; k++)
        for (int64_t i = k * size; i < (k + 1) * size; i++) {
            double change =
                rt_real(now, i, s->program->real_size) - rt_real(before, i, s->program->real_size);
            squares[k] += change * change;
        }
}

static void update_block(const RtLayers *l, RtBlockRows *b)
{
    const RnProgram *program = l->session->program;
    double *row = b->update + l->rows * b->depth;
    memset(row, 0, (size_t)b->depth * sizeof *row);
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *tensor = &program->tensors[t];
        if (tensor->trainable && !tensor->shared && tensor->region == b->region)
            add_updates(l, t, row);
    }
    for (int64_t k = 0; k < b->depth; k++)
        row[k] = sqrt(row[k]);
}

bool rt_layers_row(RtLayers *l, int64_t epoch, int64_t step, RtError *error)
{
    if (l->rows && l->step[l->rows - 1] == step) {
        l->epoch[l->rows - 1] = epoch; /* the step ended an epoch */
        return true;
    }
    if (!reserve(l, error))
        return false;
    for (int32_t r = 0; r < l->session->program->region_count; r++) {
        if (!l->blocks[r].depth)
            continue;
        if (!trace_block(l, &l->blocks[r], error))
            return false;
        update_block(l, &l->blocks[r]);
    }
    l->epoch[l->rows] = epoch;
    l->step[l->rows++] = step;
    memcpy(l->before, l->session->params.data, l->session->params_size);
    return true;
}

/* ---- the archive ---- */

static void put_block(const RtLayers *l, const RtBlockRows *b, char names[][NAME_SIZE],
                      RtArray *arrays)
{
    static const char *const kinds[ARRAYS] = {"state", "gradient", "update"};
    const double *const values[ARRAYS] = {b->state, b->gradient, b->update};
    const char *block = l->session->program->regions[b->region].name;
    for (int i = 0; i < ARRAYS; i++) {
        snprintf(names[i], NAME_SIZE, "%s.%s", block ? block : "block", kinds[i]);
        arrays[i] = (RtArray){.name = names[i],
                              .rank = 2,
                              .dims = {l->rows, b->depth + (i < ARRAYS - 1)},
                              .values = values[i]};
    }
}

bool rt_layers_write(const RtLayers *l, RtError *error)
{
    size_t most = 2 + ARRAYS * (size_t)l->session->program->region_count;
    RtArray *arrays = calloc(most, sizeof *arrays);
    char(*names)[NAME_SIZE] = calloc(most, sizeof *names);
    int count = 0;
    bool good = (arrays && names) || rt_fail(error, RT_FAILED, "out of memory for %s", l->path);
    if (good) {
        arrays[count++] = (RtArray){"epoch", true, 1, {l->rows}, l->epoch};
        arrays[count++] = (RtArray){"step", true, 1, {l->rows}, l->step};
    }
    for (int32_t r = 0; good && r < l->session->program->region_count; r++) {
        if (!l->blocks[r].depth)
            continue;
        put_block(l, &l->blocks[r], names + count, arrays + count);
        count += ARRAYS;
    }
    good = good && rt_npz_write(l->path, arrays, count, error);
    free(arrays);
    free(names);
    return good;
}
