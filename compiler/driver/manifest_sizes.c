/* SPDX-License-Identifier: Apache-2.0
 *
 * The network as an object to embed, compiled without optimising and loaded, to ask it for sizes.
 */
#include "driver/manifest_sizes.h"

#include "emit/jit.h"
#include "support/str.h"

#include <stdlib.h>

typedef size_t SizeFunction(const void *config);
typedef size_t WorkspaceFunction(const void *config, size_t batch, int what, int64_t threads);

static void *find(Arena *arena, Jit *jit, const Plan *plan, const char *function)
{
    return jit_address(jit, str_format(arena, "%s_%s", plan->graph->name, function));
}

static bool ask(Arena *arena, Jit *jit, const Plan *plan, ManifestSizes *sizes)
{
    SizeFunction *params = (SizeFunction *)find(arena, jit, plan, "params_size");
    SizeFunction *state = (SizeFunction *)find(arena, jit, plan, "state_size");
    WorkspaceFunction *workspace = (WorkspaceFunction *)find(arena, jit, plan, "workspace_size");
    if (params == NULL || state == NULL || workspace == NULL) {
        return false;
    }
    sizes->params = params(NULL);
    sizes->state = state(NULL);
    for (int purpose = RN_PURPOSE_NONE + 1; purpose < RN_PURPOSE_COUNT; purpose++) {
        sizes->workspace[purpose] = sizes->has_workspace ? workspace(NULL, 1, purpose, 1) : 0;
    }
    return true;
}

bool manifest_sizes(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                    ManifestSizes *sizes)
{
    double seconds[EMIT_STAGES] = {0};
    EmitOutput output;
    EmitOptions here = *options;
    *sizes = (ManifestSizes){.has_workspace = emit_runs_here(options)};
    here.kind = OUTPUT_OBJECT;
    here.embed = true;
    here.optimisation = 0;
    here.debug = false;
    here.sanitize = NULL;
    here.target = NULL;
    here.cpu = sizes->has_workspace ? options->cpu : "native";
    here.seconds = seconds;
    if (!emit_module(arena, plan, &here, diag, &output)) {
        return false;
    }
    Jit *jit = jit_open(arena, &output, NULL, false, diag);
    emit_dispose(&output);
    /* the object would look at it, and sizes are those of all instruction sets */
    unsetenv("RNET_ISA");
    bool done = jit != NULL && ask(arena, jit, plan, sizes);
    jit_close(jit);
    return done;
}
