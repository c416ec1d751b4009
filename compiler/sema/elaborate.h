/* SPDX-License-Identifier: Apache-2.0
 *
 * elaborate.h: Ast to Model.
 *
 * Requires  an Ast without errors, or with AST_ERROR nodes, about which it is silent.
 * Ensures   model_verify() holds; every size is checked; constants are finite.
 * Diagnoses E02xx names and kinds, E03xx shapes, E04xx values and laws, E05xx what is not
 *           supported yet, once for each feature; W09xx warnings.
 * Memory    the Model is in `arena`.
 * Cost      linear in the text, independent of depth.
 */
#ifndef RNET_SEMA_ELABORATE_H
#define RNET_SEMA_ELABORATE_H

#include "sema/model.h"
#include "support/diag.h"
#include "syntax/ast.h"

/* A `-D NAME=VALUE` of the command line: replaces a const, or a param's default. */
typedef struct Definition {
    const char *name, *value;
} Definition;

/* NULL ast gives NULL; NULL means that at least one error was reported. `name` is the model's. */
Model *elaborate(Arena *arena, const AstFile *ast, const char *name, const Definition *definitions,
                 unsigned definition_count, DiagSink *diag);

#endif
