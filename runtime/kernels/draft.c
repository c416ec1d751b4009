/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts lie in those of the tile's buffers that are free meanwhile: of states in the gradient's
 * other one and in that of a trace, which has no drafts; of kept values in all of them, since
 * forward has no gradient yet.
 */
#include "kernels/draft.h"

#include "core/pass.h"
#include "kernels/past.h"

/* Not the first state of the block, which was made before it was marked, nor one that a segment
 * begins with, which is kept and made no more. */
static inline int is_draft(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    return rn_is_handed_over(tile, layer) && layer > tile->own.from &&
           !rn_begins_segment(&pass->spans[region], layer);
}

static inline real *draft_of(const RnTile *tile, int64_t layer)
{
    return layer & 1 ? tile->saved : tile->gradient[1];
}

RNK_API real *rnk_draft_state(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    return is_draft(pass, tile, region, layer) ? draft_of(tile, layer)
                                               : rnk_state(pass, tile, region, layer);
}

RNK_API real *rnk_draft_next(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    return rnk_draft_state(pass, tile, region, layer + 1);
}

RNK_API real *rnk_draft_result(const RnPass *pass, const RnTile *tile, int64_t region,
                               int64_t layer)
{
    return is_draft(pass, tile, region, layer + 1) ? draft_of(tile, layer + 1)
                                                   : rnk_next(pass, tile, region, layer);
}

static __attribute__((noinline)) void copy_past(real *to, const real *from, int64_t count)
{
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < count; i += RNK_LANES)
        rnk_store_past((vreal *)(to + i), rnk_load(from + i));
}

RNK_API void rnk_draft_done(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    if (is_draft(pass, tile, region, layer + 1))
        copy_past(rnk_state(pass, tile, region, layer + 1), draft_of(tile, layer + 1),
                  pass->spans[region].rows * tile->width);
}

RNK_API real *rnk_draft_kept(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    return rn_is_handed_over(tile, layer) ? tile->gradient[0] : rnk_kept(pass, tile, region, layer);
}

RNK_API void rnk_draft_kept_done(const RnPass *pass, const RnTile *tile, int64_t region,
                                 int64_t layer)
{
    if (rn_is_handed_over(tile, layer))
        copy_past(rnk_kept(pass, tile, region, layer), tile->gradient[0],
                  pass->spans[region].kept_rows * tile->width);
}
