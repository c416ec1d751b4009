/* SPDX-License-Identifier: Apache-2.0
 *
 * Fixed orthogonal filters of a tile: permutations, reflections, Hadamard matrices.
 */
#include "kernels/kernels.h"

#include <math.h>

static void copy(const real *x, real *y, int64_t rows, int64_t width)
{
    __builtin_memcpy(y, x, (size_t)rows * (size_t)width * sizeof(real));
}

RNK_API void rnk_permute(const real *x, real *y, int64_t rows, int64_t width, const real *index)
{
    for (int64_t r = 0; r < rows; r++)
        copy(x + (int64_t)index[r] * width, y + r * width, 1, width);
}

RNK_API void rnk_permute_back(const real *d, real *y, int64_t rows, int64_t width,
                              const real *index)
{
    for (int64_t r = 0; r < rows; r++)
        copy(d + r * width, y + (int64_t)index[r] * width, 1, width);
}

RNK_API void rnk_cycle(const real *x, real *y, int64_t rows, int64_t width)
{
    copy(x + (rows - 1) * width, y, 1, width);
    copy(x, y + width, rows - 1, width);
}

RNK_API void rnk_cycle_back(const real *d, real *y, int64_t rows, int64_t width)
{
    copy(d + width, y, rows - 1, width);
    copy(d, y + (rows - 1) * width, 1, width);
}

/* y −= 2 v (vᵀ y) */
static void reflect(real *y, int64_t rows, int64_t width, const real *v)
{
    for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
        vreal sum = {};
        for (int64_t r = 0; r < rows; r++)
            sum = rnk_fma(rnk_splat(v[r]), rnk_load(y + r * width + lane), sum);
        sum = sum * -2;
        for (int64_t r = 0; r < rows; r++) {
            real *at = y + r * width + lane;
            rnk_store(at, rnk_fma(rnk_splat(v[r]), sum, rnk_load(at)));
        }
    }
}

RNK_API void rnk_householder(const real *x, real *y, int64_t rows, int64_t width,
                             const real *vectors, int64_t count)
{
    copy(x, y, rows, width);
    for (int64_t i = 0; i < count; i++)
        reflect(y, rows, width, vectors + i * rows);
}

RNK_API void rnk_householder_back(const real *d, real *y, int64_t rows, int64_t width,
                                  const real *vectors, int64_t count)
{
    copy(d, y, rows, width);
    for (int64_t i = count - 1; i >= 0; i--)
        reflect(y, rows, width, vectors + i * rows);
}

/* One stage of the fast transform: sums and differences of rows `half` apart. */
static void butterflies(real *y, int64_t rows, int64_t width, int64_t half)
{
    for (int64_t base = 0; base < rows; base += 2 * half)
        for (int64_t r = base; r < base + half; r++)
            for (int64_t lane = 0; lane < width; lane += RNK_LANES) {
                real *upper = y + r * width + lane, *lower = upper + half * width;
                vreal a = rnk_load(upper), b = rnk_load(lower);
                rnk_store(upper, a + b);
                rnk_store(lower, a - b);
            }
}

static void scale_rows(const real *x, real *y, int64_t rows, int64_t width, const real *signs,
                       real scale)
{
    for (int64_t r = 0; r < rows; r++) {
        real factor = signs ? signs[r] * scale : scale;
        for (int64_t lane = 0; lane < width; lane += RNK_LANES)
            rnk_store(y + r * width + lane, rnk_load(x + r * width + lane) * factor);
    }
}

static void transform(real *y, int64_t rows, int64_t width)
{
    for (int64_t half = 1; half < rows; half *= 2)
        butterflies(y, rows, width, half);
}

RNK_API void rnk_hadamard(const real *x, real *y, int64_t rows, int64_t width, const real *signs)
{
    scale_rows(x, y, rows, width, signs, (real)(1 / sqrt((double)rows)));
    transform(y, rows, width);
}

RNK_API void rnk_hadamard_back(const real *d, real *y, int64_t rows, int64_t width,
                               const real *signs)
{
    copy(d, y, rows, width);
    transform(y, rows, width);
    scale_rows(y, y, rows, width, signs, (real)(1 / sqrt((double)rows)));
}
