/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths along depth: covariances exact before any draw, and measured ones within three standard
 * errors computed from theory. test_init_path_double.c builds the same in double.
 */
#include "test_init_bench.h"

/* ---- along depth: exact covariances ---- */

static void transform_equals_its_sum(void **state)
{
    (void)state;
    enum { MOST = 64 };
    static vreal x[2 * MOST], kept[2 * MOST];
    real turns[2 * MOST];
    for (int64_t n = 1; n <= MOST; n *= 2) {
        rn_fft_turns(turns, n);
        for (int64_t p = 0, j = 0; p < n; p++, j = rn_fft_next(j, n))
            for (int part = 0; part < 2; part++)
                for (int lane = 0; lane < 16; lane++)
                    kept[2 * j + part][lane] = x[2 * p + part][lane] =
                        (real)rn_normal(1, (uint64_t)(2 * j + part), (uint64_t)lane);
        rn_fft(x, n, turns, 1);
        for (int64_t k = 0; k < n; k++)
            for (int lane = 0; lane < 16; lane += 5) {
                double re = 0, im = 0, two_pi = 2 * acos(-1);
                for (int64_t j = 0; j < n; j++) {
                    double c = cos(two_pi * (double)(j * k % n) / (double)n);
                    double s = sin(two_pi * (double)(j * k % n) / (double)n);
                    re += (double)kept[2 * j][lane] * c - (double)kept[2 * j + 1][lane] * s;
                    im += (double)kept[2 * j][lane] * s + (double)kept[2 * j + 1][lane] * c;
                }
                double most = 40 * UNIT * sqrt((double)n);
                assert_true(fabs(re - (double)x[2 * k][lane]) < most);
                assert_true(fabs(im - (double)x[2 * k + 1][lane]) < most);
            }
    }
}

static void joined_blocks_equal_the_whole(void **state)
{
    (void)state;
    enum { LONGEST_SERIES = 2048 };
    vreal *whole = allocate(4 * LONGEST_SERIES * sizeof *whole, 0), *x = whole + 2 * LONGEST_SERIES;
    real turns[2 * LONGEST_SERIES];
    for (int64_t n = 2; n <= LONGEST_SERIES; n *= 2) {
        int64_t block = rn_fft_block(n);
        rn_fft_turns(turns, n);
        for (int half = 0; half < 2; half++) {
            for (int64_t i = 0; i < 2 * n; i++)
                whole[i] = x[i] = (vreal){} + (real)rn_normal(1, 0, (uint64_t)i);
            rn_fft(whole, n, turns, 1);
            for (int64_t p = 0; p < n; p += block)
                rn_fft(x + 2 * p, block, turns, n / block);
            rn_fft_join(x, n, turns, half);
            assert_memory_equal(x, whole, (size_t)(half ? n : 2 * n) * sizeof *x);
        }
    }
    free(whole);
}

/* The kernels as libm has them; h: lag in correlation lengths. */
static double kernel(int correlation, double h)
{
    switch (correlation) {
    case RN_CORRELATION_GP_RBF:
        return exp(-h * h / 2);
    case RN_CORRELATION_GP_OU:
        return exp(-h);
    default:
        return (1 + sqrt(3) * h) * exp(-sqrt(3) * h);
    }
}

static double want_covariance(const RnPath *path, int64_t lag)
{
    if (path->correlation == RN_CORRELATION_FBM) {
        long double k = (long double)lag, h = 2 * (long double)path->parameter;
        return (double)((powl(fabsl(k - 1), h) - 2 * powl(k, h) + powl(k + 1, h)) / 2);
    }
    double unit = 1 / path->parameter, k = (double)lag;
    int kind = path->correlation;
    if (!path->increments)
        return kernel(kind, k * unit);
    double change = 2 * kernel(kind, k * unit) - kernel(kind, fabs(k - 1) * unit) -
                    kernel(kind, (k + 1) * unit);
    return change / (2 - 2 * kernel(kind, unit));
}

static RnPath planned(int correlation, int increments, int64_t layers, double parameter)
{
    RnPath path = {.correlation = correlation,
                   .increments = increments,
                   .layers = layers,
                   .parameter = parameter};
    assert_true(rn_path_plan(&path));
    return path;
}

static void noise_covariance_is_exact(void **state)
{
    (void)state;
    const double hurst[] = {0.05, 0.2, 0.5, 0.8, 0.97};
    for (int i = 0; i < 5; i++)
        for (int64_t lag = 0; lag <= 200000; lag += 1 + lag / 3) {
            RnPath path = {.correlation = RN_CORRELATION_FBM, .parameter = hurst[i]};
            double scale = pow((double)lag + 1, 2 * hurst[i]); /* of what the reference cancels */
            double gap = rn_path_noise_covariance(hurst[i], lag) - want_covariance(&path, lag);
            assert_true(fabs(gap) < 2e-14 + 0x1p-63 * 8 * scale);
        }
}

/* All frequencies together give back the covariance: Σ_j root_j² cos(2πjk/n) = γ_k. */
static void check_embedding(const RnPath *path)
{
    int64_t n = path->points;
    double *roots = allocate((size_t)(4 * n) * sizeof *roots, 0xff);
    assert_int_equal(path->method, RN_PATH_TRANSFORM);
    assert_true(n >= path->layers);
    rn_path_roots(path, roots, roots + n);
    for (int64_t lag = 0; lag < path->layers; lag += 1 + path->layers / 40) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) {
            double root = roots[2 * j <= n ? j : n - j];
            sum += root * root * cos(2 * acos(-1) * (double)(j * lag % n) / (double)n);
        }
        assert_true(fabs(sum - want_covariance(path, lag)) < 1e-10);
    }
    free(roots);
}

static void embeddings_reproduce_the_covariance(void **state)
{
    (void)state;
    const double hurst[] = {0.05, 0.2, 0.35, 0.8, 0.97, 0.999};
    const int64_t depths[] = {2, 3, 100, 1000, 1024};
    for (int d = 0; d < 5; d++)
        for (int i = 0; i < 6; i++) {
            RnPath path = planned(RN_CORRELATION_FBM, 0, depths[d], hurst[i]);
            check_embedding(&path);
        }
    const double lengths[] = {1e-6, 0.002, 0.02};
    for (int i = 0; i < 6; i++) {
        RnPath path = planned(RN_CORRELATION_GP_RBF, i % 2, 1000, lengths[i / 2]);
        check_embedding(&path);
    }
}

static void series_reproduce_the_covariance(void **state)
{
    (void)state;
    const double lengths[] = {0.05, 0.1, 1, 20};
    for (int i = 0; i < 8; i++) {
        RnPath path = planned(RN_CORRELATION_GP_RBF, i % 2, 301, lengths[i / 2]);
        assert_int_equal(path.method, RN_PATH_SERIES);
        real *table = allocate(path.shared_bytes, 0xff);
        rn_path_prepare(&path, table);
        for (int64_t k = 0; k < 301; k += 7) {
            const real *a = table, *b = table + k / 4 * 8 * path.points + k % 4;
            double sum = 0;
            for (int64_t j = 0; j < path.points; j++)
                sum += (double)a[8 * j] * (double)b[8 * j] +
                       (double)a[8 * j + 4] * (double)b[8 * j + 4];
            /* differences of a kernel near 1 leave the reference few digits */
            double slack = path.increments ? 0x1p-50 * path.parameter * path.parameter : 0;
            assert_true(fabs(sum - want_covariance(&path, k)) < 4 * UNIT + 1e-13 + slack);
        }
        free(table);
    }
}

/* The step keeps unit covariance, and its k-th power times that is the kernel. */
static void check_markov(int correlation, double length)
{
    double rate = (correlation == RN_CORRELATION_GP_OU ? 1 : sqrt(3)) / length;
    Step s = correlation == RN_CORRELATION_GP_OU ? step_ou(rate) : step_matern(rate);
    assert_true(fabs(s.xx * s.xx + s.xy * s.xy + s.n1 * s.n1 + s.n2 * s.n2 - 1) < 1e-14);
    if (correlation != RN_CORRELATION_GP_OU) {
        assert_true(fabs(s.yx * s.yx + s.yy * s.yy + s.m1 * s.m1 - 1) < 1e-14);
        assert_true(fabs(s.xx * s.yx + s.xy * s.yy + s.n1 * s.m1) < 1e-14);
    }
    double x = 1, y = 0; /* covariance of the state with x at layer 0 */
    for (int k = 0; k < 2000; k++) {
        assert_true(fabs(x - kernel(correlation, k / length)) < 1e-12);
        double next = s.xx * x + s.xy * y;
        y = s.yx * x + s.yy * y;
        x = next;
    }
    double increment = 2 - 2 * kernel(correlation, 1 / length);
    assert_true(fabs(s.increment_variance - increment) < 1e-15);
    /* the part of x's noise that cancels: Q11 − Q12²/Q22 → λ³/3 */
    if (correlation != RN_CORRELATION_GP_OU && rate < 1e-3)
        assert_true(fabs(s.n2 * s.n2 / (rate * rate * rate / 3) - 1) < 2 * rate);
}

static void markov_steps_reproduce_the_covariance(void **state)
{
    (void)state;
    const double lengths[] = {0.1, 0.7, 3, 100, 1e4, 1e7};
    for (int i = 0; i < 6; i++) {
        check_markov(RN_CORRELATION_GP_OU, lengths[i]);
        check_markov(RN_CORRELATION_GP_MATERN32, lengths[i]);
    }
}

/* ---- along depth: what is drawn ---- */

/* Mean squares over P paths of L layers, with the variance of each estimate for Gaussian paths:
 * Var(x² averaged) = 2 Σγ²/(P L²), and so on with the fourth moments by pairs. */
typedef struct Estimate {
    double value, want, variance;
} Estimate;

static void assert_estimate(Estimate e)
{
    if (!(fabs(e.value - e.want) < 3 * sqrt(e.variance)))
        fail_msg("got %.8g, want %.8g ± %.3g", e.value, e.want, sqrt(e.variance));
}

static void check_lag(const RnPath *path, const real *w, int64_t paths, int64_t lag)
{
    int64_t layers = path->layers - lag;
    Estimate e = {.want = want_covariance(path, lag)};
    for (int64_t k = 0; k < layers; k++)
        for (int64_t p = 0; p < paths; p++)
            e.value += (double)w[k * paths + p] * (double)w[(k + lag) * paths + p];
    e.value /= (double)(layers * paths);
    for (int64_t k = -layers + 1; k < layers; k++) {
        double same = want_covariance(path, k < 0 ? -k : k);
        double before = want_covariance(path, llabs(k - lag));
        double after = want_covariance(path, llabs(k + lag));
        e.variance += (double)(layers - llabs(k)) * (same * same + before * after);
    }
    e.variance /= (double)layers * (double)layers * (double)paths;
    assert_estimate(e);
}

static void check_sum(const RnPath *path, const real *w, int64_t paths)
{
    int64_t layers = path->layers;
    Estimate e = {0};
    for (int64_t k = -layers + 1; k < layers; k++)
        e.want += (double)(layers - llabs(k)) * want_covariance(path, llabs(k));
    for (int64_t p = 0; p < paths; p++) {
        double sum = 0;
        for (int64_t k = 0; k < layers; k++)
            sum += (double)w[k * paths + p];
        e.value += sum * sum / (double)paths;
    }
    e.variance = 2 * e.want * e.want / (double)paths;
    assert_estimate(e);
    if (path->correlation == RN_CORRELATION_FBM)
        assert_true(fabs(e.want / pow((double)layers, 2 * path->parameter) - 1) < 1e-9);
}

/* Neighbouring places and places a row apart are parts, lanes and groups apart. */
static void check_independence(const RnPath *path, const real *w, int64_t paths, int64_t apart)
{
    int64_t layers = path->layers, pairs = paths - apart;
    Estimate e = {0};
    for (int64_t k = 0; k < layers; k++)
        for (int64_t p = 0; p < pairs; p++)
            e.value += (double)w[k * paths + p] * (double)w[k * paths + p + apart];
    e.value /= (double)(layers * pairs);
    for (int64_t k = -layers + 1; k < layers; k++) {
        double same = want_covariance(path, llabs(k));
        e.variance += (double)(layers - llabs(k)) * same * same;
    }
    e.variance /= (double)layers * (double)layers * (double)pairs;
    assert_estimate(e);
}

static void check_drawn(int correlation, int increments, double parameter)
{
    enum { LAYERS = 100, SIDE = 64, PATHS = SIDE * SIDE };
    Bench bench;
    bench_open(&bench, LAYERS);
    bench.config[2] = parameter;
    RnTensor *tensor = bench_tensor(&bench, "w", RN_LAW_NORMAL, SIDE, SIDE);
    tensor->correlation = correlation;
    tensor->increments = increments;
    assert_int_equal(bench_draw(&bench, 1, NULL), RN_OK);
    RnPath path = planned(correlation, increments, LAYERS, parameter);
    const real *w = values_of(&bench, 0);
    check_lag(&path, w, PATHS, 0);
    check_lag(&path, w, PATHS, 1);
    check_sum(&path, w, PATHS);
    check_independence(&path, w, PATHS, 1);
    check_independence(&path, w, PATHS, SIDE);
    bench_close(&bench);
}

static void fractional_noise_has_its_law(void **state)
{
    (void)state;
    const double hurst[] = {0.05, 0.2, 0.5, 0.8, 0.97};
    for (int i = 0; i < 5; i++) {
        RnPath path = {.correlation = RN_CORRELATION_FBM, .parameter = hurst[i]};
        double lag1 = pow(2, 2 * hurst[i] - 1) - 1;
        assert_true(fabs(want_covariance(&path, 1) - lag1) < 1e-14);
        check_drawn(RN_CORRELATION_FBM, 0, hurst[i]);
    }
}

static void processes_have_their_law(void **state)
{
    (void)state;
    for (int increments = 0; increments < 2; increments++) {
        check_drawn(RN_CORRELATION_GP_RBF, increments, 0.1);
        check_drawn(RN_CORRELATION_GP_RBF, increments, 0.01);
        check_drawn(RN_CORRELATION_GP_OU, increments, 0.1);
        check_drawn(RN_CORRELATION_GP_MATERN32, increments, 0.1);
    }
}

/* Place of part p of pair number q of a matrix: in = 2 (q / outs) + p, out = q mod outs. */
static void path_entries_lie_where_they_belong(void **state)
{
    (void)state;
    enum { LAYERS = 33, OUTS = 21, INS = 5 };
    Bench bench;
    bench_open(&bench, LAYERS);
    bench.config[1] = 0.5;
    bench_tensor(&bench, "w", RN_LAW_NORMAL, OUTS, INS)->correlation = RN_CORRELATION_FBM;
    bench_tensor(&bench, "b", RN_LAW_NORMAL, 37, 0)->correlation = RN_CORRELATION_FBM;
    assert_int_equal(bench_draw(&bench, 8, NULL), RN_OK);
    RnPath path = planned(RN_CORRELATION_FBM, 0, LAYERS, 0.8);
    void *shared = allocate(path.shared_bytes, 0xff);
    vreal *slot = allocate(path.slot_bytes, 0xff);
    rn_path_prepare(&path, shared);
    for (int group = 0; group < 4; group++) {
        rn_path_draw(&path, shared, rn_stream("w", 8, 0), group, slot);
        for (int q = 16 * group; q < 16 * group + 16 && q < 63; q++)
            for (int e = 0; e < 2 * LAYERS; e++) {
                int in = 2 * (q / OUTS) + e % 2, out = q % OUTS;
                real want = (real)0.5 * slot[e][q % 16];
                if (in < INS)
                    assert_true(values_of(&bench, 0)[e / 2 * 105 + in * OUTS + out] == want);
            }
    }
    const real *b = values_of(&bench, 1);
    rn_path_draw(&path, shared, rn_stream("b", 8, 0), 1, slot);
    for (int layer = 0; layer < LAYERS; layer++) {
        assert_true(b[layer * 37 + 18] == (real)0.5 * slot[2 * layer][2]);
        assert_true(b[layer * 37 + 36] == b[layer * 37 + 36]);
        assert_true(b[layer * 37 + 35] == (real)0.5 * slot[2 * layer + 1][0]);
    }
    free(shared);
    free(slot);
    bench_close(&bench);
}

/* The deepest stack that the language promises, in bounded memory. */
static void deep_paths_fit(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 100000);
    for (int kind = RN_CORRELATION_FBM; kind <= RN_CORRELATION_GP_MATERN32; kind++)
        bench_tensor(&bench, "w", RN_LAW_NORMAL, 4, 4)->correlation = kind;
    assert_true(rn_init_workspace_size(&bench.program, bench.config) < (size_t)256 << 20);
    assert_int_equal(bench_draw(&bench, 1, NULL), RN_OK);
    for (int t = 0; t < 4; t++)
        for (int64_t i = 0; i < 1600000; i++)
            assert_true(fabs((double)values_of(&bench, t)[i]) < 7);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transform_equals_its_sum),
        cmocka_unit_test(joined_blocks_equal_the_whole),
        cmocka_unit_test(noise_covariance_is_exact),
        cmocka_unit_test(embeddings_reproduce_the_covariance),
        cmocka_unit_test(series_reproduce_the_covariance),
        cmocka_unit_test(markov_steps_reproduce_the_covariance),
        cmocka_unit_test(fractional_noise_has_its_law),
        cmocka_unit_test(processes_have_their_law),
        cmocka_unit_test(path_entries_lie_where_they_belong),
        cmocka_unit_test(deep_paths_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
