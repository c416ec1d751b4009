/* SPDX-License-Identifier: Apache-2.0
 *
 * Between [row][sample] and [sample][row]: blocks of 16 × 16 in registers.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "kernels/transpose.h"

#ifdef __AVX__
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

/* Bit for bit, the greatest first: on a machine of narrower vectors that moves whole registers, and
 * no shuffle reaches further than it must. */
__attribute__((noinline)) void rnk_transpose_block(const real *from, int64_t from_step,
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
#else
typedef real Four __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

/* Four rows of four lanes, in a register or two each. */
static inline __attribute__((always_inline)) void transpose_four(Four row[4])
{
    Four a = __builtin_shufflevector(row[0], row[2], 0, 4, 1, 5);
    Four b = __builtin_shufflevector(row[0], row[2], 2, 6, 3, 7);
    Four c = __builtin_shufflevector(row[1], row[3], 0, 4, 1, 5);
    Four d = __builtin_shufflevector(row[1], row[3], 2, 6, 3, 7);
    row[0] = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    row[1] = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    row[2] = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    row[3] = __builtin_shufflevector(b, d, 2, 6, 3, 7);
}

/* By blocks of 4 × 4: registers hold no more, and the code is a tenth. */
__attribute__((noinline)) void rnk_transpose_block(const real *from, int64_t from_step,
                                                   int64_t rows, real *to, int64_t to_step,
                                                   int64_t lanes, int64_t wide)
{
#pragma clang loop unroll(disable)
    for (int64_t l = 0; l < lanes; l += 4) {
#pragma clang loop unroll(disable)
        for (int64_t r = 0; r < wide; r += 4) {
            Four row[4];
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < 4; i++) {
                int64_t at = r + i < rows ? r + i : rows - 1;
                row[i] = *(const Four *)(from + at * from_step + l);
            }
            transpose_four(row);
            real *corner = to + l * to_step + r;
            if (l + 4 <= lanes && r + 4 <= wide) {
#pragma clang loop unroll(full)
                for (int64_t i = 0; i < 4; i++)
                    *(Four *)(corner + i * to_step) = row[i];
                continue;
            }
#pragma clang loop unroll(disable)
            for (int64_t i = 0; i < 4 && l + i < lanes; i++)
#pragma clang loop unroll(disable)
                for (int64_t k = 0; k < 4 && r + k < wide; k++)
                    corner[i * to_step + k] = row[i][k];
        }
    }
}
#endif

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
