/* SPDX-License-Identifier: Apache-2.0
 *
 * The network as an object to embed, compiled without optimising and loaded, to ask it for sizes.
 */
#include "driver/manifest_sizes.h"

#include "emit/jit.h"
#include "support/str.h"

#include <stdlib.h>
#include <string.h>

typedef size_t SizeFunction(const void *config);
typedef size_t WorkspaceFunction(int32_t set, size_t batch, int what, int64_t threads);

static void *find(Arena *arena, Jit *jit, const Plan *plan, const char *function)
{
    return jit_address(jit, str_format(arena, "%s_%s", plan->graph->name, function));
}

static bool is_among(const char *const *sets, const char *set)
{
    while (*sets != NULL && strcmp(*sets, set) != 0) {
        sets++;
    }
    return *sets != NULL;
}

/* The most over those of all sets that the object has. */
static size_t ask_workspace(WorkspaceFunction *workspace, const char *const *all,
                            const char *const *sets, int purpose)
{
    size_t most = 0;
    for (int i = 0; all[i] != NULL; i++) {
        size_t size = is_among(sets, all[i]) ? workspace(i, 1, purpose, 1) : 0;
        most = size > most ? size : most;
    }
    return most;
}

static bool ask(Arena *arena, Jit *jit, const Plan *plan, const char *const *all,
                const char *const *sets, ManifestSizes *sizes)
{
    SizeFunction *params = (SizeFunction *)find(arena, jit, plan, "params_size");
    SizeFunction *state = (SizeFunction *)find(arena, jit, plan, "state_size");
    WorkspaceFunction *workspace = (WorkspaceFunction *)find(arena, jit, plan, "workspace_size_of");
    if (params == NULL || state == NULL || workspace == NULL) {
        return false;
    }
    sizes->params = params(NULL);
    sizes->state = state(NULL);
    for (int purpose = RN_PURPOSE_NONE + 1; purpose < RN_PURPOSE_COUNT; purpose++) {
        sizes->workspace[purpose] =
            sizes->has_workspace ? ask_workspace(workspace, all, sets, purpose) : 0;
    }
    return true;
}

/* Of all sets of this machine, since sizes are computed in the code of the least, which runs
 * anywhere: so they are the same whichever processor rnetc runs on. */
bool manifest_sizes(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                    ManifestSizes *sizes)
{
    double seconds[EMIT_STAGES] = {0};
    const char *triple, *all[EMIT_SETS], *sets[EMIT_SETS];
    EmitOutput output;
    EmitOptions here = *options;
    *sizes = (ManifestSizes){.has_workspace = emit_runs_here(options)};
    here.kind = OUTPUT_OBJECT;
    here.embed = here.asked = true;
    here.optimisation = 0;
    here.debug = false;
    here.sanitize = NULL;
    here.target = NULL;
    here.cpu = NULL;
    here.seconds = seconds;
    if (!emit_describe(options, diag, &triple, sets) || !emit_describe(&here, diag, &triple, all) ||
        !emit_module(arena, plan, &here, diag, &output)) {
        return false;
    }
    Jit *jit = jit_open(arena, &output, NULL, false, diag);
    emit_dispose(&output);
    /* the object would look at it, and take a set that it may not have */
    unsetenv("RNET_ISA");
    bool done = jit != NULL && ask(arena, jit, plan, all, sets, sizes);
    jit_close(jit);
    return done;
}
