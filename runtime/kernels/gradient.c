/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients of weights: sums over the samples of the batch, in ascending order, groups within a
 * sample in ascending order too.
 *
 * Samples are summed where they lie, tile after tile; vectors run along `out`. A micro-tile of
 * INPUTS × VECTORS accumulators stays in registers over a block of samples, and begins from g where
 * there were samples before, or where the caller adds: g itself is the running sum. Behind the last
 * row of the deltas lie 16 reals more, so that whole vectors may be read; gradients are written
 * exactly.
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

/* Samples summed between a load and a store of g; longer rows of deltas are copied together. */
enum { BLOCK = 64, PACKED_FROM = 128 };

#define INLINE static inline __attribute__((always_inline))

typedef struct Outer {
    real *g;
    int64_t in, out, groups;
    const real *x;     /* of the first sample of a block within one tile */
    const real *delta; /* likewise, column already added */
    int64_t width, columns, samples;
    int add;
} Outer;

/* Lanes of vector v, the last of which has `lanes`. */
INLINE int64_t lanes_of(int v, int vectors, int64_t lanes)
{
    return v == vectors - 1 ? lanes : RNK_LANES;
}

INLINE void micro_sample(int inputs, int vectors, const real *x, int64_t x_step, const real *delta,
                         vreal sum[INPUTS][VECTORS])
{
    vreal row[VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
        row[v] = rnk_load_any(delta + v * RNK_LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < inputs; i++) {
        vreal value = rnk_splat(x[i * x_step]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = rnk_fma(value, row[v], sum[i][v]);
    }
}

/* Rows i … i + inputs − 1 of g from column o on: `vectors` vectors, the last of `lanes` lanes. */
INLINE void micro_outer(const Outer *p, int inputs, int vectors, int64_t i, int64_t o,
                        int64_t lanes)
{
    vreal sum[INPUTS][VECTORS];
    real *g = p->g + i * p->out + o;
#pragma clang loop unroll(full)
    for (int r = 0; r < inputs; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            sum[r][v] =
                p->add ? rnk_load_some(g + r * p->out + v * RNK_LANES, lanes_of(v, vectors, lanes))
                       : (vreal){};
    for (int64_t r = 0; p->out >= PACKED_FROM && r < inputs; r++) /* the next rows of g */
        for (int64_t v = 0; v < vectors; v++)
            __builtin_prefetch(g + (inputs + r) * p->out + v * RNK_LANES);
    const real *delta = p->delta, *x = p->x + i * p->width;
    for (int64_t s = 0; s < p->samples; s++, delta += p->columns)
        for (int64_t group = 0; group < p->groups; group++)
            micro_sample(inputs, vectors, x + group * p->in * p->width + s, p->width,
                         delta + group * p->out, sum);
#pragma clang loop unroll(full)
    for (int r = 0; r < inputs; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            rnk_store_some(g + r * p->out + v * RNK_LANES, sum[r][v], lanes_of(v, vectors, lanes));
}

/* All rows of g from column o on: `vectors` vectors wide. */
INLINE void panel(const Outer *whole, int vectors, int64_t o, int64_t lanes)
{
    Outer part = *whole, *p = &part;
    real packed[BLOCK * VECTORS * RNK_LANES] __attribute__((aligned(64)));
    p->delta += o;
    if (p->columns >= PACKED_FROM && p->groups == 1) {
        for (int64_t s = 0; s < p->samples; s++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                rnk_store(packed + (s * vectors + v) * RNK_LANES,
                          rnk_load_any(p->delta + s * p->columns + v * RNK_LANES));
        p->delta = packed;
        p->columns = vectors * RNK_LANES;
    }
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

INLINE void block(const Outer *p)
{
    int64_t o = 0;
    for (; o + VECTORS * RNK_LANES <= p->out; o += VECTORS * RNK_LANES)
        panel(p, VECTORS, o, RNK_LANES);
    last_columns(p, o);
}

RNK_API void rnk_weight_gradient(const RnPass *pass, real *g, int64_t in, int64_t out,
                                 int64_t groups, const real *x, int64_t x_stride, const real *delta,
                                 int64_t columns, int64_t column, int64_t add)
{
    Outer p = {.g = g,
               .in = in,
               .out = out,
               .groups = groups,
               .width = pass->width,
               .columns = columns,
               .add = add != 0};
    for (int64_t t = 0; t < pass->tile_count; t++) {
        const RnTile *tile = &pass->tiles[t];
        for (int64_t s = 0; s < tile->valid; s += BLOCK, p.add = 1) {
            p.samples = tile->valid - s < BLOCK ? tile->valid - s : BLOCK;
            p.x = x + t * x_stride + s;
            p.delta = delta + (tile->first + s) * columns + column;
            block(&p);
        }
    }
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
