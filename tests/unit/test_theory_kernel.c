/* SPDX-License-Identifier: Apache-2.0
 *
 * Averages over normal variables, against a plain sum over a fine grid in two dimensions.
 */
#include "theory_fixture.h"

#include "theory/activation.h"

/* The midpoint rule, of another step than the rule of the library. */
enum { NODES = 700 };
static const double reach = 7.5;

typedef struct Grid {
    double z[NODES], weight[NODES];
} Grid;

static void make_grid(Grid *grid)
{
    double step = 2 * reach / (double)NODES;
    for (int i = 0; i < NODES; i++) {
        grid->z[i] = (i + 0.5) * step - reach;
        grid->weight[i] = step * exp(-grid->z[i] * grid->z[i] / 2) / 2.5066282746310002;
    }
}

static TheoryMoments brute_force(const Grid *grid, TheoryActivation a, TheoryKernel k)
{
    double root = sqrt(k.own), c = k.pair / k.own, rest = sqrt(1 - c * c);
    TheoryMoments m = {0};
    for (int i = 0; i < NODES; i++) {
        TheoryValue x = theory_value(a, 0.3, root * grid->z[i]);
        double inner = 0, slope = 0;
        for (int j = 0; j < NODES; j++) {
            TheoryValue y = theory_value(a, 0.3, root * (c * grid->z[i] + rest * grid->z[j]));
            inner += grid->weight[j] * y.value;
            slope += grid->weight[j] * y.slope;
        }
        m.own += grid->weight[i] * x.value * x.value;
        m.slope_square += grid->weight[i] * x.slope * x.slope;
        m.mean += grid->weight[i] * x.value;
        m.pair += grid->weight[i] * x.value * inner;
        m.pair_response += grid->weight[i] * x.slope * slope;
    }
    return m;
}

/* Functions without kinks are summed to rounding. The series of a pair has 64 terms: those of
 * tanh fall like exp(−√(2n) π/√K), which at n = 64, K = 2.5 and correlation 0.88 leaves 1e-9 of the
 * slope. A kink costs the square of the grid's step over
 * 12 in a value, and the step itself in a slope that jumps. */
static void check_moments(const Grid *grid, TheoryActivation a, TheoryKernel k)
{
    int kinked = a == THEORY_RELU || a == THEORY_LEAKY_RELU;
    double step = 2 * reach / (double)NODES * sqrt(k.own);
    double close = kinked ? step * step : 1e-9, jump = kinked ? 2 * step : 1e-8;
    TheoryMoments m = theory_moments(a, 0.3, k), b = brute_force(grid, a, k);
    assert_near(m.own, b.own, close);
    assert_near(m.pair, b.pair, close);
    assert_near(m.mean, b.mean, close);
    assert_near(m.slope_square, b.slope_square, jump);
    assert_near(m.pair_response, b.pair_response, jump);
}

static void averages_match_a_grid(void **state)
{
    static const TheoryKernel kernels[] = {{0.05, 0.02}, {1, -0.6}, {2.5, 2.2}};
    static Grid grid;
    (void)state;
    make_grid(&grid);
    for (int a = 0; a < THEORY_ACTIVATIONS; a++) {
        for (int i = 0; i < 3; i++) {
            check_moments(&grid, (TheoryActivation)a, kernels[i]);
        }
    }
}

/* The diagonal response is the derivative of the own moment: central differences, whose error is
 * h² times a third derivative of order 1, plus rounding over h. */
static void diagonal_response_is_a_derivative(void **state)
{
    const double h = 1e-4;
    (void)state;
    for (int a = 0; a < THEORY_ACTIVATIONS; a++) {
        for (double own = 0.1; own < 5; own *= 2) {
            double up = theory_moments((TheoryActivation)a, 0.3, (TheoryKernel){own + h, NAN}).own;
            double down =
                theory_moments((TheoryActivation)a, 0.3, (TheoryKernel){own - h, NAN}).own;
            double slope =
                theory_moments((TheoryActivation)a, 0.3, (TheoryKernel){own, NAN}).own_response;
            assert_near(slope, (up - down) / (2 * h), 1e-6);
        }
    }
}

/* The same number from a closed form and from the quadrature: <sin²> = (1 − e^−2K)/2 is the
 * library's closed form, tanh is compared with its power series where K is small:
 * tanh² = x² − 2x⁴/3 + 17x⁶/45 …, <x²> = K, <x⁴> = 3K², <x⁶> = 15K³, next term below 100 K⁴. */
static void tanh_at_small_kernels(void **state)
{
    (void)state;
    for (double k = 1e-4; k < 1e-2; k *= 3) {
        double series = k - 2 * k * k + 17.0 / 3 * k * k * k;
        double own = theory_moments(THEORY_TANH, 0, (TheoryKernel){k, NAN}).own;
        assert_near(own, series, 100 * pow(k, 4));
    }
}

static void steepest_slopes_are_reached_and_not_passed(void **state)
{
    (void)state;
    for (int a = 0; a < THEORY_ACTIVATIONS; a++) {
        double most = 0;
        for (double x = -20; x < 20; x += 1e-3) {
            most = fmax(most, fabs(theory_value((TheoryActivation)a, 0.3, x).slope));
        }
        double bound = theory_steepest((TheoryActivation)a, 0.3);
        assert_true(most <= bound + 1e-12);
        assert_true(most > bound - 1e-3);
    }
}

static void a_kernel_that_is_none_gives_none(void **state)
{
    (void)state;
    assert_true(isnan(theory_moments(THEORY_TANH, 0, (TheoryKernel){NAN, 0}).own));
    assert_true(isnan(theory_moments(THEORY_RELU, 0, (TheoryKernel){-1, 0}).own));
    assert_true(isnan(theory_moments(THEORY_ERF, 0, (TheoryKernel){INFINITY, 0}).pair));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_match_a_grid),
        cmocka_unit_test(diagonal_response_is_a_derivative),
        cmocka_unit_test(tanh_at_small_kernels),
        cmocka_unit_test(steepest_slopes_are_reached_and_not_passed),
        cmocka_unit_test(a_kernel_that_is_none_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
