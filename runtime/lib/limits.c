/* SPDX-License-Identifier: Apache-2.0
 *
 * What a formula stands for, its range, and the sentence that refuses a value.
 */
#include "lib/limits.h"
#include "lib/config.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct Range {
    double low, high;
    bool open_low, open_high; /* without the end itself */
} Range;

enum { RANGE_TEXT = 100 };

static const Range positive = {0, HUGE_VAL, true, true};
static const Range from_one = {1, HUGE_VAL, false, true};
static const Range not_negative = {0, HUGE_VAL, false, true};
static const Range below_one = {0, 1, false, true};
static const Range inside_unit = {0, 1, true, true};

static void range_text(const Range *range, char text[RANGE_TEXT])
{
    char low[RT_NUMBER_TEXT], high[RT_NUMBER_TEXT];
    const char *from = range->open_low ? "greater than" : "at least";
    rt_exact_text(range->low, low);
    if (isinf(range->high))
        snprintf(text, RANGE_TEXT, "%s %s", from, low);
    else
        snprintf(text, RANGE_TEXT, "%s %s and %s %s", from, low,
                 range->open_high ? "less than" : "at most", rt_exact_text(range->high, high));
}

/* Not finite is in no range. `owner`: whose it is, or NULL. */
static bool check(double value, const Range *range, const char *what, const char *owner,
                  RtError *error)
{
    bool above = range->open_low ? value > range->low : value >= range->low;
    bool below = range->open_high ? value < range->high : value <= range->high;
    if (isfinite(value) && above && below)
        return true;
    char number[RT_NUMBER_TEXT], wanted[RANGE_TEXT];
    range_text(range, wanted);
    return rt_fail(error, RT_USAGE, "%s%s%s is %s, but must be %s", what, owner ? " of " : "",
                   owner ? owner : "",
                   isnan(value)   ? "not a number"
                   : isinf(value) ? "infinite"
                                  : rt_exact_text(value, number),
                   wanted);
}

/* ---- train ---- */

typedef struct Limit {
    const char *what;
    size_t offset; /* of the formula in RnTrain */
    const Range *range;
} Limit;

#define AT(field) offsetof(RnTrain, field)
static const Limit limits[] = {
    {"the learning rate", AT(optimizer.rate), &not_negative},
    {"`momentum`", AT(optimizer.momentum), &below_one},
    {"`beta1`", AT(optimizer.beta1), &below_one},
    {"`beta2`", AT(optimizer.beta2), &below_one},
    {"`eps`", AT(optimizer.epsilon), &not_negative},
    {"`weight_decay`", AT(optimizer.decay), &not_negative},
    {"`factor` of the schedule", AT(factor), &not_negative},
    {"`every` of the schedule", AT(every), &from_one},
    {"`warmup` of the schedule", AT(warmup), &not_negative},
    {"`clip`", AT(clip), &positive},
    {"`validation`", AT(validation), &below_one}, /* 0: none */
    {"`test`", AT(test), &below_one},
    {"the bound of the loss in `stop`", AT(stop_loss), &positive},
    {"`patience`", AT(patience), &from_one},
};
#undef AT

static bool check_train(const RnTrain *train, const double *config, RtError *error)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const Limit *limit = &limits[i];
        RnFormula *formula = *(RnFormula *const *)((const char *)train + limit->offset);
        /* rmsprop calls it otherwise */
        bool alpha = limit->offset == offsetof(RnTrain, optimizer.beta2) &&
                     train->optimizer.kind == RN_OPTIMIZER_RMSPROP;
        if (formula && !check(rt_formula(formula, config, 0), limit->range,
                              alpha ? "`alpha`" : limit->what, NULL, error))
            return false;
    }
    return true;
}

/* ---- tensors ---- */

static bool check_correlation(const RnTensor *tensor, const RnPlace *place, RtError *error)
{
    if (!tensor->parameter)
        return true;
    bool noise = tensor->correlation == RN_CORRELATION_FBM;
    return check(tensor->parameter(place), noise ? &inside_unit : &positive,
                 noise ? "the Hurst exponent" : "the length of `gp`", tensor->name, error);
}

static bool check_scale(const RnTensor *tensor, const RnPlace *place, RtError *error)
{
    if (!tensor->scale || tensor->law == RN_LAW_ZEROS)
        return true;
    double scale = tensor->scale(place);
    if (isfinite(scale))
        return true;
    bool spread = tensor->law == RN_LAW_NORMAL || tensor->law == RN_LAW_UNIFORM;
    return rt_fail(error, RT_USAGE, "the %s of %s is %s in layer %.0f%s",
                   spread ? "standard deviation" : "first value", tensor->name,
                   isnan(scale) ? "not a number" : "infinite", place->layer,
                   spread && isnan(scale) ? "; its `var` or `std` must be at least 0" : "");
}

/* `lr`, `eps` and `decay` of a group of tensors, functions of the optimiser's. */
static bool check_rules(const RnTrain *train, const RnTensor *tensor, const RnPlace *place,
                        RtError *error)
{
    const RnOptimizer *optimizer = &train->optimizer;
    const struct {
        RnFormula *rule, *base;
        const char *what;
    } rules[] = {{tensor->rate, optimizer->rate, "the rule `lr`"},
                 {tensor->epsilon, optimizer->epsilon, "the rule `eps`"},
                 {tensor->decay, optimizer->decay, "the rule `decay`"}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        RnPlace at = *place;
        at.base = rt_formula(rules[i].base, place->params, 0);
        if (rules[i].rule &&
            !check(rules[i].rule(&at), &not_negative, rules[i].what, tensor->name, error))
            return false;
    }
    return true;
}

static bool check_tensor(const RnProgram *program, const double *config, const RnTensor *tensor,
                         RtError *error)
{
    int64_t depth;
    if (!rt_region_depth(program, config, tensor->region, &depth, error))
        return false;
    RnPlace first = {.params = config,
                     .depth = (double)depth,
                     .layer = 1,
                     .fan_in = tensor->fan_in,
                     .fan_out = tensor->fan_out};
    RnPlace last = first;
    last.layer = tensor->shared ? 1 : first.depth;
    const RnTrain *train = program->train;
    return check_correlation(tensor, &first, error) && check_scale(tensor, &first, error) &&
           check_scale(tensor, &last, error) &&
           (!train || (check_rules(train, tensor, &first, error) &&
                       check_rules(train, tensor, &last, error)));
}

static bool check_all(const RnProgram *program, const double *config, RtError *error)
{
    for (int32_t t = 0; t < program->tensor_count; t++)
        if (!check_tensor(program, config, &program->tensors[t], error))
            return false;
    return !program->train || check_train(program->train, config, error);
}

/* The param to blame: with that one at its default, which the compiler has judged, all is well. */
static int32_t find_culprit(const RnProgram *program, double *config)
{
    RtError unread;
    for (int32_t i = 0; i < program->param_count; i++) {
        double given = config[i];
        if (given == program->params[i].value)
            continue;
        config[i] = program->params[i].value;
        bool good = check_all(program, config, &unread);
        config[i] = given;
        if (good)
            return i;
    }
    return -1;
}

bool rt_limits_check(const RnProgram *program, double *config, RtError *error)
{
    if (check_all(program, config, error))
        return true;
    int32_t culprit = find_culprit(program, config);
    size_t used = strlen(error->text);
    char number[RT_NUMBER_TEXT];
    if (culprit >= 0)
        snprintf(error->text + used, sizeof error->text - used, " (with %s = %s)",
                 program->params[culprit].name, rt_exact_text(config[culprit], number));
    return false;
}
