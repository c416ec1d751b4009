/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernels and gradients through a block, at infinite width and for independent weights:
 *
 *     K_l = s² K_{l−1} + 2 s a m M + a² B(K_{l−1})        a = alpha_l, s the skip's scale
 *     d K_L / d K_0 = Π (s² + a² B')                      (Fischer, Dahmen, Helias 2023)
 *     E‖p_0‖² / ‖p_L‖² = Π (s² + a² chi)                  (Schoenholz et al. 2017; Yang, Schoenholz
 *                                                          2017 for residual networks)
 *
 * B is the branch's map of kernels, chi the mean square of its slope; m and M are the means of an
 * entry of the state and of the branch, zero where the branch ends in weights of mean zero. For
 * positively homogeneous branches of independent weights the second moments are exact at any width.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>
#include <stddef.h>

/* fbm at hurst 1/2 is independent. */
int theory_is_independent(const TheoryOp *op)
{
    int white =
        op->correlation == THEORY_IID || (op->correlation == THEORY_FBM && op->parameter == 0.5);
    return !theory_is_drawn(op) || (white && !op->tied);
}

/* What a state has become since h: normal; behind weights; of either sign with one law, whatever
 * else was drawn (since the last sum began). */
typedef struct Passage {
    int normal, drawn, centred;
} Passage;

static const char *chain_obstacle(const TheoryOp *op, int count, Passage *passage);

/* One of two terms must be of either sign, or their product has a mean. */
static const char *sum_obstacle(const TheoryOp *op, Passage *passage)
{
    Passage first = {passage->normal, passage->drawn, 0}, rest = first;
    const char *reason = chain_obstacle(op + 1, op->first, &first);
    reason = reason ? reason : chain_obstacle(theory_rest(op), op->rest, &rest);
    if (reason == NULL && !first.centred && !rest.centred) {
        reason = "two terms of a sum have a product that does not average out, since neither ends "
                 "in weights of its own";
    }
    *passage = (Passage){first.normal && rest.normal, first.drawn && rest.drawn,
                         first.centred && rest.centred};
    return reason;
}

/* An activation wants a normal input; a matrix makes one. */
static const char *chain_obstacle(const TheoryOp *op, int count, Passage *passage)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        int acts = op->kind == THEORY_ACTIVATION && op->activation != THEORY_LINEAR;
        if (op->kind == THEORY_UNKNOWN) {
            return THEORY_UNKNOWN_LAYER;
        }
        if (!theory_is_independent(op)) {
            return "the weights are correlated along depth, and the kernel recursion is for "
                   "independent ones";
        }
        if (!passage->normal && (acts || op->kind == THEORY_NORM)) {
            return "an activation or norm follows an activation without weights between them";
        }
        if (op->kind == THEORY_SUM) {
            const char *reason = sum_obstacle(op, passage);
            if (reason) {
                return reason;
            }
            continue;
        }
        int matrix = op->kind == THEORY_MATRIX;
        passage->normal = matrix || (passage->normal && !acts);
        passage->drawn |= matrix;
        passage->centred = matrix || (passage->centred && (!acts || theory_is_odd(op->activation)));
    }
    return NULL;
}

static const char *branch_obstacle(const TheoryStack *stack, int number)
{
    const TheoryBranch *branch = &stack->branches[number];
    Passage passage = {.normal = !stack->shaped};
    const char *reason = chain_obstacle(branch->ops, branch->op_count, &passage);
    int beside = stack->skip == THEORY_IDENTITY || number > 0;
    if (reason == NULL && !passage.drawn && beside) {
        reason = "the branch or a term of it has no weights, so that what it adds points where the "
                 "state does";
    }
    return reason;
}

const char *theory_obstacle(const TheoryStack *stack)
{
    if (stack->skip == THEORY_OTHER_SKIP) {
        return "no kernel recursion is known here for this skip";
    }
    if (stack->depth > (double)THEORY_DEEPEST) {
        return "the recursion is walked for a million layers at most";
    }
    if (stack->post) {
        return "`post` acts after the addition, so increments do not add up";
    }
    for (int i = 0; i < stack->branch_count; i++) {
        const char *reason = branch_obstacle(stack, i);
        if (reason) {
            return reason;
        }
    }
    return isnan(stack->start.own) ? THEORY_UNKNOWN_START : NULL;
}

TheorySignal theory_start(TheoryKernel k)
{
    return (TheorySignal){.kernel = k, .own_response = 1, .pair_response = 1};
}

static void apply_matrix(const TheoryOp *op, int64_t layer, TheorySignal *s)
{
    double variance = theory_at(&op->variance, layer), bias = theory_at(&op->bias_variance, layer);
    s->kernel.own = variance * s->kernel.own + bias;
    s->kernel.pair = variance * s->kernel.pair + bias;
    s->own_response *= variance;
    s->pair_response *= variance;
    s->log_gradient += log(variance);
    s->mean = 0;
}

static void apply_scale(const TheoryOp *op, int64_t layer, TheorySignal *s)
{
    double square = theory_at(&op->variance, layer);
    s->kernel.own *= square;
    s->kernel.pair *= square;
    s->own_response *= square;
    s->pair_response *= square;
    s->log_gradient += log(square);
    s->mean *= sqrt(square);
}

static void apply_activation(const TheoryOp *op, TheorySignal *s)
{
    TheoryMoments m = theory_moments(op->activation, op->slope, s->kernel);
    s->kernel = (TheoryKernel){m.own, m.pair};
    s->own_response *= m.own_response;
    s->pair_response *= m.pair_response;
    s->log_gradient += log(m.slope_square);
    s->mean = op->activation == THEORY_LINEAR ? s->mean : m.mean;
}

static void apply_norm(TheorySignal *s)
{
    double own = s->kernel.own;
    s->kernel = (TheoryKernel){1, s->kernel.pair / own};
    s->own_response = 0;
    s->pair_response /= own;
    s->log_gradient -= log(own);
    s->mean = 0;
}

static void apply_chain(const TheoryOp *op, int count, int64_t layer, TheorySignal *signal)
{
    for (const TheoryOp *end = op + count; op < end; op = theory_next(op)) {
        theory_apply(op, layer, signal);
    }
}

/* Squares add: by sum_obstacle the terms' product averages out. */
static void apply_sum(const TheoryOp *op, int64_t layer, TheorySignal *s)
{
    TheorySignal first = theory_start(s->kernel), rest;
    first.mean = s->mean;
    rest = first;
    apply_chain(op + 1, op->first, layer, &first);
    apply_chain(theory_rest(op), op->rest, layer, &rest);
    s->kernel.own = first.kernel.own + rest.kernel.own;
    s->kernel.pair = first.kernel.pair + rest.kernel.pair;
    s->own_response *= first.own_response + rest.own_response;
    s->pair_response *= first.pair_response + rest.pair_response;
    s->log_gradient += log(exp(first.log_gradient) + exp(rest.log_gradient));
    s->mean = first.mean + rest.mean;
}

void theory_apply(const TheoryOp *op, int64_t layer, TheorySignal *signal)
{
    switch (op->kind) {
    case THEORY_MATRIX:
        apply_matrix(op, layer, signal);
        break;
    case THEORY_ACTIVATION:
        apply_activation(op, signal);
        break;
    case THEORY_SCALE:
        apply_scale(op, layer, signal);
        break;
    case THEORY_NORM:
        apply_norm(signal);
        break;
    case THEORY_BATCHNORM:
        /* the batch's mean takes the share of the kernel that pairs have in common */
        apply_norm(signal);
        signal->kernel.pair = signal->pair_response = NAN;
        break;
    case THEORY_SUM:
        apply_sum(op, layer, signal);
        break;
    case THEORY_UNKNOWN:
        signal->kernel = (TheoryKernel){NAN, NAN};
        signal->log_gradient = NAN;
        break;
    }
}

void theory_branch(const TheoryBranch *branch, int64_t layer, double skip, double alpha,
                   TheorySignal *signal)
{
    TheorySignal b = theory_start(signal->kernel);
    apply_chain(branch->ops, branch->op_count, layer, &b);
    double keep = skip * skip, add = alpha * alpha;
    double cross = 2 * skip * alpha * signal->mean * b.mean;
    signal->kernel.own = keep * signal->kernel.own + cross + add * b.kernel.own;
    signal->kernel.pair = keep * signal->kernel.pair + cross + add * b.kernel.pair;
    signal->own_response *= keep + add * b.own_response;
    signal->pair_response *= keep + add * b.pair_response;
    signal->log_gradient += log1p(keep - 1 + add * exp(b.log_gradient));
    signal->added += cross + add * b.kernel.own;
    /* weights that do not average out turn the slope as well as the state */
    signal->log_gradient = b.mean != 0 && add > 0 ? (double)NAN : signal->log_gradient;
    signal->mean = skip * signal->mean + alpha * b.mean;
}

static const TheoryOp identity = {.kind = THEORY_ACTIVATION, .activation = THEORY_LINEAR};

const TheoryOp *theory_readout(const TheoryStack *stack)
{
    for (int i = 0; i < stack->branches[0].op_count; i++) {
        if (stack->branches[0].ops[i].kind == THEORY_ACTIVATION) {
            return &stack->branches[0].ops[i];
        }
    }
    return &identity;
}

double theory_skip_scale(const TheoryStack *stack, int64_t layer)
{
    return stack->skip == THEORY_NO_SKIP ? 0 : theory_at(&stack->scale, layer);
}

TheorySignal theory_propagate(const TheoryStack *stack)
{
    TheorySignal signal = theory_start(stack->start);
    signal.mean = stack->start_mean;
    if (theory_obstacle(stack)) {
        return (TheorySignal){{NAN, NAN}, NAN, NAN, NAN, NAN, NAN};
    }
    for (int64_t layer = 1; layer <= (int64_t)stack->depth; layer++) {
        for (int i = 0; i < stack->branch_count; i++) {
            const TheoryBranch *branch = &stack->branches[i];
            double skip = i ? 1 : theory_skip_scale(stack, layer);
            theory_branch(branch, layer, skip, theory_at(&branch->alpha, layer), &signal);
        }
    }
    return signal;
}

TheoryState theory_inputs(double norm, double pair)
{
    return (TheoryState){.signal = theory_start((TheoryKernel){norm, pair})};
}

TheoryState theory_uniform_inputs(double low, double high)
{
    double mean = (low + high) / 2;
    TheoryState state = theory_inputs((low * low + low * high + high * high) / 3, mean * mean);
    state.signal.mean = mean;
    return state;
}

void theory_pass(const TheoryOp *op, TheoryState *state)
{
    theory_apply(op, 1, &state->signal);
    int acts = op->kind == THEORY_ACTIVATION && op->activation != THEORY_LINEAR;
    state->shaped = acts || (state->shaped && op->kind != THEORY_MATRIX);
}

void theory_enter(const TheoryState *state, TheoryStack *stack)
{
    stack->start = state->signal.kernel;
    stack->start_mean = state->signal.mean;
    stack->shaped = state->shaped;
}
