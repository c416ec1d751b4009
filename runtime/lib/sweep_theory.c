/* SPDX-License-Identifier: Apache-2.0
 *
 * Theory beside the measurements of a sweep: the value of a quantity at first weights, and where a
 * block passes from fading branches to growing ones.
 */
#include "core/theory.h"
#include "lib/sweep.h"

#include <math.h>

static double quantity(const TheoryStack *stack, const RnMeasure *measure)
{
    if (measure->kind == RN_QUANTITY_RESPONSE)
        return theory_response(stack, measure->choice);
    TheoryRatios ratios = theory_ratios(stack);
    switch (measure->kind) {
    case RN_QUANTITY_FORWARD_RATIO:
        return sqrt(ratios.forward_square);
    case RN_QUANTITY_FORWARD_CHANGE:
        return sqrt(ratios.change_square);
    case RN_QUANTITY_GRADIENT_RATIO:
        return sqrt(ratios.gradient_square);
    case RN_QUANTITY_GRADIENT_CHANGE:
        return sqrt(ratios.gradient_change_square);
    default:
        return (double)NAN;
    }
}

static bool has_theory(int32_t kind)
{
    return kind == RN_QUANTITY_RESPONSE ||
           (kind >= RN_QUANTITY_FORWARD_RATIO && kind <= RN_QUANTITY_GRADIENT_CHANGE);
}

/* Number of the block in the program's signal, or -1. */
static int32_t find_block(const RnProgram *program, const RnMeasure *measure)
{
    if (!has_theory(measure->kind) || !program->signal)
        return -1;
    int32_t region = measure->region >= 0 ? measure->region : rt_measure_region(program, measure);
    return rn_theory_block(program, region);
}

double rt_theory_value(const RnProgram *program, const double *config, const RnMeasure *measure)
{
    RnTheory theory;
    int32_t block = find_block(program, measure);
    if (block < 0 || !rn_theory_fill(program, config, block, 0, &theory) ||
        theory_obstacle(&theory.stack))
        return (double)NAN;
    double value = quantity(&theory.stack, measure);
    RnPlace place = {.params = config, .depth = 1, .layer = 1, .base = value};
    return measure->function ? measure->function(&place) : value;
}

static bool is_identity(const RnMeasure *measure, const double *config)
{
    RnPlace place = {.params = config, .depth = 1, .layer = 1, .base = 0.3};
    double small = measure->function ? measure->function(&place) : 0.3;
    place.base = 7;
    double large = measure->function ? measure->function(&place) : 7;
    return small == 0.3 && large == 7;
}

/* log(‖h_L‖²/‖h_0‖²) is normal: q = ‖h_L‖/‖h_0‖ has the density 2/q times that at 2 log q. */
double rt_theory_density(const RnProgram *program, const double *config, const RnMeasure *measure,
                         double value)
{
    RnTheory theory;
    int32_t block = find_block(program, measure);
    if (measure->kind != RN_QUANTITY_FORWARD_RATIO || !is_identity(measure, config) || block < 0 ||
        !rn_theory_fill(program, config, block, 0, &theory) || theory_obstacle(&theory.stack))
        return (double)NAN;
    TheoryRatios ratios = theory_ratios(&theory.stack);
    double deviation = ratios.log_deviation;
    double z = (2 * log(value) - ratios.log_mean) / deviation;
    const double root = 2.5066282746310005024; /* √(2π) */
    return deviation > 0 ? 2 / value / (deviation * root) * exp(-z * z / 2) : (double)NAN;
}

/* A block at whatever depth theory asks for. */
typedef struct Family {
    const RnProgram *program;
    const double *config;
    int32_t block;
    RnTheory theory;
} Family;

static const TheoryStack *at_depth(void *context, double depth)
{
    Family *family = context;
    /* a depth that cannot be filled leaves the last one, which cannot happen once one was */
    rn_theory_fill(family->program, family->config, family->block, depth, &family->theory);
    return &family->theory.stack;
}

double rt_theory_displacement(const RnProgram *program, const double *config,
                              const RnMeasure *measure)
{
    Family family = {.program = program, .config = config, .block = find_block(program, measure)};
    bool of_norms =
        measure->kind >= RN_QUANTITY_FORWARD_RATIO && measure->kind <= RN_QUANTITY_GRADIENT_CHANGE;
    if (!of_norms || family.block < 0 ||
        !rn_theory_fill(program, config, family.block, 0, &family.theory))
        return (double)NAN;
    double depth = family.theory.stack.depth;
    return theory_regime(&(TheoryFamily){at_depth, &family}, depth).displacement;
}
