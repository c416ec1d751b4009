/* SPDX-License-Identifier: Apache-2.0
 *
 * Large products, from copies: Goto, van de Geijn, Anatomy of High-Performance Matrix
 * Multiplication (2008).
 *
 * Lanes are copied to columns, as many vectors wide as a micro-tile. Of one column a block of k
 * stays in the first-level cache while the slivers of a panel of weights, a micro-tile high each,
 * pass by from the second; sums wait there from one block of k to the next, so that they still
 * ascend along k. The panel's next block is fetched meanwhile, a line or two every few steps of k:
 * faster fetching keeps the lanes waiting.
 */
#ifndef RNET_KERNELS_PACKED_H
#define RNET_KERNELS_PACKED_H

#include "kernels/copies.h"

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
