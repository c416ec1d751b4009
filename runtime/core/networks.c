/* SPDX-License-Identifier: Apache-2.0
 *
 * Several networks in one pass: they have their weights in common and differ in scalars, such as
 * alpha, of which each lane gets its own network's. A lane is a sample, so nothing else knows.
 */
#include "core/pass.h"

static int own_is_scalar(const RnCall *call)
{
    const RnProgram *program = call->program;
    int good = call->own != NULL;
    for (int64_t i = 0; good && i < call->networks * program->tensor_count; i++) {
        const RnTensor *tensor = &program->tensors[i % program->tensor_count];
        int same = !call->own[i] == !call->own[i % program->tensor_count];
        good =
            same && (!call->own[i] || rn_may_differ(tensor->role, tensor->rank, tensor->absolute));
    }
    return good;
}

int rn_networks_ok(const RnCall *call)
{
    const int32_t others = RN_UPDATE | RN_TRAINING | RN_FIT | RN_FEWER;
    return !(call->what & others) && call->networks <= call->batch &&
           call->batch % call->networks == 0 && own_is_scalar(call);
}

/* Lanes behind the last sample repeat it, as they do elsewhere. */
static void fill_tile(const RnPass *pass, int32_t tensor, const RnTile *tile, int64_t layer)
{
    const RnProgram *program = pass->program;
    real *to = pass->factor[tensor] + (layer * pass->tile_count + tile->index) * tile->width;
    int64_t network = tile->first / pass->each, last = (pass->batch - 1) / pass->each;
    for (int64_t lane = 0; lane < tile->width; network++) {
        const real *own = pass->call->own[network * program->tensor_count + tensor];
        int64_t end = network < last ? (network + 1) * pass->each - tile->first : tile->width;
        for (; lane < end && lane < tile->width; lane++)
            to[lane] = own[layer];
    }
}

void rn_fill_factors(const RnPass *pass)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        int64_t layers = rn_tensor_layers(pass->program, pass->call->config, t);
        for (int64_t k = 0; pass->factor[t] && k < layers; k++)
            for (int64_t i = 0; i < pass->tile_count; i++)
                fill_tile(pass, t, &pass->tiles[i], k);
    }
}
