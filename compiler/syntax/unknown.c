/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements that their block does not have: what was found, and what may have been meant.
 */
#include "syntax/layout_state.h"

/* `dense 8`; which names are layers is not known here. */
static bool has_argument(const Layout *layout, Token token)
{
    Token next = layout->ahead[0];
    return token.kind == TOKEN_NAME && !next.newline &&
           (next.kind == TOKEN_NUMBER || next.kind == TOKEN_STRING);
}

static void add_hint(Layout *layout, Diag *diag, Token token, const Keyword *nearest)
{
    unsigned block = layout_block(layout);
    int next = layout->ahead[0].kind;
    const Keyword *exact = layout_find_keyword(layout, token);
    if (exact && next == TOKEN_COLON) {
        diag_hint(layout->diag, diag, "a statement has no `:`: write `%s VALUE`", exact->word);
    } else if (nearest) {
        diag_hint(layout->diag, diag, "did you mean `%s`?", nearest->word);
    } else if (block == IN_STACK && (next == TOKEN_LPAREN || next == TOKEN_ARROW)) {
        diag_hint(layout->diag, diag, "layers stand in a `branch` statement: write `branch %s…`",
                  layout_text(layout, token.span));
    } else if (block == IN_MODEL && has_argument(layout, token)) {
        diag_hint(
            layout->diag, diag,
            "arguments of a layer stand in brackets: `%s(…)`; statements of this block are: %s",
            layout_text(layout, token.span), keyword_list(layout->arena, block));
    } else {
        diag_hint(layout->diag, diag, "%s are: %s%s",
                  block == IN_FILE ? "declarations" : "statements of this block",
                  keyword_list(layout->arena, block), block == IN_MODEL ? ", and layers" : "");
    }
}

static Diag *report(Layout *layout, Token token)
{
    const char *text = layout_text(layout, token.span), *block = layout_block_name(layout);
    if (!block) {
        return diag_report(layout->diag, E_STATEMENT, token.span,
                           "expected a declaration, found `%s`", text);
    }
    if (token.kind != TOKEN_NAME) {
        return diag_report(layout->diag, E_STATEMENT, token.span,
                           "expected a statement of `%s`, found `%s`", block, text);
    }
    return diag_report(layout->diag, E_STATEMENT, token.span, "`%s` is not a statement of `%s`",
                       text, block);
}

void layout_report_unknown(Layout *layout, Token token, const Keyword *nearest)
{
    add_hint(layout, report(layout, token), token, nearest);
}
