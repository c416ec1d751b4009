/* SPDX-License-Identifier: Apache-2.0
 *
 * RN_FEWER: what a workspace for so many samples and threads asks for is enough for every call of
 * fewer, whether or not its states are made again.
 */
#include "kernel_test.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const int ROWS[] = {4, 60, 130};
static const int DEPTHS[] = {1, 2, 16, 17, 33, 100, 1000};
static const int THREADS[] = {1, 2, 3, 7, 16, 40};
static const int BATCHES[] = {1, 16, 17, 33, 64, 80, 129, 257, 1000};
static const int WHATS[] = {RN_FORWARD, RN_FORWARD | RN_BACKWARD,
                            RN_FORWARD | RN_BACKWARD | RN_UPDATE};

static double depth_of(const RnPlace *place)
{
    return place->params[0];
}

static size_t size_of(RnCall call, int threads, int batch, int what)
{
    RnParallel parallel = {.threads = threads};
    call.parallel = &parallel;
    call.batch = batch;
    call.what = what;
    return rn_pass_size(&call, RN_UNIT);
}

/* The greatest size of a call within the bounds; batches are ascending. */
static size_t greatest(RnCall call, size_t thread, size_t batch, int what)
{
    size_t most = 0;
    for (size_t t = 0; t <= thread; t++)
        for (size_t b = 0; b <= batch; b++) {
            size_t size = size_of(call, THREADS[t], BATCHES[b], what);
            most = size > most ? size : most;
        }
    return most;
}

static void check_network(const RnProgram *program, double depth)
{
    RnCall call = {.program = program, .config = &depth};
    for (size_t w = 0; w < COUNT(WHATS); w++)
        for (size_t t = 0; t < COUNT(THREADS); t += OF_SIZES(1, 5))
            for (size_t b = 0; b < COUNT(BATCHES); b += OF_SIZES(1, 4)) {
                size_t all = size_of(call, THREADS[t], BATCHES[b], WHATS[w] | RN_FEWER);
                assert_true(all > 0);
                assert_true(all >= greatest(call, t, b, WHATS[w]));
            }
}

static void test_fewer(void **state)
{
    (void)state;
    for (size_t r = 0; r < COUNT(ROWS); r++)
        for (int remakes = 0; remakes < 2; remakes++) {
            int rows = ROWS[r];
            const RnRegion regions[] = {{.depth = depth_of,
                                         .in_rows = rows,
                                         .out_rows = rows,
                                         .kept_rows = 8,
                                         .scratch_rows = 3,
                                         .delta_reals = 17,
                                         .keeps_states = 1,
                                         .remakes = remakes,
                                         .trained = 1},
                                        {.in_rows = rows, .out_rows = 2, .delta_reals = 17}};
            const RnTensor tensor = {.trainable = 1,
                                     .matrix = 1,
                                     .size = (int64_t)rows * rows,
                                     .rank = 2,
                                     .dims = {rows, rows}};
            const RnTrain train = {.optimizer = {.kind = RN_OPTIMIZER_SGD}};
            const RnProgram program = {.tensors = &tensor,
                                       .tensor_count = 1,
                                       .regions = regions,
                                       .region_count = 2,
                                       .train = &train};
            for (size_t d = 0; d < COUNT(DEPTHS); d++)
                check_network(&program, DEPTHS[d]);
        }
}

int test_sizes_run(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fewer)};
    return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
