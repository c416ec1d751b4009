/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of formatted text, whose cells are brought into columns when they are printed.
 */
#ifndef RNET_SYNTAX_FORMAT_LINES_H
#define RNET_SYNTAX_FORMAT_LINES_H

#include "support/str.h"

#include <stdint.h>

enum { FORMAT_CELLS = 3 };

typedef struct FormatLine {
    unsigned indent;
    Text cells[FORMAT_CELLS];
    unsigned column;     /* of the last cell used */
    const char *comment; /* or NULL */
    uint32_t begin;      /* of its first token in the source */
    int head;            /* its kind */
    bool only_comment, blank_before;
    bool continued;     /* goes on with the statement of the line before */
    bool opens, closes; /* ends with `{`, holds a `}` */
} FormatLine;

typedef struct FormatLines {
    Arena *arena;
    FormatLine *items;
    uint32_t count, capacity;
} FormatLines;

void format_lines_add(FormatLines *lines, FormatLine line);
Text format_lines_print(const FormatLines *lines);

#endif
