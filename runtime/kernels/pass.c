/* SPDX-License-Identifier: Apache-2.0
 *
 * Addressing: from a pass and a tile to pointers.
 */
#include "kernels/kernels.h"

#include "core/held.h"

RNK_API int64_t rnk_width(const RnTile *tile)
{
    return tile->width;
}

RNK_API real *rnk_state(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    const RnSpan *span = &pass->spans[region];
    int64_t size = span->rows * tile->width;
    if (rn_begins_segment(span, layer))
        return span->start + tile->index * span->start_stride + (layer >> span->shift) * size;
    return span->state + tile->index * span->state_stride + (layer & span->state_mask) * size;
}

RNK_API real *rnk_next(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    int inside = layer + 1 < pass->spans[region].depth;
    return rnk_state(pass, tile, inside ? region : region + 1, inside ? layer + 1 : 0);
}

RNK_API real *rnk_kept(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    const RnSpan *span = &pass->spans[region];
    return span->kept + tile->index * span->kept_stride +
           (layer & span->kept_mask) * span->kept_rows * tile->width;
}

RNK_API real *rnk_kept_before(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer)
{
    const RnSpan *span = &pass->spans[region];
    return rnk_kept(pass, tile, region, layer - (rn_is_remade(span) ? span->segment : 0));
}

RNK_API real *rnk_scratch(const RnTile *tile)
{
    return tile->scratch;
}

RNK_API real *rnk_layer_scratch(const RnPass *pass, const RnTile *tile, int64_t region,
                                int64_t layer)
{
    return tile->scratch + (layer & pass->spans[region].delta_mask) * pass->scratch_step;
}

RNK_API int64_t rnk_scratch_stride(const RnPass *pass)
{
    return pass->scratch_stride;
}

RNK_API real *rnk_gradient_in(const RnTile *tile, int64_t turn)
{
    return tile->gradient[turn & 1];
}

RNK_API real *rnk_gradient_out(const RnTile *tile, int64_t turn)
{
    return tile->gradient[(turn & 1) ^ 1];
}

RNK_API real *rnk_delta(const RnPass *pass, int64_t region, int64_t layer)
{
    if (rn_asks(RN_STATES_ONLY, RN_STATES_ONLY) && !pass->delta)
        return NULL;
    const RnSpan *span = &pass->spans[region];
    return pass->delta + (layer & span->delta_mask) * span->delta_stride;
}

RNK_API const real *rnk_tensor(const RnPass *pass, int64_t tensor, int64_t layer, int64_t size)
{
    return pass->tensor[tensor] + layer * size;
}

RNK_API const real *rnk_factors(const RnPass *pass, const RnTile *tile, int64_t tensor,
                                int64_t layer, int64_t size, vreal *spread)
{
    if (pass->factor && pass->factor[tensor])
        return pass->factor[tensor] + (layer * size * pass->tile_count + tile->index) * tile->width;
    rnk_store((real *)spread, rnk_splat(pass->tensor[tensor][layer * size]));
    return (const real *)spread;
}

RNK_API real *rnk_tensor_gradient(const RnPass *pass, int64_t tensor, int64_t layer, int64_t size)
{
    return pass->gradient[tensor] + layer * size - rn_gradient_start(pass->gradient_from, size);
}

RNK_API int64_t rnk_state_stride(const RnPass *pass, int64_t region, int64_t layer)
{
    const RnSpan *span = &pass->spans[region];
    return rn_begins_segment(span, layer) ? span->start_stride : span->state_stride;
}

RNK_API int64_t rnk_kept_stride(const RnPass *pass, int64_t region)
{
    return pass->spans[region].kept_stride;
}

RNK_API const RnTile *rnk_first_tile(const RnPass *pass)
{
    return pass->tiles;
}
