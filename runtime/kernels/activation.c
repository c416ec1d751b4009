/* SPDX-License-Identifier: Apache-2.0
 *
 * Activations and their derivatives, one vector at a time.
 *
 * Derivatives that follow from the output take it; the others take the input. relu and leaky_relu
 * have the derivative of their left side at 0. gelu and its derivative carry an error of 4·2^-24
 * (in float) relative to 1 + |x|: for x far below 0 both cancel.
 */
#include "kernels/kernels.h"

#include "kernels/elementary.h"

static const real HALF_ROOT = (real)0.70710678118654752440;      /* 1/√2 */
static const real TWO_BY_ROOT_PI = (real)1.12837916709551257390; /* 2/√π */
static const real NORMAL_PEAK = (real)0.39894228040143267794;    /* 1/√(2π) */

#define ACT(tag) RNK_API void rnk_act_##tag(vreal *y, const vreal *x, real slope)
#define GRAD(tag)                                                                                  \
    RNK_API void rnk_act_grad_##tag(vreal *y, const vreal *d, const vreal *v, real slope)

ACT(LINEAR)
{
    (void)slope;
    *y = *x;
}

GRAD(LINEAR)
{
    (void)slope, (void)v;
    *y = *d;
}

ACT(RELU)
{
    (void)slope;
    *y = rnk_select(*x < 0, (vreal){}, *x);
}

GRAD(RELU)
{
    (void)slope;
    *y = rnk_select(*v > 0, *d, (vreal){});
}

ACT(LEAKY_RELU)
{
    *y = rnk_select(*x < 0, *x * slope, *x);
}

GRAD(LEAKY_RELU)
{
    *y = rnk_select(*v > 0, *d, *d * slope);
}

ACT(TANH)
{
    (void)slope;
    *y = rnk_tanh(*x);
}

GRAD(TANH)
{
    (void)slope;
    *y = *d * rnk_fma(-*v, *v, rnk_splat(1));
}

ACT(SIGMOID)
{
    (void)slope;
    *y = rnk_sigmoid(*x);
}

GRAD(SIGMOID)
{
    (void)slope;
    *y = *d * (*v * (1 - *v));
}

ACT(ERF)
{
    (void)slope;
    *y = rnk_erf(*x);
}

GRAD(ERF)
{
    (void)slope;
    *y = *d * (TWO_BY_ROOT_PI * rnk_exp(-*v * *v));
}

static inline __attribute__((always_inline)) vreal normal_below(vreal x)
{
    return (real)0.5 * (1 + rnk_erf(x * HALF_ROOT));
}

ACT(GELU)
{
    (void)slope;
    *y = *x * normal_below(*x);
}

GRAD(GELU)
{
    (void)slope;
    vreal density = NORMAL_PEAK * rnk_exp(*v * *v * (real)-0.5);
    *y = *d * rnk_fma(*v, density, normal_below(*v));
}

ACT(SILU)
{
    (void)slope;
    *y = *x * rnk_sigmoid(*x);
}

GRAD(SILU)
{
    (void)slope;
    vreal s = rnk_sigmoid(*v);
    *y = *d * (s * rnk_fma(*v, 1 - s, rnk_splat(1)));
}

ACT(SOFTPLUS)
{
    (void)slope;
    *y = rnk_softplus(*x);
}

GRAD(SOFTPLUS)
{
    (void)slope;
    *y = *d * rnk_gap(*v);
}

ACT(SIN)
{
    (void)slope;
    *y = rnk_sin(*x);
}

GRAD(SIN)
{
    (void)slope;
    *y = *d * rnk_cos(*v);
}
