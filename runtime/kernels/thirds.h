/* SPDX-License-Identifier: Apache-2.0
 *
 * Reals as the sums of three numbers of 8 bits of significand, which a matrix unit (x86's AMX)
 * multiplies, in squares as it wants them.
 *
 * A real is exactly such a sum, each third the nearest to what the ones before it leave: Henry,
 * Tang, Heinecke, Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision
 * Computations (2019). A square is 16 rows by 32 steps of k of weights, or 32 steps of k by 16
 * lanes; its k are pairs, k and k + 16, in words of 32 bits.
 */
#ifndef RNET_KERNELS_THIRDS_H
#define RNET_KERNELS_THIRDS_H

#include "kernels/large.h"
#include "kernels/transpose.h"

enum {
    RNK_THIRDS = 3,
    RNK_SQUARE = RNK_SIDE * RNK_SIDE,         /* words */
    RNK_STEP_WORDS = RNK_THIRDS * RNK_SQUARE, /* of 16 rows or lanes */
    RNK_SPLIT_ROWS = 4                        /* made of a square in a turn */
};

typedef uint32_t RnkWord;
typedef RnkWord RnkWords __attribute__((vector_size(RNK_SIDE * sizeof(RnkWord)), aligned(64)));

/* A matrix in memory whose strips become squares: 16 of `strip` by all of k. Parts of k as in
 * RnkLarge. */
typedef struct RnkStrips {
    const real *at;
    int64_t strip_step, k_step, part, jump;
    int64_t strips, depth; /* how many there are of either */
    int64_t k_along;       /* a square's rows run along k, as weights' do; else along the strip */
} RnkStrips;

/* Squares to be made of the strips from one on, as they follow each other: `steps` of k, from k on,
 * of each. Each in turns: one for a half that has to be copied, the others make some rows. */
typedef struct RnkJobs {
    const RnkStrips *of;
    int64_t strip, end, k, step, steps;
    RnkWord *to; /* [strip][step][third][SQUARE], the square that is being made */
    int64_t turn;
    const real *half[2];
    int64_t half_step[2];
    real *copies; /* room for halves: [2][16][16] */
} RnkJobs;

enum { RNK_TURNS = 2 + RNK_SIDE / RNK_SPLIT_ROWS };

RNK_INLINE const real *rnk_strips_at(const RnkStrips *m, int64_t strip, int64_t k)
{
    int64_t part = k < m->part ? 0 : k / m->part;
    return m->at + strip * m->strip_step + part * m->jump + (k - part * m->part) * m->k_step;
}

/* The 16 × 16 reals of a strip from `strip` on, 16 of k from `k` on, or fewer and zeros: where they
 * lie if they may be read so, else copied to `copy`. *step: from row to row. */
RNK_INLINE const real *rnk_half_square(const RnkStrips *m, int64_t strip, int64_t k, real *copy,
                                       int64_t *step)
{
    const real *at = rnk_strips_at(m, strip, k);
    int64_t row_step = m->k_along ? m->strip_step : m->k_step;
    int64_t column_step = m->k_along ? m->k_step : m->strip_step;
    int64_t high = rnk_least(m->strips - strip, RNK_SIDE);
    int64_t deep = rnk_least(m->depth - k, RNK_SIDE);
    int64_t rows = m->k_along ? high : deep, columns = m->k_along ? deep : high;
    *step = RNK_SIDE;
    if (high == RNK_SIDE && deep == RNK_SIDE) {
        if (column_step == 1) {
            *step = row_step;
            return at;
        }
        rnk_transpose_block(at, column_step, RNK_SIDE, copy, RNK_SIDE, RNK_SIDE, RNK_SIDE,
                            rnk_near());
        return copy;
    }
    __builtin_memset(copy, 0, RNK_SQUARE * sizeof *copy);
#pragma clang loop unroll(disable)
    for (int64_t row = 0; row < rows; row++)
#pragma clang loop unroll(disable)
        for (int64_t column = 0; column < columns; column++)
            copy[row * RNK_SIDE + column] = at[row * row_step + column * column_step];
    return copy;
}

/* To the nearest number of 8 bits; of two the one further from zero. */
RNK_INLINE vreal rnk_shortened(vreal value)
{
    return (vreal)(((RnkWords)value + 0x8000u) & 0xffff0000u);
}

/* The thirds of pairs of reals, at each SQUARE words. */
RNK_INLINE void rnk_store_thirds(RnkWord *to, vreal first, vreal second)
{
#pragma clang loop unroll(full)
    for (int third = 0; third < RNK_THIRDS; third++, to += RNK_SQUARE) {
        /* The last third is what is left, 24 bits less the others' 16; or a number below 2^-126,
         * which the unit takes for zero and whose last bits are no third's. */
        int last = third == RNK_THIRDS - 1;
        vreal one = last ? first : rnk_shortened(first);
        vreal other = last ? second : rnk_shortened(second);
        RnkWords low = (RnkWords)one >> 16;
        __asm__("" : "+v"(low)); /* or it would be one slow shuffle */
        *(RnkWords *)to = low | ((RnkWords)other & 0xffff0000u);
        first = first - one;
        second = second - other;
    }
}

/* Whether the next half had to be copied. */
RNK_INLINE int64_t rnk_find_half(RnkJobs *jobs)
{
    int64_t half = jobs->turn++, k = jobs->k + jobs->step * RNK_K_STEP + half * RNK_SIDE;
    real *copy = jobs->copies + half * RNK_SQUARE;
    jobs->half[half] = rnk_half_square(jobs->of, jobs->strip, k, copy, &jobs->half_step[half]);
    return jobs->half[half] == copy;
}

/* A turn of the jobs. */
static __attribute__((noinline)) void rnk_make_thirds(RnkJobs *jobs)
{
#pragma clang loop unroll(disable)
    while (jobs->turn < 2)
        if (rnk_find_half(jobs))
            return;
    int64_t row = (jobs->turn - 2) * RNK_SPLIT_ROWS;
    int64_t step = jobs->half_step[0], other_step = jobs->half_step[1];
    const real *first = jobs->half[0] + row * step, *second = jobs->half[1] + row * other_step;
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < RNK_SPLIT_ROWS; r++)
        rnk_store_thirds(jobs->to + (row + r) * RNK_SIDE, rnk_load_any(first + r * step),
                         rnk_load_any(second + r * other_step));
    if (++jobs->turn < RNK_TURNS)
        return;
    jobs->turn = 0;
    jobs->to += RNK_STEP_WORDS;
    if (++jobs->step < jobs->steps)
        return;
    jobs->step = 0;
    jobs->strip += RNK_SIDE;
}

RNK_INLINE void rnk_finish_jobs(RnkJobs *jobs)
{
#pragma clang loop unroll(disable)
    while (jobs->strip < jobs->end)
        rnk_make_thirds(jobs);
}

#endif
