/* SPDX-License-Identifier: Apache-2.0
 *
 * Params and formulas.
 */
#include "lib/config.h"

#include "lib/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rt_config_defaults(const RnProgram *program, double *values)
{
    for (int32_t i = 0; i < program->param_count; i++)
        values[i] = program->params[i].value;
}

int32_t rt_config_find(const RnProgram *program, const char *name, size_t length)
{
    for (int32_t i = 0; i < program->param_count; i++)
        if (strlen(program->params[i].name) == length &&
            memcmp(program->params[i].name, name, length) == 0)
            return i;
    return -1;
}

bool rt_parse_number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && isfinite(*value);
}

const char *rt_exact_text(double value, char text[RT_NUMBER_TEXT])
{
    if (isnan(value)) /* whatever its sign */
        return strcpy(text, "nan");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, RT_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

bool rt_fail_range(const RnParam *param, double value, int status, const char *where,
                   RtError *error)
{
    char text[RT_NUMBER_TEXT], low[RT_NUMBER_TEXT], high[RT_NUMBER_TEXT];
    return rt_fail(error, status, "%s: %s = %s is outside %s .. %s", where, param->name,
                   rt_exact_text(value, text), rt_exact_text(param->low, low),
                   rt_exact_text(param->high, high));
}

bool rt_config_store(const RnProgram *program, double *values, int32_t param, double value,
                     const char *where, RtError *error)
{
    const RnParam *p = &program->params[param];
    if (p->integer)
        value = round(value);
    /* written so that NaN fails */
    if (!(value >= p->low && value <= p->high))
        return rt_fail_range(p, value, RT_USAGE, where, error);
    values[param] = value;
    return true;
}

static bool fail_unknown(const RnProgram *program, const char *assignment, size_t length,
                         RtError *error)
{
    RtNearest nearest = {.word = assignment, .length = length};
    char names[400] = "", hint[80];
    for (int32_t i = 0; i < program->param_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", program->params[i].name);
        rt_nearest_offer(&nearest, program->params[i].name);
    }
    return rt_fail(error, RT_USAGE, "--set %s: no param of that name%s; the params are: %s",
                   assignment, rt_nearest_text(&nearest, hint), *names ? names : "none");
}

bool rt_config_assign(const RnProgram *program, double *values, const char *assignment,
                      RtError *error)
{
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return rt_fail(error, RT_USAGE, "--set %s: expected NAME=VALUE", assignment);
    size_t length = (size_t)(equals - assignment);
    int32_t param = rt_config_find(program, assignment, length);
    if (param < 0)
        return fail_unknown(program, assignment, length, error);
    double value;
    if (!rt_parse_number(equals + 1, &value))
        return rt_fail(error, RT_USAGE, "--set %s: '%s' is not a number", assignment, equals + 1);
    return rt_config_store(program, values, param, value, "--set", error);
}

int64_t rt_param_bit(int32_t param)
{
    return (int64_t)(UINT64_C(1) << (param < 63 ? param : 63));
}

bool rt_config_draws(const RnTensor *tensor, int32_t param)
{
    return (tensor->depends & rt_param_bit(param)) != 0;
}

double rt_formula(RnFormula *formula, const double *values, double otherwise)
{
    if (!formula)
        return otherwise;
    RnPlace place = {.params = values, .depth = 1, .layer = 1};
    return formula(&place);
}

bool rt_formula_same(RnFormula *formula, const double *a, const double *b)
{
    return rt_formula(formula, a, 0) == rt_formula(formula, b, 0);
}

bool rt_config_same_split(const RnTrain *train, const double *a, const double *b)
{
    return rt_formula_same(train->seed, a, b) && rt_formula_same(train->validation, a, b) &&
           rt_formula_same(train->test, a, b);
}

bool rt_formula_count(RnFormula *formula, const double *values, int64_t otherwise, int64_t least,
                      const char *what, int64_t *count, RtError *error)
{
    double value = round(rt_formula(formula, values, (double)otherwise));
    /* 2^53: beyond it a double no longer counts */
    if (!(value >= (double)least && value <= 0x1p53))
        return rt_fail(error, RT_USAGE, "%s is %g, but must be %s %lld", what, value,
                       value > (double)least ? "at most" : "at least",
                       value > (double)least ? 1LL << 53 : (long long)least);
    *count = (int64_t)value;
    return true;
}

bool rt_region_depth(const RnProgram *program, const double *values, int32_t region, int64_t *depth,
                     RtError *error)
{
    *depth = 1;
    if (region < 0 || !program->regions[region].depth)
        return true;
    char what[200];
    snprintf(what, sizeof what, "the depth of %s", program->regions[region].name);
    return rt_formula_count(program->regions[region].depth, values, 1, 1, what, depth, error);
}
