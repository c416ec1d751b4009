/* SPDX-License-Identifier: Apache-2.0
 *
 * `sweep`: the grid, what is measured on it, what is fitted and drawn. Checked in full; the
 * program does not run sweeps yet, so little of it is kept.
 */
#include "sema/context.h"

static const double cells_max = 1e7;

typedef struct Axes {
    Context *ctx;
    VEC(const char *) names;
    double cells;
    bool any; /* an axis is written, be it right or wrong */
} Axes;

static bool is_axis(const Axes *axes, const char *name)
{
    for (uint32_t i = 0; i < axes->names.count; i++) {
        if (str_equal(axes->names.items[i], name)) {
            return true;
        }
    }
    return false;
}

static bool check_axis(Axes *axes, const Ast *ast)
{
    if (ast->kind == AST_ERROR) {
        return false;
    }
    if (ast->kind == AST_NAME && is_axis(axes, ast->text)) {
        return true;
    }
    const char *text = ast->kind == AST_NAME ? ast->text : "this";
    Diag *d = diag_report(axes->ctx->diag, E_NEEDS_PARAM, ast->span,
                          "`%s` is not an axis of this sweep", text);
    hint_nearest(axes->ctx, d, text, axes->names.items, axes->names.count);
    return false;
}

static const Param *axis_param(Context *ctx, const Ast *ast)
{
    if (ast->kind != AST_NAME) {
        diag_report(ctx->diag, E_NEEDS_PARAM, ast->span, "an axis of a sweep is a param");
        return NULL;
    }
    const Symbol *symbol = scope_find(ctx, ast->text);
    if (symbol != NULL && symbol->kind == SYMBOL_PARAM) {
        return &ctx->model->params.items[symbol->param];
    }
    if (symbol != NULL && symbol->kind == SYMBOL_POISON) {
        return NULL;
    }
    if (symbol != NULL) {
        Diag *d = diag_report(ctx->diag, E_NEEDS_PARAM, ast->span,
                              "`%s` is a const, but an axis of a sweep is a param", ast->text);
        diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", ast->text);
        diag_hint(ctx->diag, d, "declare `param %s = %g`", ast->text, symbol->value);
        return NULL;
    }
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_NAME, ast->span, "`%s` is not declared", ast->text);
    const char *nearest = scope_nearest(ctx, ast->text, NULL, 0);
    if (nearest != NULL) {
        diag_hint(ctx->diag, d, "did you mean `%s`?", nearest);
    }
    return NULL;
}

static bool grid_value(Context *ctx, const Ast *ast, const Param *param, double *value)
{
    if (!eval_number(ctx, ast, "a value of a grid", value)) {
        return false;
    }
    if (*value >= param->low && *value <= param->high) {
        return true;
    }
    Diag *d =
        diag_report(ctx->diag, E_VALUE_RANGE, ast->span, "%g is outside the range %g..%g of `%s`",
                    *value, param->low, param->high, param->name);
    diag_label(ctx->diag, d, param->span, "`%s` is declared here", param->name);
    return false;
}

static double spaced_values(Context *ctx, const Ast *ast, const Param *param)
{
    static const char *const words[] = {"linspace", "geomspace"};
    int word = eval_word(ctx, ast, "the values of an axis", words, 2);
    const Ast *values[ARGUMENTS_MAX];
    double first, last;
    int64_t count;
    if (word < 0 || !bind_arguments(ctx, ast, "first last count", values)) {
        return 0;
    }
    bool good = grid_value(ctx, values[0], param, &first);
    good = grid_value(ctx, values[1], param, &last) && good;
    if (!eval_size(ctx, values[2], "the number of values", 1, &count) || !good) {
        return 0;
    }
    if (word == 1 && !(first > 0 && last > 0)) {
        diag_report(ctx->diag, E_VALUE_RANGE, ast->span, "`geomspace` wants ends greater than 0");
        return 0;
    }
    return (double)count;
}

static double grid_size(Context *ctx, const Ast *ast, const Param *param)
{
    if (ast->kind != AST_LIST) {
        return is_call(ast) || ast->kind != AST_ERROR ? spaced_values(ctx, ast, param) : 0;
    }
    double count = 0, value;
    for (const Ast *item = ast->first; item != NULL; item = item->next) {
        count += grid_value(ctx, item, param, &value);
    }
    return count;
}

static void read_axis(Axes *axes, const Ast *ast)
{
    Context *ctx = axes->ctx;
    const Param *param = axis_param(ctx, ast->first);
    if (param == NULL) {
        return;
    }
    if (is_axis(axes, param->name)) {
        diag_report(ctx->diag, E_DUPLICATE_STATEMENT, ast->first->span,
                    "`%s` is an axis of this sweep already", param->name);
        return;
    }
    vec_push(ctx->arena, &axes->names, param->name);
    double size = grid_size(ctx, ast->first->next, param);
    axes->cells *= size > 0 ? size : 1;
    if (axes->cells > cells_max && axes->cells / (size > 0 ? size : 1) <= cells_max) {
        diag_report(ctx->diag, E_GRID_SIZE, ast->span,
                    "the grid has %.0f cells, but at most %.0f can be run", axes->cells, cells_max);
    }
}

static void read_best(Axes *axes, const Ast *ast)
{
    Context *ctx = axes->ctx;
    Measure measure;
    const Ast *quantity = ast->first;
    check_axis(axes, quantity->next);
    if (!is_call(quantity)) {
        diag_report(ctx->diag, E_KIND, quantity->span,
                    "`best` takes one quantity, a name or a call");
        return;
    }
    if (read_measure(ctx, quantity, &measure) &&
        (measure.kind < RN_QUANTITY_LOSS || measure.kind > RN_QUANTITY_TEST_R2)) {
        diag_report(ctx->diag, E_COMBINATION, quantity->span,
                    "`best` is the least loss or the greatest accuracy, and `%s` is neither",
                    quantity->text);
    }
}

static void read_measures(Axes *axes, const Ast *statement)
{
    for (const Ast *ast = statement ? statement->first : NULL; ast != NULL; ast = ast->next) {
        Measure measure;
        if (ast->kind == AST_OVER) {
            read_best(axes, ast);
        } else {
            read_measure(axes->ctx, ast, &measure);
        }
    }
}

static void read_fit(Axes *axes, const Ast *statement)
{
    static const char *const words[] = {"power"};
    const Ast *value = single_value(axes->ctx, statement);
    const Ast *values[ARGUMENTS_MAX];
    if (value != NULL && eval_word(axes->ctx, value, "`fit`", words, 1) == 0 &&
        bind_arguments(axes->ctx, value, "x=", values)) {
        check_axis(axes, values[0]);
    }
}

static void read_heatmap(Axes *axes, const Ast *const *values)
{
    check_axis(axes, values[0]);
    check_axis(axes, values[1]);
    if (values[2] != NULL) {
        eval_ranged(axes->ctx, values[2], ALLOW_PARAMS, "`clip`", (Range){0, 1e300, true, false});
    }
}

static void read_lines(Axes *axes, const Ast *const *values)
{
    static const char *const logs[] = {"x", "y", "xy"};
    bool theory;
    check_axis(axes, values[0]);
    if (values[1] != NULL) {
        check_axis(axes, values[1]);
    }
    if (values[2] != NULL) {
        eval_word(axes->ctx, values[2], "`log`", logs, LENGTH(logs));
    }
    if (values[3] != NULL) {
        eval_bool(axes->ctx, values[3], "`theory`", &theory);
    }
}

static void read_plot(Axes *axes, const Ast *statement)
{
    static const char *const words[] = {"heatmap", "lines", "histogram"};
    static const char *const specs[] = {"x= y= clip=-", "x= by=- log=- theory=false", "quantity"};
    const Ast *value = single_value(axes->ctx, statement);
    int word = value ? eval_word(axes->ctx, value, "`plot`", words, LENGTH(words)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    Measure measure;
    if (word < 0 || !bind_arguments(axes->ctx, value, specs[word], values)) {
        return;
    }
    if (word == 0) {
        read_heatmap(axes, values);
    } else if (word == 1) {
        read_lines(axes, values);
    } else {
        read_measure(axes->ctx, values[0], &measure);
    }
}

static void read_settings(Context *ctx, const Statements *statements)
{
    Data data = {0};
    LossSpec loss = {0};
    read_data(ctx, single_statement(ctx, statements, "data"), &data, false);
    read_loss(ctx, single_statement(ctx, statements, "loss"), &loss, false);
    check_data(ctx, &data, RN_LOSS_NONE);
    static const char *const counts[] = {"batch", "repeat"};
    for (size_t i = 0; i < LENGTH(counts); i++) {
        const Ast *value = single_value(ctx, single_statement(ctx, statements, counts[i]));
        if (value != NULL) {
            eval_count(ctx, value, str_format(ctx->arena, "`%s`", counts[i]), 1);
        }
    }
    When when;
    read_when(ctx, statements, &when);
}

static void require(Context *ctx, const Ast *block, Span span, const char *what,
                    const char *example)
{
    if (!ctx->lost) {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, span, "the sweep `%s` has no %s",
                              block->name, what);
        diag_hint(ctx->diag, d, "write, for example, `%s`", example);
    }
}

void elaborate_sweep(Context *ctx, const Ast *block)
{
    Axes axes = {.ctx = ctx, .cells = 1};
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    for (uint32_t i = 0; i < statements.count; i++) {
        const Ast *ast = statements.items[i];
        if (ast->kind == AST_IN) {
            axes.any = true;
            read_axis(&axes, ast);
        } else if (ast->kind != AST_STATEMENT) {
            diag_report(ctx->diag, E_KIND, ast->span, "this is no statement of a `sweep` block");
        }
    }
    const Ast *measure = single_statement(ctx, &statements, "measure");
    if (!axes.any) {
        require(ctx, block, block->block_name_span, "axis", "L in [10, 100, 1000]");
    }
    if (measure == NULL) {
        require(ctx, block, block->name_span, "`measure`", "measure forward_ratio");
    }
    read_measures(&axes, measure);
    read_fit(&axes, single_statement(ctx, &statements, "fit"));
    read_plot(&axes, single_statement(ctx, &statements, "plot"));
    read_settings(ctx, &statements);
    Sweep sweep = {.name = block->name, .span = block->span, .cells = axes.cells};
    vec_push(ctx->arena, &ctx->model->sweeps, sweep);
}
