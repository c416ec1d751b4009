/* SPDX-License-Identifier: Apache-2.0
 *
 * The measurements.
 */
#include "lib/measure.h"
#include "core/random.h"
#include "lib/config.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const quantity_names[] = {
#define X(tag, name, arguments, measured) name,
    RN_QUANTITIES(X)
#undef X
};

static const char is_measured[] = {
#define X(tag, name, arguments, measured) measured,
    RN_QUANTITIES(X)
#undef X
};

/* ---- samples of a draw ---- */

static void draw_reals(void *values, int64_t count, int32_t real_size, uint64_t stream, double low,
                       double high)
{
    for (int64_t i = 0; i < count; i++)
        rt_set_real(values, i, real_size, low + (high - low) * rn_uniform(stream, 0, (uint64_t)i));
}

static bool gather_samples(RtProber *p, uint64_t draw, RtError *error)
{
    const RtSet *set = &p->dataset.split.train;
    uint32_t *order = malloc((size_t)set->count * sizeof *order);
    if (!order)
        return rt_fail(error, RT_FAILED, "out of memory for the order of the samples");
    rt_shuffle(rt_order_stream(p->session.seed), draw, order, set->count);
    rt_gather(set, order, 0, p->batch, p->session.program->real_size, p->buffers.x.data,
              p->buffers.target.data);
    free(order);
    return true;
}

/* Inputs, targets and the projection of a draw: functions of the seed and the draw. */
static bool draw_samples(RtProber *p, uint64_t draw, RtError *error)
{
    RtSession *session = &p->session;
    int32_t real_size = session->program->real_size;
    bool synthetic = p->data->kind == RN_DATA_UNIFORM || p->data->kind == RN_DATA_GAUSSIAN;
    RtRequest request = rt_request(session, p->data, false);
    if (synthetic ? !rt_synthetic_inputs(&request, draw, p->batch, p->buffers.x.data, error)
                  : !gather_samples(p, draw, error))
        return false;
    if (p->loss->target_low && p->loss->target_high)
        draw_reals(p->buffers.target.data, p->batch * session->outputs, real_size,
                   rn_stream("data/targets", session->seed, draw),
                   rt_formula(p->loss->target_low, session->config, 0),
                   rt_formula(p->loss->target_high, session->config, 1));
    uint64_t stream = rn_stream("data/projection", session->seed, draw);
    for (int64_t i = 0; i < session->outputs; i++)
        rt_set_real(p->projection.data, i, real_size, rn_normal(stream, 0, (uint64_t)i));
    return true;
}

static bool draw_weights(RtProber *p, uint64_t draw, RtError *error)
{
    if (p->checkpoint.path)
        return draw > 0 || rt_checkpoint_restore(&p->checkpoint, &p->session, false, error);
    return rt_session_init(&p->session, draw, error) &&
           (!p->train_data ||
            rt_fit_standardize(&p->session, &p->buffers, &p->dataset.split.train, error));
}

/* ---- traces ---- */

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

static bool run_trace(RtProber *p, int32_t region, RtError *error)
{
    RnCall call =
        rt_session_call(&p->session, p->batch, RN_FORWARD | RN_BACKWARD | RN_TRACE, p->loss_kind);
    double loss;
    memset(p->trace.data, 0, p->trace.size);
    call.x = p->buffers.x.data;
    call.target = p->loss_kind == RN_LOSS_PROJECTION ? NULL : p->buffers.target.data;
    call.projection = p->loss_kind == RN_LOSS_PROJECTION ? p->projection.data : NULL;
    call.y = p->buffers.y.data;
    call.losses = p->buffers.losses.data;
    call.loss = &loss;
    call.trace = p->trace.data;
    call.trace_region = region;
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

static double apply(const RtProber *p, const RnMeasure *measure, double value)
{
    if (!measure->function)
        return value;
    RnPlace place = {.params = p->session.config, .depth = 1, .layer = 1, .base = value};
    return measure->function(&place);
}

static double mean_over_samples(const RtProber *p, const RnMeasure *measure, int64_t depth)
{
    double sum = 0;
    for (int64_t s = 0; s < p->batch; s++)
        sum +=
            apply(p, measure, rt_trace_quantity(measure->kind, p->trace.data, depth, p->batch, s));
    return sum / (double)p->batch;
}

/* ---- losses and accuracies ---- */

static const RtSet *score_set(const RtProber *p, int32_t kind)
{
    switch (kind) {
    case RN_QUANTITY_LOSS:
    case RN_QUANTITY_TRAIN_LOSS:
    case RN_QUANTITY_TRAIN_ACCURACY:
        return &p->dataset.split.train;
    case RN_QUANTITY_VALIDATION_LOSS:
    case RN_QUANTITY_VALIDATION_ACCURACY:
        return &p->dataset.split.validation;
    default:
        return &p->dataset.split.test;
    }
}

static double pick_score(const RtScore *score, int32_t kind)
{
    switch (kind) {
    case RN_QUANTITY_ACCURACY:
    case RN_QUANTITY_TRAIN_ACCURACY:
    case RN_QUANTITY_VALIDATION_ACCURACY:
    case RN_QUANTITY_TEST_ACCURACY:
        return score->accuracy;
    case RN_QUANTITY_TEST_RMSE:
        return score->rmse;
    case RN_QUANTITY_TEST_R2:
        return score->r2;
    default:
        return score->loss;
    }
}

static bool measure_score(RtProber *p, const RnMeasure *measure, double *value, RtError *error)
{
    RtScore score;
    if (!rt_evaluate(&p->session, &p->buffers, score_set(p, measure->kind),
                     p->session.program->train->loss.kind, &score, error))
        return false;
    *value = apply(p, measure, pick_score(&score, measure->kind));
    return true;
}

/* ---- all together ---- */

static const char *why_not(const RtProber *p, const RnMeasure *measure)
{
    if (measure->kind < 0 || measure->kind >= RN_QUANTITY_COUNT || !is_measured[measure->kind])
        return "this version does not measure it";
    if (measure->kind >= RN_QUANTITY_LOSS) {
        if (!p->scores || !p->has_dataset)
            return "it wants a trained network: --load FILE";
        return score_set(p, measure->kind)->count ? NULL : "there is no such set of samples";
    }
    return rt_measure_region(p->session.program, measure) < 0 ? "there is no such block" : NULL;
}

/* Welford's mean and sum of squared deviations, the latter in `error` until the end. */
static void add_draw(RtMeasured *result, double value)
{
    result->values[result->draws++] = value;
    if (!isfinite(value))
        return;
    double difference = value - result->mean;
    result->mean += difference / (double)++result->finite;
    result->error += difference * (value - result->mean);
}

static void finish(RtMeasured *result)
{
    double n = (double)result->finite;
    result->error = n > 1 ? sqrt(result->error / (n - 1) / n) : (double)NAN;
    if (result->finite == 0)
        result->mean = (double)NAN;
}

static bool measure_region(RtProber *p, RtProfile *profile, const RnMeasure *const *measures,
                           int count, RtMeasured *results, RtError *error)
{
    if (!run_trace(p, profile->region, error))
        return false;
    add_profile(p, profile);
    for (int i = 0; i < count; i++)
        if (results[i].possible &&
            rt_measure_region(p->session.program, measures[i]) == profile->region)
            add_draw(&results[i], mean_over_samples(p, measures[i], profile->depth));
    return true;
}

static bool measure_draw(RtProber *p, uint64_t draw, const RnMeasure *const *measures, int count,
                         RtMeasured *results, RtError *error)
{
    if (!draw_weights(p, draw, error) || !draw_samples(p, draw, error))
        return false;
    for (int32_t i = 0; i < p->session.program->region_count; i++)
        if (p->profiles[i].depth &&
            !measure_region(p, &p->profiles[i], measures, count, results, error))
            return false;
    for (int i = 0; i < count && draw == 0; i++) {
        double value;
        if (!results[i].possible || measures[i]->kind < RN_QUANTITY_LOSS)
            continue;
        if (!measure_score(p, measures[i], &value, error))
            return false;
        add_draw(&results[i], value);
    }
    return true;
}

bool rt_measure(RtProber *p, const RnMeasure *const *measures, int count, RtMeasured *results,
                RtError *error)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        results[i].reason = why_not(p, measures[i]);
        results[i].possible = !results[i].reason;
        any = any || results[i].possible;
        results[i].values = calloc((size_t)p->repeat, sizeof *results[i].values);
        if (!results[i].values)
            return rt_fail(error, RT_FAILED, "out of memory for %lld draws", (long long)p->repeat);
    }
    for (int64_t draw = 0; any && draw < p->repeat; draw++)
        if (!measure_draw(p, (uint64_t)draw, measures, count, results, error))
            return false;
    for (int i = 0; i < count; i++)
        finish(&results[i]);
    return any || rt_fail(error, RT_FAILED, "nothing could be measured: %s: %s",
                          count ? quantity_names[measures[0]->kind] : "no quantity",
                          count ? results[0].reason : "none is named");
}

void rt_measured_free(RtMeasured *results, int count)
{
    for (int i = 0; results && i < count; i++)
        free(results[i].values);
}
