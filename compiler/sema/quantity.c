/* SPDX-License-Identifier: Apache-2.0
 *
 * Quantities: `forward_ratio(NAME)`, `max_norm(alpha*W)`, `test_accuracy`; inside a measure, and
 * nowhere else, their names mean what is measured.
 */
#include "sema/context.h"

typedef enum Takes { TAKES_0, TAKES_B, TAKES_W, TAKES_K, TAKES_R, TAKES_E } Takes;

#define TAKES_(x) TAKES_##x
static const struct {
    const char *name;
    Takes takes;
} rows[] = {
#define X(tag, name, arguments, measured) {name, TAKES_(arguments)},
    RN_QUANTITIES(X)
#undef X
};

static int find_row(const char *name)
{
    for (size_t i = 0; i < LENGTH(rows); i++) {
        if (str_equal(rows[i].name, name)) {
            return (int)i;
        }
    }
    return -1;
}

bool is_quantity(const char *name)
{
    return find_row(name) >= 0;
}

static void hint_blocks(Context *ctx, Diag *d, const char *name)
{
    VEC(const char *) names = {0};
    for (uint32_t i = 0; i < ctx->model->stacks.count; i++) {
        vec_push(ctx->arena, &names, ctx->model->stacks.items[i]->name);
    }
    hint_nearest(ctx, d, name, names.items, names.count);
}

static const Stack *only_block(Context *ctx, const Ast *ast)
{
    uint32_t count = ctx->model->stacks.count;
    if (count == 1) {
        return ctx->model->stacks.items[0];
    }
    if (count == 0) {
        if (!ctx->lost) {
            diag_report(ctx->diag, E_MISSING_BLOCK, ast->span,
                        "`%s` is measured on a residual block, but the model has none", ast->text);
        }
        return NULL;
    }
    Diag *d =
        diag_report(ctx->diag, E_BLOCK_CHOICE, ast->span,
                    "the model has %u residual blocks: say which one `%s` means", count, ast->text);
    diag_hint(ctx->diag, d, "write `%s(%s)`", ast->text, ctx->model->stacks.items[0]->name);
    return NULL;
}

static const Stack *find_block(Context *ctx, const Ast *ast, const Ast *name)
{
    if (name == NULL) {
        return only_block(ctx, ast);
    }
    int place = name->kind == AST_NAME ? names_find(&ctx->stack_names, name->text) : -1;
    if (place >= 0 && place < (int)ctx->model->stacks.count) {
        return ctx->model->stacks.items[place];
    }
    if (name->kind == AST_NAME && ctx->model->stacks.count > 0) {
        Diag *d = diag_report(ctx->diag, E_UNKNOWN_BLOCK, name->span,
                              "no residual block is called `%s`", name->text);
        hint_blocks(ctx, d, name->text);
    } else if (name->kind == AST_NAME) {
        only_block(ctx, ast);
    } else {
        diag_report(ctx->diag, E_KIND, name->span, "the name of a residual block is expected");
    }
    return NULL;
}

/* The name in `W`, `alpha*W`, `W - init` and `alpha*W - init`, or NULL. */
static const Ast *weight_name(const Ast *ast, bool *scaled, bool *from_init)
{
    *from_init = ast->kind == AST_BINARY && ast->op == AST_OP_SUB &&
                 ast->first->next->kind == AST_NAME && str_equal(ast->first->next->text, "init");
    ast = *from_init ? ast->first : ast;
    *scaled = ast->kind == AST_BINARY && ast->op == AST_OP_MUL && ast->first->kind == AST_NAME &&
              str_equal(ast->first->text, "alpha");
    ast = *scaled ? ast->first->next : ast;
    return ast->kind == AST_NAME ? ast : NULL;
}

static bool holds_tensor(const Layer *layer, const Tensor *tensor)
{
    bool found = layer->tensors[0] == tensor;
    for (const Layer *child = layer->first; child != NULL && !found; child = child->next) {
        found = holds_tensor(child, tensor);
    }
    return found;
}

/* Alpha of the branch that the weight stands in; NULL where it is 1. */
static const Tensor *alpha_of(const Tensor *tensor)
{
    for (uint32_t i = 0; tensor->stack != NULL && i < tensor->stack->branches.count; i++) {
        const Branch *branch = &tensor->stack->branches.items[i];
        if (branch->layer != NULL && holds_tensor(branch->layer, tensor)) {
            return branch->alpha;
        }
    }
    return NULL;
}

static bool unknown_weight(Context *ctx, const Ast *name, size_t found)
{
    if (found > 1) {
        diag_report(ctx->diag, E_BLOCK_CHOICE, name->span,
                    "several blocks have a layer labelled `%s`", name->text);
        return false;
    }
    VEC(const char *) labels = {0};
    for (uint32_t i = 0; i < ctx->scopes.count; i++) {
        const Scope *scope = ctx->scopes.items[i];
        for (uint32_t j = 0; j < scope->layers.count; j++) {
            if (scope->layers.items[j]->label != NULL) {
                vec_push(ctx->arena, &labels, scope->layers.items[j]->label);
            }
        }
    }
    if (ctx->poisoned) {
        return false;
    }
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_LABEL, name->span,
                          "no layer of the model has the label `%s`", name->text);
    hint_nearest(ctx, d, name->text, labels.items, labels.count);
    return false;
}

static bool find_weight(Context *ctx, const Ast *ast, Measure *measure)
{
    bool scaled;
    const Ast *name = weight_name(ast, &scaled, &measure->from_init);
    if (name == NULL) {
        diag_report(ctx->diag, E_KIND, ast->span,
                    "`W`, `alpha`, `alpha*W` or `W - init` is expected, with the label of a layer "
                    "for W");
        return false;
    }
    if (str_equal(name->text, "alpha")) {
        measure->stack = only_block(ctx, name);
        measure->tensor = measure->stack && measure->stack->branches.count
                              ? measure->stack->branches.items[0].alpha
                              : NULL;
        return measure->stack != NULL;
    }
    size_t found = 0;
    for (uint32_t i = 0; i < ctx->notes.count; i++) {
        const Layer *layer = ctx->notes.items[i].layer;
        const Tensor *tensor = ctx->model->tensors.items[i];
        if (layer && layer->label && layer->tensors[0] == tensor &&
            str_equal(layer->label, name->text)) {
            measure->tensor = tensor;
            measure->stack = tensor->stack;
            measure->factor = scaled ? alpha_of(tensor) : NULL;
            found++;
        }
    }
    return found == 1 || unknown_weight(ctx, name, found);
}

static bool find_entry(Context *ctx, const Ast *const *values, Measure *measure)
{
    if (!find_weight(ctx, values[0], measure)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        int64_t *place = i ? &measure->column : &measure->row;
        if (!eval_size(ctx, values[1 + i], "the place of an entry", 1, place)) {
            return false;
        }
        int rank = measure->tensor ? measure->tensor->rank : 0;
        int64_t most = i < rank ? measure->tensor->dims[i] : 1;
        if (*place > most) {
            diag_report(ctx->diag, E_VALUE_RANGE, values[1 + i]->span,
                        "there is no %s %lld: the weight has %lld", i ? "column" : "row",
                        (long long)*place, (long long)most);
            return false;
        }
    }
    return true;
}

static bool find_expansion(Context *ctx, const Ast *ast, const Ast *const *values, Measure *measure)
{
    int64_t order;
    measure->stack = find_block(ctx, ast, values[1]);
    if (!eval_size(ctx, values[0], "the order of `expansion`", 0, &order) ||
        measure->stack == NULL) {
        return false;
    }
    if (order > 2) {
        diag_report(ctx->diag, E_VALUE_RANGE, values[0]->span,
                    "the order of `expansion` is %lld, but must be at most 2", (long long)order);
        return false;
    }
    measure->choice = (int)order;
    if (measure->stack->skip.kind != SKIP_IDENTITY || measure->stack->skip.scale != NULL) {
        Diag *d = diag_report(ctx->diag, E_COMBINATION, ast->span,
                              "`expansion` is about blocks with the identity skip");
        diag_label(ctx->diag, d, measure->stack->skip.span, "the skip of this block");
        return false;
    }
    return true;
}

static bool in_kinds(RnQuantityKind kind, const RnQuantityKind *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* Losses and accuracies are of `train`. */
static bool check_trained(Context *ctx, const Ast *ast, RnQuantityKind kind)
{
    static const RnQuantityKind classes[] = {RN_QUANTITY_ACCURACY, RN_QUANTITY_TRAIN_ACCURACY,
                                             RN_QUANTITY_VALIDATION_ACCURACY,
                                             RN_QUANTITY_TEST_ACCURACY};
    static const RnQuantityKind numbers[] = {RN_QUANTITY_TEST_RMSE, RN_QUANTITY_TEST_R2};
    static const RnQuantityKind held_out[] = {RN_QUANTITY_VALIDATION_LOSS,
                                              RN_QUANTITY_VALIDATION_ACCURACY};
    const Train *train = ctx->model->train;
    if (train == NULL) {
        if (!ctx->lost) {
            diag_report(ctx->diag, E_MISSING_BLOCK, ast->span,
                        "`%s` wants a `train` block, and the file has none", ast->text);
        }
        return false;
    }
    bool wants_classes = in_kinds(kind, classes, LENGTH(classes));
    bool wants_numbers = in_kinds(kind, numbers, LENGTH(numbers));
    if ((wants_classes && train->loss.kind == RN_LOSS_MSE) ||
        (wants_numbers && train->loss.kind == RN_LOSS_CROSS_ENTROPY)) {
        Diag *d = diag_report(ctx->diag, E_COMBINATION, ast->span, "`%s` is for %s", ast->text,
                              wants_classes ? "classes" : "targets that are numbers");
        diag_label(ctx->diag, d, train->loss.span, "this loss is not");
        return false;
    }
    if (in_kinds(kind, held_out, LENGTH(held_out)) && train->validation == NULL) {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, ast->span,
                              "`%s` wants a validation set", ast->text);
        diag_hint(ctx->diag, d, "write `validation 0.1` in `train`");
        return false;
    }
    return true;
}

static bool bind_quantity(Context *ctx, const Ast *ast, int row, Measure *measure)
{
    static const char *const specs[] = {
        "", "block?", "weight", "order block?", "which block?", "weight row column"};
    static const char *const responses[] = {"pair", "single"};
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, specs[rows[row].takes], values)) {
        return false;
    }
    switch (rows[row].takes) {
    case TAKES_B:
        measure->stack = find_block(ctx, ast, values[0]);
        return measure->stack != NULL;
    case TAKES_W:
        return find_weight(ctx, values[0], measure);
    case TAKES_K:
        return find_expansion(ctx, ast, values, measure);
    case TAKES_R:
        measure->stack = find_block(ctx, ast, values[1]);
        measure->choice = eval_word(ctx, values[0], "the argument of `response`", responses, 2);
        return measure->choice >= 0 && measure->stack != NULL;
    case TAKES_E:
        return find_entry(ctx, values, measure);
    case TAKES_0:
        break;
    }
    bool of_training = row >= RN_QUANTITY_LOSS && row <= RN_QUANTITY_TEST_R2;
    return !of_training || check_trained(ctx, ast, (RnQuantityKind)row);
}

static bool same_quantity(const Measure *a, const Measure *b)
{
    return a->kind == b->kind && a->stack == b->stack && a->tensor == b->tensor &&
           a->factor == b->factor && a->from_init == b->from_init && a->choice == b->choice &&
           a->row == b->row && a->column == b->column;
}

/* The leaf that stands for the quantity; what it is goes into the measure being read. */
const Expr *read_quantity(Context *ctx, const Ast *ast)
{
    int row = find_row(ast->text);
    Measure found = {.kind = (RnQuantityKind)row};
    if (!bind_quantity(ctx, ast, row, &found)) {
        return NULL;
    }
    Measure *measure = ctx->measure;
    if (ctx->quantity_seen && !same_quantity(measure, &found)) {
        Diag *d = diag_report(ctx->diag, E_COMBINATION, ast->span,
                              "one measure is a function of one quantity, and this is a second");
        diag_hint(ctx->diag, d, "measure both, with a comma between them");
        return NULL;
    }
    found.text = measure->text;
    found.span = measure->span;
    *measure = found;
    ctx->quantity_seen = true;
    return expr_leaf(ctx->arena, EXPR_QUANTITY, ast->span);
}

static const char *written(Context *ctx, Span span)
{
    const Source *source = ctx->model->source;
    if (source == NULL || span.end > source->length || span.begin > span.end) {
        return "";
    }
    return str_copy(ctx->arena, source->text + span.begin, span.end - span.begin);
}

static bool unknown_quantity(Context *ctx, const Ast *ast)
{
    const char *names[LENGTH(rows)];
    for (size_t i = 0; i < LENGTH(rows); i++) {
        names[i] = rows[i].name;
    }
    Span span = ast->name_span.end ? ast->name_span : ast->span;
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_NAME, span, "there is no quantity `%s`", ast->text);
    hint_nearest(ctx, d, ast->text, names, LENGTH(names));
    return false;
}

bool read_measure(Context *ctx, const Ast *ast, Measure *measure)
{
    *measure = (Measure){.text = written(ctx, ast->span), .span = ast->span};
    if (ast->kind == AST_ERROR) {
        return false;
    }
    if (is_call(ast) && !is_quantity(ast->text) && !is_scalar(ctx, ast)) {
        return unknown_quantity(ctx, ast);
    }
    ctx->measure = measure;
    ctx->quantity_seen = false;
    measure->function = eval_scalar(ctx, ast, ALLOW_PARAMS | ALLOW_QUANTITY, "a measured quantity");
    ctx->measure = NULL;
    if (measure->function != NULL && !ctx->quantity_seen) {
        diag_report(ctx->diag, E_KIND, ast->span, "nothing is measured in this expression");
        return false;
    }
    return measure->function != NULL;
}
