/* SPDX-License-Identifier: Apache-2.0
 *
 * The transpose of a 16 × 16 block, out of line: 64 shuffles are code enough for one copy.
 */
#ifndef RNET_KERNELS_TRANSPOSE_H
#define RNET_KERNELS_TRANSPOSE_H

#include "kernels/simd.h"

static inline __attribute__((always_inline)) void rnk_interleave(const vreal *from, vreal *to)
{
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
        to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20,
                                            5, 21, 6, 22, 7, 23);
        to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27,
                                                12, 28, 13, 29, 14, 30, 15, 31);
    }
}

static __attribute__((noinline)) void rnk_transpose_block(vreal block[RNK_LANES])
{
    vreal other[RNK_LANES];
    rnk_interleave(block, other);
    rnk_interleave(other, block);
    rnk_interleave(block, other);
    rnk_interleave(other, block);
}

#endif
