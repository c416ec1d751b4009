/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings and errors out of theory, one message for each mistake that it can see.
 */
#include "driver/regime.h"

#include "driver/block.h"

#include <math.h>

_Static_assert((int)RN_EXPECT_EXPLODING == (int)THEORY_EXPECT_EXPLODING &&
                   (int)RN_EXPECT_SDE == (int)THEORY_EXPECT_SDE,
               "expectations are in one order");

/* An exponent below this is none. */
static const double falls = 1e-3;

typedef struct Judge {
    const Model *model;
    DiagSink *diag;
    const SignalBlock *block;
    BlockTheory *theory;
    TheoryVerdict verdict;
    double depth;
} Judge;

/* The branch that decides. */
static const SignalBranch *decisive(const Judge *j)
{
    return &j->block->branches.items[j->verdict.branch];
}

static const char *const expectation_names[] = {
#define X(tag, name) name,
    RN_EXPECTATIONS(X)
#undef X
};

/* alpha ~ depth^-b balances the branches with this b; not the critical exponent where the weights
 * themselves grow or fall with the depth. Three digits are within what the verdict calls a limit.
 */
static double balanced_exponent(const Judge *j)
{
    double weights = j->verdict.weights;
    return fabs(weights - j->verdict.critical) < falls ? j->verdict.critical
                                                       : round(weights * 1000) / 1000;
}

static void hint_exponent(const Judge *j, Diag *d)
{
    double balanced = balanced_exponent(j);
    if (!isfinite(balanced)) {
        return;
    }
    if (balanced == 0) {
        diag_hint(j->diag, d, "for these weights write an alpha that does not depend on the depth");
        return;
    }
    diag_hint(j->diag, d, "for %s write `alpha depth^%g`",
              balanced == 0.5 && j->verdict.critical == 0.5 ? "independent weights"
                                                            : "these weights",
              -balanced);
}

/* The skip's scale, and not what the branches add. */
static bool skip_decides(const Judge *j)
{
    bool grows = j->verdict.regime == THEORY_REGIME_EXPLODING && !(j->verdict.displacement > falls);
    return j->verdict.regime == THEORY_REGIME_VANISHING || grows;
}

static void hint_skip(const Judge *j, Diag *d)
{
    diag_hint(j->diag, d, "let the scale approach 1 with the depth, as in `(1 - 1/depth)`");
}

/* What would make theory agree: the exponent, the weights or the skip. */
static void hint_expectation(const Judge *j, Diag *d)
{
    double balanced = balanced_exponent(j), away = j->verdict.displacement;
    int wanted = j->block->expect;
    if (j->block->skip == RN_SIGNAL_NO_SKIP) {
        diag_hint(j->diag, d, "without `skip none` gradients are kept at any depth");
    } else if (skip_decides(j)) {
        hint_skip(j, d);
    } else if (isnan(balanced) || isnan(away)) {
        diag_hint(j->diag, d, "if that is meant, write `expect %s`",
                  theory_regime_name(j->verdict.regime));
    } else if (wanted == RN_EXPECT_IDENTITY || wanted == RN_EXPECT_EXPLODING) {
        diag_hint(j->diag, d, "for that alpha must fall %s than `depth^%g`",
                  wanted == RN_EXPECT_IDENTITY ? "faster" : "more slowly", -balanced);
    } else if (fabs(away) > falls && isfinite(away)) {
        hint_exponent(j, d);
    } else if (wanted == RN_EXPECT_ODE) {
        diag_hint(j->diag, d,
                  "an ODE wants weights that are smooth along depth, as by "
                  "`correlation gp(rbf, length = 0.1)`, and `alpha depth^-1`");
    } else if (wanted == RN_EXPECT_SDE) {
        diag_hint(j->diag, d,
                  "an SDE wants independent weights in each layer, and `alpha "
                  "depth^-0.5`");
    }
}

static void judge_expectation(const Judge *j)
{
    const char *wanted = expectation_names[j->block->expect];
    Span span = j->block->expect_span;
    if (j->block->expect == RN_EXPECT_NONE) {
        return;
    }
    if (j->verdict.regime == THEORY_NO_REGIME) {
        Diag *d = diag_report(j->diag, W_UNJUDGED, span, "`expect %s` is not judged", wanted);
        diag_note(j->diag, d, "%s", block_reason(j->theory, j->verdict.why));
        return;
    }
    if (theory_fulfils((TheoryExpectation)j->block->expect, j->verdict.regime)) {
        return;
    }
    Diag *d = diag_report(j->diag, E_EXPECT, span, "the block is meant to be `%s`, and is `%s`",
                          wanted, theory_regime_name(j->verdict.regime));
    bool skip = skip_decides(j);
    diag_label(j->diag, d, skip ? j->block->skip_span : decisive(j)->alpha_span,
               skip ? "what is kept of the input" : "this scales the branch");
    diag_note(j->diag, d, "%s", j->verdict.why);
    hint_expectation(j, d);
}

/* alpha ~ depth^-b, whatever the weights do: the alpha, one for all layers, that would add as much.
 */
static double alpha_exponent(const Judge *j)
{
    return j->verdict.weights - j->verdict.displacement;
}

static void note_exponents(const Judge *j, Diag *d)
{
    double alpha = alpha_exponent(j);
    if (!isfinite(alpha)) {
        diag_note(j->diag, d, "%s", j->verdict.why);
        return;
    }
    if (fabs(alpha) < falls) {
        diag_note(j->diag, d,
                  "alpha does not fall with the depth, while the branches add up like "
                  "depth^%.3g",
                  j->verdict.weights);
        return;
    }
    diag_note(j->diag, d,
              "alpha goes like depth^%.3g, while the branches, with their weights as first drawn, "
              "add up like depth^%.3g",
              -alpha, j->verdict.weights);
}

/* At the alpha that decides, with the exponent to write instead. */
static void warn_of_scale(const Judge *j, DiagId id, const char *text)
{
    Diag *d = diag_report(j->diag, id, decisive(j)->alpha_span, "%s", text);
    note_exponents(j, d);
    hint_exponent(j, d);
}

static void warn_identity(const Judge *j)
{
    if (decisive(j)->learned || !isfinite(j->verdict.displacement) ||
        j->block->expect == RN_EXPECT_IDENTITY) {
        return;
    }
    warn_of_scale(j, W_IDENTITY, "the block tends to the identity as its depth grows");
}

static const TheoryStack *stack_at(const Judge *j, double depth)
{
    TheoryFamily family = block_family(j->theory);
    return family.at(family.context, depth);
}

/* A constant alpha is a mistake only where the growth is felt at this depth: by more than e^3, and
 * not by a power of the depth, as where the branch saturates. */
static bool is_felt(const Judge *j)
{
    const double felt = 3;
    const TheoryStack *stack = stack_at(j, j->depth);
    const TheoryBranch *branch = &stack->branches[j->verdict.branch];
    double alpha = fabs(theory_at(&branch->alpha, 1));
    return !theory_saturates(branch) && alpha * pow(j->depth, j->verdict.critical) > felt;
}

static void warn_exploding(const Judge *j)
{
    bool constant = fabs(alpha_exponent(j)) < falls;
    if (decisive(j)->learned || !(j->verdict.displacement > -(double)INFINITY) ||
        j->block->expect == RN_EXPECT_EXPLODING || (constant && !is_felt(j))) {
        return;
    }
    warn_of_scale(j, W_EXPLODING, "the state explodes as the depth of the block grows");
}

/* A scale below 1 that leaves more than a hundredth of the input at this depth is no mistake. */
static void warn_vanishing(const Judge *j)
{
    const double left = 0.01;
    TheoryFamily family = block_family(j->theory);
    const TheoryStack *stack = family.at(family.context, fmin(j->depth, THEORY_DEEPEST));
    double gain = theory_log_gain(stack);
    if (stack->skip == THEORY_NO_SKIP) {
        return;
    }
    if (gain > log(left)) {
        return;
    }
    Diag *d = diag_report(j->diag, W_VANISHING, j->block->skip_span,
                          "the signal and its gradients vanish along the skip");
    diag_note(j->diag, d, "of the block's input, %.2g is left after %g layers", exp(gain),
              j->depth);
    hint_skip(j, d);
}

static void warn_depth_mup(const Judge *j)
{
    const Train *train = j->model->train;
    if (train == NULL || train->depth_mup.end == 0) {
        return;
    }
    const TheoryStack *stack = stack_at(j, j->depth);
    for (uint32_t i = 0; i < j->block->branches.count; i++) {
        const SignalBranch *branch = &j->block->branches.items[i];
        int matrices = theory_matrices(&stack->branches[i]);
        if (matrices < 2) {
            continue;
        }
        Diag *d = diag_report(j->diag, W_DEPTH_MUP, train->depth_mup,
                              "under `depth_mup` the inner layer of this branch stops learning as "
                              "the depth grows");
        diag_label(j->diag, d, branch->span, "%d weight matrices one after another", matrices);
        diag_hint(j->diag, d, "use `completep`, or branches of one matrix");
    }
}

static void hint_optimal(const Judge *j, Diag *d, const TheoryBranch *branch)
{
    if (theory_saturates(branch)) {
        diag_note(j->diag, d,
                  "at a depth of %g the product over the layers outweighs the activation",
                  j->depth);
        diag_hint(j->diag, d, "choose a greater depth, or `response = single`");
    } else {
        diag_note(j->diag, d, "only an activation that saturates bounds it");
        diag_hint(j->diag, d, "use `erf` or `tanh` in the branch, or another alpha");
    }
}

/* Why an optimum that nothing stands against has no value. */
static const char *missing_scale(const TheoryStack *stack, RnOptimal response)
{
    return response == RN_OPTIMAL_PAIR && isnan(stack->start.pair)
               ? "how two inputs overlap behind a norm over the data is not known; `response = "
                 "single` asks for one input"
               : "the kernel recursion has no value";
}

static void judge_optimal(const Judge *j, const SignalBranch *branch)
{
    const TheoryStack *stack = block_for_optimal(j->theory, branch);
    const char *obstacle = theory_optimal_obstacle(stack);
    double scale = theory_optimal_scale(stack, branch->optimal);
    if (obstacle != NULL || isnan(scale)) {
        Diag *d = diag_report(j->diag, E_OPTIMAL, branch->alpha_span,
                              "theory knows no optimal scale for this block");
        diag_note(j->diag, d, "%s",
                  obstacle ? block_reason(j->theory, obstacle)
                           : missing_scale(stack, branch->optimal));
    } else if (isinf(scale)) {
        Diag *d = diag_report(j->diag, E_OPTIMAL, branch->alpha_span,
                              "there is no optimal scale: the response grows with alpha for ever");
        hint_optimal(j, d, &stack->branches[0]);
    } else if (scale == 0) {
        Diag *d = diag_report(j->diag, W_OPTIMAL_ZERO, branch->alpha_span,
                              "the optimal scale is 0: the branch only lessens the response");
        diag_note(j->diag, d,
                  "an entry of h_0 has the mean square %.3g, with which the activation is "
                  "saturated already",
                  stack->start.own);
        diag_hint(j->diag, d, "lower the variance of the layers before the block");
    }
}

static void warn_regime(const Judge *j)
{
    switch (j->verdict.regime) {
    case THEORY_REGIME_IDENTITY:
        warn_identity(j);
        break;
    case THEORY_REGIME_EXPLODING:
        warn_exploding(j);
        break;
    case THEORY_REGIME_VANISHING:
        warn_vanishing(j);
        break;
    case THEORY_NO_REGIME:
    case THEORY_REGIME_SDE:
    case THEORY_REGIME_ODE:
    case THEORY_REGIME_STABLE:
        break;
    }
}

static void judge_block(Judge *j)
{
    unsigned errors = diag_error_count(j->diag);
    for (uint32_t i = 0; i < j->block->branches.count; i++) {
        if (j->block->branches.items[i].optimal != RN_OPTIMAL_NONE) {
            judge_optimal(j, &j->block->branches.items[i]);
        }
    }
    if (diag_error_count(j->diag) > errors) {
        return;
    }
    TheoryFamily family = block_family(j->theory);
    j->verdict = theory_regime(&family, j->depth);
    judge_expectation(j);
    warn_depth_mup(j);
    if (diag_error_count(j->diag) == errors) {
        warn_regime(j);
    }
}

const Model *judge_regimes(Arena *arena, const Model *model, DiagSink *diag)
{
    if (model == NULL) {
        return NULL;
    }
    unsigned errors = diag_error_count(diag);
    BlockTheory **blocks = blocks_of(arena, model);
    for (uint32_t i = 0; i < model->signal->blocks.count; i++) {
        Judge j = {.model = model,
                   .diag = diag,
                   .block = &model->signal->blocks.items[i],
                   .theory = blocks[i],
                   .depth = block_depth(blocks[i])};
        judge_block(&j);
    }
    return diag_error_count(diag) > errors ? NULL : model;
}
