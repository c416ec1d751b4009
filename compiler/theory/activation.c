/* SPDX-License-Identifier: Apache-2.0
 *
 * The activations and their slopes, by definition.
 */
#include "theory/activation.h"

#include <math.h>

static const double pi = 0x1.921fb54442d18p+1;

static TheoryValue sigmoid(double x)
{
    double s = x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
    return (TheoryValue){s, s * (1 - s)};
}

static TheoryValue hyperbolic(double x)
{
    double t = tanh(x);
    return (TheoryValue){t, 1 - t * t};
}

static TheoryValue silu(double x)
{
    TheoryValue s = sigmoid(x);
    return (TheoryValue){x * s.value, s.value + x * s.slope};
}

static TheoryValue gelu(double x)
{
    double below = 0.5 * erfc(-x / sqrt(2));
    return (TheoryValue){x * below, below + x * exp(-x * x / 2) / sqrt(2 * pi)};
}

static TheoryValue softplus(double x)
{
    return (TheoryValue){fmax(x, 0) + log1p(exp(-fabs(x))), sigmoid(x).value};
}

TheoryValue theory_value(TheoryActivation activation, double slope, double x)
{
    switch (activation) {
    case THEORY_LINEAR:
        return (TheoryValue){x, 1};
    case THEORY_RELU:
        return (TheoryValue){fmax(x, 0), x > 0};
    case THEORY_LEAKY_RELU:
        return (TheoryValue){x > 0 ? x : slope * x, x > 0 ? 1 : slope};
    case THEORY_TANH:
        return hyperbolic(x);
    case THEORY_SIGMOID:
        return sigmoid(x);
    case THEORY_ERF:
        return (TheoryValue){erf(x), 2 / sqrt(pi) * exp(-x * x)};
    case THEORY_GELU:
        return gelu(x);
    case THEORY_SILU:
        return silu(x);
    case THEORY_SOFTPLUS:
        return softplus(x);
    case THEORY_SIN:
        return (TheoryValue){sin(x), cos(x)};
    case THEORY_ACTIVATIONS:
        break;
    }
    return (TheoryValue){NAN, NAN};
}

int theory_is_odd(TheoryActivation activation)
{
    return activation == THEORY_LINEAR || activation == THEORY_TANH || activation == THEORY_ERF ||
           activation == THEORY_SIN;
}

int theory_is_bounded(TheoryActivation activation)
{
    return activation == THEORY_TANH || activation == THEORY_SIGMOID || activation == THEORY_ERF ||
           activation == THEORY_SIN;
}

int theory_is_homogeneous(TheoryActivation activation)
{
    return activation == THEORY_LINEAR || activation == THEORY_RELU ||
           activation == THEORY_LEAKY_RELU;
}

/* silu' is greatest where x tanh(x/2) = 2. */
static double steepest_silu(void)
{
    double x = 2;
    for (int i = 0; i < 60; i++) {
        x = 2 / tanh(x / 2);
    }
    return silu(x).slope;
}

double theory_steepest(TheoryActivation activation, double slope)
{
    switch (activation) {
    case THEORY_LINEAR:
    case THEORY_RELU:
    case THEORY_TANH:
    case THEORY_SOFTPLUS:
    case THEORY_SIN:
        return 1;
    case THEORY_LEAKY_RELU:
        return fmax(1, fabs(slope));
    case THEORY_SIGMOID:
        return 0.25;
    case THEORY_ERF:
        return 2 / sqrt(pi);
    case THEORY_GELU:
        return gelu(sqrt(2)).slope;
    case THEORY_SILU:
        return steepest_silu();
    case THEORY_ACTIVATIONS:
        break;
    }
    return NAN;
}
