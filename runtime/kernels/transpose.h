/* SPDX-License-Identifier: Apache-2.0
 *
 * The transpose of a 16 × 16 block, out of line: 64 shuffles are code enough for one copy.
 */
#ifndef RNET_KERNELS_TRANSPOSE_H
#define RNET_KERNELS_TRANSPOSE_H

#include "kernels/kernels.h"

/* 0, not past the caches; the compiler must not know it, or it makes a second rnk_transpose_block.
 */
static inline __attribute__((always_inline)) int rnk_near(void)
{
    int past = 0;
    __asm__("" : "+r"(past));
    return past;
}

/* From memory to memory: 1 ≤ rows ≤ 16 rows of `lanes` lanes, which may be read up to a multiple of
 * 16, to `lanes` rows of `wide` lanes each, rows ≤ wide ≤ 16, those behind `rows` of the values of
 * the last row. Steps in reals. `past`: whole vectors go past the caches, to multiples of 64 bytes.
 */
void rnk_transpose_block(const real *from, int64_t from_step, int64_t rows, real *to,
                         int64_t to_step, int64_t lanes, int64_t wide, int past);

/* Of a copy rows from … to − 1, of lanes lane … lane + lanes − 1; `from` is a multiple of 16, `to`
 * another or the end. */
void rnk_transpose_rows(const RnkCopy *copy, const RnTile *tile, int64_t lane, int64_t lanes,
                        int64_t from, int64_t to);

#endif
