/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain vector arithmetic in double, with sums in a fixed order that vectorises: eight partial
 * sums, added up at the end.
 */
#ifndef RNET_LIB_DOT_H
#define RNET_LIB_DOT_H

#include <math.h>
#include <stdint.h>

static inline double rt_dot(const double *a, const double *b, int64_t n)
{
    double part[8] = {0}, sum = 0;
    int64_t whole = n / 8 * 8;
    for (int64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++)
            part[k] += a[i + k] * b[i + k];
    for (int64_t i = whole; i < n; i++)
        sum += a[i] * b[i];
    for (int k = 0; k < 8; k++)
        sum += part[k];
    return sum;
}

static inline double rt_norm(const double *a, int64_t n)
{
    return sqrt(rt_dot(a, a, n));
}

/* a += factor · b */
static inline void rt_add_scaled(double *restrict a, const double *restrict b, double factor,
                                 int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        a[i] += factor * b[i];
}

static inline void rt_scale(double *a, double factor, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        a[i] *= factor;
}

#endif
