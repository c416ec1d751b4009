/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters: entries against their definitions, and back as the transpose: <v, F u> = <Fᵀ v, u>.
 */
#include "kernel_test.h"

enum { WIDTH = 32 };

typedef struct Case {
    int64_t rows;
    real *x, *y, *d, *back;
} Case;

static Case open_case(int64_t rows)
{
    int64_t n = rows * WIDTH;
    return (Case){rows, make_reals(n, 1), make_reals(n, 2), make_reals(n, 3), make_reals(n, 4)};
}

static void close_case(Case *c)
{
    int64_t n = c->rows * WIDTH;
    for (int lane = 0; lane < WIDTH; lane++) {
        long double left = 0, right = 0, before = 0, after = 0;
        for (int64_t i = lane; i < n; i += WIDTH) {
            left += (long double)c->d[i] * c->y[i];
            right += (long double)c->back[i] * c->x[i];
            before += (long double)c->x[i] * c->x[i];
            after += (long double)c->y[i] * c->y[i];
        }
        /* entries below 1; a filter of ten stages of sums over the rows at most */
        long double bound = test_bound(10 * (c->rows + 4), 4 * (long double)c->rows);
        test_close(left, right, bound);
        test_close(after, before, bound);
    }
    drop_reals(c->x, n), drop_reals(c->y, n), drop_reals(c->d, n), drop_reals(c->back, n);
}

static void test_permutations(void **state)
{
    (void)state;
    real index[] = {3, 1, 4, 0, 2};
    Case c = open_case(5);
    rnk_permute(c.x, c.y, 5, WIDTH, index);
    rnk_permute_back(c.d, c.back, 5, WIDTH, index);
    for (int r = 0; r < 5; r++)
        assert_memory_equal(c.y + r * WIDTH, c.x + (int)index[r] * WIDTH, WIDTH * sizeof(real));
    close_case(&c);
    for (int64_t rows = 1; rows < 7; rows++) {
        c = open_case(rows);
        rnk_cycle(c.x, c.y, rows, WIDTH);
        rnk_cycle_back(c.d, c.back, rows, WIDTH);
        for (int64_t r = 0; r < rows; r++)
            assert_memory_equal(c.y + r * WIDTH, c.x + (r + rows - 1) % rows * WIDTH,
                                WIDTH * sizeof(real));
        close_case(&c);
    }
}

static void test_reflections(void **state)
{
    (void)state;
    for (int64_t rows = 2; rows < 20; rows += 5) {
        Case c = open_case(rows);
        real *v = make_reals(3 * rows, 9);
        for (int i = 0; i < 3; i++) {
            double square = 0;
            for (int64_t r = 0; r < rows; r++)
                square += (double)v[i * rows + r] * (double)v[i * rows + r];
            for (int64_t r = 0; r < rows; r++)
                v[i * rows + r] = (real)((double)v[i * rows + r] / sqrt(square));
        }
        rnk_householder(c.x, c.y, rows, WIDTH, v, 1);
        for (int64_t r = 0; r < rows; r++) {
            long double dot = 0;
            for (int64_t k = 0; k < rows; k++)
                dot += (long double)v[k] * c.x[k * WIDTH + 7];
            test_close(c.y[r * WIDTH + 7], c.x[r * WIDTH + 7] - 2 * v[r] * dot,
                       test_bound(rows + 3, 2 * (long double)rows + 1));
        }
        rnk_householder(c.x, c.y, rows, WIDTH, v, 3);
        rnk_householder_back(c.d, c.back, rows, WIDTH, v, 3);
        drop_reals(v, 3 * rows);
        close_case(&c);
    }
}

static void test_hadamard(void **state)
{
    (void)state;
    for (int64_t rows = 1; rows <= 64; rows *= 2) {
        Case c = open_case(rows);
        real signs[64];
        for (int64_t r = 0; r < rows; r++)
            signs[r] = r % 3 == 1 ? -1 : 1;
        rnk_hadamard(c.x, c.y, rows, WIDTH, signs);
        rnk_hadamard_back(c.d, c.back, rows, WIDTH, signs);
        for (int64_t r = 0; r < rows; r++) {
            long double sum = 0;
            for (int64_t k = 0; k < rows; k++)
                sum += (__builtin_popcountll((uint64_t)(r & k)) & 1 ? -1 : 1) * signs[k] *
                       (long double)c.x[k * WIDTH + 9];
            test_close(c.y[r * WIDTH + 9], sum / sqrtl(rows), test_bound(8, sqrtl(rows)));
        }
        close_case(&c);
    }
}

int test_filters_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutations),
        cmocka_unit_test(test_reflections),
        cmocka_unit_test(test_hadamard),
    };
    return cmocka_run_group_tests_name("filters", tests, NULL, NULL);
}
