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

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

/* Weight (row, k) is w[row * row_step + k * k_step]. */
typedef struct Product {
    const real *w, *x;
    int64_t row_step, k_step, rows, depth, width;
    RnkEpilogue *epilogue;
    const void *context;
} Product;

INLINE void micro_tile(int rows, int vectors, const Product *p, int64_t row, int64_t lane)
{
    vreal sum[ROWS][VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vreal){};
    const real *w = p->w + row * p->row_step, *x = p->x + lane;
    for (int64_t k = 0; k < p->depth; k++, w += p->k_step, x += p->width) {
        vreal lanes[VECTORS];
        UNROLL for (int v = 0; v < vectors; v++) lanes[v] = rnk_load(x + v * RNK_LANES);
        UNROLL for (int r = 0; r < rows; r++)
        {
            vreal weight = rnk_splat(w[r * p->row_step]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
                rnk_fma(weight, lanes[v], sum[r][v]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++)
    {
        vreal value = sum[r][v];
        p->epilogue(p->context, row + r, lane + v * RNK_LANES, &value);
    }
}

/* The rows from `row` on, fewer than ROWS of them. */
INLINE void last_rows(int vectors, const Product *p, int64_t row, int64_t lane)
{
    switch (p->rows - row) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n < ROWS)                                                                              \
            micro_tile(n < ROWS ? n : 1, vectors, p, row, lane);                                   \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11)
#undef CASE
    }
}

INLINE void column(int vectors, const Product *p, int64_t lane)
{
    int64_t row = 0;
    for (; row + ROWS <= p->rows; row += ROWS)
        micro_tile(ROWS, vectors, p, row, lane);
    last_rows(vectors, p, row, lane);
}

INLINE void product(const Product *p)
{
    int64_t lane = 0;
    for (; lane + VECTORS * RNK_LANES <= p->width; lane += VECTORS * RNK_LANES)
        column(VECTORS, p, lane);
    for (; VECTORS > 1 && lane < p->width; lane += RNK_LANES)
        column(1, p, lane);
}

_Static_assert(ROWS <= 12, "last_rows has no case for more");

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
