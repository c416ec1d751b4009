/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks for tests of theory, and normal numbers of the tests' own for what is simulated.
 */
#ifndef THEORY_FIXTURE_H
#define THEORY_FIXTURE_H

#include "theory/theory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

/* cmocka compares floats only. */
static inline void assert_near(double got, double want, double bound)
{
    if (!(fabs(got - want) <= bound)) {
        fail_msg("%.12g, not %.12g within %.3g", got, want, bound);
    }
}

typedef struct Block {
    TheoryStack stack;
    TheoryBranch branch;
    TheoryOp ops[6];
} Block;

static inline TheoryOp matrix_op(double variance, double bias)
{
    return (TheoryOp){.kind = THEORY_MATRIX,
                      .variance = {.constant = variance},
                      .bias_variance = {.constant = bias},
                      .spread = 2};
}

static inline TheoryOp activation_op(TheoryActivation activation)
{
    return (TheoryOp){.kind = THEORY_ACTIVATION, .activation = activation, .slope = 0.3};
}

/* h + alpha branch(h) of the ops that the caller fills in; not to be copied. */
static inline TheoryStack *open_block(Block *block, double depth, double alpha, int ops)
{
    block->branch =
        (TheoryBranch){.alpha = {.constant = alpha}, .op_count = ops, .ops = block->ops};
    block->stack = (TheoryStack){.depth = depth,
                                 .width = 100,
                                 .scale = {.constant = 1},
                                 .branch_count = 1,
                                 .branches = &block->branch,
                                 .start = {1, 0}};
    return &block->stack;
}

/* W phi(V h), as res-3 of Marion et al. */
static inline TheoryStack *two_matrices(Block *block, TheoryActivation phi, double depth,
                                        double alpha)
{
    block->ops[0] = matrix_op(1, 0);
    block->ops[1] = activation_op(phi);
    block->ops[2] = matrix_op(1, 0);
    return open_block(block, depth, alpha, 3);
}

/* W phi(h) + b, as in Fischer et al. */
static inline TheoryStack *one_matrix(Block *block, TheoryActivation phi, double variance,
                                      double bias, double depth, double alpha)
{
    block->ops[0] = activation_op(phi);
    block->ops[1] = matrix_op(variance, bias);
    return open_block(block, depth, alpha, 2);
}

/* A linear congruential generator (Knuth) and the polar method. */
static inline double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 11) + 0.5) * 0x1p-53;
}

static inline double normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(uniform(state)));
    return radius * cos(6.283185307179586 * uniform(state));
}

/* Mean and its standard error over samples. */
typedef struct Tally {
    double count, sum, square;
} Tally;

static inline void tally_add(Tally *t, double x)
{
    t->count++;
    t->sum += x;
    t->square += x * x;
}

static inline double tally_mean(const Tally *t)
{
    return t->sum / t->count;
}

static inline double tally_error(const Tally *t)
{
    double mean = tally_mean(t);
    return sqrt((t->square / t->count - mean * mean) / (t->count - 1));
}

#endif
