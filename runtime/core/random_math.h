/* SPDX-License-Identifier: Apache-2.0
 *
 * Logarithm, exponential, sine and cosine for drawing weights, several vectors of doubles at a
 * time, for one alone would wait for its own results. random_float.h has floats. They use +, −, ·,
 * / and square roots alone, each rounded once and never fused, so their bits are the same on every
 * machine. Polynomials interpolate at Chebyshev points; errors stated are of the whole function,
 * and tests hold them against libm.
 */
#ifndef RNET_CORE_RANDOM_MATH_H
#define RNET_CORE_RANDOM_MATH_H

#include "core/random.h"

typedef uint64_t RnBits16 __attribute__((vector_size(128)));
typedef double RnDouble16 __attribute__((vector_size(128)));

/* Before AVX registers hold little of sixteen, and code for all of them in a row is long. */
#ifdef __AVX__
#define RN_DOUBLES 16
#else
#define RN_DOUBLES 8
#endif

typedef uint64_t RnBits __attribute__((vector_size(8 * RN_DOUBLES)));
typedef int64_t RnInts __attribute__((vector_size(8 * RN_DOUBLES)));
typedef double RnDoubles __attribute__((vector_size(8 * RN_DOUBLES)));

RN_INLINE void rn_roots(RnDoubles *x)
{
#ifdef __clang__
    *x = __builtin_elementwise_sqrt(*x);
#else
    for (int lane = 0; lane < RN_DOUBLES; lane++)
        (*x)[lane] = __builtin_sqrt((*x)[lane]);
#endif
}

/* Natural logarithm of normal positive numbers; within 1 ulp.
 * x = 2^k (1 + f) with 1 + f in [√½, √2), s = f / (2 + f), log(1 + f) = 2 artanh s
 * = f − s (f − z Q(z)), z = s²: the big part f is exact. */
RN_INLINE void rn_logs(const RnDoubles *x, RnDoubles *y)
{
    const uint64_t root_half = 0x3FE6A09E667F3BCDu;
    RnBits bits = (RnBits)*x - root_half;
    RnInts exponent = (RnInts)bits >> 52;
    RnDoubles f = (RnDoubles)((bits & 0x000FFFFFFFFFFFFFu) + root_half) - 1.0;
    /* To double by way of the mantissa of 1.5 · 2^52: AVX2 has no conversion of 64-bit integers. */
    RnDoubles k = (RnDoubles)(exponent + 0x4338000000000000) - 0x1.8p52;
    RnDoubles s = f / (f + 2.0), z = s * s, q = z * 0x1.2b584aae78a57p-3 + 0x1.39fe606542ddep-3;
    q = q * z + 0x1.7462b4ab2ef6bp-3;
    q = q * z + 0x1.c71c62e5800a1p-3;
    q = q * z + 0x1.2492492df148dp-2;
    q = q * z + 0x1.99999999952e2p-2;
    q = q * z + 0x1.5555555555558p-1;
    const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    *y = k * ln2_high + (f - (s * (f - q * z) - k * ln2_low));
}

/* sin 2πu and cos 2πu, 0 ≤ u ≤ 1; within 3 ulp. r = u − q/4 is exact, |r| ≤ 1/8. */
RN_INLINE void rn_turns(const RnDoubles *u, RnDoubles *sine, RnDoubles *cosine)
{
    /* A sum near 2^51 rounds to quarters, and counts them in its lowest bits. */
    RnDoubles shifted = *u + 0x1.8p50, r = *u - (shifted - 0x1.8p50), z = r * r;
    RnDoubles s = z * 0x1.e4a9d9166f052p+1 - 0x1.e3027dea82bd7p+3;
    RnDoubles c = z * -0x1.b2f3eb054afcdp+0 + 0x1.f9ce245cada0bp+2;
    s = s * z + 0x1.50783208843ebp+5;
    c = c * z - 0x1.a6d1eef479be1p+4;
    s = s * z - 0x1.32d2cce500387p+6;
    c = c * z + 0x1.e1f5068688d5bp+5;
    s = s * z + 0x1.466bc6775a476p+6;
    c = c * z - 0x1.55d3c7e3cb241p+6;
    s = s * z - 0x1.4abbce625be52p+5;
    c = c * z + 0x1.03c1f081b5ac0p+6;
    c = c * z - 0x1.3bd3cc9be45dep+4;
    RnBits sine_bits = (RnBits)(r * 0x1.921fb54442d18p+2 + r * z * s);
    RnBits cosine_bits = (RnBits)(c * z + 1.0);
    /* Quadrant q: odd ones swap the two; signs are bit 1 of q and of q + 1. */
    RnBits quadrant = (RnBits)shifted, swap = -(quadrant & 1);
    RnBits changed = (sine_bits ^ cosine_bits) & swap;
    *sine = (RnDoubles)(sine_bits ^ changed ^ (quadrant & 2) << 62);
    *cosine = (RnDoubles)(cosine_bits ^ changed ^ ((quadrant + 1) & 2) << 62);
}

/* e^x for x ≤ 700; within 1 ulp, and 0 below −700. */
RN_INLINE double rn_exp(double x)
{
    static const double rest[] = {0x1.1f72fc730b4ffp-29,
                                  0x1.af4ddd84882fep-26,
                                  0x1.27e4db67b4303p-22,
                                  0x1.71de02375656cp-19,
                                  0x1.a01a01a6d7808p-16,
                                  0x1.a01a01abe62ddp-13,
                                  0x1.6c16c16c162d6p-10,
                                  0x1.11111111100dfp-7,
                                  0x1.5555555555556p-5,
                                  0x1.5555555555557p-3,
                                  0x1p-1};
    if (x < -700)
        return 0;
    double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52, k = shifted - 0x1.8p52;
    double r = x - k * 0x1.62e42feep-1 - k * 0x1.a39ef35793c76p-33, p = rest[0];
    for (int i = 1; i < 11; i++)
        p = p * r + rest[i];
    union {
        uint64_t bits;
        double value;
    } power = {.bits = (uint64_t)((int64_t)k + 1023) << 52};
    return (r + r * r * p + 1.0) * power.value;
}

RN_INLINE double rn_log(double x)
{
    RnDoubles v = (RnDoubles){} + x;
    rn_logs(&v, &v);
    return v[0];
}

/* sin and cos of 2πu. */
RN_INLINE void rn_turn(double u, double *sine, double *cosine)
{
    RnDoubles v = (RnDoubles){} + u, s, c;
    rn_turns(&v, &s, &c);
    *sine = s[0];
    *cosine = c[0];
}

/* Pairs of normals from the bits of counters first … first + RN_DOUBLES − 1 of sixteen: normal[0]
 * the cosine halves, normal[1] the sine ones. */
RN_INLINE void rn_box_muller(const RnBits16 bits[2], int first, RnDoubles normal[2])
{
    RnDoubles u[2], radius, sine, cosine;
#pragma GCC unroll 2
    for (int half = 0; half < 2; half++) {
        RnBits piece;
        __builtin_memcpy(&piece, (const uint64_t *)&bits[half] + first, sizeof piece);
        u[half] = (RnDoubles)(piece >> 12 | 0x3FF0000000000000u) - (1.0 - 0x1p-53);
    }
    rn_logs(&u[0], &radius);
    radius = radius * -2.0;
    rn_roots(&radius);
    rn_turns(&u[1], &sine, &cosine);
    normal[0] = radius * cosine;
    normal[1] = radius * sine;
}

#endif
