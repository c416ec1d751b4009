/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports as text and JSON.
 */
#include "driver/report.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { KEY_WIDTH = 28, COLUMNS = 100, LEAST_COLUMNS = 40 };

static int columns_of(FILE *out)
{
    struct winsize size;
    bool terminal = isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0;
    return terminal && size.ws_col >= LEAST_COLUMNS ? size.ws_col : COLUMNS;
}

static void indent(const Report *r)
{
    fprintf(r->out, "%*s", 2 * r->level, "");
}

static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\') {
            fprintf(out, "\\%c", *p);
        } else if (*p < ' ') {
            fprintf(out, "\\u%04x", *p);
        } else {
            fputc(*p, out);
        }
    }
    fputc('"', out);
}

/* What stands before a value: comma, line, key. */
static void lead(Report *r, const char *key)
{
    fputs(r->began ? ",\n" : "\n", r->out);
    indent(r);
    if (key != NULL) {
        put_quoted(r->out, key);
        fputs(": ", r->out);
    }
    r->began = true;
}

static void open_bracket(Report *r, char bracket)
{
    fputc(bracket, r->out);
    r->level++;
    r->began = false;
}

static void close_bracket(Report *r, char bracket)
{
    r->level--;
    fputc('\n', r->out);
    indent(r);
    fputc(bracket, r->out);
    r->began = true;
}

Report report_open(Arena *arena, FILE *out, bool json)
{
    Report r = {.arena = arena, .out = out, .json = json, .columns = columns_of(out)};
    if (json) {
        open_bracket(&r, '{');
    }
    return r;
}

void report_close(Report *r)
{
    if (r->json) {
        close_bracket(r, '}');
        fputc('\n', r->out);
    }
}

void report_begin(Report *r, const char *key, const char *title)
{
    if (r->json) {
        lead(r, key);
        open_bracket(r, '{');
        return;
    }
    fputc('\n', r->out);
    indent(r);
    fprintf(r->out, "%s\n", title);
    r->level++;
}

void report_end(Report *r)
{
    if (r->json) {
        close_bracket(r, '}');
    } else {
        r->level--;
    }
}

void report_begin_list(Report *r, const char *key)
{
    if (r->json) {
        lead(r, key);
        open_bracket(r, '[');
    }
}

void report_end_list(Report *r)
{
    if (r->json) {
        close_bracket(r, ']');
    }
}

/* Keys read as words in text. */
static const char *words_of(Arena *arena, const char *key)
{
    char *words = str_copy(arena, key, strlen(key));
    for (char *p = words; *p; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    return words;
}

static void put_name(const Report *r, const char *name)
{
    int width = 2 * r->level + (int)strlen(name);
    indent(r);
    fprintf(r->out, "%s%*s", name, width < KEY_WIDTH ? KEY_WIDTH - width : 1, "");
}

const char *report_cell(Arena *arena, double value)
{
    bool whole = value == floor(value) && fabs(value) < 1e15;
    return !isfinite(value) ? NULL : str_format(arena, whole ? "%.0f" : "%.6g", value);
}

void report_named(Report *r, const char *key, const char *name, double value)
{
    const char *cell = report_cell(r->arena, value);
    if (r->json) {
        lead(r, key);
        fputs(cell ? cell : "null", r->out);
    } else if (!isnan(value)) {
        put_name(r, name);
        fprintf(r->out, "%s\n", cell ? cell : value > 0 ? "beyond all bounds" : "below all bounds");
    }
}

void report_number(Report *r, const char *key, double value)
{
    report_named(r, key, words_of(r->arena, key), value);
}

void report_amount(Report *r, const char *key, double value, const char *unit)
{
    const char *cell = report_cell(r->arena, value);
    if (r->json || cell == NULL) {
        report_number(r, key, value);
        return;
    }
    put_name(r, words_of(r->arena, key));
    fprintf(r->out, "%s %s\n", cell, unit);
}

/* units[i] is step^(i + 1); a number that wants an empty one is short enough as it is. */
static void put_rounded(Report *r, const char *key, double value, double step,
                        const char *const *units)
{
    const char *cell = report_cell(r->arena, value);
    if (r->json || cell == NULL) {
        report_number(r, key, value);
        return;
    }
    int place = -1;
    for (; value >= step && units[place + 1] != NULL; place++) {
        value /= step;
    }
    put_name(r, words_of(r->arena, key));
    fputs(cell, r->out);
    if (place >= 0 && *units[place]) {
        fprintf(r->out, " (%.3g %s)", value, units[place]);
    }
    fputc('\n', r->out);
}

void report_count(Report *r, const char *key, double value)
{
    static const char *const units[] = {"", "million", "billion", "trillion", NULL};
    put_rounded(r, key, value, 1000, units);
}

void report_bytes(Report *r, const char *key, double value)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", NULL};
    put_rounded(r, key, value, 1024, units);
}

static int width_of(const char *text, size_t length)
{
    int width = 0;
    for (size_t i = 0; i < length; i++) {
        width += ((unsigned char)text[i] & 0xc0) != 0x80; /* bytes that begin a character */
    }
    return width;
}

/* Words from the column KEY_WIDTH on, in as many lines as they need. */
static void put_words(const Report *r, const char *text)
{
    int at = KEY_WIDTH;
    while (*text) {
        size_t length = strcspn(text, " ");
        int width = width_of(text, length);
        bool first = at == KEY_WIDTH;
        if (!first && at + 1 + width > r->columns) {
            fprintf(r->out, "\n%*s", KEY_WIDTH, "");
            at = KEY_WIDTH;
            first = true;
        }
        fprintf(r->out, "%s%.*s", first ? "" : " ", (int)length, text);
        at += width + !first;
        text += length + (text[length] == ' ');
    }
    fputc('\n', r->out);
}

void report_text(Report *r, const char *key, const char *value)
{
    if (r->json) {
        lead(r, key);
        if (value != NULL) {
            put_quoted(r->out, value);
        } else {
            fputs("null", r->out);
        }
    } else if (value != NULL) {
        put_name(r, words_of(r->arena, key));
        put_words(r, value);
    }
}

static const char *cell_of(const ReportTable *t, uint32_t row, uint32_t column)
{
    return t->cells[row * t->column_count + column];
}

static void table_json(Report *r, const ReportTable *t)
{
    report_begin_list(r, t->key);
    for (uint32_t i = 0; i < t->row_count; i++) {
        lead(r, NULL);
        fputc('{', r->out);
        for (uint32_t j = 0; j < t->column_count; j++) {
            const char *cell = cell_of(t, i, j);
            fputs(j ? ", " : "", r->out);
            put_quoted(r->out, t->columns[j]);
            fputs(": ", r->out);
            if (cell == NULL || t->numbers[j]) {
                fputs(cell ? cell : "null", r->out);
            } else {
                put_quoted(r->out, cell);
            }
        }
        fputc('}', r->out);
    }
    report_end_list(r);
}

/* Numbers to the right, texts to the left, as wide as the widest. */
static void put_cell(const Report *r, const ReportTable *t, uint32_t column, const char *cell,
                     bool last)
{
    size_t width = strlen(t->columns[column]);
    for (uint32_t i = 0; i < t->row_count; i++) {
        const char *other = cell_of(t, i, column);
        width = other && strlen(other) > width ? strlen(other) : width;
    }
    cell = cell ? cell : "-";
    int w = (int)width;
    if (t->numbers[column]) {
        fprintf(r->out, "%*s", w, cell);
    } else {
        fprintf(r->out, "%-*s", last ? 0 : w, cell);
    }
    fputs(last ? "\n" : "  ", r->out);
}

static void table_text(Report *r, const ReportTable *t)
{
    fputc('\n', r->out);
    for (uint32_t i = 0; i <= t->row_count; i++) {
        indent(r);
        for (uint32_t j = 0; j < t->column_count; j++) {
            const char *cell = i == 0 ? t->columns[j] : cell_of(t, i - 1, j);
            put_cell(r, t, j, cell, j + 1 == t->column_count);
        }
    }
}

void report_table(Report *r, const ReportTable *table)
{
    if (r->json) {
        table_json(r, table);
    } else {
        table_text(r, table);
    }
}
