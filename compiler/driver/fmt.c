/* SPDX-License-Identifier: Apache-2.0
 *
 * One file through the formatter; a file that is canonical already is not touched.
 */
#include "driver/fmt.h"

#include "support/fileio.h"
#include "syntax/format.h"
#include "syntax/parse.h"

#include <stdio.h>
#include <string.h>

static bool is_unchanged(const Source *source, const Text *text)
{
    return source->length == text->length && memcmp(source->text, text->data, text->length) == 0;
}

bool format_file(Arena *arena, const Options *options, const char *path, DiagSink *diag,
                 const Source **source)
{
    *source = source_load(arena, path, diag);
    if (!parse_source(arena, interner_create(arena), *source, diag)) {
        return false;
    }
    Text text = format_source(arena, *source, diag);
    bool standard = strcmp(path, "-") == 0, unchanged = is_unchanged(*source, &text);
    if (options->format_check) {
        if (!unchanged) {
            printf("%s\n", path);
        }
        return unchanged;
    }
    const char *reason = NULL;
    if ((standard || !unchanged) &&
        !file_write(arena, path, text.data, text.length, FILE_PLAIN, &reason)) {
        diag_report(diag, E_WRITE, (Span){0, 0}, "cannot write \"%s\": %s", path, reason);
        return false;
    }
    return true;
}
