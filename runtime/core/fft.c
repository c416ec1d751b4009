/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimation in time, radix 4, depth first: a quarter is done before the next is begun, so the
 * small ones stay in the first-level cache whatever n is.
 */
#include "core/fft.h"

#include "core/random_math.h"

enum { MOST_BLOCK = 128 }; /* complex vectors: half of a small first-level cache in floats */

void rn_fft_turns(real *turns, int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        double sine, cosine;
        rn_turn((double)k / (double)n, &sine, &cosine);
        turns[2 * k] = (real)cosine;
        turns[2 * k + 1] = (real)sine;
    }
}

static void join_two(vreal *x)
{
    vreal re = x[0] - x[2], im = x[1] - x[3];
    x[0] += x[2];
    x[1] += x[3];
    x[2] = re;
    x[3] = im;
}

/* Four transforms of size q into one of 4q. Bit reversal puts the entries ≡ 0, 2, 1, 3 (mod 4) one
 * after the other; a1 … a3 are those ≡ 1 … 3, times their turns. half: only the first 2q results.
 */
RN_INLINE void join_four(vreal *x, int64_t q, const real *turns, int64_t step, int half)
{
    for (int64_t k = 0; k < q; k++) {
        vreal *x0 = x + 2 * k, *x1 = x0 + 2 * q, *x2 = x1 + 2 * q, *x3 = x2 + 2 * q;
        const real *w1 = turns + 2 * k * step, *w2 = w1 + 2 * k * step, *w3 = w2 + 2 * k * step;
        vreal re1 = x2[0] * w1[0] - x2[1] * w1[1], im1 = x2[0] * w1[1] + x2[1] * w1[0];
        vreal re2 = x1[0] * w2[0] - x1[1] * w2[1], im2 = x1[0] * w2[1] + x1[1] * w2[0];
        vreal re3 = x3[0] * w3[0] - x3[1] * w3[1], im3 = x3[0] * w3[1] + x3[1] * w3[0];
        vreal even_re = x0[0] + re2, even_im = x0[1] + im2;
        vreal odd_re = x0[0] - re2, odd_im = x0[1] - im2;
        vreal sum_re = re1 + re3, sum_im = im1 + im3;
        vreal turned_re = im3 - im1, turned_im = re1 - re3; /* i (a1 − a3) */
        x0[0] = even_re + sum_re;
        x0[1] = even_im + sum_im;
        x1[0] = odd_re + turned_re;
        x1[1] = odd_im + turned_im;
        if (half)
            continue;
        x2[0] = even_re - sum_re;
        x2[1] = even_im - sum_im;
        x3[0] = odd_re - turned_re;
        x3[1] = odd_im - turned_im;
    }
}

static void join_all(vreal *x, int64_t n, int64_t done, const real *turns, int64_t step)
{
    if (n <= done)
        return;
    if (n == 2) {
        join_two(x);
        return;
    }
    int64_t quarter = n / 4;
    for (int part = 0; part < 4; part++)
        join_all(x + 2 * part * quarter, quarter, done, turns, 4 * step);
    join_four(x, quarter, turns, step, 0);
}

void rn_fft(vreal *x, int64_t n, const real *turns, int64_t step)
{
    join_all(x, n, 1, turns, step);
}

int64_t rn_fft_block(int64_t n)
{
    while (n > MOST_BLOCK)
        n /= 4;
    return n;
}

void rn_fft_join(vreal *x, int64_t n, const real *turns, int half)
{
    int64_t block = rn_fft_block(n), quarter = n / 4;
    if (!half || n == block) {
        join_all(x, n, block, turns, 1);
        return;
    }
    for (int part = 0; part < 4; part++)
        join_all(x + 2 * part * quarter, quarter, block, turns, 4);
    join_four(x, quarter, turns, 1, 1);
}

/* Radix 2 on re, im pairs in bit-reversed order. */
static void transform_pairs(double *x, int64_t n, const double *turns)
{
    for (int64_t half = 1, step = n / 2; half < n; half *= 2, step /= 2)
        for (int64_t base = 0; base < n; base += 2 * half)
            for (int64_t k = 0; k < half; k++) {
                double *a = x + 2 * (base + k), *b = a + 2 * half;
                const double *w = turns + 2 * k * step;
                double re = b[0] * w[0] - b[1] * w[1], im = b[0] * w[1] + b[1] * w[0];
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
}

void rn_fft_even(double *x, int64_t n, double *scratch)
{
    double *turns = scratch, *pairs = scratch + n;
    for (int64_t k = 0; 2 * k < n; k++)
        rn_turn((double)k / (double)n, &turns[2 * k + 1], &turns[2 * k]);
    for (int64_t p = 0, j = 0; p < n; p++, j = rn_fft_next(j, n)) {
        pairs[2 * p] = x[2 * j <= n ? j : n - j];
        pairs[2 * p + 1] = 0;
    }
    transform_pairs(pairs, n, turns);
    for (int64_t k = 0; 2 * k <= n; k++)
        x[k] = pairs[2 * k];
}
