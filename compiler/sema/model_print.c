/* SPDX-License-Identifier: Apache-2.0
 *
 * --dump=model: the Model as text, one fact a line, for people and for the oracle of the tests.
 *
 * Words are separated by one blank; "-" is none. A shape is `[28,28]`, a scalar's is `[]`. Numbers
 * have 17 digits (inf, -inf in ranges). EXPR is a fully bracketed formula and always ends its line.
 * Tensors are named, and stand in the order of their indices. Lines come in this order:
 *
 *   model NAME
 *   precision float32|float64
 *   param NAME default N low N high N integer 0|1
 *   input NAME SHAPE
 *   output NAME SHAPE
 *   stack INDEX NAME SHAPE tied 0|1 memory auto|store        (all stacks before all tensors)
 *   depth INDEX EXPR
 *   tensor INDEX NAME ROLE stack INDEX|-1 shared 0|1 dims SHAPE fan_in N fan_out N
 *          trainable 0|1 absolute 0|1 seed N                 (one line)
 *   law NAME KIND EXPR|-
 *   correlation NAME KIND values|increments EXPR|-
 *   rate NAME EXPR    epsilon NAME EXPR    decay NAME EXPR   (only where a rule is stated)
 *   skip INDEX KIND scale TENSOR|- filter TENSOR|- reflections N
 *   skip_dense INDEX LAYER                                   (skip dense only)
 *   branch INDEX NUMBER learned 0|1 alpha TENSOR|- EXPR
 *   branch_layer INDEX NUMBER LAYER
 *   post INDEX NUMBER LAYER                                  (only where there is one)
 *   item layer LAYER  |  item stack INDEX
 *   train KEY VALUE                                          (see print_train)
 *
 * LAYER is `(KIND IN OUT word=… child …)`: KIND is a name of the language, or seq, sum, scale.
 * Words are the tensors by part (weight, bias, gain, mean, variance, inverse, index, by), number=N
 * and stream=NAME. `(dense [784] [64] weight=dense.weight bias=dense.bias)`.
 */
#include "sema/model.h"

static const char *const layer_names[] = {"none",
#define L(tag, name, arguments, supported) name,
#include "sema/layer.def"
#undef L
                                          "activation", "seq", "sum", "scale"};

static const char *const activation_names[] = {
#define X(tag, name, from) name,
    RN_ACTIVATIONS(X)
#undef X
};

#define X(tag, name) name,
static const char *const loss_names[] = {RN_LOSSES(X)};
static const char *const optimizer_names[] = {RN_OPTIMIZERS(X)};
static const char *const schedule_names[] = {RN_SCHEDULES(X)};
static const char *const data_names[] = {RN_DATA_KINDS(X)};
#undef X

typedef struct Printer {
    const Model *model;
    const char **params;
    FILE *out;
} Printer;

static void print_shape(const Printer *p, int rank, const int64_t *dims)
{
    fputc('[', p->out);
    for (int i = 0; i < rank; i++) {
        fprintf(p->out, "%s%lld", i > 0 ? "," : "", (long long)dims[i]);
    }
    fputc(']', p->out);
}

/* Ends the line. */
static void print_formula(const Printer *p, const Expr *e)
{
    if (e == NULL) {
        fputs("-\n", p->out);
        return;
    }
    expr_print(e, p->params, p->out);
    fputc('\n', p->out);
}

static const char *tensor_name(const Tensor *tensor)
{
    return tensor ? tensor->name : "-";
}

static const char *const *part_names(LayerKind kind)
{
    static const char *const trained[] = {"weight", "bias", "", ""};
    static const char *const norm[] = {"gain", "bias", "mean", "variance"};
    static const char *const standard[] = {"mean", "inverse", "", ""};
    static const char *const index[] = {"index", "", "", ""};
    return kind == LAYER_DENSE         ? trained
           : kind == LAYER_STANDARDIZE ? standard
           : kind == LAYER_PERMUTE     ? index
                                       : norm;
}

static void print_words(const Printer *p, const Layer *layer)
{
    const char *const *parts = part_names(layer->kind);
    for (int i = 0; i < 4; i++) {
        if (layer->tensors[i] != NULL) {
            fprintf(p->out, " %s=%s", parts[i], layer->tensors[i]->name);
        }
    }
    if (layer->scale_tensor != NULL) {
        fprintf(p->out, " by=%s", layer->scale_tensor->name);
    }
    if (layer->kind == LAYER_DROPOUT || layer->activation == RN_ACT_LEAKY_RELU) {
        fprintf(p->out, " number=%.17g", layer->number);
    }
    if (layer->stream != NULL) {
        fprintf(p->out, " stream=%s", layer->stream);
    }
}

static void print_layer(const Printer *p, const Layer *layer)
{
    fprintf(p->out, "(%s ",
            layer->kind == LAYER_ACTIVATION ? activation_names[layer->activation]
                                            : layer_names[layer->kind]);
    print_shape(p, layer->in.rank, layer->in.dim);
    fputc(' ', p->out);
    print_shape(p, layer->out.rank, layer->out.dim);
    print_words(p, layer);
    for (const Layer *child = layer->first; child != NULL; child = child->next) {
        fputc(' ', p->out);
        print_layer(p, child);
    }
    fputc(')', p->out);
}

static void print_layer_line(const Printer *p, const Layer *layer)
{
    print_layer(p, layer);
    fputc('\n', p->out);
}

static void print_head(const Printer *p)
{
    const Model *model = p->model;
    fprintf(p->out, "model %s\nprecision %s\n", model->name,
            model->is_double ? "float64" : "float32");
    for (uint32_t i = 0; i < model->params.count; i++) {
        const Param *param = &model->params.items[i];
        fprintf(p->out, "param %s default %.17g low %.17g high %.17g integer %d\n", param->name,
                param->value, param->low, param->high, param->integer);
    }
    fprintf(p->out, "input %s ", model->input_name);
    print_shape(p, model->input.rank, model->input.dim);
    fprintf(p->out, "\noutput %s ", model->output_name);
    print_shape(p, model->output.rank, model->output.dim);
    fputc('\n', p->out);
}

static void print_stack_heads(const Printer *p)
{
    for (uint32_t i = 0; i < p->model->stacks.count; i++) {
        const Stack *stack = p->model->stacks.items[i];
        fprintf(p->out, "stack %u %s ", i, stack->name);
        print_shape(p, stack->shape.rank, stack->shape.dim);
        fprintf(p->out, " tied %d memory %s\ndepth %u ", stack->tied,
                stack->memory == MEMORY_STORE ? "store" : "auto", i);
        print_formula(p, stack->depth);
    }
}

static void print_rule(const Printer *p, const char *word, const Tensor *tensor, const Expr *rule)
{
    if (rule != NULL) {
        fprintf(p->out, "%s %s ", word, tensor->name);
        print_formula(p, rule);
    }
}

static void print_tensor(const Printer *p, const Tensor *tensor)
{
    fprintf(p->out, "tensor %d %s %s stack %d shared %d dims ", tensor->index, tensor->name,
            role_name(tensor->role), tensor->stack ? tensor->stack->index : -1, tensor->shared);
    print_shape(p, tensor->rank, tensor->dims);
    fprintf(p->out, " fan_in %.17g fan_out %.17g trainable %d absolute %d seed %lld\n",
            tensor->fan_in, tensor->fan_out, tensor->trainable, tensor->absolute,
            (long long)tensor->seed);
    fprintf(p->out, "law %s %s ", tensor->name, law_name(tensor->law.kind));
    print_formula(p, tensor->law.scale);
    fprintf(p->out, "correlation %s %s %s ", tensor->name,
            correlation_name(tensor->correlation.kind),
            tensor->correlation.increments ? "increments" : "values");
    print_formula(p, tensor->correlation.parameter);
    print_rule(p, "rate", tensor, tensor->rules.rate);
    print_rule(p, "epsilon", tensor, tensor->rules.epsilon);
    print_rule(p, "decay", tensor, tensor->rules.decay);
}

static void print_branch(const Printer *p, uint32_t stack, uint32_t number, const Branch *branch)
{
    fprintf(p->out, "branch %u %u learned %d alpha %s ", stack, number, branch->learned,
            tensor_name(branch->alpha));
    print_formula(p, branch->value);
    fprintf(p->out, "branch_layer %u %u ", stack, number);
    print_layer_line(p, branch->layer);
    if (branch->post != NULL) {
        fprintf(p->out, "post %u %u ", stack, number);
        print_layer_line(p, branch->post);
    }
}

static void print_stack_body(const Printer *p, uint32_t index, const Stack *stack)
{
    static const char *const kinds[] = {"identity",    "none",     "haar", "cycle",
                                        "householder", "hadamard", "dense"};
    const Skip *skip = &stack->skip;
    fprintf(p->out, "skip %u %s scale %s filter %s reflections %lld\n", index, kinds[skip->kind],
            tensor_name(skip->scale), tensor_name(skip->filter), (long long)skip->reflections);
    if (skip->dense != NULL) {
        fprintf(p->out, "skip_dense %u ", index);
        print_layer_line(p, skip->dense);
    }
    for (uint32_t i = 0; i < stack->branches.count; i++) {
        print_branch(p, index, i, &stack->branches.items[i]);
    }
}

static void print_items(const Printer *p)
{
    for (uint32_t i = 0; i < p->model->items.count; i++) {
        const Item *item = &p->model->items.items[i];
        if (item->stack != NULL) {
            fprintf(p->out, "item stack %d\n", item->stack->index);
        } else {
            fputs("item layer ", p->out);
            print_layer_line(p, item->layer);
        }
    }
}

static void print_setting(const Printer *p, const char *key, const Expr *value)
{
    fprintf(p->out, "train %s ", key);
    print_formula(p, value);
}

/* Words: data, loss, optimizer, nesterov, schedule. Formulas, "-" for none: all the others. */
static void print_train(const Printer *p, const Train *train)
{
    const Optimizer *o = &train->optimizer;
    const Schedule *s = &train->schedule;
    fprintf(p->out, "train data %s\ntrain loss %s\ntrain optimizer %s\ntrain nesterov %d\n",
            data_names[train->data.kind], loss_names[train->loss.kind], optimizer_names[o->kind],
            o->nesterov);
    fprintf(p->out, "train schedule %s\n", schedule_names[s->kind]);
    const struct {
        const char *key;
        const Expr *value;
    } settings[] = {{"rate", o->rate},
                    {"momentum", o->momentum},
                    {"beta1", o->beta1},
                    {"beta2", o->beta2},
                    {"epsilon", o->epsilon},
                    {"decay", o->decay},
                    {"every", s->every},
                    {"factor", s->factor},
                    {"warmup", s->warmup},
                    {"clip", train->clip},
                    {"batch", train->batch},
                    {"epochs", train->epochs},
                    {"iterations", train->iterations},
                    {"validation", train->validation},
                    {"test", train->test},
                    {"stop_loss", train->stop_loss},
                    {"patience", train->patience},
                    {"seed", train->seed}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        print_setting(p, settings[i].key, settings[i].value);
    }
}

void model_print(const Model *model, FILE *out)
{
    Arena *arena = arena_create();
    if (arena == NULL) {
        return;
    }
    Printer printer = {model, ARENA_ARRAY(arena, const char *, model->params.count), out};
    for (uint32_t i = 0; i < model->params.count; i++) {
        printer.params[i] = model->params.items[i].name;
    }
    print_head(&printer);
    print_stack_heads(&printer);
    for (uint32_t i = 0; i < model->tensors.count; i++) {
        print_tensor(&printer, model->tensors.items[i]);
    }
    for (uint32_t i = 0; i < model->stacks.count; i++) {
        print_stack_body(&printer, i, model->stacks.items[i]);
    }
    print_items(&printer);
    if (model->train != NULL) {
        print_train(&printer, model->train);
    }
    arena_destroy(arena);
}
