/* SPDX-License-Identifier: Apache-2.0
 *
 * Between [row][sample] and [sample][row]: blocks of 16 × 16 in registers.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "kernels/transpose.h"

/* The samples of the tile; `wide`: lanes that may be written of a row of up to 16. */
static inline __attribute__((always_inline)) void transpose(const RnTile *tile, const real *x,
                                                            int64_t rows, int64_t width, real *to,
                                                            int64_t columns, int64_t padding)
{
    for (int64_t lane = 0; lane < tile->valid; lane += RNK_LANES) {
        int64_t samples = tile->valid - lane < RNK_LANES ? tile->valid - lane : RNK_LANES;
        for (int64_t row = 0; row < rows; row += RNK_LANES) {
            int64_t count = rows - row < RNK_LANES ? rows - row : RNK_LANES;
            rnk_transpose_block(x + row * width + lane, width, count, to + lane * columns + row,
                                columns, samples, padding ? RNK_LANES : count);
        }
    }
}

RNK_API void rnk_transpose(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                           real *delta, int64_t columns, int64_t column)
{
    transpose(tile, x, rows, width, delta + tile->first * columns + column, columns, 0);
}

RNK_API void rnk_transpose_padded(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                                  real *delta, int64_t columns, int64_t column)
{
    transpose(tile, x, rows, width, delta + tile->first * columns + column, columns, 1);
}

RNK_API void rnk_dot(const RnTile *tile, const real *a, const real *b, int64_t rows, int64_t width,
                     real *delta, int64_t columns, int64_t column)
{
    for (int64_t lane = 0; lane < tile->valid; lane += RNK_LANES) {
        int64_t samples = tile->valid - lane < RNK_LANES ? tile->valid - lane : RNK_LANES;
        vreal sum = {};
        for (int64_t row = 0; row < rows; row++)
            sum = rnk_fma(rnk_load(a + row * width + lane), rnk_load(b + row * width + lane), sum);
        real *to = delta + (tile->first + lane) * columns + column;
        for (int64_t s = 0; s < samples; s++)
            to[s * columns] = sum[s];
    }
}
