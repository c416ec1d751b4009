/* SPDX-License-Identifier: Apache-2.0
 *
 * Products of a weight matrix with a tile.
 *
 * Small matrices and their lanes are read where they lie, large ones as large.h says.
 */
#include "kernels/wide.h"

#include "core/pass.h"
#include "core/round.h"
#include "kernels/transpose.h"

enum { HALF = RNK_VECTORS > 1 ? RNK_VECTORS / 2 : 1 };

_Static_assert(RNK_VECTORS == 1 || RNK_VECTORS == 2 || RNK_VECTORS == 4,
               "behind whole columns a half and one vector are all that is left");

/* Vectors of a micro-tile: half as many where all rows then fit into one, so that a weight is read
 * once and tiles of half the width want no other code. */
RNK_INLINE int64_t vectors_for(int64_t rows)
{
    return rows <= rnk_micro_rows(HALF) ? HALF : RNK_VECTORS;
}

/* Lines to fetch at each step of k, one for each accumulator of a micro-tile: of floats as many as
 * the product writes, weights among them. More at a time keep the multiply-adds waiting. */
RNK_INLINE int64_t lines_per_step(const RnkLarge *p)
{
    int64_t lines = (RNK_ACCUMULATORS + p->depth - 1) / p->depth;
    return lines < RNK_MOST_LINES ? lines : RNK_MOST_LINES;
}

/* Does a step fetch a line of the weights beside those of what else lies ahead, in so many
 * micro-tiles? Where one at a time would not come to the last: few lanes have as many weights. */
RNK_INLINE int64_t fetches_both(const RnkLarge *p, int64_t tiles)
{
    int64_t ahead = 0;
    RNK_EACH_VECTOR(i, RNK_AHEAD)
    ahead += rnk_lines(p->ahead->bytes[i]);
    return lines_per_step(p) > 1 || ahead > tiles * p->depth;
}

/* Row k of x, so that micro-tiles of other rows of weights find it there. The first ones sum
 * meanwhile: what the map waits for costs them nothing. */
RNK_INLINE void map_lanes(int64_t vectors, const RnkLarge *p, int64_t k, int64_t lane)
{
    RNK_EACH_VECTOR(v, vectors)
    {
        vreal zero = {};
        p->map(p->map_context, k, lane + v * RNK_LANES, &zero);
    }
}

/* The `number`th micro-tile of all; `both`: as fetches_both says. Every step fetches from two
 * places, the second of which may be idle: a branch would cost more. */
RNK_INLINE void micro_tile(int64_t rows, int64_t vectors, const RnkLarge *p, int64_t row,
                           int64_t lane, int64_t number, int64_t both)
{
    RnkSums sum;
    rnk_micro_clear(vectors, sum);
    const real *w = p->w + row * p->row_step, *x = p->x + lane;
    int64_t lines = lines_per_step(p), more = lines > 1 ? lines - 1 : 1;
    const RnkAhead *a = p->ahead;
    const RnkAhead first = {{a->at[0], a->at[1], a->at[2]},
                            {a->bytes[0], both ? 0 : a->bytes[1], both ? 0 : a->bytes[2]}};
    const RnkAhead rest = {{NULL, a->at[1], a->at[2]},
                           {0, both ? a->bytes[1] : 0, both ? a->bytes[2] : 0}};
    RnkFetch one = rnk_fetch_from(&first, number * p->depth, p->x);
    RnkFetch others = rnk_fetch_from(&rest, number * more * p->depth, p->x);
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < p->depth; k++, w += p->k_step, x += p->width) {
        if (p->map && row == 0)
            map_lanes(vectors, p, k, lane);
        rnk_fetch(&one, 1);
        rnk_fetch(&others, more);
        rnk_micro_step(rows, vectors, w, p->row_step, x, sum);
    }
    rnk_micro_finish(rows, vectors, sum, &p->finish, row, lane);
}

/* One vector of lanes at a time is too little for a call. */
enum { COPY_AT_ONCE = RNK_VECTORS == 1 };

/* Behind micro-tile `number` of so many in a column its share of the copy, sixteen rows at a time:
 * stores to lines that another core has read are waited for, and the sums that follow hide that. */
RNK_INLINE void copy_rows(int64_t vectors, const RnkLarge *p, int64_t lane, int64_t number,
                          int64_t tiles)
{
    int64_t parts = (p->depth + RNK_LANES - 1) / RNK_LANES;
    int64_t from = rn_share_start(parts, tiles, number);
    int64_t to = rn_share_start(parts, tiles, number + 1);
    if (!COPY_AT_ONCE && p->copy && from < to)
        rnk_transpose_rows(p->copy, p->tile, lane, vectors * RNK_LANES, from * RNK_LANES,
                           to * RNK_LANES);
}

/* All rows of `vectors` vectors of lanes. */
RNK_INLINE void column(int64_t vectors, const RnkLarge *p, int64_t lane)
{
    RnkSplit split = rnk_micro_split(p->rows, rnk_micro_rows(vectors));
    int64_t row = 0, first = lane / (vectors * RNK_LANES) * split.tiles;
    int64_t both = fetches_both(p, p->width / (vectors * RNK_LANES) * split.tiles);
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < split.more; t++, row += split.low + 1) {
        micro_tile(split.low + 1, vectors, p, row, lane, first + t, both);
        copy_rows(vectors, p, lane, t, split.tiles);
    }
#pragma clang loop unroll(disable)
    for (int64_t t = split.more; t < split.tiles; t++, row += split.low) {
        micro_tile(split.low, vectors, p, row, lane, first + t, both);
        copy_rows(vectors, p, lane, t, split.tiles);
    }
}

/* All rows of `vectors` vectors of lanes at the end of a tile, fewer than most: one height of
 * micro-tile, the last of which makes some rows again. */
RNK_INLINE void last_column(int64_t vectors, const RnkLarge *p, int64_t lane)
{
    int64_t most = rnk_micro_rows(vectors), tiles = (p->rows + most - 1) / most;
    int64_t height = (p->rows + tiles - 1) / tiles, first = lane / (vectors * RNK_LANES) * tiles;
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < tiles; t++) {
        int64_t row = t + 1 < tiles ? t * height : p->rows - height;
        micro_tile(height, vectors, p, row, lane, first + t, 1);
        copy_rows(vectors, p, lane, t, tiles);
    }
}

RNK_INLINE void product_in_place(const RnkLarge *p)
{
    int64_t vectors = vectors_for(p->rows), lane = 0;
#pragma clang loop unroll(disable)
    for (; lane + vectors * RNK_LANES <= p->width; lane += vectors * RNK_LANES)
        column(vectors, p, lane);
    if (HALF > 1 && vectors > HALF && lane + HALF * RNK_LANES <= p->width) {
        last_column(HALF, p, lane);
        lane += HALF * RNK_LANES;
    }
    if (vectors > 1 && lane < p->width)
        last_column(1, p, lane);
    if (COPY_AT_ONCE && p->copy)
        rnk_transpose_rows(p->copy, p->tile, 0, p->width, 0, p->depth);
}

RNK_INLINE void product(const RnkLarge *p, const RnTile *tile)
{
    if (rnk_is_wide(p->rows) && rnk_is_wide(p->depth))
        rnk_large_product(p, tile->packed);
    else
        product_in_place(p);
}

RNK_API void rnk_dense(const RnTile *tile, const real *w, int64_t out, int64_t in, const real *x,
                       int64_t width, const RnkAhead *ahead, RnkEpilogue *each, RnkEpilogues *all,
                       const void *context, RnkEpilogue *map, const void *map_context)
{
    RnkLarge p = {.w = w,
                  .x = x,
                  .row_step = 1,
                  .k_step = out,
                  .x_step = width,
                  .lane_step = 1,
                  .rows = out,
                  .depth = in,
                  .width = width,
                  .part = in,
                  .ahead = ahead,
                  .map = map,
                  .map_context = map_context,
                  .finish = {each, all, context}};
    product(&p, tile);
}

RNK_API void rnk_dense_back(const RnTile *tile, const real *w, int64_t out, int64_t in,
                            const real *d, int64_t width, const RnkAhead *ahead, RnkEpilogue *each,
                            RnkEpilogues *all, const void *context, RnkEpilogue *map,
                            const void *map_context, const RnkCopy *copy)
{
    RnkLarge p = {.w = w,
                  .x = d,
                  .row_step = out,
                  .k_step = 1,
                  .x_step = width,
                  .lane_step = 1,
                  .rows = in,
                  .depth = out,
                  .width = width,
                  .part = out,
                  .ahead = ahead,
                  .map = map,
                  .map_context = map_context,
                  .copy = copy,
                  .tile = tile,
                  .finish = {each, all, context}};
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

RNK_API void rnk_each(RnkEpilogue *epilogue, const void *context, int64_t row, int64_t rows,
                      int64_t lane, int64_t vectors, const vreal *values, int64_t step)
{
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < rows; r++)
#pragma clang loop unroll(disable)
        for (int64_t v = 0; v < vectors; v++)
            epilogue(context, row + r, lane + v * RNK_LANES, &values[r * step + v]);
}
