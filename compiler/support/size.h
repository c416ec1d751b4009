/* SPDX-License-Identifier: Apache-2.0
 *
 * Checked arithmetic on sizes. Every function returns false on overflow and then leaves the result
 * unspecified; every product or sum that decides how much memory is touched goes through these.
 */
#ifndef RNET_SUPPORT_SIZE_H
#define RNET_SUPPORT_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool size_mul(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool size_add(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline bool int_mul(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool int_add(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline bool int_sub(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_sub_overflow(a, b, result);
}

#endif
