/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing a group of sixteen complex paths.
 */
#include "core/path_draw.h"

#include "core/fft.h"

typedef double Wide __attribute__((vector_size(16 * sizeof(double))));

enum { NOISES = 2 * RN_PHILOX_BATCH }; /* complex ones, one a lane, of a batch */

#if RNK_IS(RNK_REAL)
/* Sixteen counters of a draw. */
RN_INLINE void draw_pairs(const RnBits16 bits[2], vreal noise[2])
{
    for (int first = 0; first < RNK_LANES; first += RN_DOUBLES) {
        RnDoubles normal[2];
        rn_box_muller(bits, first, normal);
        for (int part = 0; part < 2; part++)
            __builtin_memcpy((real *)&noise[part] + first, &normal[part], sizeof *normal);
    }
}
#endif

/* noise[2i], noise[2i + 1]: the parts of complex normals at high[i] < 2^32 of the counter's upper
 * half. In single precision many of them mix into one weight, so 32-bit uniforms do; each counter
 * then serves two lanes. Long code, and what it gives goes through memory: there once. */
static __attribute__((noinline)) void draw_noises(uint64_t stream, const RnBits16 *high,
                                                  int64_t group, vreal noise[2 * NOISES])
{
    RnBits16 bits[RN_PHILOX_BATCH][2];
#if RNK_IS(RNK_REAL)
    const RnBits16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const RnBits16 low = lane + (uint64_t)group * RN_PATH_LANES;
    for (int place = 0; place < 2; place++) {
        rn_philox_batch(stream, &low, high, (const int[]){place, place}, bits);
        for (int i = 0; i < RN_PHILOX_BATCH; i++)
            draw_pairs(bits[i], noise + 4 * i + 2 * place);
    }
#else
    const RnBits16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};
    const RnBits16 low = lane + (uint64_t)group * RN_RANDOM_LANES;
    rn_philox_batch(stream, &low, high, (const int[]){0, 1}, bits);
    enum { AT_ONCE = RN_FLOATS / RNK_LANES };
    for (int i = 0; i < NOISES; i += AT_ONCE, noise += 2 * AT_ONCE) {
        RnWords words[2];
        RnFloats normal[2];
#pragma GCC unroll 4
        for (int k = 0; k < AT_ONCE; k++)
#pragma GCC unroll 2
            for (int half = 0; half < 2; half++)
                __builtin_memcpy((vreal *)&words[half] + k,
                                 (const vreal *)&bits[(i + k) / 2][half] + (i + k) % 2,
                                 sizeof *noise);
        rn_float_box_muller(words, normal);
#pragma GCC unroll 4
        for (int k = 0; k < AT_ONCE; k++)
#pragma GCC unroll 2
            for (int part = 0; part < 2; part++)
                __builtin_memcpy(noise + 2 * k + part, (const vreal *)&normal[part] + k,
                                 sizeof *noise);
    }
#endif
}

static void draw_transform(const RnPath *path, const real *turns, uint64_t stream, int64_t group,
                           vreal *slot)
{
    int64_t n = path->points, block = rn_fft_block(n), j = 0;
    const real *spectrum = turns + 2 * n;
    /* the lowest bits of a place are the highest of its frequency */
    const RnBits16 order = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};
    for (int64_t p = 0; p < n; p += NOISES, j = rn_fft_next(j, n / NOISES)) {
        RnBits16 high = (order << (uint64_t)__builtin_ctzll((uint64_t)n) >> 4) + (uint64_t)j;
        vreal noise[2 * NOISES];
        draw_noises(stream, &high, group, noise);
        int64_t end = p + NOISES < n ? p + NOISES : n;
        for (int64_t i = 0; i < 2 * (end - p); i++)
            slot[2 * p + i] = noise[i] * spectrum[p + i / 2];
        if (end % block == 0)
            rn_fft(slot + 2 * (end - block), block, turns, n / block);
    }
    rn_fft_join(slot, n, turns, path->layers <= n / 2);
}

/* Noises number first … first + NOISES − 1. */
static __attribute__((noinline)) void draw_next(uint64_t stream, int64_t first, int64_t group,
                                                vreal noise[2 * NOISES])
{
    const RnBits16 number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    RnBits16 high = number + (uint64_t)first;
    draw_noises(stream, &high, group, noise);
}

/* Σ_j a_j cos + b_j sin at RN_PATH_STRIP layers; coefficients are four vectors a frequency: the
 * parts of a, the parts of b. */
static void sum_strip(const real *table, int64_t terms, const vreal *coefficients, vreal *out)
{
    vreal sum[2 * RN_PATH_STRIP] = {0};
    for (int64_t j = 0; j < terms; j++, table += 2 * RN_PATH_STRIP, coefficients += 4) {
#pragma GCC unroll 4
        for (int k = 0; k < RN_PATH_STRIP; k++) {
            real cosine = table[k], sine = table[RN_PATH_STRIP + k];
            sum[2 * k] += coefficients[0] * cosine + coefficients[2] * sine;
            sum[2 * k + 1] += coefficients[1] * cosine + coefficients[3] * sine;
        }
    }
    __builtin_memcpy(out, sum, sizeof sum);
}

static void draw_series(const RnPath *path, const real *table, uint64_t stream, int64_t group,
                        vreal *slot)
{
    int64_t terms = path->points;
    vreal *coefficients = slot + 2 * (path->layers + RN_PATH_STRIP);
    for (int64_t j = 0; j < 2 * terms; j += NOISES)
        draw_next(stream, j, group, coefficients + 2 * j);
    for (int64_t k = 0; k < path->layers; k += RN_PATH_STRIP)
        sum_strip(table + 2 * k * terms, terms, coefficients, slot + 2 * k);
}

/* One step of the state (x, y), stationary with unit variances and no correlation:
 *     x ← xx·x + xy·y + n1·first + n2·second,    y ← yx·x + yy·y + m1·first */
typedef struct Step {
    double xx, xy, yx, yy, n1, n2, m1, increment_variance;
} Step;

static Step step_ou(double rate)
{
    return (Step){.xx = rn_exp(-rate),
                  .n1 = __builtin_sqrt(rn_path_tail(2 * rate, 1)),
                  .increment_variance = 2 * rn_path_tail(rate, 1)};
}

/* x has covariance (1 + λt) e^{−λt}, y is its derivative over λ. The step's noise has covariance
 * I − A Aᵀ, here by its Cholesky factor with y first, each entry free of cancellation. */
static Step step_matern(double rate)
{
    double e = rn_exp(-rate), square = e * e, z = 2 * rate;
    double xx = rn_path_tail(z, 3), xy = 2 * rate * rate * square;
    double yy = rn_path_tail(z, 1) + square * (z - z * z / 2), m1 = __builtin_sqrt(yy);
    double rest = xx - xy * xy / yy;
    return (Step){.xx = e * (1 + rate),
                  .xy = e * rate,
                  .yx = -e * rate,
                  .yy = e * (1 - rate),
                  .n1 = xy / m1,
                  .n2 = __builtin_sqrt(rest > 0 ? rest : 0),
                  .m1 = m1,
                  .increment_variance = 2 * rn_path_tail(rate, 2)};
}

/* Layer k of OU takes noise k, of Matérn noises 2k and 2k + 1; a last step belongs to the last
 * increment. */
static void draw_markov(const RnPath *path, uint64_t stream, int64_t group, vreal *slot)
{
    int second = path->correlation == RN_CORRELATION_GP_MATERN32;
    double rate = (second ? 0x1.bb67ae8584caap+0 : 1.0) / path->parameter; /* √3 */
    Step step = second ? step_matern(rate) : step_ou(rate);
    double scale = 1 / __builtin_sqrt(step.increment_variance);
    vreal drawn[2 * NOISES];
    Wide x[2] = {0}, y[2] = {0};
    for (int64_t k = 0; k <= path->layers; k++, slot += 2) {
        int64_t number = (1 + second) * k, at = number % NOISES;
        if (at == 0)
            draw_next(stream, number, group, drawn);
        for (int part = 0; part < 2; part++) {
            Wide first = __builtin_convertvector(drawn[2 * at + part], Wide);
            Wide other = __builtin_convertvector(drawn[2 * (at + second) + part], Wide);
            Wide old = x[part];
            if (k == 0) { /* OU has no y, and multiplies it by 0 */
                x[part] = first;
                y[part] = other;
                continue;
            }
            x[part] = old * step.xx + y[part] * step.xy + first * step.n1 + other * step.n2;
            y[part] = old * step.yx + y[part] * step.yy + first * step.m1;
            Wide value = path->increments ? (x[part] - old) * scale : old;
            slot[part - 2] = __builtin_convertvector(value, vreal);
        }
    }
}

void rn_path_draw(const RnPath *path, const void *shared, uint64_t stream, int64_t group,
                  vreal *slot)
{
    if (path->method == RN_PATH_TRANSFORM)
        draw_transform(path, shared, stream, group, slot);
    else if (path->method == RN_PATH_SERIES)
        draw_series(path, shared, stream, group, slot);
    else
        draw_markov(path, stream, group, slot);
}
