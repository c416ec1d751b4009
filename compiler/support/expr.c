/* SPDX-License-Identifier: Apache-2.0
 *
 * Building, folding, evaluating and printing of Expr.
 */
#include "support/expr.h"

#include <math.h>

static const int operand_counts[] = {
#define X(tag, spelling, operands) operands,
    EXPR_KINDS(X)
#undef X
};

static const char *const spellings[] = {
#define X(tag, spelling, operands) spelling,
    EXPR_KINDS(X)
#undef X
};

const Expr *expr_number(Arena *arena, double value, Span span)
{
    Expr *e = ARENA_NEW(arena, Expr);
    *e = (Expr){.kind = EXPR_NUMBER, .span = span, .number = value};
    return e;
}

const Expr *expr_leaf(Arena *arena, ExprKind kind, Span span)
{
    Expr *e = ARENA_NEW(arena, Expr);
    *e = (Expr){.kind = kind, .span = span};
    return e;
}

const Expr *expr_param(Arena *arena, int param, Span span)
{
    Expr *e = ARENA_NEW(arena, Expr);
    *e = (Expr){.kind = EXPR_PARAM, .span = span, .param = param};
    return e;
}

bool expr_is_number(const Expr *e)
{
    return e->kind == EXPR_NUMBER;
}

const Expr *expr_make(Arena *arena, ExprKind kind, const Expr *a, const Expr *b, Span span)
{
    Expr *e = ARENA_NEW(arena, Expr);
    *e = (Expr){.kind = kind, .span = span, .a = a, .b = b};
    if (expr_is_number(a) && (b == NULL || expr_is_number(b))) {
        return expr_number(arena, expr_evaluate(e, &(ExprPlace){0}), span);
    }
    return e;
}

static double apply(ExprKind kind, double a, double b)
{
    switch (kind) {
    case EXPR_NEGATE:
        return -a;
    case EXPR_ADD:
        return a + b;
    case EXPR_SUB:
        return a - b;
    case EXPR_MUL:
        return a * b;
    case EXPR_DIV:
        return a / b;
    case EXPR_POW:
        return pow(a, b);
    case EXPR_SQRT:
        return sqrt(a);
    case EXPR_EXP:
        return exp(a);
    case EXPR_LOG:
        return log(a);
    case EXPR_LOG10:
        return log10(a);
    case EXPR_ABS:
        return fabs(a);
    case EXPR_MIN:
        return fmin(a, b);
    case EXPR_MAX:
        return fmax(a, b);
    case EXPR_EQ:
        return a == b;
    case EXPR_NE:
        return a != b;
    case EXPR_LT:
        return a < b;
    case EXPR_LE:
        return a <= b;
    case EXPR_GT:
        return a > b;
    case EXPR_GE:
        return a >= b;
    case EXPR_NUMBER:
    case EXPR_PARAM:
    case EXPR_DEPTH:
    case EXPR_LAYER:
    case EXPR_FAN_IN:
    case EXPR_FAN_OUT:
    case EXPR_BASE:
    case EXPR_QUANTITY:
    case EXPR_COUNT:
        break;
    }
    return NAN;
}

double expr_evaluate(const Expr *e, const ExprPlace *place)
{
    switch (e->kind) {
    case EXPR_NUMBER:
        return e->number;
    case EXPR_PARAM:
        return place->params[e->param];
    case EXPR_DEPTH:
        return place->depth;
    case EXPR_LAYER:
        return place->layer;
    case EXPR_FAN_IN:
        return place->fan_in;
    case EXPR_FAN_OUT:
        return place->fan_out;
    case EXPR_BASE:
    case EXPR_QUANTITY:
        return place->base;
    default:
        return apply(e->kind, expr_evaluate(e->a, place), e->b ? expr_evaluate(e->b, place) : 0);
    }
}

bool expr_uses(const Expr *e, ExprKind leaf)
{
    return e != NULL && (e->kind == leaf || expr_uses(e->a, leaf) || expr_uses(e->b, leaf));
}

uint64_t expr_params(const Expr *e)
{
    if (e == NULL) {
        return 0;
    }
    uint64_t own = e->kind == EXPR_PARAM ? 1ull << (e->param < 63 ? e->param : 63) : 0;
    return own | expr_params(e->a) | expr_params(e->b);
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b || a == NULL || b == NULL) {
        return a == b;
    }
    return a->kind == b->kind && a->param == b->param &&
           (a->kind != EXPR_NUMBER || a->number == b->number) && expr_equal(a->a, b->a) &&
           expr_equal(a->b, b->b);
}

void expr_print(const Expr *e, const char *const *param_names, FILE *out)
{
    if (e->kind == EXPR_NUMBER) {
        fprintf(out, "%.17g", e->number);
    } else if (e->kind == EXPR_PARAM) {
        fputs(param_names[e->param], out);
    } else if (operand_counts[e->kind] == 0) {
        fputs(spellings[e->kind], out);
    } else if (e->kind == EXPR_NEGATE) {
        fputs("(-", out);
        expr_print(e->a, param_names, out);
        fputc(')', out);
    } else {
        bool infix = e->kind < EXPR_SQRT || e->kind > EXPR_MAX;
        fprintf(out, "%s(", infix ? "" : spellings[e->kind]);
        expr_print(e->a, param_names, out);
        if (e->b != NULL) {
            fprintf(out, infix ? " %s " : ", ", spellings[e->kind]);
            expr_print(e->b, param_names, out);
        }
        fputc(')', out);
    }
}
