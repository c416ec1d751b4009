/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms over the rows of a tile: every lane is a sample of its own, sums ascend along the rows.
 *
 * Backward takes the forward input again and repeats the sums: they cost less than keeping them.
 */
#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

static const real EPSILON = (real)1e-5;

/* 1 / √(sum / n + ε) */
INLINE vreal inverse_root(vreal sum, int64_t n)
{
    return 1 / __builtin_elementwise_sqrt(sum / (real)n + EPSILON);
}

INLINE vreal mean_of(const real *x, int64_t n, int64_t width)
{
    vreal sum = {};
    for (int64_t r = 0; r < n; r++)
        sum = sum + rnk_load(x + r * width);
    return sum / (real)n;
}

/* Σ (x − mean)² */
INLINE vreal squares_of(const real *x, vreal mean, int64_t n, int64_t width)
{
    vreal sum = {};
    for (int64_t r = 0; r < n; r++) {
        vreal centred = rnk_load(x + r * width) - mean;
        sum = rnk_fma(centred, centred, sum);
    }
    return sum;
}

INLINE void scale_column(const real *x, real *y, vreal mean, int64_t n, int64_t width)
{
    vreal scale = inverse_root(squares_of(x, mean, n, width), n);
    for (int64_t r = 0; r < n; r++)
        rnk_store(y + r * width, (rnk_load(x + r * width) - mean) * scale);
}

/* y = s·(d − c − z·mean(d·z)) with z = (x − mean)·s; c is the mean of d, or 0. */
INLINE void scale_column_back(const real *x, const real *d, real *y, vreal mean, vreal centre,
                              int64_t n, int64_t width)
{
    vreal scale = inverse_root(squares_of(x, mean, n, width), n), sum = {};
    for (int64_t r = 0; r < n; r++) {
        vreal z = (rnk_load(x + r * width) - mean) * scale;
        sum = rnk_fma(rnk_load(d + r * width), z, sum);
    }
    sum = sum / (real)n;
    for (int64_t r = 0; r < n; r++) {
        vreal z = (rnk_load(x + r * width) - mean) * scale;
        vreal rest = rnk_fma(-z, sum, rnk_load(d + r * width) - centre);
        rnk_store(y + r * width, rest * scale);
    }
}

RNK_API void rnk_layernorm(const real *x, real *y, int64_t n, int64_t groups, int64_t width)
{
    for (int64_t g = 0; g < groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            const real *from = x + g * n * width + lane;
            scale_column(from, y + g * n * width + lane, mean_of(from, n, width), n, width);
        }
}

RNK_API void rnk_layernorm_back(const real *x, const real *d, real *y, int64_t n, int64_t groups,
                                int64_t width)
{
    for (int64_t g = 0; g < groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            int64_t at = g * n * width + lane;
            scale_column_back(x + at, d + at, y + at, mean_of(x + at, n, width),
                              mean_of(d + at, n, width), n, width);
        }
}

RNK_API void rnk_rmsnorm(const real *x, real *y, int64_t n, int64_t groups, int64_t width)
{
    for (int64_t g = 0; g < groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            int64_t at = g * n * width + lane;
            scale_column(x + at, y + at, (vreal){}, n, width);
        }
}

RNK_API void rnk_rmsnorm_back(const real *x, const real *d, real *y, int64_t n, int64_t groups,
                              int64_t width)
{
    for (int64_t g = 0; g < groups; g++)
        for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
            int64_t at = g * n * width + lane;
            scale_column_back(x + at, d + at, y + at, (vreal){}, (vreal){}, n, width);
        }
}
