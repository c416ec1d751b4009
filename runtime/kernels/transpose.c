/* SPDX-License-Identifier: Apache-2.0
 *
 * Between [row][sample] and [sample][row]: blocks of 16 × 16 in registers.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "kernels/past.h"
#include "kernels/transpose.h"

/* A block of 16 × 16 is cut into squares of SIDE, rows of which the machine has registers for. */
#define EACH_4(X) X(0), X(1), X(2), X(3)
#define EACH_8(X) EACH_4(X), X(4), X(5), X(6), X(7)
#if defined(__AVX512F__)
#define EACH(X) EACH_8(X), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15)
enum { SIDE = 16 };
#elif defined(__AVX__)
#define EACH EACH_8
enum { SIDE = 8 };
#else
#define EACH EACH_4
enum { SIDE = 4 };
#endif
enum { QUAD = 4 };

typedef real Row
    __attribute__((vector_size(SIDE * sizeof(real)), aligned(sizeof(real)), may_alias));
/* A row of doubles is twice as long, at the same multiples. */
typedef real WholeRow
    __attribute__((vector_size(SIDE * sizeof(real)), aligned(SIDE * sizeof(float)), may_alias));

/* In each quad of lanes: the two first, or last, lanes of two rows, in turns or one row's behind
 * the other's. These are what machines have instructions for. From SIDE on: the second row's. */
#define FIRST_TURNS(lane) ((lane) / QUAD * QUAD + (lane) % QUAD / 2 + (lane) % 2 * SIDE)
#define LAST_TURNS(lane) (FIRST_TURNS(lane) + 2)
#define FIRST_PAIRS(lane) ((lane) % QUAD < 2 ? (lane) : (lane)-2 + SIDE)
#define LAST_PAIRS(lane) ((lane) % QUAD < 2 ? (lane) + 2 : (lane) + SIDE)
#define SHUFFLE(a, b, lanes) __builtin_shufflevector(a, b, EACH(lanes))

/* Each quad of lanes of four rows. */
static inline __attribute__((always_inline)) void transpose_quads(Row row[QUAD])
{
    Row first = SHUFFLE(row[0], row[1], FIRST_TURNS), last = SHUFFLE(row[0], row[1], LAST_TURNS);
    Row third = SHUFFLE(row[2], row[3], FIRST_TURNS), fourth = SHUFFLE(row[2], row[3], LAST_TURNS);
    row[0] = SHUFFLE(first, third, FIRST_PAIRS);
    row[1] = SHUFFLE(first, third, LAST_PAIRS);
    row[2] = SHUFFLE(last, fourth, FIRST_PAIRS);
    row[3] = SHUFFLE(last, fourth, LAST_PAIRS);
}

/* Quads find their rows by being loaded there, for one port shuffles where two load. */
static inline __attribute__((always_inline)) void
load_transposed(const real *from, const int64_t at[SIDE], Row square[SIDE])
{
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < SIDE; i++) {
#pragma clang loop unroll(full)
        for (int64_t quad = 0; quad < SIDE; quad += QUAD)
            __builtin_memcpy((real *)&square[i] + quad,
                             from + at[quad + i % QUAD] + i / QUAD * QUAD, QUAD * sizeof(real));
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < SIDE; i += QUAD)
        transpose_quads(square + i);
}

static inline __attribute__((always_inline)) void store_rows(const Row square[SIDE], real *to,
                                                             int64_t step, int past)
{
    if (rn_asks(RN_BACKWARD, RN_BACKWARD) && past) {
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < SIDE; i++)
            rnk_store_past((WholeRow *)(to + i * step), square[i]);
        return;
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < SIDE; i++)
        *(Row *)(to + i * step) = square[i];
}

/* Rows behind the last are the last once more, for what is there may be slow to count with. */
__attribute__((noinline)) void rnk_transpose_block(const real *from, int64_t from_step,
                                                   int64_t rows, real *to, int64_t to_step,
                                                   int64_t lanes, int64_t wide, int past)
{
    int64_t at[RNK_LANES];
    for (int64_t row = 0; row < RNK_LANES; row++)
        at[row] = (row < rows ? row : rows - 1) * from_step;
#pragma clang loop unroll(disable)
    for (int64_t lane = 0; lane < lanes; lane += SIDE, from += SIDE, to += SIDE * to_step) {
#pragma clang loop unroll(disable)
        for (int64_t first = 0; first < wide; first += SIDE) {
            Row square[SIDE];
            load_transposed(from, at + first, square);
            if (lane + SIDE <= lanes && first + SIDE <= wide) {
                store_rows(square, to + first, to_step, past);
                continue;
            }
            Row edge[SIDE];
            __builtin_memcpy(edge, square, sizeof edge);
            int64_t count = wide - first < SIDE ? wide - first : SIDE;
#pragma clang loop unroll(disable)
            for (int64_t i = 0; i < SIDE && lane + i < lanes; i++)
                rnk_copy_some(to + first + i * to_step, (const real *)&edge[i], count);
        }
    }
}

/* Are there no gradients of tensors, hence no deltas? */
static inline int is_unwanted(const real *delta)
{
    return rn_asks(RN_STATES_ONLY, RN_STATES_ONLY) && !delta;
}

__attribute__((noinline, minsize)) void rnk_transpose_rows(const RnkCopy *copy, const RnTile *tile,
                                                           int64_t lane, int64_t lanes,
                                                           int64_t from, int64_t to)
{
    int64_t samples = tile->valid - lane, step = copy->columns;
    if (samples <= 0 || is_unwanted(copy->delta))
        return;
    real *delta = copy->delta + (tile->first + lane) * step + copy->column;
    int past = (uintptr_t)copy->delta - tile->own.deltas >= tile->own.bytes; /* others sum them */
    for (int64_t row = from; row < to; row += RNK_LANES) {
        int64_t rows = copy->rows - row;
        rnk_transpose_block(copy->x + row * copy->width + lane, copy->width,
                            rows < RNK_LANES ? rows : RNK_LANES, delta + row, step,
                            samples < lanes ? samples : lanes, RNK_LANES, past);
    }
}

RNK_API void rnk_transpose(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                           real *delta, int64_t columns, int64_t column)
{
    real *to = delta + tile->first * columns + column;
    for (int64_t row = 0; row < rows; row += RNK_LANES) {
        int64_t count = rows - row < RNK_LANES ? rows - row : RNK_LANES;
        rnk_transpose_block(x + row * width, width, count, to + row, columns, tile->valid, count,
                            rnk_near());
    }
}

RNK_API void rnk_transpose_padded(const RnTile *tile, const real *x, int64_t rows, int64_t width,
                                  real *delta, int64_t columns, int64_t column)
{
    const RnkCopy copy = {x, rows, width, delta, columns, column};
    rnk_transpose_rows(&copy, tile, 0, width, 0, rows);
}

RNK_API void rnk_dot(const RnPass *pass, const RnTile *tile, const real *a, const real *b,
                     int64_t rows, int64_t width, real *delta, int64_t columns, int64_t scalar)
{
    if (is_unwanted(delta))
        return;
    real *to = delta + pass->batch * (columns + scalar) + tile->first;
    for (int64_t lane = 0; lane < tile->valid; lane += RNK_LANES) {
        int64_t samples = tile->valid - lane < RNK_LANES ? tile->valid - lane : RNK_LANES;
        vreal sum = {};
        for (int64_t row = 0; row < rows; row++)
            sum = rnk_fma(rnk_load(a + row * width + lane), rnk_load(b + row * width + lane), sum);
        rnk_store_some(to + lane, sum, samples);
    }
}
