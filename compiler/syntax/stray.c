/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes and spellings that are no tokens: not UTF-8, control characters, typographic signs,
 * operators of other languages, malformed numbers.
 */
#include "syntax/layout_state.h"

#include "support/utf8.h"

#include <ctype.h>
#include <string.h>

/* A file with more of them is not a text file. */
enum { STRAY_LIMIT = 20 };
/* As many bytes that are no text, and such a share of the file: it is not looked at any further. */
enum { MOST_STRAYS = 8, STRAY_SHARE = 8 };

static const char *describe_byte(Utf8 c)
{
    if (!c.valid) {
        return "bytes that are not UTF-8";
    }
    if (c.code == 0) {
        return "a NUL byte";
    }
    return c.code == '\r' ? "a carriage return without a newline" : "a control character";
}

/* Text is valid UTF-8 without control characters; a tab and the ends of lines are text. */
static bool is_text(const Source *source, uint32_t at, Utf8 c)
{
    if (!c.valid || (c.code < 0x20 && c.code != '\t' && c.code != '\n' && c.code != '\r') ||
        c.code == 0x7F) {
        return false;
    }
    return c.code != '\r' || source->text[at + 1] == '\n';
}

static bool report_bytes(Layout *layout, Span span, Utf8 first)
{
    Diag *diag =
        diag_report(layout->diag, E_BYTE, span, "the file contains %s", describe_byte(first));
    diag_hint(layout->diag, diag, "a .rnet file is UTF-8 text");
    if (++layout->stray_count < STRAY_LIMIT) {
        return true;
    }
    diag_note(layout->diag, diag, "the rest of the file is not read: it does not look like text");
    return false;
}

/* By its mark, which editors write. */
static bool is_utf16(const Source *source)
{
    const unsigned char *text = (const unsigned char *)source->text;
    return source->length >= 2 &&
           ((text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF));
}

bool layout_check_text(Layout *layout)
{
    const Source *source = layout->source;
    Span first = {0, 0};
    uint32_t strays = 0;
    for (uint32_t at = 0; at < source->length;) {
        Utf8 c = utf8_decode(source->text + at, source->length - at);
        if (!is_text(source, at, c)) {
            first = strays ? first : (Span){at, at + c.length};
            strays += c.length;
        }
        at += c.length;
    }
    if (strays < MOST_STRAYS || strays < source->length / STRAY_SHARE) {
        return true;
    }
    Diag *diag = diag_report(layout->diag, E_BYTE, first,
                             "this is no text: %u of the file's %u bytes are control characters or "
                             "not UTF-8",
                             strays, source->length);
    diag_hint(layout->diag, diag,
              is_utf16(source) ? "it looks like UTF-16: save it as UTF-8"
                               : "a .rnet file is UTF-8 text; name the file with the source");
    return false;
}

bool layout_check_bytes(Layout *layout, Span span)
{
    const Source *source = layout->source;
    uint32_t at = layout->checked;
    while (at < span.end) {
        Utf8 first = utf8_decode(source->text + at, source->length - at);
        uint32_t begin = at;
        for (Utf8 c = first; at < source->length && !is_text(source, at, c);) {
            at += c.length;
            if (at < source->length) {
                c = utf8_decode(source->text + at, source->length - at);
            }
        }
        if (at > begin && !report_bytes(layout, (Span){begin, at}, first)) {
            return false;
        }
        if (at == begin) {
            at += first.length;
        }
    }
    layout->checked = at > layout->checked ? at : layout->checked;
    return true;
}

typedef struct Stray {
    const char *text, *hint;
} Stray;

static const char *hint_for(const char *text)
{
    static const Stray table[] = {
        {"**", "a power is written `a^b`"},
        {"//", "a comment begins with `#`; numbers are divided with one `/`"},
        {"/*", "a comment begins with `#`"},
        {"&&", "there is no `and`: put one `if` inside the other"},
        {"||", "there is no `or`: use `else if`"},
        {"'", "a string is written \"…\""},
        {"!", "not equal is written `!=`"},
        {"&", "there is no `and`: put one `if` inside the other"},
        {"|", "there is no `or`: use `else if`"},
        {".", "a number has a digit on both sides of its dot; a range is written `a .. b`"},
        {"“", "a string is written with straight quotes, \"…\""},
        {"”", "a string is written with straight quotes, \"…\""},
        {"‘", "a string is written with straight quotes, \"…\""},
        {"’", "a string is written with straight quotes, \"…\""},
        {"→", "write `->`"},
        {"−", "write `-`"},
        {"–", "write `-`"},
        {"×", "write `*`"},
        {"·", "write `*`"},
        {"≤", "write `<=`"},
        {"≥", "write `>=`"},
        {"≠", "write `!=`"},
        {"…", "a range is written `a .. b`"},
        {"α", "names are ASCII: write `alpha`"},
        {"β", "names are ASCII: write `beta`"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strncmp(text, table[i].text, strlen(table[i].text)) == 0) {
            return table[i].hint;
        }
    }
    return NULL;
}

void layout_report_stray(Layout *layout, Token token)
{
    const char *text = layout_text(layout, token.span);
    Utf8 first = utf8_decode(text, strlen(text));
    if (!first.valid || utf8_is_unprintable(first.code) || text[0] == '\0') {
        return;
    }
    int shown = (unsigned char)text[0] < 0x80 ? (int)strlen(text) : (int)first.length;
    Diag *diag =
        diag_report(layout->diag, E_BYTE, token.span, "`%.*s` has no meaning here", shown, text);
    const char *hint = hint_for(text);
    if (hint) {
        diag_hint(layout->diag, diag, "%s", hint);
    } else if ((unsigned char)text[0] >= 0x80) {
        diag_hint(layout->diag, diag, "names are made of A-Z, a-z, 0-9 and `_`");
    }
}

/* Of a number or a name; the dots of a range are none of it. */
static bool is_of_word(const char *text, uint32_t at)
{
    return isalnum((unsigned char)text[at]) || text[at] == '_' ||
           (text[at] == '.' && at > 0 && text[at - 1] != '.');
}

/* Of `1...9`, whose third dot went to the number: the range that may be meant. */
static void hint_dots(Layout *layout, Diag *diag, uint32_t dots, const char *text)
{
    const char *source = layout->source->text;
    uint32_t begin = dots;
    while (begin > 0 && is_of_word(source, begin - 1)) {
        begin--;
    }
    int length = (int)(dots - begin);
    diag_hint(layout->diag, diag, "a range has two dots: write `%.*s..%s`, or `%.*s..0%s`", length,
              source + begin, text + 1, length, source + begin, text);
}

void layout_report_number(Layout *layout, Token token)
{
    const char *text = layout_text(layout, token.span);
    size_t length = strlen(text);
    Diag *diag = diag_report(layout->diag, E_NUMBER, token.span, "malformed number `%s`", text);
    uint32_t begin = token.span.begin;
    if (text[0] == '.' && begin >= 2 && strncmp(layout->source->text + begin - 2, "..", 2) == 0) {
        hint_dots(layout, diag, begin - 2, text);
    } else if (text[0] == '.') {
        diag_hint(layout->diag, diag, "write `0%s`: a digit stands on both sides of the dot", text);
    } else if (text[length - 1] == '.') {
        diag_hint(layout->diag, diag, "write `%s0` or `%.*s`", text, (int)length - 1, text);
    } else if (strchr(text, '_')) {
        diag_hint(layout->diag, diag, "digits are not grouped with `_`");
    } else if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0) {
        diag_hint(layout->diag, diag, "numbers are decimal");
    } else {
        diag_hint(layout->diag, diag,
                  "numbers look like 12, 0.5 or 1e-3; a product is written with `*`");
    }
}
