/* SPDX-License-Identifier: Apache-2.0
 *
 * Activations and their derivatives. Bounds on second derivatives are the greatest values over the
 * whole line, so that an error of the argument is carried with its second-order term.
 */
#include "network.h"

static const double pi = 3.14159265358979323846;

bool activation_is_kinked(Activation kind)
{
    return kind == ACT_RELU || kind == ACT_LEAKY_RELU;
}

static double logistic(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double soft_plus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static Num logistic_num(Num x)
{
    double s = logistic(x.value);
    return num_function(x, s, s * (1 - s), 1 / (6 * sqrt(3)));
}

static Num erf_num(Num x)
{
    double slope = 2 / sqrt(pi) * exp(-x.value * x.value);
    return num_function(x, erf(x.value), slope, 2 * sqrt(2 / pi) * exp(-0.5));
}

/* Φ(x) = (1 + erf(x/√2)) / 2 */
static Num probability_num(Num x)
{
    Num error = erf_num(num_mul(x, num_constant(sqrt(0.5))));
    return num_mul(num_exact(0.5), num_add(num_exact(1), error));
}

Num activation_apply(Activation kind, double slope, Num x)
{
    double v = x.value, t = tanh(v);
    switch (kind) {
    case ACT_RELU:
        return v > 0 ? x : num_exact(0);
    case ACT_LEAKY_RELU:
        return v > 0 ? x : num_mul(num_constant(slope), x);
    case ACT_TANH: /* |f''| = 2|t|(1 − t²) */
        return num_function(x, t, 1 - t * t, 4 / (3 * sqrt(3)));
    case ACT_SIGMOID:
        return logistic_num(x);
    case ACT_ERF:
        return erf_num(x);
    case ACT_GELU: /* x Φ(x), and Φ is known to a few units of 1: it cancels far below 0 */
        return num_mul(x, probability_num(x));
    case ACT_SILU:
        return num_mul(x, logistic_num(x));
    case ACT_SOFTPLUS:
        return num_function(x, soft_plus(v), logistic(v), 0.25);
    case ACT_SIN:
        return num_function(x, sin(v), cos(v), 1);
    }
    return num_exact(nan(""));
}

/* Φ(x) + x φ(x) */
static Num gelu_slope(Num x)
{
    Num half = num_exact(0.5);
    Num power = num_exp(num_neg(num_mul(half, num_mul(x, x))));
    Num density = num_mul(num_constant(1 / sqrt(2 * pi)), power);
    return num_add(probability_num(x), num_mul(x, density));
}

static Num silu_slope(Num x)
{
    Num one = num_exact(1), s = logistic_num(x);
    return num_mul(s, num_add(one, num_mul(x, num_sub(one, s))));
}

static Num slope_of(Activation kind, double slope, Num x, Num y)
{
    Num one = num_exact(1);
    switch (kind) {
    case ACT_RELU:
        return num_exact(x.value > 0);
    case ACT_LEAKY_RELU:
        return x.value > 0 ? one : num_constant(slope);
    case ACT_TANH:
        return num_sub(one, num_mul(y, y));
    case ACT_SIGMOID:
        return num_mul(y, num_sub(one, y));
    case ACT_ERF:
        return num_mul(num_constant(2 / sqrt(pi)), num_exp(num_neg(num_mul(x, x))));
    case ACT_GELU:
        return gelu_slope(x);
    case ACT_SILU:
        return silu_slope(x);
    case ACT_SOFTPLUS: /* 1 − e^−y, its second derivative at most 1 for y ≥ 0 */
        return num_function(y, -expm1(-y.value), exp(-y.value), 1);
    case ACT_SIN:
        return num_function(x, cos(x.value), -sin(x.value), 1);
    }
    return num_exact(nan(""));
}

Num activation_gradient(Activation kind, double slope, Num x, Num y, Num d)
{
    return num_mul(d, slope_of(kind, slope, x, y));
}
