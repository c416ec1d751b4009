/* SPDX-License-Identifier: Apache-2.0
 *
 * Large products, from copies: Goto, van de Geijn, Anatomy of High-Performance Matrix
 * Multiplication (2008).
 *
 * Lanes are copied to columns, as many vectors wide as a micro-tile. Of one column a block of k
 * stays in the first-level cache while the slivers of a panel of weights, a micro-tile high each,
 * pass by from the second; sums wait there from one block of k to the next, so that they still
 * ascend along k. The panel's next block is fetched meanwhile, a line every few steps of k: faster
 * fetching keeps the lanes waiting.
 */
#ifndef RNET_KERNELS_PACKED_H
#define RNET_KERNELS_PACKED_H

#include "kernels/micro.h"
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

/* Row r of the product is Σ_k w[r * row_step + k * k_step] · x[k * x_step + lane * lane_step]; one
 * step of w and one of x is 1. Where k is cut into parts, each but the last of `part`, these are
 * the addresses of the first part, and those of the next lie w_jump and x_jump further on. */
typedef struct RnkLarge {
    const real *w, *x;
    int64_t row_step, k_step, x_step, lane_step;
    int64_t rows, depth, width;
    int64_t part, w_jump, x_jump;
    const RnkAhead *ahead;
    const real *begin; /* [rows][width]: what sums begin with; NULL: 0 */
    const real *to;    /* [rows][width]: what the epilogue writes, to be fetched; NULL: nothing */
    RnkFinish finish;
} RnkLarge;

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

RNK_INLINE int64_t rnk_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
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
                                to + k * step, step, rnk_least(p->depth - k, p->part), RNK_LANES);
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

/* This panel's next block of k, or the next panel's first. */
RNK_INLINE RnkLines rnk_lines_of_next(const RnkWork *b)
{
    const RnkLarge *p = b->p;
    int64_t from = b->from + b->depth, first = b->first, last = b->last;
    if (from == p->depth) {
        from = 0;
        first = last;
        last = rnk_least(first + RNK_SLIVERS, b->split.tiles);
    }
    int64_t depth = rnk_depth_from(b, from), row = rnk_row_of(b, first);
    int64_t high = rnk_row_of(b, last) - row;
    int64_t rows = rnk_is_copied(p) ? depth : high, reals = rnk_is_copied(p) ? high : depth;
    int64_t step = rnk_is_copied(p) ? p->k_step : p->row_step;
    return (RnkLines){.at = (const char *)(rnk_weights_at(p, from) + row * p->row_step),
                      .rows = rows,
                      .columns = rnk_lines(reals * (int64_t)sizeof(real)),
                      .step = step * (int64_t)sizeof(real)};
}

/* What a micro-tile of so many turns fetches of it; `idle`: nothing is left. */
RNK_INLINE RnkFetch rnk_next_lines(RnkLines *lines, int64_t turns, const void *idle)
{
    if (lines->column >= lines->columns)
        return (RnkFetch){idle, 0};
    RnkFetch fetch = {lines->at + lines->column * RNK_LINE + lines->row * lines->step, lines->step};
    lines->row += turns;
    if (lines->row >= lines->rows) {
        lines->row = 0;
        lines->column++;
    }
    return fetch;
}

/* Rows that are not copied are reached from every third one, by the step between them and twice
 * that, which an address holds. */
enum { RNK_REACH = 3, RNK_BASES = (RNK_SLIVER + RNK_REACH - 1) / RNK_REACH };

RNK_INLINE void rnk_large_step(int64_t rows, int64_t vectors, const real *const bases[RNK_BASES],
                               int64_t row_step, int64_t at, const real *x, RnkSums sum)
{
    vreal lanes[RNK_WIDE];
    RNK_EACH_VECTOR(v, vectors)
    lanes[v] = rnk_load(x + v * RNK_LANES);
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < RNK_SLIVER; r++)
        if (r < rows) {
            vreal weight = rnk_splat(bases[r / RNK_REACH][r % RNK_REACH * row_step + at]);
            RNK_EACH_VECTOR(v, vectors)
            sum[r][v] = rnk_fma(weight, lanes[v], sum[r][v]);
        }
}

/* A micro-tile of a block of k; `to`: what its epilogue will write, if it follows. */
RNK_INLINE void rnk_large_tile(RnkWork *b, int64_t rows, int64_t vectors, const real *w,
                               const real *x, int64_t before, const real *to, vreal *kept)
{
    const RnkLarge *p = b->p;
    int64_t row_step = rnk_is_copied(p) ? 1 : p->row_step, k = 0;
    int64_t k_step = rnk_is_copied(p) ? RNK_SLOT : 1, x_step = vectors * RNK_LANES;
    RnkSums sum;
    rnk_micro_clear(vectors, sum);
    if (before) {
        RNK_EACH_ROW(r, rows, vectors)
        RNK_EACH_VECTOR(v, vectors)
        sum[r][v] = kept[r * vectors + v];
    }
    RnkFetch from = rnk_next_lines(&b->lines, b->depth / RNK_TURN, x);
    RnkFetch more = {(const char *)x, 0};
    if (b->lanes <= RNK_PACK_LANES / 2) /* half as many micro-tiles have to fetch as much */
        more = rnk_next_lines(&b->lines, b->depth / RNK_TURN, x);
    const char *ahead[RNK_AHEAD];
    RNK_EACH_VECTOR(place, RNK_AHEAD)
    ahead[place] = b->line < rnk_lines(p->ahead->bytes[place])
                       ? (const char *)p->ahead->at[place] + b->line * RNK_LINE
                       : (const char *)x;
    const real *bases[RNK_BASES];
#pragma clang loop unroll(full)
    for (int base = 0; base < RNK_BASES; base++) {
        bases[base] = w + base * RNK_REACH * row_step;
        if (!rnk_is_copied(p))
            __asm__("" : "+r"(bases[base])); /* or there would be a pointer for each row */
    }
#pragma clang loop unroll(disable)
    for (; k + RNK_TURN <= b->depth; k += RNK_TURN) {
        __builtin_prefetch(from.at, 0, 2);
        from.at += from.step;
        __builtin_prefetch(more.at, 0, 2);
        more.at += more.step;
        RNK_EACH_VECTOR(place, RNK_AHEAD)
        __builtin_prefetch(ahead[place] + k * (RNK_LINE / RNK_TURN), 0, 2);
        if (to) {
            RNK_EACH_VECTOR(v, vectors)
            __builtin_prefetch(to + v * RNK_LANES, 1, 3);
            to += p->width;
        }
#pragma clang loop unroll(disable)
        for (int64_t u = 0; u < RNK_TURN; u += 2, x += 2 * x_step) {
            rnk_large_step(rows, vectors, bases, row_step, (k + u) * k_step, x, sum);
            rnk_large_step(rows, vectors, bases, row_step, (k + u + 1) * k_step, x + x_step, sum);
        }
    }
    b->line += b->depth / RNK_TURN;
#pragma clang loop unroll(disable)
    for (; k < b->depth; k++, x += x_step)
        rnk_large_step(rows, vectors, bases, row_step, k * k_step, x, sum);
    RNK_EACH_ROW(r, rows, vectors)
    RNK_EACH_VECTOR(v, vectors)
    kept[r * vectors + v] = sum[r][v];
}

/* Hands sums of a sliver to an epilogue, lanes from `lane` on. */
RNK_INLINE void rnk_hand_over(const RnkWork *b, int64_t t, int64_t lane, int64_t vectors,
                              const vreal *kept)
{
    int64_t row = rnk_row_of(b, t), rows = rnk_height_of(b, t);
    int64_t count = rnk_least(vectors, (b->lanes - lane + RNK_LANES - 1) / RNK_LANES);
    const RnkFinish *to = &b->p->finish;
    if (to->all)
        to->all(to->context, row, rows, b->lane + lane, count, kept, vectors);
    else
        rnk_each(to->each, to->context, row, rows, b->lane + lane, count, kept, vectors);
}

/* What sums of a sliver begin with, lanes from `lane` on. */
RNK_INLINE void rnk_begin_sums(const RnkWork *b, int64_t t, int64_t lane, int64_t vectors,
                               vreal *kept)
{
    int64_t row = rnk_row_of(b, t), rows = rnk_height_of(b, t), width = b->p->width;
    const real *from = b->p->begin + row * width + b->lane + lane;
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < rows; r++, from += width)
#pragma clang loop unroll(disable)
        for (int64_t v = 0; v < vectors; v++) {
            int64_t left = b->lanes - lane - v * RNK_LANES;
            if (left >= RNK_LANES)
                kept[r * vectors + v] = rnk_load_any(from + v * RNK_LANES);
            else if (left > 0)
                kept[r * vectors + v] = rnk_load_some(from + v * RNK_LANES, left);
        }
}

/* A column passes a panel. */
RNK_INLINE void rnk_large_column(RnkWork *b, int64_t vectors, int64_t lane)
{
    const RnkLarge *p = b->p;
    const real *x = b->copies.x + lane * p->depth + b->from * vectors * RNK_LANES;
    vreal *kept = b->copies.sum + lane / RNK_LANES * RNK_SLIVERS * RNK_SLIVER;
    const real *weights = rnk_weights_at(p, b->from);
    int64_t ends = b->from + b->depth == p->depth, begins = b->from == 0;
#pragma clang loop unroll(disable)
    for (int64_t t = b->first; t < b->last; t++, kept += RNK_SLIVER * vectors) {
        int64_t row = rnk_row_of(b, t);
        const real *w = rnk_is_copied(p) ? b->copies.w + (t - b->first) * RNK_SLIVER_STEP
                                         : weights + row * p->row_step;
        int64_t before = !begins || p->begin != NULL;
        const real *to = p->to && ends ? p->to + row * p->width + b->lane + lane : NULL;
        if (begins && p->begin)
            rnk_begin_sums(b, t, lane, vectors, kept);
        if (t < b->split.more)
            rnk_large_tile(b, b->split.low + 1, vectors, w, x, before, to, kept);
        else
            rnk_large_tile(b, b->split.low, vectors, w, x, before, to, kept);
        if (ends)
            rnk_hand_over(b, t, lane, vectors, kept);
    }
}

/* A block of k of a panel. */
RNK_INLINE void rnk_large_block(RnkWork *b)
{
    int64_t lane = 0;
    if (rnk_is_copied(b->p))
        rnk_pack_weights(b);
    b->lines = rnk_lines_of_next(b);
#pragma clang loop unroll(disable)
    for (; b->lanes - lane > RNK_HALF * RNK_LANES; lane += RNK_COLUMN)
        rnk_large_column(b, RNK_WIDE, lane);
    if (lane < b->lanes)
        rnk_large_column(b, RNK_HALF, lane);
}

/* A block of lanes. */
RNK_INLINE void rnk_large_lanes(RnkWork *b)
{
    const RnkLarge *p = b->p;
    if (p->lane_step == 1)
        rnk_pack_lanes(b);
    else
        rnk_pack_across(b);
#pragma clang loop unroll(disable)
    for (b->first = 0; b->first < b->split.tiles; b->first += RNK_SLIVERS) {
        b->last = rnk_least(b->first + RNK_SLIVERS, b->split.tiles);
#pragma clang loop unroll(disable)
        for (b->from = 0; b->from < p->depth; b->from += b->depth) {
            b->depth = rnk_depth_from(b, b->from);
            rnk_large_block(b);
        }
    }
}

RNK_INLINE void rnk_large_product(const RnkLarge *p, real *area)
{
    RnkWork b = {.p = p, .copies = rnk_copies(area), .split = rnk_micro_split(p->rows, RNK_SLIVER)};
    int64_t blocks = (p->part + RNK_DEPTH - 1) / RNK_DEPTH;
    b.even = ((p->part + blocks - 1) / blocks + RNK_TURN - 1) / RNK_TURN * RNK_TURN;
#pragma clang loop unroll(disable)
    for (b.lane = 0; b.lane < p->width; b.lane += RNK_PACK_LANES) {
        b.lanes = rnk_least(p->width - b.lane, RNK_PACK_LANES);
        rnk_large_lanes(&b);
    }
}

#endif
