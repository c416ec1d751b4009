/* SPDX-License-Identifier: Apache-2.0
 *
 * The transpose of a 16 × 16 block, out of line: 64 shuffles are code enough for one copy.
 */
#ifndef RNET_KERNELS_TRANSPOSE_H
#define RNET_KERNELS_TRANSPOSE_H

#include "kernels/simd.h"

/* A block from memory to memory: `rows` rows of 16 lanes, of which `lanes` columns are wanted, to
 * `lanes` rows of `wide` ≥ rows lanes each, those behind `rows` of any value. Steps in reals. */
void rnk_transpose_block(const real *from, int64_t from_step, int64_t rows, real *to,
                         int64_t to_step, int64_t lanes, int64_t wide);

#endif
