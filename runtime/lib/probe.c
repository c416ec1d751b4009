/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands `probe` and `check`.
 */
#include "lib/config.h"
#include "lib/measure.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

/* ---- as JSON ---- */

/* JSON has no infinities; null stands for them. */
static void put_number(cJSON *object, const char *key, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

static cJSON *numbers_json(const double *values, int64_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (int64_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, isfinite(values[i]) ? cJSON_CreateNumber(values[i])
                                                       : cJSON_CreateNull());
    return list;
}

/* Why there is no value, or why the first draw that is not finite is none; NULL: all are. */
static const char *why_lost(const RtMeasured *result)
{
    if (!result->possible)
        return result->reason;
    if (result->finite == result->draws)
        return NULL;
    return result->lost ? result->lost : "their sum is beyond every double";
}

static cJSON *measured_json(const RnMeasure *measure, const RtMeasured *result)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "quantity", measure->text);
    if (!result->possible) {
        cJSON_AddStringToObject(row, "not_measured", result->reason);
        return row;
    }
    put_number(row, "mean", result->mean);
    put_number(row, "standard_error", result->error);
    cJSON_AddNumberToObject(row, "draws", (double)result->draws);
    cJSON_AddNumberToObject(row, "finite", (double)result->finite);
    if (why_lost(result))
        cJSON_AddStringToObject(row, "not_finite", why_lost(result));
    cJSON_AddItemToObject(row, "values", numbers_json(result->values, result->draws));
    if (result->width > 1)
        cJSON_AddItemToObject(row, "path", numbers_json(result->path, result->width));
    return row;
}

static void add_profiles(cJSON *root, const RtProber *prober)
{
    const RnProgram *program = prober->session.program;
    cJSON *layers = cJSON_AddArrayToObject(root, "layers");
    for (int32_t i = 0; i < program->region_count; i++) {
        const RtProfile *profile = &prober->profiles[i];
        if (!profile->draws)
            continue;
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "block",
                                program->regions[i].name ? program->regions[i].name : "");
        cJSON_AddItemToObject(row, "state_ratio", numbers_json(profile->state, profile->depth + 1));
        cJSON_AddItemToObject(row, "gradient_ratio",
                              numbers_json(profile->gradient, profile->depth + 1));
        cJSON_AddItemToArray(layers, row);
    }
}

/* Ends of what a quantity of several values takes; both are the mean where there is one. NaN where
 * one of them is. */
static void ends_of(const RtMeasured *result, double *least, double *greatest)
{
    *least = *greatest = result->mean;
    for (int64_t i = 0; result->width > 1 && i < result->width; i++) {
        double value = result->path[i];
        *least = i == 0 || value < *least || isnan(value) ? value : *least;
        *greatest = i == 0 || value > *greatest || isnan(value) ? value : *greatest;
    }
}

/* ---- as text ---- */

static void print_measured(const RnMeasure *measure, const RtMeasured *result)
{
    char error[64] = "";
    if (!result->possible) {
        printf("%-32s not measured: %s\n", measure->text, result->reason);
        return;
    }
    if (isfinite(result->error))
        snprintf(error, sizeof error, " +- %.2g", result->error);
    printf("%-32s %.6g%s  (draws %lld", measure->text, result->mean, error,
           (long long)result->draws);
    if (why_lost(result))
        printf(", finite %lld: %s", (long long)result->finite, why_lost(result));
    if (result->width > 1) {
        double least, greatest;
        ends_of(result, &least, &greatest);
        printf("; %lld values, %.6g .. %.6g", (long long)result->width, least, greatest);
    }
    printf(")\n");
}

static void print_profiles(const RtProber *prober)
{
    const RnProgram *program = prober->session.program;
    for (int32_t i = 0; i < program->region_count; i++) {
        const RtProfile *profile = &prober->profiles[i];
        if (!profile->draws)
            continue;
        printf("\n%s\n%8s %14s %14s\n", program->regions[i].name ? program->regions[i].name : "",
               "layer", "|h_k|/|h_0|", "|p_k|/|p_L|");
        for (int64_t k = 0; k <= profile->depth; k++)
            printf("%8lld %14.6g %14.6g\n", (long long)k, profile->state[k], profile->gradient[k]);
    }
}

static bool print_probe(const RtProber *prober, const RnMeasure *const *measures, int count,
                        const RtMeasured *results, RtError *error)
{
    const RtOptions *options = prober->session.options;
    if (options->json) {
        cJSON *root = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(root, "measured");
        for (int i = 0; i < count; i++)
            cJSON_AddItemToArray(rows, measured_json(measures[i], &results[i]));
        if (options->layers_table)
            add_profiles(root, prober);
        return rt_print_json(root, error);
    }
    for (int i = 0; i < count; i++)
        print_measured(measures[i], &results[i]);
    if (options->layers_table)
        print_profiles(prober);
    return rt_flush_output(error);
}

/* ---- the commands ---- */

/* Where a program has no probe block, the four norms of its first block are measured. */
static const RnMeasure usual_measures[] = {
    {.text = "forward_ratio", .kind = RN_QUANTITY_FORWARD_RATIO, .region = -1, .tensor = -1},
    {.text = "forward_change", .kind = RN_QUANTITY_FORWARD_CHANGE, .region = -1, .tensor = -1},
    {.text = "gradient_ratio", .kind = RN_QUANTITY_GRADIENT_RATIO, .region = -1, .tensor = -1},
    {.text = "gradient_change", .kind = RN_QUANTITY_GRADIENT_CHANGE, .region = -1, .tensor = -1},
};

/* Pointers to `count` measures that lie `stride` bytes apart. */
static const RnMeasure **list_measures(const void *first, int count, size_t stride)
{
    const RnMeasure **list = calloc((size_t)count + 1, sizeof *list);
    for (int i = 0; list && i < count; i++)
        list[i] = (const RnMeasure *)((const char *)first + (size_t)i * stride);
    return list;
}

static bool run_measures(RtProber *prober, const RnProgram *program, const RtOptions *options,
                         int32_t when, const RnMeasure **measures, int count, RtMeasured **results,
                         RtError *error)
{
    *results = calloc((size_t)count + 1, sizeof **results);
    if (!measures || !*results)
        return rt_fail(error, RT_FAILED, "out of memory for the results");
    return rt_prober_open(prober, program, options, when, measures, count, error) &&
           rt_measure(prober, measures, count, *results, error);
}

bool rt_probe(const RnProgram *program, const RtOptions *options, RtError *error)
{
    const RnProbe *probe = program->probe;
    bool usual = !probe || probe->count == 0;
    int count = usual ? 4 : probe->count;
    const RnMeasure **measures =
        list_measures(usual ? usual_measures : probe->measures, count, sizeof(RnMeasure));
    RtProber prober = {0};
    RtMeasured *results;
    bool good = run_measures(&prober, program, options, probe ? probe->when : 0, measures, count,
                             &results, error) &&
                print_probe(&prober, measures, count, results, error);
    rt_prober_close(&prober);
    free(measures);
    rt_measured_free(results, count);
    free(results);
    return good;
}

static bool holds(const RnBound *bound, const RtMeasured *result, const double *config)
{
    double low = rt_formula(bound->low, config, -(double)INFINITY);
    double high = rt_formula(bound->high, config, (double)INFINITY);
    double least, greatest;
    ends_of(result, &least, &greatest);
    bool above = bound->low_strict ? least > low : least >= low;
    bool below = bound->high_strict ? greatest < high : greatest <= high;
    return above && below && result->finite == result->draws;
}

static void bound_text(const RnBound *bound, const double *config, char text[96])
{
    double low = rt_formula(bound->low, config, 0), high = rt_formula(bound->high, config, 0);
    if (bound->low && bound->high)
        snprintf(text, 96, "in %g .. %g", low, high);
    else if (bound->low)
        snprintf(text, 96, "%s %g", bound->low_strict ? ">" : ">=", low);
    else
        snprintf(text, 96, "%s %g", bound->high_strict ? "<" : "<=", high);
}

static const char *verdict(const RnBound *bound, const RtMeasured *result, const double *config)
{
    return !result->possible ? "not measured" : holds(bound, result, config) ? "holds" : "broken";
}

static bool print_check(const RtProber *prober, const RnCheck *check, const RtMeasured *results,
                        RtError *error)
{
    const double *config = prober->session.config;
    bool json = prober->session.options->json;
    cJSON *root = json ? cJSON_CreateObject() : NULL;
    cJSON *rows = json ? cJSON_AddArrayToObject(root, "checks") : NULL;
    for (int i = 0; i < check->count; i++) {
        const RnBound *bound = &check->bounds[i];
        const char *what = verdict(bound, &results[i], config);
        char text[96];
        bound_text(bound, config, text);
        if (json) {
            cJSON *row = measured_json(&bound->measure, &results[i]);
            cJSON_AddStringToObject(row, "bound", text);
            cJSON_AddStringToObject(row, "verdict", what);
            cJSON_AddItemToArray(rows, row);
        } else {
            const char *why = why_lost(&results[i]);
            printf("%-32s %-12.6g %-20s %s%s%s\n", bound->measure.text, results[i].mean, text, what,
                   why ? ": " : "", why ? why : "");
        }
    }
    return json ? rt_print_json(root, error) : rt_flush_output(error);
}

static bool judge(const RtProber *prober, const RnCheck *check, const RtMeasured *results,
                  RtError *error)
{
    int broken = 0;
    const char *load = prober->session.options->load;
    for (int i = 0; i < check->count; i++)
        broken +=
            results[i].possible && !holds(&check->bounds[i], &results[i], prober->session.config);
    if (broken > 0 && load && check->when != 2) /* training moves what bounds of a draw hold */
        return rt_fail(error, RT_BROKEN,
                       "%d of %d checks broken by the weights of %s; without --load they are made "
                       "with drawn ones",
                       broken, check->count, load);
    return broken == 0 || rt_fail(error, RT_BROKEN, "%d of %d checks broken", broken, check->count);
}

bool rt_check(const RnProgram *program, const RtOptions *options, RtError *error)
{
    const RnCheck *check = program->check;
    if (!check || check->count == 0)
        return rt_fail(error, RT_USAGE, "%s has no check block", program->name);
    const RnMeasure **measures =
        list_measures(&check->bounds[0].measure, check->count, sizeof(RnBound));
    RtProber prober = {0};
    RtMeasured *results;
    bool good = run_measures(&prober, program, options, check->when, measures, check->count,
                             &results, error) &&
                print_check(&prober, check, results, error) &&
                judge(&prober, check, results, error);
    rt_prober_close(&prober);
    free(measures);
    rt_measured_free(results, check->count);
    free(results);
    return good;
}
