/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading a file and finding the line of an offset.
 */
#include "support/source.h"

#include "support/diag.h"
#include "support/fileio.h"
#include "support/str.h"

#include <stdbool.h>
#include <string.h>

/* Far above any real file, and far below what a 32-bit offset can name. */
enum { SOURCE_LIMIT = 16 * 1024 * 1024 };

static const uint32_t *index_lines(Arena *arena, const char *text, uint32_t length,
                                   uint32_t *line_count)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < length; i++) {
        count += text[i] == '\n';
    }
    uint32_t *lines = ARENA_ARRAY(arena, uint32_t, count);
    uint32_t next = 1;
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            lines[next++] = i + 1;
        }
    }
    *line_count = count;
    return lines;
}

static Source *build_source(Arena *arena, const char *path, const char *text, size_t length)
{
    static const char mark[] = {(char)0xEF, (char)0xBB, (char)0xBF};
    if (length >= sizeof mark && memcmp(text, mark, sizeof mark) == 0) {
        text += sizeof mark;
        length -= sizeof mark;
    }
    Source *source = ARENA_NEW(arena, Source);
    source->path = path;
    source->text = text;
    source->length = (uint32_t)length;
    source->lines = index_lines(arena, text, source->length, &source->line_count);
    return source;
}

Source *source_load(Arena *arena, const char *path, DiagSink *diag)
{
    const char *reason = NULL;
    size_t length = 0;
    char *text = file_read(arena, path, SOURCE_LIMIT, &length, &reason);
    if (!text) {
        diag_report(diag, E_READ, (Span){0, 0}, "cannot read \"%s\": %s", path, reason);
        return NULL;
    }
    return build_source(arena, str_copy(arena, path, strlen(path)), text, length);
}

Source *source_from_text(Arena *arena, const char *path, const char *text, size_t length)
{
    return build_source(arena, str_copy(arena, path, strlen(path)), str_copy(arena, text, length),
                        length);
}

/* The last line that begins at or before the offset. */
static uint32_t find_line(const Source *source, uint32_t offset)
{
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->lines[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t source_line_begin(const Source *source, uint32_t offset)
{
    return source->lines[find_line(source, offset)];
}

Place source_place(const Source *source, uint32_t offset)
{
    if (offset > source->length) {
        offset = source->length;
    }
    uint32_t line = find_line(source, offset), column = 1;
    for (uint32_t i = source->lines[line]; i < offset; i++) {
        bool continues = (source->text[i] & 0xC0) == 0x80;
        column += !continues;
    }
    return (Place){line + 1, column};
}
