/* SPDX-License-Identifier: Apache-2.0
 *
 * Large products on a matrix unit. Of the nine products of two reals' thirds six are made: what the
 * others come to together is at most 2^-24 of the reals' own, and a thousandth of that. The unit
 * takes numbers and makes products below 2^-126 for zero: a real below 2^-103 may lose of its last
 * third, below 2^-118 of its second.
 *
 * Thirds of a block of lanes by a block of k wait in the second-level cache while those of 32 rows
 * of weights after the other pass by in the first; sums of 32 rows by 32 lanes are four of the
 * unit's eight registers. The unit takes 16 cycles for a product of squares. Meanwhile, a little
 * beside every four of them, the core makes the thirds that come next, fetches what it will read,
 * and hands over the sums before; more at once would keep the unit waiting, since no core looks
 * that far ahead.
 */
#ifndef RNET_KERNELS_UNIT_H
#define RNET_KERNELS_UNIT_H

#include "kernels/squares.h"
#include "kernels/streams.h"

enum { RNK_OVER_ROWS = 4 }; /* of sums, handed over beside four products of the unit */

/* Weights and lanes after the next, what epilogues will write, what lies ahead; one after the
 * other. */
enum {
    RNK_WEIGHTS_AFTER,
    RNK_LANES_AFTER,
    RNK_TO,
    RNK_FIRST_AHEAD,
    RNK_STREAMS = RNK_FIRST_AHEAD + RNK_AHEAD
};

/* A panel of weights by a block of k, in steps. */
typedef struct RnkBlock {
    int64_t row, rows, step, steps;
} RnkBlock;

/* 32 rows of a block, or fewer; of no rows behind the last block. */
typedef struct RnkRows {
    RnkBlock block;
    int64_t row;
} RnkRows;

RNK_INLINE int64_t rnk_first_row(const RnkRows *r)
{
    return r->block.row + r->row;
}

RNK_INLINE int64_t rnk_row_count(const RnkRows *r)
{
    return rnk_least(r->block.rows - r->row, RNK_PAIR);
}

/* Sums of up to 32 × 32; rows from `row` on are still to be handed over. */
typedef struct RnkPair {
    int64_t row, rows, lane, lanes;
    real *sum;
} RnkPair;

typedef struct RnkUnit {
    const RnkLarge *p;
    RnkStrips weights, lanes;
    RnkWord *w[2], *x[2]; /* what is being multiplied, and what comes next */
    real *sum;            /* [pair of strips of rows][pair of strips of lanes][32][32] */
    int64_t lane, lane_count, all_steps;
    RnkRows now;
    RnkJobs next_w, next_x;
    RnkPair last;
    real *copies[2]; /* for halves of weights' and of lanes' squares */
    RnkStream streams[RNK_STREAMS];
} RnkUnit;

/* How many parts of a size `count` has, the last one whole or not. */
RNK_INLINE int64_t rnk_parts(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/* Up to so many rows of the sums before. */
RNK_INLINE void rnk_hand_over(RnkUnit *u, int64_t most)
{
    const RnkFinish *to = &u->p->finish;
    RnkPair *pair = &u->last;
    int64_t rows = rnk_least(pair->rows, most), vectors = rnk_parts(pair->lanes, RNK_SIDE);
    const vreal *sums = (const vreal *)pair->sum;
    if (rows == 0)
        return;
    if (to->all)
        to->all(to->context, pair->row, rows, pair->lane, vectors, sums, 2);
    else
        rnk_each(to->each, to->context, pair->row, rows, pair->lane, vectors, sums, 2);
    pair->row += rows;
    pair->rows -= rows;
    pair->sum += rows * RNK_PAIR;
}

/* What the core does beside the unit. */
static __attribute__((noinline)) void rnk_split_beside(RnkUnit *u)
{
    if (u->next_w.strip < u->next_w.end)
        rnk_make_thirds(&u->next_w);
    else if (u->next_x.strip < u->next_x.end)
        rnk_make_thirds(&u->next_x);
}

static __attribute__((noinline)) void rnk_hand_over_beside(RnkUnit *u)
{
    int stream = 0;
#pragma clang loop unroll(full)
    for (int i = RNK_STREAMS - 1; i >= 0; i--)
        stream = u->streams[i].rows > 0 ? i : stream;
    if (u->streams[stream].rows > 0)
        rnk_fetch_some(&u->streams[stream]);
    rnk_hand_over(u, RNK_OVER_ROWS);
}

/* A pair of strips of either over a block of k. Of two products in a row one has an operand of the
 * one before. */
RNK_INLINE void rnk_sum_squares(RnkUnit *u, const RnkWord *w, const RnkWord *x, int64_t before,
                                real *sum)
{
    enum { FIRST = 0, SECOND = RNK_SQUARE, THIRD = 2 * RNK_SQUARE };
    int64_t steps = u->now.block.steps, strip = steps * RNK_STEP_WORDS;
    rnk_load_sums(before, sum);
#pragma clang loop unroll(disable)
    for (int64_t s = 0; s < steps; s++, w += RNK_STEP_WORDS, x += RNK_STEP_WORDS) {
        rnk_load_lanes(x + FIRST, strip);
        rnk_load_weights(w + FIRST, strip);
        rnk_multiply();
        rnk_hand_over_beside(u);
        rnk_load_weights(w + THIRD, strip);
        rnk_multiply();
        rnk_split_beside(u);
        rnk_load_weights(w + SECOND, strip);
        rnk_multiply();
        rnk_split_beside(u);
        rnk_load_lanes(x + SECOND, strip);
        rnk_multiply();
        rnk_hand_over_beside(u);
        rnk_load_weights(w + FIRST, strip);
        rnk_multiply();
        rnk_split_beside(u);
        rnk_load_lanes(x + THIRD, strip);
        rnk_multiply();
        rnk_split_beside(u);
    }
    rnk_store_sums(sum);
}

/* What sums begin with, where the caller has some. */
RNK_INLINE void rnk_begin_sums(const RnkUnit *u, const RnkPair *pair)
{
    int64_t width = u->p->width;
    const real *from = u->p->begin + pair->row * width + pair->lane;
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < pair->rows; r++, from += width)
#pragma clang loop unroll(disable)
        for (int64_t lane = 0; lane < pair->lanes; lane += RNK_SIDE)
            rnk_copy_some(pair->sum + r * RNK_PAIR + lane, from + lane,
                          rnk_least(pair->lanes - lane, RNK_SIDE));
}

/* These rows by all lanes. */
RNK_INLINE void rnk_rows(RnkUnit *u)
{
    const RnkBlock *b = &u->now.block;
    int64_t begins = b->step == 0, ends = b->step + b->steps == u->all_steps;
#pragma clang loop unroll(disable)
    for (int64_t lane = 0; lane < u->lane_count; lane += RNK_PAIR) {
        RnkPair pair = {.row = rnk_first_row(&u->now),
                        .rows = rnk_row_count(&u->now),
                        .lane = u->lane + lane,
                        .lanes = rnk_least(u->lane_count - lane, RNK_PAIR),
                        .sum = u->sum + u->now.row * RNK_PACK_LANES + lane * RNK_PAIR};
        if (begins && u->p->begin)
            rnk_begin_sums(u, &pair);
        rnk_sum_squares(u, u->w[0], u->x[0] + lane / RNK_SIDE * b->steps * RNK_STEP_WORDS,
                        !begins || u->p->begin, pair.sum);
        if (ends) {
            rnk_hand_over(u, RNK_PAIR);
            u->last = pair;
        }
    }
}

/* This panel's next block of k, or the next panel's first; of no rows behind the last panel. */
RNK_INLINE RnkBlock rnk_block_after(const RnkUnit *u, const RnkBlock *before)
{
    RnkBlock b = *before;
    b.step += b.steps;
    if (b.step == u->all_steps) {
        b.step = 0;
        b.row += b.rows;
    }
    b.rows = rnk_least(u->p->rows - b.row, RNK_PANEL_ROWS);
    b.steps = rnk_least(u->all_steps - b.step, RNK_PANEL_STEPS);
    return b;
}

/* Pairs of strips are whole, with zeros where there is nothing. */
RNK_INLINE RnkJobs rnk_jobs_of(const RnkStrips *of, int64_t strip, int64_t count, const RnkBlock *b,
                               RnkWord *to, real *copies)
{
    return (RnkJobs){.of = of,
                     .strip = strip,
                     .end = strip + rnk_parts(count, RNK_PAIR) * RNK_PAIR,
                     .k = b->step * RNK_K_STEP,
                     .steps = b->steps,
                     .to = to,
                     .copies = copies};
}

/* So many strips by the block's k, row by row as they lie: a row is of a strip, or of a k. */
RNK_INLINE RnkStream rnk_stream_of_strips(const RnkStrips *m, int64_t strip, int64_t count,
                                          const RnkBlock *b)
{
    int64_t k = b->step * RNK_K_STEP, bytes = (int64_t)sizeof(real);
    int64_t deep = rnk_least(m->depth - k, b->steps * RNK_K_STEP), along = m->k_step == 1;
    return rnk_stream_of(rnk_strips_at(m, strip, k), along ? count : deep,
                         (along ? deep : count) * bytes,
                         (along ? m->strip_step : m->k_step) * bytes);
}

RNK_INLINE RnkRows rnk_rows_after(const RnkUnit *u, const RnkRows *r)
{
    if (r->row + RNK_PAIR < r->block.rows)
        return (RnkRows){r->block, r->row + RNK_PAIR};
    return (RnkRows){rnk_block_after(u, &r->block), 0};
}

RNK_INLINE RnkJobs rnk_jobs_of_weights(RnkUnit *u, const RnkRows *r)
{
    return rnk_jobs_of(&u->weights, rnk_first_row(r), rnk_row_count(r), &r->block, u->w[1],
                       u->copies[0]);
}

RNK_INLINE RnkStream rnk_stream_of_weights(const RnkUnit *u, const RnkRows *r)
{
    return rnk_stream_of_strips(&u->weights, rnk_first_row(r), rnk_row_count(r), &r->block);
}

RNK_INLINE int64_t rnk_lanes_of(const RnkUnit *u, const RnkBlock *b)
{
    return b->rows > 0 ? u->lane_count : 0;
}

RNK_INLINE RnkJobs rnk_jobs_of_lanes(RnkUnit *u, const RnkBlock *b)
{
    return rnk_jobs_of(&u->lanes, u->lane, rnk_lanes_of(u, b), b, u->x[1], u->copies[1]);
}

RNK_INLINE RnkStream rnk_stream_of_lanes(const RnkUnit *u, const RnkBlock *b)
{
    return rnk_stream_of_strips(&u->lanes, u->lane, rnk_lanes_of(u, b), b);
}

RNK_INLINE void rnk_swap(RnkWord *buffers[2])
{
    RnkWord *first = buffers[0];
    buffers[0] = buffers[1];
    buffers[1] = first;
}

/* A block's first rows: the lanes that were next are now. */
RNK_INLINE void rnk_begin_block(RnkUnit *u)
{
    RnkBlock next = rnk_block_after(u, &u->now.block), then = rnk_block_after(u, &next);
    if (u->now.block.step == 0)
        rnk_hand_over(u, RNK_PAIR); /* this panel's sums come to the same place */
    rnk_finish_jobs(&u->next_x);
    rnk_swap(u->x);
    u->next_x = rnk_jobs_of_lanes(u, &next);
    u->streams[RNK_LANES_AFTER] = rnk_stream_of_lanes(u, &then);
}

/* A block of lanes. */
RNK_INLINE void rnk_unit_lanes(RnkUnit *u)
{
    const RnkBlock none = {.row = 0, .steps = u->all_steps};
    u->now = (RnkRows){rnk_block_after(u, &none), 0};
    u->next_w = rnk_jobs_of_weights(u, &u->now);
    u->next_x = rnk_jobs_of_lanes(u, &u->now.block);
#pragma clang loop unroll(disable)
    while (u->now.block.rows > 0) {
        RnkRows next = rnk_rows_after(u, &u->now), then = rnk_rows_after(u, &next);
        if (u->now.row == 0)
            rnk_begin_block(u);
        rnk_finish_jobs(&u->next_w);
        rnk_swap(u->w);
        u->next_w = rnk_jobs_of_weights(u, &next);
        u->streams[RNK_WEIGHTS_AFTER] = rnk_stream_of_weights(u, &then);
        rnk_rows(u);
        u->now = next;
    }
    rnk_hand_over(u, RNK_PAIR);
}

RNK_INLINE void rnk_large_product(const RnkLarge *p, real *area)
{
    enum { W = RNK_PAIR / RNK_SIDE * RNK_PANEL_STEPS * RNK_STEP_WORDS };
    enum { X = RNK_PACK_LANES / RNK_SIDE * RNK_PANEL_STEPS * RNK_STEP_WORDS };
    _Static_assert(RNK_PANEL_ROWS * RNK_PACK_LANES + 2 * W + 2 * X + 4 * RNK_SQUARE ==
                       RNK_PACK_REALS,
                   "the area holds what is laid out in it");
    RnkWord *words = (RnkWord *)(area + RNK_PANEL_ROWS * RNK_PACK_LANES);
    real *copies = (real *)(words + 2 * W + 2 * X);
    int64_t bytes = (int64_t)sizeof(real), part = p->x_step == 1 ? p->part : p->depth;
    RnkUnit u = {
        .p = p,
        .weights = {p->w, p->row_step, p->k_step, p->part, p->w_jump, p->rows, p->depth, 1},
        .lanes = {p->x, p->lane_step, p->x_step, part, p->x_jump, p->width, p->depth, 0},
        .w = {words, words + W},
        .x = {words + 2 * W, words + 2 * W + X},
        .copies = {copies, copies + 2 * RNK_SQUARE},
        .sum = area,
        .all_steps = rnk_parts(p->depth, RNK_K_STEP)};
#pragma clang loop unroll(full)
    for (int i = 0; i < RNK_AHEAD; i++)
        u.streams[RNK_FIRST_AHEAD + i] = rnk_stream_of(p->ahead->at[i], 1, p->ahead->bytes[i], 0);
    rnk_shape_registers();
#pragma clang loop unroll(disable)
    for (; u.lane < p->width; u.lane += RNK_PACK_LANES) {
        u.lane_count = rnk_least(p->width - u.lane, RNK_PACK_LANES);
        if (p->to)
            u.streams[RNK_TO] =
                rnk_stream_of(p->to + u.lane, p->rows, u.lane_count * bytes, p->width * bytes);
        rnk_unit_lanes(&u);
    }
    __builtin_ia32_tilerelease();
}

#endif
