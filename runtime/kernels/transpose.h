/* SPDX-License-Identifier: Apache-2.0
 *
 * The transpose of a 16 × 16 block, out of line: 64 shuffles are code enough for one copy.
 */
#ifndef RNET_KERNELS_TRANSPOSE_H
#define RNET_KERNELS_TRANSPOSE_H

#include "kernels/simd.h"

#define RNK_EACH_LANE(X, bit)                                                                      \
    X(0, bit), X(1, bit), X(2, bit), X(3, bit), X(4, bit), X(5, bit), X(6, bit), X(7, bit),        \
        X(8, bit), X(9, bit), X(10, bit), X(11, bit), X(12, bit), X(13, bit), X(14, bit),          \
        X(15, bit)

/* Where a lane of the row without and of the row with the bit comes from; 16 on: of the latter. */
#define RNK_WITHOUT_BIT(lane, bit) ((lane) & (bit) ? RNK_LANES + ((lane) ^ (bit)) : (lane))
#define RNK_WITH_BIT(lane, bit) ((lane) & (bit) ? RNK_LANES + (lane) : (lane) ^ (bit))

/* A bit of the row's number changes places with the same bit of the lane's. */
#define RNK_EXCHANGE_BIT(rows, bit)                                                                \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < RNK_LANES; r++) if (!(r & (bit)))       \
    {                                                                                              \
        vreal without = (rows)[r], with = (rows)[r | (bit)];                                       \
        (rows)[r] = __builtin_shufflevector(without, with, RNK_EACH_LANE(RNK_WITHOUT_BIT, bit));   \
        (rows)[r | (bit)] =                                                                        \
            __builtin_shufflevector(without, with, RNK_EACH_LANE(RNK_WITH_BIT, bit));              \
    }

/* A block from memory to memory: `rows` rows of 16 lanes, of which `lanes` columns are wanted, to
 * `lanes` rows of `wide` ≥ rows lanes each, those behind `rows` of any value. Steps in reals.
 *
 * Bit for bit, the greatest first: on a machine of narrower vectors that moves whole registers, and
 * no shuffle reaches further than it must. */
static __attribute__((noinline)) void rnk_transpose_block(const real *from, int64_t from_step,
                                                          int64_t rows, real *to, int64_t to_step,
                                                          int64_t lanes, int64_t wide)
{
    vreal block[RNK_LANES];
    _Pragma("clang loop unroll(full)") for (int64_t r = 0; r < RNK_LANES; r++)
    {
        block[r] = rnk_load_any(from + (r < rows ? r : rows - 1) * from_step);
    }
    RNK_EXCHANGE_BIT(block, 8)
    RNK_EXCHANGE_BIT(block, 4)
    RNK_EXCHANGE_BIT(block, 2)
    RNK_EXCHANGE_BIT(block, 1)
    if (lanes == RNK_LANES && wide == RNK_LANES) {
        _Pragma("clang loop unroll(full)") for (int64_t l = 0; l < RNK_LANES; l++)
            rnk_store_any(to + l * to_step, block[l]);
        return;
    }
    for (int64_t l = 0; l < lanes; l++)
        rnk_store_some(to + l * to_step, block[l], wide);
}

#endif
