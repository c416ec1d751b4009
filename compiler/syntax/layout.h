/* SPDX-License-Identifier: Apache-2.0
 *
 * The layout filter between scanner and parser. It ends statements at newlines, `;` and `}`,
 * decides which word is a keyword, keeps brackets and braces balanced whatever the file does, and
 * reports what can be said without a grammar: stray bytes, malformed numbers, unclosed brackets,
 * unknown statements. After such a report the parser gets TOKEN_BROKEN or a repaired token, and
 * stays silent.
 */
#ifndef RNET_SYNTAX_LAYOUT_H
#define RNET_SYNTAX_LAYOUT_H

#include "support/diag.h"
#include "syntax/scan.h"

/* Levels of brackets and blocks, and of expressions. */
enum { NESTING_LIMIT = 200 };

typedef struct Layout Layout;
Layout *layout_create(Arena *arena, const Source *source, DiagSink *diag);
Token layout_next(Layout *layout);
/* The place of the innermost bracket that is open now; false outside all. */
bool layout_find_opener(const Layout *layout, Span *span);
/* A hint: what `=` behind an operand was meant for in this statement; or NULL. */
const char *layout_meant(const Layout *layout);
/* The statement has been reported: what its brackets lack is the same mistake. */
void layout_note_mistake(Layout *layout);
void layout_dispose(Layout *layout);

#endif
