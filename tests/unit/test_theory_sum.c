/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums of layers in a branch: closed forms, networks that are drawn and run here, and where the
 * squares of the terms do not add.
 */
#include "theory_fixture.h"

#include <string.h>

static TheoryOp sum_op(int first, int rest)
{
    return (TheoryOp){.kind = THEORY_SUM, .first = first, .rest = rest};
}

/* V(h) + W(h), variances 1 and 1/2. */
static TheoryStack *two_terms(Block *block, double depth, double alpha)
{
    block->ops[0] = sum_op(1, 1);
    block->ops[1] = matrix_op(1, 0);
    block->ops[2] = matrix_op(0.5, 0);
    return open_block(block, depth, alpha, 3);
}

/* V h -> phi + U -> W, all of variance 1: W (phi(x) + U x), x = V h. */
static TheoryStack *bypass(Block *block, TheoryActivation phi, double depth, double alpha)
{
    block->ops[0] = matrix_op(1, 0);
    block->ops[1] = sum_op(1, 1);
    block->ops[2] = activation_op(phi);
    block->ops[3] = matrix_op(1, 0);
    block->ops[4] = matrix_op(1, 0);
    return open_block(block, depth, alpha, 5);
}

/* Not two of the terms V and W, but V, U and W. */
static void matrices_count_along_the_longest_way(void **state)
{
    Block block;
    (void)state;
    two_terms(&block, 1, 1);
    assert_int_equal(theory_matrices(&block.branch), 1);
    bypass(&block, THEORY_RELU, 1, 1);
    assert_int_equal(theory_matrices(&block.branch), 3);
}

/* Variances add: (1 + 3/2 alpha²)^L for both, since relu passes 1/2 and U everything. */
static void variances_add(void **state)
{
    Block block;
    (void)state;
    double want = pow(1 + 1.5 * 0.09, 20);
    TheoryRatios r = theory_ratios(two_terms(&block, 20, 0.3));
    assert_near(r.forward_square, want, 1e-12 * want);
    assert_near(r.gradient_square, want, 1e-12 * want);
    r = theory_ratios(bypass(&block, THEORY_RELU, 20, 0.3));
    assert_near(r.forward_square, want, 1e-12 * want);
    assert_near(r.gradient_square, want, 1e-12 * want);
    TheoryJacobian j = theory_jacobian(two_terms(&block, 1, 0.3));
    assert_near(exp(j.log_high), 1 + 0.3 * 2 * (1 + sqrt(0.5)), 1e-12);
}

/* A sum of three is a sum of one and two: relu(x) + (V x + W x). */
static void sums_nest(void **state)
{
    Block block;
    (void)state;
    block.ops[0] = matrix_op(1, 0);
    block.ops[1] = sum_op(1, 3);
    block.ops[2] = activation_op(THEORY_RELU);
    block.ops[3] = sum_op(1, 1);
    block.ops[4] = matrix_op(1, 0);
    block.ops[5] = matrix_op(0.25, 0);
    TheorySignal one = theory_start((TheoryKernel){2, 1});
    theory_apply(&block.ops[1], 1, &one);
    double c = 0.5, relu = 2 / (2 * acos(-1)) * (sqrt(1 - c * c) + (acos(-1) - acos(c)) * c);
    assert_near(one.kernel.own, 1 + 2.5, 1e-12);
    assert_near(one.kernel.pair, relu + 1.25, 1e-12);
    assert_near(one.mean, sqrt(2 / (2 * acos(-1))), 1e-12);
    assert_null(theory_obstacle(open_block(&block, 4, 0.1, 6)));
}

enum { WIDTH = 8, DEPTH = 8 };
typedef double Matrix[WIDTH][WIDTH];

static void draw(Matrix m, uint64_t *seed)
{
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++)
            m[i][j] = normal(seed) / sqrt(WIDTH);
}

static void add_product(Matrix m, int transposed, double factor, const double *x, double *y)
{
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < WIDTH; j++)
            y[i] += factor * (transposed ? m[j][i] : m[i][j]) * x[j];
}

static double square_norm(const double *x)
{
    double sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += x[i] * x[i];
    return sum;
}

typedef struct Layer {
    Matrix v, u, w;
    double x[WIDTH];
} Layer;

static void run_network(double alpha, uint64_t *seed, Tally *forward, Tally *backward)
{
    static Layer layers[DEPTH];
    double h[WIDTH], p[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        h[i] = normal(seed);
        p[i] = normal(seed);
    }
    double start = square_norm(h), end = square_norm(p);
    for (Layer *l = layers; l < layers + DEPTH; l++) {
        double y[WIDTH];
        draw(l->v, seed);
        draw(l->u, seed);
        draw(l->w, seed);
        memset(l->x, 0, sizeof l->x);
        add_product(l->v, 0, 1, h, l->x);
        for (int i = 0; i < WIDTH; i++)
            y[i] = fmax(l->x[i], 0);
        add_product(l->u, 0, 1, l->x, y);
        add_product(l->w, 0, alpha, y, h);
    }
    for (Layer *l = layers + DEPTH; l-- > layers;) {
        double y[WIDTH] = {0}, x[WIDTH];
        add_product(l->w, 1, alpha, p, y);
        for (int i = 0; i < WIDTH; i++)
            x[i] = l->x[i] > 0 ? y[i] : 0;
        add_product(l->u, 1, 1, y, x);
        add_product(l->v, 1, 1, x, p);
    }
    tally_add(forward, square_norm(h) / start);
    tally_add(backward, square_norm(p) / end);
}

/* At any width: means over 4000 networks of width 8 within 4 standard errors. */
static void networks_have_these_second_moments(void **state)
{
    uint64_t seed = 5;
    Tally forward = {0}, backward = {0};
    Block block;
    (void)state;
    for (int i = 0; i < 4000; i++)
        run_network(0.3, &seed, &forward, &backward);
    TheoryRatios r = theory_ratios(bypass(&block, THEORY_RELU, DEPTH, 0.3));
    assert_near(tally_mean(&forward), r.forward_square, 4 * tally_error(&forward));
    assert_near(tally_mean(&backward), r.gradient_square, 4 * tally_error(&backward));
    assert_non_null(r.law_obstacle);
}

/* relu(x) + x: neither term has weights of its own. h + (relu(h) + W h): relu(h) points where h
 * does. An activation behind relu(x) + U x has no normal input. */
static void some_terms_do_not_average_out(void **state)
{
    Block block;
    (void)state;
    TheoryStack *stack = bypass(&block, THEORY_RELU, 10, 0.1);
    assert_null(theory_obstacle(stack));
    block.ops[3] = activation_op(THEORY_LINEAR);
    assert_non_null(strstr(theory_obstacle(stack), "two terms of a sum"));
    bypass(&block, THEORY_RELU, 10, 0.1);
    block.branch.ops = block.ops + 1;
    block.branch.op_count = 3;
    assert_non_null(strstr(theory_obstacle(stack), "has no weights"));
    stack->skip = THEORY_FILTER;
    assert_null(theory_obstacle(stack));
    stack = bypass(&block, THEORY_RELU, 10, 0.1);
    block.ops[4] = activation_op(THEORY_TANH);
    assert_non_null(strstr(theory_obstacle(stack), "without weights between"));
    stack = one_matrix(&block, THEORY_RELU, 1, 0, 10, 0.1);
    assert_null(theory_obstacle(stack));
    block.branch.op_count = 1;
    assert_non_null(strstr(theory_obstacle(stack), "has no weights"));
    assert_non_null(theory_optimal_obstacle(two_terms(&block, 10, 0.1)));
}

static void the_longest_memory_decides(void **state)
{
    Block block;
    (void)state;
    two_terms(&block, 10, 0.1);
    assert_near(theory_critical_exponent(&block.branch), 0.5, 0);
    block.ops[1].correlation = THEORY_FBM;
    block.ops[1].parameter = 0.75;
    assert_near(theory_critical_exponent(&block.branch), 0.75, 0);
    block.ops[2].tied = 1;
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
    block.ops[2].variance.constant = 0; /* a term that adds nothing */
    assert_near(theory_critical_exponent(&block.branch), 0.75, 0);
    block.ops[1] = activation_op(THEORY_RELU);
    assert_near(theory_critical_exponent(&block.branch), 1, 0);
    block.ops[1].kind = THEORY_UNKNOWN;
    assert_true(isnan(theory_critical_exponent(&block.branch)));
}

/* tanh(x) + U x has no bound, tanh(x) + erf(x) has. */
static void every_term_must_saturate(void **state)
{
    Block block;
    (void)state;
    bypass(&block, THEORY_TANH, 10, 0.1);
    assert_false(theory_saturates(&block.branch));
    block.ops[3] = activation_op(THEORY_ERF);
    assert_true(theory_saturates(&block.branch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_count_along_the_longest_way),
        cmocka_unit_test(variances_add),
        cmocka_unit_test(sums_nest),
        cmocka_unit_test(networks_have_these_second_moments),
        cmocka_unit_test(some_terms_do_not_average_out),
        cmocka_unit_test(the_longest_memory_decides),
        cmocka_unit_test(every_term_must_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
