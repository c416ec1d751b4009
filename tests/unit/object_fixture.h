/* SPDX-License-Identifier: Apache-2.0
 *
 * A network's text to objects in memory, in the arena of arena_fixture.h.
 */
#ifndef RNET_TESTS_OBJECT_FIXTURE_H
#define RNET_TESTS_OBJECT_FIXTURE_H

#include "arena_fixture.h"
#include "emit/emit.h"
#include "ir/differentiate.h"
#include "ir/lower.h"
#include "ir/simplify.h"
#include "sema/elaborate.h"
#include "syntax/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* `cpu`: NULL for all instruction sets. */
static EmitOutput compile_text(const char *text, int optimisation, const char *cpu)
{
    const Source *source = source_from_text(arena, "n.rnet", text, strlen(text));
    const AstFile *ast = parse_source(arena, interner_create(arena), source, sink);
    const Model *model = elaborate(arena, ast, "n", NULL, 0, sink);
    const Plan *plan = plan_graph(
        arena, simplify_graph(arena, differentiate_graph(arena, lower_model(arena, model))));
    double seconds[EMIT_STAGES] = {0};
    EmitOptions options = {.kind = OUTPUT_OBJECT,
                           .optimisation = optimisation,
                           .cpu = cpu,
                           .source_hash = "0",
                           .version = "0",
                           .seconds = seconds};
    EmitOutput output;
    assert_true(emit_module(arena, plan, &options, sink, &output));
    return output;
}

#endif
