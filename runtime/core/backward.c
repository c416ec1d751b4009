/* SPDX-License-Identifier: Apache-2.0
 *
 * Backward through the regions, last first, in blocks of layers.
 *
 * A block goes down all tiles first, which leaves the deltas of its layers and samples; then its
 * layers' gradients are summed over all samples, each layer by one thread, and the layers updated
 * at once where no clipping has to wait for the rest.
 */
#include "core/pass.h"

/* Not where time goes: kernels and regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

typedef struct Block {
    RnPass *pass;
    const RnRegionCode *code;
    int32_t region;
    int32_t shared; /* is there an item for the shared tensors? */
    int64_t from, to;
} Block;

static void block_tile(void *context, int64_t index)
{
    const Block *block = context;
    rn_backward_layers(block->pass, &block->pass->tiles[index], block->region, block->from,
                       block->to);
}

/* A tensor of this region that has gradients of its own for each layer? */
static int by_layer(const RnTensor *tensor, int32_t region)
{
    return tensor->trainable && !tensor->shared && tensor->region == region;
}

static void block_layer(void *context, int64_t index)
{
    const Block *block = context;
    RnPass *pass = block->pass;
    if (index == block->to - block->from || !pass->program->regions[block->region].trained) {
        block->code->gradient_shared(pass, block->from, block->to);
        return;
    }
    block->code->gradient(pass, block->from + index);
}

static void block_update(void *context, int64_t index)
{
    const Block *block = context;
    for (int32_t t = 0; t < block->pass->program->tensor_count; t++)
        if (by_layer(&block->pass->program->tensors[t], block->region))
            rn_update_layer(block->pass, t, block->from + index, block->from, block->to);
}

static void backward_block(Block *block)
{
    RnPass *pass = block->pass;
    const RnRegion *region = &pass->program->regions[block->region];
    pass->delta_from = block->from;
    pass->gradient_from = pass->fused && !pass->call->gradient ? block->from : 0;
    rn_parallel(pass->call, pass->tile_count, block_tile, block);
    if (!rn_wants_tensors(pass->call))
        return;
    int64_t layers = region->trained ? block->to - block->from : 0;
    rn_parallel(pass->call, layers + (region->trained_shared != 0), block_layer, block);
    if (pass->fused)
        rn_parallel(pass->call, layers, block_update, block);
}

static void backward_region(RnPass *pass, int32_t region)
{
    const RnSpan *span = &pass->spans[region];
    Block block = {.pass = pass, .code = &pass->call->code->regions[region], .region = region};
    if (rn_traces(pass->call, region))
        rn_trace_gradient(pass, span->depth);
    for (block.to = span->depth; block.to > 0; block.to = block.from) {
        block.from = rn_block_from(span, block.to);
        backward_block(&block);
        if (rn_traces(pass->call, region) &&
            (block.from == 0 || !(pass->call->what & RN_TRACE_ENDS)))
            rn_trace_gradient(pass, block.from);
    }
}

static void clear_shared(const RnPass *pass)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        const RnTensor *tensor = &pass->program->tensors[t];
        if (tensor->trainable && tensor->shared)
            __builtin_memset(pass->gradient[t], 0, (size_t)tensor->size * sizeof(real));
    }
}

/* The first region whose gradients anyone asked for; below it there is nothing to do. */
static int32_t first_wanted(const RnPass *pass)
{
    int32_t region = 0, count = pass->program->region_count;
    const RnRegion *regions = pass->program->regions;
    int tensors = rn_wants_tensors(pass->call);
    while (region < count && !(tensors && regions[region].trained) &&
           !(tensors && regions[region].trained_shared) && !rn_traces(pass->call, region))
        region++;
    return region;
}

void rn_backward(RnPass *pass)
{
    if (rn_wants_tensors(pass->call))
        clear_shared(pass);
    for (int32_t r = pass->program->region_count - 1; r >= first_wanted(pass); r--)
        backward_region(pass, r);
}

#pragma clang attribute pop
