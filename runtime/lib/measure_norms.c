/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms of states and gradients along a block.
 */
#include "lib/linear.h"
#include "lib/measure_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double row_at(const double *trace, int row, int64_t layer, int64_t depth, int64_t batch,
                     int64_t sample)
{
    return trace[(row * (depth + 1) + layer) * batch + sample];
}

double rt_trace_quantity(int32_t kind, const double *trace, int64_t depth, int64_t batch,
                         int64_t sample)
{
    static const struct {
        int row, base;
        bool at_end, base_at_end;
    } rules[] = {
        [RN_QUANTITY_FORWARD_RATIO] = {RN_TRACE_STATE, RN_TRACE_STATE, true, false},
        [RN_QUANTITY_FORWARD_CHANGE] = {RN_TRACE_STATE_CHANGE, RN_TRACE_STATE, true, false},
        [RN_QUANTITY_GRADIENT_RATIO] = {RN_TRACE_GRADIENT, RN_TRACE_GRADIENT, false, true},
        [RN_QUANTITY_GRADIENT_CHANGE] = {RN_TRACE_GRADIENT_CHANGE, RN_TRACE_GRADIENT, false, true},
    };
    double value =
        row_at(trace, rules[kind].row, rules[kind].at_end ? depth : 0, depth, batch, sample);
    double base =
        row_at(trace, rules[kind].base, rules[kind].base_at_end ? depth : 0, depth, batch, sample);
    return sqrt(value) / sqrt(base);
}

int32_t rt_trace_what(const RtProber *p)
{
    return p->session.options->layers_table ? RT_TRACE : RT_TRACE | RN_TRACE_ENDS;
}

RnCall rt_trace_call(const RtProber *p, int32_t region)
{
    RnCall call = rt_session_call(&p->session, p->batch, rt_trace_what(p), p->loss_kind);
    call.x = p->buffers.x.data;
    call.target = p->loss_kind == RN_LOSS_PROJECTION ? NULL : p->buffers.target.data;
    call.projection = p->loss_kind == RN_LOSS_PROJECTION ? p->projection.data : NULL;
    call.y = p->buffers.y.data;
    call.losses = p->buffers.losses.data;
    call.trace = p->trace.data;
    call.trace_region = region;
    return call;
}

static void copy_ends(RtProber *p, const RtProfile *profile)
{
    const RtKnown *known = &p->known;
    const double *from = known->traces[profile->region];
    double *to = p->trace.data;
    int64_t layers = profile->depth + 1;
    for (int64_t row = 0; row < RN_TRACE_ROWS; row++)
        for (int64_t k = 0; k < layers; k += profile->depth) {
            int64_t at = row * layers + k;
            memcpy(to + at * p->batch, from + at * known->batch + known->first,
                   (size_t)p->batch * sizeof *to);
        }
}

static bool run_trace(RtProber *p, const RtProfile *profile, RtError *error)
{
    if (p->known.traces) {
        copy_ends(p, profile);
        return true;
    }
    RnCall call = rt_trace_call(p, profile->region);
    memset(p->trace.data, 0, p->trace.size);
    /* a network that explodes is measured all the same: its ratios are infinite */
    return rt_session_run(&p->session, &call, error) || error->status == RT_DIVERGED;
}

static void add_profile(RtProber *p, RtProfile *profile)
{
    const double *trace = p->trace.data;
    int64_t depth = profile->depth, batch = p->batch;
    for (int64_t k = 0; k <= depth; k++) {
        double state = 0, gradient = 0;
        for (int64_t s = 0; s < batch; s++) {
            state += sqrt(row_at(trace, RN_TRACE_STATE, k, depth, batch, s)) /
                     sqrt(row_at(trace, RN_TRACE_STATE, 0, depth, batch, s));
            gradient += sqrt(row_at(trace, RN_TRACE_GRADIENT, k, depth, batch, s)) /
                        sqrt(row_at(trace, RN_TRACE_GRADIENT, depth, depth, batch, s));
        }
        profile->state[k] += state / (double)batch / (double)p->repeat;
        profile->gradient[k] += gradient / (double)batch / (double)p->repeat;
    }
    profile->draws++;
}

/* Of single precision. A gradient that vanishes leaves it, too. */
bool rt_trace_in_range(const double *trace, int64_t depth, int64_t batch, int64_t sample)
{
    static const double least = 0x1p-200, most = 0x1p+240; /* squares */
    static const int rows[] = {RN_TRACE_STATE, RN_TRACE_GRADIENT};
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k <= depth; k += depth) {
            double square = row_at(trace, rows[i], k, depth, batch, sample);
            if (!(square < most) || (rows[i] == RN_TRACE_GRADIENT && square < least))
                return false;
        }
    return true;
}

/* What does not fit into reals is measured again, with exponents beside the numbers. */
static bool carry_norms(RtProber *p, const RtProfile *profile, RtError *error)
{
    RtTask task = {p->loss_kind, p->buffers.target.data, p->projection.data, {0}};
    bool all = true;
    for (int64_t s = 0; s < p->batch; s++)
        all = all && rt_trace_in_range(p->trace.data, profile->depth, p->batch, s);
    free(p->carried);
    p->carried = NULL;
    if (all || !p->session.code->stretch)
        return true;
    p->carried = calloc((size_t)p->batch, RT_NORMS * sizeof *p->carried);
    if (!p->carried)
        return rt_fail(error, RT_FAILED, "out of memory for norms");
    const double *known = p->known.traces ? p->known.carried[profile->region] : NULL;
    if (known) {
        memcpy(p->carried, known, (size_t)p->batch * RT_NORMS * sizeof *known);
        return true;
    }
    return rt_carried_norms(&p->session, profile->region, &task, p->buffers.x.data, p->batch,
                            p->carried, error);
}

bool rt_trace(RtProber *p, RtProfile *profile, RtError *error)
{
    if (!run_trace(p, profile, error))
        return false;
    if (p->session.options->layers_table)
        add_profile(p, profile);
    return carry_norms(p, profile, error);
}

void rt_trace_values(const RtProber *p, const RnMeasure *measure, RtValues *values)
{
    int64_t depth = p->profiles[rt_measure_region(p->session.program, measure)].depth;
    int row = measure->kind - RN_QUANTITY_FORWARD_RATIO;
    for (int64_t s = 0; s < values->samples; s++)
        if (p->carried && !rt_trace_in_range(p->trace.data, depth, p->batch, s))
            rt_put_log2(values, s, p->carried[row * p->batch + s]);
        else
            values->value[s] = rt_trace_quantity(measure->kind, p->trace.data, depth, p->batch, s);
}

const char *rt_trace_lost(const RtProber *p, const RnMeasure *measure, int64_t sample)
{
    int64_t depth = p->profiles[rt_measure_region(p->session.program, measure)].depth;
    bool backward =
        measure->kind == RN_QUANTITY_GRADIENT_RATIO || measure->kind == RN_QUANTITY_GRADIENT_CHANGE;
    double base = row_at(p->trace.data, backward ? RN_TRACE_GRADIENT : RN_TRACE_STATE,
                         backward ? depth : 0, depth, p->batch, sample);
    if (base == 0)
        return backward ? "the gradient behind the block is 0" : "the block's input is 0";
    return "it overflowed within the network";
}
