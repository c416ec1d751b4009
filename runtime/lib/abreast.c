/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks in one pass: what each has of its own, and the call that runs them all.
 */
#include "lib/abreast.h"
#include "lib/config.h"
#include "lib/measure_parts.h"
#include "lib/real.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(const RtAbreast *a, const RnTensor *tensor)
{
    return (tensor->depends & a->varied) != 0;
}

/* Do the networks differ in scalars, if in anything, and is there something to trace? */
static bool is_possible(const RtAbreast *a)
{
    const RnProgram *program = a->prober->session.program;
    bool good = rt_trace_what(a->prober) & RN_TRACE_ENDS, traces = false;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *row = &program->tensors[t];
        good =
            good && (!is_own(a, row) || rn_may_differ((RnRole)row->role, row->rank, row->absolute));
    }
    for (int32_t r = 0; r < program->region_count; r++)
        traces = traces || a->prober->profiles[r].depth;
    return good && traces;
}

static char *tensor_at(const RtSession *s, int32_t tensor, size_t *bytes)
{
    int64_t layers;
    size_t offset = s->code->tensor_offset(s->program, s->config, tensor, &layers);
    *bytes = (size_t)(layers * s->program->tensors[tensor].size) * (size_t)s->program->real_size;
    return (char *)s->params.data + offset;
}

/* ---- memory: counted where the block is not there yet ---- */

static void *take(RtAbreast *a, size_t *used, size_t bytes)
{
    char *place = a->memory.data ? (char *)a->memory.data + *used : NULL;
    size_t end;
    if (!rt_add(*used, bytes, &end) || end > SIZE_MAX - RN_ALIGN)
        end = SIZE_MAX - RN_ALIGN; /* too much in any case */
    *used = (end + RN_ALIGN - 1) & ~(size_t)(RN_ALIGN - 1);
    return place;
}

static RnCall call_of(const RtAbreast *a, int32_t region, int64_t networks)
{
    RnCall call = rt_trace_call(a->prober, region);
    call.batch *= networks;
    call.networks = networks;
    call.own = (const void *const *)a->own;
    call.workspace = a->workspace;
    call.x = a->x;
    call.target = call.target ? a->target : NULL;
    call.trace = a->traces[region];
    call.trace_powers = a->powers[region];
    return call;
}

static size_t input_bytes(const RtProber *p)
{
    return (size_t)(p->batch * p->session.features) * (size_t)p->session.program->real_size;
}

static size_t target_bytes(const RtProber *p)
{
    return p->loss_kind == RN_LOSS_CROSS_ENTROPY
               ? (size_t)p->batch * sizeof(int32_t)
               : (size_t)(p->batch * p->session.outputs) * (size_t)p->session.program->real_size;
}

static size_t workspace_of(const RtAbreast *a, int64_t networks)
{
    const RtSession *s = &a->prober->session;
    size_t most = 0;
    for (int32_t r = 0; r < s->program->region_count; r++) {
        RnCall call = call_of(a, r, networks);
        size_t bytes = a->prober->profiles[r].depth ? s->code->workspace_size(&call) : 1;
        if (!bytes)
            return SIZE_MAX;
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* Of any number of networks: fewer may be cut into tiles in another way, but the size only grows
 * between whole vectors of samples. */
static size_t workspace_bytes(const RtAbreast *a)
{
    int64_t each = a->prober->batch;
    size_t most = workspace_of(a, a->most);
    for (int64_t lanes = RN_LANES; lanes < a->most * each; lanes += RN_LANES) {
        size_t bytes = lanes < 2 * each ? 0 : workspace_of(a, lanes / each);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static int64_t *take_trace(RtAbreast *a, size_t *used, const RtProfile *profile, double **squares)
{
    size_t numbers =
        RN_TRACE_ROWS * (size_t)(profile->depth + 1) * (size_t)(a->most * a->prober->batch);
    *squares = take(a, used, numbers * sizeof **squares);
    return take(a, used, numbers * sizeof(int64_t));
}

/* All that a pass needs; the bytes of it. */
static size_t lay_out(RtAbreast *a)
{
    const RtProber *p = a->prober;
    const RnProgram *program = p->session.program;
    size_t used = 0, bytes, most = (size_t)a->most;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        tensor_at(&p->session, t, &bytes);
        for (int64_t i = 0; i < a->most && is_own(a, &program->tensors[t]); i++) {
            void *own = take(a, &used, bytes);
            /* the size of a workspace follows from what differs, wherever it is */
            a->own[i * program->tensor_count + t] = own ? own : a->configs;
        }
    }
    for (int32_t r = 0; r < program->region_count; r++)
        if (p->profiles[r].depth)
            a->powers[r] = take_trace(a, &used, &p->profiles[r], &a->traces[r]);
    a->x = take(a, &used, most * input_bytes(p));
    a->target = take(a, &used, most * target_bytes(p));
    if (!a->memory.data)
        a->workspace_size = workspace_bytes(a);
    a->workspace = take(a, &used, a->workspace_size);
    return used;
}

static bool take_tables(RtAbreast *a)
{
    const RnProgram *program = a->prober->session.program;
    size_t most = (size_t)a->most, regions = (size_t)program->region_count;
    size_t tensors = (size_t)program->tensor_count;
    a->configs = calloc(most, ((size_t)program->param_count + 1) * sizeof *a->configs);
    a->own = calloc(most, tensors * sizeof *a->own);
    a->traces = calloc(regions, sizeof *a->traces);
    a->powers = calloc(regions, sizeof *a->powers);
    return a->configs && a->own && a->traces && a->powers;
}

bool rt_abreast_open(RtAbreast *a, RtProber *p, int64_t varied, int64_t members)
{
    RtError ignored;
    int64_t most = RT_ABREAST_LANES / p->batch;
    *a = (RtAbreast){.prober = p, .varied = varied, .most = most < members ? most : members};
    if (a->most < 2 || !is_possible(a))
        return false;
    bool good = take_tables(a);
    size_t bytes = 0;
    while (good && a->most > 1 && (bytes = lay_out(a)) > RT_ABREAST_BYTES)
        a->most /= 2;
    good = good && a->most > 1 && rt_block_allocate(&a->memory, bytes, "traces", &ignored);
    if (good)
        lay_out(a);
    else
        rt_abreast_close(a);
    return good;
}

void rt_abreast_close(RtAbreast *a)
{
    rt_block_free(&a->memory);
    free(a->configs);
    free(a->own);
    free(a->traces);
    free(a->powers);
    *a = (RtAbreast){0};
}

/* ---- networks ---- */

static double *config_of(const RtAbreast *a, int64_t index)
{
    return a->configs + index * a->prober->session.program->param_count;
}

/* Do both configs draw the same inputs and targets? */
static bool same_samples(const RtProber *p, const double *a, const double *b)
{
    RnFormula *const formulas[] = {p->data->low, p->data->high, p->data->overlap,
                                   p->loss->target_low, p->loss->target_high};
    bool same = true;
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        same = same && rt_formula(formulas[i], a, 0) == rt_formula(formulas[i], b, 0);
    return same;
}

bool rt_abreast_fits(const RtAbreast *a, const double *config)
{
    return a->count < a->most && (!a->count || same_samples(a->prober, a->configs, config));
}

void rt_abreast_add(RtAbreast *a)
{
    const RtSession *s = &a->prober->session;
    const RnProgram *program = s->program;
    memcpy(config_of(a, a->count), s->config, (size_t)program->param_count * sizeof *s->config);
    for (int32_t t = 0; t < program->tensor_count; t++) {
        size_t bytes;
        const char *from = tensor_at(s, t, &bytes);
        if (is_own(a, &program->tensors[t]))
            memcpy(a->own[a->count * program->tensor_count + t], from, bytes);
    }
    a->count++;
}

/* The same samples for each network. */
static void fill_lanes(RtAbreast *a)
{
    const RtProber *p = a->prober;
    for (int64_t i = 0; i < a->count; i++) {
        memcpy(a->x + (size_t)i * input_bytes(p), p->buffers.x.data, input_bytes(p));
        if (p->loss_kind != RN_LOSS_PROJECTION)
            memcpy(a->target + (size_t)i * target_bytes(p), p->buffers.target.data,
                   target_bytes(p));
    }
}

bool rt_abreast_run(RtAbreast *a, uint64_t draw)
{
    const RtSession *s = &a->prober->session;
    RtError ignored;
    bool good = rt_draw(a->prober, draw, &ignored);
    if (good)
        fill_lanes(a);
    for (int32_t r = 0; good && r < s->program->region_count; r++)
        good = !a->traces[r] || rt_trace_run(a->prober, call_of(a, r, a->count), &ignored);
    return good;
}

void rt_abreast_take(RtAbreast *a, int64_t index)
{
    RtProber *p = a->prober;
    RtSession *s = &p->session;
    memcpy(s->config, config_of(a, index), (size_t)s->program->param_count * sizeof *s->config);
    for (int32_t t = 0; t < s->program->tensor_count; t++) {
        size_t bytes;
        char *to = tensor_at(s, t, &bytes);
        if (is_own(a, &s->program->tensors[t]))
            memcpy(to, a->own[index * s->program->tensor_count + t], bytes);
    }
    p->known = (RtKnown){a->traces, a->powers, a->count * p->batch, index * p->batch};
}
