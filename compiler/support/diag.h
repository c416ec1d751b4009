/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics as values: collected in order, rendered once (diag_render.h).
 *
 * Every message is a row of diag.def: E(ID, code, slug) for errors, W(ID, code, group) for
 * warnings. Wording: lower case, no final period, quote the user's names, say what was found and
 * what was expected; what to write instead goes into the hint.
 */
#ifndef RNET_SUPPORT_DIAG_H
#define RNET_SUPPORT_DIAG_H

#include "support/source.h"

#include <stdbool.h>

typedef enum DiagId {
    DIAG_NONE,
#define E(id, code, slug) id,
#define W(id, code, group) id,
#include "support/diag.def"
#undef E
#undef W
    DIAG_COUNT
} DiagId;

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING } Severity;

/* More errors than this are counted but not kept: by then nobody reads on. */
enum { DIAG_LABELS = 4, DIAG_KEPT_ERRORS = 200 };

typedef struct DiagLabel {
    Span span;
    const char *text;
} DiagLabel;

typedef struct Diag {
    DiagId id;
    Severity severity; /* after -Werror */
    Span span;         /* {0, 0}: the file as a whole */
    const char *message;
    DiagLabel labels[DIAG_LABELS];
    unsigned label_count;
    const char *note;  /* why; NULL for none */
    const char *hint;  /* what to write instead; NULL for none */
} Diag;

/* Which warning groups are on; `-Wno-GROUP` and `-Werror` are kept here. */
DiagSink *diag_sink_create(Arena *arena);
void diag_set_group(DiagSink *sink, const char *group, bool enabled);
bool diag_group_exists(const char *group);
void diag_set_warnings_as_errors(DiagSink *sink, bool enabled);

/* Adds a diagnostic; the returned one is never NULL (a disabled warning gives one that is not
 * kept). Equal id and span are reported once. */
Diag *diag_report(DiagSink *sink, DiagId id, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_label(DiagSink *sink, Diag *diag, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_note(DiagSink *sink, Diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_hint(DiagSink *sink, Diag *diag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

unsigned diag_error_count(const DiagSink *sink);
unsigned diag_warning_count(const DiagSink *sink);
unsigned diag_count(const DiagSink *sink);
const Diag *diag_get(const DiagSink *sink, unsigned index);

const char *diag_code(DiagId id);  /* "E0301" or "W0901" */
const char *diag_slug(DiagId id);  /* the slug or the warning group */

#endif
