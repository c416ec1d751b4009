/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of a weight matrix with a tile.
 *
 * A micro-tile is ROWS rows of weights by VECTORS vectors of lanes; its accumulators live in
 * registers while k runs. Rows that remain are one smaller micro-tile, vectors that remain go one
 * at a time. Loops over the micro-tile are unrolled, so its array becomes registers.
 */
#include "kernels/kernels.h"

/* A vector of doubles fills twice the registers: half the micro-tile. */
#if RNK_IS(RNK_REAL) && RNK_NV > 1
enum { ROWS = RNK_MR, VECTORS = RNK_NV / 2 };
#elif RNK_IS(RNK_REAL)
enum { ROWS = (RNK_MR + 1) / 2, VECTORS = 1 };
#else
enum { ROWS = RNK_MR, VECTORS = RNK_NV };
#endif

#define INLINE static inline __attribute__((always_inline))

/* Where the rows of a weight matrix lie far apart in memory, a panel of it is copied together
 * first: PANEL rows by BLOCK values of k, so that panel and lanes share the first-level cache. */
enum { PANEL = 8 * ROWS, BLOCK = 64, PACKED_FROM = 128 };

/* Weight (row, k) is w[row * row_step + k * k_step]. */
typedef struct Product {
    const real *w, *x;
    int64_t row_step, k_step, rows, depth, width;
    int64_t row_gap; /* k_step before packing */
    RnkEpilogue *epilogue;
    const void *context;
} Product;

/* Sums of a panel between two blocks of k; before: were there blocks, after: are there more? */
typedef struct Carry {
    vreal *sum; /* [row][vector], or NULL: one block is all */
    int before, after;
    const real *ahead; /* row 0 of the panel that is packed next, to be fetched meanwhile */
} Carry;

/* `row` and `lane` are where the results belong, `from` is the row of w. */
INLINE void micro_tile(int rows, int vectors, const Product *p, int64_t from, int64_t row,
                       int64_t lane, const Carry *carry)
{
    vreal sum[ROWS][VECTORS];
    vreal *kept = carry->sum ? carry->sum + from * vectors : NULL;
    int start = kept && carry->before;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = start ? kept[r * vectors + v] : (vreal){};
    const real *w = p->w + from * p->row_step, *x = p->x + lane;
    for (int64_t k = 0; k < p->depth; k++, w += p->k_step, x += p->width) {
        vreal lanes[VECTORS];
        if (kept)
            __builtin_prefetch(carry->ahead + from + k * p->row_gap);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            lanes[v] = rnk_load(x + v * RNK_LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            vreal weight = rnk_splat(w[r * p->row_step]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                sum[r][v] = rnk_fma(weight, lanes[v], sum[r][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            vreal value = sum[r][v];
            if (kept && carry->after)
                kept[r * vectors + v] = value;
            else
                p->epilogue(p->context, row + r, lane + v * RNK_LANES, &value);
        }
}

/* Rows `first` to `last` of the results, rows 0 on of w. */
INLINE void row_tiles(int vectors, const Product *p, int64_t first, int64_t last, int64_t lane,
                      const Carry *carry)
{
    int64_t row = first;
    for (; row + ROWS <= last; row += ROWS)
        micro_tile(ROWS, vectors, p, row - first, row, lane, carry);
    switch (last - row) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n < ROWS)                                                                              \
            micro_tile(n < ROWS ? n : 1, vectors, p, row - first, row, lane, carry);               \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11)
#undef CASE
    }
}

/* to[k][r] = w(first + r, k) for `rows` rows that lie side by side. */
INLINE void pack(const Product *p, int64_t first, int64_t rows, int64_t from, int64_t depth,
                 real *to)
{
    const real *w = p->w + first + from * p->k_step;
    for (int64_t k = 0; k < depth; k++, w += p->k_step, to += PANEL)
        __builtin_memcpy(to, w, (size_t)rows * sizeof(real));
}

INLINE void packed_panel(int vectors, const Product *p, int64_t first, int64_t last, int64_t lane)
{
    real packed[PANEL * BLOCK] __attribute__((aligned(64)));
    vreal sum[PANEL * VECTORS];
    Product part = *p;
    part.w = packed;
    part.k_step = PANEL;
    part.row_gap = p->k_step;
    for (int64_t k = 0; k < p->depth; k += BLOCK) {
        part.depth = p->depth - k < BLOCK ? p->depth - k : BLOCK;
        part.x = p->x + k * p->width;
        pack(p, first, last - first, k, part.depth, packed);
        int after = k + BLOCK < p->depth;
        const real *next = after ? p->w + first + (k + BLOCK) * p->k_step : p->w + last;
        Carry carry = {sum, k > 0, after, next};
        row_tiles(vectors, &part, first, last, lane, &carry);
    }
}

INLINE void column(int vectors, const Product *p, int64_t lane)
{
    const Carry none = {0};
    if (p->row_step != 1 || p->rows < PACKED_FROM) {
        row_tiles(vectors, p, 0, p->rows, lane, &none);
        return;
    }
    int64_t row = 0;
    for (; row + PANEL <= p->rows; row += PANEL)
        packed_panel(vectors, p, row, row + PANEL, lane);
    if (row < p->rows)
        packed_panel(vectors, p, row, p->rows, lane);
}

INLINE void product(const Product *p)
{
    int64_t lane = 0;
    for (; lane + VECTORS * RNK_LANES <= p->width; lane += VECTORS * RNK_LANES)
        column(VECTORS, p, lane);
    for (; VECTORS > 1 && lane < p->width; lane += RNK_LANES)
        column(1, p, lane);
}

_Static_assert(ROWS <= 12, "row_tiles has no case for more");

RNK_API void rnk_dense(const real *w, int64_t out, int64_t in, const real *x, int64_t width,
                       RnkEpilogue *epilogue, const void *context)
{
    Product p = {.w = w,
                 .x = x,
                 .row_step = 1,
                 .k_step = out,
                 .rows = out,
                 .depth = in,
                 .width = width,
                 .epilogue = epilogue,
                 .context = context};
    product(&p);
}

RNK_API void rnk_dense_back(const real *w, int64_t out, int64_t in, const real *d, int64_t width,
                            RnkEpilogue *epilogue, const void *context)
{
    Product p = {.w = w,
                 .x = d,
                 .row_step = out,
                 .k_step = 1,
                 .rows = in,
                 .depth = out,
                 .width = width,
                 .epilogue = epilogue,
                 .context = context};
    product(&p);
}

RNK_API void rnk_map(int64_t rows, int64_t width, RnkEpilogue *epilogue, const void *context)
{
    for (int64_t row = 0; row < rows; row++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            vreal zero = {};
            epilogue(context, row, lane, &zero);
        }
}
