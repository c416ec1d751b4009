/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms against their formulas in long double, backward against the whole Jacobian.
 */
#include "kernel_test.h"

static const long double EPSILON = 1e-5L;

typedef struct Line {
    long double x[128], z[128]; /* in and normalised */
    long double mean, scale;    /* 1/√(variance + ε) */
    int n;
} Line;

static void normalise(Line *line, int centred)
{
    long double sum = 0, square = 0;
    for (int i = 0; i < line->n; i++)
        sum += line->x[i];
    line->mean = centred ? sum / line->n : 0;
    for (int i = 0; i < line->n; i++)
        square += (line->x[i] - line->mean) * (line->x[i] - line->mean);
    line->scale = 1 / sqrtl(square / line->n + EPSILON);
    for (int i = 0; i < line->n; i++)
        line->z[i] = (line->x[i] - line->mean) * line->scale;
}

/* ∂z_j/∂x_i = s (δ_ij − c/n − z_i z_j / n), c = 1 where the mean is taken off. */
static long double pull_back(const Line *line, int centred, const long double *d, int i,
                             long double *size)
{
    long double sum = 0;
    *size = 0;
    for (int j = 0; j < line->n; j++) {
        long double j_ij = (i == j) - (centred + line->z[i] * line->z[j]) / line->n;
        sum += d[j] * j_ij * line->scale;
        *size += fabsl(d[j]) * ((i == j) + (centred + fabsl(line->z[i] * line->z[j])) / line->n) *
                 line->scale;
    }
    return sum;
}

/* A first-order bound: every sum of n terms loses at most n units of its size, inputs are below 1,
 * so that the mean's error is n units, which the scale carries into z; four such chains meet. */
static long double bound(const Line *line, long double size)
{
    return 4 * test_bound(line->n + 4, size + line->scale);
}

typedef void Norm(const real *x, real *y, int64_t n, int64_t groups, int64_t width);
typedef void NormBack(const real *x, const real *d, real *y, int64_t n, int64_t groups,
                      int64_t width);

static void check_norm(Norm *norm, NormBack *back, int centred, int n, int groups, int width)
{
    int64_t cells = (int64_t)n * groups * width;
    real *x = make_reals(cells, 1), *d = make_reals(cells, 2);
    real *y = make_reals(cells, 3), *g = make_reals(cells, 4);
    norm(x, y, n, groups, width);
    back(x, d, g, n, groups, width);
    for (int at = 0; at < groups * width; at++) {
        int base = at / width * n * width + at % width;
        Line line = {.n = n};
        long double down[128], size;
        for (int i = 0; i < n; i++) {
            line.x[i] = x[base + i * width];
            down[i] = d[base + i * width];
        }
        normalise(&line, centred);
        for (int i = 0; i < n; i++) {
            test_close(y[base + i * width], line.z[i], bound(&line, fabsl(line.z[i])));
            long double expected = pull_back(&line, centred, down, i, &size);
            test_close(g[base + i * width], expected,
                       bound(&line, size) * (1 + line.scale * fabsl(line.z[i])));
        }
    }
    drop_reals(x, cells), drop_reals(d, cells), drop_reals(y, cells), drop_reals(g, cells);
}

static void test_rows(void **state)
{
    (void)state;
    const int sizes[] = {2, 3, 10, 17, 64};
    for (int i = 0; i < OF_SIZES(5, 4); i++)
        for (int groups = 1; groups < OF_SIZES(4, 3); groups++) {
            check_norm(rnk_layernorm, rnk_layernorm_back, 1, sizes[i], groups, 16 * groups);
            check_norm(rnk_rmsnorm, rnk_rmsnorm_back, 0, sizes[i], groups, 16 * groups);
        }
}

static void fill_feature(Line *line, long double *down, const real *x, const real *d, int row,
                         int n, int groups, int width, int batch)
{
    line->n = 0;
    for (int g = 0; g < groups; g++)
        for (int s = 0; s < batch; s++) {
            int at = (g * n + row) * width + s;
            down[line->n] = d[at];
            line->x[line->n++] = x[at];
        }
    normalise(line, 1);
}

static void check_batchnorm(int n, int groups, int batch)
{
    int width = (batch + 15) / 16 * 16;
    int64_t cells = (int64_t)n * groups * width;
    RnPass pass = *test_pass(batch, width);
    pass.training = 1;
    real *x = make_reals(cells, 1), *d = make_reals(cells, 2);
    real *y = make_reals(cells, 3), *g = make_reals(cells, 4);
    real *mean = make_reals(n, 5), *variance = make_reals(n, 6), *was = make_reals(n, 5);
    rnk_batchnorm(&pass, pass.tiles, x, y, n, groups, width, mean, variance);
    rnk_batchnorm_back(&pass, pass.tiles, x, d, g, n, groups, width, variance);
    for (int row = 0; row < n; row++) {
        Line line;
        long double down[128], size;
        fill_feature(&line, down, x, d, row, n, groups, width, batch);
        test_close(mean[row], 0.9L * was[row] + 0.1L * line.mean, test_bound(line.n + 2, 1));
        for (int i = 0; i < line.n; i++) {
            int at = (i / batch * n + row) * width + i % batch;
            test_close(y[at], line.z[i], bound(&line, fabsl(line.z[i])));
            long double expected = pull_back(&line, 1, down, i, &size);
            test_close(g[at], expected, bound(&line, size) * (1 + line.scale * fabsl(line.z[i])));
        }
    }
    drop_reals(x, cells), drop_reals(d, cells), drop_reals(y, cells), drop_reals(g, cells);
    drop_reals(mean, n), drop_reals(variance, n), drop_reals(was, n);
}

static void test_batch(void **state)
{
    (void)state;
    check_batchnorm(3, 1, 40);
    check_batchnorm(5, 3, 17);
    check_batchnorm(1, 2, 64);
}

/* Two samples 1 and 3: mean 2, variance 1, unbiased 2; and the use of running statistics. */
static void test_running(void **state)
{
    (void)state;
    RnPass pass = *test_pass(2, 16);
    pass.training = 1;
    real *x = make_reals(16, 1), *y = make_reals(16, 2), mean = 0, variance = 1;
    x[0] = 1, x[1] = 3;
    rnk_batchnorm(&pass, pass.tiles, x, y, 1, 1, 16, &mean, &variance);
    test_close(mean, 0.2L, UNIT);
    test_close(variance, 1.1L, 2 * UNIT);
    pass.training = 0;
    real kept = mean, *back = make_reals(16, 3);
    rnk_batchnorm(&pass, pass.tiles, x, y, 1, 1, 16, &mean, &variance);
    rnk_batchnorm_back(&pass, pass.tiles, x, x, back, 1, 1, 16, &variance);
    assert_true(mean == kept);
    test_close(y[1], (3 - (long double)mean) / sqrtl(variance + EPSILON), 16 * UNIT);
    test_close(back[1], 3 / sqrtl(variance + EPSILON), 16 * UNIT);
    drop_reals(x, 16), drop_reals(y, 16), drop_reals(back, 16);
}

static void test_standardize(void **state)
{
    (void)state;
    RnCall call = {.fit = (double[6]){0}};
    RnPass pass = *test_pass(20, 16);
    pass.call = &call;
    real *x = make_reals(48, 1), *y = make_reals(48, 2);
    real mean[] = {1, 2, 3}, inverse[] = {2, 0, 4};
    rnk_standardize(&pass, &pass.tiles[1], x, y, 3, 16, mean, inverse);
    for (int i = 0; i < 48; i++)
        assert_true(y[i] == (x[i] - mean[i / 16]) * inverse[i / 16]);
    pass.fit = 1;
    rnk_standardize(&pass, &pass.tiles[1], x, y, 3, 16, mean, inverse);
    for (int r = 0; r < 3; r++) {
        double sum = 0, square = 0;
        for (int s = 0; s < 4; s++) {
            sum += (double)x[r * 16 + s];
            square += (double)x[r * 16 + s] * (double)x[r * 16 + s];
        }
        assert_true(call.fit[r] == sum && call.fit[3 + r] == square);
    }
    assert_memory_equal(x, y, 48 * sizeof(real));
    drop_reals(x, 48), drop_reals(y, 48);
}

int test_norms_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_standardize),
    };
    return cmocka_run_group_tests_name("norms", tests, NULL, NULL);
}
