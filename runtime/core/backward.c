/* SPDX-License-Identifier: Apache-2.0
 *
 * Backward through the regions, last first, in blocks of layers.
 *
 * A block goes down all tiles first, which leaves the deltas of its layers and samples; then its
 * layers' gradients are summed over all samples, each layer by one thread. Where no clipping has to
 * wait for the rest, the layers are updated while the next block goes down: so threads wait for
 * each other twice a block.
 */
#include "core/pass.h"
#include "core/round.h"

/* Not where time goes: kernels and regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

/* Layers from … to − 1 of a region; none where to is from. */
typedef struct Block {
    int32_t region;
    int64_t from, to;
} Block;

typedef struct Backward {
    RnPass *pass;
    Block block;
    Block before; /* whose gradients are there, but not their update */
} Backward;

/* A tensor of this region that has gradients of its own for each layer? */
static int by_layer(const RnTensor *tensor, int32_t region)
{
    return tensor->trainable && !tensor->shared && tensor->region == region;
}

static void update_layer(const RnPass *pass, const Block *block, int64_t layer)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++)
        if (by_layer(&pass->program->tensors[t], block->region))
            rn_update_layer(pass, t, layer, block->from, block->to);
}

/* Of a pass through the tiles, with a part of the update in each. */
static int64_t piece_count(const RnPass *pass)
{
    return rn_tile_pieces(pass->tile_count, rn_threads(pass->call));
}

/* Layer of `before` that part `index` begins with. As pools share out layers: so a layer stays with
 * the thread that has summed its gradient. */
static int64_t part_start(const Backward *backward, int64_t index)
{
    const Block *before = &backward->before;
    return before->from +
           rn_share_start(before->to - before->from, piece_count(backward->pass), index);
}

/* Part `index` of the update that is left, then the block in tile `index`. */
static void block_tile(void *context, int64_t index)
{
    const Backward *backward = context;
    RnPass *pass = backward->pass;
    const Block *block = &backward->block;
    int64_t to = part_start(backward, index + 1);
    for (int64_t layer = part_start(backward, index); layer < to; layer++)
        update_layer(pass, &backward->before, layer);
    if (index < pass->tile_count && block->from < block->to)
        rn_backward_layers(pass, &pass->tiles[index], block->region, block->from, block->to);
}

/* All tiles, and what is left to update. */
static void run_tiles(Backward *backward)
{
    const RnPass *pass = backward->pass;
    rn_parallel(pass->call, piece_count(pass), block_tile, backward);
    backward->before = (Block){0};
}

static void block_layer(void *context, int64_t index)
{
    const Backward *backward = context;
    RnPass *pass = backward->pass;
    const Block *block = &backward->block;
    const RnRegionCode *code = &pass->call->code->regions[block->region];
    if (index == block->to - block->from || !pass->program->regions[block->region].trained) {
        code->gradient_shared(pass, block->from, block->to);
        return;
    }
    code->gradient(pass, block->from + index);
}

static void backward_block(Backward *backward)
{
    RnPass *pass = backward->pass;
    const Block *block = &backward->block;
    const RnRegion *region = &pass->program->regions[block->region];
    pass->delta_from = block->from;
    run_tiles(backward);
    if (!rn_wants_tensors(pass->call))
        return;
    /* not earlier: the update that run_tiles has made was of gradients of the block before */
    pass->gradient_from = pass->fused && !pass->call->gradient ? block->from : 0;
    int64_t layers = region->trained ? block->to - block->from : 0;
    pass->pieces = layers + (region->trained_shared != 0);
    rn_parallel(pass->call, pass->pieces, block_layer, backward);
    if (pass->fused && layers)
        backward->before = *block;
}

static void backward_region(Backward *backward, int32_t region)
{
    RnPass *pass = backward->pass;
    const RnSpan *span = &pass->spans[region];
    Block *block = &backward->block;
    if (rn_traces(pass->call, region))
        rn_trace_gradient(pass, span->depth);
    *block = (Block){region, 0, span->depth};
    for (; block->to > 0; block->to = block->from) {
        block->from = rn_block_from(span, block->to);
        backward_block(backward);
        if (rn_traces(pass->call, region) &&
            (block->from == 0 || !(pass->call->what & RN_TRACE_ENDS)))
            rn_trace_gradient(pass, block->from);
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
    Backward backward = {.pass = pass};
    for (int32_t r = pass->program->region_count - 1; r >= first_wanted(pass); r--)
        backward_region(&backward, r);
    backward.block = (Block){0};
    if (backward.before.to)
        run_tiles(&backward);
}

#pragma clang attribute pop
