/* SPDX-License-Identifier: Apache-2.0
 *
 * Source → Ast → …, one call a line.
 */
#include "driver/compile.h"

#include "syntax/parse.h"

bool compile(Arena *arena, const Options *options, DiagSink *diag, const Source **source)
{
    Interner *names = interner_create(arena);
    *source = source_load(arena, options->input, diag);
    const AstFile *ast = parse_source(arena, names, *source, diag);
    if (ast && options->dump == DUMP_AST) {
        ast_print(ast, stdout);
    }
    return ast != NULL;
}
