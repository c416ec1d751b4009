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

/* Passes in one, where registers hold what lies between them; elsewhere code is long enough. */
#ifdef __AVX512F__
enum { FUSED = 1 };
#else
enum { FUSED = 0 };
#endif

/* One entry of each of four transforms, `in` apart, into four of one, `out` apart. Bit reversal
 * puts the entries ≡ 0, 2, 1, 3 (mod 4) one after the other; a1 … a3 are those ≡ 1 … 3, times w, w²
 * and w³, whose first two powers are `turn` reals apart. half: only the first two. */
RN_INLINE void join_entries(const vreal *x, int64_t in, const real *turns, int64_t turn, vreal *y,
                            int64_t out, int half)
{
    const vreal *x1 = x + in, *x2 = x1 + in, *x3 = x2 + in;
    const real *w1 = turns + turn, *w2 = w1 + turn, *w3 = w2 + turn;
    vreal re1 = x2[0] * w1[0] - x2[1] * w1[1], im1 = x2[0] * w1[1] + x2[1] * w1[0];
    vreal re2 = x1[0] * w2[0] - x1[1] * w2[1], im2 = x1[0] * w2[1] + x1[1] * w2[0];
    vreal re3 = x3[0] * w3[0] - x3[1] * w3[1], im3 = x3[0] * w3[1] + x3[1] * w3[0];
    vreal even_re = x[0] + re2, even_im = x[1] + im2;
    vreal odd_re = x[0] - re2, odd_im = x[1] - im2;
    vreal sum_re = re1 + re3, sum_im = im1 + im3;
    vreal turned_re = im3 - im1, turned_im = re1 - re3; /* i (a1 − a3) */
    y[0] = even_re + sum_re;
    y[1] = even_im + sum_im;
    y += out;
    y[0] = odd_re + turned_re;
    y[1] = odd_im + turned_im;
    if (half)
        return;
    y += out;
    y[0] = even_re - sum_re;
    y[1] = even_im - sum_im;
    y += out;
    y[0] = odd_re - turned_re;
    y[1] = odd_im - turned_im;
}

/* Four transforms of size q into one of 4q. */
RN_INLINE void join_four(vreal *x, int64_t q, const real *turns, int64_t step, int half)
{
    for (int64_t k = 0; k < q; k++)
        join_entries(x + 2 * k, 2 * q, turns, 2 * k * step, x + 2 * k, 2 * q, half);
}

/* Sixteen into one of 16q, so that what no longer fits in the first-level cache passes it once. */
static void join_sixteen(vreal *x, int64_t q, const real *turns, int half)
{
    for (int64_t k = 0; k < q; k++) {
        vreal middle[32], *y = x + 2 * k;
        for (int part = 0; part < 4; part++)
            join_entries(y + 8 * part * q, 2 * q, turns, 8 * k, middle + 8 * part, 2, 0);
        for (int m = 0; m < 4; m++)
            join_entries(middle + 2 * m, 8, turns, 2 * (k + m * q), y + 2 * m * q, 8 * q, half);
    }
}

/* Eight entries. */
static void join_eight(vreal *x, const real *turns, int64_t step)
{
    vreal y[16];
    __builtin_memcpy(y, x, sizeof y);
#pragma GCC unroll 4
    for (int part = 0; part < 4; part++)
        join_two(y + 4 * part);
#pragma GCC unroll 2
    for (int k = 0; k < 2; k++)
        join_entries(y + 2 * k, 4, turns, 2 * k * step, x + 2 * k, 4, 0);
}

static void join_all(vreal *x, int64_t n, int64_t done, const real *turns, int64_t step)
{
    if (n <= done)
        return;
    if (n == 2) {
        join_two(x);
        return;
    }
    if (FUSED && n == 8 && done == 1) {
        join_eight(x, turns, step);
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
    int64_t block = rn_fft_block(n), parts = FUSED && n > 4 * block ? 16 : 4, part = n / parts;
    if (n == block || (!FUSED && !half)) {
        join_all(x, n, block, turns, 1);
        return;
    }
    for (int p = 0; p < parts; p++)
        join_all(x + 2 * p * part, part, block, turns, parts);
    if (parts == 16)
        join_sixteen(x, part, turns, half);
    else
        join_four(x, part, turns, 1, FUSED ? half : 1);
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
