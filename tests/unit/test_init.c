/* SPDX-License-Identifier: Apache-2.0
 *
 * First values: each law's entries at their places, exact covariances along depth, measured ones
 * within three standard errors computed from theory, and no dependence on how work is split.
 * test_init_double.c builds the same in double.
 */
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call here */
#include "core/fft.c"                    /* one translation unit, as the bitcode is built */
#include "core/init.c"
#include "core/init_entries.c"
#include "core/memory.c"
#include "core/orthogonal.c"
#include "core/path.c"
#include "core/path_draw.c"
#include "core/random.c"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Rounding of a real, and of sums of a few dozen of them. */
static const double UNIT = sizeof(real) == 4 ? 0x1p-24 : 0x1p-53;

/* ---- a program by hand: one region, params [depth, scale, parameter] ---- */

enum { MOST_TENSORS = 12 };

typedef struct Bench {
    RnProgram program;
    RnRegion region;
    RnTensor tensors[MOST_TENSORS];
    double config[3];
    char *params, *workspace;
    size_t bytes;
} Bench;

static double depth_formula(const RnPlace *place)
{
    return place->params[0];
}

static double scale_formula(const RnPlace *place)
{
    return place->params[1];
}

static double parameter_formula(const RnPlace *place)
{
    return place->params[2];
}

static double he_by_layer(const RnPlace *place)
{
    return sqrt(2 / place->fan_in) * place->layer / place->depth;
}

static void bench_open(Bench *bench, double depth)
{
    *bench =
        (Bench){.region = {.name = "stack", .depth = depth_formula}, .config = {depth, 1, 0.8}};
    bench->program.real_size = sizeof(real);
    bench->program.region_count = 1;
    bench->program.regions = &bench->region;
    bench->program.tensors = bench->tensors;
}

static RnTensor *bench_tensor(Bench *bench, const char *name, int law, int64_t outs, int64_t ins)
{
    RnTensor *tensor = &bench->tensors[bench->program.tensor_count++];
    *tensor = (RnTensor){.name = name,
                         .law = law,
                         .matrix = ins > 0,
                         .rank = ins > 0 ? 2 : 1,
                         .dims = {outs, ins},
                         .size = ins > 0 ? outs * ins : outs,
                         .fan_in = (double)ins,
                         .fan_out = (double)outs,
                         .scale = scale_formula,
                         .parameter = parameter_formula};
    return tensor;
}

static void *allocate(size_t bytes, int fill)
{
    void *memory = aligned_alloc(RN_ALIGN, (bytes + RN_ALIGN - 1) / RN_ALIGN * RN_ALIGN);
    assert_non_null(memory);
    return memset(memory, fill, bytes);
}

/* Runs the items last to first. */
static void run_backwards(void *pool, int64_t count, void (*body)(void *, int64_t), void *context)
{
    (void)pool;
    while (count-- > 0)
        body(context, count);
}

/* Draws everything; memory is first filled with NaNs, which must not survive. */
static int bench_draw(Bench *bench, uint64_t seed, const RnParallel *parallel)
{
    free(bench->params);
    free(bench->workspace);
    bench->params = bench->workspace = NULL;
    bench->bytes = rn_params_size(&bench->program, bench->config);
    size_t work = rn_init_workspace_size(&bench->program, bench->config);
    if (!bench->bytes || !work)
        return RN_BAD_CONFIG;
    bench->params = allocate(bench->bytes, 0xff);
    bench->workspace = allocate(work, 0xff);
    return rn_init(&bench->program, bench->config, bench->params, seed, 0, bench->workspace,
                   parallel);
}

static void bench_close(Bench *bench)
{
    free(bench->params);
    free(bench->workspace);
}

static const real *values_of(const Bench *bench, int32_t tensor)
{
    int64_t count;
    size_t offset = rn_tensor_offset(&bench->program, bench->config, tensor, &count);
    assert_true(count > 0);
    return (const real *)(bench->params + offset);
}

/* ---- laws ---- */

static void entries_count_in_checkpoint_order(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 90);
    bench_tensor(&bench, "w", RN_LAW_NORMAL, 3, 7)->scale = he_by_layer;
    assert_int_equal(bench_draw(&bench, 5, NULL), RN_OK);
    const real *w = values_of(&bench, 0);
    uint64_t stream = rn_stream("w", 5, 0), number = 0;
    for (int layer = 0; layer < 90; layer++)
        for (int out = 0; out < 3; out++)
            for (int in = 0; in < 7; in++) {
                double scale = sqrt(2 / 7.0) * (layer + 1) / 90;
                real want = (real)(scale * rn_normal(stream, 0, number++));
                assert_true(w[layer * 21 + in * 3 + out] == want);
            }
    bench_close(&bench);
}

static void uniform_has_the_asked_deviation(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 3);
    bench.config[1] = 0.25;
    bench_tensor(&bench, "u", RN_LAW_UNIFORM, 5, 4);
    assert_int_equal(bench_draw(&bench, 1, NULL), RN_OK);
    const real *u = values_of(&bench, 0);
    uint64_t stream = rn_stream("u", 1, 0);
    for (int layer = 0; layer < 3; layer++)
        for (int e = 0; e < 20; e++) {
            double unit = rn_uniform(stream, 0, (uint64_t)(layer * 20 + e));
            double want = 0.25 * sqrt(3) * (2 * unit - 1);
            double got = (double)u[layer * 20 + e % 4 * 5 + e / 4];
            assert_true(fabs(got - want) <= 4 * UNIT * 0.5);
        }
    bench_close(&bench);
}

/* Twice the depth begins with the same draws, whatever other tensors there are. */
static void shallow_draws_begin_deep_ones(void **state)
{
    (void)state;
    Bench shallow, deep;
    bench_open(&shallow, 50);
    bench_tensor(&shallow, "w", RN_LAW_NORMAL, 9, 5);
    bench_open(&deep, 100);
    bench_tensor(&deep, "other", RN_LAW_UNIFORM, 2, 3);
    bench_tensor(&deep, "w", RN_LAW_NORMAL, 9, 5);
    assert_int_equal(bench_draw(&shallow, 2, NULL), RN_OK);
    assert_int_equal(bench_draw(&deep, 2, NULL), RN_OK);
    assert_memory_equal(values_of(&shallow, 0), values_of(&deep, 1), 50 * 45 * sizeof(real));
    bench_close(&shallow);
    bench_close(&deep);
}

static void undrawn_laws_take_their_scale(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 6);
    bench_tensor(&bench, "zero", RN_LAW_ZEROS, 4, 0)->scale = NULL;
    bench_tensor(&bench, "one", RN_LAW_CONSTANT, 4, 0)->scale = NULL;
    RnTensor *alpha = bench_tensor(&bench, "alpha", RN_LAW_FORMULA, 1, 0);
    alpha->scale = he_by_layer;
    alpha->fan_in = 2;
    assert_int_equal(bench_draw(&bench, 0, NULL), RN_OK);
    for (int i = 0; i < 24; i++) {
        assert_true(values_of(&bench, 0)[i] == 0);
        assert_true(values_of(&bench, 1)[i] == 1);
    }
    for (int layer = 0; layer < 6; layer++)
        assert_true(values_of(&bench, 2)[layer] == (real)((layer + 1) / 6.0));
    bench_close(&bench);
}

static void constant_correlation_repeats_the_draw(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 8);
    const int laws[] = {RN_LAW_NORMAL, RN_LAW_UNIFORM, RN_LAW_ORTHOGONAL};
    for (int t = 0; t < 3; t++)
        bench_tensor(&bench, "w", laws[t], 40, 40)->correlation = RN_CORRELATION_CONSTANT;
    assert_int_equal(bench_draw(&bench, 3, NULL), RN_OK);
    for (int t = 0; t < 3; t++)
        for (int layer = 1; layer < 8; layer++)
            assert_memory_equal(values_of(&bench, t), values_of(&bench, t) + layer * 1600,
                                1600 * sizeof(real));
    bench_close(&bench);
}

/* ---- fixed filters ---- */

/* ‖A Aᵀ − gain² I‖_F over the shorter side of a matrix kept [ins][outs]. */
static double orthogonality_gap(const real *a, int64_t outs, int64_t ins, double gain)
{
    int64_t shorter = outs < ins ? outs : ins, longer = outs < ins ? ins : outs;
    int64_t step = outs < ins ? 1 : outs, along = outs < ins ? outs : 1;
    double gap = 0;
    for (int64_t i = 0; i < shorter; i++)
        for (int64_t j = 0; j < shorter; j++) {
            double sum = i == j ? -gain * gain : 0;
            for (int64_t k = 0; k < longer; k++)
                sum += (double)a[i * step + k * along] * (double)a[j * step + k * along];
            gap += sum * sum;
        }
    return sqrt(gap);
}

static void orthogonal_matrices_are(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{32, 32}, {40, 12}, {12, 40}, {1, 9}, {9, 1}, {64, 64}};
    Bench bench;
    bench_open(&bench, 5);
    bench.config[1] = 1.5;
    for (int t = 0; t < 6; t++)
        bench_tensor(&bench, "q", RN_LAW_ORTHOGONAL, shapes[t][0], shapes[t][1]);
    RnTensor *haar = bench_tensor(&bench, "haar", RN_LAW_HAAR, 32, 32);
    haar->scale = NULL;
    assert_int_equal(bench_draw(&bench, 9, NULL), RN_OK);
    for (int t = 0; t < 6; t++)
        for (int layer = 0; layer < 5; layer++) {
            int64_t outs = shapes[t][0], ins = shapes[t][1];
            const real *q = values_of(&bench, t) + layer * outs * ins;
            /* each entry of the gap: n products, each off by two roundings of its factors */
            double most = 1.5 * 1.5 * 2 * UNIT * (double)(outs + ins) + 1e-13;
            assert_true(orthogonality_gap(q, outs, ins, 1.5) < most);
        }
    assert_true(orthogonality_gap(values_of(&bench, 6), 32, 32, 1) < 1e-6);
    bench_close(&bench);
}

/* Q² n of a Haar entry has mean 1 and its sign is fair; an unfixed Q has all heads of one sign. */
static void haar_signs_are_fair(void **state)
{
    (void)state;
    enum { LAYERS = 900, N = 4 };
    Bench bench;
    bench_open(&bench, LAYERS);
    bench_tensor(&bench, "q", RN_LAW_HAAR, N, N)->scale = NULL;
    assert_int_equal(bench_draw(&bench, 0, NULL), RN_OK);
    const real *q = values_of(&bench, 0);
    for (int e = 0; e < N * N; e++) {
        int positive = 0;
        for (int layer = 0; layer < LAYERS; layer++)
            positive += q[layer * N * N + e] > 0;
        assert_true(abs(positive - LAYERS / 2) < 4 * sqrt(LAYERS) / 2);
    }
    bench_close(&bench);
}

/* The same R signs make Q reproduce the normal matrix: QᵀA has a positive diagonal and no entry
 * below it. */
static void haar_factors_its_normal_matrix(void **state)
{
    (void)state;
    enum { N = 12 };
    int64_t shape[2] = {N, N}, step[2];
    double *scratch = allocate(rn_orthogonal_size(N, N), 0xff), normal[N * N];
    rn_normals(77, 4, 0, N * N / 16, normal);
    const double *q = rn_orthogonal_draw(77, 4, shape, scratch, step);
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += q[k * step[0] + i * step[1]] * normal[k * N + j];
            assert_true(i == j ? sum > 0 : fabs(sum) < 1e-13);
        }
    free(scratch);
}

static void filters_from_the_seed(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 3);
    bench_tensor(&bench, "v", RN_LAW_HOUSEHOLDER, 3, 40)->matrix = 0;
    bench_tensor(&bench, "s", RN_LAW_SIGNS, 4096, 0)->scale = NULL;
    assert_int_equal(bench_draw(&bench, 4, NULL), RN_OK);
    const real *v = values_of(&bench, 0), *s = values_of(&bench, 1);
    for (int row = 0; row < 9; row++) {
        double square = 0;
        for (int i = 0; i < 40; i++)
            square += (double)v[row * 40 + i] * (double)v[row * 40 + i];
        assert_true(fabs(square - 1) < 2 * UNIT + 88 * 0x1p-53); /* entries, then two sums */
        assert_true(v[row * 40] != v[(row + 1) % 9 * 40]);
    }
    double sum = 0;
    for (int i = 0; i < 3 * 4096; i++) {
        assert_true(s[i] == 1 || s[i] == -1);
        sum += (double)s[i];
    }
    assert_true(fabs(sum) < 4 * sqrt(3 * 4096));
    bench_close(&bench);
}

static void permutations_follow_their_own_seed(void **state)
{
    (void)state;
    enum { N = 784 };
    Bench bench;
    bench_open(&bench, 1);
    bench_tensor(&bench, "p", RN_LAW_PERMUTATION, N, 0)->seed = 1;
    bench_tensor(&bench, "q", RN_LAW_PERMUTATION, N, 0)->seed = 1;
    bench_tensor(&bench, "p", RN_LAW_PERMUTATION, N, 0)->seed = 2;
    real kept[N];
    assert_int_equal(bench_draw(&bench, 1, NULL), RN_OK);
    memcpy(kept, values_of(&bench, 0), sizeof kept);
    assert_memory_equal(kept, values_of(&bench, 1), sizeof kept);
    assert_memory_not_equal(kept, values_of(&bench, 2), sizeof kept);
    char seen[N] = {0};
    for (int i = 0; i < N; i++)
        seen[(int)kept[i]]++;
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_int_equal(bench_draw(&bench, 2, NULL), RN_OK);
    assert_memory_equal(kept, values_of(&bench, 0), sizeof kept);
    bench_close(&bench);
}

static void derive_makes_only_what_is_derived(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 4);
    bench_tensor(&bench, "w", RN_LAW_NORMAL, 4, 4)->role = RN_ROLE_WEIGHT;
    bench_tensor(&bench, "v", RN_LAW_HOUSEHOLDER, 2, 9)->role = RN_ROLE_DERIVED;
    bench_tensor(&bench, "a", RN_LAW_FORMULA, 1, 0)->role = RN_ROLE_DERIVED;
    bench_tensor(&bench, "s", RN_LAW_SIGNS, 8, 0)->role = RN_ROLE_DERIVED;
    bench_tensor(&bench, "p", RN_LAW_PERMUTATION, 8, 0)->role = RN_ROLE_DERIVED;
    assert_int_equal(bench_draw(&bench, 6, NULL), RN_OK);
    char *drawn = bench.params;
    bench.params = allocate(bench.bytes, 0);
    assert_int_equal(
        rn_derive(&bench.program, bench.config, bench.params, 6, 0, bench.workspace, NULL), RN_OK);
    const size_t weights = 4 * 16 * sizeof(real); /* a multiple of 64: padding follows others */
    for (size_t i = 0; i < weights; i++)
        assert_int_equal(bench.params[i], 0);
    const int64_t sizes[] = {0, 4 * 18, 4, 32, 32};
    for (int t = 1; t < 5; t++) {
        const real *again = values_of(&bench, t);
        assert_memory_equal(again, drawn + ((const char *)again - bench.params),
                            (size_t)sizes[t] * sizeof(real));
    }
    free(drawn);
    bench_close(&bench);
}

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

/* ---- the whole ---- */

static void open_everything(Bench *bench)
{
    bench_open(bench, 70);
    for (int kind = 0; kind < RN_CORRELATION_COUNT; kind++) {
        RnTensor *tensor = bench_tensor(bench, "w", RN_LAW_NORMAL, 23, 40);
        tensor->correlation = kind;
        tensor->increments = kind == RN_CORRELATION_GP_OU;
    }
    const int laws[] = {RN_LAW_UNIFORM, RN_LAW_ORTHOGONAL, RN_LAW_HAAR, RN_LAW_SIGNS};
    for (int t = 0; t < 4; t++)
        bench_tensor(bench, "x", laws[t], 17, 17);
    bench_tensor(bench, "v", RN_LAW_HOUSEHOLDER, 5, 30)->matrix = 0;
    bench_tensor(bench, "p", RN_LAW_PERMUTATION, 30, 0);
}

static void bits_do_not_depend_on_the_split(void **state)
{
    (void)state;
    const RnParallel backwards = {.run = run_backwards};
    Bench one, other;
    open_everything(&one);
    open_everything(&other);
    assert_int_equal(bench_draw(&one, 12, NULL), RN_OK);
    assert_int_equal(bench_draw(&other, 12, &backwards), RN_OK);
    assert_int_equal(one.bytes, other.bytes);
    assert_memory_equal(one.params, other.params, one.bytes);
    for (int32_t t = 0; t < one.program.tensor_count; t++)
        for (int64_t i = 0; i < 70 * one.tensors[t].size; i++)
            assert_true(isfinite((double)values_of(&one, t)[i]));
    assert_int_equal(bench_draw(&other, 13, NULL), RN_OK);
    assert_memory_not_equal(one.params, other.params, one.bytes);
    bench_close(&one);
    bench_close(&other);
}

static void shared_tensors_have_one_layer(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, 70);
    RnTensor *tensor = bench_tensor(&bench, "w", RN_LAW_NORMAL, 3, 3);
    tensor->shared = 1;
    tensor->correlation = RN_CORRELATION_FBM;
    assert_int_equal(bench_draw(&bench, 1, NULL), RN_OK);
    assert_true(values_of(&bench, 0)[0] == (real)rn_normal(rn_stream("w", 1, 0), 0, 0));
    bench_close(&bench);
}

static int status_with(int correlation, double scale, double parameter)
{
    Bench bench;
    bench_open(&bench, 20);
    bench.config[1] = scale;
    bench.config[2] = parameter;
    bench_tensor(&bench, "w", RN_LAW_NORMAL, 3, 3)->correlation = correlation;
    int status = bench_draw(&bench, 1, NULL);
    bench_close(&bench);
    return status;
}

static void bad_configs_are_refused(void **state)
{
    (void)state;
    assert_int_equal(status_with(RN_CORRELATION_FBM, 1, 0.3), RN_OK);
    const double bad[] = {0, 1, -0.5, 1.5, (double)NAN, (double)INFINITY};
    for (int i = 0; i < 6; i++)
        assert_int_equal(status_with(RN_CORRELATION_FBM, 1, bad[i]), RN_BAD_CONFIG);
    const double lengths[] = {0, -1, (double)NAN};
    for (int kind = RN_CORRELATION_GP_RBF; kind <= RN_CORRELATION_GP_MATERN32; kind++)
        for (int i = 0; i < 3; i++)
            assert_int_equal(status_with(kind, 1, lengths[i]), RN_BAD_CONFIG);
    assert_int_equal(status_with(RN_CORRELATION_IID, (double)NAN, 1), RN_BAD_CONFIG);
    assert_int_equal(status_with(RN_CORRELATION_IID, (double)INFINITY, 1), RN_BAD_CONFIG);
}

static void overflowing_sizes_are_refused(void **state)
{
    (void)state;
    const int laws[] = {RN_LAW_NORMAL, RN_LAW_ORTHOGONAL, RN_LAW_PERMUTATION};
    for (int t = 0; t < 3; t++) {
        Bench bench;
        bench_open(&bench, 1e6);
        RnTensor *tensor = bench_tensor(&bench, "w", laws[t], (int64_t)1 << 50, 0);
        tensor->rank = 2;
        tensor->dims[1] = 1;
        assert_int_equal(rn_init_workspace_size(&bench.program, bench.config), 0);
    }
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
        cmocka_unit_test(entries_count_in_checkpoint_order),
        cmocka_unit_test(uniform_has_the_asked_deviation),
        cmocka_unit_test(shallow_draws_begin_deep_ones),
        cmocka_unit_test(undrawn_laws_take_their_scale),
        cmocka_unit_test(constant_correlation_repeats_the_draw),
        cmocka_unit_test(orthogonal_matrices_are),
        cmocka_unit_test(haar_signs_are_fair),
        cmocka_unit_test(haar_factors_its_normal_matrix),
        cmocka_unit_test(filters_from_the_seed),
        cmocka_unit_test(permutations_follow_their_own_seed),
        cmocka_unit_test(derive_makes_only_what_is_derived),
        cmocka_unit_test(transform_equals_its_sum),
        cmocka_unit_test(noise_covariance_is_exact),
        cmocka_unit_test(embeddings_reproduce_the_covariance),
        cmocka_unit_test(series_reproduce_the_covariance),
        cmocka_unit_test(markov_steps_reproduce_the_covariance),
        cmocka_unit_test(fractional_noise_has_its_law),
        cmocka_unit_test(processes_have_their_law),
        cmocka_unit_test(path_entries_lie_where_they_belong),
        cmocka_unit_test(bits_do_not_depend_on_the_split),
        cmocka_unit_test(shared_tensors_have_one_layer),
        cmocka_unit_test(bad_configs_are_refused),
        cmocka_unit_test(overflowing_sizes_are_refused),
        cmocka_unit_test(deep_paths_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
