/* SPDX-License-Identifier: Apache-2.0
 *
 * Source: the bytes of one file and its line table; Span: a range of those bytes.
 */
#ifndef RNET_SUPPORT_SOURCE_H
#define RNET_SUPPORT_SOURCE_H

#include "support/arena.h"

#include <stdint.h>

typedef struct DiagSink DiagSink;

/* Bytes [begin, end) of the source; {0, 0} means nowhere in particular. */
typedef struct Span {
    uint32_t begin, end;
} Span;
_Static_assert(sizeof(Span) == 8, "spans are kept on every node");

typedef struct Source {
    const char *path;       /* as the user named it; "-" is standard input */
    const char *text;       /* NUL-terminated, without a leading byte-order mark */
    uint32_t length;        /* bytes of text */
    const uint32_t *lines;  /* [line_count], offset of the first byte of each line */
    uint32_t line_count;
} Source;

/* Reads the file whole; "-" reads standard input. Reports E_READ (no such file, a folder, over
 * 16 MiB) and returns NULL. NUL bytes and invalid UTF-8 are left for the scanner to report. */
Source *source_load(Arena *arena, const char *path, DiagSink *diag);

/* The same over bytes in memory, which are copied. */
Source *source_from_text(Arena *arena, const char *path, const char *text, size_t length);

/* 1-based line, and 1-based column in characters. */
typedef struct Place {
    uint32_t line, column;
} Place;
Place source_place(const Source *source, uint32_t offset);
/* Of the first byte of the line that the offset, at most the length, is in. */
uint32_t source_line_begin(const Source *source, uint32_t offset);

static inline Span span_join(Span a, Span b)
{
    Span joined = {a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
    return joined;
}

#endif
