/* SPDX-License-Identifier: Apache-2.0
 *
 * How exact averages without a closed form are: against sums in long double over grids so fine that
 * they are exact to its rounding, and beside the rule of Gauss and Hermite.
 */
#include "theory_fixture.h"

#include "theory/activation.h"
#include "theory/parts.h"

#include <stdlib.h>

static const TheoryActivation open_forms[] = {THEORY_TANH, THEORY_SIGMOID, THEORY_GELU, THEORY_SILU,
                                              THEORY_SOFTPLUS};
enum { FORMS = sizeof open_forms / sizeof *open_forms };

typedef long double Long;

/* By other formulas than the library's. */
static Long value_of(TheoryActivation a, Long x, Long *slope)
{
    Long s = 1 / (1 + expl(-x)), below = erfcl(-x / sqrtl(2)) / 2, t = tanhl(x);
    Long bell = expl(-x * x / 2) / sqrtl(2 * acosl(-1));
    switch (a) {
    case THEORY_TANH:
        *slope = 1 - t * t;
        return t;
    case THEORY_SIGMOID:
        *slope = s * (1 - s);
        return s;
    case THEORY_GELU:
        *slope = below + x * bell;
        return x * below;
    case THEORY_SILU:
        *slope = s + x * s * (1 - s);
        return x * s;
    default:
        *slope = s;
        return fmaxl(x, 0) + log1pl(expl(-fabsl(x)));
    }
}

/* own, own_response, slope_square, mean */
enum { MOMENTS = 4 };

static void add_node(TheoryActivation a, Long own, Long z, Long weight, Long sums[MOMENTS])
{
    Long slope, value = value_of(a, sqrtl(own) * z, &slope);
    sums[0] += weight * value * value;
    sums[1] += weight * value * slope * z / sqrtl(own);
    sums[2] += weight * slope * slope;
    sums[3] += weight * value;
}

/* The poles of tanh lie π/(2√K) from the axis: at K = 1000 the step leaves e^(−2π 0.05/0.001). */
static void exact(TheoryActivation a, Long own, Long sums[MOMENTS])
{
    const Long step = 1.0L / 1024;
    for (int i = 0; i < MOMENTS; i++)
        sums[i] = 0;
    for (int i = -12 * 1024; i <= 12 * 1024; i++) {
        Long z = i * step;
        add_node(a, own, z, step * expl(-z * z / 2) / sqrtl(2 * acosl(-1)), sums);
    }
}

/* The greatest error of four moments, as shares of those that are no zeros by symmetry. */
static double worst_error(const Long found[MOMENTS], const Long sums[MOMENTS])
{
    Long worst = 0;
    for (int i = 0; i < MOMENTS; i++) {
        Long scale = fabsl(sums[i]) > 1e-6L ? fabsl(sums[i]) : 1;
        worst = fmaxl(worst, fabsl(found[i] - sums[i]) / scale);
    }
    return (double)worst;
}

static double error_of_library(TheoryActivation a, double own)
{
    Long sums[MOMENTS];
    exact(a, own, sums);
    TheoryMoments m = theory_moments(a, 0, (TheoryKernel){own, NAN});
    const Long found[MOMENTS] = {m.own, m.own_response, m.slope_square, m.mean};
    return worst_error(found, sums);
}

/* docs/theory.md states 1e-11. */
static void one_variable(void **state)
{
    (void)state;
    for (int i = 0; i < FORMS; i++) {
        for (double own = 1e-6; own < 2000; own *= 10) {
            double error = error_of_library(open_forms[i], own);
            if (!(error <= 1e-11)) {
                fail_msg("activation %d, K %g: %g", (int)open_forms[i], own, error);
            }
        }
    }
}

/* <tanh²> = 1 − <sech²>, and ∫ x²ⁿ sech² x dx = (4ⁿ − 2) π^2n |B_2n| / 2^(2n−1) (2 for n = 0) in
 * the series of exp(−x²/2K): what is left out is of the order K^-5 beside the first term. */
static Long great_kernel(Long own, Long *response)
{
    const Long p = acosl(-1) * acosl(-1);
    const Long integrals[] = {2, p / 6, 7 * p * p / 120, 31 * p * p * p / 672,
                              127 * p * p * p * p / 1920};
    Long square = 1, factor = 1 / sqrtl(2 * acosl(-1) * own);
    *response = 0;
    for (int n = 0; n < 5; n++) {
        square -= factor * integrals[n];
        *response += (n + 0.5L) / own * factor * integrals[n];
        factor /= -2 * own * (n + 1);
    }
    return square;
}

/* The step of a rule in z would have to fall like 1/√K. From K = 1e4 on the series leaves 1e-19. */
static void great_kernels(void **state)
{
    (void)state;
    for (double own = 1e4; own < 2e300; own *= 1e4) {
        Long response, square = great_kernel(own, &response);
        TheoryMoments m = theory_moments(THEORY_TANH, 0, (TheoryKernel){own, NAN});
        assert_near(m.own, (double)square, 1e-11);
        /* sums of doubles below the normal ones lose digits */
        assert_near(m.own_response, (double)response, fmax(1e-11 * (double)response, 0x1p-1022));
        /* sigmoid(x) = (1 + tanh(x/2)) / 2 */
        m = theory_moments(THEORY_SIGMOID, 0, (TheoryKernel){4 * own, NAN});
        assert_near(m.own, (double)(1 + square) / 4, 1e-11);
        /* <x Phi(x)> = K <Phi'(x)> */
        m = theory_moments(THEORY_GELU, 0, (TheoryKernel){own, NAN});
        double mean = own / sqrt(2 * acos(-1) * (1 + own));
        assert_near(m.mean, mean, 1e-11 * mean);
    }
}

/* ∫ sech⁴ = 4/3; by adaptive integration with 30 digits at 1e4, where the next term counts. As K
 * grows tanh becomes the sign, whose <phi phi> at a correlation of 1/2 is 2/pi asin 1/2. */
static void great_kernels_of_slopes_and_pairs(void **state)
{
    (void)state;
    TheoryMoments m = theory_moments(THEORY_TANH, 0, (TheoryKernel){1e4, NAN});
    assert_near(m.slope_square, 0.00531914464401462214, 1e-11 * 0.0053);
    m = theory_moments(THEORY_TANH, 0, (TheoryKernel){1e300, 0.5e300});
    double slope = 4.0 / 3 / sqrt(2 * acos(-1)) * 1e-150;
    assert_near(m.slope_square, slope, 1e-11 * slope);
    assert_near(m.pair, 1.0 / 3, 1e-9);
}

/* Roots of the Hermite polynomial and the weights there, by Newton's method (from each root to the
 * next, outermost first, with the usual first guesses). */
enum { GAUSS = 111 };

static Long hermite(Long z, Long *slope)
{
    Long now = powl(acosl(-1), -0.25L), before = 0;
    for (int j = 0; j < GAUSS; j++) {
        Long next = z * sqrtl(2.0L / (j + 1)) * now - sqrtl((Long)j / (j + 1)) * before;
        before = now;
        now = next;
    }
    *slope = sqrtl(2.0L * GAUSS) * before;
    return now;
}

static Long first_guess(const Long *roots, int i)
{
    const Long n = GAUSS;
    switch (i) {
    case 0:
        return sqrtl(2 * n + 1) - 1.85575L * powl(2 * n + 1, -1.0L / 6);
    case 1:
        return roots[0] - 1.14L * powl(n, 0.426L) / roots[0];
    case 2:
        return 1.86L * roots[1] - 0.86L * roots[0];
    case 3:
        return 1.91L * roots[2] - 0.91L * roots[1];
    default:
        return 2 * roots[i - 1] - roots[i - 2];
    }
}

static double error_of_gauss(TheoryActivation a, double own)
{
    Long sums[MOMENTS], found[MOMENTS] = {0}, roots[GAUSS], slope, total = 0;
    for (int i = 0; i <= GAUSS / 2; i++) {
        Long z = i == GAUSS / 2 ? 0 : first_guess(roots, i);
        for (int k = 0; k < 50; k++)
            z -= hermite(z, &slope) / slope;
        roots[i] = z;
        hermite(z, &slope);
        Long weight = 2 / (slope * slope) / sqrtl(acosl(-1));
        add_node(a, own, sqrtl(2) * z, weight, found);
        total += weight;
        if (i < GAUSS / 2) {
            add_node(a, own, -sqrtl(2) * z, weight, found);
            total += weight;
        }
    }
    assert_near((double)total, 1, 1e-15); /* all roots were found */
    exact(a, own, sums);
    return worst_error(found, sums);
}

/* With as many nodes as the library takes at K = 2.5. */
static void gauss_and_hermite_are_worse(void **state)
{
    (void)state;
    assert_true(error_of_library(THEORY_TANH, 2.5) < 1e-3 * error_of_gauss(THEORY_TANH, 2.5));
    assert_true(error_of_library(THEORY_TANH, 1) < 1e-3 * error_of_gauss(THEORY_TANH, 1));
}

enum { GRID = 860 };

/* One dimension inside the other, reach 8.6 and step 0.02; x and y = c x + √(1 − c²) z. */
static double pair_of(TheoryActivation a, double own, double c, double *response)
{
    const Long step = 0.02L, root = sqrtl(own);
    static Long weights[GRID + 1];
    Long sum = 0, slopes = 0;
    for (int i = 0; i <= GRID; i++) {
        Long z = (i - GRID / 2) * step;
        weights[i] = step * expl(-z * z / 2) / sqrtl(2 * acosl(-1));
    }
    for (int i = 0; i <= GRID; i++) {
        Long z = (i - GRID / 2) * step, slope_x, x = value_of(a, root * z, &slope_x);
        Long inner = 0, inner_slope = 0, slope_y;
        for (int j = 0; j <= GRID; j++) {
            Long other = (j - GRID / 2) * step;
            inner +=
                weights[j] * value_of(a, root * (c * z + sqrtl(1 - (Long)c * c) * other), &slope_y);
            inner_slope += weights[j] * slope_y;
        }
        sum += weights[i] * x * inner;
        slopes += weights[i] * slope_x * inner_slope;
    }
    *response = (double)slopes;
    return (double)sum;
}

/* docs/theory.md states 1e-9, and 1e-7 of the response. */
static void pairs_that_are_nearly_one(void **state)
{
    (void)state;
    static const struct {
        TheoryActivation a;
        double own, c;
    } cases[] = {{THEORY_TANH, 2.5, 0.99},
                 {THEORY_TANH, 10, -0.9},
                 {THEORY_TANH, 100, 0.99},
                 {THEORY_GELU, 100, 0.99},
                 {THEORY_SILU, 10, 0.9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double own = cases[i].own, response;
        double pair = pair_of(cases[i].a, own, cases[i].c, &response);
        TheoryMoments m = theory_moments(cases[i].a, 0, (TheoryKernel){own, cases[i].c * own});
        assert_near(m.pair / pair, 1, 1e-9);
        assert_near(m.pair_response / response, 1, 1e-7);
    }
}

/* <f(√K z)² He_n(z)/√n!> and what the series leaves of <f⁴>, on a grid that follows sin⁴ as far as
 * K = 1e5: its error is that of the weight's transform at 2π 1024 − 4 √K. */
static Long square_series(Long (*f)(Long), Long own, Long coefficients[THEORY_TERMS])
{
    const Long step = 1.0L / 1024;
    Long rest = 0;
    for (int n = 0; n < THEORY_TERMS; n++)
        coefficients[n] = 0;
    for (int i = -13 * 1024; i <= 13 * 1024; i++) {
        Long z = i * step, weight = step * expl(-z * z / 2) / sqrtl(2 * acosl(-1));
        Long square = f(sqrtl(own) * z) * f(sqrtl(own) * z), before = 0, now = 1;
        rest += weight * square * square;
        for (int n = 0; n < THEORY_TERMS; n++) {
            coefficients[n] += weight * square * now;
            Long next = (z * now - sqrtl(n) * before) / sqrtl(n + 1);
            before = now;
            now = next;
        }
    }
    for (int n = 0; n < THEORY_TERMS; n++)
        rest -= coefficients[n] * coefficients[n];
    return rest;
}

/* On either side of where the rule is stretched, which sin would not bear. A coefficient, 1/2 at
 * most, is a product of 32 factors of four roundings each: 128 of 2^-53 are below 2e-14. */
static void squares_of_sin(void **state)
{
    (void)state;
    const double kernels[] = {1e-3, 0.5, 2, 10, 900, 1100, 1e5};
    const TheoryOp phi = activation_op(THEORY_SIN);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        Long wanted[THEORY_TERMS], rest = square_series(sinl, kernels[i], wanted);
        double found[THEORY_TERMS];
        assert_near(theory_square_series(&phi, kernels[i], found), (double)rest, 1e-14);
        for (int n = 0; n < THEORY_TERMS; n++)
            assert_near(found[n], (double)wanted[n], 1e-14);
    }
    double found[THEORY_TERMS];
    assert_near(theory_square_series(&phi, 1e300, found), 0.125, 0);
    assert_near(found[0], 0.5, 0);
}

/* ∫ z³ exp(−z²/2) = 2 and ∫ z⁵ exp(−z²/2) = 8 from 0 on; K factors out. Even terms lack what lies
 * beyond 8.5, 1e-13; odd ones z³ He_n's third derivative at 0, 7.2 at most, times h⁴/720 at the
 * step h = 0.0138. */
static void squares_of_relu(void **state)
{
    (void)state;
    const TheoryOp phi = activation_op(THEORY_RELU);
    for (double own = 1e-3; own < 1e8; own *= 10) {
        double found[THEORY_TERMS], root = sqrt(2 * acos(-1));
        theory_square_series(&phi, own, found);
        assert_near(found[0] / own, 0.5, 1e-12);
        assert_near(found[1] / own, 2 / root, 1e-9);
        assert_near(found[2] / own, sqrt(0.5), 1e-12);
        assert_near(found[3] / own, 2 / (root * sqrt(6)), 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_variable),
        cmocka_unit_test(great_kernels),
        cmocka_unit_test(great_kernels_of_slopes_and_pairs),
        cmocka_unit_test(gauss_and_hermite_are_worse),
        cmocka_unit_test(pairs_that_are_nearly_one),
        cmocka_unit_test(squares_of_sin),
        cmocka_unit_test(squares_of_relu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
