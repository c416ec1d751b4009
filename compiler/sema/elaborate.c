/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk from Ast to Model: declarations, then the network from input to output, then what is
 * done with it, in an order that does not depend on where the blocks stand in the file.
 */
#include "sema/context.h"

#include "support/bug.h"

#include <math.h>

static bool is_statement(const Ast *ast, const char *keyword)
{
    return ast->kind == AST_STATEMENT && str_equal(ast->text, keyword);
}

static bool is_block(const Ast *ast, const char *keyword)
{
    return ast->kind == AST_BLOCK && str_equal(ast->text, keyword);
}

static void read_precision(Context *ctx, const Ast *statement)
{
    static const char *const words[] = {"float32", "float64"};
    const Ast *value = single_value(ctx, statement);
    int word = value ? eval_word(ctx, value, "`precision`", words, LENGTH(words)) : 0;
    ctx->model->is_double = word == 1;
}

static bool read_input_shape(Context *ctx, const Ast *ast, Shape *shape)
{
    for (const Ast *dim = ast->first; dim != NULL; dim = dim->next) {
        if (shape->rank == SHAPE_MAX) {
            diag_report(ctx->diag, E_SHAPE_RANK, dim->span, "a shape has at most %d dimensions",
                        SHAPE_MAX);
            return false;
        }
        if (!eval_size(ctx, dim, "a size of the input", 1, &shape->dim[shape->rank])) {
            return false;
        }
        shape->rank++;
    }
    return shape->rank > 0 && shape_check_size(ctx, shape, ast->span);
}

static void read_input(Context *ctx, const Ast *statement)
{
    const Ast *value = single_value(ctx, statement);
    if (value == NULL) {
        ctx->poisoned = true;
        return;
    }
    Shape shape = {0};
    if (value->kind != AST_INDEX) {
        Diag *d = diag_report(ctx->diag, E_KIND, value->span, "`input` wants a name and a shape");
        diag_hint(ctx->diag, d, "write, for example, `input image[28, 28]`");
        ctx->poisoned = true;
        return;
    }
    ctx->model->input_name = value->text;
    if (read_input_shape(ctx, value, &shape)) {
        ctx->model->input = shape;
    } else {
        ctx->poisoned = true;
    }
}

static void read_output(Context *ctx, const Ast *statement)
{
    const Ast *value = single_value(ctx, statement);
    if (value != NULL && value->kind != AST_NAME) {
        diag_report(ctx->diag, E_KIND, value->span, "`output` wants a name");
    } else if (value != NULL) {
        ctx->model->output_name = value->text;
    }
}

typedef struct Walk {
    Scope *scope;
    Shape shape;
    Span origin;
    const Ast *output;
    bool input_seen;
} Walk;

static void add_layers(Context *ctx, Walk *walk, const Ast *ast)
{
    Item item = {.layer = elaborate_layer(ctx, walk->scope, ast->first, walk->shape, walk->origin)};
    vec_push(ctx->arena, &ctx->model->items, item);
    walk->shape = item.layer->out;
}

static void add_residual(Context *ctx, Walk *walk, const Ast *ast)
{
    Item item = {.stack = elaborate_residual(ctx, ast, walk->shape, walk->origin)};
    vec_push(ctx->arena, &ctx->model->items, item);
}

static void check_order(Context *ctx, const Walk *walk, const Ast *ast)
{
    if (!walk->input_seen) {
        Diag *d = diag_report(ctx->diag, E_ORDER, ast->span, "a layer stands before `input`");
        diag_note(ctx->diag, d, "a model is written from input to output");
    }
    if (walk->output != NULL) {
        Diag *d = diag_report(ctx->diag, E_ORDER, ast->span, "a layer stands after `output`");
        diag_label(ctx->diag, d, walk->output->span, "the output is here");
    }
}

static void walk_statement(Context *ctx, Walk *walk, const Ast *ast)
{
    if (is_statement(ast, "input")) {
        walk->input_seen = true;
        walk->shape = ctx->model->input;
    } else if (is_statement(ast, "output")) {
        walk->output = ast;
    } else if (ast->kind == AST_LAYERS) {
        check_order(ctx, walk, ast);
        add_layers(ctx, walk, ast);
    } else if (is_block(ast, "residual")) {
        check_order(ctx, walk, ast);
        add_residual(ctx, walk, ast);
        return; /* a block keeps the shape: its origin stays where it was */
    } else if (is_block(ast, "recurrent")) {
        check_order(ctx, walk, ast);
        walk->shape = elaborate_recurrent(ctx, ast, walk->shape);
    } else if (ast->kind != AST_STATEMENT) {
        diag_report(ctx->diag, E_KIND, ast->span, "this is no statement of a `model` block");
    } else {
        return;
    }
    walk->origin = ast->kind == AST_BLOCK ? ast->name_span : ast->span;
}

static void count_unnamed(Context *ctx, const Statements *statements)
{
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        ctx->unnamed_blocks += is_block(ast, "residual") && ast->name == NULL;
    }
}

/* What the network begins with, where it is `image[28, 28]`: the input without its keyword. */
static const Ast *bare_input(const Statements *statements)
{
    uint32_t i = 0;
    while (i < statements->count && statements->items[i]->kind == AST_STATEMENT) {
        i++; /* `precision float64` */
    }
    const Ast *first = i < statements->count ? statements->items[i] : NULL;
    bool shaped = first != NULL && first->kind == AST_LAYERS && first->first->kind == AST_INDEX;
    return shaped && !is_layer_name(first->first->text) ? first : NULL;
}

static void require_input(Context *ctx, const Ast *block, const Ast *input, const Ast *bare)
{
    if (input != NULL || ctx->lost) {
        return;
    }
    if (bare != NULL) {
        const char *name = bare->first->text;
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, bare->span,
                              "`input` is missing before `%s`", name);
        diag_hint(ctx->diag, d, "write `input %s[…]`", name);
    } else {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, block->name_span,
                              "the model has no `input`");
        diag_hint(ctx->diag, d, "write, for example, `input image[28, 28]`");
    }
}

static void elaborate_model(Context *ctx, const Ast *block)
{
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    count_unnamed(ctx, &statements);
    read_precision(ctx, single_statement(ctx, &statements, "precision"));
    const Ast *input = single_statement(ctx, &statements, "input");
    const Ast *bare = input == NULL ? bare_input(&statements) : NULL;
    require_input(ctx, block, input, bare);
    read_input(ctx, input);
    read_output(ctx, single_statement(ctx, &statements, "output"));
    Walk walk = {.scope = add_scope(ctx, NULL, NULL), .input_seen = input == NULL};
    for (uint32_t i = 0; i < statements.count; i++) {
        if (statements.items[i] != bare) {
            walk_statement(ctx, &walk, statements.items[i]);
        }
    }
    ctx->model->output = walk.shape;
    if (ctx->model->items.count == 0 && !ctx->lost && diag_error_count(ctx->diag) == 0) {
        diag_report(ctx->diag, E_MISSING_STATEMENT, block->name_span, "the model has no layers");
    }
    name_everything(ctx);
}

/* The only block of that keyword; a second one is reported. */
static const Ast *single_block(Context *ctx, const AstFile *file, const char *keyword)
{
    const Ast *found = NULL;
    for (const Ast *ast = file->declarations; ast != NULL; ast = ast->next) {
        if (!is_block(ast, keyword)) {
            continue;
        }
        if (found != NULL) {
            Diag *d = diag_report(ctx->diag, E_DUPLICATE_BLOCK, ast->name_span,
                                  "a second `%s` block", keyword);
            diag_label(ctx->diag, d, found->name_span, "the first one is here");
            continue;
        }
        found = ast;
    }
    return found;
}

static void elaborate_sweeps(Context *ctx, const AstFile *file)
{
    NameTable names = {0};
    for (const Ast *ast = file->declarations; ast != NULL; ast = ast->next) {
        if (!is_block(ast, "sweep")) {
            continue;
        }
        if (ast->name != NULL && !names_add(ctx->arena, &names, ast->name, 0)) {
            diag_report(ctx->diag, E_REDECLARED, ast->block_name_span, "two sweeps are called `%s`",
                        ast->name);
        }
        elaborate_sweep(ctx, ast);
    }
}

static void check_integers(Context *ctx)
{
    for (uint32_t i = 0; i < ctx->model->params.count; i++) {
        const Param *param = &ctx->model->params.items[i];
        if (param->integer && param->value != floor(param->value)) {
            diag_report(ctx->diag, E_INTEGER, param->span,
                        "`%s` decides a depth or a count, but its default %g is not an integer",
                        param->name, param->value);
        }
    }
}

static void elaborate_file(Context *ctx, const AstFile *file)
{
    scope_declare(ctx, file->declarations);
    const Ast *model = single_block(ctx, file, "model");
    if (model == NULL) {
        Diag *d =
            diag_report(ctx->diag, E_MISSING_BLOCK, (Span){0, 0}, "the file has no `model` block");
        diag_hint(ctx->diag, d, "a network is written as `model { input x[8] … }`");
        ctx->poisoned = true;
        ctx->lost = true;
    } else {
        elaborate_model(ctx, model);
    }
    static const struct {
        const char *keyword;
        void (*elaborate)(Context *, const Ast *);
    } blocks[] = {
        {"train", elaborate_train}, {"probe", elaborate_probe}, {"check", elaborate_check}};
    for (size_t i = 0; i < LENGTH(blocks); i++) {
        const Ast *block = single_block(ctx, file, blocks[i].keyword);
        if (block != NULL) {
            blocks[i].elaborate(ctx, block);
        }
    }
    elaborate_sweeps(ctx, file);
    check_integers(ctx);
}

Model *elaborate(Arena *arena, const AstFile *ast, const char *name, const Definition *definitions,
                 unsigned definition_count, DiagSink *diag)
{
    if (ast == NULL) {
        return NULL;
    }
    unsigned errors = diag_error_count(diag);
    Model *model = ARENA_NEW(arena, Model);
    model->name = name;
    model->source = ast->source;
    model->input_name = "x";
    model->output_name = "y";
    Context ctx = {.arena = arena,
                   .diag = diag,
                   .model = model,
                   .definitions = definitions,
                   .definition_count = definition_count};
    elaborate_file(&ctx, ast);
    if (diag_error_count(diag) > errors) {
        return NULL;
    }
    model->signal = signal_of(arena, model);
    const char *broken = model_verify(model);
    if (broken != NULL) {
        BUG("elaborate", "%s", broken);
    }
    return model;
}
