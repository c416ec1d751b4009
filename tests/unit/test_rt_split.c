/* SPDX-License-Identifier: Apache-2.0
 *
 * Splits, shuffles and batches.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/split.h"

#include <string.h>

enum { COUNT = 1000 };

static void test_shuffle_is_a_permutation(void **state)
{
    (void)state;
    static uint32_t a[COUNT], b[COUNT];
    unsigned char seen[COUNT] = {0};
    rt_shuffle(rt_order_stream(1), 0, a, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(a[i], 0, COUNT - 1);
        assert_false(seen[a[i]]++);
    }
    rt_shuffle(rt_order_stream(1), 0, b, COUNT);
    assert_memory_equal(a, b, sizeof a);
    rt_shuffle(rt_order_stream(1), 1, b, COUNT);
    assert_memory_not_equal(a, b, sizeof a);
    rt_shuffle(rt_order_stream(2), 0, b, COUNT);
    assert_memory_not_equal(a, b, sizeof a);
}

/* Every place gets every value equally often: χ² over the 36 cells of permutations of 6. */
static void test_shuffle_is_fair(void **state)
{
    (void)state;
    enum { TURNS = 6000, N = 6 };
    int counts[N][N] = {{0}};
    uint32_t order[N];
    for (uint64_t turn = 0; turn < TURNS; turn++) {
        rt_shuffle(rt_order_stream(3), turn, order, N);
        for (int i = 0; i < N; i++)
            counts[i][order[i]]++;
    }
    double chi = 0, expected = (double)TURNS / (double)N;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            chi += (counts[i][j] - expected) * (counts[i][j] - expected) / expected;
    /* 25 degrees of freedom, times N/(N-1) for the sums that are fixed: 5 standard deviations */
    assert_true(chi < 30 + 5 * 8.5);
}

static void test_split(void **state)
{
    (void)state;
    RtError error;
    RtSplit split, again;
    RtData data = {.train = {.count = COUNT}};
    unsigned char seen[COUNT] = {0};
    assert_true(rt_split_make(&data, 0.1, 0.2, 4, &split, &error));
    assert_int_equal(split.test.count, 200);
    assert_int_equal(split.validation.count, 80); /* of the 800 that are left */
    assert_int_equal(split.train.count, 720);
    const RtSet *sets[] = {&split.train, &split.validation, &split.test};
    for (int s = 0; s < 3; s++)
        for (int64_t i = 0; i < sets[s]->count; i++)
            assert_false(seen[sets[s]->index[i]]++);
    assert_true(rt_split_make(&data, 0.1, 0.2, 4, &again, &error));
    assert_memory_equal(split.rows, again.rows, COUNT * sizeof *split.rows);
    rt_split_free(&again);
    rt_split_free(&split);
}

static void test_split_with_a_test_set(void **state)
{
    (void)state;
    RtError error;
    RtSplit split;
    RtData data = {.train = {.count = 10}, .test = {.count = 3}};
    assert_true(rt_split_make(&data, 0.01, 0.2, 4, &split, &error));
    assert_int_equal(split.test.count, 3);
    assert_ptr_equal(split.test.table, &data.test);
    assert_int_equal(split.validation.count, 1);
    assert_int_equal(split.train.count, 9);
    rt_split_free(&split);
    data.train.count = 1;
    assert_false(rt_split_make(&data, 0.5, 0, 4, &split, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
}

static void test_gather(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0, 51, 255, 1, 2, 3};
    int32_t labels[] = {5, 6, 7}, target[2];
    uint32_t index[] = {2, 0}, order[] = {1, 0};
    RtTable table = {.count = 3, .features = 2, .stride = 2, .bytes = bytes, .labels = labels};
    RtSet set = {&table, index, 2};
    float x[4];
    rt_gather(&set, order, 0, 2, 4, x, target, NULL);
    assert_int_equal(target[0], 5);
    assert_int_equal(target[1], 7);
    assert_true(x[0] == 0.0f && x[1] == 51.0f / 255 && x[2] == 2.0f / 255);
    double y[2], values[] = {1, 2, 3, 4, 5, 6}, targets[] = {10, 20, 30}, t[1];
    RtTable reals = {.count = 3, .features = 2, .values = values, .targets = targets, .outputs = 1};
    set.table = &reals;
    rt_gather(&set, NULL, 0, 1, 8, y, t, NULL);
    assert_true(y[0] == 5 && y[1] == 6 && t[0] == 30);
}

enum { MANY = 200, WIDE = 1000 };

/* Last piece first. */
static void run_backwards(void *pool, int64_t count, void (*body)(void *, int64_t), void *context)
{
    *(int64_t *)pool = count;
    while (count > 0)
        body(context, --count);
}

/* Samples of a kilobyte come in pieces; none is left out, and none reaches into its neighbour. */
static void test_gather_in_pieces(void **state)
{
    (void)state;
    static uint8_t bytes[MANY * WIDE];
    static float values[MANY * WIDE], x[(MANY + 1) * WIDE], y[(MANY + 1) * WIDE];
    static uint32_t order[MANY], index[MANY];
    static int32_t labels[MANY], label[MANY];
    static float targets[MANY], target[MANY];
    for (uint32_t i = 0; i < MANY * WIDE; i++) {
        bytes[i] = (uint8_t)(i * 2654435761u >> 24);
        values[i] = (float)i;
    }
    for (int32_t i = 0; i < MANY; i++) {
        labels[i] = i;
        targets[i] = (float)i;
    }
    rt_shuffle(5, 0, order, MANY);
    rt_shuffle(6, 0, index, MANY);
    int64_t pieces = 0, from = 3, count = MANY - 7;
    const RnParallel parallel = {.run = run_backwards, .pool = &pieces};
    RtTable of_bytes = {.count = MANY, .features = WIDE, .stride = WIDE, .bytes = bytes};
    RtTable of_reals = {.count = MANY, .features = WIDE, .values = values};
    of_bytes.labels = labels;
    of_reals.targets = targets;
    of_reals.outputs = 1;
    RtSet first = {&of_bytes, index, MANY}, second = {&of_reals, index, MANY};
    rt_gather(&first, order, from, count, 4, x, label, &parallel);
    assert_true(pieces > 1);
    rt_gather(&second, order, from, count, 4, y, target, &parallel);
    assert_true(pieces > 1);
    for (int64_t i = 0; i < count; i++) {
        int32_t row = (int32_t)index[order[from + i]];
        assert_true(label[i] == row && target[i] == (float)row);
        for (int64_t k = 0; k < WIDE; k++) {
            int64_t at = (int64_t)row * WIDE + k;
            assert_true(x[i * WIDE + k] == (float)bytes[at] / 255.0f);
            assert_true(y[i * WIDE + k] == values[at]);
        }
    }
    assert_true(x[count * WIDE] == 0 && y[count * WIDE] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shuffle_is_a_permutation),
        cmocka_unit_test(test_shuffle_is_fair),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_with_a_test_set),
        cmocka_unit_test(test_gather),
        cmocka_unit_test(test_gather_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
