/* SPDX-License-Identifier: Apache-2.0
 *
 * Critical exponents, regimes as functions of the depth, Jacobian bounds and path weights.
 */
#include "theory_fixture.h"

#include <string.h>

static void correlate(TheoryOp *op, TheoryCorrelation kind, double parameter, int increments)
{
    op->correlation = kind;
    op->parameter = parameter;
    op->increments = increments;
}

static double critical_of(TheoryActivation phi, TheoryCorrelation kind, double parameter,
                          int increments)
{
    Block block;
    two_matrices(&block, phi, 10, 0.1);
    correlate(&block.ops[0], kind, parameter, increments);
    correlate(&block.ops[2], kind, parameter, increments);
    return theory_critical_exponent(&block.branch);
}

/* fbm: max(1/2, H) with relu between the matrices, max(1/2, 2H − 1) with an odd activation. */
static void critical_exponents(void **state)
{
    (void)state;
    assert_near(critical_of(THEORY_RELU, THEORY_IID, 0, 0), 0.5, 0);
    for (double hurst = 0.05; hurst < 1; hurst += 0.05) {
        double relu = critical_of(THEORY_RELU, THEORY_FBM, hurst, 0);
        double tanh = critical_of(THEORY_TANH, THEORY_FBM, hurst, 0);
        assert_near(relu, fmax(0.5, hurst), 1e-15);
        assert_near(tanh, fmax(0.5, 2 * hurst - 1), 1e-15);
    }
    static const TheoryCorrelation paths[] = {THEORY_RBF, THEORY_OU, THEORY_MATERN32};
    for (int i = 0; i < 3; i++) {
        assert_near(critical_of(THEORY_RELU, paths[i], 0.1, 0), 1, 0);
        assert_near(critical_of(THEORY_TANH, paths[i], 0.1, 0), 1, 0);
    }
    assert_near(critical_of(THEORY_RELU, THEORY_RBF, 0.1, 1), 1, 0);
    assert_near(critical_of(THEORY_RELU, THEORY_MATERN32, 0.1, 1), 1, 0);
    assert_near(critical_of(THEORY_RELU, THEORY_OU, 0.1, 1), 0.5, 0);
    assert_near(critical_of(THEORY_RELU, THEORY_CONSTANT, 0, 0), 1, 0);
}

static void only_the_outer_matrix_counts_behind_relu(void **state)
{
    Block block;
    (void)state;
    two_matrices(&block, THEORY_RELU, 10, 0.1);
    block.ops[0].tied = 1;
    assert_near(theory_critical_exponent(&block.branch), 0.5, 0);
    block.ops[2].tied = 1;
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
    /* an activation of positive mean at the end adds up whatever the weights do */
    block.ops[0] = matrix_op(1, 0);
    block.ops[1] = activation_op(THEORY_RELU);
    block.branch.op_count = 2;
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
    block.ops[1] = activation_op(THEORY_TANH);
    assert_near(theory_critical_exponent(&block.branch), 0.5, 0);
}

static double from_the_second(const void *context, int64_t layer)
{
    (void)context;
    return (double)(layer - 1);
}

/* A variance of 0 in the first layer says nothing of the others. */
static void weights_are_drawn_where_any_layer_draws_them(void **state)
{
    Block block;
    const TheorySeries later = {.at = from_the_second};
    (void)state;
    two_matrices(&block, THEORY_TANH, 10, 0.1);
    block.ops[0].variance = block.ops[2].variance = later;
    assert_near(theory_critical_exponent(&block.branch), 0.5, 0);
    assert_null(theory_obstacle(&block.stack));
    block.ops[2].tied = 1;
    assert_non_null(theory_obstacle(&block.stack));
    /* V h + W h, of which W is one matrix for all layers */
    block.ops[0] = (TheoryOp){.kind = THEORY_SUM, .first = 1, .rest = 1};
    block.ops[1] = matrix_op(1, 0);
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
    block.ops[2].variance = (TheorySeries){.constant = 0};
    assert_near(theory_critical_exponent(&block.branch), 0.5, 0);
    block.ops[2].bias_variance = later;
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
}

/* A block whose alpha and skip are functions of the depth. */
typedef struct Family {
    Block block;
    TheoryActivation phi;
    TheoryCorrelation correlation;
    double hurst, power, scale_power, scale_factor, depth;
    int by_layer, rises, learned;
} Family;

static double root_of_layer(const void *context, int64_t layer)
{
    (void)context;
    return 1 / (sqrt((double)layer) * log((double)layer + 1.7182818));
}

/* From L^-½ to twice that along depth L. */
static double rising(const void *context, int64_t layer)
{
    double depth = *(const double *)context;
    return (1 + (double)layer / depth) / sqrt(depth);
}

static const TheoryStack *family_at(void *context, double depth)
{
    Family *f = context;
    TheoryStack *stack = two_matrices(&f->block, f->phi, depth, pow(depth, -f->power));
    correlate(&f->block.ops[0], f->correlation, f->hurst, 0);
    correlate(&f->block.ops[2], f->correlation, f->hurst, 0);
    stack->scale.constant = 1 - f->scale_factor * pow(depth, -f->scale_power);
    f->block.branch.learned = f->learned;
    if (f->by_layer) {
        f->block.branch.alpha = (TheorySeries){.at = root_of_layer};
    }
    if (f->rises) {
        f->depth = depth;
        f->block.branch.alpha = (TheorySeries){.at = rising, .context = &f->depth};
    }
    return stack;
}

static const TheoryStack *same_block(void *context, double depth)
{
    (void)depth;
    return context;
}

static TheoryRegime regime_of(Family family)
{
    TheoryFamily f = {family_at, &family};
    TheoryVerdict verdict = theory_regime(&f, 100);
    assert_non_null(verdict.why);
    return verdict.regime;
}

static void regimes(void **state)
{
    (void)state;
    Family iid = {.phi = THEORY_RELU, .power = 0.5};
    assert_int_equal(regime_of(iid), THEORY_REGIME_SDE);
    iid.power = 1;
    assert_int_equal(regime_of(iid), THEORY_REGIME_IDENTITY);
    iid.power = 0.25;
    assert_int_equal(regime_of(iid), THEORY_REGIME_EXPLODING);
    iid.rises = 1;
    assert_int_equal(regime_of(iid), THEORY_REGIME_SDE);
    iid.rises = 0;
    iid.by_layer = 1; /* the first layers are most of a convergent sum: their steps stay large */
    assert_int_equal(regime_of(iid), THEORY_REGIME_STABLE);
    Family smooth = {.phi = THEORY_RELU, .power = 1, .correlation = THEORY_RBF, .hurst = 0.1};
    assert_int_equal(regime_of(smooth), THEORY_REGIME_ODE);
    smooth.power = 0.5;
    assert_int_equal(regime_of(smooth), THEORY_REGIME_EXPLODING);
    smooth.power = 2;
    assert_int_equal(regime_of(smooth), THEORY_REGIME_IDENTITY);
    Family rough = {.phi = THEORY_RELU, .power = 0.8, .correlation = THEORY_FBM, .hurst = 0.8};
    assert_int_equal(regime_of(rough), THEORY_REGIME_STABLE);
    rough.hurst = 0.5;
    assert_int_equal(regime_of(rough), THEORY_REGIME_IDENTITY);
}

static void skips_with_a_scale(void **state)
{
    (void)state;
    Family filtered = {.phi = THEORY_TANH, .power = 1, .scale_factor = 1, .scale_power = 1};
    assert_int_equal(regime_of(filtered), THEORY_REGIME_STABLE);
    filtered.power = 0.5;
    assert_int_equal(regime_of(filtered), THEORY_REGIME_SDE);
    filtered.scale_power = 0.5;
    assert_int_equal(regime_of(filtered), THEORY_REGIME_VANISHING);
    filtered.scale_factor = -1;
    assert_int_equal(regime_of(filtered), THEORY_REGIME_EXPLODING);
}

static void trained_alpha_counts_as_it_begins(void **state)
{
    (void)state;
    Family constant = {.phi = THEORY_RELU, .power = 0, .learned = 1};
    assert_int_equal(regime_of(constant), THEORY_REGIME_EXPLODING);
    Family small = {.phi = THEORY_RELU, .power = 5, .learned = 1};
    assert_int_equal(regime_of(small), THEORY_REGIME_IDENTITY);
}

/* As of `alpha optimal` where there is no optimum, and where it is 0. */
static void alpha_without_a_value_has_no_regime(void **state)
{
    Block block;
    (void)state;
    two_matrices(&block, THEORY_TANH, 10, INFINITY);
    TheoryFamily family = {same_block, &block.stack};
    assert_int_equal(theory_regime(&family, 10).regime, THEORY_NO_REGIME);
    assert_string_equal(theory_regime(&family, 10).why, "alpha has no finite value");
    block.branch.alpha.constant = 0;
    assert_int_equal(theory_regime(&family, 10).regime, THEORY_REGIME_IDENTITY);
    assert_non_null(strstr(theory_regime(&family, 10).why, "alpha is 0"));
    block.branch.learned = 1;
    assert_non_null(strstr(theory_regime(&family, 10).why, "alpha is trained from 0"));
    block.branch.alpha.constant = 1;
    block.ops[0].variance.constant = 0;
    assert_non_null(strstr(theory_regime(&family, 10).why, "weights begin at 0"));
}

static void unknown_layers_have_no_regime(void **state)
{
    Block block;
    (void)state;
    two_matrices(&block, THEORY_RELU, 10, 0.1);
    block.ops[1].kind = THEORY_UNKNOWN;
    assert_true(isnan(theory_critical_exponent(&block.branch)));
}

/* Nothing walks through a billion layers; regimes do not need to. */
static void the_deepest_blocks_end(void **state)
{
    Block block;
    (void)state;
    TheoryStack *stack = two_matrices(&block, THEORY_TANH, 1e9, 1e-5);
    assert_non_null(theory_obstacle(stack));
    assert_true(isnan(theory_ratios(stack).forward_square));
    assert_true(isnan(theory_jacobian(stack).log_low));
    assert_true(isnan(theory_expansion(stack).log_coherent_total));
    assert_near(theory_log_gain(stack), 0, 0);
    stack->scale.at = root_of_layer;
    assert_true(isnan(theory_log_gain(stack)));
    Family deep = {.phi = THEORY_RELU, .by_layer = 1, .learned = 1};
    TheoryFamily family = {family_at, &deep};
    assert_int_equal(theory_regime(&family, 1e12).regime, THEORY_REGIME_STABLE);
}

/* tanh(W h) with ‖W‖ = 2 beside (1 − 1/L): the limits of the bounds are e^-3 and e; at depth L they
 * are (1 − 3/L)^L and (1 + 1/L)^L. */
static void jacobian_interval(void **state)
{
    Block block;
    (void)state;
    for (double depth = 100; depth <= 1e5; depth *= 10) {
        block.ops[0] = matrix_op(1, 0);
        block.ops[1] = activation_op(THEORY_TANH);
        TheoryStack *stack = open_block(&block, depth, 1 / depth, 2);
        stack->skip = THEORY_FILTER;
        stack->scale.constant = 1 - 1 / depth;
        TheoryJacobian j = theory_jacobian(stack);
        assert_near(j.log_low, depth * log1p(-3 / depth), 1e-8);
        assert_near(j.log_high, depth * log1p(1 / depth), 1e-8);
        assert_near(j.log_gain, depth * log1p(-1 / depth), 1e-8);
    }
}

/* ‖J v‖ of one drawn product lies within the bounds, and near the root mean square: the squares of
 * 200 directions have a relative deviation below 1, so 0.3 is beyond four standard errors. */
static void drawn_jacobians_keep_the_bounds(void **state)
{
    enum { WIDTH = 12, DEPTH = 60 };
    uint64_t seed = 5;
    Block block;
    Tally squares = {0};
    (void)state;
    block.ops[0] = matrix_op(1, 0);
    block.ops[1] = activation_op(THEORY_TANH);
    TheoryStack *stack = open_block(&block, DEPTH, 0.1, 2);
    TheoryJacobian bounds = theory_jacobian(stack);
    for (int run = 0; run < 200; run++) {
        double h[WIDTH], v[WIDTH], norm = 0;
        for (int i = 0; i < WIDTH; i++) {
            h[i] = normal(&seed);
            v[i] = normal(&seed);
            norm += v[i] * v[i];
        }
        for (int l = 0; l < DEPTH; l++) {
            double pre[WIDTH] = {0}, turn[WIDTH] = {0};
            for (int i = 0; i < WIDTH; i++) {
                for (int j = 0; j < WIDTH; j++) {
                    double w = normal(&seed) / sqrt(WIDTH);
                    pre[i] += w * h[j];
                    turn[i] += w * v[j];
                }
            }
            for (int i = 0; i < WIDTH; i++) {
                double t = tanh(pre[i]);
                h[i] += 0.1 * t;
                v[i] += 0.1 * (1 - t * t) * turn[i];
            }
        }
        double end = 0;
        for (int i = 0; i < WIDTH; i++) {
            end += v[i] * v[i];
        }
        assert_true(log(end / norm) / 2 > bounds.log_low);
        assert_true(log(end / norm) / 2 < bounds.log_high);
        tally_add(&squares, end / norm);
    }
    assert_near(tally_mean(&squares) / exp(bounds.log_mean_square), 1, 0.3);
}

/* Sums over all subsets of six updates, by their bits. */
static double subset_sum(const double *alpha, int order, int squared)
{
    double sum = 0;
    for (int set = 0; set < 64; set++) {
        double product = 1;
        for (int i = 0; i < 6; i++) {
            product *= set >> i & 1 ? pow(alpha[i], squared ? 2 : 1) : 1;
        }
        sum += __builtin_popcount((unsigned)set) == order ? product : 0;
    }
    return sum;
}

static double alpha_of_six(const void *context, int64_t layer)
{
    return ((const double *)context)[layer - 1];
}

static void paths_are_subsets(void **state)
{
    static const double alpha[] = {0.3, 0.5, 0.1, 0.9, 0.2, 0.4};
    static const double binomial[] = {1, 6, 15, 20, 15, 6, 1};
    Block block;
    (void)state;
    TheoryStack *stack = two_matrices(&block, THEORY_RELU, 6, 0);
    block.branch.alpha = (TheorySeries){.at = alpha_of_six, .context = alpha};
    TheoryExpansion e = theory_expansion(stack);
    for (int k = 0; k <= 6; k++) {
        assert_near(exp(e.log_paths[k]), binomial[k], 1e-9);
        assert_near(exp(e.log_coherent[k]), subset_sum(alpha, k, 0), 1e-12);
        assert_near(exp(e.log_incoherent[k]), subset_sum(alpha, k, 1), 1e-12);
    }
    assert_true(exp(e.log_paths[7]) == 0);
}

/* 1/√n: (1 + 1/√n)^n, 1.38e4 at 100 and 3.3e13 at 1000; 1/n: orders to 2 carry 94.5, 92.2, 92.0 %
 * of a total that tends to e. */
static void path_totals(void **state)
{
    Block block;
    (void)state;
    TheoryExpansion e = theory_expansion(two_matrices(&block, THEORY_RELU, 100, 0.1));
    assert_near(exp(e.log_coherent_total), 1.38e4, 0.005e4);
    e = theory_expansion(two_matrices(&block, THEORY_RELU, 1000, pow(1000, -0.5)));
    assert_near(exp(e.log_coherent_total), 3.3e13, 0.05e13);
    assert_near(exp(e.log_incoherent_total), pow(1.001, 1000), 1e-9);
    static const double shares[] = {94.5, 92.2, 92.0};
    for (int i = 0; i < 3; i++) {
        double n = pow(10, i + 1), sum = 0;
        e = theory_expansion(two_matrices(&block, THEORY_RELU, n, 1 / n));
        for (int k = 0; k < 3; k++) {
            sum += exp(e.log_coherent[k]);
        }
        assert_near(100 * sum / exp(e.log_coherent_total), shares[i], 0.05);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_exponents),
        cmocka_unit_test(only_the_outer_matrix_counts_behind_relu),
        cmocka_unit_test(weights_are_drawn_where_any_layer_draws_them),
        cmocka_unit_test(regimes),
        cmocka_unit_test(skips_with_a_scale),
        cmocka_unit_test(trained_alpha_counts_as_it_begins),
        cmocka_unit_test(alpha_without_a_value_has_no_regime),
        cmocka_unit_test(unknown_layers_have_no_regime),
        cmocka_unit_test(the_deepest_blocks_end),
        cmocka_unit_test(jacobian_interval),
        cmocka_unit_test(drawn_jacobians_keep_the_bounds),
        cmocka_unit_test(paths_are_subsets),
        cmocka_unit_test(path_totals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
