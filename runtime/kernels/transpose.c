/* SPDX-License-Identifier: Apache-2.0
 *
 * Between [row][sample] and [sample][row]: blocks of 16 × 16 in registers.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "kernels/transpose.h"

/* The first `rows` of 16 rows of x to the same many columns of `samples` rows. */
static inline __attribute__((always_inline)) void block(const real *x, int64_t rows, int64_t width,
                                                        real *to, int64_t columns, int64_t samples)
{
    vreal cells[RNK_LANES];
    for (int64_t r = 0; r < RNK_LANES; r++)
        cells[r] = r < rows ? rnk_load(x + r * width) : (vreal){};
    rnk_transpose_block(cells);
    for (int64_t s = 0; s < samples; s++)
        rnk_store_some(to + s * columns, cells[s], rows);
}

RNK_API void rnk_transpose(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                           real *delta, int64_t columns, int64_t column)
{
    for (int64_t lane = 0; lane < tile->valid; lane += RNK_LANES) {
        int64_t samples = tile->valid - lane < RNK_LANES ? tile->valid - lane : RNK_LANES;
        real *to = delta + (tile->first + lane) * columns + column;
        int64_t row = 0;
        for (; row + RNK_LANES <= rows; row += RNK_LANES)
            block(x + row * width + lane, RNK_LANES, width, to + row, columns, samples);
        if (row < rows)
            block(x + row * width + lane, rows - row, width, to + row, columns, samples);
    }
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
