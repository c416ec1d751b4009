/* SPDX-License-Identifier: Apache-2.0
 *
 * Scalars with a role: sizes, counts, ranges, words, strings; and products that hold one thing
 * which is not a number.
 */
#include "sema/context.h"

#include <math.h>
#include <stdlib.h>

void mark_integer(Context *ctx, const Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->kind == EXPR_PARAM) {
        ctx->model->params.items[e->param].integer = true;
    }
    mark_integer(ctx, e->a);
    mark_integer(ctx, e->b);
}

/* By the params, and by the depth where that is one. */
static bool is_known(const Expr *e, double depth)
{
    for (ExprKind leaf = EXPR_DEPTH; leaf <= EXPR_QUANTITY; leaf++) {
        if (expr_uses(e, leaf) && (leaf != EXPR_DEPTH || depth == 0)) {
            return false;
        }
    }
    return true;
}

static bool in_range(double value, Range range)
{
    bool above = range.open_low ? value > range.low : value >= range.low;
    bool below = range.open_high ? value < range.high : value <= range.high;
    return above && below;
}

/* The fewest digits that read back as the same number. */
const char *number_text(Arena *arena, double value)
{
    for (int digits = 6; digits < 17; digits++) {
        const char *text = str_format(arena, "%.*g", digits, value);
        if (strtod(text, NULL) == value && strchr(text, 'e') == NULL) {
            return text;
        }
    }
    const char *text = str_format(arena, "%g", value);
    return strtod(text, NULL) == value ? text : str_format(arena, "%.17g", value);
}

static const char *range_text(Context *ctx, Range range)
{
    const char *low = number_text(ctx->arena, range.low);
    if (isinf(range.high)) {
        return str_format(ctx->arena, "%s %s", range.open_low ? "greater than" : "at least", low);
    }
    return str_format(ctx->arena, "%s %s and %s %s", range.open_low ? "greater than" : "at least",
                      low, range.open_high ? "less than" : "at most",
                      number_text(ctx->arena, range.high));
}

/* A value that is none here. Of a const one use is named, and where it is declared: that is where
 * to mend it. */
static void report_value(Context *ctx, const Ast *ast, DiagId id, const char *message)
{
    Symbol *symbol = ast->kind == AST_NAME ? scope_find(ctx, ast->text) : NULL;
    if (symbol != NULL && symbol->mistaken) {
        return;
    }
    Diag *d = diag_report(ctx->diag, id, ast->span, "%s", message);
    if (symbol != NULL) {
        symbol->mistaken = true;
        diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", symbol->name);
    }
}

static void report_fraction(Context *ctx, const Ast *ast, const char *what, double value)
{
    report_value(ctx, ast, E_INTEGER,
                 str_format(ctx->arena, "%s is %s, but must be an integer", what,
                            number_text(ctx->arena, value)));
}

/* The program refuses what the declaration of a param allows and its place does not. Ends may lie
 * on open bounds, since a range has no other ends. */
static void warn_of_range(Context *ctx, const Ast *ast, const Expr *e, const char *what,
                          Range range)
{
    if (e->kind != EXPR_PARAM) {
        return;
    }
    const Param *param = &ctx->model->params.items[e->param];
    double low = fmax(param->low, range.low), high = fmin(param->high, range.high);
    Symbol *symbol = scope_find(ctx, param->name);
    if (symbol->range.end == 0 || symbol->reaches || (low == param->low && high == param->high)) {
        return;
    }
    symbol->reaches = true;
    Diag *d = diag_report(ctx->diag, W_RANGE, symbol->range,
                          "the range of `%s` reaches %s, but %s must be %s", param->name,
                          number_text(ctx->arena, low > param->low ? param->low : param->high),
                          what, range_text(ctx, range));
    diag_label(ctx->diag, d, ast->span, "`%s` is used here", param->name);
    diag_hint(ctx->diag, d, "write `in %s..%s`", number_text(ctx->arena, low),
              number_text(ctx->arena, high));
}

static bool check_range(Context *ctx, const Ast *ast, const Expr *e, const char *what, Range range)
{
    if (!is_known(e, ctx->depth)) {
        return true;
    }
    ExprPlace place = {.params = param_defaults(ctx->arena, ctx->model), .depth = ctx->depth};
    double value = expr_evaluate(e, &place);
    if (in_range(value, range)) {
        return true;
    }
    const char *where = expr_uses(e, EXPR_DEPTH)
                            ? str_format(ctx->arena, " at depth %g", ctx->depth)
                        : expr_is_number(e) ? ""
                                            : " with the params at their defaults";
    report_value(ctx, ast, E_VALUE_RANGE,
                 str_format(ctx->arena, "%s is %s%s, but must be %s", what,
                            number_text(ctx->arena, value), where, range_text(ctx, range)));
    return false;
}

/* `declared`: what the declaration of a param may allow. */
static const Expr *eval_within(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                               Range range, Range declared)
{
    const Expr *e = eval_scalar(ctx, ast, allows, what);
    if (e == NULL || !check_range(ctx, ast, e, what, range)) {
        return NULL;
    }
    warn_of_range(ctx, ast, e, what, declared);
    return e;
}

const Expr *eval_ranged(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                        Range range)
{
    return eval_within(ctx, ast, allows, what, range, range);
}

/* Greatest count: exact in double, and its products with sizes still fit 63 bits. */
static const double count_limit = 1e9;

const Expr *eval_count(Context *ctx, const Ast *ast, const char *what, double low)
{
    Range range = {low, count_limit, false, false}, unlimited = {low, HUGE_VAL, false, false};
    const Expr *e = eval_within(ctx, ast, ALLOW_PARAMS | WHOLE, what, range, unlimited);
    if (e == NULL) {
        return NULL;
    }
    double value = expr_evaluate(e, &(ExprPlace){.params = param_defaults(ctx->arena, ctx->model)});
    if (value != floor(value)) {
        report_fraction(ctx, ast, what, value);
        return NULL;
    }
    mark_integer(ctx, e);
    return e;
}

static bool eval_known(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                       double *value)
{
    const Expr *e = eval_scalar(ctx, ast, allows, what);
    if (e == NULL) {
        return false;
    }
    *value = e->number;
    return true;
}

bool eval_number(Context *ctx, const Ast *ast, const char *what, double *value)
{
    return eval_known(ctx, ast, 0, what, value);
}

bool eval_size(Context *ctx, const Ast *ast, const char *what, int64_t low, int64_t *value)
{
    double number;
    if (!eval_known(ctx, ast, WHOLE, what, &number)) {
        return false;
    }
    if (number != floor(number)) {
        report_fraction(ctx, ast, what, number);
        return false;
    }
    if (number < (double)low || number > 0x1p53) {
        const char *wanted = number < (double)low
                                 ? str_format(ctx->arena, "at least %lld", (long long)low)
                                 : "at most 2^53";
        report_value(ctx, ast, E_SIZE_RANGE,
                     str_format(ctx->arena, "%s is %s, but must be %s", what,
                                number_text(ctx->arena, number), wanted));
        return false;
    }
    *value = (int64_t)number;
    return true;
}

bool eval_bool(Context *ctx, const Ast *ast, const char *what, bool *value)
{
    const Symbol *symbol = ast->kind == AST_NAME ? scope_find(ctx, ast->text) : NULL;
    if (ast->kind == AST_BOOL || (symbol != NULL && symbol->is_bool)) {
        *value = ast->kind == AST_BOOL ? ast->number != 0 : symbol->value != 0;
        return true;
    }
    if (ast->kind == AST_ERROR || (symbol != NULL && symbol->kind == SYMBOL_POISON)) {
        return false;
    }
    const Expr *e = ast->kind == AST_BINARY ? eval_scalar(ctx, ast, ALLOW_BOOL, what) : NULL;
    if (e != NULL && expr_is_number(e)) {
        *value = e->number != 0;
        return true;
    }
    diag_report(ctx->diag, E_KIND, ast->span, "%s must be `true` or `false`", what);
    return false;
}

const char *eval_string(Context *ctx, const Ast *ast, const char *what)
{
    if (ast->kind == AST_STRING) {
        return ast->text;
    }
    if (ast->kind != AST_ERROR) {
        Diag *d = diag_report(ctx->diag, E_KIND, ast->span, "%s must be a string", what);
        if (ast->kind == AST_NAME) {
            diag_hint(ctx->diag, d, "write `\"%s\"`", ast->text);
        }
    }
    return NULL;
}

static const char *list_words(Context *ctx, const char *const *words, size_t count)
{
    Text text = {.arena = ctx->arena};
    for (size_t i = 0; i < count; i++) {
        const char *separator = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        text_append(&text, "%s`%s`", separator, words[i]);
    }
    return text.data;
}

int eval_word(Context *ctx, const Ast *ast, const char *what, const char *const *words,
              size_t count)
{
    if (ast == NULL || ast->kind == AST_ERROR) {
        return -1;
    }
    if (!is_call(ast)) {
        diag_report(ctx->diag, E_UNKNOWN_VALUE, ast->span, "%s must be %s", what,
                    list_words(ctx, words, count));
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(words[i], ast->text)) {
            return (int)i;
        }
    }
    Span span = ast->name_span.end > 0 ? ast->name_span : ast->span;
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_VALUE, span, "%s must be %s, not `%s`", what,
                          list_words(ctx, words, count), ast->text);
    hint_nearest(ctx, d, ast->text, words, count);
    return -1;
}

static const Expr *reciprocal(Context *ctx, const Ast *ast, const Expr *e)
{
    const Expr *one = number_at(ctx, 1);
    const Expr *r = expr_make(ctx->arena, EXPR_DIV, one, e, ast->span);
    if (expr_is_number(r) && !isfinite(r->number)) {
        diag_report(ctx->diag, E_NOT_FINITE, ast->span, "division by zero");
        return NULL;
    }
    return r;
}

typedef VEC(const Ast *) Factors; /* a0, then binary nodes whose right side is the next factor */

static void list_factors(Context *ctx, const Ast *ast, Factors *nodes)
{
    for (; ast->kind == AST_BINARY && (ast->op == AST_OP_MUL || ast->op == AST_OP_DIV);
         ast = ast->first) {
        vec_push(ctx->arena, nodes, ast);
    }
    vec_push(ctx->arena, nodes, ast);
}

/* Takes one factor into the scale; false where it was poison. */
static bool scale_by(Context *ctx, const Ast *factor, bool divides, unsigned allows,
                     const char *what, const Expr **scale)
{
    const Expr *e = eval_scalar(ctx, factor, allows, what);
    if (e != NULL && divides) {
        e = reciprocal(ctx, factor, e);
    }
    if (e == NULL) {
        return false;
    }
    *scale = multiply(ctx, *scale, e);
    return true;
}

const Ast *split_scaled(Context *ctx, const Ast *ast, unsigned allows, const char *what,
                        const Expr **scale)
{
    if (ast->kind == AST_NEGATE && !is_scalar(ctx, ast->first)) {
        *scale = multiply(ctx, *scale, expr_number(ctx->arena, -1, ast->span));
        return split_scaled(ctx, ast->first, allows, what, scale);
    }
    Factors nodes = {0};
    list_factors(ctx, ast, &nodes);
    if (nodes.count == 1) {
        return ast;
    }
    const Ast *subject = NULL;
    bool good = true;
    for (uint32_t i = nodes.count; i-- > 0;) {
        const Ast *node = nodes.items[i];
        bool first = i + 1 == nodes.count;
        const Ast *factor = first ? node : node->first->next;
        bool divides = !first && node->op == AST_OP_DIV;
        bool scalar = is_scalar(ctx, factor);
        if (subject == NULL && !divides && !scalar) {
            subject = factor;
        } else if (subject != NULL && !scalar && factor->kind != AST_ERROR) {
            Diag *d = diag_report(ctx->diag, E_KIND, factor->span,
                                  "a factor of this product must be a number");
            diag_label(ctx->diag, d, subject->span, "only one factor may be something else");
            if (is_call(factor) && is_layer_name(factor->text)) {
                diag_hint(ctx->diag, d, "layers are combined with `->` and `+`");
            }
            good = false;
        } else {
            good = scale_by(ctx, factor, divides, allows, what, scale) && good;
        }
    }
    if (!good) {
        return NULL;
    }
    return subject == NULL ? ast : split_scaled(ctx, subject, allows, what, scale);
}
