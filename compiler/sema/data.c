/* SPDX-License-Identifier: Apache-2.0
 *
 * `data` and `loss`: where samples come from, and whether the network fits those whose shape is
 * known. The others are checked by the program when it has read them.
 */
#include "sema/context.h"

#include <math.h>

static const char *const kinds[] = {
#define X(tag, name) name,
    RN_DATA_KINDS(X)
#undef X
};

static const char *optional_string(Context *ctx, const Ast *value, const char *what)
{
    return value ? eval_string(ctx, value, what) : NULL;
}

static void read_files(Context *ctx, const Ast *ast, const Ast *const *values, Data *data)
{
    data->images = optional_string(ctx, values[0], "a file name");
    data->labels = optional_string(ctx, values[1], "a file name");
    data->test_images = optional_string(ctx, values[2], "a file name");
    data->test_labels = optional_string(ctx, values[3], "a file name");
    if ((values[2] == NULL) != (values[3] == NULL)) {
        diag_report(ctx->diag, E_MISSING_ARGUMENT, ast->span,
                    "the test set of `%s` wants both of its files", ast->text);
    }
}

static void read_csv(Context *ctx, const Ast *const *values, Data *data)
{
    static const char *const missing[] = {"mean"};
    data->path = eval_string(ctx, values[0], "the file of `csv`");
    data->target = eval_string(ctx, values[1], "`target`");
    data->skip = optional_string(ctx, values[2], "`skip`");
    data->header = true;
    data->target_unit = 1;
    data->header_stated = values[3] != NULL;
    if (data->header_stated) {
        eval_bool(ctx, values[3], "`header`", &data->header);
    }
    if (values[4] != NULL) {
        data->missing_mean = eval_word(ctx, values[4], "`missing`", missing, 1) == 0;
    }
    if (values[5] != NULL) {
        const Expr *e =
            eval_ranged(ctx, values[5], 0, "`target_unit`", (Range){0, HUGE_VAL, true, false});
        data->target_unit = e ? e->number : 1;
    }
}

static void size_or(Context *ctx, const Ast *value, const char *what, int64_t otherwise,
                    int64_t *out)
{
    *out = otherwise;
    if (value != NULL) {
        eval_size(ctx, value, what, 1, out);
    }
}

static void read_copy(Context *ctx, const Ast *ast, const Ast *const *values)
{
    int64_t number;
    size_or(ctx, values[0], "`symbols` of `copy`", 8, &number);
    size_or(ctx, values[1], "`length` of `copy`", 10, &number);
    size_or(ctx, values[2], "`delay` of `copy`", 1, &number);
    unsupported(ctx, "the data `copy` is", ast->span);
}

static void read_bounds(Context *ctx, const Ast *const *values, const Expr **low, const Expr **high)
{
    *low = eval_scalar(ctx, values[0], ALLOW_PARAMS, "the lower bound of `uniform`");
    *high = eval_scalar(ctx, values[1], ALLOW_PARAMS, "the upper bound of `uniform`");
    bool known = *low && *high && expr_is_number(*low) && expr_is_number(*high);
    if (known && (*low)->number > (*high)->number) {
        diag_report(ctx->diag, E_VALUE_RANGE, span_join(values[0]->span, values[1]->span),
                    "the lower bound of `uniform` is %g, greater than the upper one, %g",
                    (*low)->number, (*high)->number);
    }
}

static void read_details(Context *ctx, const Ast *ast, const Ast *const *values, Data *data)
{
    switch (data->kind) {
    case RN_DATA_IDX:
    case RN_DATA_NPY:
        read_files(ctx, ast, values, data);
        break;
    case RN_DATA_CSV:
        read_csv(ctx, values, data);
        break;
    case RN_DATA_ROTATION:
        size_or(ctx, values[0], "`dim` of `rotation`", 1, &data->dim);
        size_or(ctx, values[1], "`train` of `rotation`", 1024, &data->train);
        size_or(ctx, values[2], "`test` of `rotation`", 256, &data->test);
        break;
    case RN_DATA_GAUSSIAN:
        data->overlap = values[0] ? eval_ranged(ctx, values[0], ALLOW_PARAMS, "`overlap`",
                                                (Range){-1, 1, false, false})
                                  : NULL;
        break;
    case RN_DATA_UNIFORM:
        read_bounds(ctx, values, &data->low, &data->high);
        break;
    case RN_DATA_ADDING:
        size_or(ctx, values[0], "`steps` of `adding`", 1, &data->steps);
        unsupported(ctx, "the data `adding` is", ast->span);
        break;
    case RN_DATA_COPY:
        read_copy(ctx, ast, values);
        break;
    default:
        break;
    }
}

static const char *data_spec(RnDataKind kind)
{
    switch (kind) {
    case RN_DATA_IDX:
        return "images= labels= test_images=- test_labels=-";
    case RN_DATA_CSV:
        return "file target= skip=- header=true missing=- target_unit=1";
    case RN_DATA_NPY:
        return "inputs targets? test_inputs=- test_targets=-";
    case RN_DATA_ROTATION:
        return "dim train=1024 test=256";
    case RN_DATA_GAUSSIAN:
        return "overlap=-";
    case RN_DATA_UNIFORM:
        return "low high";
    case RN_DATA_ADDING:
        return "steps";
    case RN_DATA_COPY:
        return "symbols=8 length=10 delay=";
    default:
        return "";
    }
}

static void check_targets(Context *ctx, const Data *data, const Ast *ast)
{
    bool none = data->kind == RN_DATA_GAUSSIAN || data->kind == RN_DATA_UNIFORM ||
                (data->kind == RN_DATA_NPY && data->labels == NULL);
    if (none) {
        diag_report(ctx->diag, E_COMBINATION, ast->span,
                    "`%s` has inputs only, and nothing to train on", ast->text);
    }
}

void read_data(Context *ctx, const Ast *statement, Data *data, bool in_train)
{
    const Ast *value = single_value(ctx, statement);
    if (value == NULL) {
        return;
    }
    int kind = eval_word(ctx, value, "`data`", kinds + 1, LENGTH(kinds) - 1);
    const Ast *values[ARGUMENTS_MAX];
    if (kind < 0) {
        return;
    }
    data->kind = (RnDataKind)(kind + 1);
    data->span = value->span;
    if (!bind_arguments(ctx, value, data_spec(data->kind), values)) {
        data->kind = RN_DATA_NONE;
        return;
    }
    read_details(ctx, value, values, data);
    if (in_train) {
        check_targets(ctx, data, value);
    }
}

static void read_target(Context *ctx, const Ast *ast, LossSpec *loss)
{
    static const char *const laws[] = {"uniform"};
    const Ast *values[ARGUMENTS_MAX];
    if (eval_word(ctx, ast, "`target`", laws, 1) == 0 &&
        bind_arguments(ctx, ast, "low high", values)) {
        read_bounds(ctx, values, &loss->target_low, &loss->target_high);
    }
}

void read_loss(Context *ctx, const Ast *statement, LossSpec *loss, bool in_train)
{
    static const char *const words[] = {"cross_entropy", "mse"};
    const Ast *value = single_value(ctx, statement);
    int word = value ? eval_word(ctx, value, "`loss`", words, LENGTH(words)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    if (word < 0) {
        return;
    }
    loss->kind = word == 0 ? RN_LOSS_CROSS_ENTROPY : RN_LOSS_MSE;
    loss->span = value->span;
    bool drawn = word == 1 && !in_train;
    if (bind_arguments(ctx, value, drawn ? "target=-" : "", values) && values[0] != NULL) {
        read_target(ctx, values[0], loss);
    }
}

static bool fits_images(const Shape *shape, int64_t channels, int64_t side)
{
    Shape grey = {2, {side, side}}, full = {3, {channels, side, side}};
    return shape_equal(shape, &full) || (channels == 1 && shape_equal(shape, &grey));
}

static void wrong_input(Context *ctx, const Data *data, const char *wanted)
{
    Diag *d = diag_report(ctx->diag, E_DATA_SHAPE, data->span,
                          "the samples of `%s` have the shape %s, but the model's input has %s",
                          kinds[data->kind], wanted, shape_text(ctx->arena, &ctx->model->input));
    diag_hint(ctx->diag, d, "begin the model with `input x%s`", wanted);
}

static void check_outputs(Context *ctx, const Data *data, int64_t wanted, const char *what)
{
    const Shape *output = &ctx->model->output;
    if (output->rank == 0 || (output->rank == 1 && output->dim[0] == wanted)) {
        return;
    }
    Diag *d =
        diag_report(ctx->diag, E_DATA_SHAPE, data->span,
                    "`%s` has %lld %s, but the model's output has the shape %s", kinds[data->kind],
                    (long long)wanted, what, shape_text(ctx->arena, output));
    diag_hint(ctx->diag, d, "end the model with `dense(%lld)`", (long long)wanted);
}

static void check_images(Context *ctx, const Data *data, RnLossKind loss)
{
    bool colour = data->kind == RN_DATA_CIFAR10;
    if (!fits_images(&ctx->model->input, colour ? 3 : 1, colour ? 32 : 28)) {
        wrong_input(ctx, data, colour ? "[3, 32, 32]" : "[28, 28]");
    }
    if (loss != RN_LOSS_NONE) {
        check_outputs(ctx, data, 10, "classes");
    }
}

/* `target` names one column. */
static void check_csv(Context *ctx, const Data *data, RnLossKind loss)
{
    const Shape *output = &ctx->model->output;
    if (loss == RN_LOSS_MSE && output->rank != 0 && shape_size(output) != 1) {
        check_outputs(ctx, data, 1, "target a sample");
    }
}

/* `loss` is NONE where the outputs do not matter. */
void check_data(Context *ctx, const Data *data, RnLossKind loss)
{
    const Shape *input = &ctx->model->input;
    if (input->rank == 0) {
        return;
    }
    Shape wanted = {1, {data->dim}};
    switch (data->kind) {
    case RN_DATA_FASHION_MNIST:
    case RN_DATA_MNIST:
    case RN_DATA_CIFAR10:
        check_images(ctx, data, loss);
        break;
    case RN_DATA_ROTATION:
        if (!shape_equal(input, &wanted)) {
            wrong_input(ctx, data, shape_text(ctx->arena, &wanted));
        }
        if (loss != RN_LOSS_NONE) {
            check_outputs(ctx, data, data->dim, "targets a sample");
        }
        break;
    case RN_DATA_CSV:
        check_csv(ctx, data, loss);
        break;
    case RN_DATA_ADDING:
        wanted = (Shape){2, {data->steps, 2}};
        if (!shape_equal(input, &wanted)) {
            wrong_input(ctx, data, shape_text(ctx->arena, &wanted));
        }
        break;
    default:
        break;
    }
}

/* Of a probe or a sweep; without a loss of its own it has that of `train`. */
void check_probe_data(Context *ctx, const Data *data, const LossSpec *loss)
{
    const Train *train = ctx->model->train;
    RnLossKind kind = loss->kind != RN_LOSS_NONE ? loss->kind
                      : train != NULL            ? train->loss.kind
                                                 : RN_LOSS_NONE;
    bool fixed = data->kind == RN_DATA_CSV && loss->target_low == NULL;
    check_data(ctx, data, fixed ? kind : RN_LOSS_NONE);
}
