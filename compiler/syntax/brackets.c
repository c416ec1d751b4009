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

static uint32_t indent_of(const Layout *layout, uint32_t at)
{
    const char *text = layout->source->text;
    uint32_t line = source_line_begin(layout->source, at), blanks = 0;
    while (line + blanks < at && (text[line + blanks] == ' ' || text[line + blanks] == '\t')) {
        blanks++;
    }
    return blanks;
}

bool layout_is_outside(const Layout *layout, Token first)
{
    const Opener *top = layout_top(layout);
    if (!top || !first.newline || top->inside <= top->indent) {
        return false;
    }
    uint32_t indent = indent_of(layout, first.span.begin);
    return first.kind == TOKEN_RBRACE ? indent < top->indent : indent <= top->indent;
}

void layout_note_indent(Layout *layout, Token first)
{
    Opener *top = layout->depth ? &layout->openers[layout->depth - 1] : NULL;
    if (!top || !first.newline) {
        return;
    }
    if (!top->inside && first.kind != TOKEN_RBRACE) {
        top->inside = indent_of(layout, first.span.begin);
    }
    if (!layout->suspect.kind && layout_is_outside(layout, first)) {
        layout->suspect = *top;
    }
}

void layout_suspect_top(Layout *layout)
{
    const Opener *top = layout_top(layout);
    if (!layout->suspect.kind || layout->suspect.span.begin < top->span.begin) {
        layout->suspect = *top;
    }
}

bool layout_open(Layout *layout, Token token)
{
    if (layout->depth == NESTING_LIMIT) {
        Diag *diag = diag_report(layout->diag, E_NESTING, token.span,
                                 "brackets and blocks are nested more than %d deep", NESTING_LIMIT);
        diag_note(layout->diag, diag, "the rest of the file is not read");
        return false;
    }
    Opener opener = {.kind = token.kind, .span = token.span};
    opener.indent = indent_of(layout, token.span.begin);
    if (token.kind == TOKEN_LBRACE) {
        opener.block = layout->pending.block ? layout->pending.block : layout_block(layout);
        opener.name = layout->pending.name ? layout->pending.name : layout_block_name(layout);
        opener.is_choice = layout->pending.is_choice;
        opener.is_assumed = layout->pending.is_assumed;
        opener.is_mistaken = layout->pending.is_mistaken;
        layout->pending = (Opener){0};
    }
    layout->openers[layout->depth++] = opener;
    return true;
}

bool layout_close_bracket(Layout *layout, Token *token)
{
    char written = token->kind == TOKEN_RPAREN ? ')' : ']';
    if (!layout_in_bracket(layout)) {
        if (!layout->unbalanced) {
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

void layout_note_mistake(Layout *layout)
{
    bool opened = layout->depth && layout->last.kind == TOKEN_LBRACE;
    Opener *brace = opened ? &layout->openers[layout->depth - 1] : &layout->pending;
    brace->is_mistaken = true;
    layout->unbalanced = layout->statement_open ? layout->last.span.end : 0;
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
    if (top->span.begin >= layout->unbalanced && !layout->stopped) {
        Diag *diag = diag_report(layout->diag, E_UNCLOSED, before.span, "`%c` is missing before %s",
                                 closer_of(top->kind), describe(layout, before));
        diag_label(layout->diag, diag, top->span, "`%c` is opened here", character_of(top->kind));
    }
    while (layout_in_bracket(layout)) {
        layout->depth--;
    }
    layout->unbalanced = 0;
}

void layout_report_open_brace(Layout *layout, Token before)
{
    const Opener *brace = layout->suspect.kind ? &layout->suspect : layout_top(layout);
    if (layout->stopped || brace->is_assumed) {
        return;
    }
    const char *of =
        brace->name && !brace->is_choice ? str_format(layout->arena, " of `%s`", brace->name) : "";
    Diag *diag = diag_report(layout->diag, E_UNCLOSED, before.span, "`}`%s is missing before %s",
                             of, describe(layout, before));
    diag_label(layout->diag, diag, brace->span, "`{` is opened here");
    layout->suspect = (Opener){0};
}
