/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocks of a Model as theory reads them: numbers at the params' defaults, at any depth.
 */
#ifndef RNET_DRIVER_BLOCK_H
#define RNET_DRIVER_BLOCK_H

#include "sema/model.h"
#include "theory/theory.h"

typedef struct BlockTheory BlockTheory;

/* One for each block of the model, in order; memory in `arena`. */
BlockTheory **blocks_of(Arena *arena, const Model *model);

/* At the block's own depth. The pointer is good until the next call for the same block. */
const TheoryStack *block_here(BlockTheory *theory);
/* As a function of its depth, for inputs of unit kernel: the layers before it are not walked. */
TheoryFamily block_family(BlockTheory *theory);
/* Its depth at the params' defaults. */
double block_depth(const BlockTheory *theory);
/* The block with the kernel of the inputs that alpha optimal(…) is for; alpha itself is unset. */
const TheoryStack *block_for_optimal(BlockTheory *theory, const SignalBranch *branch);
/* A reason of theory's against the block, with the name of the layer or block that it is about
 * where theory had none. */
const char *block_reason(const BlockTheory *theory, const char *reason);

/* Do the expected ratios depend on the mean square of the model's inputs, which is taken as 1 since
 * nothing is known of it? */
bool block_guesses_inputs(BlockTheory *theory);

/* Values of a model's expressions at the params' defaults. */
double model_value(const Model *model, const double *params, const Expr *e, const Tensor *tensor,
                   double layer);
double *model_defaults(Arena *arena, const Model *model);

#endif
