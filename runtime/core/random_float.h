/* SPDX-License-Identifier: Apache-2.0
 *
 * Normals in single precision, 32 or 64 pairs at a time, for the many that mix into one weight;
 * made like those of random_math.h.
 */
#ifndef RNET_CORE_RANDOM_FLOAT_H
#define RNET_CORE_RANDOM_FLOAT_H

#include <stdint.h>

#include "core/random.h"

/* Four of the widest vectors in step, where the registers hold what two would wait for. */
#ifdef __AVX512F__
#define RN_FLOAT_LANES 64
#else
#define RN_FLOAT_LANES 32
#endif

typedef uint32_t RnWord32 __attribute__((vector_size(4 * RN_FLOAT_LANES)));
typedef int32_t RnInts32 __attribute__((vector_size(4 * RN_FLOAT_LANES)));
typedef float RnFloat32 __attribute__((vector_size(4 * RN_FLOAT_LANES)));

RN_INLINE void rn_sqrt32(RnFloat32 *x)
{
#ifdef __clang__
    *x = __builtin_elementwise_sqrt(*x);
#else
    for (int lane = 0; lane < RN_FLOAT_LANES; lane++)
        (*x)[lane] = __builtin_sqrtf((*x)[lane]);
#endif
}

/* −2 log(x / 2^down) of normal positive floats that are at most 2^down; within 2 ulp, and never −0.
 * Powers of two scale without rounding, so they stand in constants where they cost nothing. */
RN_INLINE void rn_minus_two_log32(const RnFloat32 *x, int down, RnFloat32 *y)
{
    const uint32_t root_half = 0x3F3504F3u;
    RnWord32 bits = (RnWord32)*x - (root_half + ((uint32_t)down << 23));
    RnFloat32 k = __builtin_convertvector((RnInts32)bits >> 23, RnFloat32);
    RnFloat32 f = (RnFloat32)((bits & 0x007FFFFFu) + root_half) - 1.0f;
    RnFloat32 s = f / (f + 2.0f), z = s * s, q = z * 0x1.ddced8p-3f + 0x1.245c44p-2f;
    q = q * z + 0x1.9999ecp-2f;
    q = q * z + 0x1.555556p-1f;
    *y = ((s * (f - q * z) - k * 0x1.7f7d1cp-20f) - f) * 2.0f - k * 0x1.62e4p+0f;
}

/* sin and cos of 2πu, 0 ≤ u ≤ 1; within 3 ulp, or 2^-25 near their zeros. */
RN_INLINE void rn_turn32(const RnFloat32 *u, RnFloat32 *sine, RnFloat32 *cosine)
{
    RnFloat32 shifted = *u + 0x1.8p21f, r = *u - (shifted - 0x1.8p21f), z = r * r;
    RnFloat32 s = z * -0x1.2d9b4p+6f + 0x1.465ec4p+6f;
    RnFloat32 c = z * 0x1.db6492p+5f - 0x1.55cb98p+6f;
    s = s * z - 0x1.4abbbap+5f;
    c = c * z + 0x1.03c1eap+6f;
    c = c * z - 0x1.3bd3ccp+4f;
    RnWord32 sine_bits = (RnWord32)(r * 0x1.921fb6p+2f + r * z * s);
    RnWord32 cosine_bits = (RnWord32)(c * z + 1.0f);
    RnWord32 quadrant = (RnWord32)shifted, swap = -(quadrant & 1);
    RnWord32 changed = (sine_bits ^ cosine_bits) & swap;
    *sine = (RnFloat32)(sine_bits ^ changed ^ (quadrant & 2) << 30);
    *cosine = (RnFloat32)(cosine_bits ^ changed ^ ((quadrant + 1) & 2) << 30);
}

/* Pairs of normals from 32-bit words. The radius's uniform is exact where it is small, so the
 * tail reaches 6.6 standard deviations; beyond lie 5 draws in 10^11. */
RN_INLINE void rn_box_muller32(const RnWord32 words[2], RnFloat32 normal[2])
{
    /* 31 bits, for conversions of unsigned words are slow before AVX-512. */
    RnFloat32 u = __builtin_convertvector((RnInts32)(words[0] >> 1), RnFloat32);
    RnFloat32 angle = __builtin_convertvector((RnInts32)(words[1] >> 8), RnFloat32) * 0x1p-24f;
    u = u + 0.5f;
    RnFloat32 radius, sine, cosine;
    rn_minus_two_log32(&u, 31, &radius);
    rn_sqrt32(&radius);
    rn_turn32(&angle, &sine, &cosine);
    normal[0] = radius * cosine;
    normal[1] = radius * sine;
}

#endif
