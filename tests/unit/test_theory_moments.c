/* SPDX-License-Identifier: Apache-2.0
 *
 * Independent weights: closed forms, and networks that are drawn and run here.
 */
#include "theory_fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Acceptance: (1 + alpha²/2)^L − 1 for relu between two matrices, states and gradients. */
static void relu_follows_its_closed_form(void **state)
{
    static const double cases[][2] = {{1, 10}, {1, 1000}, {0.5, 10}, {0.5, 1000}};
    (void)state;
    for (int i = 0; i < 4; i++) {
        double depth = cases[i][1], alpha = pow(depth, -cases[i][0]);
        Block block;
        TheoryRatios r = theory_ratios(two_matrices(&block, THEORY_RELU, depth, alpha));
        double want = expm1(depth * log1p(alpha * alpha / 2));
        assert_near(r.change_square, want, 1e-12 * (1 + want));
        assert_near(r.gradient_change_square, want, 1e-12 * (1 + want));
    }
}

/* Acceptance: the law of the norm at width 100, depth 1000 (10,000 networks were simulated for
 * these numbers: mean 1.279, deviation 0.089), and growth at alpha = L^-1/4 (mean 2.2e3,
 * median 1.8e3). */
static void the_norm_is_log_normal(void **state)
{
    Block block;
    (void)state;
    TheoryRatios r = theory_ratios(two_matrices(&block, THEORY_RELU, 1000, pow(1000, -0.5)));
    assert_near(r.mean_ratio, 1.279, 0.005);
    assert_near(r.deviation_ratio, 0.089, 0.005);
    TheoryStack *wild = two_matrices(&block, THEORY_RELU, 1000, pow(1000, -0.25));
    wild->width = 40;
    r = theory_ratios(wild);
    assert_true(fabs(log(r.mean_ratio / 2.2e3)) < log(1.25));
    assert_true(fabs(log(r.median_ratio / 1.8e3)) < log(1.25));
}

static double square_norm(const double *x, int d)
{
    double sum = 0;
    for (int i = 0; i < d; i++) {
        sum += x[i] * x[i];
    }
    return sum;
}

/* y = W x with fresh W of variance 1/d; and back = Wᵀ p for the backward pass. */
typedef struct Layer {
    double v[16][16], w[16][16], pre[16];
} Layer;

static void draw(double m[16][16], int d, uint64_t *seed)
{
    for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
            m[i][j] = normal(seed) / sqrt(d);
        }
    }
}

/* ‖h_L‖²/‖h_0‖² and ‖p_0‖²/‖p_L‖² of one network h + alpha V relu(W h). */
static void run_network(int d, int depth, double alpha, uint64_t *seed, Tally *forward,
                        Tally *backward)
{
    Layer *layers = calloc((size_t)depth, sizeof *layers);
    double h[16], p[16];
    for (int i = 0; i < d; i++) {
        h[i] = normal(seed);
        p[i] = normal(seed);
    }
    double start = square_norm(h, d), end = square_norm(p, d);
    for (int l = 0; l < depth; l++) {
        draw(layers[l].w, d, seed);
        draw(layers[l].v, d, seed);
        for (int i = 0; i < d; i++) {
            layers[l].pre[i] = 0;
            for (int j = 0; j < d; j++) {
                layers[l].pre[i] += layers[l].w[i][j] * h[j];
            }
        }
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                h[i] += alpha * layers[l].v[i][j] * fmax(layers[l].pre[j], 0);
            }
        }
    }
    for (int l = depth - 1; l >= 0; l--) {
        double inner[16] = {0}, back[16] = {0};
        for (int j = 0; j < d; j++) {
            for (int i = 0; i < d && layers[l].pre[j] > 0; i++) {
                inner[j] += alpha * layers[l].v[i][j] * p[i];
            }
        }
        for (int j = 0; j < d; j++) {
            for (int i = 0; i < d; i++) {
                back[j] += layers[l].w[i][j] * inner[i];
            }
        }
        for (int j = 0; j < d; j++) {
            p[j] += back[j];
        }
    }
    tally_add(forward, square_norm(h, d) / start);
    tally_add(backward, square_norm(p, d) / end);
    free(layers);
}

/* At any width: means over 3000 networks of width 8 within 4 standard errors. */
static void networks_have_these_second_moments(void **state)
{
    uint64_t seed = 1;
    Tally forward = {0}, backward = {0};
    Block block;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        run_network(8, 16, 0.25, &seed, &forward, &backward);
    }
    TheoryRatios r = theory_ratios(two_matrices(&block, THEORY_RELU, 16, 0.25));
    assert_near(tally_mean(&forward), r.forward_square, 4 * tally_error(&forward));
    assert_near(tally_mean(&backward), r.gradient_square, 4 * tally_error(&backward));
}

/* relu(W h) has a mean: at infinite width entries are h + alpha relu(√K z), z fresh for each layer
 * and entry, with K the mean square over entries. 20,000 entries; the mean square of one of them is
 * known to 4 standard errors, and K's own fluctuation is of the same size, once more. */
static void branches_with_a_mean_add_up(void **state)
{
    enum { ENTRIES = 20000, DEPTH = 12 };
    static double h[ENTRIES];
    uint64_t seed = 7;
    double kernel = 0;
    Block block;
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        h[i] = normal(&seed);
    }
    for (int l = 0; l <= DEPTH; l++) {
        kernel = square_norm(h, ENTRIES) / (double)ENTRIES;
        for (int i = 0; i < ENTRIES && l < DEPTH; i++) {
            h[i] += 0.3 * fmax(sqrt(kernel) * normal(&seed), 0);
        }
    }
    Tally squares = {0};
    for (int i = 0; i < ENTRIES; i++) {
        tally_add(&squares, h[i] * h[i]);
    }
    block.ops[0] = matrix_op(1, 0);
    block.ops[1] = activation_op(THEORY_RELU);
    TheoryStack *stack = open_block(&block, DEPTH, 0.3, 2);
    double want = theory_propagate(stack).kernel.own;
    assert_near(kernel, want, 8 * tally_error(&squares));
    assert_true(isnan(theory_ratios(stack).gradient_square));
}

/* log ‖h_L‖²/‖h_0‖² of networks h + alpha V relu(W h), or of h + alpha V relu(h): W h and V u are
 * normal with variances that the norms of h and u decide. */
static Tally simulate_norm(int d, int depth, double alpha, bool inner, int networks)
{
    Tally logs = {0};
    uint64_t seed = 11;
    double h[64];
    for (int n = 0; n < networks; n++) {
        for (int i = 0; i < d; i++) {
            h[i] = normal(&seed);
        }
        double start = square_norm(h, d);
        for (int l = 0; l < depth; l++) {
            double spread = sqrt(square_norm(h, d) / d), power = 0;
            for (int i = 0; i < d; i++) {
                double u = fmax(inner ? spread * normal(&seed) : h[i], 0);
                power += u * u;
            }
            for (int i = 0; i < d; i++) {
                h[i] += alpha * sqrt(power / d) * normal(&seed);
            }
        }
        tally_add(&logs, log(square_norm(h, d) / start));
    }
    return logs;
}

/* Is the law right within its stated errors, a quarter of the deviation for the mean and a tenth
 * for the deviation, and 4 standard errors of the simulation? */
static bool law_holds(double mean, double deviation, const Tally *logs)
{
    double simulated = tally_error(logs) * sqrt(logs->count);
    return fabs(tally_mean(logs) - mean) < deviation / 4 + 4 * tally_error(logs) &&
           fabs(simulated / deviation - 1) < 0.1 + 4 / sqrt(2 * logs->count);
}

/* The law is given where it holds, and not where the steps are so large, or the norm of the branch
 * so bound to the direction of the state, that simulated networks do not have it. */
static void the_law_ends_where_it_does_not_hold(void **state)
{
    static const struct {
        double width, depth, alpha;
        bool inner, given;
    } cases[] = {{64, 10, 0.316, true, true},    {64, 100, 0.1, true, true},
                 {8, 4, 0.5, true, true},        {64, 50, 1, true, false},
                 {64, 1, 1, true, false},        {64, 10, 0.75, true, false},
                 {32, 100, 0.316, false, false}, {8, 200, 0.27, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double depth = cases[i].depth, alpha = cases[i].alpha;
        int d = (int)cases[i].width;
        Block block;
        TheoryStack *stack = cases[i].inner ? two_matrices(&block, THEORY_RELU, depth, alpha)
                                            : one_matrix(&block, THEORY_RELU, 1, 0, depth, alpha);
        stack->width = d;
        TheoryRatios r = theory_ratios(stack);
        assert_int_equal(r.law_obstacle == NULL, cases[i].given);
        assert_int_equal(isfinite(r.log_mean), cases[i].given);
        assert_true(isfinite(r.forward_square));
        Tally logs = simulate_norm(d, (int)depth, alpha, cases[i].inner, 2000);
        double power = depth * alpha * alpha / 2;
        bool holds = law_holds(power * (1 - 2.0 / d), sqrt(4 * power / d), &logs);
        if (holds != cases[i].given) {
            fail_msg("case %zu: mean %g, deviation %g", i, tally_mean(&logs),
                     tally_error(&logs) * sqrt(logs.count));
        }
    }
}

/* A bias, a curved end, another skip; a state of any mean is as good as another. */
static void the_law_wants_such_a_branch(void **state)
{
    Block block;
    (void)state;
    TheoryStack *stack = two_matrices(&block, THEORY_RELU, 100, 0.1);
    stack->start_mean = 0.5;
    assert_null(theory_ratios(stack).law_obstacle);
    block.ops[2].bias_variance.constant = 0.1;
    assert_non_null(strstr(theory_ratios(stack).law_obstacle, "a bias makes"));
    stack = two_matrices(&block, THEORY_TANH, 100, 0.1);
    assert_non_null(strstr(theory_ratios(stack).law_obstacle, "an activation other than relu"));
    block.ops[1] = (TheoryOp){.kind = THEORY_NORM};
    assert_non_null(strstr(theory_ratios(stack).law_obstacle, "a norm makes"));
    stack = two_matrices(&block, THEORY_RELU, 100, 0.1);
    block.branch.op_count = 2;
    assert_non_null(theory_ratios(stack).law_obstacle);
    stack = two_matrices(&block, THEORY_RELU, 100, 0.1);
    stack->skip = THEORY_FILTER;
    assert_non_null(theory_ratios(stack).law_obstacle);
}

static void says_where_it_knows_nothing(void **state)
{
    Block block;
    (void)state;
    TheoryStack *stack = two_matrices(&block, THEORY_RELU, 10, 0.1);
    assert_null(theory_obstacle(stack));
    block.ops[0].correlation = THEORY_RBF;
    assert_non_null(theory_obstacle(stack));
    assert_true(isnan(theory_ratios(stack).forward_square));
    stack = two_matrices(&block, THEORY_RELU, 10, 0.1);
    block.ops[1].kind = THEORY_UNKNOWN;
    assert_non_null(theory_obstacle(stack));
    stack = two_matrices(&block, THEORY_RELU, 10, 0.1);
    stack->post = 1;
    assert_non_null(theory_obstacle(stack));
    stack = two_matrices(&block, THEORY_RELU, 10, 0.1);
    stack->start.own = NAN;
    assert_non_null(theory_obstacle(stack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relu_follows_its_closed_form),
        cmocka_unit_test(the_norm_is_log_normal),
        cmocka_unit_test(networks_have_these_second_moments),
        cmocka_unit_test(branches_with_a_mean_add_up),
        cmocka_unit_test(the_law_ends_where_it_does_not_hold),
        cmocka_unit_test(the_law_wants_such_a_branch),
        cmocka_unit_test(says_where_it_knows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
