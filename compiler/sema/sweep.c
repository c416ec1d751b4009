/* SPDX-License-Identifier: Apache-2.0
 *
 * `sweep`: the grid, what is measured on it, what is fitted and drawn. What it does not state
 * itself it takes from `probe`.
 */
#include "sema/context.h"

static const double cells_max = 1e7;

typedef struct Axes {
    Context *ctx;
    Sweep *sweep;
    VEC(const char *) names; /* of sweep->axes */
    bool any;                /* an axis is written, be it right or wrong */
    bool measured;           /* a quantity stands without its `measure` */
    NameTable refused;       /* reported already: nobody misses them */
} Axes;

static int find_axis(const Axes *axes, const char *name)
{
    for (uint32_t i = 0; i < axes->names.count; i++) {
        if (str_equal(axes->names.items[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

/* Place of the axis that is named, or -1 and a message. */
static int read_axis_name(Axes *axes, const Ast *ast)
{
    int place = ast->kind == AST_NAME ? find_axis(axes, ast->text) : -1;
    const char *text = ast->kind == AST_NAME ? ast->text : "this";
    if (ast->kind == AST_ERROR || place >= 0 || axes->ctx->lost ||
        names_find(&axes->refused, text) >= 0) {
        return place;
    }
    Diag *d = diag_report(axes->ctx->diag, E_NEEDS_PARAM, ast->span,
                          "`%s` is not an axis of this sweep", text);
    hint_nearest(axes->ctx, d, text, axes->names.items, axes->names.count);
    return -1;
}

static void refuse_axis(Axes *axes, const Ast *ast)
{
    axes->any = true;
    if (ast->text != NULL) {
        names_add(axes->ctx->arena, &axes->refused, ast->text, 0);
    }
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

static void read_spaced(Context *ctx, const Ast *ast, const Param *param, Axis *axis)
{
    static const char *const words[] = {"linspace", "geomspace"};
    int word = eval_word(ctx, ast, "the values of an axis", words, 2);
    const Ast *values[ARGUMENTS_MAX];
    int64_t count;
    if (word < 0 || !bind_arguments(ctx, ast, "first last count", values)) {
        return;
    }
    bool good = grid_value(ctx, values[0], param, &axis->first);
    good = grid_value(ctx, values[1], param, &axis->last) && good;
    if (!eval_size(ctx, values[2], "the number of values", 1, &count) || !good) {
        return;
    }
    if (word == 1 && !(axis->first > 0 && axis->last > 0)) {
        diag_report(ctx->diag, E_VALUE_RANGE, ast->span, "`geomspace` wants ends greater than 0");
        return;
    }
    axis->kind = word == 0 ? RN_GRID_LINSPACE : RN_GRID_GEOMSPACE;
    axis->count = count;
}

/* Leaves the count 0 where a message was given. */
static void read_grid(Context *ctx, const Ast *ast, const Param *param, Axis *axis)
{
    axis->kind = RN_GRID_LIST;
    if (ast->kind != AST_LIST) {
        if (is_call(ast) || ast->kind != AST_ERROR) {
            read_spaced(ctx, ast, param, axis);
        }
        return;
    }
    double value;
    for (const Ast *item = ast->first; item != NULL; item = item->next) {
        if (grid_value(ctx, item, param, &value)) {
            vec_push(ctx->arena, &axis->values, value);
        }
    }
    axis->count = axis->values.count;
}

static void read_axis(Axes *axes, const Ast *ast)
{
    Context *ctx = axes->ctx;
    Sweep *sweep = axes->sweep;
    const Param *param = axis_param(ctx, ast->first);
    if (param == NULL) {
        refuse_axis(axes, ast->first);
        return;
    }
    if (find_axis(axes, param->name) >= 0) {
        diag_report(ctx->diag, E_DUPLICATE_STATEMENT, ast->first->span,
                    "`%s` is an axis of this sweep already", param->name);
        return;
    }
    Axis axis = {.param = (int)(param - ctx->model->params.items)};
    read_grid(ctx, ast->first->next, param, &axis);
    vec_push(ctx->arena, &axes->names, param->name);
    vec_push(ctx->arena, &sweep->axes, axis);
    double size = axis.count > 0 ? (double)axis.count : 1;
    sweep->cells *= size;
    if (sweep->cells > cells_max && sweep->cells / size <= cells_max) {
        diag_report(ctx->diag, E_GRID_SIZE, ast->span,
                    "the grid has %.0f cells, but at most %.0f can be run", sweep->cells,
                    cells_max);
    }
}

static bool is_score(RnQuantityKind kind)
{
    return kind >= RN_QUANTITY_LOSS && kind <= RN_QUANTITY_TEST_R2;
}

static bool read_best(Axes *axes, const Ast *ast, Measure *measure, int *over)
{
    Context *ctx = axes->ctx;
    const Ast *quantity = ast->first;
    *over = read_axis_name(axes, quantity->next);
    if (!is_call(quantity)) {
        diag_report(ctx->diag, E_KIND, quantity->span,
                    "`best` takes one quantity, a name or a call");
        return false;
    }
    if (!read_measure(ctx, quantity, measure)) {
        return false;
    }
    if (!is_score(measure->kind)) {
        diag_report(ctx->diag, E_COMBINATION, quantity->span,
                    "`best` is the least loss or the greatest accuracy, and `%s` is neither",
                    quantity->text);
        return false;
    }
    return *over >= 0;
}

/* The same quantity may be measured over several axes, and as it is. */
static void read_measures(Axes *axes, const Ast *statement)
{
    Context *ctx = axes->ctx;
    NameTable seen = {0};
    for (const Ast *ast = statement ? statement->first : NULL; ast != NULL; ast = ast->next) {
        Measure measure;
        int over = -1;
        if (ast->kind == AST_OVER ? read_best(axes, ast, &measure, &over)
                                  : read_measure(ctx, ast, &measure)) {
            const char *name =
                over < 0 ? measure.text : str_format(ctx->arena, "%s over %d", measure.text, over);
            if (add_measure(ctx, &axes->sweep->settings, &seen, name, &measure)) {
                vec_push(ctx->arena, &axes->sweep->over, over);
            }
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
        axes->sweep->fit = read_axis_name(axes, values[0]);
    }
}

static void read_heatmap(Axes *axes, const Ast *const *values, Plot *plot)
{
    plot->x = read_axis_name(axes, values[0]);
    plot->y = read_axis_name(axes, values[1]);
    if (values[2] != NULL) {
        plot->clip = eval_ranged(axes->ctx, values[2], ALLOW_PARAMS, "`clip`",
                                 (Range){0, 1e300, true, false});
    }
}

static void read_lines(Axes *axes, const Ast *const *values, Plot *plot)
{
    static const char *const logs[] = {"x", "y", "xy"};
    plot->x = read_axis_name(axes, values[0]);
    if (values[1] != NULL) {
        plot->by = read_axis_name(axes, values[1]);
    }
    if (values[2] != NULL) {
        int word = eval_word(axes->ctx, values[2], "`log`", logs, LENGTH(logs));
        plot->log_x = word == 0 || word == 2;
        plot->log_y = word == 1 || word == 2;
    }
    if (values[3] != NULL) {
        eval_bool(axes->ctx, values[3], "`theory`", &plot->theory);
    }
}

/* The quantity of a histogram, which is measured even where no `measure` names it. */
static void read_histogram(Axes *axes, const Ast *value, Plot *plot)
{
    Measure measure;
    if (!read_measure(axes->ctx, value, &measure)) {
        return;
    }
    const Probe *settings = &axes->sweep->settings;
    for (uint32_t i = 0; i < settings->measures.count && plot->quantity < 0; i++) {
        plot->quantity = str_equal(settings->measures.items[i].text, measure.text) ? (int)i : -1;
    }
    if (plot->quantity < 0) {
        plot->quantity = (int)settings->measures.count;
        vec_push(axes->ctx->arena, &axes->sweep->settings.measures, measure);
        vec_push(axes->ctx->arena, &axes->sweep->over, -1);
    }
}

static bool has_list(const Ast *statement)
{
    return statement != NULL && statement->first != NULL && statement->first->next != NULL;
}

static void refuse_plot(Context *ctx, DiagId code, Span second, Span first)
{
    Diag *d = diag_report(ctx->diag, code, second, "a sweep has one `plot`");
    diag_label(ctx->diag, d, first, "the first one is here");
    diag_hint(ctx->diag, d, "write another `sweep` block for it, with the same axes");
}

/* The sweep's only `plot`, or the first one. */
static const Ast *plot_statement(Context *ctx, const Statements *statements)
{
    const Ast *found = NULL;
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind != AST_STATEMENT || !str_equal(ast->text, "plot")) {
            continue;
        }
        if (found != NULL) {
            refuse_plot(ctx, E_DUPLICATE_STATEMENT, ast->name_span, found->name_span);
        } else if (has_list(ast)) {
            refuse_plot(ctx, E_EXTRA_ARGUMENT, ast->first->next->span, ast->first->span);
        }
        found = found ? found : ast;
    }
    return found;
}

static void read_plot(Axes *axes, const Ast *statement)
{
    static const char *const words[] = {"heatmap", "lines", "histogram"};
    static const char *const specs[] = {"x= y= clip=-", "x= by=- log=- theory=false", "quantity"};
    const Ast *value = has_list(statement) ? statement->first : single_value(axes->ctx, statement);
    int word = value ? eval_word(axes->ctx, value, "`plot`", words, LENGTH(words)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    Plot *plot = &axes->sweep->plot;
    if (word < 0 || !bind_arguments(axes->ctx, value, specs[word], values)) {
        return;
    }
    plot->kind = (RnPlotKind)(RN_PLOT_HEATMAP + word);
    if (plot->kind == RN_PLOT_HEATMAP) {
        read_heatmap(axes, values, plot);
    } else if (plot->kind == RN_PLOT_LINES) {
        read_lines(axes, values, plot);
    } else {
        read_histogram(axes, values[0], plot);
    }
}

static void read_counts(Context *ctx, const Statements *statements, Probe *settings)
{
    const struct {
        const char *keyword, *what;
        const Expr **place;
    } counts[] = {{"batch", "`batch`", &settings->batch},
                  {"repeat", "`repeat`", &settings->repeat}};
    for (size_t i = 0; i < LENGTH(counts); i++) {
        const Ast *value = single_value(ctx, single_statement(ctx, statements, counts[i].keyword));
        const Expr *e = value ? eval_count(ctx, value, counts[i].what, 1) : NULL;
        *counts[i].place = e ? e : *counts[i].place;
    }
}

/* Scores are those of a trained network, unless the sweep says otherwise. */
static When usual_when(const Probe *settings)
{
    for (uint32_t i = 0; i < settings->measures.count; i++) {
        if (is_score(settings->measures.items[i].kind)) {
            return WHEN_TRAINED;
        }
    }
    return WHEN_INIT;
}

static void read_settings(Context *ctx, const Statements *statements, Probe *settings)
{
    Data data = {0};
    LossSpec loss = {0};
    read_data(ctx, single_statement(ctx, statements, "data"), &data, false);
    read_loss(ctx, single_statement(ctx, statements, "loss"), &loss, false);
    check_probe_data(ctx, &data, loss.kind != RN_LOSS_NONE ? &loss : &settings->loss);
    settings->data = data.kind != RN_DATA_NONE ? data : settings->data;
    settings->loss = loss.kind != RN_LOSS_NONE ? loss : settings->loss;
    read_counts(ctx, statements, settings);
    read_when(ctx, statements, &settings->when);
    if (settings->when == WHEN_DEFAULT) {
        settings->when = usual_when(settings);
    }
}

/* What a sweep begins with: the probe's settings, but not its measures. */
static Probe inherited_settings(const Context *ctx)
{
    Probe settings = ctx->model->probe ? *ctx->model->probe : (Probe){0};
    settings.measures.items = NULL;
    settings.measures.count = settings.measures.capacity = 0;
    settings.when = WHEN_DEFAULT;
    return settings;
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

/* An axis without its `in`, or a quantity without its `measure`. */
static void reject_bare_axis(Axes *axes, const Ast *ast)
{
    Context *ctx = axes->ctx;
    const Ast *value = ast->kind == AST_LAYERS ? ast->first : ast;
    Diag *d = diag_report(ctx->diag, E_KIND, ast->span, "this is no statement of a `sweep` block");
    if (is_call(value) && is_quantity(value->text)) {
        diag_hint(ctx->diag, d, "write `measure %s`", value->text);
        axes->measured = true;
        return;
    }
    diag_hint(ctx->diag, d, "an axis is written `L in [10, 100, 1000]`");
    refuse_axis(axes, value);
}

static void read_axes(Axes *axes, const Statements *statements)
{
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind == AST_IN) {
            axes->any = true;
            read_axis(axes, ast);
        } else if (ast->kind != AST_STATEMENT) {
            reject_bare_axis(axes, ast);
        }
    }
}

void elaborate_sweep(Context *ctx, const Ast *block)
{
    Sweep sweep = {.name = block->name,
                   .span = block->span,
                   .cells = 1,
                   .settings = inherited_settings(ctx),
                   .fit = -1,
                   .plot = {.x = -1, .y = -1, .by = -1, .quantity = -1}};
    Axes axes = {.ctx = ctx, .sweep = &sweep};
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    read_axes(&axes, &statements);
    const Ast *measure = single_statement(ctx, &statements, "measure");
    if (!axes.any) {
        require(ctx, block, block->block_name_span, "axis", "L in [10, 100, 1000]");
    }
    if (measure == NULL && !axes.measured) {
        require(ctx, block, block->name_span, "`measure`", "measure forward_ratio");
    }
    read_measures(&axes, measure);
    read_fit(&axes, single_statement(ctx, &statements, "fit"));
    read_plot(&axes, plot_statement(ctx, &statements));
    read_settings(ctx, &statements, &sweep.settings);
    vec_push(ctx->arena, &ctx->model->sweeps, sweep);
}
