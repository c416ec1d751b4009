/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical layout, from tokens: two blanks a block, one statement a line, the parts of
 * neighbouring statements in columns, at most one empty line in a row. Line breaks inside a
 * statement stay where the author put them. Comments come from a second scan.
 */
#include "syntax/format.h"

#include "support/vec.h"
#include "syntax/format_lines.h"
#include "syntax/layout.h"

#include "rnet_grammar.h"

#include <string.h>

enum { INDENT = 2, CONTINUATION = 4 };

typedef struct Formatter {
    Arena *arena;
    const Source *source;
    VEC(Token) comments;
    uint32_t next_comment;
    FormatLines lines;
    FormatLine line; /* being built */
    bool line_open;  /* it has something */
    bool in_statement;
    bool must_break; /* a comment ends the line */
    unsigned depth;  /* braces */
    unsigned brackets;
    Token last, before_last;
} Formatter;

static void collect_comments(Formatter *f)
{
    Scanner *scanner = scanner_create(f->arena, f->source, COMMENTS_KEPT);
    for (Token t = scanner_next(scanner); t.kind; t = scanner_next(scanner)) {
        if (t.kind == RAW_COMMENT) {
            vec_push(f->arena, &f->comments, t);
        }
    }
    scanner_dispose(scanner);
}

/* Newlines in the bytes between two offsets. */
static unsigned count_newlines(const Formatter *f, uint32_t begin, uint32_t end)
{
    unsigned count = 0;
    for (uint32_t i = begin; i < end; i++) {
        count += f->source->text[i] == '\n';
    }
    return count;
}

static void flush_line(Formatter *f)
{
    if (f->line_open) {
        format_lines_add(&f->lines, f->line);
    }
    f->line = (FormatLine){0};
    f->line.cells[0].arena = f->line.cells[1].arena = f->line.cells[2].arena = f->arena;
    f->line_open = false;
}

static bool after_empty_line(const Formatter *f, uint32_t begin, uint32_t end)
{
    return f->lines.count > 0 && count_newlines(f, begin, end) > 1 &&
           !f->lines.items[f->lines.count - 1].opens;
}

static void start_line(Formatter *f, unsigned indent, bool blank)
{
    flush_line(f);
    f->line.indent = indent;
    f->line.blank_before = blank;
    f->line_open = true;
    f->must_break = false;
}

static unsigned indent_here(const Formatter *f)
{
    return f->depth * INDENT + (f->in_statement ? CONTINUATION : 0);
}

static const char *comment_text(const Formatter *f, Token comment)
{
    uint32_t end = comment.span.end;
    while (end > comment.span.begin && strchr(" \t\r", f->source->text[end - 1])) {
        end--;
    }
    return str_copy(f->arena, f->source->text + comment.span.begin, end - comment.span.begin);
}

/* The comments before `end`; `from` is where the token before them ends. */
static uint32_t place_comments(Formatter *f, uint32_t from, uint32_t end)
{
    while (f->next_comment < f->comments.count) {
        Token comment = f->comments.items[f->next_comment];
        if (comment.span.begin >= end) {
            break;
        }
        f->next_comment++;
        if (f->line_open && !f->line.comment && !count_newlines(f, from, comment.span.begin)) {
            f->line.comment = comment_text(f, comment);
        } else {
            flush_line(f);
            bool blank = after_empty_line(f, from, comment.span.begin);
            start_line(f, indent_here(f), blank);
            f->line.comment = comment_text(f, comment);
            f->line.only_comment = true;
        }
        f->must_break = true;
        from = comment.span.end;
    }
    return from;
}

static bool ends_operand(int kind)
{
    return kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == TOKEN_STRING ||
           kind == TOKEN_TRUE || kind == TOKEN_FALSE || kind == TOKEN_RPAREN ||
           kind == TOKEN_RBRACKET;
}

static bool is_sign(const Formatter *f)
{
    return f->last.kind == TOKEN_MINUS && !ends_operand(f->before_last.kind);
}

static bool is_tight(const Formatter *f, int kind)
{
    return kind == TOKEN_CARET || kind == TOKEN_SLASH || (kind == TOKEN_STAR && f->brackets) ||
           (kind == TOKEN_DOTS && f->line.head == TOKEN_PARAM);
}

static bool needs_space(const Formatter *f, Token t)
{
    int last = f->last.kind;
    if (last == TOKEN_LPAREN || last == TOKEN_LBRACKET || t.kind == TOKEN_RPAREN ||
        t.kind == TOKEN_RBRACKET || t.kind == TOKEN_COMMA || t.kind == TOKEN_COLON) {
        return false;
    }
    if (is_tight(f, t.kind) || is_tight(f, last) || is_sign(f)) {
        return false;
    }
    return !(last == TOKEN_NAME && (t.kind == TOKEN_LPAREN || t.kind == TOKEN_LBRACKET));
}

/* Statements stand in columns: keyword, values; `const name`, `= value`, `in range`; `x`, `in …`.
 */
static unsigned column_of(const Formatter *f, Token t)
{
    unsigned column = f->line.column;
    int head = f->line.head;
    if (f->brackets || f->line.continued) {
        return column;
    }
    if (column == 0 && t.span.begin != f->line.begin &&
        (head == TOKEN_KEYWORD || head == TOKEN_LABELLED || head == TOKEN_MEASURE)) {
        return 1;
    }
    if (column == 0 && t.kind == TOKEN_ASSIGN && (head == TOKEN_CONST || head == TOKEN_PARAM)) {
        return 1;
    }
    return t.kind == TOKEN_IN ? column + 1 : column;
}

static void append_token(Formatter *f, Token t)
{
    unsigned column = column_of(f, t);
    Text *cell = &f->line.cells[column];
    bool doc = t.kind == TOKEN_STRING && ends_operand(f->last.kind) && !f->brackets;
    if (cell->length) {
        text_append(cell, "%s", doc ? "   " : needs_space(f, t) ? " " : "");
    }
    text_append_bytes(cell, f->source->text + t.span.begin, t.span.end - t.span.begin);
    f->line.column = column;
}

static void begin_line_with(Formatter *f, Token t, uint32_t from)
{
    bool continued =
        f->in_statement && t.kind != TOKEN_LBRACE && t.kind != TOKEN_ELSE && t.kind != TOKEN_RBRACE;
    flush_line(f);
    bool blank =
        !f->in_statement && t.kind != TOKEN_RBRACE && after_empty_line(f, from, t.span.begin);
    start_line(f, f->depth * INDENT + (continued ? CONTINUATION : 0), blank);
    f->line.head = t.kind;
    f->line.begin = t.span.begin;
    f->line.continued = continued;
}

static bool starts_line(const Formatter *f, Token t)
{
    if (!f->line_open || f->must_break || !f->in_statement) {
        return true;
    }
    if (t.kind == TOKEN_RBRACE) {
        return f->last.kind != TOKEN_LBRACE;
    }
    return t.newline && t.kind != TOKEN_LBRACE && t.kind != TOKEN_ELSE;
}

static void track_nesting(Formatter *f, Token t)
{
    if (t.kind == TOKEN_LBRACE) {
        f->depth++;
        f->line.opens = true;
        f->in_statement = false;
    } else if (t.kind == TOKEN_LPAREN || t.kind == TOKEN_LBRACKET) {
        f->brackets++;
    } else if (t.kind == TOKEN_RPAREN || t.kind == TOKEN_RBRACKET) {
        f->brackets--;
    }
}

static void place_token(Formatter *f, Token t)
{
    uint32_t from = place_comments(f, f->last.span.end, t.span.begin);
    bool empty_block = t.kind == TOKEN_RBRACE && f->last.kind == TOKEN_LBRACE && !f->must_break;
    if (t.kind == TOKEN_RBRACE) {
        f->depth--;
        f->in_statement = empty_block;
    }
    if (starts_line(f, t)) {
        begin_line_with(f, t, from);
    }
    append_token(f, t);
    if (t.kind == TOKEN_RBRACE) {
        f->line.closes = true;
        f->line.opens = false;
    }
    f->in_statement = true;
    track_nesting(f, t);
}

Text format_source(Arena *arena, const Source *source, DiagSink *diag)
{
    Formatter f = {.arena = arena, .source = source, .lines.arena = arena};
    collect_comments(&f);
    flush_line(&f);
    Layout *layout = layout_create(arena, source, diag);
    for (Token t = layout_next(layout); t.kind; t = layout_next(layout)) {
        if (t.kind == TOKEN_END) {
            f.in_statement = false;
            continue;
        }
        place_token(&f, t);
        f.before_last = f.last;
        f.last = t;
    }
    layout_dispose(layout);
    place_comments(&f, f.last.span.end, source->length + 1);
    flush_line(&f);
    return format_lines_print(&f.lines);
}
