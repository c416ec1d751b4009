/* SPDX-License-Identifier: Apache-2.0
 *
 * Where gradients lie of which only those of a block are held, or of some blocks, in a ring.
 */
#ifndef RNET_CORE_HELD_H
#define RNET_CORE_HELD_H

#include "core/pass.h"

/* The layer that gradient[] begins with while it holds those of the block from layer `from` on. A
 * ring has at least as many layers as a vector has lanes, or the round that another block is in
 * would begin elsewhere in its vector, and this one's end lie where that one begins. */
static inline int64_t rn_gradient_from(const RnPass *pass, int32_t region, int64_t from)
{
    if (!pass->fused || pass->call->gradient)
        return 0;
    int64_t mask = pass->spans[region].delta_mask | (RN_LANES - 1);
    return pass->overlaps ? from & ~mask : from;
}

/* The element of a tensor of `size` reals a layer, 0 for a shared one, that gradient[] begins with
 * when it begins with layer `from`: vectors of gradients lie on lines of the cache as those of the
 * weights do. */
static inline int64_t rn_gradient_start(int64_t from, int64_t size)
{
    return from * size & -(int64_t)RNK_LANES;
}

#endif
