/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of a weight matrix with a tile.
 *
 * Small matrices are read where they lie. Of large ones a panel is copied together first, and the
 * lanes that it meets: Goto, van de Geijn, Anatomy of High-Performance Matrix Multiplication
 * (2008). Lanes of one block of k stay in the first-level cache while the panel passes by from the
 * second; sums wait in memory from one block of k to the next, so that they still ascend along k.
 */
#include "kernels/micro.h"

#include "core/pass.h"

/* Weight (row, k) is w[row * row_step + k * k_step]. */
typedef struct Product {
    const real *w, *x;
    int64_t row_step, k_step, rows, depth, width;
    const RnkAhead *ahead;
    RnkFinish finish;
} Product;

/* Lines to fetch at each step of k: a layer that keeps as many rows as it computes wants
 * RNK_ACCUMULATORS lines for each micro-tile, and its weights not more again. */
RNK_INLINE int64_t lines_per_step(int64_t depth)
{
    int64_t lines = (2 * RNK_ACCUMULATORS + depth - 1) / depth;
    return lines < RNK_MOST_LINES ? lines : RNK_MOST_LINES;
}

/* The `number`th micro-tile of all. */
RNK_INLINE void micro_tile(int64_t rows, int64_t vectors, const Product *p, int64_t row,
                           int64_t lane, int64_t number)
{
    RnkSums sum;
    rnk_micro_clear(vectors, sum);
    const real *w = p->w + row * p->row_step, *x = p->x + lane;
    int64_t lines = lines_per_step(p->depth);
    RnkFetch from = rnk_fetch_from(p->ahead, number * lines * p->depth, p->x);
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < p->depth; k++, w += p->k_step, x += p->width) {
        rnk_fetch(&from, lines);
        rnk_micro_step(rows, vectors, w, p->row_step, x, sum);
    }
    rnk_micro_finish(rows, vectors, sum, &p->finish, row, lane);
}

/* All rows of `vectors` vectors of lanes. */
RNK_INLINE void column(int64_t vectors, const Product *p, int64_t lane)
{
    RnkSplit split = rnk_micro_split(p->rows, rnk_micro_rows(vectors));
    int64_t row = 0, first = lane / (vectors * RNK_LANES) * split.tiles;
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < split.more; t++, row += split.low + 1)
        micro_tile(split.low + 1, vectors, p, row, lane, first + t);
#pragma clang loop unroll(disable)
    for (int64_t t = split.more; t < split.tiles; t++, row += split.low)
        micro_tile(split.low, vectors, p, row, lane, first + t);
}

/* All rows of one vector of lanes, as tiles at the end of a batch want: one height of micro-tile,
 * the last of which makes some rows again. */
RNK_INLINE void last_column(const Product *p, int64_t lane)
{
    int64_t most = rnk_micro_rows(1), tiles = (p->rows + most - 1) / most;
    int64_t height = (p->rows + tiles - 1) / tiles;
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < tiles; t++) {
        int64_t row = t + 1 < tiles ? t * height : p->rows - height;
        micro_tile(height, 1, p, row, lane, lane / RNK_LANES * tiles + t);
    }
}

RNK_INLINE void product_in_place(const Product *p)
{
    int64_t lane = 0;
#pragma clang loop unroll(disable)
    for (; lane + RNK_VECTORS * RNK_LANES <= p->width; lane += RNK_VECTORS * RNK_LANES)
        column(RNK_VECTORS, p, lane);
#pragma clang loop unroll(disable)
    for (; RNK_VECTORS > 1 && lane < p->width; lane += RNK_LANES)
        last_column(p, lane);
}

/* The copies of a large product, in the tile's own memory. */
enum {
    DEPTH = RNK_PACK_DEPTH,         /* of a block of k */
    WIDE = RNK_PACK_VECTORS,        /* vectors of lanes that a micro-tile takes */
    SLIVER = RNK_ROWS,              /* rows of a micro-tile */
    PANEL = RNK_PACK_ROWS / SLIVER, /* micro-tiles of a panel */
    STEP = DEPTH + RNK_LANES        /* from row to row of a sliver that keeps its rows whole */
};

typedef struct Packed {
    real *w;    /* [PANEL] slivers: [k][SLIVER], or [SLIVER][STEP] */
    real *x;    /* [k][WIDE vectors] */
    vreal *sum; /* [micro-tile][column of lanes][SLIVER][WIDE] */
} Packed;

RNK_INLINE Packed packed_of(real *area)
{
    real *x = area + PANEL * SLIVER * STEP;
    return (Packed){area, x, (vreal *)(x + DEPTH * WIDE * RNK_LANES)};
}

/* One block of k of one panel. */
typedef struct Block {
    const Product *p;
    Packed packed;
    int64_t from, depth; /* of k */
    int64_t before, after;
    int64_t line; /* of all that lies ahead, the next to fetch */
    RnkSplit split;
} Block;

/* Row that micro-tile t begins with; the higher ones come first. */
RNK_INLINE int64_t row_of(const RnkSplit *split, int64_t t)
{
    return t * split->low + (t < split->more ? t : split->more);
}

/* A row of w holds one k of every sliver: slivers side by side, so that memory is read in order. */
RNK_INLINE void pack_by_k(const Block *b, int64_t first, int64_t last, int64_t k)
{
    enum { SOON = 8 };
    const Product *p = b->p;
    const real *w = p->w + (b->from + k) * p->k_step;
    real *to = b->packed.w + k * SLIVER;
    int64_t row = row_of(&b->split, first), end = row_of(&b->split, last);
    for (int64_t line = row; line < end; line += RNK_LINE / (int64_t)sizeof(real))
        __builtin_prefetch(w + SOON * p->k_step + line);
    int64_t t = first;
#pragma clang loop unroll(disable)
    for (; t < b->split.more && t < last; t++, to += SLIVER * STEP, row += b->split.low + 1)
        __builtin_memcpy(to, w + row, (size_t)(b->split.low + 1) * sizeof(real));
#pragma clang loop unroll(disable)
    for (; t < last; t++, to += SLIVER * STEP, row += b->split.low)
        __builtin_memcpy(to, w + row, (size_t)b->split.low * sizeof(real));
}

RNK_INLINE void pack_weights(const Block *b, int64_t first, int64_t last)
{
    const Product *p = b->p;
    if (p->row_step == 1) {
#pragma clang loop unroll(disable)
        for (int64_t k = 0; k < b->depth; k++)
            pack_by_k(b, first, last, k);
        return;
    }
    real *to = b->packed.w;
    for (int64_t t = first; t < last; t++, to += SLIVER * STEP)
        for (int64_t row = row_of(&b->split, t); row < row_of(&b->split, t + 1); row++)
            __builtin_memcpy(to + (row - row_of(&b->split, t)) * STEP,
                             p->w + row * p->row_step + b->from, (size_t)b->depth * sizeof(real));
}

RNK_INLINE void pack_lanes(const Block *b, int64_t vectors, int64_t lane)
{
    const real *x = b->p->x + b->from * b->p->width + lane;
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < b->depth; k++)
        RNK_EACH_VECTOR(v, vectors)
    rnk_store(b->packed.x + (k * vectors + v) * RNK_LANES,
              rnk_load(x + k * b->p->width + v * RNK_LANES));
}

RNK_INLINE void packed_tile(Block *b, int64_t rows, int64_t vectors, const real *w, int64_t row,
                            int64_t lane, vreal *kept)
{
    const Product *p = b->p;
    int64_t whole = p->row_step == 1, row_step = whole ? 1 : STEP, k_step = whole ? SLIVER : 1;
    const real *x = b->packed.x;
    RnkSums sum;
    rnk_micro_clear(vectors, sum);
    if (b->before) {
        RNK_EACH_ROW(r, rows, vectors)
        RNK_EACH_VECTOR(v, vectors)
        sum[r][v] = kept[r * vectors + v];
    }
    RnkFetch from = rnk_fetch_from(p->ahead, b->line, x);
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < b->depth; k++, w += k_step, x += vectors * RNK_LANES) {
        rnk_fetch(&from, 1);
        rnk_micro_step(rows, vectors, w, row_step, x, sum);
    }
    b->line += b->depth;
    if (!b->after) {
        rnk_micro_finish(rows, vectors, sum, &p->finish, row, lane);
        return;
    }
    RNK_EACH_ROW(r, rows, vectors)
    RNK_EACH_VECTOR(v, vectors)
    kept[r * vectors + v] = sum[r][v];
}

/* Micro-tiles first … last − 1 with the lanes from `lane` on. */
RNK_INLINE void packed_column(Block *b, int64_t vectors, int64_t first, int64_t last, int64_t lane)
{
    const RnkSplit *split = &b->split;
    pack_lanes(b, vectors, lane);
    int64_t columns = (b->p->width + WIDE * RNK_LANES - 1) / (WIDE * RNK_LANES);
#pragma clang loop unroll(disable)
    for (int64_t t = first; t < last; t++) {
        const real *w = b->packed.w + (t - first) * SLIVER * STEP;
        int64_t place = (t - first) * columns + lane / (WIDE * RNK_LANES);
        vreal *kept = b->packed.sum + place * SLIVER * WIDE;
        if (t < split->more)
            packed_tile(b, split->low + 1, vectors, w, row_of(split, t), lane, kept);
        else
            packed_tile(b, split->low, vectors, w, row_of(split, t), lane, kept);
    }
}

RNK_INLINE void packed_block(Block *b, int64_t first, int64_t last)
{
    pack_weights(b, first, last);
#pragma clang loop unroll(disable)
    for (int64_t lane = 0; lane < b->p->width; lane += WIDE * RNK_LANES)
        packed_column(b, WIDE, first, last, lane);
}

RNK_INLINE void packed_product(const Product *p, real *area)
{
    Block b = {
        .p = p, .packed = packed_of(area), .split = rnk_micro_split(p->rows, rnk_micro_rows(WIDE))};
    int64_t blocks = (p->depth + DEPTH - 1) / DEPTH, even = (p->depth + blocks - 1) / blocks;
#pragma clang loop unroll(disable)
    for (int64_t first = 0; first < b.split.tiles; first += PANEL) {
        int64_t last = first + PANEL < b.split.tiles ? first + PANEL : b.split.tiles;
#pragma clang loop unroll(disable)
        for (b.from = 0; b.from < p->depth; b.from += even) {
            b.depth = p->depth - b.from < even ? p->depth - b.from : even;
            b.before = b.from > 0;
            b.after = b.from + even < p->depth;
            packed_block(&b, first, last);
        }
    }
}

RNK_INLINE void product(const Product *p, const RnTile *tile)
{
    if (rnk_is_wide(p->rows) && rnk_is_wide(p->depth))
        packed_product(p, tile->packed);
    else
        product_in_place(p);
}

RNK_API void rnk_dense(const RnTile *tile, const real *w, int64_t out, int64_t in, const real *x,
                       int64_t width, const RnkAhead *ahead, RnkEpilogue *epilogue,
                       const void *context, int64_t is_long)
{
    Product p = {.w = w,
                 .x = x,
                 .row_step = 1,
                 .k_step = out,
                 .rows = out,
                 .depth = in,
                 .width = width,
                 .ahead = ahead,
                 .finish = {epilogue, context, is_long}};
    product(&p, tile);
}

RNK_API void rnk_dense_back(const RnTile *tile, const real *w, int64_t out, int64_t in,
                            const real *d, int64_t width, const RnkAhead *ahead,
                            RnkEpilogue *epilogue, const void *context, int64_t is_long)
{
    Product p = {.w = w,
                 .x = d,
                 .row_step = out,
                 .k_step = 1,
                 .rows = in,
                 .depth = out,
                 .width = width,
                 .ahead = ahead,
                 .finish = {epilogue, context, is_long}};
    product(&p, tile);
}

RNK_API void rnk_map(int64_t rows, int64_t width, RnkEpilogue *epilogue, const void *context)
{
    for (int64_t row = 0; row < rows; row++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            vreal zero = {};
            epilogue(context, row, lane, &zero);
        }
}
