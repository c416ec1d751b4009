/* SPDX-License-Identifier: Apache-2.0
 *
 * Planning a path: method, sizes, spectra and tables.
 */
#include "core/path.h"

#include "core/fft.h"
#include "core/path_draw.h"

enum {
    MOST_TERMS = 64, /* where a series costs what a transform does */
    SERIES_FROM = 4, /* lag from which a series replaces differences of powers … */
    SERIES_END = 27  /* … and whose power at that order is below rounding */
};
static const double RBF_REACH = 8.7;  /* exp(−8.7² / 2) is below the rounding of 1 */
static const double SHORTEST = 0.1;   /* layers: neighbours correlate by less than 2e-22 */
static const double DEEPEST = 0x1p31; /* frequencies and steps are 32 bits of a counter */
static const double LONGEST = 1e6;    /* depths: constant to 1e-12 */

/* 1 − e^{-z} Σ_{n<m} z^n / n!, without cancellation. */
double rn_path_tail(double z, int m)
{
    double term = rn_exp(-z), sum = 0;
    if (z > 1) {
        for (int n = 0; n < m; n++, term *= z / n)
            sum += term;
        return 1 - sum;
    }
    for (int n = 1; n <= m; n++)
        term *= z / n;
    for (int n = m + 1; n <= m + 20; n++, term *= z / (n - 1))
        sum += term;
    return sum;
}

/* Long code, and not where time goes: there once. */
static __attribute__((noinline)) double power(double base, double exponent)
{
    return rn_exp(exponent * rn_log(base));
}

/* ½ (|k−1|^2H − 2 k^2H + (k+1)^2H); at long lags by its series in 1/k². */
double rn_path_noise_covariance(double hurst, int64_t lag)
{
    double h = 2 * hurst, k = (double)lag;
    if (lag == 0)
        return 1;
    double term = power(k, h), sum = 0, before = 1;
    if (lag < SERIES_FROM)
        return (power(k + 1, h) - 2 * term + (lag > 1 ? power(k - 1, h) : 0)) / 2;
    for (int n = 1; n <= SERIES_END && sum != before; n += 2) { /* Σ C(2H, 2j) k^{2H − 2j} */
        term *= (h - n + 1) * (h - n) / (n * (n + 1.0)) / (k * k);
        before = sum;
        sum += term;
    }
    return sum;
}

/* Spectral density of the rbf kernel at turns u a layer, summed over aliases. */
static double rbf_density(double length, double u)
{
    const double two_pi = 0x1.921fb54442d18p+2, root_two_pi = 2.5066282746310002;
    int reach = (int)(RBF_REACH / (two_pi * length) + 1.5);
    double sum = 0;
    for (int alias = -reach; alias <= reach; alias++) {
        double z = two_pi * (u + alias) * length;
        sum += rn_exp(z * z * -0.5);
    }
    return sum * root_two_pi * length;
}

/* Factor of the density of increments of unit variance. */
static double increment_density(const RnPath *path, double u)
{
    double sine, cosine;
    if (!path->increments)
        return 1;
    rn_turn(u / 2, &sine, &cosine);
    double variance = 2 * rn_path_tail(0.5 / (path->parameter * path->parameter), 1);
    return 4 * sine * sine / variance;
}

void rn_path_roots(const RnPath *path, double *roots, double *scratch)
{
    int64_t n = path->points;
    for (int64_t k = 0; k <= n / 2; k++) {
        double u = (double)k / (double)n;
        roots[k] = path->correlation == RN_CORRELATION_FBM
                       ? rn_path_noise_covariance(path->parameter, k)
                       : rbf_density(path->parameter, u) * increment_density(path, u);
    }
    if (path->correlation == RN_CORRELATION_FBM)
        rn_fft_even(roots, n, scratch);
    for (int64_t k = 0; k <= n / 2; k++) /* rounding may leave −1e-16 for 0 */
        roots[k] = roots[k] > 0 ? __builtin_sqrt(roots[k] / (double)n) : 0;
}

static void prepare_transform(const RnPath *path, real *turns)
{
    int64_t n = path->points;
    real *spectrum = turns + 2 * n;
    double *roots = (double *)(spectrum + n);
    rn_fft_turns(turns, n);
    rn_path_roots(path, roots, roots + n);
    for (int64_t p = 0, j = 0; p < n; p++, j = rn_fft_next(j, n))
        spectrum[p] = (real)roots[2 * j <= n ? j : n - j];
}

/* Per layer, in runs of RN_PATH_STRIP layers a frequency: amplitude times cos, then times sin. */
static void prepare_series(const RnPath *path, real *table)
{
    double density[MOST_TERMS];
    for (int64_t j = 0; j < path->points; j++) {
        double u = (double)j / path->period, z = 0x1.921fb54442d18p+2 * u * path->parameter;
        double value = 2.5066282746310002 * path->parameter * rn_exp(z * z * -0.5);
        value *= increment_density(path, u) / path->period;
        density[j] = __builtin_sqrt(j ? 2 * value : value);
    }
    for (int64_t first = 0; first < path->layers; first += RN_PATH_STRIP)
        for (int64_t j = 0; j < path->points; j++, table += 2 * RN_PATH_STRIP)
            for (int64_t k = 0; k < RN_PATH_STRIP; k++) {
                double turns = (double)j * (double)(first + k) / path->period, sine, cosine;
                rn_turn(turns - (double)(int64_t)turns, &sine, &cosine);
                table[k] = (real)(density[j] * cosine);
                table[RN_PATH_STRIP + k] = (real)(density[j] * sine);
            }
}

void rn_path_prepare(const RnPath *path, void *shared)
{
    if (path->method == RN_PATH_TRANSFORM)
        prepare_transform(path, shared);
    else if (path->method == RN_PATH_SERIES)
        prepare_series(path, shared);
}

static int plan_sizes(RnPath *path)
{
    size_t n = (size_t)path->points, layers = (size_t)path->layers + RN_PATH_STRIP, rows = layers;
    path->shared_bytes = 0;
    if (path->method == RN_PATH_TRANSFORM) {
        if (__builtin_mul_overflow(n, 3 * sizeof(real) + 5 * sizeof(double), &path->shared_bytes))
            return 0;
        rows = n > layers ? n : layers;
    } else if (path->method == RN_PATH_SERIES) {
        if (__builtin_mul_overflow(layers, 2 * n * sizeof(real), &path->shared_bytes))
            return 0;
        rows += 2 * n + 2 * RN_PHILOX_BATCH; /* the coefficients, in whole batches */
    }
    return !__builtin_mul_overflow(rows, 2 * sizeof(vreal), &path->slot_bytes);
}

static int64_t power_of_two(double least)
{
    int64_t n = 2;
    while ((double)n < least)
        n *= 2;
    return n;
}

int rn_path_plan(RnPath *path)
{
    double depth = (double)path->layers;
    if (path->layers < 1 || depth >= DEEPEST || !(path->parameter > 0))
        return 0;
    if (path->correlation == RN_CORRELATION_FBM) {
        path->method = RN_PATH_TRANSFORM;
        path->points = power_of_two(2 * depth);
        return path->parameter < 1 && plan_sizes(path);
    }
    double length = (path->parameter < LONGEST ? path->parameter : LONGEST) * depth;
    path->parameter = length > SHORTEST ? length : SHORTEST;
    path->method = RN_PATH_MARKOV;
    if (path->correlation != RN_CORRELATION_GP_RBF)
        return plan_sizes(path);
    path->period = depth + 1 + RBF_REACH * path->parameter;
    double terms = RBF_REACH * path->period / (0x1.921fb54442d18p+2 * path->parameter) + 2;
    path->method = (int64_t)terms <= MOST_TERMS ? RN_PATH_SERIES : RN_PATH_TRANSFORM;
    path->points = path->method == RN_PATH_SERIES ? (int64_t)terms : power_of_two(path->period);
    return plan_sizes(path);
}
