/* SPDX-License-Identifier: Apache-2.0
 *
 * `alpha`: the scale of a branch; a formula by layer, trained, or found by theory.
 */
#include "sema/scale.h"

#include <math.h>

static bool read_learned(Context *ctx, const Ast *ast, Tensor *tensor, bool *channel)
{
    static const char *const shares[] = {"layer", "stack"}, *const pers[] = {"scalar", "channel"};
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, "init share=layer per=scalar abs=false", values)) {
        return false;
    }
    const Expr *start = eval_scalar(ctx, values[0], ALLOW_BLOCK, "the start of `learned`");
    int share = values[1] ? eval_word(ctx, values[1], "`share`", shares, LENGTH(shares)) : 0;
    int per = values[2] ? eval_word(ctx, values[2], "`per`", pers, LENGTH(pers)) : 0;
    bool good = start != NULL && share >= 0 && per >= 0;
    if (values[3] != NULL) {
        good = eval_bool(ctx, values[3], "`abs`", &tensor->absolute) && good;
    }
    tensor->law = (Law){RN_LAW_FORMULA, start};
    tensor->shared = share == 1;
    *channel = per == 1;
    return good;
}

static void learned_alpha(Context *ctx, Scope *scope, const Ast *ast, Branch *branch,
                          const char *name)
{
    bool channel = false;
    Tensor *tensor = add_tensor(ctx, scope, NULL, name, RN_ROLE_ALPHA);
    tensor->span = ast->span;
    if (!read_learned(ctx, ast, tensor, &channel) ||
        !check_scale(ctx, ast->span,
                     &(Scale){.formula = tensor->law.scale,
                              .stack = scope->stack,
                              .what = "the start of alpha"})) {
        return;
    }
    const Shape *shape = &scope->stack->shape;
    if (channel && shape->rank > 0) {
        set_dims(tensor, 1, &shape->dim[shape->rank - 1]);
    }
    branch->alpha = tensor;
    branch->value = tensor->law.scale;
    branch->learned = true;
}

/* What the scale will be is theory's to say, when depth and laws have values. */
static void optimal_alpha(Context *ctx, Scope *scope, const Ast *ast, Branch *branch,
                          const char *name)
{
    static const char *const responses[] = {"pair", "single"};
    const Ast *values[ARGUMENTS_MAX];
    Tensor *tensor = add_tensor(ctx, scope, NULL, name, RN_ROLE_DERIVED);
    tensor->span = ast->span;
    tensor->law = (Law){RN_LAW_OPTIMAL, NULL};
    branch->alpha = tensor;
    branch->optimal = RN_OPTIMAL_PAIR;
    branch->norm = number_at(ctx, 1);
    branch->overlap = number_at(ctx, 0);
    if (!bind_arguments(ctx, ast, "response= norm=1 overlap=0", values)) {
        return;
    }
    Range positive = {0, HUGE_VAL, true, false}, cosine = {-1, 1, false, false};
    if (eval_word(ctx, values[0], "`response`", responses, 2) == 1) {
        branch->optimal = RN_OPTIMAL_SINGLE;
    }
    if (values[1] != NULL) {
        branch->norm = eval_ranged(ctx, values[1], ALLOW_PARAMS, "`norm`", positive);
    }
    if (values[2] != NULL) {
        branch->overlap = eval_ranged(ctx, values[2], ALLOW_PARAMS, "`overlap`", cosine);
    }
}

static void formula_alpha(Context *ctx, Scope *scope, const Ast *ast, Branch *branch,
                          const char *name)
{
    const Expr *e = eval_scalar(ctx, ast, ALLOW_BLOCK, "alpha");
    if (e == NULL || !check_scale(ctx, ast->span,
                                  &(Scale){.formula = e, .stack = scope->stack, .what = "alpha"})) {
        return;
    }
    branch->value = e;
    if (expr_is_number(e) && e->number == 1) {
        return;
    }
    Tensor *tensor = add_tensor(ctx, scope, NULL, name, RN_ROLE_DERIVED);
    tensor->span = ast->span;
    tensor->law = (Law){RN_LAW_FORMULA, e};
    branch->alpha = tensor;
}

void elaborate_alpha(Context *ctx, Scope *scope, const Ast *statement, Branch *branch,
                     const char *name)
{
    branch->value = number_at(ctx, 1);
    const Ast *value = single_value(ctx, statement);
    if (value == NULL) {
        return;
    }
    if (is_call(value) && str_equal(value->text, "learned")) {
        learned_alpha(ctx, scope, value, branch, name);
    } else if (is_call(value) && str_equal(value->text, "optimal")) {
        optimal_alpha(ctx, scope, value, branch, name);
    } else {
        formula_alpha(ctx, scope, value, branch, name);
    }
}
