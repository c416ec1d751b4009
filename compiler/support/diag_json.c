/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics as JSON, one object a line, always valid UTF-8. Lines and columns count from 1,
 * columns in characters; offset and length are bytes.
 */
#include "support/diag_render.h"
#include "support/utf8.h"

#include <string.h>

static void append_character(Text *out, const char *text, Utf8 c)
{
    if (!c.valid) {
        text_append(out, "\\ufffd");
    } else if (c.code == '"' || c.code == '\\') {
        text_append(out, "\\%c", (char)c.code);
    } else if (utf8_is_unprintable(c.code)) {
        text_append(out, "\\u%04x", c.code);
    } else {
        text_append_bytes(out, text, c.length);
    }
}

static void append_string(Text *out, const char *text)
{
    size_t length = strlen(text);
    text_append(out, "\"");
    for (size_t i = 0; i < length;) {
        Utf8 c = utf8_decode(text + i, length - i);
        append_character(out, text + i, c);
        i += c.length;
    }
    text_append(out, "\"");
}

static void append_field(Text *out, const char *name, const char *value)
{
    if (value) {
        text_append(out, ",\"%s\":", name);
        append_string(out, value);
    }
}

static void append_place(Text *out, const Source *source, Span span)
{
    Place begin = source_place(source, span.begin), end = source_place(source, span.end);
    text_append(out, "\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", begin.line,
                begin.column, end.line, end.column);
    text_append(out, ",\"offset\":%u,\"length\":%u", span.begin, span.end - span.begin);
}

static void append_labels(Text *out, const Source *source, const Diag *diag)
{
    text_append(out, ",\"labels\":[");
    for (unsigned i = 0; i < diag->label_count; i++) {
        text_append(out, "%s{", i ? "," : "");
        append_place(out, source, diag->labels[i].span);
        append_field(out, "text", diag->labels[i].text);
        text_append(out, "}");
    }
    text_append(out, "]");
}

static void append_object(Text *out, const Source *source, const Diag *diag, const char *path)
{
    text_append(out, "{\"severity\":\"%s\"",
                diag->severity == SEVERITY_ERROR ? "error" : "warning");
    append_field(out, "code", diag_code(diag->id));
    append_field(out, diag_code(diag->id)[0] == 'W' ? "group" : "slug", diag_slug(diag->id));
    append_field(out, "message", diag->message);
    append_field(out, "file", source ? source->path : path);
    if (source && (diag->span.begin || diag->span.end)) {
        text_append(out, ",");
        append_place(out, source, diag->span);
        append_labels(out, source, diag);
    }
    append_field(out, "note", diag->note);
    append_field(out, "help", diag->hint);
    text_append(out, "}\n");
}

void diag_render_json(Text *out, const Source *source, const DiagSink *sink, DiagStyle style)
{
    for (unsigned i = 0; i < diag_count(sink); i++) {
        append_object(out, source, diag_get(sink, i), style.path);
    }
}
