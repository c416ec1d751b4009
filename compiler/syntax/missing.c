/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends of blocks that are not there: what shows that a block has ended without its `}`, or begins
 * without its `{` or its head.
 */
#include "syntax/layout_state.h"

static bool at_line_start(const Layout *layout, Token token)
{
    return token.span.begin == 0 || layout->source->text[token.span.begin - 1] == '\n';
}

/* A declaration in the first column, met while a brace is open: a `}` is missing above. */
bool layout_begins_declaration(const Layout *layout, Token token, Token next)
{
    const Keyword *keyword = layout_find_keyword(layout, token);
    if (!keyword || !(keyword->blocks & IN_FILE) || !at_line_start(layout, token)) {
        return false;
    }
    if (keyword->token != TOKEN_BLOCK) {
        return next.kind == TOKEN_NAME;
    }
    const Keyword *inside = next.newline ? layout_find_keyword(layout, next) : NULL;
    return next.kind == TOKEN_LBRACE ||
           (inside && (inside->blocks & keyword_opens(keyword->word))); /* without its `{` */
}

bool layout_is_else(const Layout *layout, Token token, Token next)
{
    return layout_is_word(layout, token, "else") &&
           (next.kind == TOKEN_LBRACE || layout_is_word(layout, next, "if"));
}

/* Does a block like that hold statements that begin with this? */
static bool holds(const Layout *layout, const Opener *brace, Token first)
{
    const Keyword *keyword = layout_find_keyword(layout, first);
    return keyword ? (keyword->blocks & brace->block) != 0
                   : layout_takes_expressions(brace->block) && first.kind == TOKEN_NAME;
}

/* A line that stands further left, and fits a block around this one only: a `}` is missing. */
bool layout_leaves_block(const Layout *layout, Token first)
{
    if (!layout->depth || layout->statement_open || first.kind != TOKEN_NAME) {
        return false;
    }
    if (layout_top(layout)->is_choice && layout_is_else(layout, first, layout->ahead[1])) {
        return true;
    }
    if (!layout_is_outside(layout, first) || holds(layout, layout_top(layout), first) ||
        layout_takes_expressions(layout_block(layout))) {
        return false;
    }
    for (unsigned i = layout->depth - 1; i > 0; i--) {
        if (holds(layout, &layout->openers[i - 1], first)) {
            return true;
        }
    }
    return false;
}

/* The head of a block is complete, and the next line is what its block would hold: a `{` is
 * missing. */
bool layout_lacks_brace(const Layout *layout, Token next)
{
    int last = layout->last.kind;
    const Opener *head = &layout->pending;
    bool complete = last == TOKEN_BLOCK || last == TOKEN_RECURRENT || last == TOKEN_ELSE ||
                    (layout->statement != STATEMENT_HEAD && layout_ends_operand(last));
    Opener brace = *head;
    brace.block = head->block ? head->block : layout_block(layout);
    return (head->block || head->is_choice) && complete && next.kind == TOKEN_NAME &&
           holds(layout, &brace, next) &&
           !layout_begins_declaration(layout, next, layout->ahead[1]);
}

/* A `{` at the top level, and what a block would hold. */
bool layout_lacks_head(const Layout *layout, Token token)
{
    const Keyword *inside = layout_find_keyword(layout, layout->ahead[0]);
    return token.kind == TOKEN_LBRACE && !layout->depth && !layout->orphans &&
           layout->ahead[0].kind == TOKEN_NAME && !(inside && (inside->blocks & IN_FILE));
}

void layout_report_headless(Layout *layout, Token token)
{
    const Keyword *inside = layout_find_keyword(layout, layout->ahead[0]);
    Diag *diag =
        diag_report(layout->diag, E_SYNTAX, token.span, "expected a declaration, found `{`");
    if (inside) {
        diag_hint(layout->diag, diag, "`%s` stands inside `%s { … }`: is the head missing here?",
                  inside->word, keyword_first_block(inside->blocks));
    } else {
        diag_hint(layout->diag, diag, "a block begins with its name: `model {`, `check {`");
    }
    layout->orphans = true;
}
