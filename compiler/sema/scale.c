/* SPDX-License-Identifier: Apache-2.0
 *
 * Formulas by layer, at the params' defaults: each value must be a number that the reals hold.
 */
#include "sema/scale.h"

#include <math.h>

/* Beyond, only the last layer: a deeper network is checked when it starts. */
static const double checked_layers = 100000;

/* A number so small that a float is 0 would leave the layer without its branch or weights; one that
 * falls by layer may fall that far. */
static bool is_held(const Context *ctx, const Scale *scale, const ExprPlace *place)
{
    double value = expr_evaluate(scale->formula, place);
    if (ctx->model->is_double) {
        return isfinite(value);
    }
    bool vanishes = value != 0 && (float)value == 0 && !expr_uses(scale->formula, EXPR_LAYER);
    return isfinite((float)value) && !vanishes;
}

/* The first layer whose value is not held, in which the place is left; or 0. */
static double find_bad(const Context *ctx, const Scale *scale, ExprPlace *place)
{
    double last = expr_uses(scale->formula, EXPR_LAYER) ? place->depth : 1;
    bool deep = last > checked_layers;
    double end = deep ? checked_layers : last;
    for (place->layer = 1; place->layer <= end; place->layer++) {
        if (!is_held(ctx, scale, place)) {
            return place->layer;
        }
    }
    place->layer = last;
    return deep && !is_held(ctx, scale, place) ? last : 0;
}

static bool uses_params(const Scale *scale)
{
    bool by_depth = expr_uses(scale->formula, EXPR_DEPTH) || expr_uses(scale->formula, EXPR_LAYER);
    const Expr *depth = by_depth && scale->stack ? scale->stack->depth : NULL;
    return expr_params(scale->formula) != 0 || (depth != NULL && expr_params(depth) != 0);
}

static const char *value_text(Context *ctx, double value)
{
    if (isnan(value)) {
        return "not a number";
    }
    if (isinf(value)) {
        return value > 0 ? "infinite" : "minus infinity";
    }
    return str_format(ctx->arena, "%.6g", value);
}

bool check_scale(Context *ctx, Span span, const Scale *scale)
{
    const Tensor *tensor = scale->tensor;
    ExprPlace place = {.params = param_defaults(ctx->arena, ctx->model),
                       .depth = default_depth(ctx, scale->stack),
                       .fan_in = tensor ? tensor->fan_in : 0,
                       .fan_out = tensor ? tensor->fan_out : 0};
    double layer = find_bad(ctx, scale, &place);
    if (layer == 0) {
        return true;
    }
    double value = expr_evaluate(scale->formula, &place);
    bool by_layer = expr_uses(scale->formula, EXPR_LAYER);
    const char *where = by_layer ? str_format(ctx->arena, " in layer %.0f", layer) : "";
    Diag *d = diag_report(ctx->diag, E_NOT_FINITE, span, "%s is %s%s%s%s", scale->what,
                          value_text(ctx, value), where,
                          uses_params(scale) ? " with the params at their defaults" : "",
                          isfinite(value) ? ", which float32 does not hold" : "");
    if (isfinite(value)) {
        diag_hint(ctx->diag, d, "write a %s number, or `precision float64`",
                  fabs(value) > 1 ? "smaller" : "greater");
    } else if (isnan(value) && scale->hint) {
        diag_hint(ctx->diag, d, "%s", scale->hint);
    }
    return false;
}
