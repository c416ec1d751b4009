/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights along depth, against numbers worked out by hand and laws with known exponents.
 */
#include "lib/along_depth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_near(double found, double expected)
{
    assert_true(fabs(found - expected) <= 1e-12 * (1 + fabs(expected)));
}

/* Three layers of (1, 2), (3, -2), (0, 1). */
static void test_sums_by_hand(void **state)
{
    (void)state;
    const float w[] = {1, 2, 3, -2, 0, 1};
    const RtPath path = {.layers = 3, .size = 2, .real_size = 4, .weight = w};
    RtDepthSums sums;
    assert_true(rt_depth_sums(&path, &sums));
    assert_near(sums.max_norm, sqrt(13));
    assert_near(sums.increment, sqrt(20));
    assert_near(sums.root_sum_square, sqrt(19));
    assert_near(sums.sum_norm, sqrt(17));
    assert_near(sums.quadratic_variation, 38);
    assert_near(sums.lag1, -3 / sqrt(18 * 14));
}

/* A matrix of 2 rows and 2 columns lies [column][row]; alpha has a value for each row. */
static void test_alpha_scales_rows(void **state)
{
    (void)state;
    const double w[] = {1, 2, 3, 4, 5, 6, 7, 8}, alpha[] = {10, -100, 2, 3};
    RtPath path = {.layers = 2,
                   .size = 4,
                   .real_size = 8,
                   .weight = w,
                   .alpha = alpha,
                   .alpha_layers = 2,
                   .alpha_size = 2};
    assert_near(rt_path_at(&path, 0, 0), 10);
    assert_near(rt_path_at(&path, 0, 3), -400);
    assert_near(rt_path_at(&path, 1, 2), 14);
    path.alpha_absolute = true;
    assert_near(rt_path_at(&path, 0, 3), 400);
    path.alpha_layers = 1; /* shared */
    assert_near(rt_path_at(&path, 1, 2), 70);
}

static void test_start_is_taken_away(void **state)
{
    (void)state;
    const float w[] = {1, 5, 7}, start[] = {1, 4, 3}, alpha[] = {2}, alpha_start[] = {3};
    RtPath path = {.layers = 3, .size = 1, .real_size = 4, .weight = w, .start = start};
    RtDepthSums sums;
    assert_true(rt_depth_sums(&path, &sums));
    assert_near(sums.max_norm, 4);
    assert_near(sums.quadratic_variation, 1 + 9);
    path.alpha = alpha;
    path.alpha_start = alpha_start;
    path.alpha_layers = path.alpha_size = 1;
    assert_near(rt_path_at(&path, 2, 0), 14 - 9);
}

static void test_one_layer_has_no_neighbour(void **state)
{
    (void)state;
    const float w[] = {3, 4};
    const RtPath path = {.layers = 1, .size = 2, .real_size = 4, .weight = w};
    RtDepthSums sums;
    double roughness;
    assert_true(rt_depth_sums(&path, &sums) && rt_roughness(&path, &roughness));
    assert_near(sums.max_norm, 5);
    assert_near(sums.increment, 0);
    assert_true(isnan(sums.lag1) && isnan(roughness));
}

/* A constant has a running sum of exponent 1. */
static void test_roughness_of_known_paths(void **state)
{
    (void)state;
    enum { LAYERS = 256 };
    double w[LAYERS], found;
    RtPath path = {.layers = LAYERS, .size = 1, .real_size = 8, .weight = w};
    for (int k = 0; k < LAYERS; k++)
        w[k] = 2;
    assert_true(rt_roughness(&path, &found));
    assert_near(found, 1);
    path.layers = 15; /* L/8 is below 2: one lag has no slope */
    assert_true(rt_roughness(&path, &found) && isnan(found));
}

/* Independent signs: the exponent of a random walk is ½. Slope of 10 lags over 64 paths of 8192:
 * the mean square at the longest lag is known to √(2 · 1024 / 8192 / 64) = 6 %, the others better,
 * so half the slope is within 0.02. */
static void test_roughness_of_noise(void **state)
{
    (void)state;
    enum { LAYERS = 8192, SIZE = 64 };
    float *w = malloc(sizeof *w * LAYERS * SIZE);
    uint64_t draws = 7;
    double found;
    assert_non_null(w);
    for (int i = 0; i < LAYERS * SIZE; i++) {
        draws = draws * 6364136223846793005u + 1442695040888963407u;
        w[i] = draws >> 63 ? 1 : -1;
    }
    const RtPath path = {.layers = LAYERS, .size = SIZE, .real_size = 4, .weight = w};
    assert_true(rt_roughness(&path, &found));
    assert_true(fabs(found - 0.5) < 0.02);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_by_hand),
        cmocka_unit_test(test_alpha_scales_rows),
        cmocka_unit_test(test_start_is_taken_away),
        cmocka_unit_test(test_one_layer_has_no_neighbour),
        cmocka_unit_test(test_roughness_of_known_paths),
        cmocka_unit_test(test_roughness_of_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
