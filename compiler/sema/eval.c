/* SPDX-License-Identifier: Apache-2.0
 *
 * Scalar expressions: Ast to Expr, constants folded, names resolved, kinds checked. Every constant
 * that comes out is finite.
 */
#include "sema/context.h"

#include <math.h>

/* An Expr is as deep as it has operators, where chains are nested in chains: whoever walks it in
 * recursion relies on the second limit. */
enum { NESTING_MAX = 1000, OPERATORS_MAX = 4000 };

static const struct {
    const char *name;
    ExprKind kind;
    int operands;
} functions[] = {{"sqrt", EXPR_SQRT, 1},   {"exp", EXPR_EXP, 1}, {"log", EXPR_LOG, 1},
                 {"log10", EXPR_LOG10, 1}, {"abs", EXPR_ABS, 1}, {"min", EXPR_MIN, 2},
                 {"max", EXPR_MAX, 2}};

static const struct {
    const char *name;
    ExprKind kind;
    unsigned allow;
    const char *place;
} leaves[] = {{"depth", EXPR_DEPTH, ALLOW_DEPTH, "inside a residual block"},
              {"layer", EXPR_LAYER, ALLOW_LAYER, "inside a residual block"},
              {"fan_in", EXPR_FAN_IN, ALLOW_FAN, "in `init` and `bias_init`"},
              {"fan_out", EXPR_FAN_OUT, ALLOW_FAN, "in `init` and `bias_init`"},
              {"base", EXPR_BASE, ALLOW_BASE, "in `lr`, `eps` and `decay`"}};

bool is_call(const Ast *ast)
{
    return ast != NULL && (ast->kind == AST_NAME || ast->kind == AST_CALL);
}

const Expr *number_at(Context *ctx, double value)
{
    return expr_number(ctx->arena, value, (Span){0, 0});
}

/* NULL counts as 1. */
const Expr *multiply(Context *ctx, const Expr *a, const Expr *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    return expr_make(ctx->arena, EXPR_MUL, a, b, span_join(a->span, b->span));
}

static const Expr *check_finite(Context *ctx, const Expr *e, Span span)
{
    if (e != NULL && expr_is_number(e) && !isfinite(e->number)) {
        diag_report(ctx->diag, E_NOT_FINITE, span, "the value of this expression is %s",
                    isnan(e->number) ? "not a number"
                    : e->number > 0  ? "infinite"
                                     : "minus infinity");
        return NULL;
    }
    return e;
}

/* The names that would do: " (L, beta)", or nothing where there are none or many. */
static const char *list_names(Context *ctx, unsigned allows)
{
    enum { SHOWN = 6 };
    Text text = {.arena = ctx->arena};
    unsigned count = 0;
    for (uint32_t i = 0; i < ctx->symbols.count && count <= SHOWN; i++) {
        const Symbol *symbol = &ctx->symbols.items[i];
        bool fits = symbol->kind == SYMBOL_PARAM ? (allows & ALLOW_PARAMS) != 0
                                                 : symbol->kind == SYMBOL_CONST && !symbol->is_bool;
        if (fits && symbol->ready && count++ < SHOWN) {
            text_append(&text, "%s`%s`", count == 1 ? " (" : ", ", symbol->name);
        }
    }
    if (count == 0 || count > SHOWN) {
        return "";
    }
    text_append(&text, ")");
    return text.data;
}

static void hint_unknown(Context *ctx, Diag *d, const Ast *ast, unsigned allows, const char *what)
{
    const char *kind = allows & WHOLE        ? "whole number"
                       : allows & ALLOW_BOOL ? "number, or `true` or `false`"
                                             : "number";
    if (ast->kind == AST_CALL) {
        diag_hint(ctx->diag, d,
                  "%s is a %s: the functions are sqrt, exp, log, log10, abs, min, max", what, kind);
    } else {
        diag_hint(ctx->diag, d, "%s is a %s: write one, or the name of a const%s%s", what, kind,
                  allows & ALLOW_PARAMS ? " or a param" : "", list_names(ctx, allows));
    }
}

static const Expr *unknown_name(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    if (is_layer_name(ast->text)) {
        diag_report(ctx->diag, E_KIND, ast->span, "`%s` is a layer, but %s is a number", ast->text,
                    what);
        return NULL;
    }
    static const char *const words[] = {"depth", "layer", "fan_in", "fan_out", "base", "sqrt",
                                        "exp",   "log",   "log10",  "abs",     "min",  "max"};
    Diag *d =
        diag_report(ctx->diag, E_UNKNOWN_NAME, ast->name_span.end ? ast->name_span : ast->span,
                    "`%s` is not declared", ast->text);
    const char *nearest = scope_nearest(ctx, ast->text, words, LENGTH(words));
    if (nearest != NULL) {
        diag_hint(ctx->diag, d, "did you mean `%s`?", nearest);
    } else {
        hint_unknown(ctx, d, ast, allows, what);
    }
    return NULL;
}

/* One message a param: where it is made a const, all its uses are right. */
static const Expr *param_value(Context *ctx, const Ast *ast, Symbol *symbol, unsigned allows,
                               const char *what)
{
    if (allows & ALLOW_PARAMS) {
        return expr_param(ctx->arena, symbol->param, ast->span);
    }
    if (symbol->refused) {
        return NULL;
    }
    symbol->refused = true;
    Diag *d = diag_report(ctx->diag, E_NEEDS_CONST, ast->span,
                          "`%s` is a param, known when the program starts, but %s must be known "
                          "when compiling",
                          symbol->name, what);
    diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", symbol->name);
    diag_hint(ctx->diag, d, "declare `const %s = %g`", symbol->name,
              ctx->model->params.items[symbol->param].value);
    return NULL;
}

static const Expr *const_value(Context *ctx, const Ast *ast, const Symbol *symbol, unsigned allows,
                               const char *what)
{
    if (symbol->is_bool && !(allows & ALLOW_BOOL)) {
        Diag *d = diag_report(ctx->diag, E_KIND, ast->span,
                              "`%s` is true or false, but %s is a number", symbol->name, what);
        diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", symbol->name);
        return NULL;
    }
    return expr_number(ctx->arena, symbol->value, ast->span);
}

static const Expr *symbol_value(Context *ctx, const Ast *ast, Symbol *symbol, unsigned allows,
                                const char *what)
{
    if (!symbol->ready) {
        Diag *d = diag_report(ctx->diag, E_UNKNOWN_NAME, ast->span,
                              "`%s` is used before it is declared", symbol->name);
        diag_label(ctx->diag, d, symbol->span, "`%s` is declared here", symbol->name);
        return NULL;
    }
    if (symbol->kind == SYMBOL_POISON) {
        return NULL;
    }
    return symbol->kind == SYMBOL_PARAM ? param_value(ctx, ast, symbol, allows, what)
                                        : const_value(ctx, ast, symbol, allows, what);
}

static const Expr *eval_name(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    for (size_t i = 0; i < LENGTH(leaves); i++) {
        if (!str_equal(leaves[i].name, ast->text)) {
            continue;
        }
        if (allows & leaves[i].allow) {
            return expr_leaf(ctx->arena, leaves[i].kind, ast->span);
        }
        Diag *d = diag_report(ctx->diag, E_OUT_OF_PLACE, ast->span, "`%s` has no meaning in %s",
                              ast->text, what);
        diag_note(ctx->diag, d, "it stands for a value only %s", leaves[i].place);
        return NULL;
    }
    Symbol *symbol = scope_find(ctx, ast->text);
    return symbol != NULL ? symbol_value(ctx, ast, symbol, allows, what)
                          : unknown_name(ctx, ast, allows, what);
}

static const Expr *eval_function(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    size_t f = 0;
    while (f < LENGTH(functions) && !str_equal(functions[f].name, ast->text)) {
        f++;
    }
    if (f == LENGTH(functions)) {
        Symbol *symbol = scope_find(ctx, ast->text);
        if (symbol == NULL) {
            return unknown_name(ctx, ast, allows, what);
        }
        diag_report(ctx->diag, E_KIND, ast->span, "`%s` is a number and takes no arguments",
                    ast->text);
        return NULL;
    }
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, functions[f].operands == 2 ? "a b" : "x", values)) {
        return NULL;
    }
    const Expr *a = eval_scalar(ctx, values[0], allows & ~ALLOW_BOOL, what);
    const Expr *b =
        functions[f].operands == 2 ? eval_scalar(ctx, values[1], allows & ~ALLOW_BOOL, what) : NULL;
    if (a == NULL || (functions[f].operands == 2 && b == NULL)) {
        return NULL;
    }
    return check_finite(ctx, expr_make(ctx->arena, functions[f].kind, a, b, ast->span), ast->span);
}

static ExprKind binary_kind(AstOp op)
{
    switch (op) {
    case AST_OP_ADD:
        return EXPR_ADD;
    case AST_OP_SUB:
        return EXPR_SUB;
    case AST_OP_MUL:
        return EXPR_MUL;
    case AST_OP_DIV:
        return EXPR_DIV;
    case AST_OP_POW:
        return EXPR_POW;
    case AST_OP_EQ:
        return EXPR_EQ;
    case AST_OP_NE:
        return EXPR_NE;
    case AST_OP_LT:
        return EXPR_LT;
    case AST_OP_LE:
        return EXPR_LE;
    case AST_OP_GT:
        return EXPR_GT;
    case AST_OP_GE:
        return EXPR_GE;
    case AST_OP_ARROW:
    case AST_OP_NONE:
        break;
    }
    return EXPR_COUNT;
}

static bool combine(Context *ctx, const Ast *ast, const Expr **left, const Expr *right)
{
    if (*left == NULL || right == NULL) {
        *left = NULL;
        return false;
    }
    const Expr *e = expr_make(ctx->arena, binary_kind(ast->op), *left, right, ast->span);
    *left = check_finite(ctx, e, ast->span);
    if (*left != NULL && !expr_is_number(*left) && ++ctx->operators > OPERATORS_MAX) {
        diag_report(ctx->diag, E_NESTING, ast->span, "this expression has more than %d operators",
                    OPERATORS_MAX);
        *left = NULL;
    }
    return *left != NULL;
}

/* `a + b + c + …` hangs to the left, as deep as it is long: walked in a loop. */
static const Expr *eval_binary(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    VEC(const Ast *) spine = {0};
    const Ast *node = ast;
    unsigned inner = allows & ~ALLOW_BOOL;
    for (; node != NULL && node->kind == AST_BINARY && node->op != AST_OP_ARROW;
         node = node->first) {
        vec_push(ctx->arena, &spine, node);
        if (node->op >= AST_OP_EQ && node->op <= AST_OP_GE) {
            inner |= allows & ALLOW_BOOL;
        }
    }
    const Expr *left = eval_scalar(ctx, node, inner, what);
    for (uint32_t i = spine.count; i-- > 0;) {
        const Expr *right = eval_scalar(ctx, spine.items[i]->first->next, inner, what);
        combine(ctx, spine.items[i], &left, right);
    }
    return left;
}

static const Expr *not_a_number(Context *ctx, const Ast *ast, const char *what)
{
    const char *found = ast->kind == AST_STRING   ? "a string"
                        : ast->kind == AST_BOOL   ? "`true` or `false`"
                        : ast->kind == AST_LIST   ? "a list"
                        : ast->kind == AST_LABEL  ? "a label"
                        : ast->kind == AST_RANGE  ? "a range"
                        : ast->kind == AST_INDEX  ? "an index"
                        : ast->kind == AST_BINARY ? "a chain of layers"
                                                  : "something else";
    diag_report(ctx->diag, E_KIND, ast->span, "%s is a number, but this is %s", what, found);
    return NULL;
}

static const Expr *eval_node(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    if ((allows & ALLOW_QUANTITY) && is_call(ast) && is_quantity(ast->text)) {
        return read_quantity(ctx, ast);
    }
    switch (ast->kind) {
    case AST_NUMBER:
        return check_finite(ctx, expr_number(ctx->arena, ast->number, ast->span), ast->span);
    case AST_NAME:
        return eval_name(ctx, ast, allows, what);
    case AST_CALL:
        return eval_function(ctx, ast, allows, what);
    case AST_NEGATE: {
        const Expr *a = eval_scalar(ctx, ast->first, allows & ~ALLOW_BOOL, what);
        return a ? expr_make(ctx->arena, EXPR_NEGATE, a, NULL, ast->span) : NULL;
    }
    case AST_BINARY:
        return ast->op == AST_OP_ARROW ? not_a_number(ctx, ast, what)
                                       : eval_binary(ctx, ast, allows, what);
    case AST_BOOL:
        return allows & ALLOW_BOOL ? expr_number(ctx->arena, ast->number, ast->span)
                                   : not_a_number(ctx, ast, what);
    case AST_ERROR:
        return NULL;
    default:
        return not_a_number(ctx, ast, what);
    }
}

const Expr *eval_scalar(Context *ctx, const Ast *ast, unsigned allows, const char *what)
{
    if (ast == NULL) {
        return NULL;
    }
    if (ctx->nesting >= NESTING_MAX) {
        diag_report(ctx->diag, E_NESTING, ast->span, "this expression is nested too deeply");
        return NULL;
    }
    ctx->operators = ctx->nesting == 0 ? 0 : ctx->operators;
    ctx->nesting++;
    const Expr *e = eval_node(ctx, ast, allows, what);
    ctx->nesting--;
    return e;
}

static bool is_scalar_call(const Ast *ast)
{
    for (size_t i = 0; i < LENGTH(functions); i++) {
        if (str_equal(functions[i].name, ast->text)) {
            return true;
        }
    }
    return false;
}

static bool is_scalar_name(Context *ctx, const Ast *ast)
{
    for (size_t i = 0; i < LENGTH(leaves); i++) {
        if (str_equal(leaves[i].name, ast->text)) {
            return true;
        }
    }
    return scope_find(ctx, ast->text) != NULL;
}

/* Whether the expression can only be a number; unknown names are not. */
bool is_scalar(Context *ctx, const Ast *ast)
{
    bool scalar = ctx->nesting < NESTING_MAX;
    ctx->nesting++;
    while (scalar && ast != NULL && ast->kind == AST_BINARY) {
        scalar = ast->op != AST_OP_ARROW && is_scalar(ctx, ast->first->next);
        ast = ast->first;
    }
    if (scalar && ast != NULL) {
        switch (ast->kind) {
        case AST_NUMBER:
            break;
        case AST_NAME:
            scalar = is_scalar_name(ctx, ast);
            break;
        case AST_CALL:
            scalar = is_scalar_call(ast);
            break;
        case AST_NEGATE:
            scalar = is_scalar(ctx, ast->first);
            break;
        default:
            scalar = false;
        }
    }
    ctx->nesting--;
    return scalar;
}
