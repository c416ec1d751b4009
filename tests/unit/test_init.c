/* SPDX-License-Identifier: Apache-2.0
 *
 * First values: each law's entries at their places, and no dependence on how work is split.
 * test_init_double.c builds the same in double.
 */
#include "test_init_bench.h"

/* ---- laws ---- */

static double he_by_layer(const RnPlace *place)
{
    return sqrt(2 / place->fan_in) * place->layer / place->depth;
}

/* ins = 0: no matrix. */
static void check_order(int64_t layers, int64_t outs, int64_t ins)
{
    Bench bench;
    bench_open(&bench, (double)layers);
    bench_tensor(&bench, "w", RN_LAW_NORMAL, outs, ins)->scale = he_by_layer;
    bench.tensors[0].fan_in = 7;
    assert_int_equal(bench_draw(&bench, 5, NULL), RN_OK);
    const real *w = values_of(&bench, 0);
    uint64_t stream = rn_stream("w", 5, 0), number = 0;
    int64_t columns = ins ? ins : 1;
    for (int64_t layer = 0; layer < layers; layer++, w += outs * columns)
        for (int64_t out = 0; out < outs; out++)
            for (int64_t in = 0; in < columns; in++) {
                double scale = sqrt(2 / 7.0) * (double)(layer + 1) / (double)layers;
                real want = (real)(scale * rn_normal(stream, 0, number++));
                assert_true(w[in * outs + out] == want);
            }
    bench_close(&bench);
}

/* Layers within a chunk of draws, chunks within a layer, rows longer than a chunk, vectors. */
static void entries_count_in_checkpoint_order(void **state)
{
    (void)state;
    check_order(90, 3, 7);
    check_order(3, 40, 41);
    check_order(2, 33, 700);
    check_order(2, 2, 9001);
    check_order(2, 9001, 0);
    check_order(1, 1, 1);
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

/* Runs the items last to first. */
static void run_backwards(void *pool, int64_t count, void (*body)(void *, int64_t), void *context)
{
    (void)pool;
    while (count-- > 0)
        body(context, count);
}

static void bits_do_not_depend_on_the_split(void **state)
{
    (void)state;
    const RnParallel backwards = {.run = run_backwards, .threads = 8};
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
        cmocka_unit_test(bits_do_not_depend_on_the_split),
        cmocka_unit_test(shared_tensors_have_one_layer),
        cmocka_unit_test(bad_configs_are_refused),
        cmocka_unit_test(overflowing_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
