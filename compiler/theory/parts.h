/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of theory/ share; nobody else includes it but their tests.
 */
#ifndef RNET_THEORY_PARTS_H
#define RNET_THEORY_PARTS_H

#include "theory/theory.h"

#include <stddef.h>

/* Behind the op, and behind its terms where it is a sum. */
static inline const TheoryOp *theory_next(const TheoryOp *op)
{
    return op + 1 + op->first + op->rest;
}
/* A sum's terms but the first, which stands right behind the op. */
static inline const TheoryOp *theory_rest(const TheoryOp *op)
{
    return op + 1 + op->first;
}
/* Above 0 in some layer, as far as can be told: no layer stands for the others. */
static inline int theory_ever_positive(const TheorySeries *variance)
{
    return variance->at != NULL || variance->constant > 0;
}
static inline int theory_is_drawn(const TheoryOp *op)
{
    return op->kind == THEORY_MATRIX && theory_ever_positive(&op->variance);
}
/* The op draws no weights, or independent ones for each layer. */
int theory_is_independent(const TheoryOp *op);
/* One update: signal of s h + alpha branch(h) from that of h. */
void theory_branch(const TheoryBranch *branch, int64_t layer, double skip, double alpha,
                   TheorySignal *signal);
/* phi of p and of responses: the first branch's first activation, else the identity. */
const TheoryOp *theory_readout(const TheoryStack *stack);
/* Hermite coefficients [THEORY_TERMS] of phi(√own z)²; the sum of squares of those left out. */
double theory_square_series(const TheoryOp *phi, double own, double *coefficients);
double theory_skip_scale(const TheoryStack *stack, int64_t layer);

#endif
