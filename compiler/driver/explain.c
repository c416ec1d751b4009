/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds `## E0123 …` in the embedded text; the section ends where the next one begins.
 */
#include "driver/explain.h"

#include "support/str.h"

#include <ctype.h>
#include <string.h>

/* Made from docs/diagnostics.md when building. */
extern const char rnet_diagnostics_text[];

static const char *normalise(Arena *arena, const char *code)
{
    char *text = str_copy(arena, code, strlen(code));
    for (char *c = text; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return text;
}

/* The text of a link, and where it leads unless that is the same. */
static const char *print_link(const char *link, const char *end, FILE *out)
{
    const char *middle = strstr(link, "](");
    const char *close = middle ? strchr(middle, ')') : NULL;
    if (!close || close > end || memchr(link, '\n', (size_t)(middle - link))) {
        fputc(*link, out);
        return link + 1;
    }
    int text = (int)(middle - link) - 1, target = (int)(close - middle) - 2;
    fprintf(out, "%.*s", text, link + 1);
    if (text != target || strncmp(link + 1, middle + 2, (size_t)text) != 0) {
        fprintf(out, " (%.*s)", target, middle + 2);
    }
    return close + 1;
}

static void print_section(const char *begin, const char *end, FILE *out)
{
    while (begin < end) {
        if (*begin == '[') {
            begin = print_link(begin, end, out);
        } else {
            fputc(*begin++, out);
        }
    }
    fputc('\n', out);
}

bool explain_code(Arena *arena, const char *code, FILE *out, DiagSink *diag)
{
    const char *heading = str_format(arena, "\n## %s ", normalise(arena, code));
    const char *begin = strstr(rnet_diagnostics_text, heading);
    if (!begin) {
        Diag *error = diag_report(diag, E_USAGE, (Span){0, 0}, "there is no diagnostic `%s`", code);
        diag_hint(diag, error, "codes look like E0101 or W0901 and stand at the end of a message");
        return false;
    }
    begin += strlen("\n## ");
    const char *end = strstr(begin, "\n## ");
    print_section(begin, end ? end : begin + strlen(begin), out);
    return true;
}
