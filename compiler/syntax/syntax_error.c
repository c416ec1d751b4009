/* SPDX-License-Identifier: Apache-2.0
 *
 * Words for the grammar's errors: what was found, what was expected, and what to write instead
 * where the mistake is a common one.
 */
#include "syntax/keyword.h"
#include "syntax/parser.h"

#include <string.h>

enum { SHOWN = 5, TEXT_SHOWN = 40 };

static bool is_relation(int kind)
{
    return kind == TOKEN_EQ || kind == TOKEN_NE || kind == TOKEN_LT || kind == TOKEN_LE ||
           kind == TOKEN_GT || kind == TOKEN_GE;
}

static bool is_operator(int kind)
{
    return is_relation(kind) || kind == TOKEN_ARROW || kind == TOKEN_PLUS || kind == TOKEN_STAR ||
           kind == TOKEN_SLASH || kind == TOKEN_CARET || kind == TOKEN_MINUS;
}

static const char *token_text(const Parser *parser, Token token)
{
    size_t length = token.span.end - token.span.begin;
    const char *text = parser->source->text + token.span.begin;
    return length > TEXT_SHOWN ? str_format(parser->arena, "%.*s…", TEXT_SHOWN, text)
                               : str_copy(parser->arena, text, length);
}

static const char *describe_end(const Parser *parser, Token token)
{
    const Source *source = parser->source;
    uint32_t at = token.span.end;
    while (at < source->length && (source->text[at] == ' ' || source->text[at] == '\t')) {
        at++;
    }
    if (at == source->length) {
        return "the end of the file";
    }
    char c = source->text[at];
    return c == '}' ? "`}`" : c == ';' ? "`;`" : "the end of the line";
}

static const char *describe(const Parser *parser, Token token)
{
    switch (token.kind) {
    case TOKEN_END:
        return describe_end(parser, token);
    case TOKEN_END_OF_FILE:
        return "the end of the file";
    case TOKEN_NAME:
        return str_format(parser->arena, "name `%s`", token_text(parser, token));
    case TOKEN_NUMBER:
        return str_format(parser->arena, "number `%s`", token_text(parser, token));
    case TOKEN_STRING:
        return str_format(parser->arena, "string %s", token_text(parser, token));
    default:
        return str_format(parser->arena, "`%s`", token_text(parser, token));
    }
}

static bool is_expected(const char *const *expected, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(expected[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Where an operand may stand, all its first tokens may: one word says it. */
static bool names_operand(const char *name)
{
    static const char *const first[] = {"a name",  "a number", "a string", "`true`",
                                        "`false`", "`-`",      "`(`",      "`[`"};
    return is_expected(first, sizeof first / sizeof *first, name);
}

static bool names_operator(const char *name)
{
    static const char *const operators[] = {"`->`", "`==`", "`!=`", "`<`", "`<=`", "`>`",
                                            "`>=`", "`+`",  "`-`",  "`*`", "`/`",  "`^`"};
    return is_expected(operators, sizeof operators / sizeof *operators, name);
}

typedef struct Expectation {
    const char *words[SHOWN];
    int count;
} Expectation;

static void expect(Expectation *e, const char *word)
{
    if (e->count < SHOWN && !is_expected(e->words, e->count, word)) {
        e->words[e->count++] = word;
    }
}

static Expectation condense(const char *const *expected, int count)
{
    Expectation e = {{NULL}, 0};
    bool operand = is_expected(expected, count, "a number");
    bool operation = !operand && is_expected(expected, count, "`+`");
    bool statement = is_expected(expected, count, "`const`");
    if (statement) {
        bool file = is_expected(expected, count, "the end of the file");
        expect(&e, file ? "a declaration" : "a statement");
        return e;
    }
    if (operand) {
        expect(&e, "an expression");
    }
    for (int i = 0; i < count; i++) {
        bool implied = (operand && names_operand(expected[i])) ||
                       (operation && (names_operator(expected[i]) || names_operand(expected[i]) ||
                                      strcmp(expected[i], "`:`") == 0));
        if (!implied) {
            expect(&e, expected[i]);
        }
    }
    if (operation) {
        expect(&e, "an operator");
    }
    return e;
}

static const char *join(Arena *arena, const Expectation *e)
{
    Text text = {.arena = arena};
    for (int i = 0; i < e->count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == e->count ? " or " : ", ";
        text_append(&text, "%s%s", joint, e->words[i]);
    }
    return e->count ? text.data : "something else";
}

static bool is_keyword(int kind)
{
    return kind == TOKEN_KEYWORD || kind == TOKEN_LABELLED || kind == TOKEN_MEASURE;
}

/* An operator where an operand is wanted. */
static void hint_operator(Parser *parser, Diag *diag)
{
    Token found = parser->current, before = parser->previous;
    if (before.kind == TOKEN_MINUS && found.kind == TOKEN_GT) {
        diag_hint(parser->diag, diag, "an arrow is written `->`, without a blank");
    } else if (is_operator(before.kind)) {
        diag_hint(parser->diag, diag,
                  "`%s` and `%s` stand side by side: leave one out, or write what is between them",
                  token_text(parser, before), token_text(parser, found));
    } else if (found.kind == TOKEN_PLUS) {
        diag_hint(parser->diag, diag, "there is no sign `+`: leave it out");
    } else {
        diag_hint(parser->diag, diag, "something is missing before `%s`",
                  token_text(parser, found));
    }
}

static void hint_assignment(Parser *parser, Diag *diag, bool operand)
{
    /* behind the last byte of a source stands a NUL */
    if (parser->source->text[parser->current.span.end] == '>') {
        diag_hint(parser->diag, diag, "an arrow is written `->`");
    } else if (is_keyword(parser->previous.kind)) {
        diag_hint(parser->diag, diag, "a statement has no `=`: write `%s VALUE`",
                  token_text(parser, parser->previous));
    } else if (operand) {
        hint_operator(parser, diag);
    } else if (layout_meant(parser->layout)) {
        diag_hint(parser->diag, diag, "%s", layout_meant(parser->layout));
    }
}

/* The next statement, on the line of the one before. */
static bool lacks_separator(Parser *parser, const char *const *expected, int count)
{
    Token found = parser->current;
    const char *word = found.kind == TOKEN_NAME ? token_text(parser, found) : "";
    return is_expected(expected, count, "the end of the statement") && !found.newline &&
           keyword_find(word, strlen(word)) != NULL;
}

/* A product as mathematics writes it, 2 x or 2(x + 1); or a chain without its arrows. */
static bool lacks_operator(const Parser *parser, const char *const *expected, int count)
{
    int found = parser->current.kind, before = parser->previous.kind;
    return !parser->current.newline && is_expected(expected, count, "`+`") &&
           (found == TOKEN_NAME || found == TOKEN_LPAREN) &&
           (before == TOKEN_NUMBER || before == TOKEN_RPAREN);
}

/* A call without its brackets: `dense 8`. */
static bool lacks_brackets(const Parser *parser, const char *const *expected, int count)
{
    int found = parser->current.kind;
    return !parser->current.newline && is_expected(expected, count, "`+`") &&
           parser->previous.kind == TOKEN_NAME && (found == TOKEN_NUMBER || found == TOKEN_STRING);
}

static const char *text_behind(const Parser *parser, Token token)
{
    const char *text = parser->source->text + token.span.end;
    return text + strspn(text, " \t");
}

/* A call without its brackets, and with the name of an argument: `adam lr = 0.1`. */
static bool lacks_brackets_of_name(const Parser *parser, const char *const *expected, int count)
{
    const char *behind = text_behind(parser, parser->current);
    return !parser->current.newline && is_expected(expected, count, "`+`") &&
           parser->previous.kind == TOKEN_NAME && parser->current.kind == TOKEN_NAME &&
           behind[0] == '=' && behind[1] != '=';
}

/* `1 to 9`: a range in words. */
static bool says_to(const Parser *parser, const char *const *expected, int count)
{
    return is_expected(expected, count, "`..`") && parser->current.kind == TOKEN_NAME &&
           str_equal(token_text(parser, parser->current), "to");
}

static void hint_range(Parser *parser, Diag *diag)
{
    const char *high = text_behind(parser, parser->current);
    size_t length = strspn(high, "0123456789.");
    if (parser->previous.kind == TOKEN_NUMBER && length > 0) {
        diag_hint(parser->diag, diag, "a range is written `%s..%.*s`",
                  token_text(parser, parser->previous), (int)length, high);
    } else {
        diag_hint(parser->diag, diag, "a range is written `a .. b`");
    }
}

static void add_hint(Parser *parser, Diag *diag, const char *const *expected, int count)
{
    Token found = parser->current;
    if (found.kind == TOKEN_ASSIGN) {
        hint_assignment(parser, diag, is_expected(expected, count, "a number"));
    } else if (is_operator(found.kind) && parser->previous.kind == TOKEN_END) {
        diag_hint(parser->diag, diag, "a line goes on when the line before ends with the operator");
    } else if (is_operator(found.kind) && is_expected(expected, count, "a number")) {
        hint_operator(parser, diag);
    } else if (is_operator(parser->previous.kind) && is_expected(expected, count, "a number")) {
        diag_hint(parser->diag, diag, "something is missing behind `%s`",
                  token_text(parser, parser->previous));
    } else if (is_expected(expected, count, "`depth`")) {
        diag_hint(parser->diag, diag, "write `residual depth L { … }`");
    } else if (found.kind == TOKEN_END && is_keyword(parser->previous.kind)) {
        diag_hint(parser->diag, diag, "`%s` wants a value on the same line",
                  token_text(parser, parser->previous));
    } else if (found.kind == TOKEN_NAME && strcmp(token_text(parser, found), "over") == 0) {
        diag_hint(parser->diag, diag, "write `measure best Q over X`");
    } else if (parser->previous.kind == TOKEN_STRING &&
               parser->previous.span.end == found.span.begin) {
        diag_hint(parser->diag, diag, "a string ends at the next `\"`: is one missing before?");
    } else if (found.kind == TOKEN_DOTS) {
        diag_hint(parser->diag, diag, "a range stands after `in`: `x in a .. b`");
    } else if (says_to(parser, expected, count)) {
        hint_range(parser, diag);
    } else if (lacks_brackets_of_name(parser, expected, count)) {
        diag_hint(parser->diag, diag, "arguments stand in brackets: `%s(%s = …)`",
                  token_text(parser, parser->previous), token_text(parser, found));
    } else if (lacks_separator(parser, expected, count)) {
        diag_hint(parser->diag, diag, "`%s` begins a statement: write `;` before it, or a new line",
                  token_text(parser, found));
    } else if (lacks_brackets(parser, expected, count)) {
        diag_hint(parser->diag, diag, "arguments stand in brackets: `%s(…)`",
                  token_text(parser, parser->previous));
    } else if (lacks_operator(parser, expected, count)) {
        bool chain = parser->previous.kind == TOKEN_RPAREN && found.kind == TOKEN_NAME;
        diag_hint(parser->diag, diag, "a product is written with `*`%s",
                  chain ? ", and a chain of layers with `->`" : "");
    }
}

void parser_syntax_error(Parser *parser, Span span, const char *const *expected, int count)
{
    Token found = parser->current;
    if (found.kind == TOKEN_BROKEN) {
        return;
    }
    layout_note_mistake(parser->layout);
    bool operand_before = !is_expected(expected, count, "a number");
    if (is_relation(found.kind) && operand_before && is_expected(expected, count, "`+`")) {
        Diag *diag =
            diag_report(parser->diag, E_COMPARISON_CHAIN, span, "comparisons cannot be chained");
        diag_hint(parser->diag, diag, "write two comparisons, or a range: `x in a .. b`");
        return;
    }
    Expectation e = condense(expected, count);
    Diag *diag = diag_report(parser->diag, E_SYNTAX, span, "expected %s, found %s",
                             join(parser->arena, &e), describe(parser, found));
    Span opener;
    bool closable = is_expected(expected, count, "`)`") || is_expected(expected, count, "`]`");
    if (found.newline && closable && layout_find_opener(parser->layout, &opener)) {
        diag_label(parser->diag, diag, opener, "opened here");
    }
    add_hint(parser, diag, expected, count);
}
