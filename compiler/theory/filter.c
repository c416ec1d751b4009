/* SPDX-License-Identifier: Apache-2.0
 *
 * Singular values of dh_L/dh_0 for h ← s O h + alpha phi(W h), O orthogonal or the identity:
 *
 *     Π (s − alpha g)₊ ≤ sigma ≤ Π (s + alpha g)      g = sup|phi'| ‖W‖ over the branch's layers
 *
 * (Ceni 2022; Ceni, Gallicchio 2023 for one step). With s = 1 − c/L and alpha = c/L both bounds
 * have limits, exp(−c (1 + g)) and exp(c (g − 1)). ‖W‖ is that of a large normal matrix, √variance
 * (1 + √(out/in)) (Geman 1980), so the bounds are those of typical draws.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>

/* Lipschitz constant of a chain; infinite behind a norm, whose slope has no bound. */
static double chain_slope(const TheoryOp *op, int count, int64_t layer)
{
    double slope = 1;
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        switch (op->kind) {
        case THEORY_MATRIX:
            slope *= sqrt(theory_at(&op->variance, layer)) * op->spread;
            break;
        case THEORY_SCALE:
            slope *= sqrt(theory_at(&op->variance, layer));
            break;
        case THEORY_ACTIVATION:
            slope *= theory_steepest(op->activation, op->slope);
            break;
        case THEORY_SUM:
            slope *= chain_slope(op + 1, op->first, layer) +
                     chain_slope(theory_rest(op), op->rest, layer);
            break;
        case THEORY_NORM:
        case THEORY_BATCHNORM:
        case THEORY_UNKNOWN:
            return INFINITY;
        }
    }
    return slope;
}

TheoryJacobian theory_jacobian(const TheoryStack *stack)
{
    TheoryStack single = *stack;
    single.start.pair = NAN;
    TheoryJacobian j = {.log_mean_square = theory_propagate(&single).log_gradient};
    int known = !stack->post && (stack->skip == THEORY_IDENTITY || stack->skip == THEORY_FILTER);
    if (stack->depth > (double)THEORY_DEEPEST) {
        return (TheoryJacobian){NAN, NAN, NAN, NAN};
    }
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        double scale = fabs(theory_skip_scale(stack, layer));
        j.log_gain += log(scale);
        for (int i = 0; i < stack->branch_count; i++) {
            const TheoryBranch *branch = &stack->branches[i];
            double alpha = fabs(theory_at(&branch->alpha, layer));
            double add = alpha > 0 ? alpha * chain_slope(branch->ops, branch->op_count, layer) : 0;
            j.log_low += log(fmax(scale - add, 0));
            j.log_high += log(scale + add);
            scale = 1;
        }
    }
    if (!known) {
        j.log_low = -INFINITY;
        j.log_high = INFINITY;
    }
    return j;
}
