/* SPDX-License-Identifier: Apache-2.0
 *
 * What theory sees of a network: its chain of layers, and its residual blocks with their branches.
 * core/theory.h makes numbers of it for compiler/theory/.
 */
#ifndef RNET_CORE_SIGNAL_H
#define RNET_CORE_SIGNAL_H

#include <stdint.h>

struct RnPlace;
typedef double RnFormula(const struct RnPlace *place);

typedef struct RnSignalOp {
    int32_t kind, activation; /* RnSignalKind, RnActivation */
    int32_t weight, bias;     /* tensors, or -1; of a BLOCK, weight is the block's number; of a
                               * SUM, how many of the ops behind it are its first term, and how
                               * many the others */
    double slope;
    RnFormula *scale;         /* SCALE */
    int32_t by_layer, unused; /* something of it depends on the layer */
} RnSignalOp;

typedef struct RnSignalBranch {
    int32_t first, count;     /* its ops */
    int32_t alpha;            /* tensor, or -1 */
    int32_t learned, optimal; /* RnOptimal */
    int32_t by_layer;
    RnFormula *value;         /* alpha, or its first value */
    RnFormula *norm, *overlap;/* of the inputs that `optimal` is for; or NULL */
} RnSignalBranch;

typedef struct RnSignalBlock {
    int32_t region, skip;     /* RnSignalSkip */
    int32_t first, count;     /* its branches */
    int32_t post, expect;     /* RnExpectation */
    int32_t skip_matrix;      /* tensor, or -1 */
    int32_t depth_param;      /* the param that is the depth, or -1 */
    int32_t by_layer, unused; /* of the skip's scale */
    double width;
    RnFormula *scale;         /* of the skip; NULL: 1 */
} RnSignalBlock;

typedef struct RnSignal {
    int32_t chain_count, block_count;
    const RnSignalOp *chain;  /* from input to output */
    const RnSignalOp *ops;    /* of the branches */
    const RnSignalBranch *branches;
    const RnSignalBlock *blocks;
} RnSignal;

#endif
