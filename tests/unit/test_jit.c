/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects in memory become code of this process: their tables can be read, their functions called;
 * a network can be compiled again in the same process; an unknown name is an error, not a crash.
 */
#include "core/program.h"
#include "emit/jit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "object_fixture.h"

extern const JitSymbol rnet_core_symbols[];

static const char network[] = "param L = 3 in 1..100\n"
                              "model {\n"
                              "  input x[4]\n"
                              "  residual depth L { branch dense(4) -> tanh }\n"
                              "  dense(4)\n"
                              "}\n"
                              "train {\n"
                              "  data rotation(dim = 4, train = 20, test = 10)\n"
                              "  loss mse\n"
                              "  optimizer sgd(lr = 0.1)\n"
                              "  batch 8\n"
                              "}\n";

/* The outputs of one sample under the first draw. */
static void predict(const RnProgram *program, float y[4])
{
    static const float x[4] = {0.5f, -1, 2, 0.25f};
    const RnCode *code = &program->codes[0];
    double config[] = {3};
    void *params = aligned_alloc(64, code->params_size(program, config));
    size_t init_size = (code->init_workspace_size(program, config) + 63) / 64 * 64;
    void *workspace = aligned_alloc(64, init_size);
    assert_int_equal(code->init(program, config, params, 7, 0, workspace, NULL), RN_OK);
    free(workspace);
    RnCall call = {.program = program,
                   .code = code,
                   .config = config,
                   .params = params,
                   .x = x,
                   .y = y,
                   .batch = 1,
                   .what = RN_FORWARD};
    call.workspace = aligned_alloc(64, (code->workspace_size(&call) + 63) / 64 * 64);
    assert_int_equal(code->run(&call), RN_OK);
    free(call.workspace);
    free(params);
}

static void predict_in_memory(const EmitOutput *output, float y[4])
{
    Jit *jit = jit_open(arena, output, rnet_core_symbols, false, sink);
    assert_non_null(jit);
    const RnProgram *program = jit_address(jit, "rnet_program");
    assert_non_null(program);
    assert_string_equal(program->name, "n");
    assert_string_equal(program->params[0].name, "L");
    predict(program, y);
    jit_close(jit);
}

static void runs_in_memory(void **state)
{
    (void)state;
    float once[4], again[4];
    EmitOutput output = compile_text(network, 2, "native");
    predict_in_memory(&output, once);
    predict_in_memory(&output, again);
    assert_true(once[0] != 0 && once[1] != 0 && once[0] != once[1]);
    assert_memory_equal(once, again, sizeof once);
    emit_dispose(&output);
}

/* LLVM's switches are set but once in a process; what is computed stays the same. */
static void compiles_again(void **state)
{
    (void)state;
    float results[4][4];
    static const int levels[] = {1, 1, 2, 0};
    for (int i = 0; i < 4; i++) {
        EmitOutput output = compile_text(network, levels[i], "native");
        predict_in_memory(&output, results[i]);
        emit_dispose(&output);
        assert_memory_equal(results[0], results[i], sizeof results[0]);
    }
}

static void reports_unknown_names(void **state)
{
    (void)state;
    EmitOutput output = compile_text(network, 0, "native");
    Jit *jit = jit_open(arena, &output, NULL, false, sink);
    assert_non_null(jit);
    assert_int_equal(diag_error_count(sink), 0);
    assert_null(jit_address(jit, "rnet_program"));
    assert_int_equal(diag_error_count(sink), 1);
    jit_close(jit);
    jit = jit_open(arena, &output, rnet_core_symbols, false, sink);
    assert_null(jit_address(jit, "no_such_name"));
    assert_int_equal(diag_error_count(sink), 2);
    jit_close(jit);
    emit_dispose(&output);
}

static void refuses_bytes_that_are_no_object(void **state)
{
    (void)state;
    EmitOutput output = compile_text(network, 0, "native");
    emit_dispose(&output);
    output = (EmitOutput){.parts = {{NULL, "nonsense", 8}}, .count = 1};
    Jit *jit = jit_open(arena, &output, rnet_core_symbols, false, sink);
    assert_true(jit == NULL || jit_address(jit, "rnet_program") == NULL);
    assert_true(diag_error_count(sink) > 0);
    jit_close(jit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_in_memory, create, destroy),
        cmocka_unit_test_setup_teardown(compiles_again, create, destroy),
        cmocka_unit_test_setup_teardown(reports_unknown_names, create, destroy),
        cmocka_unit_test_setup_teardown(refuses_bytes_that_are_no_object, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
