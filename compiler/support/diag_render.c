/* SPDX-License-Identifier: Apache-2.0
 *
 * Text rendering: the head line, excerpts with underlines, notes. A line longer than the excerpt
 * is clipped around what is underlined.
 */
#include "support/diag_render.h"

#include "support/utf8.h"

#include <string.h>

/* A line of megabytes is looked at only around what is underlined. */
enum { EXCERPT_CELLS = 88, CLIP_CONTEXT = 20, TAB_CELLS = 8, WINDOW_BYTES = 4096 };

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define CYAN "\033[1;36m"
#define PLAIN "\033[0m"

typedef struct Renderer {
    Text *out;
    const Source *source;
    bool colour;
    int gutter; /* digits of the greatest line number shown */
} Renderer;

/* One character of a line as the terminal shows it. */
typedef struct Cell {
    uint32_t bytes; /* of the source */
    unsigned width; /* in cells */
    const char *shown;
    uint32_t shown_bytes;
} Cell;

static void paint(const Renderer *r, const char *colour)
{
    if (r->colour) {
        text_append(r->out, "%s", colour);
    }
}

static Cell cell_at(const Source *source, uint32_t offset, uint32_t end, unsigned column)
{
    static const char blanks[] = "        ";
    const char *text = source->text + offset;
    if (*text == '\t') {
        unsigned width = TAB_CELLS - column % TAB_CELLS;
        return (Cell){1, width, blanks, width};
    }
    Utf8 c = utf8_decode(text, end - offset);
    if (!c.valid || utf8_is_unprintable(c.code)) {
        return (Cell){c.length, 1, "\xEF\xBF\xBD", 3};
    }
    return (Cell){c.length, utf8_width(c.code), text, c.length};
}

static uint32_t line_end(const Source *source, uint32_t line)
{
    uint32_t end = line < source->line_count ? source->lines[line] - 1 : source->length;
    if (end > source->lines[line - 1] && source->text[end - 1] == '\r') {
        end--;
    }
    return end;
}

/* Cells before `offset` on its line. */
static unsigned cells_before(const Source *source, uint32_t begin, uint32_t offset, uint32_t end)
{
    unsigned column = 0;
    while (begin < offset && begin < end) {
        Cell cell = cell_at(source, begin, end, column);
        column += cell.width;
        begin += cell.bytes;
    }
    return column;
}

/* The line's cells [first, first + EXCERPT_CELLS). */
static void append_clipped(const Renderer *r, uint32_t begin, uint32_t end, unsigned first)
{
    unsigned column = 0;
    if (first) {
        text_append(r->out, "...");
    }
    while (begin < end) {
        Cell cell = cell_at(r->source, begin, end, column);
        if (column >= first && column + cell.width > first + EXCERPT_CELLS) {
            text_append(r->out, "...");
            return;
        }
        if (column >= first) {
            text_append_bytes(r->out, cell.shown, cell.shown_bytes);
        }
        column += cell.width;
        begin += cell.bytes;
    }
}

static void append_repeated(Text *out, char c, unsigned count)
{
    while (count--) {
        text_append_bytes(out, &c, 1);
    }
}

/* The line's bytes near the offset, from a whole character on. */
static void find_window(const Source *source, uint32_t offset, uint32_t *begin, uint32_t *end)
{
    if (offset - *begin > WINDOW_BYTES) {
        *begin = offset - WINDOW_BYTES;
        while (*begin < offset && (source->text[*begin] & 0xC0) == 0x80) {
            ++*begin;
        }
    }
    if (*end > offset && *end - offset > WINDOW_BYTES) {
        *end = offset + WINDOW_BYTES;
    }
}

/* Cells [from, to) of one line that a span covers, at least one cell. */
typedef struct Underline {
    uint32_t line, begin, end;
    unsigned from, to;
} Underline;

static Underline underline_of(const Source *source, Span span)
{
    Underline u;
    u.line = source_place(source, span.begin).line;
    u.begin = source->lines[u.line - 1];
    u.end = line_end(source, u.line);
    find_window(source, span.begin, &u.begin, &u.end);
    u.from = cells_before(source, u.begin, span.begin, u.end);
    u.to = cells_before(source, u.begin, span.end, u.end);
    if (u.to <= u.from) {
        u.to = u.from + 1;
    }
    return u;
}

/* The first cell shown, so that the underline's beginning is in sight. */
static unsigned first_cell(const Source *source, const Underline *u)
{
    unsigned width = cells_before(source, u->begin, u->end, u->end);
    if (width <= EXCERPT_CELLS || u->from + CLIP_CONTEXT < EXCERPT_CELLS) {
        return 0;
    }
    return u->from - CLIP_CONTEXT;
}

static void append_excerpt_line(const Renderer *r, const Underline *u, unsigned first)
{
    text_append(r->out, u->begin == u->end ? "  %*u |" : "  %*u | ", r->gutter, u->line);
    append_clipped(r, u->begin, u->end, first);
    text_append(r->out, "\n");
}

static void append_underline(const Renderer *r, const Underline *u, unsigned first, char mark,
                             const char *label)
{
    unsigned limit = first + EXCERPT_CELLS;
    unsigned to = u->to < limit ? u->to : limit;
    text_append(r->out, "  %*s | ", r->gutter, "");
    append_repeated(r->out, ' ', u->from - first + (first ? 3 : 0));
    paint(r, mark == '^' ? RED : CYAN);
    append_repeated(r->out, mark, to > u->from ? to - u->from : 1);
    paint(r, PLAIN);
    text_append(r->out, "%s%s\n", label ? " " : "", label ? label : "");
}

static int digits_of(uint32_t number)
{
    int digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

static int gutter_of(const Source *source, const Diag *diag)
{
    int widest = digits_of(source_place(source, diag->span.begin).line);
    for (unsigned i = 0; i < diag->label_count; i++) {
        int digits = digits_of(source_place(source, diag->labels[i].span.begin).line);
        widest = digits > widest ? digits : widest;
    }
    return widest;
}

static void append_excerpts(Renderer *r, const Diag *diag)
{
    r->gutter = gutter_of(r->source, diag);
    Underline u = underline_of(r->source, diag->span);
    unsigned first = first_cell(r->source, &u);
    append_excerpt_line(r, &u, first);
    append_underline(r, &u, first, '^', NULL);
    uint32_t shown = u.line;
    unsigned shown_first = first;
    for (unsigned i = 0; i < diag->label_count; i++) {
        u = underline_of(r->source, diag->labels[i].span);
        bool same = u.line == shown && u.from >= shown_first;
        if (!same) {
            shown_first = first_cell(r->source, &u);
            append_excerpt_line(r, &u, shown_first);
        }
        append_underline(r, &u, shown_first, '-', diag->labels[i].text);
        shown = u.line;
    }
}

/* What a diagnostic without a place is about: the command (codes E00xx), or the file. */
static const char *subject_of(const Renderer *r, const Diag *diag, DiagStyle style)
{
    bool command = strncmp(diag_code(diag->id), "E00", 3) == 0;
    if (r->source && !command) {
        return r->source->path;
    }
    return style.path ? style.path : "rnetc";
}

static void append_head(const Renderer *r, const Diag *diag, DiagStyle style)
{
    bool error = diag->severity == SEVERITY_ERROR;
    paint(r, BOLD);
    if (r->source && (diag->span.begin || diag->span.end)) {
        Place place = source_place(r->source, diag->span.begin);
        text_append(r->out, "%s:%u:%u: ", r->source->path, place.line, place.column);
    } else {
        text_append(r->out, "%s: ", subject_of(r, diag, style));
    }
    paint(r, error ? RED : MAGENTA);
    text_append(r->out, "%s: ", error ? "error" : "warning");
    paint(r, PLAIN BOLD);
    text_append(r->out, "%s", diag->message);
    paint(r, PLAIN);
    const char *code = diag_code(diag->id);
    if (code[0] == 'W') {
        text_append(r->out, " [%s, -W%s]\n", code, diag_slug(diag->id));
    } else {
        text_append(r->out, " [%s]\n", code);
    }
}

static void append_remark(const Renderer *r, const char *kind, const char *text)
{
    if (text) {
        text_append(r->out, "  ");
        paint(r, CYAN);
        text_append(r->out, "%s:", kind);
        paint(r, PLAIN);
        text_append(r->out, " %s\n", text);
    }
}

static void append_hidden_count(const Renderer *r, const DiagSink *sink)
{
    unsigned total = diag_error_count(sink) + diag_warning_count(sink);
    if (total > diag_count(sink)) {
        text_append(r->out, "rnetc: %u more messages are not shown\n", total - diag_count(sink));
    }
}

void diag_render_text(Text *out, const Source *source, const DiagSink *sink, DiagStyle style)
{
    Renderer r = {out, source, style.colour, 1};
    for (unsigned i = 0; i < diag_count(sink); i++) {
        const Diag *diag = diag_get(sink, i);
        append_head(&r, diag, style);
        if (source && (diag->span.begin || diag->span.end)) {
            append_excerpts(&r, diag);
        }
        append_remark(&r, "note", diag->note);
        append_remark(&r, "help", diag->hint);
    }
    append_hidden_count(&r, sink);
}
