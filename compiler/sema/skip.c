/* SPDX-License-Identifier: Apache-2.0
 *
 * `skip`: what a layer of a block does with its input besides the branch.
 */
#include "sema/scale.h"

static const char *const words[] = {"identity", "none",     "orthogonal",
                                    "dense",    "momentum", "coupled"};
enum { WORD_IDENTITY, WORD_NONE, WORD_ORTHOGONAL, WORD_DENSE, WORD_MOMENTUM, WORD_COUPLED };

static const char *const filters[] = {"haar", "cycle", "householder", "hadamard"};
enum { FILTER_HAAR, FILTER_CYCLE, FILTER_HOUSEHOLDER, FILTER_HADAMARD };

/* The width that a filter turns: the state's last axis, and the state has one axis. */
static int64_t filter_width(Context *ctx, const Stack *stack, const Ast *ast)
{
    if (stack->shape.rank > 1) {
        Diag *d = diag_report(ctx->diag, E_SHAPE_RANK, ast->span,
                              "an orthogonal skip turns vectors, but the state has the shape %s",
                              shape_text(ctx->arena, &stack->shape));
        diag_hint(ctx->diag, d, "put `flatten` before the block");
    }
    return stack->shape.rank == 1 ? stack->shape.dim[0] : 0;
}

static Tensor *filter_tensor(Context *ctx, Scope *scope, const Ast *ast, RnRole role, RnLawKind law,
                             bool shared)
{
    Tensor *tensor = add_tensor(ctx, scope, NULL, "filter", role);
    tensor->span = ast->span;
    tensor->law = (Law){law, NULL};
    tensor->shared = shared;
    return tensor;
}

static void haar_filter(Context *ctx, Scope *scope, const Ast *ast, int64_t width, bool shared)
{
    Skip *skip = &scope->stack->skip;
    skip->kind = SKIP_HAAR;
    Shape shape = {2, {width, width}};
    if (!shape_check_size(ctx, &shape, ast->span)) {
        return;
    }
    skip->filter = filter_tensor(ctx, scope, ast, RN_ROLE_BUFFER, RN_LAW_HAAR, shared);
    set_dims(skip->filter, 2, shape.dim);
}

static void householder_filter(Context *ctx, Scope *scope, const Ast *ast, int64_t width,
                               bool shared)
{
    Skip *skip = &scope->stack->skip;
    const Ast *values[ARGUMENTS_MAX];
    int64_t count;
    skip->kind = SKIP_HOUSEHOLDER;
    if (!bind_arguments(ctx, ast, "k", values) ||
        !eval_size(ctx, values[0], "the number of reflections", 1, &count)) {
        return;
    }
    Shape shape = {2, {count, width}};
    if (!shape_check_size(ctx, &shape, ast->span)) {
        return;
    }
    skip->reflections = count;
    skip->filter = filter_tensor(ctx, scope, ast, RN_ROLE_DERIVED, RN_LAW_HOUSEHOLDER, shared);
    skip->filter->seed = count;
    set_dims(skip->filter, 2, shape.dim);
}

static void hadamard_filter(Context *ctx, Scope *scope, const Ast *ast, int64_t width, bool shared)
{
    Skip *skip = &scope->stack->skip;
    skip->kind = SKIP_HADAMARD;
    if ((width & (width - 1)) != 0) {
        Diag *d = diag_report(ctx->diag, E_POWER_OF_TWO, ast->span,
                              "`hadamard` wants a width that is a power of two, not %lld",
                              (long long)width);
        diag_hint(ctx->diag, d, "use `cycle` or `householder(k)` for other widths");
    }
    skip->filter = filter_tensor(ctx, scope, ast, RN_ROLE_DERIVED, RN_LAW_SIGNS, shared);
    set_dims(skip->filter, 1, &width);
}

/* A filter's name without its `orthogonal` around it. */
static bool reject_filter(Context *ctx, const Ast *ast)
{
    for (size_t i = 0; is_call(ast) && i < LENGTH(filters); i++) {
        if (str_equal(filters[i], ast->text)) {
            Diag *d = diag_report(ctx->diag, E_UNKNOWN_VALUE, ast->span,
                                  "`%s` is a filter of `orthogonal`, not a `skip`", ast->text);
            diag_hint(ctx->diag, d, "write `skip orthogonal(%s)`",
                      i == FILTER_HOUSEHOLDER ? "householder(k)" : ast->text);
            return true;
        }
    }
    return false;
}

static void orthogonal_skip(Context *ctx, Scope *scope, const Ast *ast)
{
    static const char *const shares[] = {"layer", "stack"};
    const Ast *values[ARGUMENTS_MAX];
    if (ast->first == NULL) {
        Diag *d = diag_report(ctx->diag, E_MISSING_ARGUMENT, ast->span,
                              "`orthogonal` wants its argument `filter`");
        diag_hint(ctx->diag, d,
                  "write `orthogonal(haar)`; filters are haar, cycle, householder(k), hadamard");
        return;
    }
    if (!bind_arguments(ctx, ast, "filter share=layer", values)) {
        return;
    }
    int share = values[1] ? eval_word(ctx, values[1], "`share`", shares, LENGTH(shares)) : 0;
    int word = eval_word(ctx, values[0], "the filter of `orthogonal`", filters, LENGTH(filters));
    int64_t width = filter_width(ctx, scope->stack, ast);
    if (word < 0 || share < 0 || width == 0) {
        return;
    }
    switch (word) {
    case FILTER_HAAR:
        haar_filter(ctx, scope, values[0], width, share == 1);
        break;
    case FILTER_HOUSEHOLDER:
        householder_filter(ctx, scope, values[0], width, share == 1);
        break;
    case FILTER_HADAMARD:
        hadamard_filter(ctx, scope, values[0], width, share == 1);
        break;
    default:
        scope->stack->skip.kind = SKIP_CYCLE;
        break;
    }
}

static void dense_skip(Context *ctx, Scope *scope, const Ast *ast)
{
    Stack *stack = scope->stack;
    stack->skip.kind = SKIP_DENSE;
    Layer *layer = elaborate_layer(ctx, scope, ast, stack->shape, stack->span);
    layer->label = "skip";
    stack->skip.dense = layer;
    if (layer->out.rank > 0 && stack->shape.rank > 0 && !shape_equal(&layer->out, &stack->shape)) {
        Diag *d =
            diag_report(ctx->diag, E_SHAPE_MISMATCH, ast->span,
                        "the skip path gives %s, but the state has the shape %s",
                        shape_text(ctx->arena, &layer->out), shape_text(ctx->arena, &stack->shape));
        diag_label(ctx->diag, d, stack->span, "a layer keeps the shape of its input");
    }
}

static void scale_skip(Context *ctx, Scope *scope, const Ast *ast, const Expr *scale)
{
    if (scale == NULL || (expr_is_number(scale) && scale->number == 1) ||
        !check_scale(
            ctx, ast->span,
            &(Scale){.formula = scale, .stack = scope->stack, .what = "the factor of `skip`"})) {
        return;
    }
    Tensor *tensor = add_tensor(ctx, scope, NULL, "skip", RN_ROLE_DERIVED);
    tensor->span = ast->span;
    tensor->law = (Law){RN_LAW_FORMULA, scale};
    scope->stack->skip.scale = tensor;
}

static void check_branches(Context *ctx, const Ast *statement, size_t branches, bool identity)
{
    if (branches > 1 && !identity) {
        diag_report(ctx->diag, E_SKIP_BRANCHES, statement->span,
                    "a block with several branches wants the identity skip");
    }
}

static void special_skip(Context *ctx, const Ast *subject, int word, const Expr *scale)
{
    const Ast *values[ARGUMENTS_MAX];
    if (scale != NULL) {
        diag_report(ctx->diag, E_COMBINATION, subject->span, "`skip %s` takes no factor",
                    subject->text);
    }
    bool momentum = word == WORD_MOMENTUM;
    if (bind_arguments(ctx, subject, momentum ? "g" : "", values) && momentum) {
        eval_ranged(ctx, values[0], ALLOW_BLOCK, "the momentum of `skip`",
                    (Range){0, 1, false, true});
    }
    unsupported(ctx, momentum ? "`skip momentum` is" : "`skip coupled` is", subject->span);
}

void elaborate_skip(Context *ctx, Scope *scope, const Ast *statement, size_t branches)
{
    const Ast *value = single_value(ctx, statement);
    if (value == NULL) {
        return;
    }
    Skip *skip = &scope->stack->skip;
    skip->span = value->span;
    const Expr *scale = NULL;
    const Ast *subject = split_scaled(ctx, value, ALLOW_BLOCK, "the factor of `skip`", &scale);
    if (subject == NULL) {
        return;
    }
    if (is_scalar(ctx, subject)) {
        Diag *d = diag_report(ctx->diag, E_KIND, value->span, "`skip` is a number here");
        diag_hint(ctx->diag, d, "write it as a factor: `… * identity`");
        return;
    }
    if (reject_filter(ctx, subject)) {
        return;
    }
    int word = eval_word(ctx, subject, "`skip`", words, LENGTH(words));
    check_branches(ctx, statement, branches, word < 0 || (word == WORD_IDENTITY && scale == NULL));
    const Ast *values[ARGUMENTS_MAX];
    if (word == WORD_ORTHOGONAL) {
        orthogonal_skip(ctx, scope, subject);
    } else if (word == WORD_DENSE) {
        dense_skip(ctx, scope, subject);
    } else if (word >= WORD_MOMENTUM) {
        special_skip(ctx, subject, word, scale);
    } else if (word >= 0 && bind_arguments(ctx, subject, "", values)) {
        skip->kind = word == WORD_NONE ? SKIP_NONE : SKIP_IDENTITY;
    }
    if (word >= 0 && word != WORD_NONE) {
        scale_skip(ctx, scope, value, scale);
    }
}
