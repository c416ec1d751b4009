/* SPDX-License-Identifier: Apache-2.0
 *
 * Independent weights: ratios of norms, and their law (Marion, Fermanian, Biau, Vert 2022).
 *
 * With S = Σ alpha² and a positively homogeneous branch, E‖branch(h)‖² = c ‖h‖²:
 *
 *     E‖h_L‖²/‖h_0‖² = Π (1 + alpha² c)         relu between two matrices of variance 1: c = 1/2
 *     E‖h_L − h_0‖²/‖h_0‖² = Π (1 + alpha² c) − 1                                (a martingale)
 *     log ‖h_L‖²/‖h_0‖² ~ N(S c (1 − 2/d), 4 S c / d)                          (normal weights)
 *
 * The last line is the second-order expansion of log ‖h + alpha V u‖², ‖u‖² = c ‖h‖², at width d.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

static int is_homogeneous(const TheoryBranch *branch)
{
    int matrices = 0;
    for (int i = 0; i < branch->op_count; i++) {
        const TheoryOp *op = &branch->ops[i];
        int curved = op->kind == THEORY_ACTIVATION && !theory_is_homogeneous(op->activation);
        int norm = op->kind == THEORY_NORM || op->kind == THEORY_BATCHNORM;
        if (curved || norm || theory_at(&op->bias_variance, 1) > 0) {
            return 0;
        }
        matrices += op->kind == THEORY_MATRIX;
    }
    return matrices > 0 && branch->op_count > 0;
}

/* S c over all layers and branches, from unit kernels. */
static double branch_power(const TheoryStack *stack)
{
    double sum = 0;
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        for (int i = 0; i < stack->branch_count; i++) {
            TheorySignal signal = theory_start((TheoryKernel){1, NAN});
            const TheoryBranch *branch = &stack->branches[i];
            theory_branch(branch, layer, 0, theory_at(&branch->alpha, layer), &signal);
            sum += signal.kernel.own;
        }
    }
    return sum;
}

/* The law of the norm: log-normal where every branch is homogeneous and of mean zero. */
static void find_law(const TheoryStack *stack, const TheorySignal *end, TheoryRatios *r)
{
    int known = stack->skip == THEORY_IDENTITY && stack->scale.at == NULL &&
                stack->scale.constant == 1 && end->mean == 0;
    for (int i = 0; i < stack->branch_count; i++) {
        known = known && isfinite(end->mean) && is_homogeneous(&stack->branches[i]);
    }
    r->log_mean = r->log_deviation = r->mean_ratio = r->median_ratio = r->deviation_ratio = NAN;
    if (!known) {
        return;
    }
    double power = branch_power(stack);
    double variance = 4 * power / stack->width;
    r->log_mean = power * (1 - 2 / stack->width);
    r->log_deviation = sqrt(variance);
    r->median_ratio = exp(r->log_mean / 2);
    r->mean_ratio = exp(r->log_mean / 2 + variance / 8);
    r->deviation_ratio = r->mean_ratio * sqrt(expm1(variance / 4));
}

/* Π of the skip's scales: what is left of h_0 in the mean of h_L. */
static double skip_product(const TheoryStack *stack)
{
    double product = 1;
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        product *= theory_skip_scale(stack, layer);
    }
    return product;
}

TheoryRatios theory_ratios(const TheoryStack *stack)
{
    TheoryStack single = *stack;
    single.start.pair = NAN;
    TheorySignal end = theory_propagate(&single);
    TheoryRatios r = {.forward_square = end.kernel.own / stack->start.own,
                      .gradient_square = exp(end.log_gradient)};
    /* a filter's turn is known on average only, and a mean adds to what was there */
    int turned = stack->skip != THEORY_IDENTITY || end.mean != 0;
    double left = turned || theory_obstacle(stack) ? (double)NAN : skip_product(stack);
    r.change_square = left == 1 ? end.added / stack->start.own : r.forward_square + 1 - 2 * left;
    r.gradient_change_square =
        left == 1 ? expm1(end.log_gradient) : r.gradient_square + 1 - 2 * left;
    find_law(stack, &end, &r);
    return r;
}
