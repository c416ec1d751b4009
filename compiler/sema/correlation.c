/* SPDX-License-Identifier: Apache-2.0
 *
 * `correlation`: the law of weights along depth.
 */
#include "sema/context.h"

#include <math.h>

static const char *const words[] = {"iid", "fbm", "gp", "constant"};
static const char *const kernels[] = {"rbf", "ou", "matern32"};

static bool read_fbm(Context *ctx, const Ast *ast, Correlation *correlation)
{
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, "hurst=", values)) {
        return false;
    }
    correlation->kind = RN_CORRELATION_FBM;
    correlation->parameter = eval_ranged(ctx, values[0], ALLOW_PARAMS | ALLOW_DEPTH,
                                         "the Hurst exponent", (Range){0, 1, true, true});
    return correlation->parameter != NULL;
}

static bool read_gp(Context *ctx, const Ast *ast, Correlation *correlation)
{
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, "kernel length= of=values", values)) {
        return false;
    }
    static const char *const paths[] = {"values", "increments"};
    int kernel = eval_word(ctx, values[0], "the kernel of `gp`", kernels, LENGTH(kernels));
    int path = values[2] ? eval_word(ctx, values[2], "`of`", paths, LENGTH(paths)) : 0;
    correlation->parameter = eval_ranged(ctx, values[1], ALLOW_PARAMS | ALLOW_DEPTH,
                                         "the length of `gp`", (Range){0, HUGE_VAL, true, false});
    if (kernel < 0 || path < 0 || correlation->parameter == NULL) {
        return false;
    }
    correlation->kind = (RnCorrelationKind)(RN_CORRELATION_GP_RBF + kernel);
    correlation->increments = path == 1;
    return true;
}

bool read_correlation(Context *ctx, const Ast *ast, Correlation *correlation)
{
    const Ast *values[ARGUMENTS_MAX];
    *correlation = (Correlation){0};
    switch (eval_word(ctx, ast, "`correlation`", words, LENGTH(words))) {
    case 0:
        correlation->kind = RN_CORRELATION_IID;
        return bind_arguments(ctx, ast, "", values);
    case 1:
        return read_fbm(ctx, ast, correlation);
    case 2:
        return read_gp(ctx, ast, correlation);
    case 3:
        correlation->kind = RN_CORRELATION_CONSTANT;
        return bind_arguments(ctx, ast, "", values);
    default:
        return false;
    }
}
