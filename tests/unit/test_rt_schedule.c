/* SPDX-License-Identifier: Apache-2.0
 *
 * Learning rates, against their closed forms, and the stop rules.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/moments.h"
#include "lib/schedule.h"
#include "lib/train.h"

#include <math.h>

static void test_constant_and_step(void **state)
{
    (void)state;
    RtSchedule constant = {.kind = RN_SCHEDULE_CONSTANT, .steps = 10, .epoch_steps = 5};
    assert_true(rt_schedule_rate(&constant, 0.5, 9) == 0.5);
    RtSchedule step = {
        .kind = RN_SCHEDULE_STEP, .every = 2, .factor = 0.5, .steps = 100, .epoch_steps = 10};
    assert_true(rt_schedule_rate(&step, 1, 0) == 1);
    assert_true(rt_schedule_rate(&step, 1, 19) == 1);
    assert_true(rt_schedule_rate(&step, 1, 20) == 0.5);
    assert_true(rt_schedule_rate(&step, 1, 59) == 0.25);
}

static void test_cosine_and_linear(void **state)
{
    (void)state;
    RtSchedule schedule = {
        .kind = RN_SCHEDULE_COSINE, .warmup = 10, .steps = 111, .epoch_steps = 10};
    for (int64_t step = 0; step < 111; step++) {
        double rise = (double)(step + 1) / 11, share = (double)(step - 10) / 100;
        schedule.kind = RN_SCHEDULE_COSINE;
        double fall = 2 * (0.5 + 0.5 * cos(3.14159265358979323846 * share));
        double rate = rt_schedule_rate(&schedule, 2, step);
        /* three roundings and a cosine's */
        assert_true(fabs(rate - (step < 10 ? 2 * rise : fall)) <= 16 * 0x1p-52);
        schedule.kind = RN_SCHEDULE_LINEAR;
        rate = rt_schedule_rate(&schedule, 2, step);
        assert_true(fabs(rate - (step < 10 ? 2 * rise : 2 * (1 - share))) <= 8 * 0x1p-52);
    }
    schedule.kind = RN_SCHEDULE_COSINE;
    assert_true(rt_schedule_rate(&schedule, 2, 10) == 2);
    assert_true(rt_schedule_rate(&schedule, 2, 110) == 0);
    schedule.kind = RN_SCHEDULE_LINEAR;
    assert_true(rt_schedule_rate(&schedule, 2, 110) == 0);
    /* a warm-up that is longer than the run */
    schedule.steps = 5;
    for (int64_t step = 0; step < 5; step++)
        assert_true(rt_schedule_rate(&schedule, 2, step) > 0);
}

static void test_stop_rules(void **state)
{
    (void)state;
    RtPosition position = {.best_loss = (double)INFINITY};
    assert_false(rt_stop_rules(&position, 1.0, (double)NAN, 2));
    assert_false(rt_stop_rules(&position, 0.995, (double)NAN, 2)); /* not 1 % better */
    assert_int_equal(position.waiting, 1);
    assert_true(position.best_loss == 1.0);
    assert_false(rt_stop_rules(&position, 0.98, (double)NAN, 2));
    assert_int_equal(position.waiting, 0);
    assert_false(rt_stop_rules(&position, 0.98, (double)NAN, 2));
    assert_true(rt_stop_rules(&position, 0.98, (double)NAN, 2));
    assert_false(rt_stop_rules(&position, 0.98, (double)NAN, 0)); /* no patience rule */
    assert_false(rt_stop_rules(&position, 0.1, 0.1, 0));
    assert_true(rt_stop_rules(&position, 0.0999, 0.1, 0));
}

static void test_standardize_from_sums(void **state)
{
    (void)state;
    double mean, inverse;
    rn_standardize_from_sums(1 + 2 + 3 + 6, 1 + 4 + 9 + 36, 4, &mean, &inverse);
    assert_true(mean == 3);
    assert_true(fabs(inverse - 1 / sqrt(3.5)) < 4 * 0x1p-53);
    /* a constant feature whose sums are rounded */
    double sum = 0, squares = 0;
    for (int i = 0; i < 1000; i++) {
        sum += 0.1;
        squares += 0.1 * 0.1;
    }
    rn_standardize_from_sums(sum, squares, 1000, &mean, &inverse);
    assert_true(inverse == 0);
    rn_standardize_from_sums(0, 0, 1000, &mean, &inverse);
    assert_true(inverse == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_and_step),
        cmocka_unit_test(test_cosine_and_linear),
        cmocka_unit_test(test_stop_rules),
        cmocka_unit_test(test_standardize_from_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
