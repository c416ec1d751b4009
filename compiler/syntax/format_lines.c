/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns: a run of statements without an empty line, a block or a change of indent between them
 * shares the widths of its cells and the column of its comments.
 */
#include "syntax/format_lines.h"

#include "support/utf8.h"
#include "support/vec.h"

void format_lines_add(FormatLines *lines, FormatLine line)
{
    vec_push(lines->arena, lines, line);
}

static unsigned width_of(const char *text, size_t length)
{
    unsigned width = 0;
    for (size_t i = 0; i < length;) {
        Utf8 c = utf8_decode(text + i, length - i);
        width += utf8_width(c.code);
        i += c.length;
    }
    return width;
}

static unsigned cell_width(const FormatLine *line, unsigned cell)
{
    return width_of(line->cells[cell].data, line->cells[cell].length);
}

/* Takes no part in the columns of its run. */
static bool is_free(const FormatLine *line)
{
    return line->continued || line->only_comment;
}

static bool breaks_run(const FormatLine *line, const FormatLine *first)
{
    return line->blank_before || line->opens || line->closes ||
           (!is_free(line) && line->indent != first->indent);
}

/* The end of the run that begins at `first`. */
static uint32_t find_run_end(const FormatLines *lines, uint32_t first)
{
    const FormatLine *head = &lines->items[first];
    uint32_t end = first + 1;
    if (head->opens || head->closes || is_free(head)) {
        return end;
    }
    while (end < lines->count && !breaks_run(&lines->items[end], head)) {
        end++;
    }
    return end;
}

typedef struct Columns {
    unsigned widths[FORMAT_CELLS]; /* of cells that another one follows */
    unsigned comment;              /* where comments begin, indent included */
} Columns;

static unsigned line_width(const FormatLine *line, const Columns *columns)
{
    unsigned width = line->indent;
    for (unsigned c = 0; c <= line->column; c++) {
        unsigned cell = cell_width(line, c);
        bool last = c == line->column;
        width += last ? cell : (columns->widths[c] > cell ? columns->widths[c] : cell) + 1;
    }
    return width;
}

static Columns measure(const FormatLines *lines, uint32_t first, uint32_t end)
{
    Columns columns = {{0}, 0};
    for (uint32_t i = first; i < end; i++) {
        const FormatLine *line = &lines->items[i];
        for (unsigned c = 0; c < line->column && !is_free(line); c++) {
            unsigned width = cell_width(line, c);
            columns.widths[c] = width > columns.widths[c] ? width : columns.widths[c];
        }
    }
    for (uint32_t i = first; i < end; i++) {
        const FormatLine *line = &lines->items[i];
        unsigned width = line->comment && !is_free(line) ? line_width(line, &columns) : 0;
        columns.comment = width > columns.comment ? width : columns.comment;
    }
    return columns;
}

static void pad(Text *out, unsigned count)
{
    text_append(out, "%*s", (int)count, "");
}

static void print_line(Text *out, const FormatLine *line, const Columns *columns)
{
    static const Columns none;
    const Columns *used = is_free(line) ? &none : columns;
    text_append(out, "%s", line->blank_before ? "\n" : "");
    pad(out, line->indent);
    for (unsigned c = 0; c <= line->column && !line->only_comment; c++) {
        unsigned width = cell_width(line, c);
        text_append_bytes(out, line->cells[c].data, line->cells[c].length);
        if (c < line->column) {
            pad(out, (used->widths[c] > width ? used->widths[c] - width : 0) + 1);
        }
    }
    if (line->comment && !line->only_comment) {
        unsigned width = line_width(line, used);
        pad(out, (used->comment > width ? used->comment - width : 0) + 2);
    }
    text_append(out, "%s\n", line->comment ? line->comment : "");
}

Text format_lines_print(const FormatLines *lines)
{
    Text out = {.arena = lines->arena};
    text_append_bytes(&out, "", 0);
    for (uint32_t first = 0; first < lines->count;) {
        uint32_t end = find_run_end(lines, first);
        Columns columns = measure(lines, first, end);
        for (uint32_t i = first; i < end; i++) {
            print_line(&out, &lines->items[i], &columns);
        }
        first = end;
    }
    return out;
}
