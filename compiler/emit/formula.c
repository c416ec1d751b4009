/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions as functions `double f(const RnPlace *)`: the program evaluates them in double when
 * it starts. Equal expressions share one function. Powers and logarithms are libm's.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/str.h"

typedef struct FormulaBuild {
    Emitter *e;
    LLVMValueRef place;
    LLVMTypeRef place_type;
} FormulaBuild;

static LLVMValueRef call_math(Emitter *e, const char *name, LLVMValueRef *args, unsigned count)
{
    LLVMTypeRef types[] = {e->t_double, e->t_double};
    LLVMTypeRef type = LLVMFunctionType(e->t_double, types, count, 0);
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
    if (function == NULL) {
        function = LLVMAddFunction(e->module, name, type);
    }
    return LLVMBuildCall2(e->builder, type, function, args, count, name);
}

static LLVMValueRef field(FormulaBuild *b, unsigned index, LLVMTypeRef type)
{
    LLVMValueRef p = LLVMBuildStructGEP2(b->e->builder, b->place_type, b->place, index, "field");
    return LLVMBuildLoad2(b->e->builder, type, p, "leaf");
}

static LLVMValueRef param_value(FormulaBuild *b, int param)
{
    Emitter *e = b->e;
    LLVMValueRef params = field(b, PLACE_PARAMS, e->t_ptr);
    LLVMValueRef index = e_i64(e, param);
    LLVMValueRef p = LLVMBuildInBoundsGEP2(e->builder, e->t_double, params, &index, 1, "param");
    return LLVMBuildLoad2(e->builder, e->t_double, p, "value");
}

static LLVMValueRef compare(FormulaBuild *b, LLVMRealPredicate predicate, LLVMValueRef *args)
{
    LLVMValueRef truth = LLVMBuildFCmp(b->e->builder, predicate, args[0], args[1], "truth");
    return LLVMBuildUIToFP(b->e->builder, truth, b->e->t_double, "number");
}

static LLVMValueRef leaf(FormulaBuild *b, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_NUMBER:
        return LLVMConstReal(b->e->t_double, expr->number);
    case EXPR_PARAM:
        return param_value(b, expr->param);
    case EXPR_DEPTH:
        return field(b, PLACE_DEPTH, b->e->t_double);
    case EXPR_LAYER:
        return field(b, PLACE_LAYER, b->e->t_double);
    case EXPR_FAN_IN:
        return field(b, PLACE_FAN_IN, b->e->t_double);
    case EXPR_FAN_OUT:
        return field(b, PLACE_FAN_OUT, b->e->t_double);
    case EXPR_BASE:
    case EXPR_QUANTITY:
        return field(b, PLACE_BASE, b->e->t_double);
    default:
        return NULL;
    }
}

static LLVMValueRef operation(FormulaBuild *b, ExprKind kind, LLVMValueRef *args)
{
    Emitter *e = b->e;
    switch (kind) {
    case EXPR_NEGATE:
        return LLVMBuildFNeg(e->builder, args[0], "negated");
    case EXPR_ADD:
        return LLVMBuildFAdd(e->builder, args[0], args[1], "sum");
    case EXPR_SUB:
        return LLVMBuildFSub(e->builder, args[0], args[1], "difference");
    case EXPR_MUL:
        return LLVMBuildFMul(e->builder, args[0], args[1], "product");
    case EXPR_DIV:
        return LLVMBuildFDiv(e->builder, args[0], args[1], "quotient");
    case EXPR_POW:
        return call_math(e, "pow", args, 2);
    case EXPR_SQRT:
        return call_math(e, "sqrt", args, 1);
    case EXPR_EXP:
        return call_math(e, "exp", args, 1);
    case EXPR_LOG:
        return call_math(e, "log", args, 1);
    case EXPR_LOG10:
        return call_math(e, "log10", args, 1);
    case EXPR_ABS:
        return call_math(e, "fabs", args, 1);
    case EXPR_MIN:
        return call_math(e, "fmin", args, 2);
    case EXPR_MAX:
        return call_math(e, "fmax", args, 2);
    case EXPR_EQ:
        return compare(b, LLVMRealOEQ, args);
    case EXPR_NE:
        return compare(b, LLVMRealUNE, args);
    case EXPR_LT:
        return compare(b, LLVMRealOLT, args);
    case EXPR_LE:
        return compare(b, LLVMRealOLE, args);
    case EXPR_GT:
        return compare(b, LLVMRealOGT, args);
    case EXPR_GE:
        return compare(b, LLVMRealOGE, args);
    default:
        BUG("emit", "expression kind %d has no code", kind);
    }
}

static LLVMValueRef build(FormulaBuild *b, const Expr *expr)
{
    LLVMValueRef value = leaf(b, expr);
    if (value != NULL) {
        return value;
    }
    LLVMValueRef args[2] = {build(b, expr->a), expr->b ? build(b, expr->b) : NULL};
    return operation(b, expr->kind, args);
}

static LLVMValueRef emit_function(Formulas *formulas, const Expr *expr)
{
    Emitter *e = formulas->e;
    char *name = str_format(e->arena, "formula%u", formulas->exprs.count);
    LLVMTypeRef type = LLVMFunctionType(e->t_double, &e->t_ptr, 1, 0);
    LLVMValueRef function = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    LLVMPositionBuilderAtEnd(e->builder,
                             LLVMAppendBasicBlockInContext(e->context, function, "entry"));
    LLVMTypeRef fields[] = {e->t_ptr,    e->t_double, e->t_double,
                            e->t_double, e->t_double, e->t_double};
    FormulaBuild b = {e, LLVMGetParam(function, 0),
                      LLVMStructTypeInContext(e->context, fields, 6, 0)};
    LLVMBuildRet(e->builder, build(&b, expr));
    return function;
}

LLVMValueRef emit_formula(Formulas *formulas, const Expr *expr)
{
    if (expr == NULL) {
        return LLVMConstPointerNull(formulas->e->t_ptr);
    }
    for (uint32_t i = 0; i < formulas->exprs.count; i++) {
        if (expr_equal(formulas->exprs.items[i], expr)) {
            return formulas->functions.items[i];
        }
    }
    LLVMValueRef function = emit_function(formulas, expr);
    vec_push(formulas->e->arena, &formulas->exprs, expr);
    vec_push(formulas->e->arena, &formulas->functions, function);
    return function;
}
