/* SPDX-License-Identifier: Apache-2.0
 *
 * Normals in single precision, many pairs at a time, for the many that mix into one weight;
 * made like those of random_math.h.
 */
#ifndef RNET_CORE_RANDOM_FLOAT_H
#define RNET_CORE_RANDOM_FLOAT_H

#include <stdint.h>

#include "core/random.h"

/* Four of the widest vectors in step, where the registers hold what two would wait for. */
#if defined __AVX512F__
#define RN_FLOATS 64
#elif defined __AVX__
#define RN_FLOATS 32
#else
#define RN_FLOATS 16
#endif

typedef uint32_t RnWords __attribute__((vector_size(4 * RN_FLOATS)));
typedef int32_t RnIntegers __attribute__((vector_size(4 * RN_FLOATS)));
typedef float RnFloats __attribute__((vector_size(4 * RN_FLOATS)));

RN_INLINE void rn_float_roots(RnFloats *x)
{
#ifdef __clang__
    *x = __builtin_elementwise_sqrt(*x);
#else
    for (int lane = 0; lane < RN_FLOATS; lane++)
        (*x)[lane] = __builtin_sqrtf((*x)[lane]);
#endif
}

/* −2 log(x / 2^down) of normal positive floats that are at most 2^down; within 2 ulp, and never −0.
 * Powers of two scale without rounding, so they stand in constants where they cost nothing. */
RN_INLINE void rn_minus_two_logs(const RnFloats *x, int down, RnFloats *y)
{
    const uint32_t root_half = 0x3F3504F3u;
    RnWords bits = (RnWords)*x - (root_half + ((uint32_t)down << 23));
    RnFloats k = __builtin_convertvector((RnIntegers)bits >> 23, RnFloats);
    RnFloats f = (RnFloats)((bits & 0x007FFFFFu) + root_half) - 1.0f;
    RnFloats s = f / (f + 2.0f), z = s * s, q = z * 0x1.ddced8p-3f + 0x1.245c44p-2f;
    q = q * z + 0x1.9999ecp-2f;
    q = q * z + 0x1.555556p-1f;
    *y = ((s * (f - q * z) - k * 0x1.7f7d1cp-20f) - f) * 2.0f - k * 0x1.62e4p+0f;
}

/* sin and cos of 2πu, 0 ≤ u ≤ 1; within 3 ulp, or 2^-25 near their zeros. */
RN_INLINE void rn_float_turns(const RnFloats *u, RnFloats *sine, RnFloats *cosine)
{
    RnFloats shifted = *u + 0x1.8p21f, r = *u - (shifted - 0x1.8p21f), z = r * r;
    RnFloats s = z * -0x1.2d9b4p+6f + 0x1.465ec4p+6f;
    RnFloats c = z * 0x1.db6492p+5f - 0x1.55cb98p+6f;
    s = s * z - 0x1.4abbbap+5f;
    c = c * z + 0x1.03c1eap+6f;
    c = c * z - 0x1.3bd3ccp+4f;
    RnWords sine_bits = (RnWords)(r * 0x1.921fb6p+2f + r * z * s);
    RnWords cosine_bits = (RnWords)(c * z + 1.0f);
    RnWords quadrant = (RnWords)shifted, swap = -(quadrant & 1);
    RnWords changed = (sine_bits ^ cosine_bits) & swap;
    *sine = (RnFloats)(sine_bits ^ changed ^ (quadrant & 2) << 30);
    *cosine = (RnFloats)(cosine_bits ^ changed ^ ((quadrant + 1) & 2) << 30);
}

/* Pairs of normals from 32-bit words. The radius's uniform is exact where it is small, so the
 * tail reaches 6.6 standard deviations; beyond lie 5 draws in 10^11. */
RN_INLINE void rn_float_box_muller(const RnWords words[2], RnFloats normal[2])
{
    /* 31 bits, for conversions of unsigned words are slow before AVX-512. */
    RnFloats u = __builtin_convertvector((RnIntegers)(words[0] >> 1), RnFloats);
    RnFloats angle = __builtin_convertvector((RnIntegers)(words[1] >> 8), RnFloats) * 0x1p-24f;
    u = u + 0.5f;
    RnFloats radius, sine, cosine;
    rn_minus_two_logs(&u, 31, &radius);
    rn_float_roots(&radius);
    rn_float_turns(&angle, &sine, &cosine);
    normal[0] = radius * cosine;
    normal[1] = radius * sine;
}

#endif
