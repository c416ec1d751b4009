/* SPDX-License-Identifier: Apache-2.0
 *
 * Expr: a scalar known at the latest when the program starts, kept as a tree.
 *
 * Alpha, skip scalars, laws, rates and depths are such trees over the params and the place in the
 * stack; they are evaluated in double, once, by code that emit/ makes of them, and by expr_evaluate
 * when the compiler itself wants the value at the params' defaults. Nodes are immutable and shared.
 */
#ifndef RNET_SUPPORT_EXPR_H
#define RNET_SUPPORT_EXPR_H

#include "support/arena.h"
#include "support/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* X(TAG, spelling, operands) */
#define EXPR_KINDS(X)                                                                              \
    X(NUMBER, "number", 0)                                                                         \
    X(PARAM, "param", 0)                                                                           \
    X(DEPTH, "depth", 0)                                                                           \
    X(LAYER, "layer", 0)                                                                           \
    X(FAN_IN, "fan_in", 0)                                                                         \
    X(FAN_OUT, "fan_out", 0)                                                                       \
    X(BASE, "base", 0)                                                                             \
    X(QUANTITY, "quantity", 0)                                                                     \
    X(NEGATE, "-", 1)                                                                              \
    X(ADD, "+", 2)                                                                                 \
    X(SUB, "-", 2)                                                                                 \
    X(MUL, "*", 2)                                                                                 \
    X(DIV, "/", 2)                                                                                 \
    X(POW, "^", 2)                                                                                 \
    X(SQRT, "sqrt", 1)                                                                             \
    X(EXP, "exp", 1)                                                                               \
    X(LOG, "log", 1)                                                                               \
    X(LOG10, "log10", 1)                                                                           \
    X(ABS, "abs", 1)                                                                               \
    X(MIN, "min", 2)                                                                               \
    X(MAX, "max", 2)                                                                               \
    X(EQ, "==", 2)                                                                                 \
    X(NE, "!=", 2)                                                                                 \
    X(LT, "<", 2)                                                                                  \
    X(LE, "<=", 2)                                                                                 \
    X(GT, ">", 2)                                                                                  \
    X(GE, ">=", 2)

typedef enum ExprKind {
#define X(tag, spelling, operands) EXPR_##tag,
    EXPR_KINDS(X)
#undef X
        EXPR_COUNT
} ExprKind;

typedef struct Expr Expr;
struct Expr {
    ExprKind kind;
    Span span;
    double number;       /* NUMBER */
    int param;           /* PARAM: index into the model's params */
    const Expr *a, *b;   /* operands */
};

/* What the leaves stand for. */
typedef struct ExprPlace {
    const double *params; /* [param count] */
    double depth, layer, fan_in, fan_out;
    double base;          /* the optimiser's own value, or the measured quantity */
} ExprPlace;

/* Constructors fold constants: operands that are all numbers give a number. */
const Expr *expr_number(Arena *arena, double value, Span span);
const Expr *expr_leaf(Arena *arena, ExprKind kind, Span span);
const Expr *expr_param(Arena *arena, int param, Span span);
const Expr *expr_make(Arena *arena, ExprKind kind, const Expr *a, const Expr *b, Span span);

double expr_evaluate(const Expr *e, const ExprPlace *place);
bool expr_is_number(const Expr *e);
bool expr_uses(const Expr *e, ExprKind leaf);
/* Bit i: param i stands in the tree; bit 63 is for all params from 63 on. */
uint64_t expr_params(const Expr *e);
bool expr_equal(const Expr *a, const Expr *b);
/* Writes the tree in the language's own syntax; params by name. */
void expr_print(const Expr *e, const char *const *param_names, FILE *out);

#endif
