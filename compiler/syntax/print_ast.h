/* SPDX-License-Identifier: Apache-2.0
 *
 * Printing an Ast with or without places: without them, two layouts of one file print the same.
 */
#ifndef RNET_SYNTAX_PRINT_AST_H
#define RNET_SYNTAX_PRINT_AST_H

#include "syntax/ast.h"

typedef enum SpanUse { SPANS_HIDDEN, SPANS_SHOWN } SpanUse;

void ast_print_as(const AstFile *file, SpanUse spans, FILE *out);

#endif
