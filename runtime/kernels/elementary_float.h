/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementary functions of floats, 16 lanes at a time.
 *
 * Whole numbers come from adding a constant that leaves no room for fractions, never from a
 * conversion, which is undefined for NaN and far values.
 */
#ifndef RNET_KERNELS_ELEMENTARY_FLOAT_H
#define RNET_KERNELS_ELEMENTARY_FLOAT_H

#include <math.h>

typedef int32_t RnkInts __attribute__((vector_size(64)));
typedef double RnkWide __attribute__((vector_size(128)));
typedef int64_t RnkLongs __attribute__((vector_size(128)));

#define RNK_C(value) rnk_splat(value)

/* c[0] + c[1] x + … + c[count − 1] x^(count − 1) */
RNK_ELEMENTARY vreal rnk_polynomial(vreal x, const float *c, int count)
{
    vreal sum = RNK_C(c[count - 1]);
#pragma clang loop unroll(full)
    for (int i = count - 2; i >= 0; i--)
        sum = rnk_fma(sum, x, RNK_C(c[i]));
    return sum;
}

/* e^x, 2 ulp, down to the smallest subnormal. x = n·ln 2 + r, e^r = 1 + r + r²q(r). */
RNK_ELEMENTARY vreal rnk_exp(vreal x)
{
    static const float q[] = {0x1p-1f, 0x1.5554dcp-3f, 0x1.555518p-5f, 0x1.120be2p-7f,
                              0x1.6d117cp-10f};
    const vreal whole = RNK_C(0x1.8p23f);
    x = rnk_select(x < -104, RNK_C(-104), x); /* e^−104 is below half the smallest float */
    x = rnk_select(x > 89, RNK_C(89), x);     /* e^89 is above the greatest */
    vreal shifted = rnk_fma(x, RNK_C(0x1.715476p+0f), whole);
    vreal n = shifted - whole;
    vreal r = rnk_fma(n, RNK_C(-0x1.62e4p-1f), x); /* ln 2 to 15 bits: exact */
    r = rnk_fma(n, RNK_C(-0x1.7f7d1cp-20f), r);
    vreal power = rnk_fma(r * r, rnk_polynomial(r, q, 5), r) + 1;
    RnkInts exponent = (RnkInts)shifted - (RnkInts)whole;
    RnkInts half = exponent >> 1; /* in two factors, for subnormals and overflow */
    return power * (vreal)((half + 127) << 23) * (vreal)((exponent - half + 127) << 23);
}

/* 1 − e^−y for y ≥ 0, 2 ulp. */
RNK_ELEMENTARY vreal rnk_gap(vreal y)
{
    static const float q[] = {0x1p-1f,        0x1.555546p-3f,  0x1.55513cp-5f,
                              0x1.10abfap-7f, 0x1.632ff4p-10f, 0x1.41409ep-13f};
    vreal small = rnk_fma(-y * y, rnk_polynomial(-y, q, 6), y);
    return rnk_select(y < 0.7f, small, 1 - rnk_exp(-y));
}

/* 3 ulp. A polynomial below 0.625, 1 − 2/(e^2x + 1) above. */
RNK_ELEMENTARY vreal rnk_tanh(vreal x)
{
    static const float p[] = {-0x1.555552p-2f, 0x1.110e1cp-3f, -0x1.b9258ap-5f, 0x1.58048ep-6f,
                              -0x1.8f8de4p-8f};
    vreal size = __builtin_elementwise_abs(x), square = x * x;
    vreal small = rnk_fma(x * square, rnk_polynomial(square, p, 5), x);
    vreal large = 1 - 2 / (rnk_exp(2 * size) + 1);
    return rnk_select(size < 0.625f, small, __builtin_elementwise_copysign(large, x));
}

/* 3 ulp. */
RNK_ELEMENTARY vreal rnk_sigmoid(vreal x)
{
    vreal e = rnk_exp(-__builtin_elementwise_abs(x));
    return rnk_select(x < 0, e, RNK_C(1)) / (1 + e);
}

/* 3 ulp. A polynomial below 1, 1 − e^−p(x) up to 4, where erf rounds to 1. */
RNK_ELEMENTARY vreal rnk_erf(vreal x)
{
    static const float p[] = {0x1.20dd74p+0f, -0x1.81273ep-2f,  0x1.ce2d1p-4f, -0x1.b7faba0p-6f,
                              0x1.541270p-8f, -0x1.a45088p-11f, 0x1.4a569p-14f};
    static const float q[] = {-0x1.918d1p-11f, -0x1.203a9p+0f,  -0x1.473d86p-1f, -0x1.a70a1ap-4f,
                              0x1.725b4ap-6f,  -0x1.c1e29ap-9f, 0x1.4c5522p-12f, -0x1.bd58b8p-17f};
    vreal size = __builtin_elementwise_abs(x), square = x * x;
    vreal small = x * rnk_polynomial(square, p, 7);
    vreal near = rnk_select(size > 4, RNK_C(4), size);
    vreal large = 1 - rnk_exp(rnk_polynomial(near, q, 8));
    return rnk_select(size < 1, small, __builtin_elementwise_copysign(large, x));
}

/* ln(1 + u), 0 ≤ u ≤ 1: 2 artanh s with s = u / (2 + u). */
RNK_ELEMENTARY vreal rnk_log_above_one(vreal u)
{
    static const float p[] = {0x1.555556p-2f, 0x1.9998d4p-3f, 0x1.24c926p-3f, 0x1.bc8cf8p-4f,
                              0x1.dba26p-4f};
    vreal s = u / (2 + u), square = s * s;
    return 2 * rnk_fma(s * square, rnk_polynomial(square, p, 5), s);
}

/* ln(1 + e^x), 4 ulp. */
RNK_ELEMENTARY vreal rnk_softplus(vreal x)
{
    vreal e = rnk_exp(-__builtin_elementwise_abs(x));
    return rnk_select(x > 0, x, RNK_C(0)) + rnk_log_above_one(e);
}

/* Lanes beyond the reduction's reach, one by one. */
static __attribute__((noinline)) void rnk_sine_far(const float *x, float *y, int cosine)
{
    for (int i = 0; i < RNK_LANES; i++)
        if (fabsf(x[i]) > 0x1p22f)
            y[i] = (float)(cosine ? cos((double)x[i]) : sin((double)x[i]));
}

/* sin x, or cos x: x = (n + ½·cosine)·π + r, in double with π in three parts, the first two short
 * enough for exact products. */
RNK_ELEMENTARY vreal rnk_sine(vreal x, int cosine)
{
    static const float p[] = {-0x1.555556p-3f, 0x1.11111p-7f, -0x1.a01906p-13f, 0x1.71968ep-19f,
                              -0x1.9db16p-26f};
    const RnkWide whole = (RnkWide){} + 0x1.8p52;
    double offset = cosine ? 0.5 : 0;
    RnkWide wide = __builtin_convertvector(x, RnkWide);
    RnkWide shifted = (wide * 0x1.45f306dc9c883p-2 - offset) + whole;
    RnkWide n = (shifted - whole) + offset;
    RnkWide r = ((wide - n * 0x1.921fb54p+1) - n * 0x1.10b4611ap-29) - n * 0x1.898cc51701b84p-63;
    RnkLongs sign = (RnkLongs)shifted << 63; /* odd n */
    if (cosine)
        sign = ~sign & ((RnkLongs){} + INT64_MIN);
    vreal t = __builtin_convertvector((RnkWide)((RnkLongs)r ^ sign), vreal);
    vreal square = t * t;
    vreal y = rnk_fma(t * square, rnk_polynomial(square, p, 5), t);
    vmask far = __builtin_elementwise_abs(x) > 0x1p22f;
    if (__builtin_reduce_or(far)) {
        vreal from = x;
        rnk_sine_far((const float *)&from, (float *)&y, cosine);
    }
    return y;
}

/* 2 ulp. */
RNK_ELEMENTARY vreal rnk_sin(vreal x)
{
    return rnk_sine(x, 0);
}

/* 2 ulp. */
RNK_ELEMENTARY vreal rnk_cos(vreal x)
{
    return rnk_sine(x, 1);
}

#endif
