/* SPDX-License-Identifier: Apache-2.0
 *
 * Layer expressions: `->`, `+`, `scalar *`, labels and calls, to trees of Layer with shapes.
 *
 * Never NULL: a layer that failed has kind LAYER_NONE and an output of rank 0, after a message.
 */
#include "sema/scale.h"

enum { NESTING_MAX = 1000 };

static const struct {
    const char *name, *arguments;
    bool supported;
} rows[] = {
    {NULL, NULL, false},
#define L(tag, name, arguments, supported) {name, arguments, supported},
#include "sema/layer.def"
#undef L
};

static const char *const activations[] = {
#define X(tag, name, from) name,
    RN_ACTIVATIONS(X)
#undef X
};

static Layer *new_layer(Context *ctx, LayerKind kind, Span span, Shape in)
{
    Layer *layer = ARENA_NEW(ctx->arena, Layer);
    layer->kind = kind;
    layer->span = span;
    layer->in = in;
    return layer;
}

static Layer *failed_layer(Context *ctx, const Ast *ast, Shape in)
{
    ctx->poisoned = true;
    return new_layer(ctx, LAYER_NONE, ast->span, in);
}

static int find_word(const char *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(words[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

static LayerKind find_row(const char *name)
{
    for (size_t i = 1; i < LENGTH(rows); i++) {
        if (str_equal(rows[i].name, name)) {
            return (LayerKind)i;
        }
    }
    return LAYER_NONE;
}

bool is_layer_name(const char *name)
{
    return find_row(name) != LAYER_NONE || find_word(name, activations, LENGTH(activations)) >= 0;
}

static Layer *unknown_layer(Context *ctx, const Ast *ast, Shape in)
{
    Span span = ast->name_span.end > 0 ? ast->name_span : ast->span;
    const Symbol *symbol = scope_find(ctx, ast->text);
    if (symbol != NULL) {
        Diag *d = diag_report(ctx->diag, E_KIND, span, "`%s` is a number, not a layer", ast->text);
        diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", ast->text);
        return failed_layer(ctx, ast, in);
    }
    const char *names[LENGTH(rows) - 1 + LENGTH(activations)];
    for (size_t i = 1; i < LENGTH(rows); i++) {
        names[i - 1] = rows[i].name;
    }
    memcpy(names + LENGTH(rows) - 1, activations, sizeof activations);
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_NAME, span, "there is no layer `%s`", ast->text);
    hint_nearest(ctx, d, ast->text, names, LENGTH(names));
    return failed_layer(ctx, ast, in);
}

static Layer *activation_layer(Context *ctx, const Ast *ast, int activation, Shape in)
{
    Layer *layer = new_layer(ctx, LAYER_ACTIVATION, ast->span, in);
    layer->activation = (RnActivation)activation;
    layer->out = in;
    const Ast *values[ARGUMENTS_MAX];
    bool leaky = activation == RN_ACT_LEAKY_RELU;
    if (!bind_arguments(ctx, ast, leaky ? "slope?" : "", values)) {
        return failed_layer(ctx, ast, in);
    }
    layer->number = leaky ? 0.01 : 0;
    if (values[0] != NULL) {
        eval_number(ctx, values[0], "the slope of `leaky_relu`", &layer->number);
    }
    return layer;
}

/* Tensors with laws of their own: `dense(64, init = zeros)`. */
static void apply_own_laws(Context *ctx, Scope *scope, Layer *layer, const Ast *const *values)
{
    bool in_block = scope->stack != NULL;
    if (values[2] != NULL && layer->tensors[0] != NULL) {
        own_law(ctx, layer->tensors[0], values[2], in_block);
    }
    if (values[3] != NULL && layer->tensors[1] != NULL) {
        own_law(ctx, layer->tensors[1], values[3], in_block);
    } else if (values[3] != NULL && layer->out.rank > 0) {
        diag_report(ctx->diag, E_RULE_TARGET, values[3]->span,
                    "a law for the biases of a layer that has none");
    }
}

static bool read_bias(Context *ctx, LayerKind kind, const Ast *const *values)
{
    bool bias = true;
    const Ast *value = kind == LAYER_DENSE ? values[1] : kind == LAYER_CONV ? values[4] : NULL;
    if (value != NULL) {
        eval_bool(ctx, value, "`bias`", &bias);
    }
    return bias;
}

static void check_standardize(Context *ctx, const Scope *scope, const Ast *ast)
{
    if (scope->stack != NULL || ctx->trained_seen) {
        Diag *d = diag_report(ctx->diag, E_ORDER, ast->span, "`standardize` stands %s",
                              scope->stack ? "inside a block" : "after a trained layer");
        diag_note(ctx->diag, d,
                  "it learns the mean and variance of the training inputs, once, before training");
    }
}

static void read_permutation(Context *ctx, const Scope *scope, Layer *layer, const Ast *seed)
{
    if (scope->stack != NULL) {
        unsupported(ctx, "the layer `permute` inside a block is", layer->span);
    }
    if (seed != NULL && layer->tensors[0] != NULL) {
        eval_size(ctx, seed, "the seed of `permute`", 0, &layer->tensors[0]->seed);
    }
}

static Layer *input_layer(Context *ctx, Scope *scope, const Ast *ast, Layer *layer,
                          const Ast *const *values, Span origin)
{
    if (scope->stack == NULL) {
        diag_report(ctx->diag, E_OUT_OF_PLACE, ast->span, "`input(…)` stands outside a branch");
        return failed_layer(ctx, ast, layer->in);
    }
    unsupported(ctx, "reading the block's own input with `input(…)` is", ast->span);
    Shape state = scope->state ? *scope->state : (Shape){0};
    if (values[0] != NULL) {
        layer->first = elaborate_layer(ctx, scope, values[0], state, origin);
        layer->out = layer->first->out;
    } else {
        layer->out = state;
    }
    return layer;
}

static Layer *built_in_layer(Context *ctx, Scope *scope, const Ast *ast, LayerKind kind,
                             const char *label, Shape in, Span origin)
{
    Layer *layer = new_layer(ctx, kind, ast->span, in);
    layer->label = label;
    const char *spec =
        kind == LAYER_DENSE ? "n bias=true init=- bias_init=-" : rows[kind].arguments;
    const Ast *values[ARGUMENTS_MAX];
    if (kind != LAYER_RESHAPE && !bind_arguments(ctx, ast, spec, values)) {
        return failed_layer(ctx, ast, in);
    }
    if (kind == LAYER_INPUT) {
        return input_layer(ctx, scope, ast, layer, values, origin);
    }
    if (!rows[kind].supported) {
        unsupported(ctx, str_format(ctx->arena, "the layer `%s` is", ast->text), ast->span);
    }
    if (kind == LAYER_STANDARDIZE) {
        check_standardize(ctx, scope, ast);
    }
    bool bias = read_bias(ctx, kind, values);
    bool shaped = layer_shape(ctx, layer, ast, values, origin);
    if (shaped && shape_check_size(ctx, &layer->out, ast->span)) {
        create_tensors(ctx, scope, layer, bias);
    } else {
        layer->out = (Shape){0};
        ctx->poisoned = true;
    }
    vec_push(ctx->arena, &scope->layers, layer);
    if (kind == LAYER_PERMUTE) {
        read_permutation(ctx, scope, layer, values[0]);
    }
    if (kind == LAYER_DENSE) {
        apply_own_laws(ctx, scope, layer, values);
    }
    return layer;
}

static Layer *single_layer(Context *ctx, Scope *scope, const Ast *ast, const char *label, Shape in,
                           Span origin)
{
    int activation =
        ast->kind == AST_INDEX ? -1 : find_word(ast->text, activations, LENGTH(activations));
    LayerKind kind = find_row(ast->text);
    if (activation >= 0) {
        return activation_layer(ctx, ast, activation, in);
    }
    if (kind == LAYER_NONE) {
        return unknown_layer(ctx, ast, in);
    }
    if ((ast->kind == AST_INDEX) != (kind == LAYER_RESHAPE)) {
        Diag *d =
            diag_report(ctx->diag, E_KIND, ast->span, "`%s` takes %s", ast->text,
                        kind == LAYER_RESHAPE ? "a shape in brackets" : "no shape in brackets");
        if (kind == LAYER_RESHAPE) {
            diag_hint(ctx->diag, d, "write `reshape[28, 28]`");
        }
        return failed_layer(ctx, ast, in);
    }
    return built_in_layer(ctx, scope, ast, kind, label, in, origin);
}

static Layer *labelled_layer(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    const Ast *inner = ast->first;
    if (inner == NULL || inner->kind == AST_ERROR) {
        return failed_layer(ctx, ast, in);
    }
    if (!is_call(inner) && inner->kind != AST_INDEX) {
        diag_report(ctx->diag, E_KIND, ast->span,
                    "the label `%s` stands before something that is not a single layer", ast->text);
        return elaborate_layer(ctx, scope, inner, in, origin);
    }
    if (str_equal(ast->text, "alpha") || str_equal(ast->text, "skip")) {
        diag_report(ctx->diag, E_RESERVED_NAME, ast->name_span,
                    "a label cannot be `%s`: the block's own tensors are called so", ast->text);
    }
    const char *label = ast->text;
    if (!names_add(ctx->arena, &scope->labels, label, 0)) {
        label = NULL;
        diag_report(ctx->diag, E_REDECLARED, ast->name_span, "the label `%s` is used twice%s",
                    ast->text, scope->stack ? " in one block" : "");
    }
    return single_layer(ctx, scope, inner, label, in, origin);
}

typedef VEC(const Ast *) Operands;

/* The operands of `a OP b OP c`, last one first: chains hang to the left, as deep as they are
 * long. */
static void list_operands(Context *ctx, const Ast *ast, AstOp op, Operands *operands)
{
    for (; ast->kind == AST_BINARY && ast->op == op; ast = ast->first) {
        vec_push(ctx->arena, operands, ast->first->next);
    }
    vec_push(ctx->arena, operands, ast);
}

static Layer *sequence(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    Layer *layer = new_layer(ctx, LAYER_SEQ, ast->span, in);
    Operands operands = {0};
    list_operands(ctx, ast, AST_OP_ARROW, &operands);
    Layer **link = &layer->first;
    Shape shape = in;
    for (uint32_t i = operands.count; i-- > 0;) {
        *link = elaborate_layer(ctx, scope, operands.items[i], shape, origin);
        shape = (*link)->out;
        origin = (*link)->span;
        link = &(*link)->next;
    }
    layer->out = shape;
    return layer;
}

static bool same_shape(Context *ctx, const Layer *first, const Layer *other)
{
    if (first->out.rank == 0 || other->out.rank == 0) {
        return true;
    }
    if (shape_equal(&first->out, &other->out)) {
        return true;
    }
    Diag *d = diag_report(ctx->diag, E_SHAPE_MISMATCH, other->span,
                          "the sides of `+` have the shapes %s and %s",
                          shape_text(ctx->arena, &first->out), shape_text(ctx->arena, &other->out));
    diag_label(ctx->diag, d, shape_source(first)->span, "this side gives %s",
               shape_text(ctx->arena, &first->out));
    return false;
}

static Layer *sum(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    Layer *layer = new_layer(ctx, LAYER_SUM, ast->span, in);
    Operands operands = {0};
    list_operands(ctx, ast, AST_OP_ADD, &operands);
    Layer **link = &layer->first;
    bool good = true;
    for (uint32_t i = operands.count; i-- > 0;) {
        *link = elaborate_layer(ctx, scope, operands.items[i], in, origin);
        good = same_shape(ctx, layer->first, *link) && (*link)->out.rank > 0 && good;
        link = &(*link)->next;
    }
    layer->out = good ? layer->first->out : (Shape){0};
    ctx->poisoned |= !good;
    return layer;
}

static Layer *number_as_layer(Context *ctx, const Ast *ast, Shape in)
{
    Diag *d =
        diag_report(ctx->diag, E_KIND, ast->span, "a layer is expected, but this is a number");
    diag_hint(ctx->diag, d, "a number scales a layer: `0.5 * dense(64)`");
    return failed_layer(ctx, ast, in);
}

static Layer *scaled_layer(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    if (is_scalar(ctx, ast)) {
        return number_as_layer(ctx, ast, in);
    }
    Layer *layer = new_layer(ctx, LAYER_SCALE, ast->span, in);
    unsigned allows = scope->stack ? ALLOW_BLOCK : ALLOW_PARAMS;
    const Ast *subject = split_scaled(ctx, ast, allows, "the scale of a layer", &layer->scale);
    if (subject == NULL || subject == ast) {
        if (subject == ast) {
            diag_report(ctx->diag, E_KIND, ast->span, "a layer is expected here");
        }
        return failed_layer(ctx, ast, in);
    }
    check_scale(ctx, ast->span,
                &(Scale){.formula = layer->scale,
                         .stack = scope->stack,
                         .what = "the scale of this layer"});
    Tensor *tensor = add_tensor(ctx, scope, NULL, NULL, RN_ROLE_DERIVED);
    tensor->span = ast->span;
    tensor->law = (Law){RN_LAW_FORMULA, layer->scale};
    const char *part = str_format(ctx->arena, "scale%d", ++scope->scales);
    ctx->notes.items[tensor->index].part = part;
    layer->scale_tensor = tensor;
    layer->first = elaborate_layer(ctx, scope, subject, in, origin);
    layer->out = layer->first->out;
    return layer;
}

static void combined_otherwise(Context *ctx, const Ast *ast)
{
    Diag *d =
        diag_report(ctx->diag, E_KIND, ast->span, "layers are combined with `->` and `+`, not `%s`",
                    ast_op_spelling(ast->op));
    if (ast->op == AST_OP_SUB) {
        diag_hint(ctx->diag, d, "write `a -> b` for b after a, `a + -1*b` for their difference");
    } else {
        diag_hint(ctx->diag, d, "write `a -> b` for b after a, `a + b` for their sum");
    }
}

static Layer *binary_layer(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    switch (ast->op) {
    case AST_OP_ARROW:
        return sequence(ctx, scope, ast, in, origin);
    case AST_OP_ADD:
        return is_scalar(ctx, ast) ? number_as_layer(ctx, ast, in)
                                   : sum(ctx, scope, ast, in, origin);
    case AST_OP_MUL:
    case AST_OP_DIV:
        return scaled_layer(ctx, scope, ast, in, origin);
    default:
        if (is_scalar(ctx, ast)) {
            return number_as_layer(ctx, ast, in);
        }
        combined_otherwise(ctx, ast);
        return failed_layer(ctx, ast, in);
    }
}

static Layer *layer_node(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    switch (ast->kind) {
    case AST_NAME:
    case AST_CALL:
    case AST_INDEX:
        return single_layer(ctx, scope, ast, NULL, in, origin);
    case AST_LABEL:
        return labelled_layer(ctx, scope, ast, in, origin);
    case AST_BINARY:
        return binary_layer(ctx, scope, ast, in, origin);
    case AST_NEGATE:
        return scaled_layer(ctx, scope, ast, in, origin);
    case AST_NUMBER:
        return number_as_layer(ctx, ast, in);
    case AST_ERROR:
        return failed_layer(ctx, ast, in);
    default:
        diag_report(ctx->diag, E_KIND, ast->span, "a layer is expected here");
        return failed_layer(ctx, ast, in);
    }
}

Layer *elaborate_layer(Context *ctx, Scope *scope, const Ast *ast, Shape in, Span origin)
{
    if (ctx->nesting >= NESTING_MAX) {
        diag_report(ctx->diag, E_NESTING, ast->span, "this expression is nested too deeply");
        return failed_layer(ctx, ast, in);
    }
    ctx->nesting++;
    Layer *layer = layer_node(ctx, scope, ast, in, origin);
    ctx->nesting--;
    return layer;
}
