/* SPDX-License-Identifier: Apache-2.0
 *
 * Responses, optimal scales and fluctuations, against recursions and simulations written here.
 */
#include "theory_fixture.h"

#include <stdlib.h>

static const double pi = 3.14159265358979324;

/* The recursion for erf, and its response; `pair` chooses the derivative. */
static double erf_response(double own, double cross, double variance, double bias, int depth,
                           double rho, int pair)
{
    double product = 1, slope = 0;
    for (int l = 0; l <= depth; l++) {
        double a = 1 + 2 * own;
        slope = pair ? 4 / pi / sqrt(a * a - 4 * cross * cross) : 4 / pi / (a * sqrt(1 + 4 * own));
        if (l < depth) {
            product *= 1 + rho * rho * variance * slope;
            double add = 2 / pi * asin(2 * own / a), mixed = 2 / pi * asin(2 * cross / a);
            own += rho * rho * (variance * add + bias);
            cross += rho * rho * (variance * mixed + bias);
        }
    }
    return slope * product;
}

/* The best rho of a grid of step 2.5e-4. */
static double grid_search(double variance, int depth, int pair)
{
    double best = 0, place = 0;
    for (double rho = 0; rho < 4; rho += 2.5e-4) {
        double eta = erf_response(0.05, 0.02, variance, 0.05, depth, rho, pair);
        place = eta > best ? rho : place;
        best = fmax(eta, best);
    }
    return place;
}

static void optimum_is_that_of_a_grid(void **state)
{
    static const double variances[] = {0.5, 1, 1.25, 2};
    static const int depths[] = {5, 20, 100};
    Block block;
    (void)state;
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++) {
            TheoryStack *stack = one_matrix(&block, THEORY_ERF, variances[i], 0.05, depths[j], 1);
            stack->start = (TheoryKernel){0.05, 0.02};
            double single = theory_optimal_scale(stack, THEORY_SINGLE);
            assert_near(single, grid_search(variances[i], depths[j], 0), 2.5e-4);
            double pair = theory_optimal_scale(stack, THEORY_PAIR);
            assert_near(pair, grid_search(variances[i], depths[j], 1), 2.5e-4);
        }
    }
}

/* Beyond the depth of the exact recursion: the response there is flat at the extrapolated optimum,
 * and 1e-4 away on either side it is smaller. */
static void deep_optimum_is_a_peak(void **state)
{
    enum { DEPTH = 5000 };
    Block block;
    (void)state;
    TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1, 0.05, DEPTH, 1);
    stack->start = (TheoryKernel){0.05, 0.02};
    double rho = theory_optimal_scale(stack, THEORY_PAIR), away = 1e-4;
    double top = erf_response(0.05, 0.02, 1, 0.05, DEPTH, rho, 1);
    assert_true(top > erf_response(0.05, 0.02, 1, 0.05, DEPTH, rho * (1 + away), 1));
    assert_true(top > erf_response(0.05, 0.02, 1, 0.05, DEPTH, rho * (1 - away), 1));
}

/* The continuum formula against the exact optimum: their difference falls like 1/depth. */
static void continuum_is_the_limit(void **state)
{
    Block block;
    (void)state;
    double gaps[2];
    for (int i = 0; i < 2; i++) {
        TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1.25, 0.05, i ? 2000 : 200, 1);
        stack->start = (TheoryKernel){0.05, 0.02};
        double exact = theory_optimal_scale(stack, THEORY_SINGLE);
        gaps[i] = exact / theory_optimal_continuum(stack) - 1;
    }
    assert_near(gaps[1] / gaps[0], 0.1, 0.02);
}

/* Starting where the activation is saturated, no branch helps; without saturation, more always
 * does; beside a turned skip, theory has no answer. */
static void optimum_may_be_none(void **state)
{
    Block block;
    (void)state;
    TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1, 0.05, 20, 1);
    stack->start = (TheoryKernel){1, 0.2};
    assert_true(theory_optimal_scale(stack, THEORY_SINGLE) == 0);
    assert_true(theory_optimal_continuum(stack) == 0);
    stack = one_matrix(&block, THEORY_RELU, 1, 0, 20, 1);
    assert_true(isinf(theory_optimal_scale(stack, THEORY_PAIR)));
    stack = one_matrix(&block, THEORY_ERF, 1, 0, 20, 1);
    stack->skip = THEORY_FILTER;
    assert_true(isnan(theory_optimal_scale(stack, THEORY_PAIR)));
    assert_non_null(theory_optimal_obstacle(stack));
}

/* Behind a norm over the data the overlap of two inputs is not known: no pair has an optimum or a
 * response, not even one of 0; a single input does. */
static void unknown_overlap_has_no_optimum(void **state)
{
    static const TheoryActivation activations[] = {THEORY_ERF, THEORY_TANH, THEORY_RELU};
    const double depths[] = {20, 2000}; /* by the recursion, and extrapolated */
    (void)state;
    for (int i = 0; i < 6; i++) {
        Block block;
        TheoryStack *stack = one_matrix(&block, activations[i % 3], 1, 0.05, depths[i / 3], 0.1);
        stack->start = (TheoryKernel){0.1, NAN};
        assert_true(isnan(theory_optimal_scale(stack, THEORY_PAIR)));
        assert_true(isnan(theory_response(stack, THEORY_PAIR)));
        assert_true(theory_optimal_scale(stack, THEORY_SINGLE) > 0);
        assert_true(theory_response(stack, THEORY_SINGLE) > 0);
    }
}

/* Responses of every activation and of two matrices, against differences of the recursion's end:
 * with step h their error is of order h² and rounding over h. */
static void response_is_a_derivative(void **state)
{
    const double h = 1e-5;
    (void)state;
    for (int a = 0; a < THEORY_ACTIVATIONS; a++) {
        Block block;
        TheoryStack *stack = one_matrix(&block, (TheoryActivation)a, 0.8, 0.1, 7, 0.4);
        double ends[4], slopes[2];
        for (int i = 0; i < 4; i++) {
            double move = i % 2 ? -h : h;
            stack->start = (TheoryKernel){0.7 + (i < 2 ? move : 0), 0.3 + (i < 2 ? 0 : move)};
            TheoryKernel end = theory_propagate(stack).kernel;
            TheoryMoments m = theory_moments((TheoryActivation)a, 0.3, end);
            ends[i] = i < 2 ? m.own : m.pair;
        }
        stack->start = (TheoryKernel){0.7, 0.3};
        slopes[0] = theory_response(stack, THEORY_SINGLE);
        slopes[1] = theory_response(stack, THEORY_PAIR);
        assert_near(slopes[0], (ends[0] - ends[1]) / (2 * h), 1e-6);
        assert_near(slopes[1], (ends[2] - ends[3]) / (2 * h), 1e-6);
    }
}

/* p_L of one network of width n: given a layer, the next increments are independent normals whose
 * variance is the layer's own mean square of phi. */
static double draw_population(int n, int depth, double rho, uint64_t *seed, double *h)
{
    double p = 0;
    for (int i = 0; i < n; i++) {
        h[i] = sqrt(0.2) * normal(seed);
    }
    for (int l = 0; l <= depth; l++) {
        p = 0;
        for (int i = 0; i < n; i++) {
            p += erf(h[i]) * erf(h[i]) / n;
        }
        double deviation = rho * sqrt(1.2 * p + 0.05);
        for (int i = 0; i < n && l < depth; i++) {
            h[i] += deviation * normal(seed);
        }
    }
    return p;
}

/* Acceptance: N Var(p_L). The sample variance of 6000 runs has a relative deviation of √(2/6000) =
 * 1.8 %; with 1 % for terms beyond 1/N, three of them bound the difference. The shift of the mean
 * is about 0.18/N. */
static void fluctuations_are_those_of_networks(void **state)
{
    enum { WIDTH = 50, DEPTH = 20, RUNS = 6000 };
    double h[WIDTH];
    uint64_t seed = 3;
    Tally tally = {0};
    Block block;
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        tally_add(&tally, draw_population(WIDTH, DEPTH, 0.22, &seed, h));
    }
    TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1.2, 0.05, DEPTH, 0.22);
    stack->start = (TheoryKernel){0.2, 0};
    double *work = calloc(THEORY_VARIANCE_WORK, sizeof *work);
    double mean = tally_mean(&tally), variance = tally.square / (double)RUNS - mean * mean;
    double theory = theory_variance(stack, work);
    assert_near(theory, 0.1506, 5e-5);
    assert_true(fabs((double)WIDTH * variance / theory - 1) < 0.01 + 3 * sqrt(2.0 / (double)RUNS));
    assert_near(mean, theory_population(stack), 0.25 / (double)WIDTH + 4 * tally_error(&tally));
    free(work);
}

/* The values of the table that the derivation was checked with, to their last digit. */
static void fluctuations_have_known_values(void **state)
{
    static const double rows[][4] = {
        {10, 0.3, 0.34126, 0.1428}, {20, 1, 0.85075, 0.0861}, {50, 0.3, 0.65492, 0.1621}};
    double *work = calloc(THEORY_VARIANCE_WORK, sizeof *work);
    (void)state;
    for (int i = 0; i < 3; i++) {
        Block block;
        TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1.2, 0.05, rows[i][0], rows[i][1]);
        stack->start = (TheoryKernel){0.2, NAN};
        assert_near(theory_population(stack), rows[i][2], 5e-6);
        assert_near(theory_variance(stack, work), rows[i][3], 5e-5);
    }
    free(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimum_is_that_of_a_grid),
        cmocka_unit_test(deep_optimum_is_a_peak),
        cmocka_unit_test(continuum_is_the_limit),
        cmocka_unit_test(optimum_may_be_none),
        cmocka_unit_test(unknown_overlap_has_no_optimum),
        cmocka_unit_test(response_is_a_derivative),
        cmocka_unit_test(fluctuations_are_those_of_networks),
        cmocka_unit_test(fluctuations_have_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
