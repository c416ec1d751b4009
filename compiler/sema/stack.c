/* SPDX-License-Identifier: Apache-2.0
 *
 * Residual and recurrent blocks.
 */
#include "sema/context.h"

#include "support/size.h"

typedef VEC(const Ast *) AstVec;

static void find_all(Context *ctx, const Statements *statements, const char *keyword, AstVec *out)
{
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind == AST_STATEMENT && str_equal(ast->text, keyword)) {
            vec_push(ctx->arena, out, ast);
        }
    }
}

/* `alpha` and `post` stand once for all branches, or once for each. */
static const Ast *of_branch(const AstVec *statements, uint32_t branch)
{
    return statements->count == 0   ? NULL
           : statements->count == 1 ? statements->items[0]
                                    : statements->items[branch];
}

static bool check_count(Context *ctx, const AstVec *statements, uint32_t branches)
{
    if (statements->count <= 1 || statements->count == branches) {
        return true;
    }
    const Ast *second = statements->items[1];
    Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, second->name_span,
                          "%u `%s` statements for %u branch%s", statements->count, second->text,
                          branches, branches == 1 ? "" : "es");
    diag_label(ctx->diag, d, statements->items[0]->name_span, "the first one is here");
    diag_hint(ctx->diag, d, "write one for all branches, or one for each");
    return false;
}

static bool keeps_shape(Context *ctx, const Stack *stack, const Layer *layer, const char *what,
                        Span origin)
{
    if (layer->out.rank == 0 || stack->shape.rank == 0 || shape_equal(&layer->out, &stack->shape)) {
        return true;
    }
    const Layer *source = shape_source(layer);
    Diag *d;
    if (layer->out.rank == 1 && stack->shape.rank == 1) {
        d = diag_report(ctx->diag, E_SHAPE_MISMATCH, source->span,
                        "the %s is %lld wide, but its input has width %lld", what,
                        (long long)layer->out.dim[0], (long long)stack->shape.dim[0]);
    } else {
        d = diag_report(ctx->diag, E_SHAPE_MISMATCH, source->span,
                        "the %s has the shape %s, but its input has %s", what,
                        shape_text(ctx->arena, &layer->out), shape_text(ctx->arena, &stack->shape));
    }
    diag_label(ctx->diag, d, stack->span, "a layer of a block keeps the shape of its input");
    if (origin.end > 0) {
        diag_label(ctx->diag, d, origin, "the input comes from here");
    }
    if (source->kind == LAYER_DENSE) {
        diag_hint(ctx->diag, d, "write `dense(%lld)`",
                  (long long)stack->shape.dim[stack->shape.rank - 1]);
    }
    return false;
}

static void elaborate_branch(Context *ctx, Scope *scope, const Ast *statement, const Ast *alpha,
                             const Ast *post, uint32_t number, Span origin)
{
    Stack *stack = scope->stack;
    Branch branch = {.span = statement->span, .optimal = RN_OPTIMAL_NONE};
    const char *name = number ? str_format(ctx->arena, "alpha%u", number) : "alpha";
    elaborate_alpha(ctx, scope, alpha, &branch, name);
    const Ast *value = single_value(ctx, statement);
    if (value == NULL) {
        return;
    }
    branch.layer = elaborate_layer(ctx, scope, value, stack->shape, origin);
    keeps_shape(ctx, stack, branch.layer, "branch", origin);
    value = single_value(ctx, post);
    if (value != NULL) {
        branch.post = elaborate_layer(ctx, scope, value, stack->shape, origin);
        keeps_shape(ctx, stack, branch.post, "`post` layer", origin);
    }
    vec_push(ctx->arena, &stack->branches, branch);
}

static void elaborate_branches(Context *ctx, Scope *scope, const Statements *statements,
                               const AstVec *branches, Span origin)
{
    AstVec alphas = {0}, posts = {0};
    find_all(ctx, statements, "alpha", &alphas);
    find_all(ctx, statements, "post", &posts);
    if (!check_count(ctx, &alphas, branches->count) || !check_count(ctx, &posts, branches->count)) {
        return;
    }
    for (uint32_t i = 0; i < branches->count; i++) {
        elaborate_branch(ctx, scope, branches->items[i], of_branch(&alphas, i),
                         of_branch(&posts, i), branches->count > 1 ? i + 1 : 0, origin);
    }
}

static void read_memory(Context *ctx, Stack *stack, const Ast *value)
{
    static const char *const words[] = {"auto", "store", "checkpoint", "reversible", "invert"};
    static const char *const features[] = {"`memory checkpoint` is", "`memory reversible` is",
                                           "`memory invert` is"};
    const Ast *values[ARGUMENTS_MAX];
    int word = value ? eval_word(ctx, value, "`memory`", words, LENGTH(words)) : 0;
    if (word < 0 || value == NULL || !bind_arguments(ctx, value, word == 2 ? "k?" : "", values)) {
        return;
    }
    int64_t segments;
    if (values[0] != NULL &&
        !eval_size(ctx, values[0], "the segments of `checkpoint`", 1, &segments)) {
        return;
    }
    stack->memory = word == 1 ? MEMORY_STORE : MEMORY_AUTO;
    if (word >= 2) {
        unsupported(ctx, features[word - 2], value->span);
    }
}

static void read_expectation(Context *ctx, Stack *stack, const Ast *value)
{
    static const char *const words[] = {"stable", "sde", "ode", "identity", "exploding"};
    int word = value ? eval_word(ctx, value, "`expect`", words, LENGTH(words)) : -1;
    if (word < 0) {
        return;
    }
    stack->expect = (RnExpectation)(RN_EXPECT_STABLE + word);
    stack->expect_span = value->span;
}

static void share_weights(Scope *scope)
{
    for (uint32_t i = 0; i < scope->layers.count; i++) {
        for (int j = 0; j < 4; j++) {
            Tensor *tensor = scope->layers.items[i]->tensors[j];
            if (tensor != NULL && tensor->role <= RN_ROLE_GAIN) {
                tensor->shared = true;
            }
        }
    }
}

static void read_weights(Context *ctx, Scope *scope, const Ast *value)
{
    static const char *const words[] = {"per_layer", "tied"};
    int word = value ? eval_word(ctx, value, "`weights`", words, LENGTH(words)) : 0;
    scope->stack->tied = word == 1;
    if (word == 1) {
        share_weights(scope);
    }
}

static void read_trainable(Context *ctx, Scope *scope, const Ast *value)
{
    bool trainable = true;
    if (value == NULL || !eval_bool(ctx, value, "`trainable`", &trainable) || trainable) {
        return;
    }
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        Tensor *tensor = ctx->model->tensors.items[i];
        tensor->trainable = tensor->trainable && tensor->stack != scope->stack;
    }
}

/* Entries of a tensor over all layers, at the params' defaults, in doubles: within 63 bits. */
static void check_total(Context *ctx, const Stack *stack, const Ast *block)
{
    int64_t depth = (int64_t)default_depth(ctx, stack);
    for (uint32_t i = 0; i < ctx->model->tensors.count; i++) {
        const Tensor *tensor = ctx->model->tensors.items[i];
        int64_t bytes = 8;
        bool good = tensor->stack != stack || tensor->shared || int_mul(bytes, depth, &bytes);
        for (int j = 0; good && tensor->stack == stack && j < tensor->rank; j++) {
            good = int_mul(bytes, tensor->dims[j], &bytes);
        }
        if (!good) {
            diag_report(ctx->diag, E_SIZE_OVERFLOW, block->depth ? block->depth->span : block->span,
                        "%lld layers of this block have more weights than memory can hold",
                        (long long)depth);
            return;
        }
    }
}

/* What residual and recurrent blocks have in common, once shape and depth are known. */
static void elaborate_body(Context *ctx, Scope *scope, const Ast *block, Span origin)
{
    Statements statements = {0};
    collect_statements(ctx, block->body, &statements);
    reject_bare(ctx, &statements, block->text);
    AstVec branches = {0};
    find_all(ctx, &statements, "branch", &branches);
    elaborate_skip(ctx, scope, single_statement(ctx, &statements, "skip"), branches.count);
    if (branches.count == 0 && !ctx->lost) {
        Diag *d = diag_report(ctx->diag, E_MISSING_STATEMENT, block->name_span,
                              "a `%s` block wants a `branch`", block->text);
        diag_hint(ctx->diag, d, "write, for example, `branch dense(64) -> relu -> dense(64)`");
    }
    elaborate_branches(ctx, scope, &statements, &branches, origin);
    apply_block_laws(ctx, scope, &statements);
    Stack *stack = scope->stack;
    read_weights(ctx, scope, single_value(ctx, single_statement(ctx, &statements, "weights")));
    read_memory(ctx, stack, single_value(ctx, single_statement(ctx, &statements, "memory")));
    read_expectation(ctx, stack, single_value(ctx, single_statement(ctx, &statements, "expect")));
    read_trainable(ctx, scope, single_value(ctx, single_statement(ctx, &statements, "trainable")));
}

static const char *block_name(Context *ctx, const Ast *block)
{
    if (block->name != NULL) {
        return block->name;
    }
    return ctx->unnamed_blocks == 1 ? "residual"
                                    : str_format(ctx->arena, "residual%d", ++ctx->unnamed_seen);
}

static Stack *new_stack(Context *ctx, const Ast *block, Shape in)
{
    Stack *stack = ARENA_NEW(ctx->arena, Stack);
    stack->name = block_name(ctx, block);
    stack->span = block->block_name_span.end ? span_join(block->name_span, block->block_name_span)
                                             : block->name_span;
    stack->shape = in;
    stack->index = (int)ctx->model->stacks.count;
    if (!names_add(ctx->arena, &ctx->stack_names, stack->name, stack->index)) {
        int other = names_find(&ctx->stack_names, stack->name);
        stack->name = str_format(ctx->arena, "%s#%d", stack->name, stack->index);
        Diag *d = diag_report(ctx->diag, E_REDECLARED, stack->span, "two blocks are called `%s`",
                              block->name ? block->name : "residual");
        if (other < (int)ctx->model->stacks.count) {
            diag_label(ctx->diag, d, ctx->model->stacks.items[other]->span, "the other one");
        }
    }
    return stack;
}

Stack *elaborate_residual(Context *ctx, const Ast *block, Shape in, Span origin)
{
    Stack *stack = new_stack(ctx, block, in);
    stack->depth = eval_count(ctx, block->depth, "the depth of a block", 1);
    if (stack->depth == NULL) {
        stack->depth = number_at(ctx, 1);
        ctx->poisoned = true;
    }
    vec_push(ctx->arena, &ctx->model->stacks, stack);
    Scope *scope = add_scope(ctx, stack->name, stack);
    scope->state = &stack->shape;
    elaborate_body(ctx, scope, block, origin);
    check_total(ctx, stack, block);
    return stack;
}

/* Checked as a block whose state has an unknown shape; the branch gives the width. */
Shape elaborate_recurrent(Context *ctx, const Ast *block, Shape in)
{
    unsupported(ctx, "`recurrent` blocks are", block->name_span);
    if (in.rank != 0 && in.rank != 2) {
        diag_report(ctx->diag, E_SHAPE_RANK, block->name_span,
                    "`recurrent` wants a sequence [steps, features], but its input has the shape "
                    "%s",
                    shape_text(ctx->arena, &in));
        in = (Shape){0};
    }
    Stack *stack = ARENA_NEW(ctx->arena, Stack);
    stack->name = str_format(ctx->arena, "recurrent%d", (int)ctx->scopes.count);
    stack->span = block->name_span;
    stack->depth = number_at(ctx, in.rank ? (double)in.dim[0] : 1);
    Shape step = {in.rank ? 1 : 0, {in.dim[1]}};
    Scope *scope = add_scope(ctx, stack->name, stack);
    scope->state = &step;
    elaborate_body(ctx, scope, block, block->name_span);
    scope->state = NULL;
    if (in.rank == 0 || stack->branches.count == 0 ||
        stack->branches.items[0].layer->out.rank != 1) {
        return (Shape){0};
    }
    return (Shape){2, {in.dim[0], stack->branches.items[0].layer->out.dim[0]}};
}
