/* SPDX-License-Identifier: Apache-2.0
 *
 * Expr: folding, evaluation, comparison and printing.
 */
#include "support/expr.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Span nowhere = {0, 0};

static int create_arena(void **state)
{
    *state = arena_create();
    return 0;
}

static int destroy_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

static const Expr *number(Arena *arena, double value)
{
    return expr_number(arena, value, nowhere);
}

static const Expr *make(Arena *arena, ExprKind kind, const Expr *a, const Expr *b)
{
    return expr_make(arena, kind, a, b, nowhere);
}

static void numbers_fold(void **state)
{
    Arena *arena = *state;
    static const struct {
        ExprKind kind;
        double a, b, value;
    } rows[] = {{EXPR_ADD, 2, 3, 5},   {EXPR_SUB, 2, 3, -1},   {EXPR_MUL, 2, 3, 6},
                {EXPR_DIV, 3, 2, 1.5}, {EXPR_POW, 2, -1, 0.5}, {EXPR_MIN, 2, 3, 2},
                {EXPR_MAX, 2, 3, 3},   {EXPR_EQ, 2, 2, 1},     {EXPR_NE, 2, 2, 0},
                {EXPR_LT, 2, 3, 1},    {EXPR_LE, 3, 3, 1},     {EXPR_GT, 2, 3, 0},
                {EXPR_GE, 2, 3, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Expr *e =
            make(arena, rows[i].kind, number(arena, rows[i].a), number(arena, rows[i].b));
        assert_true(expr_is_number(e));
        assert_true(e->number == rows[i].value);
    }
}

static void functions_fold(void **state)
{
    Arena *arena = *state;
    static const struct {
        ExprKind kind;
        double a, value;
    } rows[] = {{EXPR_NEGATE, 2, -2}, {EXPR_SQRT, 9, 3},    {EXPR_EXP, 0, 1},
                {EXPR_LOG, 1, 0},     {EXPR_LOG10, 100, 2}, {EXPR_ABS, -2, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Expr *e = make(arena, rows[i].kind, number(arena, rows[i].a), NULL);
        assert_true(expr_is_number(e) && e->number == rows[i].value);
    }
}

static void leaves_take_their_value_from_the_place(void **state)
{
    Arena *arena = *state;
    double params[] = {10, 20};
    ExprPlace place = {params, 1, 2, 3, 4, 5};
    static const struct {
        ExprKind kind;
        double value;
    } rows[] = {{EXPR_DEPTH, 1},   {EXPR_LAYER, 2}, {EXPR_FAN_IN, 3},
                {EXPR_FAN_OUT, 4}, {EXPR_BASE, 5},  {EXPR_QUANTITY, 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const Expr *leaf = expr_leaf(arena, rows[i].kind, nowhere);
        const Expr *sum = make(arena, EXPR_ADD, leaf, number(arena, 1));
        assert_false(expr_is_number(sum));
        assert_true(expr_evaluate(sum, &place) == rows[i].value + 1);
        assert_true(expr_uses(sum, rows[i].kind));
        assert_false(expr_uses(sum, EXPR_PARAM));
    }
    assert_true(expr_evaluate(expr_param(arena, 1, nowhere), &place) == 20);
}

static void equality_is_of_structure(void **state)
{
    Arena *arena = *state;
    const Expr *depth = expr_leaf(arena, EXPR_DEPTH, nowhere);
    const Expr *a = make(arena, EXPR_POW, depth, number(arena, -0.5));
    const Expr *b =
        make(arena, EXPR_POW, expr_leaf(arena, EXPR_DEPTH, nowhere), number(arena, -0.5));
    assert_true(expr_equal(a, b));
    assert_false(expr_equal(a, make(arena, EXPR_POW, depth, number(arena, -1))));
    assert_false(expr_equal(a, depth));
    assert_false(expr_equal(expr_param(arena, 0, nowhere), expr_param(arena, 1, nowhere)));
    assert_true(expr_equal(NULL, NULL));
    assert_false(expr_equal(a, NULL));
}

static void assert_prints(const Expr *e, const char *wanted)
{
    static const char *const names[] = {"L", "beta"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    expr_print(e, names, out);
    fclose(out);
    assert_string_equal(text, wanted);
    free(text);
}

static void prints_in_the_language(void **state)
{
    Arena *arena = *state;
    const Expr *depth = expr_leaf(arena, EXPR_DEPTH, nowhere);
    const Expr *beta = expr_param(arena, 1, nowhere);
    assert_prints(make(arena, EXPR_POW, depth, make(arena, EXPR_NEGATE, beta, NULL)),
                  "(depth ^ (-beta))");
    assert_prints(make(arena, EXPR_MIN, depth, number(arena, 0.5)), "min(depth, 0.5)");
    assert_prints(make(arena, EXPR_SQRT, depth, NULL), "sqrt(depth)");
    assert_prints(make(arena, EXPR_GE, depth, beta), "(depth >= beta)");
    assert_prints(number(arena, 0.1), "0.10000000000000001");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_arena, destroy_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_fold),
        TEST(functions_fold),
        TEST(leaves_take_their_value_from_the_place),
        TEST(equality_is_of_structure),
        TEST(prints_in_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
