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
 * It wants small steps, and u of a norm that the direction of h does not decide: u = relu(W h), not
 * relu(h), whose share of ‖h‖² stays from layer to layer and adds to the variance like S².
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

/* Of what the second-order expansion drops: a layer's alpha² c, and the shift of the mean as a
 * share of the deviation. Simulated networks of widths 8 and 64 keep within a tenth of the
 * deviation and a quarter of it then. */
static const double largest_step = 0.125, largest_shift = 0.25;

static int is_curved(const TheoryOp *op)
{
    return op->kind == THEORY_ACTIVATION && op->activation != THEORY_LINEAR;
}

static int has_bias(const TheoryOp *op)
{
    return op->bias_variance.at != NULL || op->bias_variance.constant > 0;
}

/* Why the op's output is not in proportion to its input; NULL: it is. */
static const char *op_law_obstacle(const TheoryOp *op)
{
    if (op->kind == THEORY_SUM) {
        return "the branch holds a sum of layers";
    }
    if (has_bias(op)) {
        return "a bias makes a branch that does not grow with the state";
    }
    if (op->kind == THEORY_NORM || op->kind == THEORY_BATCHNORM) {
        return "a norm makes a branch that does not grow with the state";
    }
    if (is_curved(op) && !theory_is_homogeneous(op->activation)) {
        return "an activation other than relu and leaky_relu makes a branch that does not grow in "
               "proportion to the state";
    }
    return NULL;
}

/* ‖branch(h)‖² = c ‖h‖² for every h, in a direction that is independent of h. */
static const char *branch_law_obstacle(const TheoryBranch *branch)
{
    int matrices = 0, bent = 0;
    for (int i = 0; i < branch->op_count; i++) {
        const TheoryOp *op = &branch->ops[i];
        int curved = is_curved(op);
        const char *reason = op_law_obstacle(op);
        if (reason) {
            return reason;
        }
        if (curved && matrices == 0) {
            return "an activation acts on the state itself, so that the norm of the branch depends "
                   "on where the state points";
        }
        matrices += op->kind == THEORY_MATRIX;
        bent = op->kind != THEORY_MATRIX && (bent || curved);
    }
    return matrices == 0 || bent ? "the branch does not end in weights" : NULL;
}

/* Over all layers and branches, from unit kernels. */
typedef struct Power {
    double sum;     /* S c = Σ alpha² c */
    double dropped; /* Σ alpha² c − log(1 + alpha² c) */
    double most;    /* of alpha² c */
} Power;

static Power branch_power(const TheoryStack *stack)
{
    Power power = {0, 0, 0};
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        for (int i = 0; i < stack->branch_count; i++) {
            TheorySignal signal = theory_start((TheoryKernel){1, NAN});
            const TheoryBranch *branch = &stack->branches[i];
            theory_branch(branch, layer, 0, theory_at(&branch->alpha, layer), &signal);
            power.sum += signal.kernel.own;
            power.dropped += signal.kernel.own - log1p(signal.kernel.own);
            power.most = fmax(power.most, signal.kernel.own);
        }
    }
    return power;
}

static double law_deviation(const TheoryStack *stack, const Power *power)
{
    return sqrt(4 * power->sum / stack->width);
}

/* NULL, and the power, where the norm is log-normal. */
static const char *law_obstacle(const TheoryStack *stack, Power *power)
{
    const char *reason = theory_obstacle(stack);
    if (reason == NULL &&
        (stack->skip != THEORY_IDENTITY || stack->scale.at != NULL || stack->scale.constant != 1)) {
        reason = "the law is known for the identity skip";
    }
    for (int i = 0; i < stack->branch_count && reason == NULL; i++) {
        reason = branch_law_obstacle(&stack->branches[i]);
    }
    if (reason != NULL) {
        return reason;
    }
    *power = branch_power(stack);
    int small = power->most <= largest_step &&
                power->dropped <= largest_shift * law_deviation(stack, power);
    return small ? NULL : "a layer adds too much for an expansion in alpha";
}

static void find_law(const TheoryStack *stack, TheoryRatios *r)
{
    r->log_mean = r->log_deviation = r->mean_ratio = r->median_ratio = r->deviation_ratio = NAN;
    Power power;
    r->law_obstacle = law_obstacle(stack, &power);
    if (r->law_obstacle) {
        return;
    }
    r->log_mean = power.sum * (1 - 2 / stack->width);
    r->log_deviation = law_deviation(stack, &power);
    double variance = r->log_deviation * r->log_deviation;
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
    find_law(stack, &r);
    return r;
}
