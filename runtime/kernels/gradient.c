/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients of weights: sums over the samples of the batch, in ascending order, groups within a
 * sample in ascending order too.
 *
 * Samples are summed where they lie, tile after tile; vectors run along `out`. A micro-tile of
 * INPUTS × VECTORS accumulators stays in registers over the whole batch. Behind the last row of the
 * deltas lie 16 reals more, so that whole vectors may be read; gradients are written exactly.
 */
#include "kernels/kernels.h"

#include "core/pass.h"

#if RNK_IS(RNK_REAL) && RNK_NV > 1
enum { INPUTS = RNK_MR, VECTORS = RNK_NV / 2 };
#elif RNK_IS(RNK_REAL)
enum { INPUTS = (RNK_MR + 1) / 2, VECTORS = 1 };
#else
enum { INPUTS = RNK_MR, VECTORS = RNK_NV };
#endif

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

typedef struct Outer {
    const RnPass *pass;
    real *g;
    int64_t in, out, groups;
    const real *x;
    int64_t x_stride;
    const real *delta; /* column already added */
    int64_t columns, add;
} Outer;

/* Row i of g, from column o on: `vectors` of them, the last of `lanes` lanes. */
INLINE void micro_store(const Outer *p, int64_t i, int64_t o, int vectors, int64_t lanes,
                        const vreal *sum)
{
    real *g = p->g + i * p->out + o;
    UNROLL for (int v = 0; v < vectors; v++)
    {
        int64_t count = v == vectors - 1 ? lanes : RNK_LANES;
        vreal value = sum[v];
        if (p->add)
            value = rnk_load_some(g + v * RNK_LANES, count) + value;
        rnk_store_some(g + v * RNK_LANES, value, count);
    }
}

INLINE void micro_sample(int inputs, int vectors, const real *x, int64_t x_step, const real *delta,
                         vreal sum[INPUTS][VECTORS])
{
    vreal row[VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) row[v] = rnk_load_any(delta + v * RNK_LANES);
    UNROLL for (int i = 0; i < inputs; i++)
    {
        vreal value = rnk_splat(x[i * x_step]);
        UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = rnk_fma(value, row[v], sum[i][v]);
    }
}

INLINE void micro_outer(const Outer *p, int inputs, int vectors, int64_t i, int64_t o,
                        int64_t lanes)
{
    vreal sum[INPUTS][VECTORS];
    UNROLL for (int r = 0; r < inputs; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] =
        (vreal){};
    const real *delta = p->delta + o;
    int64_t width = p->pass->width;
    for (int64_t t = 0; t < p->pass->tile_count; t++) {
        const real *x = p->x + t * p->x_stride + i * width;
        int64_t valid = p->pass->tiles[t].valid;
        for (int64_t s = 0; s < valid; s++, delta += p->columns)
            for (int64_t group = 0; group < p->groups; group++)
                micro_sample(inputs, vectors, x + group * p->in * width + s, width,
                             delta + group * p->out, sum);
    }
    UNROLL for (int r = 0; r < inputs; r++) micro_store(p, i + r, o, vectors, lanes, sum[r]);
}

/* All rows of g from column o on: `vectors` vectors wide. */
INLINE void panel(const Outer *p, int vectors, int64_t o, int64_t lanes)
{
    int64_t i = 0;
    for (; i + INPUTS <= p->in; i += INPUTS)
        micro_outer(p, INPUTS, vectors, i, o, lanes);
    switch (p->in - i) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n < INPUTS)                                                                            \
            micro_outer(p, n < INPUTS ? n : 1, vectors, i, o, lanes);                              \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11)
#undef CASE
    }
}

_Static_assert(INPUTS <= 12, "panel has no case for more");

/* The columns from o on, fewer than VECTORS whole vectors. */
INLINE void last_columns(const Outer *p, int64_t o)
{
    int64_t vectors = (p->out - o + RNK_LANES - 1) / RNK_LANES;
    int64_t lanes = p->out - o - (vectors - 1) * RNK_LANES;
    switch (vectors) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= VECTORS)                                                                          \
            panel(p, n <= VECTORS ? n : 1, o, lanes);                                              \
        break;
        CASE(1) CASE(2) CASE(3) CASE(4)
#undef CASE
    }
}

_Static_assert(VECTORS <= 4, "last_columns has no case for more");

RNK_API void rnk_weight_gradient(const RnPass *pass, real *g, int64_t in, int64_t out,
                                 int64_t groups, const real *x, int64_t x_stride, const real *delta,
                                 int64_t columns, int64_t column, int64_t add)
{
    Outer p = {.pass = pass,
               .g = g,
               .in = in,
               .out = out,
               .groups = groups,
               .x = x,
               .x_stride = x_stride,
               .delta = delta + column,
               .columns = columns,
               .add = add};
    int64_t o = 0;
    for (; o + VECTORS * RNK_LANES <= out; o += VECTORS * RNK_LANES)
        panel(&p, VECTORS, o, RNK_LANES);
    last_columns(&p, o);
}

RNK_API void rnk_row_gradient(const RnPass *pass, real *g, int64_t out, int64_t groups,
                              const real *delta, int64_t columns, int64_t column, int64_t add)
{
    for (int64_t o = 0; o < out; o += RNK_LANES) {
        int64_t lanes = out - o < RNK_LANES ? out - o : RNK_LANES;
        const real *row = delta + column + o;
        vreal sum = {};
        for (int64_t s = 0; s < pass->batch; s++, row += columns)
            for (int64_t group = 0; group < groups; group++)
                sum = sum + rnk_load_any(row + group * out);
        if (add)
            sum = rnk_load_some(g + o, lanes) + sum;
        rnk_store_some(g + o, sum, lanes);
    }
}

RNK_API void rnk_scalar_gradient(const RnPass *pass, real *g, const real *value, int64_t absolute,
                                 const real *delta, int64_t columns, int64_t column, int64_t add)
{
    real sum = 0;
    for (int64_t s = 0; s < pass->batch; s++)
        sum += delta[s * columns + column];
    if (absolute && *value < 0)
        sum = -sum;
    *g = add ? *g + sum : sum;
}
