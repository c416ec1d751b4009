/* SPDX-License-Identifier: Apache-2.0
 *
 * `train`: all statements to one Train, defaults filled in.
 *
 * Defaults: constant schedule, batch 128, epochs 10, seed 1, no clipping, no validation set.
 */
#include "sema/context.h"

#include <math.h>

/* What has no default; all that is missing in one message. */
static void check_required(Context *ctx, const Statements *statements, const Ast *block)
{
    static const char *const examples[][2] = {
        {"data", "fashion_mnist"}, {"loss", "cross_entropy"}, {"optimizer", "adam(lr = 1e-3)"}};
    Text words = {.arena = ctx->arena}, example = {.arena = ctx->arena};
    bool missing = false;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        if (single_statement(ctx, statements, examples[i][0]) == NULL) {
            text_append(&words, "%s`%s`", missing ? " and " : "", examples[i][0]);
            text_append(&example, "%s%s %s", missing ? "; " : "", examples[i][0], examples[i][1]);
            missing = true;
        }
    }
    if (missing && !ctx->lost) {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, block->name_span, "`train` wants %s",
                              words.data);
        diag_hint(ctx->diag, d, "write, for example, `%s`", example.data);
    }
}

static const Expr *read_count(Context *ctx, const Statements *statements, const char *keyword,
                              int least, double otherwise)
{
    const Ast *value = single_value(ctx, single_statement(ctx, statements, keyword));
    const char *what = str_format(ctx->arena, "`%s`", keyword);
    const Expr *e = value ? eval_count(ctx, value, what, least) : NULL;
    return e == NULL && otherwise > 0 ? number_at(ctx, otherwise) : e;
}

static const Expr *read_positive(Context *ctx, const Statements *statements, const char *keyword,
                                 Range range)
{
    const Ast *value = single_value(ctx, single_statement(ctx, statements, keyword));
    const char *what = str_format(ctx->arena, "`%s`", keyword);
    return value ? eval_ranged(ctx, value, ALLOW_PARAMS, what, range) : NULL;
}

/* Seeds may be as long as doubles are exact. */
static const Expr *read_seed(Context *ctx, const Statements *statements)
{
    const Ast *value = single_value(ctx, single_statement(ctx, statements, "seed"));
    Range range = {0, 0x1p53, false, false};
    const Expr *e = value ? eval_ranged(ctx, value, ALLOW_PARAMS | WHOLE, "`seed`", range) : NULL;
    if (e != NULL && expr_is_number(e) && e->number != floor(e->number)) {
        diag_report(ctx->diag, E_INTEGER, value->span, "`seed` is %g, but must be an integer",
                    e->number);
    }
    mark_integer(ctx, e);
    return e ? e : number_at(ctx, 1);
}

static void read_stop_part(Context *ctx, const Ast *part, Train *train)
{
    bool bound = part->kind == AST_BINARY && part->op == AST_OP_LT &&
                 part->first->kind == AST_NAME && str_equal(part->first->text, "loss");
    const Ast *values[ARGUMENTS_MAX];
    const Expr **slot = bound ? &train->stop_loss : &train->patience;
    const Expr *before = *slot;
    if (bound) {
        *slot = eval_ranged(ctx, part->first->next, ALLOW_PARAMS, "the bound of the loss",
                            (Range){0, HUGE_VAL, true, false});
    } else if (part->kind == AST_CALL && str_equal(part->text, "patience")) {
        if (bind_arguments(ctx, part, "epochs", values)) {
            *slot = eval_count(ctx, values[0], "`patience`, in epochs,", 1);
        }
    } else if (part->kind != AST_ERROR) {
        diag_report(ctx->diag, E_UNKNOWN_VALUE, part->span,
                    "`stop` takes `loss < …` and `patience(…)`");
    }
    if (before != NULL) {
        diag_report(ctx->diag, E_DUPLICATE_ARGUMENT, part->span, "`stop` states this twice");
    }
}

static void read_stop(Context *ctx, const Ast *statement, Train *train)
{
    const Ast *part = statement ? statement->first : NULL;
    for (; part != NULL; part = part->next) {
        read_stop_part(ctx, part, train);
    }
}

static bool has_test_set(const Data *data)
{
    switch (data->kind) {
    case RN_DATA_FASHION_MNIST:
    case RN_DATA_MNIST:
    case RN_DATA_CIFAR10:
    case RN_DATA_ROTATION:
    case RN_DATA_ADDING:
    case RN_DATA_COPY:
        return true;
    default:
        return data->test_images != NULL;
    }
}

static void read_shares(Context *ctx, const Statements *statements, Train *train)
{
    Range share = {0, 1, true, true};
    train->validation = read_positive(ctx, statements, "validation", share);
    train->test = read_positive(ctx, statements, "test", share);
    if (train->test != NULL && has_test_set(&train->data)) {
        Diag *d = diag_report(ctx->diag, E_COMBINATION, train->test->span,
                              "`test` holds samples out, but the data has a test set of its own");
        diag_label(ctx->diag, d, train->data.span, "this data");
    }
}

static void read_length(Context *ctx, const Statements *statements, Train *train)
{
    const Ast *epochs = single_statement(ctx, statements, "epochs");
    const Ast *iterations = single_statement(ctx, statements, "iterations");
    train->epochs = read_count(ctx, statements, "epochs", 0, 10);
    train->iterations = read_count(ctx, statements, "iterations", 0, 0);
    if (epochs != NULL && iterations != NULL) {
        Diag *d = diag_report(ctx->diag, E_COMBINATION, iterations->span,
                              "`epochs` and `iterations` exclude each other");
        diag_label(ctx->diag, d, epochs->span, "the other one is here");
    }
}

static void check_loss(Context *ctx, const Train *train)
{
    const Shape *output = &ctx->model->output;
    if (train->loss.kind == RN_LOSS_CROSS_ENTROPY) {
        if (output->rank != 0 && (output->rank != 1 || output->dim[0] < 2)) {
            Diag *d = diag_report(ctx->diag, E_DATA_SHAPE, train->loss.span,
                                  "`cross_entropy` wants one output a class, but the model's "
                                  "output has the shape %s",
                                  shape_text(ctx->arena, output));
            diag_hint(ctx->diag, d, "end the model with `dense(N)`, N the number of classes");
        } else if (train->data.kind == RN_DATA_ROTATION || train->data.kind == RN_DATA_ADDING) {
            Diag *d = diag_report(ctx->diag, E_COMBINATION, train->loss.span,
                                  "`cross_entropy` wants classes, but the targets are numbers");
            diag_label(ctx->diag, d, train->data.span, "the targets of this data");
            return;
        }
    }
    check_data(ctx, &train->data,
               output->rank == 1 || train->loss.kind == RN_LOSS_MSE ? train->loss.kind
                                                                    : RN_LOSS_NONE);
}

static void check_trainable(Context *ctx, const Ast *block)
{
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        if (ctx->model->tensors.items[i]->trainable) {
            return;
        }
    }
    if (!ctx->poisoned) {
        diag_report(ctx->diag, E_COMBINATION, block->name_span,
                    "the model has nothing that `train` could train");
    }
}

void elaborate_train(Context *ctx, const Ast *block)
{
    Train *train = ARENA_NEW(ctx->arena, Train);
    train->span = block->name_span;
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    reject_bare(ctx, &statements, "train");
    check_required(ctx, &statements, block);
    read_data(ctx, single_statement(ctx, &statements, "data"), &train->data, true);
    read_loss(ctx, single_statement(ctx, &statements, "loss"), &train->loss, true);
    read_optimizer(ctx, single_statement(ctx, &statements, "optimizer"), &train->optimizer);
    read_schedule(ctx, single_statement(ctx, &statements, "schedule"), &train->schedule);
    train->clip = read_positive(ctx, &statements, "clip", (Range){0, HUGE_VAL, true, false});
    train->batch = read_count(ctx, &statements, "batch", 1, 128);
    read_length(ctx, &statements, train);
    read_shares(ctx, &statements, train);
    read_stop(ctx, single_statement(ctx, &statements, "stop"), train);
    train->seed = read_seed(ctx, &statements);
    read_rules(ctx, &statements, &train->optimizer);
    read_transfer(ctx, single_statement(ctx, &statements, "transfer"), train);
    check_loss(ctx, train);
    check_trainable(ctx, block);
    ctx->model->train = train;
}
