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
    fprintf(out, "%.*s\n", end ? (int)(end - begin) : (int)strlen(begin), begin);
    return true;
}
