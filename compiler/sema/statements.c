/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements of a block: `if` resolved, each that may stand once found once.
 */
#include "sema/context.h"

static bool condition_holds(Context *ctx, const Ast *condition, bool *holds)
{
    const Expr *e = eval_scalar(ctx, condition, ALLOW_BOOL, "the condition of an `if`");
    if (e == NULL) {
        return false;
    }
    *holds = e->number != 0;
    return true;
}

/* The body that an `if` chooses; NULL where it is empty or the condition failed. */
static const Ast *chosen_body(Context *ctx, const Ast *choice)
{
    while (choice != NULL && choice->kind == AST_IF) {
        bool holds = false;
        if (choice->first == NULL || !condition_holds(ctx, choice->first, &holds)) {
            ctx->lost = ctx->poisoned = true;
            return NULL;
        }
        if (holds) {
            return choice->body;
        }
        choice = choice->otherwise;
    }
    return choice == NULL ? NULL : choice->kind == AST_BLOCK ? choice->body : choice;
}

void collect_statements(Context *ctx, const Ast *body, Statements *out)
{
    for (const Ast *ast = body; ast != NULL; ast = ast->next) {
        if (ast->kind == AST_IF) {
            collect_statements(ctx, chosen_body(ctx, ast), out);
        } else if (ast->kind == AST_ERROR) {
            ctx->lost = ctx->poisoned = true;
        } else {
            vec_push(ctx->arena, out, ast);
        }
    }
}

const Ast *single_statement(Context *ctx, const Statements *statements, const char *keyword)
{
    const Ast *found = NULL;
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind != AST_STATEMENT || !str_equal(ast->text, keyword)) {
            continue;
        }
        if (found == NULL) {
            found = ast;
            continue;
        }
        Diag *d = diag_report(ctx->diag, E_DUPLICATE_STATEMENT, ast->name_span,
                              "a second `%s` in one block", keyword);
        diag_label(ctx->diag, d, found->name_span, "the first one is here");
    }
    return found;
}

const Ast *single_value(Context *ctx, const Ast *statement)
{
    if (statement == NULL) {
        return NULL;
    }
    const Ast *value = statement->first;
    if (value == NULL || value->kind == AST_ERROR) {
        if (value == NULL) {
            diag_report(ctx->diag, E_MISSING_ARGUMENT, statement->span, "`%s` has no value",
                        statement->text);
        }
        return NULL;
    }
    if (value->next != NULL) {
        diag_report(ctx->diag, E_EXTRA_ARGUMENT, value->next->span, "`%s` takes one value",
                    statement->text);
        return NULL;
    }
    return value;
}

void reject_bare(Context *ctx, const Statements *statements, const char *block)
{
    for (uint32_t i = 0; i < statements->count; i++) {
        const Ast *ast = statements->items[i];
        if (ast->kind == AST_STATEMENT) {
            continue;
        }
        Diag *d = diag_report(ctx->diag, E_KIND, ast->span, "this is no statement of a `%s` block",
                              block);
        if (ast->kind == AST_LAYERS && str_equal(block, "residual")) {
            diag_hint(ctx->diag, d, "layers of a block stand after `branch`");
        }
    }
}
