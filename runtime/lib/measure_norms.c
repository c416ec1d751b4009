/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms of states and gradients along a block.
 */
#include "lib/measure_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK = 8 }; /* layers from one look at powers to the next */

/* Squared norms with their powers, [RN_TRACE_ROWS][layers][batch]. */
typedef struct Trace {
    double *squares;
    int64_t *powers;
    int64_t layers, batch;
} Trace;

static Trace trace_of(const RtProber *p, int64_t depth)
{
    return (Trace){p->trace.data, p->powers.data, depth + 1, p->batch};
}

static int64_t place_of(const Trace *t, int row, int64_t layer, int64_t sample)
{
    return (row * t->layers + layer) * t->batch + sample;
}

/* A ratio of two norms is that of what is here times a power of two. */
typedef struct Ratio {
    double value;
    int64_t power;
} Ratio;

static Ratio ratio_of(const Trace *t, int64_t at, int64_t base)
{
    return (Ratio){sqrt(t->squares[at]) / sqrt(t->squares[base]), t->powers[at] - t->powers[base]};
}

static double number_of(Ratio ratio)
{
    const int64_t most = 4096; /* beyond all doubles */
    int64_t power = ratio.power < most ? ratio.power : most;
    return ldexp(ratio.value, (int)(power > -most ? power : -most));
}

/* Did the states and gradients of the sample stay within what they are kept in? */
static bool is_traced(const Trace *t, int64_t sample)
{
    bool good = true;
    for (int row = 0; row < RN_TRACE_ROWS; row++)
        for (int64_t k = 0; k < t->layers; k += t->layers - 1)
            good = good && isfinite(t->squares[place_of(t, row, k, sample)]);
    return good;
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
    call.trace = p->trace.data;
    call.trace_powers = p->powers.data;
    call.look = LOOK;
    call.trace_region = region;
    return call;
}

static void copy_ends(RtProber *p, const RtProfile *profile)
{
    const RtKnown *known = &p->known;
    int64_t depth = profile->depth;
    Trace to = trace_of(p, depth);
    const Trace from = {known->traces[profile->region], known->powers[profile->region], depth + 1,
                        known->batch};
    for (int row = 0; row < RN_TRACE_ROWS; row++)
        for (int64_t k = 0; k <= depth; k += depth) {
            int64_t at = place_of(&to, row, k, 0), there = place_of(&from, row, k, known->first);
            memcpy(to.squares + at, from.squares + there, (size_t)p->batch * sizeof *to.squares);
            memcpy(to.powers + at, from.powers + there, (size_t)p->batch * sizeof *to.powers);
        }
}

static void copy_sample(const Trace *to, const Trace *from, int64_t sample)
{
    for (int row = 0; row < RN_TRACE_ROWS; row++)
        for (int64_t k = 0; k < to->layers; k++) {
            int64_t at = place_of(to, row, k, sample);
            to->squares[at] = from->squares[at];
            to->powers[at] = from->powers[at];
        }
}

/* The samples that are not traced again, with a look behind every layer. */
static bool trace_closer(RtProber *p, RnCall call, const Trace *to, RtError *error)
{
    Trace closer = *to;
    size_t count = RN_TRACE_ROWS * (size_t)to->layers * (size_t)to->batch;
    call.trace = closer.squares = calloc(count, sizeof *closer.squares);
    call.trace_powers = closer.powers = calloc(count, sizeof *closer.powers);
    call.look = 1;
    bool good = (closer.squares && closer.powers) ||
                rt_fail(error, RT_FAILED, "out of memory for norms layer by layer");
    good = good && rt_session_run(&p->session, &call, error);
    for (int64_t s = 0; good && s < to->batch; s++)
        if (!is_traced(to, s))
            copy_sample(to, &closer, s);
    free(closer.squares);
    free(closer.powers);
    return good;
}

bool rt_trace_run(RtProber *p, RnCall call, RtError *error)
{
    const Trace trace = {call.trace, call.trace_powers, p->profiles[call.trace_region].depth + 1,
                         call.batch};
    bool all = true;
    if (!rt_session_run(&p->session, &call, error))
        return false;
    for (int64_t s = 0; s < call.batch; s++)
        all = all && is_traced(&trace, s);
    return all || trace_closer(p, call, &trace, error);
}

static bool run_trace(RtProber *p, const RtProfile *profile, RtError *error)
{
    if (p->known.traces) {
        copy_ends(p, profile);
        return true;
    }
    return rt_trace_run(p, rt_trace_call(p, profile->region), error);
}

static void add_profile(RtProber *p, RtProfile *profile)
{
    int64_t depth = profile->depth, batch = p->batch;
    const Trace t = trace_of(p, depth);
    for (int64_t k = 0; k <= depth; k++) {
        double state = 0, gradient = 0;
        for (int64_t s = 0; s < batch; s++) {
            state += number_of(ratio_of(&t, place_of(&t, RN_TRACE_STATE, k, s),
                                        place_of(&t, RN_TRACE_STATE, 0, s)));
            gradient += number_of(ratio_of(&t, place_of(&t, RN_TRACE_GRADIENT, k, s),
                                           place_of(&t, RN_TRACE_GRADIENT, depth, s)));
        }
        profile->state[k] += state / (double)batch / (double)p->repeat;
        profile->gradient[k] += gradient / (double)batch / (double)p->repeat;
    }
    profile->draws++;
}

bool rt_trace(RtProber *p, RtProfile *profile, RtError *error)
{
    if (!run_trace(p, profile, error))
        return false;
    if (p->session.options->layers_table)
        add_profile(p, profile);
    return true;
}

static bool is_backward(int32_t kind)
{
    return kind == RN_QUANTITY_GRADIENT_RATIO || kind == RN_QUANTITY_GRADIENT_CHANGE;
}

/* The norm that those of a quantity are divided by. */
static int64_t base_of(const Trace *t, int32_t kind, int64_t sample)
{
    return is_backward(kind) ? place_of(t, RN_TRACE_GRADIENT, t->layers - 1, sample)
                             : place_of(t, RN_TRACE_STATE, 0, sample);
}

static Ratio quantity_of(const Trace *t, int32_t kind, int64_t sample)
{
    static const int rows[] = {
        [RN_QUANTITY_FORWARD_RATIO] = RN_TRACE_STATE,
        [RN_QUANTITY_FORWARD_CHANGE] = RN_TRACE_STATE_CHANGE,
        [RN_QUANTITY_GRADIENT_RATIO] = RN_TRACE_GRADIENT,
        [RN_QUANTITY_GRADIENT_CHANGE] = RN_TRACE_GRADIENT_CHANGE,
    };
    int64_t layer = is_backward(kind) ? 0 : t->layers - 1;
    return ratio_of(t, place_of(t, rows[kind], layer, sample), base_of(t, kind, sample));
}

void rt_trace_values(const RtProber *p, const RnMeasure *measure, RtValues *values)
{
    int32_t region = rt_measure_region(p->session.program, measure);
    const Trace t = trace_of(p, p->profiles[region].depth);
    for (int64_t s = 0; s < values->samples; s++) {
        Ratio ratio = quantity_of(&t, measure->kind, s);
        values->value[s] = is_traced(&t, s) ? ratio.value : (double)NAN;
        values->exponent[s] = ratio.power;
    }
}

const char *rt_trace_lost(const RtProber *p, const RnMeasure *measure, int64_t sample)
{
    int32_t region = rt_measure_region(p->session.program, measure);
    const Trace t = trace_of(p, p->profiles[region].depth);
    if (t.squares[base_of(&t, measure->kind, sample)] == 0)
        return is_backward(measure->kind) ? "the gradient behind the block is 0"
                                          : "the block's input is 0";
    return "it overflowed within the network";
}
