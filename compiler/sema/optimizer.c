/* SPDX-License-Identifier: Apache-2.0
 *
 * `optimizer`, `schedule`, the rules `lr`, `eps` and `decay` of groups, and `transfer`.
 *
 * Defaults are PyTorch's. The smoothing constant `alpha` of rmsprop is kept as beta2.
 */
#include "sema/context.h"

#include <math.h>
#include <stddef.h>

static const char *const names[] = {
#define X(tag, name) name,
    RN_OPTIMIZERS(X)
#undef X
};

static const Range not_negative = {0, HUGE_VAL, false, false};

/* The value given for `name`, or the default. */
typedef struct Setting {
    const char *name;
    double otherwise;
    Range range;
    size_t offset; /* of the Expr in Optimizer */
} Setting;

#define AT(field) offsetof(Optimizer, field)
static const Setting settings[RN_OPTIMIZER_COUNT][6] = {
    [RN_OPTIMIZER_SGD] = {{"lr", 0, {0, HUGE_VAL, false, false}, AT(rate)},
                          {"momentum", 0, {0, 1, false, true}, AT(momentum)},
                          {"weight_decay", 0, {0, HUGE_VAL, false, false}, AT(decay)}},
    [RN_OPTIMIZER_ADAM] = {{"lr", 1e-3, {0, HUGE_VAL, false, false}, AT(rate)},
                           {"beta1", 0.9, {0, 1, false, true}, AT(beta1)},
                           {"beta2", 0.999, {0, 1, false, true}, AT(beta2)},
                           {"eps", 1e-8, {0, HUGE_VAL, false, false}, AT(epsilon)},
                           {"weight_decay", 0, {0, HUGE_VAL, false, false}, AT(decay)}},
    [RN_OPTIMIZER_ADAMW] = {{"lr", 1e-3, {0, HUGE_VAL, false, false}, AT(rate)},
                            {"beta1", 0.9, {0, 1, false, true}, AT(beta1)},
                            {"beta2", 0.999, {0, 1, false, true}, AT(beta2)},
                            {"eps", 1e-8, {0, HUGE_VAL, false, false}, AT(epsilon)},
                            {"weight_decay", 0.01, {0, HUGE_VAL, false, false}, AT(decay)}},
    [RN_OPTIMIZER_RMSPROP] = {{"lr", 1e-2, {0, HUGE_VAL, false, false}, AT(rate)},
                              {"alpha", 0.99, {0, 1, false, true}, AT(beta2)},
                              {"eps", 1e-8, {0, HUGE_VAL, false, false}, AT(epsilon)},
                              {"momentum", 0, {0, 1, false, true}, AT(momentum)},
                              {"weight_decay", 0, {0, HUGE_VAL, false, false}, AT(decay)}},
    [RN_OPTIMIZER_ADAGRAD] = {{"lr", 1e-2, {0, HUGE_VAL, false, false}, AT(rate)},
                              {"eps", 1e-10, {0, HUGE_VAL, false, false}, AT(epsilon)},
                              {"weight_decay", 0, {0, HUGE_VAL, false, false}, AT(decay)}},
};
#undef AT

/* "lr? beta1=d …" for bind_arguments; `nesterov` is sgd's and comes last. */
static const char *settings_spec(Context *ctx, RnOptimizerKind kind)
{
    Text spec = {.arena = ctx->arena};
    text_append(&spec, kind == RN_OPTIMIZER_SGD ? "lr" : "lr?");
    for (int i = 1; i < 6 && settings[kind][i].name != NULL; i++) {
        text_append(&spec, " %s=d", settings[kind][i].name);
    }
    text_append(&spec, kind == RN_OPTIMIZER_SGD ? " nesterov=d" : "");
    return spec.data;
}

static void read_setting(Context *ctx, const Setting *setting, const Ast *value,
                         Optimizer *optimizer)
{
    const Expr *e = NULL;
    if (value != NULL) {
        const char *what = str_format(ctx->arena, "`%s`", setting->name);
        e = eval_ranged(ctx, value, ALLOW_PARAMS, what, setting->range);
    }
    e = e ? e : number_at(ctx, setting->otherwise);
    memcpy((char *)optimizer + setting->offset, &e, sizeof e);
}

static void read_nesterov(Context *ctx, const Ast *value, Optimizer *optimizer)
{
    if (value == NULL || !eval_bool(ctx, value, "`nesterov`", &optimizer->nesterov)) {
        return;
    }
    const Expr *momentum = optimizer->momentum;
    if (optimizer->nesterov && expr_is_number(momentum) && momentum->number == 0) {
        diag_report(ctx->diag, E_COMBINATION, value->span, "`nesterov` wants a momentum above 0");
    }
}

static void default_settings(Context *ctx, Optimizer *optimizer)
{
    const Expr *zero = number_at(ctx, 0);
    optimizer->rate = optimizer->momentum = optimizer->beta1 = zero;
    optimizer->beta2 = optimizer->epsilon = optimizer->decay = zero;
}

void read_optimizer(Context *ctx, const Ast *statement, Optimizer *optimizer)
{
    default_settings(ctx, optimizer);
    const Ast *value = single_value(ctx, statement);
    int kind = value ? eval_word(ctx, value, "`optimizer`", names, LENGTH(names)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    if (kind < 0) {
        return;
    }
    optimizer->kind = (RnOptimizerKind)kind;
    if (!bind_arguments(ctx, value, settings_spec(ctx, optimizer->kind), values)) {
        return;
    }
    int count = 0;
    for (; count < 6 && settings[kind][count].name != NULL; count++) {
        read_setting(ctx, &settings[kind][count], values[count], optimizer);
    }
    if (kind == RN_OPTIMIZER_SGD) {
        read_nesterov(ctx, values[count], optimizer);
    }
}

void read_schedule(Context *ctx, const Ast *statement, Schedule *schedule)
{
    static const char *const words[] = {"constant", "step", "cosine", "linear"};
    static const char *const specs[] = {"", "every= factor=", "warmup=0", "warmup=0"};
    schedule->kind = RN_SCHEDULE_CONSTANT;
    schedule->warmup = number_at(ctx, 0);
    const Ast *value = single_value(ctx, statement);
    int word = value ? eval_word(ctx, value, "`schedule`", words, LENGTH(words)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    if (word < 0 || !bind_arguments(ctx, value, specs[word], values)) {
        return;
    }
    schedule->kind = (RnScheduleKind)word;
    if (word == RN_SCHEDULE_STEP) {
        schedule->every = eval_count(ctx, values[0], "`every`, in epochs,", 1);
        schedule->factor = eval_ranged(ctx, values[1], ALLOW_PARAMS, "`factor`", not_negative);
    } else if (word != RN_SCHEDULE_CONSTANT && values[0] != NULL) {
        const Expr *warmup = eval_count(ctx, values[0], "`warmup`, in steps,", 0);
        schedule->warmup = warmup ? warmup : schedule->warmup;
    }
}

static const Expr **rule_slot(Tensor *tensor, const char *keyword)
{
    return str_equal(keyword, "lr")    ? &tensor->rules.rate
           : str_equal(keyword, "eps") ? &tensor->rules.epsilon
                                       : &tensor->rules.decay;
}

/* A group is a label, `alpha`, or a block. */
static bool in_group(const Context *ctx, const Tensor *tensor, const char *group)
{
    if (tensor->role > RN_ROLE_ALPHA) {
        return false;
    }
    if (tensor->role == RN_ROLE_ALPHA && str_equal(group, "alpha")) {
        return true;
    }
    const Layer *layer = ctx->notes.items[tensor->index].layer;
    return (layer != NULL && layer->label != NULL && str_equal(layer->label, group)) ||
           (tensor->stack != NULL && str_equal(tensor->stack->name, group));
}

static void unknown_group(Context *ctx, const Ast *statement)
{
    VEC(const char *) known = {0};
    bool exists = false;
    vec_push(ctx->arena, &known, "alpha");
    for (uint32_t i = 0; i < ctx->scopes.count; i++) {
        const Scope *scope = ctx->scopes.items[i];
        exists |= names_find(&scope->labels, statement->label) >= 0;
        for (uint32_t j = 0; j < scope->layers.count; j++) {
            if (scope->layers.items[j]->label != NULL) {
                vec_push(ctx->arena, &known, scope->layers.items[j]->label);
            }
        }
    }
    if (exists || str_equal(statement->label, "alpha")) {
        diag_report(ctx->diag, E_RULE_TARGET, statement->span, "nothing is trained in `%s`",
                    statement->label);
        return;
    }
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_LABEL, statement->span,
                          "no layer of the model has the label `%s`", statement->label);
    hint_nearest(ctx, d, statement->label, known.items, known.count);
}

static void give_rule(Context *ctx, const Ast *statement, const Ast *value)
{
    bool found = false, in_stacks = true;
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        const Tensor *tensor = ctx->model->tensors.items[i];
        if (in_group(ctx, tensor, statement->label)) {
            found = true;
            in_stacks = in_stacks && tensor->stack != NULL;
        }
    }
    if (!found) {
        unknown_group(ctx, statement);
        return;
    }
    unsigned allows = ALLOW_PARAMS | ALLOW_BASE | (in_stacks ? ALLOW_DEPTH : 0);
    const char *what = str_format(ctx->arena, "the rule `%s`", statement->text);
    const Expr *e = eval_ranged(ctx, value, allows, what, not_negative);
    for (uint32_t i = 0; e != NULL && i < ctx->model->tensors.count; i++) {
        if (in_group(ctx, ctx->model->tensors.items[i], statement->label)) {
            *rule_slot(ctx->model->tensors.items[i], statement->text) = e;
        }
    }
}

static bool has_epsilon(const Optimizer *optimizer)
{
    return optimizer->kind != RN_OPTIMIZER_SGD;
}

static void read_rule(Context *ctx, const Ast *statement, const Optimizer *optimizer)
{
    const Ast *value = single_value(ctx, statement);
    if (statement->label == NULL) {
        Diag *d = diag_report(ctx->diag, E_MISSING_ARGUMENT, statement->span,
                              "`%s` wants the label of a group", statement->text);
        diag_hint(ctx->diag, d, "write `%s W: …`; the optimiser's own value stands in `optimizer`",
                  statement->text);
        return;
    }
    if (str_equal(statement->text, "eps") && !has_epsilon(optimizer)) {
        diag_report(ctx->diag, E_RULE_TARGET, statement->span, "`%s` has no epsilon",
                    names[optimizer->kind]);
        return;
    }
    if (value != NULL) {
        give_rule(ctx, statement, value);
    }
}

void read_rules(Context *ctx, const Statements *statements, const Optimizer *optimizer)
{
    NameTable seen = {0};
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind != AST_STATEMENT ||
            !(str_equal(ast->text, "lr") || str_equal(ast->text, "eps") ||
              str_equal(ast->text, "decay"))) {
            continue;
        }
        const char *key = str_format(ctx->arena, "%s %s", ast->text, ast->label ? ast->label : "");
        if (names_add(ctx->arena, &seen, key, (int)i)) {
            read_rule(ctx, ast, optimizer);
            continue;
        }
        Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, ast->span,
                              "a second `%s` for the same group", ast->text);
        diag_label(ctx->diag, d, statements->items[names_find(&seen, key)]->span,
                   "the first one is here");
    }
}

/* A factor on a rule; NULL stands for base. */
static const Expr *scale_rule(Context *ctx, const Expr *rule, const Expr *factor)
{
    if (factor == NULL || (expr_is_number(factor) && factor->number == 1)) {
        return rule;
    }
    const Expr *base = rule ? rule : expr_leaf(ctx->arena, EXPR_BASE, factor->span);
    return expr_make(ctx->arena, EXPR_MUL, base, factor, factor->span);
}

typedef struct Transfer {
    double exponent; /* A: 1 for completep, 1/2 for depth_mup */
    const Expr *base_depth, *base_width;
    Span span;
} Transfer;

static const Expr *power(Context *ctx, const Expr *base, double exponent, Span span)
{
    if (exponent == 0) {
        return NULL;
    }
    const Expr *e = expr_number(ctx->arena, exponent, span);
    return expr_make(ctx->arena, EXPR_POW, base, e, span);
}

/* With m_L = depth/base depth and m_N = width/base width: rates of hidden weights are multiplied by
 * m_L^(A-1)/m_N, of biases and norms by m_L^(A-1); epsilon by m_L^(-A)/m_N; decay of weights by
 * m_N (Dey et al. 2025, table of CompleteP). */
static void transfer_tensor(Context *ctx, Tensor *tensor, const Transfer *transfer)
{
    Span span = transfer->span;
    const Stack *stack = tensor->stack;
    const Expr *depth = expr_leaf(ctx->arena, EXPR_DEPTH, span);
    const Expr *m_l = expr_make(ctx->arena, EXPR_DIV, depth, transfer->base_depth, span);
    const Expr *m_n = NULL, *per_width = NULL;
    if (transfer->base_width != NULL && stack->shape.rank > 0) {
        double width = (double)stack->shape.dim[stack->shape.rank - 1];
        m_n = expr_make(ctx->arena, EXPR_DIV, expr_number(ctx->arena, width, span),
                        transfer->base_width, span);
        per_width = expr_make(ctx->arena, EXPR_DIV, number_at(ctx, 1), m_n, span);
    }
    Rules *rules = &tensor->rules;
    bool weight = tensor->role == RN_ROLE_WEIGHT;
    rules->rate = scale_rule(ctx, rules->rate, power(ctx, m_l, transfer->exponent - 1, span));
    rules->rate = scale_rule(ctx, rules->rate, weight ? per_width : NULL);
    rules->epsilon = scale_rule(ctx, rules->epsilon, power(ctx, m_l, -transfer->exponent, span));
    rules->epsilon = scale_rule(ctx, rules->epsilon, per_width);
    rules->decay = scale_rule(ctx, rules->decay, weight ? m_n : NULL);
}

void read_transfer(Context *ctx, const Ast *statement, Train *train)
{
    static const char *const words[] = {"completep", "depth_mup"};
    const Ast *value = single_value(ctx, statement);
    int word = value ? eval_word(ctx, value, "`transfer`", words, LENGTH(words)) : -1;
    const Ast *values[ARGUMENTS_MAX];
    if (word < 0 || !bind_arguments(ctx, value, "base_depth= base_width=-", values)) {
        return;
    }
    Transfer transfer = {.exponent = word == 0 ? 1 : 0.5, .span = value->span};
    transfer.base_depth = eval_count(ctx, values[0], "`base_depth`", 1);
    transfer.base_width = values[1] ? eval_count(ctx, values[1], "`base_width`", 1) : NULL;
    const Optimizer *optimizer = &train->optimizer;
    train->depth_mup = word == 1 ? value->span : (Span){0};
    if (optimizer->kind != RN_OPTIMIZER_ADAM && optimizer->kind != RN_OPTIMIZER_ADAMW) {
        diag_report(ctx->diag, E_TRANSFER, value->span,
                    "`%s` has factors for `adam` and `adamw`, not for `%s`", value->text,
                    names[optimizer->kind]);
        return;
    }
    for (uint32_t i = 0; transfer.base_depth != NULL && i < ctx->model->tensors.count; i++) {
        Tensor *tensor = ctx->model->tensors.items[i];
        if (tensor->stack != NULL && tensor->role <= RN_ROLE_GAIN) {
            transfer_tensor(ctx, tensor, &transfer);
        }
    }
}
