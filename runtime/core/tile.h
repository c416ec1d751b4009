/* SPDX-License-Identifier: Apache-2.0
 *
 * A tile of the batch in one call: its samples, its memory, and which layers are its thread's.
 */
#ifndef RNET_CORE_TILE_H
#define RNET_CORE_TILE_H

#include "core/carry.h"
#include "kernels/simd.h"

/* What the tile's thread is to sum itself of the block at work, layers from … to − 1: the layers
 * first … end − 1. What gradients read of the others is handed over to other threads; of
 * zeros nothing is. A hint: where it is wrong, lines are slower to read or to write, and nothing
 * else. */
typedef struct RnOwn {
    uintptr_t deltas, bytes; /* of its own layers */
    int64_t from, to, first, end;
} RnOwn;

struct RnTile {
    int64_t index, width;
    int64_t first, valid; /* its samples; the other lanes repeat the last one */
    real *scratch;
    /* One behind the other, as large as the largest state. Drafts of states made again are in the
     * second and in `saved`, those of kept values, in forward, in all three: not under a trace. */
    real *gradient[2]; /* [0] holds the gradient of the newest state; they swap */
    real *saved;       /* state before the traced region, then the gradient behind it */
    real *packed;      /* copies of large products; NULL: none are wide */
    RnPowers power;    /* under RN_TRACE */
    RnOwn own;
};

/* Is the layer of the block at work, and does another thread sum it? */
static inline int rn_is_handed_over(const RnTile *tile, int64_t layer)
{
    const RnOwn *own = &tile->own;
    int down = layer >= own->from && layer < own->to;
    return down && !(layer >= own->first && layer < own->end);
}

#endif
