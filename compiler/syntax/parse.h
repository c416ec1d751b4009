/* SPDX-License-Identifier: Apache-2.0
 *
 * parse.h: Source to Ast.
 *
 * Requires  nothing of the bytes.
 * Ensures   every node has a span; names are interned; no meaning is given to anything.
 * Diagnoses E01xx: every syntax error of the file in one run, and the limits of nesting.
 * Memory    the Ast is in `arena`.
 * Cost      linear in the bytes.
 */
#ifndef RNET_SYNTAX_PARSE_H
#define RNET_SYNTAX_PARSE_H

#include "support/diag.h"
#include "support/str.h"
#include "syntax/ast.h"

/* NULL source gives NULL; NULL means that at least one error was reported. */
AstFile *parse_source(Arena *arena, Interner *names, const Source *source, DiagSink *diag);

#endif
