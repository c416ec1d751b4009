/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory of a session, on the network written by hand: its workspace is large enough for every
 * call that a use stands for.
 */
#include "fake_program.h"
#include "lib/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { BATCH = 256, GREEDY = 90, MUCH = 4096 };

/* Greatest at 81 … 96 samples, as where those are cut into more tiles than 256 are. */
static size_t uneven_size(const RnCall *call)
{
    return (call->batch + RN_LANES - 1) / RN_LANES == (GREEDY + RN_LANES - 1) / RN_LANES ? MUCH
                                                                                         : 64;
}

static size_t allocated(int32_t what)
{
    RnTrain train = fake_train("none.csv", RN_LOSS_CROSS_ENTROPY);
    RnProgram program = fake_program(&train);
    RnCode code = *program.codes;
    RtOptions options = {.seed = -1, .threads = 1};
    const RtUse use = {BATCH, what, -1};
    RtSession session;
    RtError error;
    code.workspace_size = uneven_size;
    program.codes = &code;
    assert_true(rt_session_open(&program, &options, NULL, &session, &error));
    assert_true(rt_session_allocate(&session, &use, 1, false, NULL, 0, &error));
    size_t size = session.workspace.size;
    rt_session_close(&session);
    return size;
}

static void test_last_batch_may_want_more(void **state)
{
    (void)state;
    assert_true(allocated(RN_FORWARD) >= MUCH);
}

/* A step is made of exactly so many samples: what fewer of them want is not paid for. */
static void test_step_is_exact(void **state)
{
    (void)state;
    assert_true(allocated(RN_FORWARD | RN_BACKWARD) < MUCH);
}

/* A state of 10 features for 32 samples is work for one, of 30 for 128 for seven. */
static void test_narrow_stacks_want_few_threads(void **state)
{
    (void)state;
    RnTrain train = fake_train("none.csv", RN_LOSS_CROSS_ENTROPY);
    RnProgram program = fake_program(&train);
    RnRegion regions[] = {{.in_rows = 784}, {.depth = fake_depth, .in_rows = 10}};
    program.regions = regions;
    program.region_count = 2;
    assert_int_equal(rt_useful_threads(&program, 32, 16), 1);
    assert_int_equal(rt_useful_threads(&program, 1 << 20, 16), 16);
    assert_int_equal(rt_useful_threads(&program, INT64_MAX, 16), 16);
    regions[1].in_rows = 30;
    assert_int_equal(rt_useful_threads(&program, 128, 16), 7);
    assert_int_equal(rt_useful_threads(&program, 128, 2), 2);
    program.region_count = 1; /* nothing deep */
    assert_int_equal(rt_useful_threads(&program, 32, 16), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_batch_may_want_more),
        cmocka_unit_test(test_step_is_exact),
        cmocka_unit_test(test_narrow_stacks_want_few_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
