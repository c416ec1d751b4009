/* SPDX-License-Identifier: Apache-2.0
 *
 * Between [row][sample] and [sample][row]: blocks of 16 × 16 in registers.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "kernels/transpose.h"

/* A block of 16 × 16 is cut into squares of SIDE, rows of which the machine has registers for. */
#define EACH_4(X, bit) X(0, bit), X(1, bit), X(2, bit), X(3, bit)
#define EACH_8(X, bit) EACH_4(X, bit), X(4, bit), X(5, bit), X(6, bit), X(7, bit)
#define EACH_16(X, bit)                                                                            \
    EACH_8(X, bit), X(8, bit), X(9, bit), X(10, bit), X(11, bit), X(12, bit), X(13, bit),          \
        X(14, bit), X(15, bit)
#if defined(__AVX512F__)
#define EACH EACH_16
enum { SIDE = 16 };
#elif defined(__AVX__)
#define EACH EACH_8
enum { SIDE = 8 };
#else
#define EACH EACH_4
enum { SIDE = 4 };
#endif

typedef real Row
    __attribute__((vector_size(SIDE * sizeof(real)), aligned(sizeof(real)), may_alias));

/* Where a lane of the row without and of the row with the bit comes from; SIDE on: of the latter.
 */
#define WITHOUT_BIT(lane, bit) ((lane) & (bit) ? SIDE + ((lane) ^ (bit)) : (lane))
#define WITH_BIT(lane, bit) ((lane) & (bit) ? SIDE + (lane) : (lane) ^ (bit))

/* A bit of the row's number changes places with the same bit of the lane's. */
#define EXCHANGE_BIT(rows, bit)                                                                    \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < SIDE; r++) if (!(r & (bit)))            \
    {                                                                                              \
        Row without = (rows)[r], with = (rows)[r | (bit)];                                         \
        (rows)[r] = __builtin_shufflevector(without, with, EACH(WITHOUT_BIT, bit));                \
        (rows)[r | (bit)] = __builtin_shufflevector(without, with, EACH(WITH_BIT, bit));           \
    }

/* Bit for bit, the greatest first, so that no shuffle reaches further than it must. */
static inline __attribute__((always_inline)) void transpose_square(Row square[SIDE])
{
#if defined(__AVX512F__)
    EXCHANGE_BIT(square, 8)
#endif
#if defined(__AVX__)
    EXCHANGE_BIT(square, 4)
#endif
    EXCHANGE_BIT(square, 2)
    EXCHANGE_BIT(square, 1)
}

__attribute__((noinline)) void rnk_transpose_block(const real *from, int64_t from_step,
                                                   int64_t rows, real *to, int64_t to_step,
                                                   int64_t lanes, int64_t wide)
{
#pragma clang loop unroll(disable)
    for (int64_t lane = 0; lane < lanes; lane += SIDE) {
#pragma clang loop unroll(disable)
        for (int64_t first = 0; first < wide; first += SIDE) {
            Row square[SIDE];
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < SIDE; i++) {
                int64_t row = first + i < rows ? first + i : rows - 1;
                square[i] = *(const Row *)(from + row * from_step + lane);
            }
            transpose_square(square);
            real *corner = to + lane * to_step + first;
            if (lane + SIDE <= lanes && first + SIDE <= wide) {
#pragma clang loop unroll(full)
                for (int64_t i = 0; i < SIDE; i++)
                    *(Row *)(corner + i * to_step) = square[i];
                continue;
            }
            int64_t count = wide - first < SIDE ? wide - first : SIDE;
#pragma clang loop unroll(disable)
            for (int64_t i = 0; i < SIDE && lane + i < lanes; i++)
                rnk_copy_some(corner + i * to_step, (const real *)&square[i], count);
        }
    }
}

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

/* Are there no gradients of tensors, hence no deltas? */
static inline int is_unwanted(const real *delta)
{
    return rn_asks(RN_STATES_ONLY, RN_STATES_ONLY) && !delta;
}

RNK_API void rnk_transpose(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                           real *delta, int64_t columns, int64_t column)
{
    transpose(tile, x, rows, width, delta + tile->first * columns + column, columns, 0);
}

RNK_API void rnk_transpose_padded(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                                  real *delta, int64_t columns, int64_t column)
{
    if (!is_unwanted(delta))
        transpose(tile, x, rows, width, delta + tile->first * columns + column, columns, 1);
}

RNK_API void rnk_dot(const RnTile *tile, const real *a, const real *b, int64_t rows, int64_t width,
                     real *delta, int64_t columns, int64_t column)
{
    if (is_unwanted(delta))
        return;
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
