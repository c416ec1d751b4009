/* SPDX-License-Identifier: Apache-2.0
 *
 * model_verify, fed with models broken in one place each, and model_print.
 */
#include "sema/elaborate.h"
#include "syntax/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char text[] = "param L = 4 in 1..9 \"layers\"\n"
                           "model {\n"
                           "  input x[3]\n"
                           "  A: dense(2) -> dropout(0.25) + leaky_relu(0.5)\n"
                           "  residual main depth L {\n"
                           "    skip 0.5 * orthogonal(haar)\n"
                           "    alpha depth^-0.5\n"
                           "    branch dense(2) -> relu\n"
                           "    post rmsnorm\n"
                           "  }\n"
                           "  output y\n"
                           "}\n";

typedef struct World {
    Arena *arena;
    Model *model;
} World;

static int create_world(void **state)
{
    World *world = test_malloc(sizeof *world);
    world->arena = arena_create();
    DiagSink *diag = diag_sink_create(world->arena);
    const Source *source = source_from_text(world->arena, "net.rnet", text, strlen(text));
    const AstFile *ast = parse_source(world->arena, interner_create(world->arena), source, diag);
    world->model = elaborate(world->arena, ast, "net", NULL, 0, diag);
    *state = world;
    return world->model == NULL;
}

static int destroy_world(void **state)
{
    World *world = *state;
    arena_destroy(world->arena);
    test_free(world);
    return 0;
}

static Model *model_of(void **state)
{
    World *world = *state;
    assert_null(model_verify(world->model));
    return world->model;
}

static void assert_broken(const Model *model, const char *message)
{
    assert_non_null(model_verify(model));
    assert_string_equal(model_verify(model), message);
}

static void finds_a_param_out_of_range(void **state)
{
    Model *model = model_of(state);
    model->params.items[0].value = 10;
    assert_broken(model, "the default of a param is outside its range");
    model->params.items[0].value = 2.5;
    assert_broken(model, "the default of an integer param is not an integer");
}

static void finds_a_tensor_without_name(void **state)
{
    Model *model = model_of(state);
    model->tensors.items[1]->name = NULL;
    assert_broken(model, "a tensor has no name or a wrong index");
}

static void finds_a_law_without_scale(void **state)
{
    Model *model = model_of(state);
    model->tensors.items[0]->law.scale = NULL;
    assert_broken(model, "a law has no scale, or one too many");
}

static void finds_a_constant_that_is_not_finite(void **state)
{
    World *world = *state;
    Model *model = model_of(state);
    model->tensors.items[0]->law.scale = expr_number(world->arena, INFINITY, (Span){0, 0});
    assert_broken(model, "a law has no scale, or one too many");
}

static void finds_a_trained_filter(void **state)
{
    Model *model = model_of(state);
    Tensor *filter = model->stacks.items[0]->skip.filter;
    filter->trainable = true;
    assert_broken(model, "a tensor is trained that cannot be");
}

static void finds_shapes_that_do_not_chain(void **state)
{
    Model *model = model_of(state);
    model->items.items[0].layer->first->out.dim[0] = 5;
    assert_broken(model, "a layer does not take what the one before it gives");
}

static void finds_a_branch_of_another_shape(void **state)
{
    Model *model = model_of(state);
    model->stacks.items[0]->branches.items[0].post->out.dim[0] = 5;
    assert_broken(model, "a branch does not keep the shape of the state");
}

static void finds_a_missing_filter(void **state)
{
    Model *model = model_of(state);
    model->stacks.items[0]->skip.filter = NULL;
    assert_broken(model, "a skip path has no filter, or one too many");
}

static void finds_an_output_that_nobody_gives(void **state)
{
    Model *model = model_of(state);
    model->output.dim[0] = 7;
    assert_broken(model, "the output is not what the last item gives");
}

static char *print(const Model *model)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    assert_non_null(out);
    model_print(model, out);
    fclose(out);
    return printed;
}

static void prints_one_fact_a_line(void **state)
{
    char *printed = print(model_of(state));
    static const char *const lines[] = {
        "model net\nprecision float32\n",
        "param L default 4 low 1 high 9 integer 1\n",
        "input x [3]\noutput y [2]\n",
        "stack 0 main [2] tied 0 memory auto\ndepth 0 L\n",
        "tensor 0 A.weight weight stack -1 shared 0 dims [2,3] fan_in 3 fan_out 2 trainable 1 "
        "absolute 0 seed 0\nlaw A.weight normal sqrt((1 / fan_in))\n"
        "correlation A.weight iid values -\n",
        "law main.skip formula 0.5\n",
        "skip 0 haar scale main.skip filter main.filter reflections 0\n",
        "branch 0 0 learned 0 alpha main.alpha (depth ^ -0.5)\n",
        "branch_layer 0 0 (seq [2] [2] (dense [2] [2] weight=main.dense.weight "
        "bias=main.dense.bias) (relu [2] [2]))\n",
        "post 0 0 (rmsnorm [2] [2] gain=main.rmsnorm.gain)\n",
        "(sum [2] [2] (dropout [2] [2] number=0.25 stream=dropout) "
        "(leaky_relu [2] [2] number=0.5))",
        "item stack 0\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(printed, lines[i]) == NULL) {
            fail_msg("no line %s in\n%s", lines[i], printed);
        }
    }
    free(printed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_world, destroy_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_a_param_out_of_range),
        TEST(finds_a_tensor_without_name),
        TEST(finds_a_law_without_scale),
        TEST(finds_a_constant_that_is_not_finite),
        TEST(finds_a_trained_filter),
        TEST(finds_shapes_that_do_not_chain),
        TEST(finds_a_branch_of_another_shape),
        TEST(finds_a_missing_filter),
        TEST(finds_an_output_that_nobody_gives),
        TEST(prints_one_fact_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
