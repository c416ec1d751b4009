/* SPDX-License-Identifier: Apache-2.0
 *
 * Backward through the layers of a region, and the states that it reads.
 *
 * Where states can be made again, they are held for one segment of layers only, or for two where
 * threads overlap blocks, in a ring that stays in the caches; of all others only those that
 * segments begin with are kept. Backward makes a segment's states again when it comes to its last
 * layer, but for the last segment, whose states forward has left in the ring.
 */
#include "core/pass.h"

#include "core/round.h"

/* Not where time goes: regions are called from here. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

static int64_t segment_from(const RnSpan *span, int64_t to)
{
    return rn_is_remade(span) ? (to - 1) / span->segment * span->segment : 0;
}

int64_t rn_block_from(const RnSpan *span, int64_t to)
{
    int64_t from = (to - 1) / span->block * span->block, first = segment_from(span, to);
    return from > first ? from : first;
}

int64_t rn_block_to(const RnSpan *span, int64_t from)
{
    int64_t to = (from / span->block + 1) * span->block;
    int64_t last = rn_is_remade(span) ? (from / span->segment + 1) * span->segment : to;
    to = to < last ? to : last;
    return to < span->depth ? to : span->depth;
}

/* Not so where others take some, one sum is of shared tensors, or, of deltas, a block goes on at
 * the ring's beginning. */
void rn_mark_own(const RnPass *pass, RnTile *tile, int32_t region, int64_t from, int64_t to)
{
    const RnSpan *span = &pass->spans[region];
    int64_t threads = rn_threads(pass->call), bytes = span->delta_stride * (int64_t)sizeof(real);
    int64_t thread = rn_share_of(rn_tile_pieces(pass->tile_count, threads), threads, tile->index);
    int64_t first = rn_share_start(to - from, threads, thread);
    int64_t end = rn_share_start(to - from, threads, thread + 1);
    int64_t slot = (from & span->delta_mask) + first;
    tile->own = (RnOwn){.deltas = (uintptr_t)pass->delta + (uintptr_t)(slot * bytes),
                        .bytes = (uintptr_t)((end - first) * bytes),
                        .from = from,
                        .to = to,
                        .first = from + first,
                        .end = from + end};
}

/* As far as the next look at powers. */
static void backward_part(const RnPass *pass, RnTile *tile, int32_t region, int64_t from,
                          int64_t to)
{
    const RnSpan *span = &pass->spans[region];
    const RnRegionCode *code = &pass->call->code->regions[region];
    if (rn_is_remade(span) && to < span->depth && to % span->segment == 0)
        code->remake(pass, tile, segment_from(span, to), to - 1);
    code->backward(pass, tile, from, to);
    if ((to - from) & 1) {
        real *newest = tile->gradient[1];
        tile->gradient[1] = tile->gradient[0];
        tile->gradient[0] = newest;
    }
}

void rn_backward_layers(const RnPass *pass, RnTile *tile, int32_t region, int64_t from, int64_t to)
{
    for (int64_t end = to, next; end > from; end = next) {
        next = end - rn_until_look(pass->call, end - from);
        rn_carry_gradient(pass, tile, region, end);
        backward_part(pass, tile, region, next, end);
    }
}

#pragma clang attribute pop
