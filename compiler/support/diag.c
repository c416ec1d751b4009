/* SPDX-License-Identifier: Apache-2.0
 *
 * Collecting diagnostics. A sink keeps a bounded number of each severity (a file of rubbish would
 * otherwise fill the memory with complaints) and counts all of them.
 */
#include "support/diag.h"

#include "support/str.h"
#include "support/vec.h"

#include <stdarg.h>

enum { KEPT_WARNINGS = 100 };

typedef struct DiagRow {
    const char *code, *slug;
    Severity severity;
} DiagRow;

static const DiagRow rows[DIAG_COUNT] = {
#define E(id, code, slug) [id] = {code, slug, SEVERITY_ERROR},
#define W(id, code, group) [id] = {code, group, SEVERITY_WARNING},
#include "support/diag.def"
#undef E
#undef W
};

struct DiagSink {
    Arena *arena;
    VEC(Diag *) kept;
    Diag ignored; /* given out in place of what is not kept */
    unsigned errors, warnings;
    bool warnings_as_errors;
    bool off[DIAG_COUNT];
};

DiagSink *diag_sink_create(Arena *arena)
{
    DiagSink *sink = ARENA_NEW(arena, DiagSink);
    sink->arena = arena;
    return sink;
}

static bool in_group(int id, const char *group)
{
    return rows[id].code && rows[id].severity == SEVERITY_WARNING &&
           (str_equal(group, "all") || str_equal(group, rows[id].slug));
}

void diag_set_group(DiagSink *sink, const char *group, bool enabled)
{
    for (int id = 0; id < DIAG_COUNT; id++) {
        if (in_group(id, group)) {
            sink->off[id] = !enabled;
        }
    }
}

bool diag_group_exists(const char *group)
{
    for (int id = 0; id < DIAG_COUNT; id++) {
        if (in_group(id, group)) {
            return true;
        }
    }
    return str_equal(group, "all");
}

void diag_set_warnings_as_errors(DiagSink *sink, bool enabled)
{
    sink->warnings_as_errors = enabled;
}

/* The same mistake at the same place; without a place, the same words. */
static bool is_repeated(const DiagSink *sink, DiagId id, Span span, const char *message)
{
    bool placed = span.begin || span.end;
    for (uint32_t i = 0; i < sink->kept.count; i++) {
        const Diag *old = sink->kept.items[i];
        if (old->id == id && old->span.begin == span.begin && old->span.end == span.end &&
            (placed || str_equal(old->message, message))) {
            return true;
        }
    }
    return false;
}

static Diag *ignore(DiagSink *sink)
{
    sink->ignored = (Diag){0};
    return &sink->ignored;
}

Diag *diag_report(DiagSink *sink, DiagId id, Span span, const char *format, ...)
{
    Severity severity = rows[id].severity;
    if (severity == SEVERITY_WARNING && sink->warnings_as_errors) {
        severity = SEVERITY_ERROR;
    }
    if (sink->off[id]) {
        return ignore(sink);
    }
    unsigned *count = severity == SEVERITY_ERROR ? &sink->errors : &sink->warnings;
    if (*count >= (severity == SEVERITY_ERROR ? DIAG_KEPT_ERRORS : KEPT_WARNINGS)) {
        ++*count;
        return ignore(sink);
    }
    va_list args;
    va_start(args, format);
    const char *message = str_vformat(sink->arena, format, args);
    va_end(args);
    if (is_repeated(sink, id, span, message)) {
        return ignore(sink);
    }
    ++*count;
    Diag *diag = ARENA_NEW(sink->arena, Diag);
    *diag = (Diag){.id = id, .severity = severity, .span = span, .message = message};
    vec_push(sink->arena, &sink->kept, diag);
    return diag;
}

void diag_label(DiagSink *sink, Diag *diag, Span span, const char *format, ...)
{
    if (diag == &sink->ignored || diag->label_count == DIAG_LABELS) {
        return;
    }
    va_list args;
    va_start(args, format);
    diag->labels[diag->label_count++] = (DiagLabel){span, str_vformat(sink->arena, format, args)};
    va_end(args);
}

void diag_note(DiagSink *sink, Diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag->note = str_vformat(sink->arena, format, args);
    va_end(args);
}

void diag_hint(DiagSink *sink, Diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag->hint = str_vformat(sink->arena, format, args);
    va_end(args);
}

unsigned diag_error_count(const DiagSink *sink)
{
    return sink->errors;
}

unsigned diag_warning_count(const DiagSink *sink)
{
    return sink->warnings;
}

unsigned diag_count(const DiagSink *sink)
{
    return sink->kept.count;
}

const Diag *diag_get(const DiagSink *sink, unsigned index)
{
    return index < sink->kept.count ? sink->kept.items[index] : NULL;
}

const char *diag_code(DiagId id)
{
    return rows[id].code;
}

const char *diag_slug(DiagId id)
{
    return rows[id].slug;
}
