/* SPDX-License-Identifier: Apache-2.0
 *
 * Laws: how weights and biases get their first values. A law's scale is the standard deviation,
 * the gain or the value, with every factor around it.
 */
#include "sema/scale.h"

#include <math.h>

enum {
    WORD_HE,
    WORD_XAVIER,
    WORD_LECUN,
    WORD_ZEROS,
    WORD_CONSTANT,
    WORD_NORMAL,
    WORD_UNIFORM,
    WORD_ORTHOGONAL
};

static const char *const words[] = {"he",       "xavier", "lecun",   "zeros",
                                    "constant", "normal", "uniform", "orthogonal"};

static const Expr *square_root(Context *ctx, const Expr *e)
{
    return expr_make(ctx->arena, EXPR_SQRT, e, NULL, e->span);
}

/* sqrt(numerator / (fan_in [+ fan_out])) */
static const Expr *fan_scale(Context *ctx, double numerator, bool both, Span span)
{
    const Expr *fan = expr_leaf(ctx->arena, EXPR_FAN_IN, span);
    if (both) {
        const Expr *out = expr_leaf(ctx->arena, EXPR_FAN_OUT, span);
        fan = expr_make(ctx->arena, EXPR_ADD, fan, out, span);
    }
    const Expr *top = expr_number(ctx->arena, numerator, span);
    return square_root(ctx, expr_make(ctx->arena, EXPR_DIV, top, fan, span));
}

void default_law(Context *ctx, Tensor *tensor)
{
    tensor->law = (Law){RN_LAW_NORMAL, fan_scale(ctx, 1, false, tensor->span)};
}

/* As far as the form of the formula and the ranges of the params show. */
static bool is_never_negative(const Context *ctx, const Expr *e)
{
    switch (e->kind) {
    case EXPR_NUMBER:
        return e->number >= 0;
    case EXPR_PARAM:
        return ctx->model->params.items[e->param].low >= 0;
    case EXPR_DEPTH:
    case EXPR_LAYER:
    case EXPR_FAN_IN:
    case EXPR_FAN_OUT:
    case EXPR_SQRT:
    case EXPR_EXP:
    case EXPR_ABS:
    case EXPR_EQ:
    case EXPR_NE:
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        return true;
    case EXPR_ADD:
    case EXPR_MUL:
    case EXPR_DIV:
    case EXPR_MIN:
    case EXPR_MAX:
        return is_never_negative(ctx, e->a) && is_never_negative(ctx, e->b);
    case EXPR_POW:
        return is_never_negative(ctx, e->a);
    case EXPR_BASE:
    case EXPR_QUANTITY:
    case EXPR_NEGATE:
    case EXPR_SUB:
    case EXPR_LOG:
    case EXPR_LOG10:
    case EXPR_COUNT:
        break;
    }
    return false;
}

/* A negative deviation becomes no number, as the root of a negative variance is none, so that both
 * are refused wherever the program comes to them; any other stays as it is, to the bit. */
static const Expr *deviation(Context *ctx, const Expr *std)
{
    if (std == NULL || is_never_negative(ctx, std)) {
        return std;
    }
    const Expr *zero = multiply(ctx, number_at(ctx, 0), square_root(ctx, std));
    return expr_make(ctx->arena, EXPR_ADD, std, zero, std->span);
}

static const Expr *spread(Context *ctx, const Ast *ast, unsigned allows)
{
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, "var=- std=-", values)) {
        return NULL;
    }
    if ((values[0] == NULL) == (values[1] == NULL)) {
        Diag *d = diag_report(ctx->diag, E_LAW, ast->span,
                              "`%s` wants one of `var` and `std`, and has %s", ast->text,
                              values[0] ? "both" : "neither");
        diag_hint(ctx->diag, d, "write `%s(var = 1/fan_in)`", ast->text);
        return NULL;
    }
    Range range = {0, HUGE_VAL, false, false};
    if (values[1] != NULL) {
        return deviation(ctx, eval_ranged(ctx, values[1], allows, "`std`", range));
    }
    const Expr *variance = eval_ranged(ctx, values[0], allows, "`var`", range);
    return variance ? square_root(ctx, variance) : NULL;
}

static const Expr *argument_or(Context *ctx, const Ast *ast, const char *spec, unsigned allows,
                               const char *what, double otherwise)
{
    const Ast *values[ARGUMENTS_MAX];
    if (!bind_arguments(ctx, ast, spec, values)) {
        return NULL;
    }
    return values[0] ? eval_scalar(ctx, values[0], allows, what) : number_at(ctx, otherwise);
}

static bool no_arguments(Context *ctx, const Ast *ast)
{
    const Ast *values[ARGUMENTS_MAX];
    return bind_arguments(ctx, ast, "", values);
}

static const Expr *law_scale(Context *ctx, const Ast *ast, int word, unsigned allows)
{
    switch (word) {
    case WORD_HE:
    case WORD_LECUN:
        return no_arguments(ctx, ast) ? fan_scale(ctx, word == WORD_HE ? 2 : 1, false, ast->span)
                                      : NULL;
    case WORD_XAVIER:
        return no_arguments(ctx, ast) ? fan_scale(ctx, 2, true, ast->span) : NULL;
    case WORD_CONSTANT:
        return argument_or(ctx, ast, "value", allows, "the value of `constant`", 0);
    case WORD_ORTHOGONAL:
        return argument_or(ctx, ast, "gain=-", allows, "the gain of `orthogonal`", 1);
    default:
        return spread(ctx, ast, allows);
    }
}

static RnLawKind law_kind(int word)
{
    static const RnLawKind kinds[] = {RN_LAW_NORMAL,  RN_LAW_NORMAL,    RN_LAW_NORMAL,
                                      RN_LAW_ZEROS,   RN_LAW_CONSTANT,  RN_LAW_NORMAL,
                                      RN_LAW_UNIFORM, RN_LAW_ORTHOGONAL};
    return kinds[word];
}

static bool no_law(Context *ctx, const Ast *ast)
{
    if (ast->kind == AST_ERROR) {
        return false;
    }
    Diag *d = diag_report(ctx->diag, E_LAW, ast->span, "a law of the first values is expected");
    if (is_scalar(ctx, ast)) {
        diag_hint(ctx->diag, d, "a number is written `constant(…)`, or as a factor of a law");
    } else if (ast->kind == AST_BINARY) {
        diag_hint(ctx->diag, d,
                  "a layer has one law: write it alone, or times a number: `0.5 * he`");
    } else if (is_call(ast)) {
        hint_nearest(ctx, d, ast->text, words, LENGTH(words));
    }
    return false;
}

static int find_word(const Ast *ast)
{
    for (int i = 0; is_call(ast) && i < (int)LENGTH(words); i++) {
        if (str_equal(words[i], ast->text)) {
            return i;
        }
    }
    return -1;
}

bool read_law(Context *ctx, const Ast *ast, unsigned allows, Law *law)
{
    const Expr *factor = NULL;
    const Ast *subject = split_scaled(ctx, ast, allows, "the factor of a law", &factor);
    if (subject == NULL) {
        return false;
    }
    int word = find_word(subject);
    if (word < 0) {
        return no_law(ctx, subject);
    }
    law->kind = law_kind(word);
    law->scale = NULL;
    if (word == WORD_ZEROS) {
        return no_arguments(ctx, subject);
    }
    const Expr *scale = law_scale(ctx, subject, word, allows);
    law->scale = scale ? multiply(ctx, factor, scale) : NULL;
    return scale != NULL;
}

double default_depth(Context *ctx, const Stack *stack)
{
    if (stack == NULL || stack->depth == NULL) {
        return 1;
    }
    ExprPlace place = {.params = param_defaults(ctx->arena, ctx->model)};
    return expr_evaluate(stack->depth, &place);
}

/* What a law's scale is. */
static const char *role_of(RnLawKind kind)
{
    switch (kind) {
    case RN_LAW_CONSTANT:
        return "the value that this law gives";
    case RN_LAW_ORTHOGONAL:
        return "the gain that this law gives";
    default:
        return "the standard deviation that this law gives";
    }
}

static bool check_law(Context *ctx, const Tensor *tensor, const Law *law, const Ast *ast)
{
    bool spread = law->kind == RN_LAW_NORMAL || law->kind == RN_LAW_UNIFORM;
    Scale scale = {.formula = law->scale,
                   .stack = tensor->stack,
                   .tensor = tensor,
                   .what = role_of(law->kind),
                   .hint = spread ? "`var` and `std` must be at least 0" : NULL};
    return law->scale == NULL || check_scale(ctx, ast->span, &scale);
}

static void set_law(Context *ctx, Tensor *tensor, const Law *law, const Ast *ast)
{
    if (law->kind == RN_LAW_ORTHOGONAL && tensor->rank != 2) {
        diag_report(ctx->diag, E_LAW, ast->span, "biases cannot be orthogonal");
    } else if (check_law(ctx, tensor, law, ast)) {
        tensor->law = *law;
    }
}

void own_law(Context *ctx, Tensor *tensor, const Ast *ast, bool in_block)
{
    Law law;
    ctx->notes.items[tensor->index].own_law = true;
    unsigned allows = ALLOW_FAN | (in_block ? ALLOW_BLOCK : ALLOW_PARAMS);
    if (read_law(ctx, ast, allows, &law)) {
        set_law(ctx, tensor, &law, ast);
    }
}

/* One statement `init`, `bias_init` or `correlation`, read once and given to its tensors. */
typedef struct BlockLaw {
    const Ast *ast, *statement;
    int slot; /* 0: weights, 1: biases */
    bool is_correlation, labelled;
    Law law;
    Correlation correlation;
} BlockLaw;

/* The laws of one block on their way to its layers. */
typedef struct Block {
    Context *ctx;
    Scope *scope;
    NameTable labels;            /* to place in scope->layers */
    const BlockLaw **correlated; /* by place in scope->layers: what correlates it, or NULL */
} Block;

static void check_correlation(Context *ctx, Tensor *tensor, const BlockLaw *rule)
{
    RnCorrelationKind kind = tensor->correlation.kind;
    if (kind == RN_CORRELATION_IID || kind == RN_CORRELATION_CONSTANT ||
        tensor->law.kind == RN_LAW_NORMAL) {
        return;
    }
    if (tensor->law.kind == RN_LAW_ZEROS) {
        tensor->correlation = (Correlation){0};
        return;
    }
    static const char *const laws[] = {
#define X(tag, name) name,
        RN_LAWS(X)
#undef X
    };
    Diag *d = diag_report(ctx->diag, E_CORRELATION_LAW, rule->ast->span,
                          "`%s` correlates normal weights, but these are drawn by `%s`",
                          rule->ast->text, laws[tensor->law.kind]);
    diag_label(ctx->diag, d, tensor->span, "the weights of this layer");
    diag_hint(ctx->diag, d, "write `init normal(var = 1/fan_in)`");
}

static void give_law(Block *block, uint32_t place, const BlockLaw *rule)
{
    Context *ctx = block->ctx;
    const Layer *layer = block->scope->layers.items[place];
    Tensor *tensor = layer->tensors[rule->slot];
    if (tensor == NULL) {
        return;
    }
    if (rule->is_correlation) {
        tensor->correlation = rule->correlation;
        block->correlated[place] = rule;
        return;
    }
    bool own = ctx->notes.items[tensor->index].own_law;
    if (own && rule->labelled) {
        Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, rule->statement->span,
                              "two laws for the layer `%s`", layer->label);
        diag_label(ctx->diag, d, layer->span, "it carries a law of its own");
    } else if (!own) {
        set_law(ctx, tensor, &rule->law, rule->ast);
    }
}

/* The place of a labelled layer with weights, or -1 and a message. */
static int labelled_place(Block *block, const BlockLaw *rule)
{
    Context *ctx = block->ctx;
    const char *label = rule->statement->label;
    int place = names_find(&block->labels, label);
    if (place >= 0) {
        return place;
    }
    if (names_find(&block->scope->labels, label) >= 0) {
        if (ctx->poisoned) {
            return -1; /* it may be the layer that was reported */
        }
        diag_report(ctx->diag, E_RULE_TARGET, rule->statement->span,
                    "the layer `%s` has no weights", label);
        return -1;
    }
    Diag *d = diag_report(ctx->diag, E_UNKNOWN_LABEL, rule->statement->span,
                          "no layer of this block has the label `%s`", label);
    VEC(const char *) labels = {0};
    for (uint32_t i = 0; i < block->scope->layers.count; i++) {
        if (block->scope->layers.items[i]->label != NULL) {
            vec_push(ctx->arena, &labels, block->scope->layers.items[i]->label);
        }
    }
    hint_nearest(ctx, d, label, labels.items, labels.count);
    return -1;
}

static void give_to_label(Block *block, const BlockLaw *rule)
{
    int place = labelled_place(block, rule);
    if (place < 0) {
        return;
    }
    const Layer *layer = block->scope->layers.items[place];
    bool dense = layer->kind == LAYER_DENSE;
    if (dense && layer->tensors[0] == NULL) {
        return;
    }
    if (!dense || layer->tensors[rule->slot] == NULL) {
        diag_report(block->ctx->diag, E_RULE_TARGET, rule->statement->span,
                    "the layer `%s` has no %s", layer->label,
                    rule->slot ? "biases to draw" : "weight matrix");
        return;
    }
    give_law(block, (uint32_t)place, rule);
}

static bool read_rule(Block *block, const Ast *statement, BlockLaw *rule)
{
    Context *ctx = block->ctx;
    rule->statement = statement;
    rule->labelled = statement->label != NULL;
    rule->slot = str_equal(statement->text, "bias_init");
    rule->is_correlation = str_equal(statement->text, "correlation");
    rule->ast = single_value(ctx, statement);
    if (rule->ast == NULL) {
        return false;
    }
    if (!rule->is_correlation) {
        return read_law(ctx, rule->ast, ALLOW_BLOCK | ALLOW_FAN, &rule->law);
    }
    ctx->depth = default_depth(ctx, block->scope->stack);
    bool good = read_correlation(ctx, rule->ast, &rule->correlation);
    ctx->depth = 0;
    return good;
}

static bool is_law_statement(const Ast *ast)
{
    return ast->kind == AST_STATEMENT &&
           (str_equal(ast->text, "init") || str_equal(ast->text, "bias_init") ||
            str_equal(ast->text, "correlation"));
}

static bool first_of_its_kind(Context *ctx, NameTable *seen, const Ast *statement,
                              const Statements *statements, int place)
{
    const char *key =
        str_format(ctx->arena, "%s %s", statement->text, statement->label ? statement->label : "");
    if (names_add(ctx->arena, seen, key, place)) {
        return true;
    }
    const Ast *first = statements->items[names_find(seen, key)];
    Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, statement->span,
                          "a second `%s` for the same layers", statement->text);
    diag_label(ctx->diag, d, first->span, "the first one is here");
    return false;
}

/* Laws without a label first, so that labelled ones take precedence wherever they stand. */
static void apply_pass(Block *block, const Statements *statements, bool labelled, BlockLaw *rules)
{
    NameTable seen = {0};
    const Scope *scope = block->scope;
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (!is_law_statement(ast) || (ast->label != NULL) != labelled ||
            !first_of_its_kind(block->ctx, &seen, ast, statements, (int)i) ||
            !read_rule(block, ast, &rules[i])) {
            continue;
        }
        if (labelled) {
            give_to_label(block, &rules[i]);
            continue;
        }
        for (uint32_t j = 0; j < scope->layers.count; j++) {
            if (scope->layers.items[j]->kind == LAYER_DENSE) {
                give_law(block, j, &rules[i]);
            }
        }
    }
}

void apply_block_laws(Context *ctx, Scope *scope, const Statements *statements)
{
    Block block = {.ctx = ctx, .scope = scope};
    block.correlated = ARENA_ARRAY(ctx->arena, const BlockLaw *, scope->layers.count);
    for (uint32_t i = 0; i < scope->layers.count; i++) {
        if (scope->layers.items[i]->label != NULL) {
            names_add(ctx->arena, &block.labels, scope->layers.items[i]->label, (int)i);
        }
    }
    BlockLaw *rules = ARENA_ARRAY(ctx->arena, BlockLaw, statements->count);
    apply_pass(&block, statements, false, rules);
    apply_pass(&block, statements, true, rules);
    for (uint32_t i = 0; i < scope->layers.count; i++) {
        if (block.correlated[i] != NULL) {
            check_correlation(ctx, scope->layers.items[i]->tensors[0], block.correlated[i]);
        }
    }
}
