/* SPDX-License-Identifier: Apache-2.0
 *
 * First values of params and state.
 */
#include "embed/embed.h"

#include <string.h>

int rne_init(const void *config, void *params, void *state, uint64_t seed, void *workspace,
             const RnParallel *parallel)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_is_aligned(params, RN_ALIGN) || !rne_is_aligned(workspace, RN_ALIGN) ||
        (state && !rne_is_aligned(state, RN_ALIGN)))
        return RN_EMBED_BAD_ARGUMENT;
    size_t state_size = call.code->state_size(&rnet_program, values);
    if (!state_size)
        return RN_EMBED_BAD_CONFIG;
    if (call.code->init(&rnet_program, values, params, seed, 0, workspace, parallel) != RN_OK)
        return RN_EMBED_BAD_CONFIG;
    if (state && rnet_program.train) { /* without, it has no bytes: see rne_state_size */
        memset(state, 0, state_size);
        ((RnState *)state)->seed = seed;
    }
    return RN_EMBED_OK;
}
