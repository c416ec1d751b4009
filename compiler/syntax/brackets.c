/* SPDX-License-Identifier: Apache-2.0
 *
 * Balance: what is open, what closes it, and what to say when the file does not.
 */
#include "syntax/layout_state.h"

static char character_of(int kind)
{
    return kind == TOKEN_LPAREN ? '(' : kind == TOKEN_LBRACKET ? '[' : '{';
}

static char closer_of(int kind)
{
    return kind == TOKEN_LPAREN ? ')' : kind == TOKEN_LBRACKET ? ']' : '}';
}

const Opener *layout_top(const Layout *layout)
{
    return layout->depth ? &layout->openers[layout->depth - 1] : NULL;
}

bool layout_in_bracket(const Layout *layout)
{
    const Opener *top = layout_top(layout);
    return top && top->kind != TOKEN_LBRACE;
}

static const Opener *innermost_brace(const Layout *layout)
{
    for (unsigned i = layout->depth; i > 0; i--) {
        if (layout->openers[i - 1].kind == TOKEN_LBRACE) {
            return &layout->openers[i - 1];
        }
    }
    return NULL;
}

unsigned layout_block(const Layout *layout)
{
    const Opener *brace = innermost_brace(layout);
    return brace ? brace->block : IN_FILE;
}

const char *layout_block_name(const Layout *layout)
{
    const Opener *brace = innermost_brace(layout);
    return brace ? brace->name : NULL;
}

bool layout_open(Layout *layout, Token token)
{
    if (layout->depth == NESTING_LIMIT) {
        Diag *diag = diag_report(layout->diag, E_NESTING, token.span,
                                 "brackets and blocks are nested more than %d deep", NESTING_LIMIT);
        diag_note(layout->diag, diag, "the rest of the file is not read");
        return false;
    }
    Opener opener = {token.kind, token.span, 0, false, NULL};
    if (token.kind == TOKEN_LBRACE) {
        opener.block = layout->pending.block ? layout->pending.block : layout_block(layout);
        opener.name = layout->pending.name ? layout->pending.name : layout_block_name(layout);
        opener.is_choice = layout->pending.is_choice;
        layout->pending = (Opener){0};
    }
    layout->openers[layout->depth++] = opener;
    return true;
}

bool layout_close_bracket(Layout *layout, Token *token)
{
    char written = token->kind == TOKEN_RPAREN ? ')' : ']';
    if (!layout_in_bracket(layout)) {
        if (!layout->string_open) {
            diag_report(layout->diag, E_UNOPENED, token->span, "`%c` closes nothing", written);
        }
        return false;
    }
    const Opener *top = layout_top(layout);
    if (closer_of(top->kind) != written) {
        Diag *diag = diag_report(layout->diag, E_UNCLOSED, token->span,
                                 "`%c` cannot close `%c`, `%c` is expected", written,
                                 character_of(top->kind), closer_of(top->kind));
        diag_label(layout->diag, diag, top->span, "opened here");
        token->kind = top->kind == TOKEN_LPAREN ? TOKEN_RPAREN : TOKEN_RBRACKET;
    }
    layout->depth--;
    return true;
}

static const char *describe(const Layout *layout, Token token)
{
    if (token.kind == TOKEN_END_OF_FILE) {
        return "the end of the file";
    }
    return str_format(layout->arena, "`%s`", layout_text(layout, token.span));
}

void layout_drop_brackets(Layout *layout, Token before)
{
    const Opener *top = layout_top(layout);
    if (!layout->string_open && !layout->stopped) {
        Diag *diag = diag_report(layout->diag, E_UNCLOSED, before.span, "`%c` is missing before %s",
                                 closer_of(top->kind), describe(layout, before));
        diag_label(layout->diag, diag, top->span, "`%c` is opened here", character_of(top->kind));
    }
    while (layout_in_bracket(layout)) {
        layout->depth--;
    }
    layout->string_open = false;
}

void layout_report_open_brace(Layout *layout, Token before)
{
    const Opener *top = layout_top(layout);
    if (layout->stopped) {
        return;
    }
    Diag *diag = diag_report(layout->diag, E_UNCLOSED, before.span, "`}` is missing before %s",
                             describe(layout, before));
    diag_label(layout->diag, diag, top->span, "`{` is opened here");
}
