/* SPDX-License-Identifier: Apache-2.0
 *
 * `probe` and `check`: what is measured, and within which bounds it should stay.
 *
 * Defaults of probe: batch 16, repeat 1; data and loss are train's.
 */
#include "sema/context.h"

void read_when(Context *ctx, const Statements *statements, When *when)
{
    static const char *const words[] = {"init", "trained"};
    const Ast *value = single_value(ctx, single_statement(ctx, statements, "when"));
    int word = value ? eval_word(ctx, value, "`when`", words, LENGTH(words)) : -1;
    *when = word < 0 ? WHEN_DEFAULT : word == 0 ? WHEN_INIT : WHEN_TRAINED;
    if (word == 1 && ctx->model->train == NULL && !ctx->lost) {
        diag_report(ctx->diag, E_MISSING_BLOCK, value->span,
                    "`when trained` wants a `train` block, and the file has none");
    }
}

static const Expr *count_or(Context *ctx, const Statements *statements, const char *keyword,
                            double otherwise)
{
    const Ast *value = single_value(ctx, single_statement(ctx, statements, keyword));
    const char *what = str_format(ctx->arena, "`%s`", keyword);
    const Expr *e = value ? eval_count(ctx, value, what, 1) : NULL;
    return e ? e : number_at(ctx, otherwise);
}

/* False where one of that name was seen, which is reported. */
bool add_measure(Context *ctx, Probe *to, NameTable *seen, const char *name, const Measure *new)
{
    int first = names_find(seen, name);
    if (first >= 0) {
        Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, new->span, "`%s` is measured twice",
                              new->text);
        diag_label(ctx->diag, d, to->measures.items[first].span, "the first time here");
        return false;
    }
    names_add(ctx->arena, seen, name, (int)to->measures.count);
    vec_push(ctx->arena, &to->measures, *new);
    return true;
}

static void read_measures(Context *ctx, const Statements *statements, Probe *probe)
{
    const Ast *statement = single_statement(ctx, statements, "measure");
    NameTable seen = {0};
    for (const Ast *ast = statement ? statement->first : NULL; ast != NULL; ast = ast->next) {
        Measure measure;
        if (ast->kind == AST_OVER) {
            diag_report(ctx->diag, E_OUT_OF_PLACE, ast->span,
                        "`best … over …` stands only in `sweep`, which has axes");
        } else if (read_measure(ctx, ast, &measure)) {
            add_measure(ctx, probe, &seen, measure.text, &measure);
        }
    }
}

void elaborate_probe(Context *ctx, const Ast *block)
{
    Probe *probe = ARENA_NEW(ctx->arena, Probe);
    probe->span = block->name_span;
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    reject_bare(ctx, &statements, "probe");
    read_data(ctx, single_statement(ctx, &statements, "data"), &probe->data, false);
    read_loss(ctx, single_statement(ctx, &statements, "loss"), &probe->loss, false);
    probe->batch = count_or(ctx, &statements, "batch", 16);
    probe->repeat = count_or(ctx, &statements, "repeat", 1);
    read_when(ctx, &statements, &probe->when);
    read_measures(ctx, &statements, probe);
    check_probe_data(ctx, &probe->data, &probe->loss);
    bool has_data = probe->data.kind != RN_DATA_NONE || ctx->model->train != NULL;
    if (!has_data && !ctx->lost && diag_error_count(ctx->diag) == 0) {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, block->name_span,
                              "`probe` has no `data`, and there is no `train` to take it from");
        diag_hint(ctx->diag, d, "write `data gaussian`");
    }
    ctx->model->probe = probe;
}

static bool read_interval(Context *ctx, const Ast *ast, Bound *bound)
{
    const Ast *range = ast->first->next;
    if (range == NULL || range->kind != AST_RANGE) {
        diag_report(ctx->diag, E_KIND, ast->span, "a bound is written `… in low .. high`");
        return false;
    }
    bound->low = eval_scalar(ctx, range->first, ALLOW_PARAMS, "a bound");
    bound->high = eval_scalar(ctx, range->first->next, ALLOW_PARAMS, "a bound");
    bool known =
        bound->low && bound->high && expr_is_number(bound->low) && expr_is_number(bound->high);
    if (known && bound->low->number > bound->high->number) {
        diag_report(ctx->diag, E_VALUE_RANGE, range->span,
                    "nothing lies in %g .. %g: the lower bound is the greater one",
                    bound->low->number, bound->high->number);
        return false;
    }
    return bound->low != NULL && bound->high != NULL;
}

static bool read_comparison(Context *ctx, const Ast *ast, Bound *bound)
{
    if (ast->op == AST_OP_EQ || ast->op == AST_OP_NE) {
        diag_report(ctx->diag, E_UNKNOWN_VALUE, ast->span,
                    "a bound is written with `<`, `<=`, `>`, `>=` or `in`");
        return false;
    }
    bool above = ast->op == AST_OP_GT || ast->op == AST_OP_GE;
    bool strict = ast->op == AST_OP_GT || ast->op == AST_OP_LT;
    const Expr *e = eval_scalar(ctx, ast->first->next, ALLOW_PARAMS, "a bound");
    *(above ? &bound->low : &bound->high) = e;
    *(above ? &bound->low_strict : &bound->high_strict) = strict;
    return e != NULL;
}

static void read_bound(Context *ctx, const Ast *ast, Check *check)
{
    Bound bound = {0};
    bool interval = ast->kind == AST_IN;
    bool comparison = ast->kind == AST_BINARY;
    if (!interval && !comparison) {
        Diag *d = diag_report(ctx->diag, E_KIND, ast->span, "a bound on a quantity is expected");
        diag_hint(ctx->diag, d, "write, for example, `forward_ratio in 0.5 .. 2`");
        return;
    }
    bool good = read_measure(ctx, ast->first, &bound.measure);
    good = (interval ? read_interval(ctx, ast, &bound) : read_comparison(ctx, ast, &bound)) && good;
    if (good) {
        vec_push(ctx->arena, &check->bounds, bound);
    }
}

/* Data, loss, batch and repeat of a check are probe's or train's. */
static void read_check_statement(Context *ctx, const Ast *ast)
{
    if (!str_equal(ast->text, "when")) {
        unsupported(ctx, str_format(ctx->arena, "`%s` inside `check` is", ast->text),
                    ast->name_span);
    }
}

void elaborate_check(Context *ctx, const Ast *block)
{
    Check *check = ARENA_NEW(ctx->arena, Check);
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    read_when(ctx, &statements, &check->when);
    for (uint32_t i = 0; i < statements.count; i++) {
        if (statements.items[i]->kind == AST_STATEMENT) {
            read_check_statement(ctx, statements.items[i]);
        } else {
            read_bound(ctx, statements.items[i], check);
        }
    }
    ctx->model->check = check;
}
