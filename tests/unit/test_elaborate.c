/* SPDX-License-Identifier: Apache-2.0
 *
 * elaborate: what the examples mean; names, laws, rules and params of small networks. The messages
 * are pinned by tests/diag/sema-*.
 */
#include "sema/elaborate.h"
#include "syntax/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct World {
    Arena *arena;
    DiagSink *diag;
} World;

static int create_world(void **state)
{
    World *world = test_malloc(sizeof *world);
    world->arena = arena_create();
    world->diag = diag_sink_create(world->arena);
    *state = world;
    return 0;
}

static int destroy_world(void **state)
{
    World *world = *state;
    arena_destroy(world->arena);
    test_free(world);
    return 0;
}

static Model *elaborate_source(World *world, const Source *source, const Definition *definitions,
                               unsigned count)
{
    const AstFile *ast =
        parse_source(world->arena, interner_create(world->arena), source, world->diag);
    return elaborate(world->arena, ast, "net", definitions, count, world->diag);
}

/* NULL where the text has errors. */
static Model *from_text(World *world, const char *text)
{
    const Source *source = source_from_text(world->arena, "net.rnet", text, strlen(text));
    return elaborate_source(world, source, NULL, 0);
}

static Model *from_example(World *world, const char *name, const char *constant, const char *value)
{
    char path[512];
    snprintf(path, sizeof path, "%s/examples/%s.rnet", RNET_SOURCE_DIR, name);
    const Source *source = source_load(world->arena, path, world->diag);
    Definition definition = {constant, value};
    return elaborate_source(world, source, &definition, constant ? 1 : 0);
}

static const Tensor *find(const Model *model, const char *name)
{
    for (uint32_t i = 0; i < model->tensors.count; i++) {
        if (strcmp(model->tensors.items[i]->name, name) == 0) {
            return model->tensors.items[i];
        }
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

/* The scale of a tensor's law in one layer, params at their defaults. */
static double scale(const Model *model, const Tensor *tensor, double depth, double layer)
{
    double params[8] = {0};
    assert_true(model->params.count <= 8);
    for (uint32_t i = 0; i < model->params.count; i++) {
        params[i] = model->params.items[i].value;
    }
    ExprPlace place = {params, depth, layer, tensor->fan_in, tensor->fan_out, 1};
    return expr_evaluate(tensor->law.scale, &place);
}

static double rule(const Expr *e, double depth, double base)
{
    return expr_evaluate(e, &(ExprPlace){.depth = depth, .base = base});
}

static void null_ast_gives_null(void **state)
{
    World *world = *state;
    assert_null(elaborate(world->arena, NULL, "net", NULL, 0, world->diag));
}

static void quickstart_is_a_stack_between_two_dense_layers(void **state)
{
    Model *model = from_example(*state, "quickstart", NULL, NULL);
    assert_non_null(model);
    assert_null(model_verify(model));
    assert_int_equal(model->items.count, 3);
    assert_int_equal(model->items.items[0].layer->kind, LAYER_SEQ);
    const Stack *stack = model->items.items[1].stack;
    assert_string_equal(stack->name, "residual");
    assert_int_equal(stack->shape.dim[0], 64);
    assert_int_equal(stack->branches.count, 1);
    assert_int_equal(model->items.items[2].layer->kind, LAYER_DENSE);
    assert_int_equal(model->output.dim[0], 10);
    assert_string_equal(model->output_name, "logits");
    assert_true(model->params.items[0].integer);
    assert_false(model->params.items[1].integer);
}

static void quickstart_has_laws_and_training(void **state)
{
    Model *model = from_example(*state, "quickstart", NULL, NULL);
    const Tensor *alpha = find(model, "residual.alpha");
    assert_int_equal(alpha->role, RN_ROLE_DERIVED);
    assert_true(fabs(scale(model, alpha, 100, 7) - 0.1) < 1e-16);
    const Tensor *weight = find(model, "residual.dense2.weight");
    assert_true(scale(model, weight, 100, 1) == 0.125);
    assert_int_equal(weight->law.kind, RN_LAW_NORMAL);
    assert_int_equal(find(model, "residual.dense2.bias")->law.kind, RN_LAW_ZEROS);
    assert_int_equal(find(model, "dense1.weight")->dims[1], 784);
    const Train *train = model->train;
    assert_int_equal(train->data.kind, RN_DATA_FASHION_MNIST);
    assert_int_equal(train->schedule.kind, RN_SCHEDULE_COSINE);
    assert_true(train->schedule.warmup->number == 100 && train->epochs->number == 5);
    assert_true(train->optimizer.beta2->number == 0.999 && train->clip == NULL);
    assert_int_equal(model->check->bounds.count, 2);
    assert_ptr_equal(model->check->bounds.items[0].measure.stack, model->stacks.items[0]);
}

static void examples_of_this_version_elaborate(void **state)
{
    World *world = *state;
    static const char *const names[] = {"expansion",         "housing",       "normalization_free",
                                        "phase_diagram",     "trained_phase", "trained_scaling",
                                        "orthogonal_filter", "optimal_scale"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Model *model = from_example(world, names[i], NULL, NULL);
        assert_non_null(model);
        assert_null(model_verify(model));
    }
    assert_int_equal(diag_error_count(world->diag), 0);
}

static void later_examples_say_only_what_is_not_supported(void **state)
{
    World *world = *state;
    static const char *const names[] = {"adding", "sequential_mnist"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned before = diag_error_count(world->diag);
        assert_null(from_example(world, names[i], NULL, NULL));
        assert_true(diag_error_count(world->diag) > before);
    }
    for (unsigned i = 0; i < diag_count(world->diag); i++) {
        assert_int_equal(diag_get(world->diag, i)->id, E_UNSUPPORTED);
    }
}

static void methods_of_normalization_free(void **state)
{
    World *world = *state;
    Model *model = from_example(world, "normalization_free", "method", "2");
    assert_int_equal(find(model, "residual.V.weight")->law.kind, RN_LAW_ZEROS);
    const Tensor *weight = find(model, "residual.W.weight");
    assert_true(fabs(scale(model, weight, 4, 1) - sqrt(2.0 / 64) / 2) < 1e-15);
    const Tensor *alpha = find(model, "residual.alpha");
    assert_true(alpha->role == RN_ROLE_ALPHA && alpha->trainable && alpha->rank == 0);
    assert_true(rule(alpha->rules.rate, 4, 2) == 0.2);
    assert_null(weight->rules.rate);
    model = from_example(world, "normalization_free", "method", "3");
    assert_int_equal(find(model, "residual.alpha")->dims[0], 64);
    assert_int_equal(find(model, "residual.layernorm.gain")->role, RN_ROLE_GAIN);
    model = from_example(world, "normalization_free", "method", "5");
    assert_null(model->stacks.items[0]->branches.items[0].alpha);
    assert_int_equal(find(model, "residual.batchnorm.variance")->role, RN_ROLE_BUFFER);
    assert_int_equal(find(model, "residual.dense.weight")->rank, 2);
}

static void trained_scaling_shares_its_alpha(void **state)
{
    Model *model = from_example(*state, "trained_scaling", NULL, NULL);
    const Tensor *alpha = find(model, "residual.alpha");
    assert_true(alpha->shared && alpha->absolute && alpha->trainable);
    assert_true(scale(model, alpha, 64, 1) == 1.0 / 64);
    const Tensor *bias = find(model, "residual.W.bias");
    assert_true(fabs(scale(model, bias, 64, 1) - 0.01 / (64 * sqrt(10))) < 1e-18);
    assert_true(model->train->stop_loss->number == 1e-4 && model->train->patience->number == 5);
    assert_true(model->sweeps.items[0].cells == 11);
}

static void filters_have_their_tensors(void **state)
{
    Model *model = from_text(*state, "param c = 1\n"
                                     "model { input x[8]\n"
                                     "residual a depth 3 { skip (1 - c/depth) * orthogonal(haar)\n"
                                     "branch dense(8) }\n"
                                     "residual b depth 3 { skip orthogonal(householder(2), "
                                     "share = stack)\nbranch dense(8) }\n"
                                     "residual c depth 3 { skip 2 * orthogonal(hadamard)\n"
                                     "branch dense(8) }\n"
                                     "residual d depth 3 { skip dense(8); branch dense(8); "
                                     "init he } }");
    assert_non_null(model);
    assert_int_equal(find(model, "a.filter")->role, RN_ROLE_BUFFER);
    assert_int_equal(find(model, "a.filter")->rank, 2);
    assert_true(fabs(scale(model, find(model, "a.skip"), 4, 1) - 0.75) < 1e-16);
    assert_true(find(model, "b.filter")->shared);
    assert_int_equal(find(model, "b.filter")->dims[0], 2);
    assert_int_equal(find(model, "c.filter")->law.kind, RN_LAW_SIGNS);
    assert_int_equal(model->stacks.items[3]->skip.kind, SKIP_DENSE);
    assert_true(scale(model, find(model, "d.skip.weight"), 3, 1) == 0.5);
}

static void laws_give_standard_deviations(void **state)
{
    Model *model =
        from_text(*state, "model { input x[8]\n"
                          "A: dense(2, init = uniform(var = 4), bias_init = normal(std = 3))\n"
                          "B: dense(6, init = 2 * xavier / 4)\n"
                          "C: dense(6, init = orthogonal(gain = 5), bias_init = constant(7))\n"
                          "D: dense(6, init = -lecun) }");
    assert_non_null(model);
    assert_true(scale(model, find(model, "A.weight"), 1, 1) == 2);
    assert_true(scale(model, find(model, "A.bias"), 1, 1) == 3);
    assert_true(scale(model, find(model, "B.weight"), 1, 1) == 0.25);
    assert_int_equal(find(model, "C.weight")->law.kind, RN_LAW_ORTHOGONAL);
    assert_true(scale(model, find(model, "C.weight"), 1, 1) == 5);
    assert_true(scale(model, find(model, "C.bias"), 1, 1) == 7);
    assert_true(scale(model, find(model, "D.weight"), 1, 1) == -sqrt(1.0 / 6));
}

static void labelled_laws_take_precedence(void **state)
{
    Model *model = from_text(*state, "model { input x[4]\n"
                                     "residual depth 5 {\n"
                                     "init W: zeros\ninit he\ncorrelation fbm(hurst = 0.7)\n"
                                     "correlation V: iid\nbias_init V: constant(1)\n"
                                     "branch W: dense(4) -> V: dense(4) -> dense(4) } }");
    assert_non_null(model);
    assert_int_equal(find(model, "residual.W.weight")->law.kind, RN_LAW_ZEROS);
    assert_int_equal(find(model, "residual.W.weight")->correlation.kind, RN_CORRELATION_IID);
    assert_int_equal(find(model, "residual.V.weight")->correlation.kind, RN_CORRELATION_IID);
    assert_int_equal(find(model, "residual.dense.weight")->correlation.kind, RN_CORRELATION_FBM);
    assert_int_equal(find(model, "residual.V.bias")->law.kind, RN_LAW_CONSTANT);
    assert_int_equal(find(model, "residual.dense.bias")->law.kind, RN_LAW_ZEROS);
}

static void several_branches_have_their_own_alpha_and_post(void **state)
{
    Model *model = from_text(*state, "model { input x[4]\n"
                                     "residual depth 5 { alpha learned(0.5); post layernorm\n"
                                     "branch dense(4); branch dense(4) -> relu; weights tied } }");
    assert_non_null(model);
    const Stack *stack = model->stacks.items[0];
    assert_int_equal(stack->branches.count, 2);
    assert_ptr_equal(stack->branches.items[1].alpha, find(model, "residual.alpha2"));
    assert_ptr_equal(stack->branches.items[1].post->tensors[0],
                     find(model, "residual.layernorm2.gain"));
    assert_true(find(model, "residual.dense1.weight")->shared);
    assert_true(find(model, "residual.layernorm1.bias")->shared);
    assert_false(find(model, "residual.alpha1")->shared);
}

static void unnamed_blocks_and_scales_are_numbered(void **state)
{
    Model *model = from_text(*state, "model { input x[4]\n"
                                     "0.5 * dense(4) + 2 * linear\n"
                                     "residual depth 5 { branch depth^-1 * dense(4) }\n"
                                     "residual depth 5 { branch dense(4); trainable false } }");
    assert_non_null(model);
    assert_true(scale(model, find(model, "scale2"), 1, 1) == 2);
    assert_true(scale(model, find(model, "residual1.scale1"), 4, 1) == 0.25);
    assert_false(find(model, "residual2.dense.weight")->trainable);
    assert_true(find(model, "residual1.dense.weight")->trainable);
}

static void transfer_multiplies_rules_of_blocks(void **state)
{
    Model *model = from_text(
        *state, "model { input x[4]\nresidual depth 64 { branch W: dense(4) } }\n"
                "train { data rotation(dim = 4); loss mse; optimizer adamw\n"
                "lr W: 0.5 * base; transfer depth_mup(base_depth = 16, base_width = 2) }");
    assert_non_null(model);
    const Rules *weight = &find(model, "residual.W.weight")->rules;
    const Rules *bias = &find(model, "residual.W.bias")->rules;
    /* m_L = 4, m_N = 2, A = 1/2 */
    assert_true(fabs(rule(weight->rate, 64, 1) - 0.5 * 0.5 / 2) < 1e-16);
    assert_true(fabs(rule(bias->rate, 64, 1) - 0.5 * 0.5) < 1e-16);
    assert_true(fabs(rule(weight->epsilon, 64, 1) - 0.5 / 2) < 1e-16);
    assert_true(fabs(rule(weight->decay, 64, 1) - 2) < 1e-16);
    assert_null(bias->decay);
}

static void completep_leaves_rates_alone(void **state)
{
    Model *model =
        from_text(*state, "model { input x[4]\nresidual depth 64 { branch W: dense(4) } }\n"
                          "train { data rotation(dim = 4); loss mse; optimizer adam\n"
                          "transfer completep(base_depth = 16) }");
    assert_non_null(model);
    assert_null(find(model, "residual.W.weight")->rules.rate);
    assert_true(rule(find(model, "residual.W.weight")->rules.epsilon, 64, 1) == 0.25);
}

static void definitions_replace_consts_and_defaults(void **state)
{
    World *world = *state;
    const char *text = "const d = 4\nconst flag = false\nparam L = 3 in 1..10\n"
                       "model { input x[d]\nif flag { residual depth L { branch dense(d) } }\n"
                       "dense(1) }";
    const Source *source = source_from_text(world->arena, "net.rnet", text, strlen(text));
    Definition definitions[] = {{"d", "2^3"}, {"flag", "true"}, {"L", "9"}, {"L", "7"}};
    Model *model = elaborate_source(world, source, definitions, 4);
    assert_non_null(model);
    assert_int_equal(model->input.dim[0], 8);
    assert_int_equal(model->stacks.count, 1);
    assert_true(model->params.items[0].value == 7);
}

static void measures_are_functions_of_one_quantity(void **state)
{
    Model *model = from_text(*state, "param k = 3\nmodel { input x[4]\n"
                                     "residual a depth 2 { branch W: dense(4) } }\n"
                                     "probe { data gaussian; batch 4\n"
                                     "measure 1 + k*log10(forward_ratio(a)), max_norm(W) }\n"
                                     "check { lag1(W) > -0.5; forward_ratio <= k }");
    assert_non_null(model);
    const Measure *measure = &model->probe->measures.items[0];
    assert_string_equal(measure->text, "1 + k*log10(forward_ratio(a))");
    assert_int_equal(measure->kind, RN_QUANTITY_FORWARD_RATIO);
    double params[] = {3};
    assert_true(expr_evaluate(measure->function, &(ExprPlace){.params = params, .base = 100}) == 7);
    assert_ptr_equal(model->probe->measures.items[1].tensor, find(model, "a.W.weight"));
    const Bound *bounds = model->check->bounds.items;
    assert_true(bounds[0].low_strict && bounds[0].high == NULL);
    assert_true(!bounds[1].high_strict && bounds[1].low == NULL);
}

static void optimizers_have_the_usual_defaults(void **state)
{
    World *world = *state;
    static const struct {
        const char *text;
        double rate, momentum, beta2, epsilon, decay;
    } rows[] = {{"sgd(0.5, momentum = 0.9, nesterov = true)", 0.5, 0.9, 0, 0, 0},
                {"adam", 1e-3, 0, 0.999, 1e-8, 0},
                {"adamw", 1e-3, 0, 0.999, 1e-8, 0.01},
                {"rmsprop", 1e-2, 0, 0.99, 1e-8, 0},
                {"adagrad", 1e-2, 0, 0, 1e-10, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Model *model =
            from_text(world, str_format(world->arena,
                                        "model { input x[2]; dense(2) }\n"
                                        "train { data rotation(dim = 2); loss mse; optimizer %s }",
                                        rows[i].text));
        assert_non_null(model);
        const Optimizer *o = &model->train->optimizer;
        assert_true(o->rate->number == rows[i].rate && o->momentum->number == rows[i].momentum);
        assert_true(o->beta2->number == rows[i].beta2 && o->epsilon->number == rows[i].epsilon);
        assert_true(o->decay->number == rows[i].decay);
    }
}

/* Chains of chains: each within the parser's limits, together deeper than a stack should be. */
static void deep_formulas_have_a_limit(void **state)
{
    World *world = *state;
    Text text = {.arena = world->arena};
    text_append(&text, "param p = 1\nmodel { input x[1]\nresidual depth 3 { alpha ");
    for (int i = 0; i < 50; i++) {
        text_append(&text, "(");
    }
    text_append(&text, "p");
    for (int i = 0; i < 50; i++) {
        for (int j = 0; j < 500; j++) {
            text_append(&text, " + p");
        }
        text_append(&text, ") * p");
    }
    text_append(&text, "\nbranch dense(1) } }\n");
    assert_null(from_text(world, text.data));
    assert_int_equal(diag_count(world->diag), 1);
    assert_int_equal(diag_get(world->diag, 0)->id, E_NESTING);
    assert_non_null(strstr(diag_get(world->diag, 0)->message, "4000"));
}

/* As many names as a machine-made file may have: hashed, not searched. */
static void many_names_take_linear_time(void **state)
{
    World *world = *state;
    Text text = {.arena = world->arena};
    for (int i = 0; i < 20000; i++) {
        text_append(&text, "const c%d = %d\n", i, i);
    }
    text_append(&text, "model { input x[c19999]\nresidual depth 2 {\n");
    text_append(&text, "branch W: dense(c19999)\n");
    for (int i = 0; i < 20000; i++) {
        text_append(&text, "init V%d: zeros\n", i);
    }
    text_append(&text, "} }\n");
    assert_null(from_text(world, text.data));
    assert_int_equal(diag_error_count(world->diag), 20000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create_world, destroy_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(null_ast_gives_null),
        TEST(quickstart_is_a_stack_between_two_dense_layers),
        TEST(quickstart_has_laws_and_training),
        TEST(examples_of_this_version_elaborate),
        TEST(later_examples_say_only_what_is_not_supported),
        TEST(methods_of_normalization_free),
        TEST(trained_scaling_shares_its_alpha),
        TEST(filters_have_their_tensors),
        TEST(laws_give_standard_deviations),
        TEST(labelled_laws_take_precedence),
        TEST(several_branches_have_their_own_alpha_and_post),
        TEST(unnamed_blocks_and_scales_are_numbered),
        TEST(transfer_multiplies_rules_of_blocks),
        TEST(completep_leaves_rates_alone),
        TEST(definitions_replace_consts_and_defaults),
        TEST(measures_are_functions_of_one_quantity),
        TEST(optimizers_have_the_usual_defaults),
        TEST(deep_formulas_have_a_limit),
        TEST(many_names_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
