/* SPDX-License-Identifier: Apache-2.0
 *
 * From a program's tables to theory's numbers: alpha optimal(…) at whatever depth the program
 * starts with, blocks behind blocks, and `expect` at other params than the defaults.
 */
#include "theory_fixture.h"

#include "core/theory.h"
#include "lib/expect.h"

#include <string.h>

enum { PARAM_DEPTH, PARAM_BETA, PARAMS };
enum { TENSOR_IN, TENSOR_W, TENSOR_BIAS, TENSOR_ALPHA, TENSOR_V, TENSORS };

static double depth(const RnPlace *place)
{
    return place->params[PARAM_DEPTH];
}

static double small_scale(const RnPlace *place)
{
    return sqrt(0.05 / place->fan_in);
}

static double branch_scale(const RnPlace *place)
{
    return sqrt(1.2 / place->fan_in);
}

static double bias_scale(const RnPlace *place)
{
    (void)place;
    return sqrt(0.05);
}

static double power_of_depth(const RnPlace *place)
{
    return pow(place->depth, -place->params[PARAM_BETA]);
}

static double one(const RnPlace *place)
{
    (void)place;
    return 1;
}

static double overlap(const RnPlace *place)
{
    (void)place;
    return 0.4;
}

#define MATRIX(scale_function)                                                                     \
    {                                                                                              \
        .law = RN_LAW_NORMAL, .matrix = 1, .scale = scale_function, .fan_in = 100, .fan_out = 100  \
    }

static const RnTensor tensors[TENSORS] = {[TENSOR_IN] = MATRIX(small_scale),
                                          [TENSOR_W] = MATRIX(branch_scale),
                                          [TENSOR_BIAS] = MATRIX(bias_scale),
                                          [TENSOR_ALPHA] = {.law = RN_LAW_OPTIMAL},
                                          [TENSOR_V] = MATRIX(branch_scale)};

/* dense -> block 0: erf -> W, optimal -> block 1: erf -> V, alpha depth^-beta, expect sde */
static const RnSignalOp chain[] = {{.kind = RN_SIGNAL_MATRIX, .weight = TENSOR_IN, .bias = -1},
                                   {.kind = RN_SIGNAL_BLOCK, .weight = 0},
                                   {.kind = RN_SIGNAL_BLOCK, .weight = 1}};
static const RnSignalOp ops[] = {
    {.kind = RN_SIGNAL_ACTIVATION, .activation = RN_ACT_ERF, .weight = -1, .bias = -1},
    {.kind = RN_SIGNAL_MATRIX, .weight = TENSOR_W, .bias = TENSOR_BIAS},
    {.kind = RN_SIGNAL_ACTIVATION, .activation = RN_ACT_ERF, .weight = -1, .bias = -1},
    {.kind = RN_SIGNAL_MATRIX, .weight = TENSOR_V, .bias = -1}};
static const RnSignalBranch branches[] = {
    {.first = 0,
     .count = 2,
     .alpha = TENSOR_ALPHA,
     .optimal = RN_OPTIMAL_PAIR,
     .value = one,
     .norm = one,
     .overlap = overlap},
    {.first = 2, .count = 2, .alpha = -1, .optimal = RN_OPTIMAL_NONE, .value = power_of_depth}};
static const RnSignalBlock blocks[] = {
    {.region = 1, .count = 1, .skip_matrix = -1, .depth_param = PARAM_DEPTH, .width = 100},
    {.region = 2,
     .first = 1,
     .count = 1,
     .skip_matrix = -1,
     .depth_param = PARAM_DEPTH,
     .width = 100,
     .expect = RN_EXPECT_SDE}};
static const RnSignal signal = {.chain_count = 3,
                                .block_count = 2,
                                .chain = chain,
                                .ops = ops,
                                .branches = branches,
                                .blocks = blocks};
static const RnRegion regions[] = {
    {.name = NULL}, {.name = "first", .depth = depth}, {.name = "second", .depth = depth}};
static const RnProgram program = {.name = "made",
                                  .param_count = PARAMS,
                                  .tensor_count = TENSORS,
                                  .region_count = 3,
                                  .tensors = tensors,
                                  .regions = regions,
                                  .signal = &signal};

static double by_hand(double layers)
{
    Block block;
    TheoryStack *stack = one_matrix(&block, THEORY_ERF, 1.2, 0.05, layers, 1);
    stack->start = (TheoryKernel){0.05, 0.02};
    return theory_optimal_scale(stack, THEORY_PAIR);
}

/* 1.2 · 100/100 is 1.2 but for rounding. */
static void optimal_alpha_follows_the_depth(void **state)
{
    (void)state;
    for (double layers = 3; layers < 3000; layers *= 7) {
        double config[PARAMS] = {layers, 0.5};
        double alpha = rn_optimal_alpha(&program, config, TENSOR_ALPHA);
        assert_near(alpha / by_hand(layers), 1, 1e-8);
        assert_true(isnan(rn_optimal_alpha(&program, config, TENSOR_W)));
    }
}

/* The second block starts where the first one ends, for inputs of mean square 1 without overlap. */
static void blocks_hand_their_kernels_on(void **state)
{
    double config[PARAMS] = {12, 0.5};
    RnTheory theory;
    Block block;
    (void)state;
    TheoryStack *first = one_matrix(&block, THEORY_ERF, 1.2, 0.05, 12, by_hand(12));
    first->start = (TheoryKernel){0.05, 0};
    TheoryKernel end = theory_propagate(first).kernel;
    assert_true(rn_theory_fill(&program, config, 1, 0, &theory));
    assert_near(theory.stack.start.own, end.own, 1e-7);
    assert_near(theory.stack.start.pair, end.pair, 1e-7);
    assert_near(theory_at(&theory.stack.branches[0].alpha, 5), 1 / sqrt(12), 1e-15);
    assert_int_equal(rn_theory_block(&program, 2), 1);
    assert_int_equal(rn_theory_block(&program, 0), -1);
    assert_false(rn_theory_fill(&program, config, 2, 0, &theory));
}

static void other_params_break_an_expectation(void **state)
{
    double meant[PARAMS] = {50, 0.5}, other[PARAMS] = {50, 1};
    char text[400] = "";
    (void)state;
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_int_equal(rt_expect_warn(&program, meant, out), 0);
    assert_int_equal(rt_expect_warn(&program, other, out), 1);
    fclose(out);
    assert_non_null(strstr(text, "`second` is meant to be `sde`, and with these params is "
                                 "`identity`"));
}

static void programs_without_tables_have_no_theory(void **state)
{
    RnProgram bare = program;
    double config[PARAMS] = {12, 1};
    RnTheory theory;
    (void)state;
    bare.signal = NULL;
    assert_false(rn_theory_fill(&bare, config, 0, 0, &theory));
    assert_int_equal(rt_expect_warn(&bare, config, stderr), 0);
    assert_true(isnan(rn_optimal_alpha(&bare, config, TENSOR_ALPHA)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimal_alpha_follows_the_depth),
        cmocka_unit_test(blocks_hand_their_kernels_on),
        cmocka_unit_test(other_params_break_an_expectation),
        cmocka_unit_test(programs_without_tables_have_no_theory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
