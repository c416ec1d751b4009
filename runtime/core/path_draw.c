/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing a group of sixteen complex paths.
 */
#include "core/path_draw.h"

#include "core/fft.h"

typedef double Wide __attribute__((vector_size(16 * sizeof(double))));

/* Complex normals, one a lane, at count ≤ RN_PHILOX_BATCH pairs of places of the counter's upper
 * half: noise[4i], noise[4i + 1] are the parts at high[i][0]. In single precision many of them mix
 * into one weight, so 32-bit uniforms do; each counter then serves two lanes. Long code, and what
 * it gives goes through memory: there once. */
static __attribute__((noinline)) void draw_noises(uint64_t stream, const uint64_t (*high)[2],
                                                  int count, int64_t group, vreal *noise)
{
    RnBits16 low[RN_PHILOX_BATCH], bits[RN_PHILOX_BATCH][2];
#if RNK_IS(RNK_REAL)
    const RnBits16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int place = 0; place < 2; place++) {
        uint64_t both[RN_PHILOX_BATCH][2];
        for (int i = 0; i < count; i++) {
            low[i] = lane + (uint64_t)group * RN_PATH_LANES;
            both[i][0] = both[i][1] = high[i][place];
        }
        rn_philox_draws(stream, count, low, both, bits);
        for (int i = 0; i < count; i++) {
            RnDouble16 normal[2];
            rn_normal_pairs(bits[i], normal);
            __builtin_memcpy(noise + 4 * i + 2 * place, normal, sizeof normal);
        }
    }
#else
    const RnBits16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = 0; i < count; i++)
        low[i] = lane + (uint64_t)group * RN_RANDOM_LANES;
    rn_philox_draws(stream, count, low, high, bits);
    for (int i = 0; i < count; i++, noise += 4) {
        RnWord32 words[2] = {(RnWord32)bits[i][0], (RnWord32)bits[i][1]};
        RnFloat32 normal[2];
        rn_box_muller32(words, normal);
        const char *cosine = (const char *)&normal[0], *sine = (const char *)&normal[1];
        for (int place = 0; place < 2; place++) {
            __builtin_memcpy(&noise[2 * place], cosine + place * sizeof *noise, sizeof *noise);
            __builtin_memcpy(&noise[2 * place + 1], sine + place * sizeof *noise, sizeof *noise);
        }
    }
#endif
}

RN_INLINE void draw_noise(uint64_t stream, const uint64_t high[2], int64_t group, vreal noise[4])
{
    draw_noises(stream, &(const uint64_t[2]){high[0], high[1]}, 1, group, noise);
}

static void draw_transform(const RnPath *path, const real *turns, uint64_t stream, int64_t group,
                           vreal *slot)
{
    int64_t n = path->points, block = rn_fft_block(n), j = 0;
    const real *spectrum = turns + 2 * n;
    for (int64_t p = 0; p < n; p += 2 * RN_PHILOX_BATCH) {
        /* p is even and so lacks the lowest bit, which is j's highest */
        int count = n - p < 2 * RN_PHILOX_BATCH ? (int)(n - p) / 2 : RN_PHILOX_BATCH;
        uint64_t high[RN_PHILOX_BATCH][2];
        for (int i = 0; i < count; i++, j = rn_fft_next(j + n / 2, n)) {
            high[i][0] = (uint64_t)j;
            high[i][1] = (uint64_t)(j + n / 2);
        }
        vreal noise[4 * RN_PHILOX_BATCH];
        draw_noises(stream, high, count, group, noise);
        for (int part = 0; part < 4 * count; part++)
            slot[2 * p + part] = noise[part] * spectrum[p + part / 2];
        int64_t end = p + 2 * count;
        if (end % block == 0)
            rn_fft(slot + 2 * (end - block), block, turns, n / block);
    }
    rn_fft_join(slot, n, turns, path->layers <= n / 2);
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
    for (uint64_t j = 0; j < 2 * (uint64_t)terms; j += 2)
        draw_noise(stream, (const uint64_t[]){j, j + 1}, group, coefficients + 2 * j);
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

/* Noise numbers 2 pair and 2 pair + 1, in double. */
RN_INLINE void draw_wide(uint64_t stream, int64_t pair, int64_t group, Wide noise[4])
{
    vreal drawn[4];
    uint64_t first = 2 * (uint64_t)pair;
    draw_noise(stream, (const uint64_t[]){first, first + 1}, group, drawn);
    for (int part = 0; part < 4; part++)
        noise[part] = __builtin_convertvector(drawn[part], Wide);
}

/* Layer k of OU takes noise k, of Matérn noises 2k and 2k + 1; a last step belongs to the last
 * increment. */
static void draw_markov(const RnPath *path, uint64_t stream, int64_t group, vreal *slot)
{
    int second = path->correlation == RN_CORRELATION_GP_MATERN32;
    double rate = (second ? 0x1.bb67ae8584caap+0 : 1.0) / path->parameter; /* √3 */
    Step step = second ? step_matern(rate) : step_ou(rate);
    double scale = 1 / __builtin_sqrt(step.increment_variance);
    Wide noise[4], x[2], y[2] = {0};
    draw_wide(stream, 0, group, noise);
    for (int part = 0; part < 2; part++) {
        x[part] = noise[part];
        y[part] = second ? noise[2 + part] : y[part];
    }
    for (int64_t k = 0; k < path->layers; k++) {
        int odd = !second && k % 2 == 0; /* noise k + 1 is the second of its pair */
        if (!odd)
            draw_wide(stream, second ? k + 1 : (k + 1) / 2, group, noise);
        for (int part = 0; part < 2; part++) {
            Wide old = x[part], first = noise[odd ? 2 + part : part];
            x[part] =
                old * step.xx + y[part] * step.xy + first * step.n1 + noise[2 + part] * step.n2;
            y[part] = old * step.yx + y[part] * step.yy + first * step.m1;
            Wide value = path->increments ? (x[part] - old) * scale : old;
            slot[2 * k + part] = __builtin_convertvector(value, vreal);
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
