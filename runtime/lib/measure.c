/* SPDX-License-Identifier: Apache-2.0
 *
 * The measurements: which family a quantity is of, the functions around quantities, and means.
 */
#include "lib/config.h"
#include "lib/measure_parts.h"

#include <math.h>
#include <stdlib.h>

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

typedef enum Family { NORMS, LINEAR, DEPTH, SCORES, COORDINATES } Family;

static Family family_of(int32_t kind)
{
    return kind == RN_QUANTITY_COORDINATES    ? COORDINATES
           : kind >= RN_QUANTITY_LOSS         ? SCORES
           : kind >= RN_QUANTITY_MAX_NORM     ? DEPTH
           : kind >= RN_QUANTITY_JACOBIAN_MIN ? LINEAR
                                              : NORMS;
}

static const char *why_not(const RtProber *p, const RnMeasure *measure)
{
    if (measure->kind < 0 || measure->kind >= RN_QUANTITY_COUNT || !is_measured[measure->kind])
        return "this version does not measure it";
    switch (family_of(measure->kind)) {
    case SCORES:
        return rt_score_missing(p, measure->kind);
    case DEPTH:
        return rt_depth_missing(p, measure);
    case LINEAR:
        return rt_linear_missing(p, measure);
    case COORDINATES:
        return rt_coordinates_missing(p);
    case NORMS:
        break;
    }
    return rt_measure_region(p->session.program, measure) < 0 ? "there is no such block" : NULL;
}

/* ---- means ---- */

static double call_function(const RtProber *p, const RnMeasure *measure, double value)
{
    if (!measure->function)
        return value;
    RnPlace place = {.params = p->session.config, .depth = 1, .layer = 1, .base = value};
    return measure->function(&place);
}

/* Where value · 2^exponent is no double: a function that is a + b log(value), as log10 is, goes on
 * beyond doubles as it does within them; any other has its limit. */
static double apply_beyond(const RtProber *p, const RnMeasure *measure, double value,
                           double exponent)
{
    static const int step = 256;
    double at[4]; /* of value · 2^(step · (i − 1)) */
    for (int i = 0; i < 4; i++)
        at[i] = call_function(p, measure, ldexp(value, step * (i - 1)));
    double slope = (at[2] - at[1]) / step, close = 1e-9 * fabs(at[2] - at[1]);
    bool logarithmic = measure->function && slope != 0 && isfinite(slope) &&
                       fabs(at[1] - at[0] - slope * step) <= close &&
                       fabs(at[3] - at[2] - slope * step) <= close;
    return logarithmic ? at[1] + slope * exponent
                       : call_function(p, measure, exponent > 0 ? value * (double)INFINITY : 0);
}

static double apply(const RtProber *p, const RnMeasure *measure, double value, int64_t exponent)
{
    static const int64_t range = 1000; /* of doubles, with room for the value's own */
    if (exponent >= -range && exponent <= range)
        return call_function(p, measure, ldexp(value, (int)exponent));
    return value == 0 || !isfinite(value) ? call_function(p, measure, value)
                                          : apply_beyond(p, measure, value, (double)exponent);
}

/* Welford's mean and sum of squared deviations, the latter in `error` until the end. */
void rt_measured_add(RtMeasured *result, double value)
{
    result->values[result->draws++] = value;
    if (!isfinite(value))
        return;
    double difference = value - result->mean;
    result->mean += difference / (double)++result->finite;
    result->error += difference * (value - result->mean);
}

/* Why a sample's value, with the function around it, is not finite. */
static const char *why_lost(const RtProber *p, const RnMeasure *measure, double value,
                            double applied, int64_t sample)
{
    if (isnan(value) && family_of(measure->kind) == NORMS)
        return rt_trace_lost(p, measure, sample);
    if (isnan(value))
        return "it overflowed within the network";
    if (isfinite(value) && value == 0)
        return "the quantity is 0, of which the function has no value";
    return isnan(applied) ? "the function has no value there" : "it is beyond every double";
}

/* Means over the samples, for each place; then over the places. */
static void add_draw(const RtProber *p, const RnMeasure *measure, const RtValues *values,
                     RtMeasured *result)
{
    double sum = 0;
    for (int64_t i = 0; i < values->width; i++) {
        double mean = 0;
        for (int64_t s = 0; s < values->samples; s++) {
            int64_t at = s * values->width + i;
            double applied = apply(p, measure, values->value[at], values->exponent[at]);
            if (!isfinite(applied) && !result->lost)
                result->lost = why_lost(p, measure, values->value[at], applied, s);
            mean += applied;
        }
        mean /= (double)values->samples;
        /* the mean over the draws so far */
        result->path[i] += (mean - result->path[i]) / (double)(result->draws + 1);
        sum += mean;
    }
    rt_measured_add(result, sum / (double)values->width);
}

void rt_measured_finish(RtMeasured *result)
{
    double n = (double)result->finite;
    result->error = n > 1 ? sqrt(result->error / (n - 1) / n) : (double)NAN;
    if (result->finite == 0)
        result->mean = (double)NAN;
}

/* ---- one draw ---- */

static bool fill_values(RtProber *p, const RnMeasure *measure, RtValues *values, RtError *error)
{
    switch (family_of(measure->kind)) {
    case SCORES:
        return rt_score_values(p, measure, values, error);
    case DEPTH:
        return rt_depth_values(p, measure, values, error);
    case LINEAR:
        return rt_linear_values(p, measure, values, error);
    case COORDINATES:
        return rt_coordinates_values(p, values, error);
    case NORMS:
        break;
    }
    rt_trace_values(p, measure, values);
    return true;
}

/* Is there a value for each sample? */
static bool is_by_sample(int32_t kind)
{
    return family_of(kind) == NORMS ||
           (family_of(kind) == LINEAR && kind != RN_QUANTITY_JACOBIAN_MIN &&
            kind != RN_QUANTITY_JACOBIAN_MAX);
}

static bool measure_one(RtProber *p, const RnMeasure *measure, RtMeasured *result, RtError *error)
{
    RtValues values = {is_by_sample(measure->kind) ? p->batch : 1, result->width, NULL, NULL};
    size_t count = (size_t)values.samples * (size_t)values.width;
    values.value = calloc(count, sizeof *values.value);
    values.exponent = calloc(count, sizeof *values.exponent);
    bool good = (values.value && values.exponent) ||
                rt_fail(error, RT_FAILED, "out of memory for %s", measure->text);
    good = good && fill_values(p, measure, &values, error);
    if (good)
        add_draw(p, measure, &values, result);
    free(values.value);
    free(values.exponent);
    return good;
}

/* What a trained network gives does not change with the samples that are drawn. */
static bool is_due(const RtProber *p, const RnMeasure *measure, uint64_t draw)
{
    Family family = family_of(measure->kind);
    return draw == p->first || (family != SCORES && (family != DEPTH || !p->checkpoint.path));
}

static bool measure_block(RtProber *p, RtProfile *profile, const RnMeasure *const *measures,
                          int count, RtMeasured *results, RtError *error)
{
    if (!rt_trace(p, profile, error))
        return false;
    for (int i = 0; i < count; i++)
        if (results[i].possible && family_of(measures[i]->kind) == NORMS &&
            rt_measure_region(p->session.program, measures[i]) == profile->region &&
            !measure_one(p, measures[i], &results[i], error))
            return false;
    return true;
}

static bool measure_draw(RtProber *p, uint64_t draw, const RnMeasure *const *measures, int count,
                         RtMeasured *results, RtError *error)
{
    if (!rt_draw(p, draw, error))
        return false;
    for (int32_t i = 0; i < p->session.program->region_count; i++)
        if (p->profiles[i].depth &&
            !measure_block(p, &p->profiles[i], measures, count, results, error))
            return false;
    for (int i = 0; i < count; i++)
        if (results[i].possible && family_of(measures[i]->kind) != NORMS &&
            is_due(p, measures[i], draw) && !measure_one(p, measures[i], &results[i], error))
            return false;
    return true;
}

/* ---- all together ---- */

/* Values of one sample: an entry's path has one for each layer, a spectrum one for each feature,
 * the coordinate check one for each step. */
static bool width_of(const RtProber *p, const RnMeasure *measure, int64_t *width, RtError *error)
{
    const RnProgram *program = p->session.program;
    *width = 1;
    if (measure->kind == RN_QUANTITY_COORDINATES)
        *width = RT_COORDINATE_STEPS;
    if (measure->kind == RN_QUANTITY_JACOBIAN_SPECTRUM)
        *width = program->regions[rt_measure_block(program, measure)].in_rows;
    if (measure->kind != RN_QUANTITY_ENTRY)
        return true;
    const RnTensor *tensor = &program->tensors[measure->tensor];
    return tensor->shared ||
           rt_region_depth(program, p->session.config, tensor->region, width, error);
}

static bool prepare(const RtProber *p, const RnMeasure *measure, RtMeasured *result, RtError *error)
{
    result->reason = why_not(p, measure);
    result->possible = !result->reason;
    result->width = 1;
    if (result->possible && !width_of(p, measure, &result->width, error))
        return false;
    result->values = calloc((size_t)p->repeat, sizeof *result->values);
    result->path = calloc((size_t)result->width, sizeof *result->path);
    return (result->values && result->path) ||
           rt_fail(error, RT_FAILED, "out of memory for %lld draws", (long long)p->repeat);
}

bool rt_measure(RtProber *p, const RnMeasure *const *measures, int count, RtMeasured *results,
                RtError *error)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        if (!prepare(p, measures[i], &results[i], error))
            return false;
        any = any || results[i].possible;
    }
    for (int64_t draw = 0; any && draw < p->repeat; draw++)
        if (!measure_draw(p, p->first + (uint64_t)draw, measures, count, results, error))
            return false;
    for (int i = 0; i < count; i++)
        rt_measured_finish(&results[i]);
    return any || rt_fail(error, RT_FAILED, "nothing could be measured: %s: %s",
                          count ? quantity_names[measures[0]->kind] : "no quantity",
                          count ? results[0].reason : "none is named");
}

void rt_measured_free(RtMeasured *results, int count)
{
    for (int i = 0; results && i < count; i++) {
        free(results[i].values);
        free(results[i].path);
    }
}
