/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements and keywords. The filter looks two raw tokens ahead and never back further than the
 * token that it gave out last.
 */
#include "syntax/layout_state.h"

#include <string.h>

const char *layout_text(const Layout *layout, Span span)
{
    return str_copy(layout->arena, layout->source->text + span.begin, span.end - span.begin);
}

static Token end_of_file(const Layout *layout)
{
    Span span = {layout->source->length, layout->source->length};
    return (Token){TOKEN_END_OF_FILE, span, true};
}

static void check_name(Layout *layout, Token token)
{
    uint32_t length = token.span.end - token.span.begin;
    if (token.kind != TOKEN_NAME || length <= NAME_LIMIT || layout->long_name) {
        return;
    }
    layout->long_name = true;
    diag_report(layout->diag, E_NAME_LENGTH, token.span,
                "this name has %u bytes, but a name has at most %d", length, NAME_LIMIT);
}

Token layout_take(Layout *layout)
{
    Token token = layout->ahead[0];
    layout->ahead[0] = layout->ahead[1];
    if (diag_error_count(layout->diag) - layout->errors_before > DIAG_KEPT_ERRORS) {
        layout->stopped = true;
    }
    if (layout->stopped) {
        layout->ahead[1] = end_of_file(layout);
        return token;
    }
    layout->ahead[1] = scanner_next(layout->scanner);
    if (!layout_check_bytes(layout, layout->ahead[1].span)) {
        layout->stopped = true;
        layout->ahead[1] = end_of_file(layout);
    }
    check_name(layout, layout->ahead[1]);
    return token;
}

Layout *layout_create(Arena *arena, const Source *source, DiagSink *diag)
{
    Layout *layout = ARENA_NEW(arena, Layout);
    layout->arena = arena;
    layout->source = source;
    layout->diag = diag;
    layout->errors_before = diag_error_count(diag);
    layout->scanner = scanner_create(arena, source, COMMENTS_SKIPPED);
    layout->stopped = !layout_check_text(layout);
    layout_take(layout);
    layout_take(layout);
    return layout;
}

bool layout_find_opener(const Layout *layout, Span *span)
{
    if (layout_in_bracket(layout)) {
        *span = layout_top(layout)->span;
        return true;
    }
    return false;
}

void layout_dispose(Layout *layout)
{
    scanner_dispose(layout->scanner);
}

static bool is_relation(int kind)
{
    return kind == TOKEN_EQ || kind == TOKEN_NE || kind == TOKEN_LT || kind == TOKEN_LE ||
           kind == TOKEN_GT || kind == TOKEN_GE;
}

/* A line that ends with one of these goes on. */
static bool wants_more(int kind)
{
    return is_relation(kind) || kind == TOKEN_ARROW || kind == TOKEN_PLUS || kind == TOKEN_MINUS ||
           kind == TOKEN_STAR || kind == TOKEN_SLASH || kind == TOKEN_CARET ||
           kind == TOKEN_COMMA || kind == TOKEN_DOTS;
}

bool layout_ends_operand(int kind)
{
    return kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == TOKEN_STRING ||
           kind == TOKEN_TRUE || kind == TOKEN_FALSE || kind == TOKEN_RPAREN ||
           kind == TOKEN_RBRACKET;
}

bool layout_is_word(const Layout *layout, Token token, const char *word)
{
    size_t length = token.span.end - token.span.begin;
    return token.kind == TOKEN_NAME && strlen(word) == length &&
           memcmp(layout->source->text + token.span.begin, word, length) == 0;
}

const Keyword *layout_find_keyword(const Layout *layout, Token token)
{
    if (token.kind != TOKEN_NAME) {
        return NULL;
    }
    return keyword_find(layout->source->text + token.span.begin, token.span.end - token.span.begin);
}

/* Two operands side by side, which no expression has: `epochs 10`, `residual depth`. */
static bool stands_beside(Token next)
{
    return !next.newline &&
           (next.kind == TOKEN_NAME || next.kind == TOKEN_NUMBER || next.kind == TOKEN_STRING ||
            next.kind == TOKEN_TRUE || next.kind == TOKEN_FALSE || next.kind == TOKEN_LBRACE);
}

/* A line that can only be a new statement, whatever the line before wants. */
static bool begins_statement(const Layout *layout, Token token, Token next)
{
    const Keyword *keyword = token.newline ? layout_find_keyword(layout, token) : NULL;
    return layout_begins_declaration(layout, token, next) ||
           (keyword && (keyword->blocks & layout_block(layout)) && stands_beside(next));
}

/* Inside brackets: what shows that they were never closed. */
static bool breaks_bracket(const Layout *layout, Token token, Token next)
{
    return token.kind == TOKEN_LBRACE || token.kind == TOKEN_RBRACE ||
           token.kind == RAW_SEMICOLON || token.kind == TOKEN_END_OF_FILE ||
           begins_statement(layout, token, next);
}

static Token give(Layout *layout, Token token)
{
    layout->statement_open = true;
    layout->after_choice = false;
    layout->last = token;
    return token;
}

static Token give_broken(Layout *layout, Span span)
{
    return give(layout, (Token){TOKEN_BROKEN, span, false});
}

static Token give_end(Layout *layout)
{
    Token token = {TOKEN_END, {layout->last.span.end, layout->last.span.end}, false};
    layout->end_due = false;
    layout->statement = STATEMENT_OTHER;
    layout->pending = (Opener){0};
    layout->has_best = false;
    give(layout, token);
    layout->statement_open = false;
    return token;
}

static Token give_closing_brace(Layout *layout, Span span)
{
    bool choice = layout_top(layout)->is_choice;
    unsigned block = layout_block(layout);
    const char *name = layout_block_name(layout);
    layout->choice_lost = layout_top(layout)->is_mistaken;
    layout->depth--;
    Token token = give(layout, (Token){TOKEN_RBRACE, span, false});
    if (choice && layout_is_word(layout, layout->ahead[0], "else")) {
        layout->after_choice = true;
        layout->pending = (Opener){.block = block, .name = name};
    } else {
        layout->end_due = true;
    }
    return token;
}

/* Drops the rest of the statement, blocks and all, without a look at it. */
static void skip_statement(Layout *layout)
{
    unsigned braces = 0, brackets = 0;
    for (;;) {
        Token next = layout->ahead[0];
        bool inside = brackets > 0 && !breaks_bracket(layout, next, layout->ahead[1]);
        bool ends =
            next.kind == RAW_SEMICOLON || (next.newline && next.kind != TOKEN_LBRACE && !inside);
        if (next.kind == TOKEN_END_OF_FILE ||
            (braces == 0 && (ends || next.kind == TOKEN_RBRACE))) {
            return;
        }
        layout_take(layout);
        brackets += next.kind == TOKEN_LPAREN || next.kind == TOKEN_LBRACKET;
        brackets -= brackets > 0 && (next.kind == TOKEN_RPAREN || next.kind == TOKEN_RBRACKET);
        braces += next.kind == TOKEN_LBRACE;
        if (next.kind == TOKEN_RBRACE && --braces == 0) {
            return;
        }
    }
}

static Token give_skipped(Layout *layout, Token token)
{
    skip_statement(layout);
    Token broken = give_broken(layout, token.span);
    layout->end_due = true;
    return broken;
}

static Token reject_placement(Layout *layout, Token token, const Keyword *keyword)
{
    const char *block = layout_block_name(layout);
    if (!block && keyword->token == TOKEN_IF) {
        diag_report(layout->diag, E_PLACEMENT, token.span,
                    "`if` chooses statements inside a block, not declarations");
    } else if (keyword->blocks & IN_FILE) {
        Diag *diag =
            diag_report(layout->diag, E_PLACEMENT, token.span,
                        "`%s` is a declaration and cannot stand inside `%s`", keyword->word, block);
        diag_hint(layout->diag, diag, "move it to the top level of the file");
    } else {
        Diag *diag = diag_report(layout->diag, E_PLACEMENT, token.span,
                                 "`%s` is a statement of %s, not of %s", keyword->word,
                                 keyword_block_names(layout->arena, keyword->blocks),
                                 block ? str_format(layout->arena, "`%s`", block) : "the file");
        if (!block) {
            diag_hint(layout->diag, diag, "it stands inside `%s { … }`: is the head missing above?",
                      keyword_first_block(keyword->blocks));
            layout->orphans = true;
        }
    }
    return give_skipped(layout, token);
}

static Token begin_statement(Layout *layout, Token token, const Keyword *keyword)
{
    unsigned opens = keyword_opens(keyword->word);
    token.kind = keyword->token;
    layout->statement = token.kind == TOKEN_PARAM      ? STATEMENT_PARAM
                        : token.kind == TOKEN_MEASURE  ? STATEMENT_MEASURE
                        : token.kind == TOKEN_RESIDUAL ? STATEMENT_HEAD
                                                       : STATEMENT_OTHER;
    layout->pending = (Opener){.block = opens, .name = opens ? keyword->word : NULL};
    layout->pending.is_choice = token.kind == TOKEN_IF;
    return give(layout, token);
}

/* Is the keyword a name after all: before `:`, or the subject of `x in …` or `x < …`? */
static bool is_subject(const Layout *layout, unsigned block)
{
    Token next = layout->ahead[0];
    if (next.kind == TOKEN_COLON) {
        return true;
    }
    return (block == IN_CHECK || block == IN_SWEEP) && !next.newline &&
           (layout_is_word(layout, next, "in") || is_relation(next.kind));
}

const char *layout_meant(const Layout *layout)
{
    unsigned block = layout_block(layout);
    if (layout->pending.is_choice) {
        return "to compare, write `==`; `=` names an argument in a call";
    }
    return block == IN_CHECK   ? "a bound is written with `<`, `<=`, `>`, `>=` or `in`"
           : block == IN_SWEEP ? "an axis is written `L in [10, 100, 1000]`"
                               : NULL;
}

/* `in 0 .. 1`, without what is meant to lie there. */
static bool lacks_subject(const Layout *layout, Token token)
{
    unsigned block = layout_block(layout);
    return (block == IN_CHECK || block == IN_SWEEP) && layout_is_word(layout, token, "in") &&
           !is_subject(layout, block);
}

static Token reject_without_subject(Layout *layout, Token token)
{
    bool check = layout_block(layout) == IN_CHECK;
    Diag *diag = diag_report(layout->diag, E_STATEMENT, token.span, "%s is missing before `in`",
                             check ? "a quantity" : "a param");
    diag_hint(layout->diag, diag, "write, for example, `%s`",
              check ? "forward_ratio in 0.5 .. 3" : "L in [10, 100, 1000]");
    return give_skipped(layout, token);
}

/* A misspelt keyword is read as the nearest one, so that its block is checked too. */
static Token reject_unknown(Layout *layout, Token token)
{
    const Keyword *nearest = NULL;
    if (token.kind == TOKEN_NAME && layout->ahead[0].kind != TOKEN_COLON) {
        nearest = keyword_nearest(layout_text(layout, token.span), layout_block(layout));
    }
    layout_report_unknown(layout, token, nearest);
    if (nearest && stands_beside(layout->ahead[0])) {
        return begin_statement(layout, token, nearest);
    }
    return give_skipped(layout, token);
}

bool layout_takes_expressions(unsigned block)
{
    return block == IN_MODEL || block == IN_CHECK || block == IN_SWEEP;
}

static Token give_bare(Layout *layout, Token token)
{
    layout->statement = STATEMENT_BARE;
    return give(layout, token);
}

static Token first_of_statement(Layout *layout, Token token)
{
    unsigned block = layout_block(layout);
    const Keyword *keyword = layout_find_keyword(layout, token);
    if (layout_is_else(layout, token, layout->ahead[0])) {
        if (!layout->choice_lost && !layout->orphans) {
            diag_report(layout->diag, E_PLACEMENT, token.span, "`else` has no `if` before it");
        }
        layout->choice_lost = true;
        return give_skipped(layout, token);
    }
    layout->choice_lost = false;
    if (lacks_subject(layout, token)) {
        return reject_without_subject(layout, token);
    }
    bool begins = keyword && (keyword->blocks & block) && !is_subject(layout, block);
    layout->orphans = layout->orphans && block == IN_FILE && !begins;
    if (layout->orphans) {
        return give_skipped(layout, token);
    }
    if (begins) {
        return begin_statement(layout, token, keyword);
    }
    bool beside = token.kind == TOKEN_NAME && stands_beside(layout->ahead[0]) &&
                  !(layout_is_word(layout, layout->ahead[0], "in") && is_subject(layout, block));
    if (layout_takes_expressions(block) && !beside) {
        return give_bare(layout, token);
    }
    if (keyword && !(keyword->blocks & block) && layout->ahead[0].kind != TOKEN_COLON) {
        return reject_placement(layout, token, keyword);
    }
    return reject_unknown(layout, token);
}

/* The words that are keywords in the middle of some statements. */
static int kind_of_word(Layout *layout, Token token)
{
    int last = layout->last.kind, next = layout->ahead[0].kind;
    bool outside = !layout_in_bracket(layout);
    if (layout->after_choice) {
        return TOKEN_ELSE;
    }
    if (last == TOKEN_ELSE && layout_is_word(layout, token, "if")) {
        layout->pending.is_choice = true;
        return TOKEN_IF;
    }
    if (last == TOKEN_LABELLED && next == TOKEN_COLON) {
        return TOKEN_SUBJECT;
    }
    if (layout->statement == STATEMENT_HEAD && layout_is_word(layout, token, "depth")) {
        layout->statement = STATEMENT_OTHER;
        return TOKEN_DEPTH;
    }
    if (layout->statement == STATEMENT_MEASURE && outside) {
        if ((last == TOKEN_MEASURE || last == TOKEN_COMMA) && next == TOKEN_NAME &&
            layout_is_word(layout, token, "best")) {
            layout->has_best = true;
            return TOKEN_BEST;
        }
        if (layout->has_best && layout_ends_operand(last) &&
            layout_is_word(layout, token, "over")) {
            return TOKEN_OVER;
        }
    }
    bool takes_in = layout->statement == STATEMENT_PARAM ||
                    (layout->statement == STATEMENT_BARE && layout_block(layout) != IN_MODEL);
    if (takes_in && outside && layout_ends_operand(last) && layout_is_word(layout, token, "in")) {
        return TOKEN_IN;
    }
    return TOKEN_NAME;
}

static bool statement_ends(const Layout *layout)
{
    Token next = layout->ahead[0];
    if (!layout->statement_open || layout_in_bracket(layout)) {
        return false;
    }
    if (next.kind == TOKEN_END_OF_FILE || next.kind == TOKEN_RBRACE || next.kind == RAW_SEMICOLON) {
        return true;
    }
    if (!next.newline || layout->after_choice) {
        return false;
    }
    if (wants_more(layout->last.kind)) {
        return begins_statement(layout, next, layout->ahead[1]);
    }
    bool head = layout->pending.block || layout->pending.is_choice;
    return next.kind != TOKEN_ARROW && (next.kind != TOKEN_LBRACE || !head);
}

static Token give_opened(Layout *layout, Token token);

/* A `{` that the file lacks, so that the block's statements are read as such. */
static Token give_assumed_brace(Layout *layout)
{
    Span span = {layout->last.span.end, layout->last.span.end};
    const char *head = layout->last.kind == TOKEN_ELSE ? "else"
                       : layout->pending.is_choice     ? "if"
                                                       : layout->pending.name;
    Diag *diag =
        diag_report(layout->diag, E_SYNTAX, span, "expected `{`, found the end of the line");
    diag_hint(layout->diag, diag, "what belongs to `%s` stands between `{` and `}`", head);
    layout->pending.is_assumed = true;
    return give_opened(layout, (Token){TOKEN_LBRACE, span, false});
}

/* Gives what the state asks for before any further token is taken. */
static bool give_due(Layout *layout, Token *token)
{
    Token next = layout->ahead[0];
    bool ends = layout->end_due || statement_ends(layout);
    if (ends && !layout->end_due && layout_lacks_brace(layout, next)) {
        *token = give_assumed_brace(layout);
        return true;
    }
    if (ends) {
        *token = give_end(layout);
        return true;
    }
    if (layout_in_bracket(layout) && breaks_bracket(layout, next, layout->ahead[1])) {
        layout_drop_brackets(layout, next);
        *token = give_broken(layout, next.span);
        return true;
    }
    if (layout->depth && !layout->statement_open && !layout->closing &&
        (next.kind == TOKEN_END_OF_FILE ||
         layout_begins_declaration(layout, next, layout->ahead[1]))) {
        layout_report_open_brace(layout, next);
        layout->closing = true;
    }
    layout->closing = layout->closing && layout->depth;
    bool leaves = layout_leaves_block(layout, next);
    if (leaves) {
        layout_suspect_top(layout);
        layout_report_open_brace(layout, next);
    }
    if (layout->closing || leaves) {
        *token = give_closing_brace(layout, (Span){next.span.begin, next.span.begin});
        return true;
    }
    return false;
}

static Token give_opened(Layout *layout, Token token)
{
    bool brace = token.kind == TOKEN_LBRACE;
    if (!layout_open(layout, token)) {
        layout->stopped = true;
        layout->ahead[0] = layout->ahead[1] = end_of_file(layout);
        return give_broken(layout, token.span);
    }
    give(layout, token);
    layout->statement_open = !brace;
    return token;
}

/* False: the token is dropped, and what follows is looked at. */
static bool give_taken(Layout *layout, Token token, Token *given)
{
    switch (token.kind) {
    case RAW_SEMICOLON:
        return false;
    case RAW_INVALID:
        layout_report_stray(layout, token);
        *given = give_broken(layout, token.span);
        return true;
    case RAW_STRING:
        diag_report(layout->diag, E_STRING, token.span,
                    "string has no closing `\"` before the end of its line");
        layout->unbalanced = token.span.end;
        *given = give_broken(layout, token.span);
        return true;
    case RAW_NUMBER:
        layout_report_number(layout, token);
        token.kind = layout->last.span.end == token.span.begin ? TOKEN_BROKEN : TOKEN_NUMBER;
        break;
    case TOKEN_RBRACE:
        if (!layout->depth && layout->orphans) {
            layout->orphans = false;
            return false;
        }
        if (!layout->depth) {
            diag_report(layout->diag, E_UNOPENED, token.span, "`}` closes nothing");
            return false;
        }
        *given = give_closing_brace(layout, token.span);
        return true;
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
        if (!layout_close_bracket(layout, &token)) {
            return false;
        }
        break;
    case TOKEN_NAME:
        token.kind = kind_of_word(layout, token);
        break;
    default:
        break;
    }
    *given = give(layout, token);
    return true;
}

static bool is_opener(int kind)
{
    return kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LBRACE;
}

/* Tokens that every block reports in the same way, wherever they stand. */
static bool is_common(int kind)
{
    return kind == RAW_SEMICOLON || kind == RAW_INVALID || kind == TOKEN_RBRACE ||
           kind == TOKEN_LBRACE || kind == TOKEN_END_OF_FILE || kind == TOKEN_RPAREN ||
           kind == TOKEN_RBRACKET || kind == RAW_STRING;
}

Token layout_next(Layout *layout)
{
    Token given;
    for (;;) {
        if (give_due(layout, &given)) {
            return given;
        }
        Token token = layout_take(layout);
        if (token.kind == TOKEN_END_OF_FILE) {
            return token;
        }
        if (!layout->statement_open) {
            layout->unbalanced = 0;
            layout_note_indent(layout, token);
            bool known = token.kind == TOKEN_NAME || layout_takes_expressions(layout_block(layout));
            if (token.kind == TOKEN_NAME) {
                return first_of_statement(layout, token);
            }
            if (!known && !is_common(token.kind)) {
                return reject_unknown(layout, token);
            }
            if (layout_lacks_head(layout, token)) {
                layout_report_headless(layout, token);
                continue;
            }
            layout->statement = STATEMENT_BARE;
        }
        if (is_opener(token.kind)) {
            return give_opened(layout, token);
        }
        if (give_taken(layout, token, &given)) {
            return given;
        }
    }
}
