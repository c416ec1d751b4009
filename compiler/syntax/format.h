/* SPDX-License-Identifier: Apache-2.0
 *
 * format.h: Source to the same file in the canonical layout.
 *
 * Requires  parse_source() accepts the source.
 * Ensures   the result parses to an equal Ast but for spans; comments and their order survive;
 *           formatting the result gives the result.
 * Memory    the text is in `arena`.
 */
#ifndef RNET_SYNTAX_FORMAT_H
#define RNET_SYNTAX_FORMAT_H

#include "support/diag.h"
#include "support/str.h"

Text format_source(Arena *arena, const Source *source, DiagSink *diag);

#endif
