/* SPDX-License-Identifier: Apache-2.0
 *
 * Backward through the regions, last first, in blocks of layers.
 *
 * A block goes down all tiles, which leaves the deltas of its layers and samples; then its layers'
 * gradients are summed over all samples, each layer by one thread; then, where no clipping has to
 * wait for the rest, the layers are updated, while the next block goes down. Where several threads
 * overlap blocks, each of three is at another of these stages at the same time: they wait for each
 * other once a block. One thread, and wide layers, sum a block before the next goes down.
 *
 * Where each thread has as many tiles as any other, it also sums and updates the same layers step
 * after step, and nobody helps one that is late: lines that two cores have read are dear to write,
 * so that one whose layers others have summed would be late in the next step, too. Where tiles do
 * not come out even, one that is through with its own sums layers that another has not come to.
 */
#include "core/held.h"
#include "core/round.h"
#include "kernels/past.h"

/* Not where time goes: kernels and regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

/* Layers from … to − 1 of a region; none where to is from. */
typedef struct Block {
    int32_t region;
    int64_t from, to;
} Block;

/* Three blocks at once; empty ones have nothing to do. */
typedef struct Backward {
    RnPass *pass;
    Block down;            /* goes down the tiles */
    Block summed;          /* whose deltas are there: gradients are summed */
    Block updated;         /* whose gradients are there: weights are updated */
    int64_t pieces, items; /* of a turn, and of each of these */
} Backward;

static int64_t length(const Block *block)
{
    return block->to - block->from;
}

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

/* Layer of `updated` that piece `index` begins with. */
static int64_t part_start(const Backward *backward, int64_t index)
{
    const Block *block = &backward->updated;
    return block->from + rn_share_start(length(block), backward->pieces, index);
}

/* Part `index` of the update, then tile `index`, if there is one. */
static void update_and_go_down(const Backward *backward, int64_t index)
{
    RnPass *pass = backward->pass;
    const Block *block = &backward->down;
    int64_t to = part_start(backward, index + 1);
    for (int64_t layer = part_start(backward, index); layer < to; layer++)
        update_layer(pass, &backward->updated, layer);
    if (index >= pass->tile_count || !length(block))
        return;
    rn_mark_own(pass, &pass->tiles[index], block->region, block->from, block->to);
    rn_backward_layers(pass, &pass->tiles[index], block->region, block->from, block->to);
}

/* Gradients of one layer, or of all shared tensors. */
static void sum_gradients(const Backward *backward, int64_t index)
{
    RnPass *pass = backward->pass;
    const Block *block = &backward->summed;
    const RnRegionCode *code = &pass->call->code->regions[block->region];
    if (index == length(block) || !pass->program->regions[block->region].trained)
        code->gradient_shared(pass, block->from, block->to);
    else
        code->gradient(pass, block->from + index);
}

/* Of the sums, share number `share` of so many. */
static void sum_share(const Backward *backward, int64_t share, int64_t shares)
{
    int64_t sums = backward->pass->sums, to = rn_share_start(sums, shares, share + 1);
    for (int64_t i = rn_share_start(sums, shares, share); i < to; i++)
        sum_gradients(backward, i);
}

/* The first item of a piece takes long, and if there are others these have few sums each: so there
 * is something left for a thread that is through with its own. A layer is summed and updated where
 * the tile of that piece is. */
static void run_item(void *context, int64_t index)
{
    const Backward *backward = context;
    int64_t pieces = backward->pieces, items = backward->items;
    int64_t piece = index / items, number = index % items;
    if (number == 0)
        update_and_go_down(backward, piece);
    if (items == 1)
        sum_share(backward, piece, pieces);
    else if (number > 0)
        sum_share(backward, piece * (items - 1) + number - 1, pieces * (items - 1));
    if (rn_threads(backward->pass->call) > 1)
        rnk_publish(); /* weights, deltas and states that went past the caches */
}

static int64_t count_sums(const RnPass *pass, const Block *block)
{
    const RnRegion *region = &pass->program->regions[block->region];
    if (!rn_wants_tensors(pass->call) || !length(block))
        return 0;
    return (region->trained ? length(block) : 0) + (region->trained_shared != 0);
}

/* Items of a piece: one for each of its sums where others may take them, else one. */
static int64_t items_of(const RnPass *pass, int64_t pieces)
{
    int even = pass->tile_count % rn_threads(pass->call) == 0;
    return even ? 1 : 1 + (pass->sums + pieces - 1) / pieces;
}

/* Each block one stage further. */
static void turn(Backward *backward)
{
    RnPass *pass = backward->pass;
    const Block *summed = &backward->summed;
    pass->sums = count_sums(pass, summed);
    pass->summed_from = summed->from;
    pass->gradient_from = rn_gradient_from(pass, summed->region, summed->from);
    backward->pieces = rn_tile_pieces(pass->tile_count, rn_threads(pass->call));
    backward->items = items_of(pass, backward->pieces);
    if (length(&backward->down) || pass->sums || length(&backward->updated))
        rn_parallel(pass->call, backward->pieces * backward->items, run_item, backward);
    int updates = pass->fused && pass->program->regions[summed->region].trained;
    backward->updated = updates ? *summed : (Block){0};
    backward->summed = backward->down;
    backward->down = (Block){0};
}

static void backward_region(Backward *backward, int32_t region)
{
    RnPass *pass = backward->pass;
    const RnSpan *span = &pass->spans[region];
    if (rn_traces(pass->call, region))
        rn_trace_gradient(pass, span->depth);
    for (int64_t to = span->depth, from; to > 0; to = from) {
        from = rn_block_from(span, to);
        backward->down = (Block){region, from, to};
        turn(backward);
        if (!pass->overlaps || from == 0) /* what goes down next takes the places of its deltas */
            turn(backward);
        if (rn_traces(pass->call, region) && (from == 0 || !(pass->call->what & RN_TRACE_ENDS)))
            rn_trace_gradient(pass, from);
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
    turn(&backward);
}

#pragma clang attribute pop
