/* SPDX-License-Identifier: Apache-2.0
 *
 * What large products (packed.h) work on: their blocks, copies of weights and of lanes.
 */
#ifndef RNET_KERNELS_COPIES_H
#define RNET_KERNELS_COPIES_H

#include "kernels/large.h"
#include "kernels/transpose.h"

enum {
    RNK_WIDE = RNK_VECTORS,                            /* vectors of a column */
    RNK_HALF = RNK_WIDE > 2 ? RNK_WIDE / 2 : RNK_WIDE, /* of a narrow one, at the end */
    RNK_COLUMN = RNK_WIDE * RNK_LANES,
    RNK_SLIVER = RNK_ACCUMULATORS / RNK_WIDE, /* rows of a micro-tile */
    RNK_SLOT = RNK_SLIVER > 4   ? 8
               : RNK_SLIVER > 2 ? 4
                                : RNK_SLIVER,                 /* and their place */
    RNK_DEPTH = 24 * 1024 / (RNK_COLUMN * (int)sizeof(real)), /* of a block of k */
    RNK_SLIVERS = 22 * 96 / RNK_DEPTH,                        /* of a panel */
    RNK_TURN = 8, /* steps of k from one fetch to the next */
    /* from sliver to sliver: they begin in different sets of the cache */
    RNK_SLIVER_STEP = RNK_SLOT * RNK_DEPTH + RNK_LANES
};

_Static_assert(RNK_SLIVERS *(RNK_SLIVER_STEP + RNK_SLIVER * RNK_PACK_LANES) <= RNK_PACK_REALS,
               "the panel has room");

/* Copies and sums. */
typedef struct RnkCopies {
    real *w;    /* [sliver][k][SLOT], where rows are beside each other */
    vreal *sum; /* [column][sliver][SLIVER][vectors] */
    real *x;    /* [column][k][vectors] */
} RnkCopies;

/* Lines of the weights that come next, as a table: down a column of it, then the next one. */
typedef struct RnkLines {
    const char *at;
    int64_t row, rows, column, columns;
    int64_t step; /* bytes from row to row */
} RnkLines;

typedef struct RnkWork {
    const RnkLarge *p;
    RnkCopies copies;
    RnkSplit split;
    int64_t lane, lanes; /* this block of lanes */
    int64_t first, last; /* slivers of the panel */
    int64_t from, depth; /* block of k */
    int64_t even;        /* depth of all blocks of k but the last of a part */
    int64_t line;        /* of each that lies ahead, the next to fetch */
    RnkLines lines;
} RnkWork;

RNK_INLINE RnkCopies rnk_copies(real *area)
{
    real *sum = area + RNK_SLIVERS * RNK_SLIVER_STEP;
    return (RnkCopies){area, (vreal *)sum, sum + RNK_SLIVERS * RNK_SLIVER * RNK_PACK_LANES};
}

/* Row that sliver t begins with; the higher ones come first. */
RNK_INLINE int64_t rnk_row_of(const RnkWork *b, int64_t t)
{
    return t * b->split.low + rnk_least(t, b->split.more);
}

RNK_INLINE int64_t rnk_height_of(const RnkWork *b, int64_t t)
{
    return b->split.low + (t < b->split.more);
}

RNK_INLINE int64_t rnk_is_copied(const RnkLarge *p)
{
    return p->row_step == 1;
}

/* The weights of row 0 at k. */
RNK_INLINE const real *rnk_weights_at(const RnkLarge *p, int64_t k)
{
    return p->w + k / p->part * p->w_jump + k % p->part * p->k_step;
}

/* Depth of the block of k that begins at k: no block is in two parts. */
RNK_INLINE int64_t rnk_depth_from(const RnkWork *b, int64_t k)
{
    int64_t part = b->p->part;
    return rnk_least(b->even, rnk_least(part - k % part, b->p->depth - k));
}

typedef real RnkSlot
    __attribute__((vector_size(RNK_SLOT * sizeof(real)), aligned(sizeof(real)), may_alias));

/* Slots of one k, slivers of one height: more is read of each than there are rows. */
RNK_INLINE void rnk_pack_slots(const real *w, real *to, int64_t slivers, int64_t height)
{
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < slivers; t++, w += height, to += RNK_SLIVER_STEP)
        *(RnkSlot *)to = *(const RnkSlot *)w;
}

/* The panel's block of k. Behind the last weight nothing may be read: the last k is copied with
 * care. */
RNK_INLINE void rnk_pack_weights(const RnkWork *b)
{
    const RnkLarge *p = b->p;
    int64_t row = rnk_row_of(b, b->first), low = b->split.low;
    int64_t higher = rnk_least(b->split.more, b->last) - b->first;
    higher = higher < 0 ? 0 : higher;
    const real *w = rnk_weights_at(p, b->from) + row;
    real *to = b->copies.w;
    int64_t careful = b->from + b->depth == p->depth, lower = b->last - b->first - higher;
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < b->depth - careful; k++, w += p->k_step, to += RNK_SLOT) {
        rnk_pack_slots(w, to, higher, low + 1);
        rnk_pack_slots(w + higher * (low + 1), to + higher * RNK_SLIVER_STEP, lower, low);
    }
#pragma clang loop unroll(disable)
    for (int64_t t = b->first; careful && t < b->last; t++, to += RNK_SLIVER_STEP)
        rnk_copy_some(to, w + rnk_row_of(b, t) - row, rnk_height_of(b, t));
}

/* All k of a block of lanes that are rows of x. */
RNK_INLINE void rnk_pack_across(const RnkWork *b)
{
    const RnkLarge *p = b->p;
    int64_t whole = b->lanes / RNK_COLUMN * RNK_COLUMN, rest = b->lanes - whole;
    int64_t last = rest <= RNK_HALF * RNK_LANES ? RNK_HALF * RNK_LANES : RNK_COLUMN;
#pragma clang loop unroll(disable)
    for (int64_t lane = 0; lane < b->lanes; lane += RNK_LANES) {
        int64_t first = lane / RNK_COLUMN * RNK_COLUMN, step = first < whole ? RNK_COLUMN : last;
        const real *x = p->x + (b->lane + lane) * p->lane_step;
        real *to = b->copies.x + first * p->depth + lane - first;
#pragma clang loop unroll(disable)
        for (int64_t k = 0; k < p->depth; k += p->part, x += p->x_jump)
            rnk_transpose_block(x, p->lane_step, rnk_least(b->lanes - lane, RNK_LANES),
                                to + k * step, step, rnk_least(p->depth - k, p->part), RNK_LANES,
                                rnk_near());
    }
}

/* All k of a block of lanes, row by row. */
RNK_INLINE void rnk_pack_lanes(const RnkWork *b)
{
    const RnkLarge *p = b->p;
    int64_t whole = b->lanes / RNK_COLUMN * RNK_COLUMN, rest = b->lanes - whole;
    int64_t last = rest <= RNK_HALF * RNK_LANES ? RNK_HALF * RNK_LANES : RNK_COLUMN;
    const real *x = p->x + b->lane;
    real *to = b->copies.x;
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < p->depth; k++, x += p->x_step) {
#pragma clang loop unroll(disable)
        for (int64_t lane = 0; lane < whole; lane += RNK_COLUMN)
            RNK_EACH_VECTOR(v, RNK_WIDE)
        rnk_store(to + lane * p->depth + k * RNK_COLUMN + v * RNK_LANES,
                  rnk_load_any(x + lane + v * RNK_LANES));
#pragma clang loop unroll(disable)
        for (int64_t lane = 0; lane < rest; lane += RNK_LANES)
            rnk_store(to + whole * p->depth + k * last + lane, rnk_load_any(x + whole + lane));
    }
}

#endif
