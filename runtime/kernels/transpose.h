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

/* Bit for bit, the greatest first: on a machine of narrower vectors that moves whole registers,
 * and no shuffle reaches further than it must. */
static __attribute__((noinline)) void rnk_transpose_block(vreal block[RNK_LANES])
{
    vreal rows[RNK_LANES];
    __builtin_memcpy(rows, block, sizeof rows);
    RNK_EXCHANGE_BIT(rows, 8)
    RNK_EXCHANGE_BIT(rows, 4)
    RNK_EXCHANGE_BIT(rows, 2)
    RNK_EXCHANGE_BIT(rows, 1)
    __builtin_memcpy(block, rows, sizeof rows);
}

#endif
