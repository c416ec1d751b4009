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

static void copy_sample(const Trace *to, int64_t sample, const Trace *from, int64_t there)
{
    for (int row = 0; row < RN_TRACE_ROWS; row++)
        for (int64_t k = 0; k < to->layers; k++) {
            int64_t at = place_of(to, row, k, sample), of = place_of(from, row, k, there);
            to->squares[at] = from->squares[of];
            to->powers[at] = from->powers[of];
        }
}

/* Networks of a call, or its only one, of which a sample is not traced; the number of them. */
static int64_t list_lost(const Trace *t, int64_t networks, int64_t *lost)
{
    int64_t count = 0, each = t->batch / networks;
    for (int64_t n = 0; n < networks; n++) {
        bool all = true;
        for (int64_t s = n * each; s < (n + 1) * each; s++)
            all = all && is_traced(t, s);
        if (!all)
            lost[count++] = n;
    }
    return count;
}

/* Memory of a pass through some of the networks. */
typedef struct Again {
    Trace trace;
    int64_t *networks;
    const void **own;
} Again;

static bool open_again(Again *again, const Trace *trace, int64_t networks, int64_t tensors,
                       RtError *error)
{
    size_t count = RN_TRACE_ROWS * (size_t)trace->layers * (size_t)trace->batch;
    *again = (Again){.trace = *trace};
    again->trace.squares = calloc(count, sizeof(double));
    again->trace.powers = calloc(count, sizeof(int64_t));
    again->networks = calloc((size_t)networks + 1, sizeof *again->networks);
    again->own = calloc((size_t)networks + 1, (size_t)tensors * sizeof *again->own);
    return (again->trace.squares && again->trace.powers && again->networks && again->own) ||
           rt_fail(error, RT_FAILED, "out of memory for norms layer by layer");
}

static void close_again(Again *again)
{
    free(again->trace.squares);
    free(again->trace.powers);
    free(again->networks);
    free(again->own);
}

/* The call on `count` of its networks, which have the same samples. */
static RnCall call_on(const RnCall *call, Again *again, int64_t count, int64_t tensors)
{
    RnCall some = *call;
    some.trace = again->trace.squares;
    some.trace_powers = again->trace.powers;
    if (call->networks < 2)
        return some;
    if (count == 1) /* of one network there is nothing to share */
        again->networks[count++] = again->networks[0];
    for (int64_t i = 0; i < count; i++)
        memcpy(again->own + i * tensors, call->own + again->networks[i] * tensors,
               (size_t)tensors * sizeof *again->own);
    some.own = again->own;
    some.networks = count;
    some.batch = again->trace.batch = call->batch / call->networks * count;
    return some;
}

/* Once more, with states scaled and a look behind so many layers, what is not traced. A sample's
 * own values decide how it is measured, so that others beside it change nothing. */
static bool trace_again(RtProber *p, const RnCall *call, const Trace *trace, int64_t look,
                        RtError *error)
{
    Again again;
    int64_t networks = call->networks > 1 ? call->networks : 1, each = call->batch / networks;
    int32_t tensors = p->session.program->tensor_count;
    bool good = open_again(&again, trace, networks, tensors, error);
    int64_t count = good ? list_lost(trace, networks, again.networks) : 0;
    if (count) {
        RnCall some = call_on(call, &again, count, tensors);
        some.scales_states = 1;
        some.look = look;
        good = rt_session_run(&p->session, &some, error);
    }
    for (int64_t i = 0; good && i < count; i++)
        for (int64_t s = 0; s < each; s++) {
            int64_t sample = again.networks[i] * each + s;
            if (!is_traced(trace, sample))
                copy_sample(trace, sample, &again.trace, i * each + s);
        }
    close_again(&again);
    return good;
}

static bool all_traced(const Trace *t)
{
    bool all = true;
    for (int64_t s = 0; s < t->batch; s++)
        all = all && is_traced(t, s);
    return all;
}

bool rt_trace_run(RtProber *p, RnCall call, RtError *error)
{
    const Trace trace = {call.trace, call.trace_powers, p->profiles[call.trace_region].depth + 1,
                         call.batch};
    return rt_session_run(&p->session, &call, error) &&
           (all_traced(&trace) || trace_again(p, &call, &trace, LOOK, error)) &&
           (all_traced(&trace) || trace_again(p, &call, &trace, 1, error));
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
        int power; /* what is measured of a value beyond doubles wants it near 1 */
        Ratio ratio = quantity_of(&t, measure->kind, s);
        values->value[s] = is_traced(&t, s) ? frexp(ratio.value, &power) : (double)NAN;
        values->exponent[s] = isfinite(values->value[s]) ? ratio.power + power : 0;
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
