/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch of samples, [sample][row], into a tile, [row][lane].
 */
#include "core/pass.h"
#include "kernels/transpose.h"

/* The work is in rnk_transpose_block. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

/* 16 samples from `lane` on; lanes without a sample repeat the last one. */
static void pack_lanes(const RnTile *tile, const real *x, int64_t rows, real *packed, int64_t lane)
{
    real edge[RNK_LANES * RNK_LANES] __attribute__((aligned(RN_ALIGN)));
    int64_t samples = tile->valid - lane < RNK_LANES ? tile->valid - lane : RNK_LANES;
    for (int64_t row = 0; row < rows; row += RNK_LANES) {
        int64_t count = rows - row < RNK_LANES ? rows - row : RNK_LANES, step = rows;
        const real *from = x + (tile->first + (samples > 0 ? lane : tile->valid - 1)) * rows + row;
        if (count < RNK_LANES) { /* no more than the row may be read */
            for (int64_t s = 0; s < RNK_LANES; s++)
                rnk_store(edge + s * RNK_LANES,
                          rnk_load_some(from + (s < samples ? s * rows : 0), count));
            from = edge;
            step = RNK_LANES;
        }
        rnk_transpose_block(from, step, samples > 0 ? samples : 1,
                            packed + row * tile->width + lane, tile->width, count, RNK_LANES,
                            rnk_near());
    }
}

void rn_pack(const RnTile *tile, const real *x, int64_t rows, real *packed)
{
    for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES)
        pack_lanes(tile, x, rows, packed, lane);
}

#pragma clang attribute pop
