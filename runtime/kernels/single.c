/* SPDX-License-Identifier: Apache-2.0
 *
 * One sample alone: features lie along the vector, weights are read once, in order, which is how
 * machines fetch ahead by themselves: hints to do so cost more than they gain.
 *
 * Element o of a product is the same chain of multiply-adds along k as in a tile, so its bits are
 * the same. Lanes behind a value's last row hold anything but are there to be written.
 */
#include "kernels/micro.h"

/* Vectors of outputs made at once. */
enum { MOST = RNK_ACCUMULATORS < 8 ? RNK_ACCUMULATORS : 8 };
#define EACH(v, vectors)                                                                           \
    _Pragma("clang loop unroll(full)") for (int64_t v = 0; v < MOST; v++) if (v < (vectors))

typedef struct Single {
    const real *w, *x;
    int64_t out, in;
    RnkEpilogue *epilogue;
    const void *context;
    int64_t is_long; /* better one copy than one for each vector */
} Single;

/* sum[v] += w[16 v …] · x[k]; of the last vector only `left` weights are there. */
RNK_INLINE void step(int64_t vectors, int64_t left, const Single *p, const real *w, int64_t k,
                     vreal sum[MOST])
{
    vreal x = rnk_splat(p->x[k]), last = rnk_load_some(w + (vectors - 1) * RNK_LANES, left);
    EACH(v, vectors)
    {
        vreal weights = v + 1 < vectors ? rnk_load_any(w + v * RNK_LANES) : last;
        sum[v] = rnk_fma(weights, x, sum[v]);
    }
}

RNK_INLINE void finish(int64_t vectors, const vreal sum[MOST], const Single *p, int64_t row)
{
    if (!p->is_long) {
        EACH(v, vectors)
        {
            vreal value = sum[v];
            p->epilogue(p->context, row + v * RNK_LANES, 0, &value);
        }
        return;
    }
    vreal values[MOST];
    EACH(v, vectors)
    values[v] = sum[v];
    rnk_each(p->epilogue, p->context, row, 1, 0, vectors, values, vectors);
}

/* Rows from `row` on, the last vector of which has `left` of them. A whole vector read there would
 * hold weights of the next k; only behind the tensor's end it must not be. */
RNK_INLINE void panel(int64_t vectors, int64_t left, const Single *p, int64_t row)
{
    vreal sum[MOST];
    EACH(v, vectors)
    sum[v] = (vreal){};
    int64_t near_end = left < RNK_LANES ? (RNK_LANES - left + p->out - 1) / p->out : 0;
    int64_t whole = p->in > near_end ? p->in - near_end : 0;
    const real *w = p->w + row;
    int64_t k = 0;
#pragma clang loop unroll(disable)
    for (; k < whole; k++, w += p->out)
        step(vectors, RNK_LANES, p, w, k, sum);
#pragma clang loop unroll(disable)
    for (; k < p->in; k++, w += p->out)
        step(vectors, left, p, w, k, sum);
    finish(vectors, sum, p, row);
}

RNK_API void rnk_dense_one(const real *w, int64_t out, int64_t in, const real *x,
                           RnkEpilogue *epilogue, const void *context, int64_t is_long)
{
    Single p = {.w = w,
                .x = x,
                .out = out,
                .in = in,
                .epilogue = epilogue,
                .context = context,
                .is_long = is_long};
    int64_t rest = out % (MOST * RNK_LANES), vectors = (rest + RNK_LANES - 1) / RNK_LANES;
#pragma clang loop unroll(disable)
    for (int64_t row = 0; row < out - rest; row += MOST * RNK_LANES)
        panel(MOST, RNK_LANES, &p, row);
    if (rest > 0)
        panel(vectors, rest - (vectors - 1) * RNK_LANES, &p, out - rest);
}

RNK_API void rnk_of_rows(vreal *y, const real *values, int64_t row, int64_t n)
{
    *y = row + RNK_LANES <= n ? rnk_load_any(values + row) : rnk_load_some(values + row, n - row);
}

RNK_API void rnk_standardize_one(const real *x, real *y, int64_t rows, const real *mean,
                                 const real *inverse)
{
    for (int64_t row = 0; row < rows; row += RNK_LANES) {
        vreal centre, factor;
        rnk_of_rows(&centre, mean, row, rows);
        rnk_of_rows(&factor, inverse, row, rows);
        rnk_store(y + row, (rnk_load(x + row) - centre) * factor);
    }
}
