/* SPDX-License-Identifier: Apache-2.0
 *
 * Singular values of long products, against products that are made from known ones: with
 * A_k = Q_k S_k Q_{k−1}ᵀ, Q orthogonal and S diagonal, the product's values are the products of
 * the entries of S. And against the values of one matrix, by bisection on its Gram matrix.
 */
#include "lib/dot.h"
#include "lib/graded.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 7, BIG = 40 };

static uint64_t state_of_draws = 1;

static double draw(void)
{
    state_of_draws = state_of_draws * 6364136223846793005u + 1442695040888963407u;
    return (double)(state_of_draws >> 11) / 0x1p53 - 0.5;
}

/* Columns of a random orthogonal matrix. */
static void draw_orthogonal(double *q, int n)
{
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++)
            q[j * n + i] = draw();
        for (int pass = 0; pass < 3; pass++)
            for (int k = 0; k < j; k++)
                rt_add_scaled(q + j * n, q + k * n, -rt_dot(q + j * n, q + k * n, n), n);
        rt_scale(q + j * n, 1 / rt_norm(q + j * n, n), n);
    }
}

/* next = A u, columns; a is [column][row]. */
static void apply(RtGraded *g, const double *a)
{
    int n = (int)g->n;
    memset(g->next, 0, sizeof(double) * (size_t)n * (size_t)n);
    for (int j = 0; j < n; j++)
        for (int k = 0; k < n; k++)
            rt_add_scaled(g->next + j * n, a + k * n, g->u[j * n + k], n);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* `factors` of them, whose log2 spread over ±`reach`; returns the sorted exact log2 values. */
static void multiply_known(RtGraded *g, int n, int factors, double reach, double drift,
                           double *exact)
{
    double *left = calloc((size_t)(n * n), sizeof *left);
    double *right = calloc((size_t)(n * n), sizeof *right);
    double *a = calloc((size_t)(n * n), sizeof *a);
    memset(exact, 0, sizeof *exact * (size_t)n);
    draw_orthogonal(right, n);
    for (int f = 0; f < factors; f++) {
        memset(a, 0, sizeof *a * (size_t)(n * n));
        draw_orthogonal(left, n);
        for (int k = 0; k < n; k++) {
            double bits = 2 * reach * draw() + drift * (k - n / 2.0);
            exact[k] += bits;
            for (int j = 0; j < n; j++)
                rt_add_scaled(a + j * n, left + k * n, exp2(bits) * right[k * n + j], n);
        }
        apply(g, a);
        assert_true(rt_graded_factor(g) >= 1);
        rt_graded_accept(g);
        double *swap = left;
        left = right;
        right = swap;
    }
    qsort(exact, (size_t)n, sizeof *exact, descending);
    free(left);
    free(right);
    free(a);
}

/* A factor's rounding moves a singular value by some eps · n · spread of the factor, relatively. */
static double tolerance(int n, int factors, double reach, double drift)
{
    return 8 * 2.2e-16 * n * factors * exp2(2 * reach + drift * n) / 0.6931;
}

static void check_product(int n, int factors, double reach, double drift)
{
    RtGraded g;
    double exact[BIG], found[BIG], close = tolerance(n, factors, reach, drift);
    assert_true(rt_graded_open(&g, n));
    multiply_known(&g, n, factors, reach, drift, exact);
    rt_graded_values(&g, found);
    for (int i = 0; i < n; i++)
        assert_true(fabs(found[i] - exact[i]) <= close);
    rt_graded_reset(&g);
    multiply_known(&g, n, factors, reach, drift, exact);
    double most, least;
    assert_true(rt_graded_extremes(&g, &most, &least));
    /* Lanczos stops at a relative change of 1e-12 of the square */
    assert_true(fabs(most - exact[0]) <= close + 1e-9);
    assert_true(fabs(least - exact[n - 1]) <= close + 1e-9);
    rt_graded_close(&g);
}

static void test_mild_products(void **state)
{
    (void)state;
    check_product(N, 1, 1, 0);
    check_product(N, 300, 0.5, 0);
    check_product(BIG, 100, 0.5, 0);
}

static void test_hundreds_of_decades(void **state)
{
    (void)state;
    check_product(N, 200, 0.5, 0.5);   /* 2^±350 */
    check_product(N, 3000, 0.2, 0.4);  /* 2^±4200, beyond doubles */
    check_product(BIG, 400, 0.2, 0.1); /* 2^±800 */
}

/* A zero of one factor stays, and leaves the others what they are. */
static void test_zeros_stay(void **state)
{
    (void)state;
    RtGraded g;
    double found[3];
    assert_true(rt_graded_open(&g, 3));
    const double shear[] = {2, 0, 0, 4, 0, 0, 0, 0, 3}; /* rank 2: columns (2), (4), (0 0 3) */
    apply(&g, shear);
    assert_true(isinf(rt_graded_factor(&g)));
    rt_graded_accept(&g);
    /* the direction in place of the zero may be lost again: there is nothing left to lose */
    double twice[9];
    memcpy(twice, g.u, sizeof twice);
    memcpy(twice + 6, twice, 3 * sizeof *twice);
    memcpy(g.next, twice, sizeof twice);
    assert_true(rt_graded_factor(&g) < 2);
    memcpy(g.next, g.u, sizeof twice);
    assert_true(rt_graded_factor(&g) < 2);
    rt_graded_accept(&g);
    rt_graded_values(&g, found);
    assert_true(fabs(found[0] - 0.5 * log2(20)) < 1e-14);
    assert_true(fabs(found[1] - log2(3)) < 1e-14);
    assert_true(isinf(found[2]) && found[2] < 0);
    rt_graded_close(&g);
}

static void test_what_is_not_finite_is_told(void **state)
{
    (void)state;
    RtGraded g;
    assert_true(rt_graded_open(&g, 2));
    g.next[0] = 1;
    g.next[3] = (double)NAN;
    assert_true(isnan(rt_graded_factor(&g)));
    rt_graded_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mild_products), cmocka_unit_test(test_hundreds_of_decades),
        cmocka_unit_test(test_zeros_stay), cmocka_unit_test(test_what_is_not_finite_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
