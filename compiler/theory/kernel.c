/* SPDX-License-Identifier: Apache-2.0
 *
 * Averages of an activation over normal variables.
 *
 * linear, relu: arc-cosine kernel of order 1 (Cho, Saul 2009); erf: Williams 1997; sin: the
 * characteristic function. The others by quadrature: one variable by the trapezoidal rule on the
 * whole line, which converges exponentially for analytic functions and normal weight (Trefethen,
 * Weideman 2014), stretched by a sinh where the function is much narrower than the weight; two
 * variables of correlation c by Hermite coefficients, which the same rule gives: <phi(x) phi(y)> =
 * Σ a_n² cⁿ (Mehler 1866). Gauss and Hermite's own rule spreads as many nodes far wider than the
 * weight and is worse by orders: docs/theory.md has the figures.
 */
#include "theory/parts.h"

#include "theory/activation.h"

#include <math.h>

static const double pi = 0x1.921fb54442d18p+1;

double theory_at(const TheorySeries *series, int64_t layer)
{
    return series->at ? series->at(series->context, layer) : series->constant;
}

TheoryDraw theory_draw(int orthogonal, double fan_in, double fan_out)
{
    double wide = fan_out / fan_in;
    if (!orthogonal)
        return (TheoryDraw){fan_in, 1 + sqrt(wide)};
    double kept = fmin(1, 1 / wide);
    return (TheoryDraw){kept, 1 / sqrt(kept)};
}

static TheoryMoments linear_moments(TheoryKernel k)
{
    return (TheoryMoments){k.own, k.pair, 1, 1, 1, 0};
}

static double correlation_of(TheoryKernel k)
{
    if (isnan(k.pair)) {
        return NAN; /* fmin and fmax would make a number of it */
    }
    return k.own > 0 ? fmin(fmax(k.pair / k.own, -1), 1) : 0;
}

/* phi(x) = a x + (1 − a) relu(x); <x relu(y)> = k.pair / 2 */
static TheoryMoments rectified_moments(double a, TheoryKernel k)
{
    double c = correlation_of(k), angle = acos(c), rest = (1 - a) * (1 - a);
    double relu = k.own / (2 * pi) * (sqrt(1 - c * c) + (pi - angle) * c);
    double half = (1 + a * a) / 2;
    TheoryMoments m = {.own = half * k.own, .own_response = half, .slope_square = half};
    m.pair = a * k.pair + rest * relu;
    m.pair_response = a + rest * (pi - angle) / (2 * pi);
    m.mean = (1 - a) * sqrt(k.own / (2 * pi));
    return m;
}

static TheoryMoments erf_moments(TheoryKernel k)
{
    double scale = 1 + 2 * k.own, gap = scale * scale - 4 * k.pair * k.pair;
    return (TheoryMoments){
        .own = 2 / pi * asin(2 * k.own / scale),
        .pair = 2 / pi * asin(2 * k.pair / scale),
        .own_response = 4 / pi / (scale * sqrt(1 + 4 * k.own)),
        .pair_response = 4 / pi / sqrt(gap),
        .slope_square = 4 / pi / sqrt(1 + 4 * k.own),
    };
}

static TheoryMoments sin_moments(TheoryKernel k)
{
    double up = exp(k.pair - k.own), down = exp(-k.pair - k.own), twice = exp(-2 * k.own);
    return (TheoryMoments){
        .own = (1 - twice) / 2,
        .pair = (up - down) / 2,
        .own_response = twice,
        .pair_response = (up + down) / 2,
        .slope_square = (1 + twice) / 2,
    };
}

/* The normal weight beyond is below the rounding of 1. */
static const double reach = 8.5;
/* From this kernel on phi is so much narrower than the weight that the rule is stretched. */
static const double great = 1000;

/* The trapezoidal rule in z; for great kernels in t, √K z = sinh t, where the nodes are as dense as
 * phi wants around 0 and as the weight wants far out: what was at √K z is analytic for |Im t| < π/4
 * whatever K is, so the step need not fall. That is true where phi is plain away from 0, and not of
 * sin, which turns √K times per unit of z out to the weight's end: it has closed forms. */
typedef struct Rule {
    double step, root; /* root: √K */
    int stretched, half;
} Rule;

/* tanh has its poles at i pi / (2 √K): in z the step leaves an error of e^-36 relative to the
 * function on the strip between them, and less for the wider strips of the others. He_n of a series
 * of `terms` turns √n times in 2π near 0, in t as far as z = reach. The step is `finer` times
 * smaller than these ask. */
static Rule rule_of(double own, int terms, double finer)
{
    Rule rule = {.root = sqrt(own), .stretched = own > great};
    double turn = pi / sqrt(terms);
    double step = rule.stretched ? fmin(0.08, turn / reach) : fmin(0.27 / sqrt(own + 0.5), turn);
    double end = rule.stretched ? log(2 * reach * rule.root + 1) : reach;
    rule.step = step / finer;
    rule.half = (int)ceil(end / rule.step);
    return rule;
}

/* √n, 1/√n for the recurrence z He_n = He_{n+1} + n He_{n−1}. */
enum { MOST_TERMS = 1024 };
typedef struct Hermite {
    int terms;
    double root[MOST_TERMS + 1], inverse[MOST_TERMS + 1];
    double coefficients[MOST_TERMS];
} Hermite;

static void prepare_hermite(Hermite *h, int terms)
{
    h->terms = terms;
    for (int n = 0; n < terms; n++) {
        h->coefficients[n] = 0;
    }
    h->root[0] = 0;
    for (int n = 1; n <= terms; n++) {
        h->root[n] = sqrt(n);
        h->inverse[n] = 1 / h->root[n];
    }
}

/* Adds a(z) He_n(z)/√n! + a(−z) He_n(−z)/√n! to each coefficient, from even = a(z) + a(−z) and
 * odd = a(z) − a(−z). */
static void add_nodes(Hermite *h, double z, double even, double odd)
{
    double before = 0, now = 1;
    for (int n = 0; n < h->terms; n++) {
        h->coefficients[n] += now * (n % 2 ? odd : even);
        double next = (z * now - h->root[n] * before) * h->inverse[n + 1];
        before = now;
        now = next;
    }
}

/* The node i and its weight; 0 is counted twice, as z and as −z. */
typedef struct Node {
    double z, weight;
} Node;

static Node node_of(const Rule *rule, int i)
{
    double at = i * rule->step, z = at, width = rule->step;
    if (rule->stretched) {
        double up = exp(at) / 2, down = exp(-at) / 2;
        z = (up - down) / rule->root;
        width *= (up + down) / rule->root;
    }
    return (Node){z, width * exp(-z * z / 2) / sqrt(2 * pi) * (i == 0 ? 0.5 : 1)};
}

/* What is left of the series beyond its terms is given the power behind the last one. Returns the
 * greater share of the two sums that stands in that guess. */
static double sum_pair(const Hermite *h, TheoryKernel k, TheoryMoments *m)
{
    double c = correlation_of(k), power = 1, slope_power = 0;
    double rest = m->own, slope_rest = m->slope_square * k.own;
    m->pair = m->pair_response = 0;
    for (int n = 0; n < h->terms; n++) {
        double square = h->coefficients[n] * h->coefficients[n];
        m->pair += square * power;
        m->pair_response += n * square * slope_power;
        rest -= square;
        slope_rest -= n * square;
        slope_power = power;
        power *= c;
    }
    rest = fmax(rest, 0) * power;
    slope_rest = fmax(slope_rest, 0) * slope_power;
    m->pair += rest;
    m->pair_response = (m->pair_response + slope_rest) / k.own;
    return fmax(fabs(rest) / m->own, fabs(slope_rest) / (m->slope_square * k.own));
}

/* Terms whose power of c is above 1e-12: they are wanted only where coefficients fall slowly, for
 * large kernels. */
static int wanted_terms(TheoryKernel k)
{
    double terms = -28 / log(fabs(correlation_of(k)));
    return (int)fmin(fmax(terms, THEORY_TERMS), MOST_TERMS);
}

static void expand(TheoryActivation activation, double slope, double own, Hermite *hermite)
{
    double root = sqrt(own);
    Rule rule = rule_of(own, hermite->terms, 1);
    for (int i = 0; i <= rule.half; i++) {
        Node node = node_of(&rule, i);
        double z = node.z, weight = node.weight;
        double up = theory_value(activation, slope, root * z).value;
        double down = theory_value(activation, slope, -root * z).value;
        add_nodes(hermite, z, weight * (up + down), weight * (up - down));
    }
}

static TheoryMoments quadrature(TheoryActivation activation, double slope, TheoryKernel k)
{
    /* derivatives by K divide by its root */
    double own = fmax(k.own, 1e-12), root = sqrt(own);
    Rule rule = rule_of(own, THEORY_TERMS, 1);
    Hermite hermite;
    prepare_hermite(&hermite, THEORY_TERMS);
    int paired = !isnan(k.pair);
    TheoryMoments m = {.pair = NAN, .pair_response = NAN};
    for (int i = 0; i <= rule.half; i++) {
        Node node = node_of(&rule, i);
        double z = node.z, weight = node.weight;
        TheoryValue up = theory_value(activation, slope, root * z);
        TheoryValue down = theory_value(activation, slope, -root * z);
        m.own += weight * (up.value * up.value + down.value * down.value);
        m.own_response += weight * (up.value * up.slope - down.value * down.slope) * z / root;
        m.slope_square += weight * (up.slope * up.slope + down.slope * down.slope);
        m.mean += weight * (up.value + down.value);
        if (paired) {
            double even = weight * (up.value + down.value), odd = weight * (up.value - down.value);
            add_nodes(&hermite, z, even, odd);
        }
    }
    TheoryKernel kernel = {own, k.pair};
    const double enough = 1e-10;
    if (paired && sum_pair(&hermite, kernel, &m) > enough) {
        prepare_hermite(&hermite, wanted_terms(kernel));
        expand(activation, slope, own, &hermite);
        sum_pair(&hermite, kernel, &m);
    }
    return m;
}

TheoryMoments theory_moments(TheoryActivation activation, double slope, TheoryKernel k)
{
    if (!isfinite(k.own) || k.own < 0) {
        return (TheoryMoments){NAN, NAN, NAN, NAN, NAN, NAN};
    }
    switch (activation) {
    case THEORY_LINEAR:
        return linear_moments(k);
    case THEORY_RELU:
        return rectified_moments(0, k);
    case THEORY_LEAKY_RELU:
        return rectified_moments(slope, k);
    case THEORY_ERF:
        return erf_moments(k);
    case THEORY_SIN:
        return sin_moments(k);
    case THEORY_TANH:
    case THEORY_SIGMOID:
    case THEORY_GELU:
    case THEORY_SILU:
    case THEORY_SOFTPLUS:
    case THEORY_ACTIVATIONS:
        break;
    }
    return quadrature(activation, slope, k);
}

/* sin² = (1 − cos 2√K z) / 2, and cos a z = e^(−a²/2) Σ (−1)ⁿ a²ⁿ He_2n(z) / (2n)!. */
static double sine_square_series(double own, double *coefficients)
{
    double term = exp(-2 * own) / 2, total = 0.375 - term + exp(-8 * own) / 8;
    coefficients[0] = -expm1(-2 * own) / 2;
    total -= coefficients[0] * coefficients[0];
    for (int n = 1; n < THEORY_TERMS; n++) {
        term *= n % 2 ? 1 : -4 * own / sqrt(n * (n - 1.0));
        coefficients[n] = n % 2 ? 0 : -term;
        total -= coefficients[n] * coefficients[n];
    }
    return fmax(total, 0);
}

/* K factors out of a homogeneous phi², whose second derivative jumps at 0: there the rule errs like
 * the fourth power of its step. */
double theory_square_series(const TheoryOp *phi, double own, double *coefficients)
{
    if (phi->activation == THEORY_SIN) {
        return sine_square_series(own, coefficients);
    }
    int homogeneous = theory_is_homogeneous(phi->activation);
    double factor = homogeneous ? own : 1, total = 0;
    Rule rule = rule_of(homogeneous ? 1 : own, THEORY_TERMS, homogeneous ? 16 : 1);
    Hermite hermite;
    prepare_hermite(&hermite, THEORY_TERMS);
    for (int i = 0; i <= rule.half; i++) {
        Node node = node_of(&rule, i);
        double z = node.z, weight = node.weight;
        double up = theory_value(phi->activation, phi->slope, rule.root * z).value;
        double down = theory_value(phi->activation, phi->slope, -rule.root * z).value;
        double even = up * up + down * down, odd = up * up - down * down;
        total += weight * (pow(up, 4) + pow(down, 4));
        add_nodes(&hermite, z, weight * even, weight * odd);
    }
    for (int n = 0; n < THEORY_TERMS; n++) {
        coefficients[n] = factor * hermite.coefficients[n];
        total -= hermite.coefficients[n] * hermite.coefficients[n];
    }
    return factor * factor * fmax(total, 0);
}
