/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a block as its depth grows (Marion, Fermanian, Biau, Vert 2022; Cohen, Cont,
 * Rossier, Xu 2021).
 *
 * With weights of exponent c along depth, what the branches add grows like (Σ (alpha g)^(1/c))^c,
 * g² the branch's gain for small signals: c = 1/2 independent weights, c = 1 coherent ones, c = H
 * fractional noise of H > 1/2. For alpha = depth^-b that is depth^(c − b): b > c tends to the
 * identity, b < c explodes, b = c has a limit, an SDE for c = 1/2 and independent weights, an ODE
 * for weights that are smooth along depth.
 *
 * Covariances of two matrices multiply around an odd activation: exponents 1 − c add. Where the
 * activation is not odd, its mean carries the outer matrix's alone. A branch that ends in an
 * activation which is not odd has a mean of its own, whatever the weights: c = 1.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

/* Memory of one matrix along depth: sums of n layers grow like n^c. */
static double matrix_exponent(const TheoryOp *op)
{
    if (op->tied) {
        return 1;
    }
    switch (op->correlation) {
    case THEORY_IID:
        return 0.5;
    case THEORY_FBM:
        return fmax(0.5, op->parameter);
    case THEORY_OU:
        /* its increments sum up like those of Brownian motion */
        return op->increments ? 0.5 : 1;
    case THEORY_RBF:
    case THEORY_MATERN32:
    case THEORY_CONSTANT:
        return 1;
    }
    return NAN;
}

static int is_even_part(const TheoryOp *op)
{
    return op->kind == THEORY_ACTIVATION && !theory_is_odd(op->activation);
}

/* Square of a chain's gain for a small signal of this square, or of what it puts out without one.
 */
static double chain_gain(const TheoryOp *op, int count, int64_t layer, double square)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        if (op->kind == THEORY_SUM) {
            square = chain_gain(op + 1, op->first, layer, square) +
                     chain_gain(theory_rest(op), op->rest, layer, square);
        } else if (op->kind == THEORY_MATRIX || op->kind == THEORY_SCALE) {
            square = theory_at(&op->variance, layer) * square;
            square += op->kind == THEORY_MATRIX ? theory_at(&op->bias_variance, layer) : 0;
        } else if (op->kind != THEORY_ACTIVATION ||
                   theory_value(op->activation, op->slope, 0).value != 0) {
            square = 1;
        }
    }
    return square;
}

static double branch_gain(const TheoryBranch *branch, int64_t layer)
{
    return chain_gain(branch->ops, branch->op_count, layer, 1);
}

/* The same for all layers together: the gain is above 0 in some of them. */
static int has_gain(const TheoryOp *op, int count, int gains)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        if (op->kind == THEORY_SUM) {
            gains =
                has_gain(op + 1, op->first, gains) || has_gain(theory_rest(op), op->rest, gains);
        } else if (op->kind == THEORY_MATRIX || op->kind == THEORY_SCALE) {
            gains = gains && theory_ever_positive(&op->variance);
            gains |= op->kind == THEORY_MATRIX && theory_ever_positive(&op->bias_variance);
        } else if (op->kind != THEORY_ACTIVATION ||
                   theory_value(op->activation, op->slope, 0).value != 0) {
            gains = 1;
        }
    }
    return gains;
}

/* What a chain of ops has gathered of the exponents of its matrices. */
typedef struct Memory {
    double exponent;
    int drawn;
} Memory;

static double memory_exponent(Memory memory)
{
    if (isnan(memory.exponent)) {
        return NAN;
    }
    return memory.drawn ? fmax(0.5, memory.exponent) : 1;
}

static Memory chain_memory(const TheoryOp *op, int count, Memory memory);

/* The term of the longer memory decides, unless it adds nothing. */
static Memory sum_memory(const TheoryOp *op, Memory memory)
{
    const TheoryOp *other = theory_rest(op);
    Memory first = chain_memory(op + 1, op->first, memory);
    Memory rest = chain_memory(other, op->rest, memory);
    if (!has_gain(op + 1, op->first, 1)) {
        return rest;
    }
    if (!has_gain(other, op->rest, 1) || isnan(first.exponent)) {
        return first;
    }
    return memory_exponent(first) >= memory_exponent(rest) ? first : rest;
}

static Memory chain_memory(const TheoryOp *op, int count, Memory memory)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        if (op->kind == THEORY_UNKNOWN) {
            memory.exponent = NAN;
        } else if (op->kind == THEORY_SUM) {
            memory = sum_memory(op, memory);
        } else if (is_even_part(op)) {
            memory = (Memory){1, 0}; /* its mean hides what lies before it */
        } else if (theory_is_drawn(op)) {
            memory.exponent += matrix_exponent(op) - 1;
            memory.drawn = 1;
        }
    }
    return memory;
}

double theory_critical_exponent(const TheoryBranch *branch)
{
    return memory_exponent(chain_memory(branch->ops, branch->op_count, (Memory){1, 0}));
}

static int depends_on_layer(const TheoryStack *stack)
{
    int depends = stack->scale.at != NULL;
    for (int i = 0; i < stack->branch_count; i++) {
        const TheoryBranch *branch = &stack->branches[i];
        depends |= branch->alpha.at != NULL;
        for (int j = 0; j < branch->op_count; j++) {
            depends |= branch->ops[j].variance.at || branch->ops[j].bias_variance.at;
        }
    }
    return depends;
}

/* Logs: of (Σ (alpha g)^(1/c))^c, of the same with alpha 1, and of the greatest summand's share of
 * the first sum. */
typedef struct Addition {
    double displacement, weights, share;
} Addition;

static Addition addition_of(const TheoryStack *stack, const TheoryBranch *branch, double c)
{
    if (!depends_on_layer(stack)) {
        double weights = log(branch_gain(branch, 1)) / 2 + c * log(stack->depth);
        return (Addition){log(fabs(branch->alpha.constant)) + weights, weights, -log(stack->depth)};
    }
    double sum = 0, weights = 0, most = 0;
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        double alpha = fabs(theory_at(&branch->alpha, layer));
        double gain = sqrt(branch_gain(branch, layer)), term = pow(alpha * gain, 1 / c);
        sum += term;
        weights += pow(gain, 1 / c);
        most = fmax(most, term);
    }
    return (Addition){c * log(sum), c * log(weights), log(most / sum)};
}

double theory_log_gain(const TheoryStack *stack)
{
    if (stack->scale.at == NULL) {
        return stack->depth * log(fabs(stack->scale.constant));
    }
    if (stack->depth > (double)THEORY_DEEPEST) {
        return NAN;
    }
    double sum = 0;
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        sum += log(fabs(theory_at(&stack->scale, layer)));
    }
    return sum;
}

/* The same with the branch's own slope beside the skip, in mean square, for small signals. */
static double log_mean_square(const TheoryStack *stack)
{
    double scale = theory_at(&stack->scale, 1), sum = scale * scale;
    for (int i = 0; i < stack->branch_count; i++) {
        double alpha = theory_at(&stack->branches[i].alpha, 1);
        sum += alpha * alpha * branch_gain(&stack->branches[i], 1);
    }
    return stack->depth * log(sum) / 2;
}

/* What is measured at one depth. */
enum { MOST_BRANCHES = 8 };
typedef struct Sample {
    double depth, gain, mean_square;
    Addition added[MOST_BRANCHES];
} Sample;

static Sample sample_at(const TheoryFamily *family, double depth)
{
    const TheoryStack *stack = family->at(family->context, depth);
    Sample s = {
        .depth = depth, .gain = theory_log_gain(stack), .mean_square = log_mean_square(stack)};
    for (int i = 0; i < stack->branch_count && i < MOST_BRANCHES; i++) {
        double c = theory_critical_exponent(&stack->branches[i]);
        s.added[i] = addition_of(stack, &stack->branches[i], c);
    }
    return s;
}

/* The two depths between which growth is read. Where something depends on the layer, every layer is
 * visited, and logarithms beside powers are still felt: hence the wider tolerance. */
typedef struct Window {
    double low, high, tolerance;
} Window;

static Window choose_window(const TheoryStack *stack)
{
    return depends_on_layer(stack) ? (Window){1024, 16384, 0.02} : (Window){1e9, 1e12, 1e-3};
}

/* The exponent of what has these logarithms at two depths whose own are `apart`. */
static double exponent_of(double low, double high, double apart)
{
    if (high == (double)INFINITY) { /* of the shallower one, too, or not */
        return INFINITY;
    }
    double exponent = isfinite(high - low) ? (high - low) / apart : -(double)INFINITY;
    return fabs(exponent) < 1e-9 ? 0 : exponent; /* rounding of logarithms is none */
}

/* The branch whose addition grows fastest; exponents in the verdict. */
static void find_exponents(const TheoryStack *stack, const Sample *a, const Sample *b,
                           TheoryVerdict *verdict)
{
    verdict->displacement = -INFINITY;
    verdict->critical = theory_critical_exponent(&stack->branches[0]);
    verdict->weights = verdict->critical;
    verdict->exponent = INFINITY;
    double apart = log(b->depth / a->depth);
    for (int i = 0; i < stack->branch_count && i < MOST_BRANCHES; i++) {
        const Addition *low = &a->added[i], *high = &b->added[i];
        double growth = exponent_of(low->displacement, high->displacement, apart);
        if (growth > verdict->displacement) {
            verdict->branch = i;
            verdict->displacement = growth;
            verdict->weights = exponent_of(low->weights, high->weights, apart);
            verdict->few = !(high->share - low->share < -0.1 * apart);
            verdict->critical = theory_critical_exponent(&stack->branches[i]);
            verdict->exponent = verdict->critical - growth;
            /* rounding of logarithms is no exponent */
            verdict->exponent = fabs(verdict->exponent) < 1e-9 ? 0 : verdict->exponent;
        }
    }
}

/* Weights that decide have paths along depth that a limit ODE can follow, or there are none. */
static int is_smooth(const TheoryBranch *branch)
{
    return theory_critical_exponent(branch) == 1;
}

static int is_rough(const TheoryBranch *branch)
{
    for (int i = 0; i < branch->op_count; i++) {
        const TheoryOp *op = &branch->ops[i];
        int brownian = op->correlation == THEORY_OU && op->increments && !op->tied;
        if (theory_is_drawn(op) && (theory_is_independent(op) || brownian)) {
            return 1;
        }
    }
    return 0;
}

static void judge_limit(const TheoryBranch *branch, TheoryVerdict *verdict)
{
    if (verdict->few) {
        verdict->regime = THEORY_REGIME_STABLE;
        verdict->why =
            "the sum of alpha over the layers, as these weights add up, has a limit, but "
            "some layers make most of it at any depth: there is no limit of small steps";
    } else if (is_smooth(branch)) {
        verdict->regime = THEORY_REGIME_ODE;
        verdict->why = "alpha falls as the critical exponent of weights that are smooth along "
                       "depth asks: the limit is an ordinary differential equation";
    } else if (verdict->critical == 0.5 && is_rough(branch)) {
        verdict->regime = THEORY_REGIME_SDE;
        verdict->why = "the sum of alpha² over the layers has a limit and the weights are "
                       "independent: the limit is a stochastic differential equation";
    } else {
        verdict->regime = THEORY_REGIME_STABLE;
        verdict->why = "alpha falls as the critical exponent of these weights asks";
    }
}

static int chain_saturates(const TheoryOp *op, int count)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        int bounded = op->kind == THEORY_ACTIVATION && theory_is_bounded(op->activation);
        if (op->kind == THEORY_SUM) {
            bounded =
                chain_saturates(op + 1, op->first) && chain_saturates(theory_rest(op), op->rest);
        }
        if (bounded || op->kind == THEORY_NORM || op->kind == THEORY_BATCHNORM) {
            return 1;
        }
    }
    return 0;
}

int theory_saturates(const TheoryBranch *branch)
{
    return chain_saturates(branch->ops, branch->op_count);
}

static int chain_matrices(const TheoryOp *op, int count)
{
    int matrices = 0;
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        matrices += op->kind == THEORY_MATRIX;
        if (op->kind == THEORY_SUM) {
            int first = chain_matrices(op + 1, op->first);
            int rest = chain_matrices(theory_rest(op), op->rest);
            matrices += first > rest ? first : rest;
        }
    }
    return matrices;
}

int theory_matrices(const TheoryBranch *branch)
{
    return chain_matrices(branch->ops, branch->op_count);
}

static const char *adds_nothing(const TheoryBranch *branch)
{
    if (theory_at(&branch->alpha, 1) != 0) {
        return "the branch's weights begin at 0, so that it adds nothing";
    }
    return branch->learned ? "alpha is trained from 0, so that the branch adds nothing at first"
                           : "alpha is 0 at every depth, so that the branch adds nothing";
}

static const char *explodes(const TheoryBranch *branch, const TheoryVerdict *verdict)
{
    if (isinf(verdict->displacement)) {
        return isinf(verdict->weights) ? "the weights grow with the depth beyond every number"
                                       : "alpha grows with the depth beyond every number";
    }
    return theory_saturates(branch)
               ? "alpha falls more slowly than the critical exponent asks; since the "
                 "branch saturates, the state grows like a power of the depth"
               : "alpha falls more slowly than the critical exponent asks";
}

/* `underflows`: alpha is 0 at the window's deep end, but not in a shallow stack. */
static void judge_branches(const TheoryStack *stack, double tolerance, int turned, int underflows,
                           TheoryVerdict *verdict)
{
    const TheoryBranch *branch = &stack->branches[verdict->branch];
    int endless = isinf(verdict->displacement);
    if (endless) {
        verdict->exponent = NAN;
    }
    if (verdict->displacement > tolerance) {
        verdict->regime = THEORY_REGIME_EXPLODING;
        verdict->why = explodes(branch, verdict);
    } else if (verdict->displacement >= -tolerance) {
        judge_limit(branch, verdict);
    } else if (turned) {
        verdict->regime = THEORY_REGIME_STABLE;
        verdict->why = "the skip keeps the signal within fixed bounds, and what the branches add "
                       "tends to nothing";
    } else {
        verdict->regime = THEORY_REGIME_IDENTITY;
        verdict->why = endless && !underflows
                           ? adds_nothing(branch)
                           : "alpha falls faster than the critical exponent asks: what the "
                             "branches add tends to nothing";
        if (endless) {
            verdict->critical = NAN;
        }
    }
}

/* A block without a skip: the kernel recursion at two depths decides. */
static TheoryVerdict judge_plain(const TheoryFamily *family, TheoryVerdict verdict)
{
    enum { SHALLOW = 256, DEEP = 1024 };
    /* powers of the depth, as at a critical point of tanh, stay within e³ from one to the other */
    const double bound = 3;
    double shallow = theory_propagate(family->at(family->context, SHALLOW)).log_gradient;
    const TheoryStack *stack = family->at(family->context, DEEP);
    double rise = theory_propagate(stack).log_gradient - shallow;
    verdict.exponent = verdict.displacement = NAN;
    if (isnan(rise)) {
        verdict.regime = THEORY_NO_REGIME;
        verdict.why = theory_obstacle(stack);
        verdict.why = verdict.why ? verdict.why : "gradients of this branch have no known law";
    } else if (rise > bound) {
        verdict.regime = THEORY_REGIME_EXPLODING;
        verdict.why = "without a skip, gradients grow by a factor each layer";
    } else if (rise < -bound) {
        verdict.regime = THEORY_REGIME_VANISHING;
        verdict.why = "without a skip, gradients shrink by a factor each layer";
    } else {
        verdict.regime = THEORY_REGIME_STABLE;
        verdict.why = "without a skip, but the weights keep the mean square of gradients";
    }
    return verdict;
}

static const char *find_obstacle(const TheoryStack *stack)
{
    if (stack->skip == THEORY_OTHER_SKIP) {
        return "no theory here knows this skip";
    }
    if (stack->post) {
        return "`post` acts after the addition, so increments do not add up";
    }
    for (int i = 0; i < stack->branch_count; i++) {
        if (isnan(theory_critical_exponent(&stack->branches[i]))) {
            return THEORY_UNKNOWN_LAYER;
        }
        if (!isfinite(theory_at(&stack->branches[i].alpha, 1))) {
            return "alpha has no finite value";
        }
    }
    return stack->branch_count > MOST_BRANCHES ? "too many branches" : NULL;
}

/* Trained alpha that begins so small that nothing is added at this depth. */
static int starts_as_identity(const TheoryFamily *family, double depth)
{
    const double small = 0.1; /* of the state's norm; its square is 1 % */
    depth = fmin(depth, THEORY_DEEPEST);
    const TheoryStack *stack = family->at(family->context, depth);
    Sample s = sample_at(family, depth);
    for (int i = 0; i < stack->branch_count; i++) {
        if (!stack->branches[i].learned || s.added[i].displacement > log(small)) {
            return 0;
        }
    }
    return 1;
}

static TheoryVerdict judge_skip(const TheoryFamily *family, Window window, TheoryVerdict verdict)
{
    Sample a = sample_at(family, window.low), b = sample_at(family, window.high);
    find_exponents(family->at(family->context, window.high), &a, &b, &verdict);
    int begins = theory_at(&family->at(family->context, 2)->branches[verdict.branch].alpha, 1) != 0;
    const TheoryStack *stack = family->at(family->context, window.high);
    int underflows = begins && theory_at(&stack->branches[verdict.branch].alpha, 1) == 0;
    double drift = b.gain - a.gain, kept = b.mean_square - a.mean_square;
    double bound = 0.1; /* e^0.1: the gain has a limit, if it moves by less */
    if (drift > bound) {
        verdict.regime = THEORY_REGIME_EXPLODING;
        verdict.why = "the skip's scale exceeds 1, and its product over the layers grows without "
                      "bound";
    } else if (drift < -bound && fabs(kept) < bound) {
        verdict.regime = THEORY_REGIME_STABLE;
        verdict.why = "the branch makes up for the skip's scale in mean square, though nothing "
                      "remains of the input";
    } else if (drift < -bound) {
        verdict.regime = THEORY_REGIME_VANISHING;
        verdict.why = "the skip's scale is below 1, and its product over the layers tends to 0";
    } else {
        int turned = stack->skip == THEORY_FILTER || fabs(b.gain) > 1e-3;
        judge_branches(stack, window.tolerance, turned, underflows, &verdict);
    }
    return verdict;
}

TheoryVerdict theory_regime(const TheoryFamily *family, double depth)
{
    const TheoryStack *stack = family->at(family->context, depth);
    TheoryVerdict verdict = {.critical = NAN, .exponent = NAN, .displacement = NAN, .weights = NAN};
    verdict.why = find_obstacle(stack);
    if (verdict.why) {
        return verdict;
    }
    verdict.critical = theory_critical_exponent(&stack->branches[0]);
    if (stack->skip == THEORY_NO_SKIP) {
        return judge_plain(family, verdict);
    }
    verdict = judge_skip(family, choose_window(stack), verdict);
    if (verdict.regime == THEORY_REGIME_EXPLODING && starts_as_identity(family, depth)) {
        verdict.regime = THEORY_REGIME_IDENTITY;
        verdict.why = "at its first value the trained alpha adds next to nothing at this depth";
    }
    return verdict;
}
