/* SPDX-License-Identifier: Apache-2.0
 *
 * The micro-tile: some rows of weights by some vectors of lanes, one accumulator for each pair.
 *
 * Its loops are unrolled in the bitcode, so that the array of accumulators is registers; each row
 * stands behind a test of the height, which folds where a model's shapes meet the kernel. So the
 * bitcode holds one micro-tile for each width, and a model's code only the heights that it needs.
 */
#ifndef RNET_KERNELS_MICRO_H
#define RNET_KERNELS_MICRO_H

#include "kernels/kernels.h"

#define RNK_INLINE static inline __attribute__((always_inline))

/* A vector of doubles fills twice the registers: half the accumulators. */
#if RNK_IS(RNK_REAL)
enum { RNK_ACCUMULATORS = RNK_MR * RNK_NV / 2 > 1 ? RNK_MR *RNK_NV / 2 : 1 };
enum { RNK_VECTORS = RNK_NV > 1 ? RNK_NV / 2 : 1 };
#else
enum { RNK_ACCUMULATORS = RNK_MR * RNK_NV, RNK_VECTORS = RNK_NV };
#endif

/* Higher micro-tiles would need more broadcasts a cycle than a core loads. */
enum { RNK_ROWS = RNK_ACCUMULATORS < 12 ? RNK_ACCUMULATORS : 12 };

typedef vreal RnkSums[RNK_ROWS][RNK_VECTORS];

/* Rows of the highest micro-tile of so many vectors. */
RNK_INLINE int64_t rnk_micro_rows(int64_t vectors)
{
    int64_t rows = RNK_ACCUMULATORS / vectors;
    return rows < RNK_ROWS ? rows : RNK_ROWS;
}

/* Rows split into micro-tiles of nearly equal height, at most `most`, so that none is too low to
 * hide the latency of a multiply-add: `more` of them have low + 1 rows, the others low. */
typedef struct RnkSplit {
    int64_t tiles, low, more;
} RnkSplit;

RNK_INLINE RnkSplit rnk_micro_split(int64_t rows, int64_t most)
{
    int64_t tiles = (rows + most - 1) / most;
    return (RnkSplit){tiles, rows / tiles, rows % tiles};
}

/* Rows 0 … rows − 1 of a micro-tile of `vectors`, a constant. */
#define RNK_EACH_ROW(r, rows, vectors)                                                             \
    _Pragma("clang loop unroll(full)") for (int64_t r = 0; r < rnk_micro_rows(vectors);            \
                                            r++) if (r < (rows))
#define RNK_EACH_VECTOR(v, vectors)                                                                \
    _Pragma("clang loop unroll(full)") for (int64_t v = 0; v < (vectors); v++)

RNK_INLINE void rnk_micro_clear(int64_t vectors, RnkSums sum)
{
    RNK_EACH_ROW(r, RNK_ROWS, vectors)
    RNK_EACH_VECTOR(v, vectors)
    sum[r][v] = (vreal){};
}

/* sum[r][v] += w[r * row_step] · lanes[v], lanes at x, of any alignment. */
RNK_INLINE void rnk_micro_step(int64_t rows, int64_t vectors, const real *w, int64_t row_step,
                               const real *x, RnkSums sum)
{
    vreal lanes[RNK_VECTORS];
    RNK_EACH_VECTOR(v, vectors)
    lanes[v] = rnk_load_any(x + v * RNK_LANES);
    RNK_EACH_ROW(r, rows, vectors)
    {
        vreal weight = rnk_splat(w[r * row_step]);
        RNK_EACH_VECTOR(v, vectors)
        sum[r][v] = rnk_fma(weight, lanes[v], sum[r][v]);
    }
}

/* What becomes of the sums of a product: `all` takes them where an epilogue is long, else `each`.
 */
typedef struct RnkFinish {
    RnkEpilogue *each;
    RnkEpilogues *all; /* or NULL */
    const void *context;
} RnkFinish;

/* Hands the sums to the epilogue. For a long one they go through memory; a short one would pay more
 * for that detour than for its copies. */
RNK_INLINE void rnk_micro_finish(int64_t rows, int64_t vectors, const RnkSums sum,
                                 const RnkFinish *finish, int64_t row, int64_t lane)
{
    if (!finish->all) {
        RNK_EACH_ROW(r, rows, vectors)
        RNK_EACH_VECTOR(v, vectors)
        {
            vreal value = sum[r][v];
            finish->each(finish->context, row + r, lane + v * RNK_LANES, &value);
        }
        return;
    }
    vreal values[RNK_ROWS * RNK_VECTORS];
    RNK_EACH_ROW(r, rows, vectors)
    RNK_EACH_VECTOR(v, vectors)
    values[r * vectors + v] = sum[r][v];
    finish->all(finish->context, row, rows, lane, vectors, values, vectors);
}

/* Fetching ahead, a few lines at every step of a micro-tile. */
enum { RNK_LINE = 64, RNK_MOST_LINES = 6 };

/* Where to go on, and how far for each line. */
typedef struct RnkFetch {
    const char *at;
    int64_t step;
} RnkFetch;

RNK_INLINE int64_t rnk_lines(int64_t bytes)
{
    return (bytes + RNK_LINE - 1) / RNK_LINE;
}

/* From line `line` of all that lies ahead; behind the last one it stays at `idle`. Every field is
 * read first and by a constant: an index that depends on `line` would keep the struct in memory. */
RNK_INLINE RnkFetch rnk_fetch_from(const RnkAhead *ahead, int64_t line, const void *idle)
{
    const char *first = ahead->at[0], *second = ahead->at[1], *third = ahead->at[2];
    int64_t to_second = rnk_lines(ahead->bytes[0]);
    int64_t to_third = to_second + rnk_lines(ahead->bytes[1]);
    int64_t to_end = to_third + rnk_lines(ahead->bytes[2]);
    const char *at = first + line * RNK_LINE;
    at = line < to_second ? at : second + (line - to_second) * RNK_LINE;
    at = line < to_third ? at : third + (line - to_third) * RNK_LINE;
    return (RnkFetch){line < to_end ? at : idle, line < to_end ? RNK_LINE : 0};
}

_Static_assert(RNK_AHEAD == 3, "rnk_fetch_from names each of them");

RNK_INLINE void rnk_fetch(RnkFetch *from, int64_t lines)
{
#pragma clang loop unroll(full)
    for (int64_t line = 0; line < RNK_MOST_LINES; line++)
        if (line < lines) {
            __builtin_prefetch(from->at, 0, 2);
            from->at += from->step;
        }
}

#endif
