/* SPDX-License-Identifier: Apache-2.0
 *
 * Reals of either precision, and checked products of sizes. A program's reals are float or double;
 * the library sees them through a pointer and a size of 4 or 8.
 */
#ifndef RNET_LIB_REAL_H
#define RNET_LIB_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline double rt_real(const void *values, int64_t i, int32_t real_size)
{
    return real_size == 4 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

static inline void rt_set_real(void *values, int64_t i, int32_t real_size, double value)
{
    if (real_size == 4)
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

static inline bool rt_mul(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool rt_add(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

/* Bytes of `count` rows of `width` items of `size` bytes; false on overflow or a negative. */
static inline bool rt_bytes(int64_t count, int64_t width, size_t size, size_t *result)
{
    size_t items;
    return count >= 0 && width >= 0 && rt_mul((size_t)count, (size_t)width, &items) &&
           rt_mul(items, size, result) && *result <= PTRDIFF_MAX;
}

/* Product of a shape, which the compiler has checked to fit. */
static inline int64_t rt_elements(const int64_t *shape, int32_t rank)
{
    int64_t product = 1;
    for (int32_t i = 0; i < rank; i++)
        product *= shape[i];
    return product;
}

#endif
