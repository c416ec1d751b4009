/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms layer by layer, on the network written by hand: its trace says ‖h_k‖ = 2^k and
 * ‖p_k‖ = 3^(L−k), and the test moves its weights.
 */
#include "scratch.h"

#include "fake_program.h"
#include "lib/layers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SAMPLES = 3, DEPTH = 2 };

typedef struct Fixture {
    RnTrain train;
    RnProgram program;
    RtOptions options;
    RtSession session;
    RtTable table;
    RtSet set;
    float x[SAMPLES * FAKE_IN];
    int32_t labels[SAMPLES];
} Fixture;

static void open_fixture(Fixture *f)
{
    RtUse uses[4];
    RtError error;
    *f = (Fixture){.options = {.seed = -1, .threads = 1}};
    f->train = fake_train("none.csv", RN_LOSS_CROSS_ENTROPY);
    f->program = fake_program(&f->train);
    f->table = (RtTable){.count = SAMPLES,
                         .features = FAKE_IN,
                         .values = f->x,
                         .labels = f->labels,
                         .outputs = FAKE_OUT};
    f->set = (RtSet){.table = &f->table, .count = SAMPLES};
    assert_true(rt_session_open(&f->program, &f->options, NULL, &f->session, &error));
    int count = rt_layers_uses(&f->program, SAMPLES, uses);
    assert_int_equal(count, 1); /* one block */
    assert_int_equal(uses[0].batch, SAMPLES);
    assert_true(rt_session_allocate(&f->session, uses, count, false, NULL, 0, &error));
    assert_true(rt_session_init(&f->session, 0, &error));
}

static void move_layer(Fixture *f, int layer, float by)
{
    float *w = fake_tensor(&f->program, f->session.config, f->session.params.data, FAKE_W);
    for (int i = 0; i < FAKE_IN * FAKE_OUT; i++)
        w[layer * FAKE_IN * FAKE_OUT + i] += by;
}

static void test_rows_tell_norms_and_updates(void **state)
{
    (void)state;
    Fixture f;
    RtLayers layers;
    RtError error;
    open_fixture(&f);
    assert_true(rt_layers_open(&layers, &f.session, &f.set, "unused.npz", &error));
    assert_true(rt_layers_row(&layers, 0, 0, &error));
    move_layer(&f, 1, 0.5f);
    assert_true(rt_layers_row(&layers, 0, 7, &error));
    assert_true(rt_layers_row(&layers, 1, 7, &error)); /* the same moment: its epoch ended */
    assert_int_equal(layers.rows, 2);
    assert_true(layers.epoch[1] == 1 && layers.step[1] == 7);
    const RtBlockRows *block = &layers.blocks[0];
    assert_int_equal(block->depth, DEPTH);
    for (int row = 0; row < 2; row++)
        for (int k = 0; k <= DEPTH; k++) {
            assert_true(fabs(block->state[row * (DEPTH + 1) + k] - exp2(k)) < 1e-12);
            assert_true(fabs(block->gradient[row * (DEPTH + 1) + k] - pow(3, DEPTH - k)) < 1e-12);
        }
    const double expected[] = {0, 0, 0, 0.5 * sqrt(FAKE_IN * FAKE_OUT)};
    for (int i = 0; i < 4; i++)
        assert_true(fabs(block->update[i] - expected[i]) < 1e-6);
    rt_layers_close(&layers);
    rt_session_close(&f.session);
}

static void test_many_rows_are_written(void **state)
{
    (void)state;
    Fixture f;
    RtLayers layers;
    RtError error;
    RtFile file;
    char path[256];
    Scratch scratch = scratch_make();
    open_fixture(&f);
    scratch_path(&scratch, "layers.npz", path);
    assert_true(rt_layers_open(&layers, &f.session, &f.set, path, &error));
    for (int64_t step = 0; step < 100; step++)
        assert_true(rt_layers_row(&layers, step / 10, step, &error));
    assert_true(rt_layers_write(&layers, &error));
    assert_true(rt_file_read(path, 1 << 20, &file, &error));
    static const char *const members[] = {"epoch.npy", "step.npy", "block.state.npy",
                                          "block.gradient.npy", "block.update.npy"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        assert_non_null(memmem(file.bytes, file.size, members[i], strlen(members[i])));
    rt_file_free(&file);
    rt_layers_close(&layers);
    rt_session_close(&f.session);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_tell_norms_and_updates),
                                       cmocka_unit_test(test_many_rows_are_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
