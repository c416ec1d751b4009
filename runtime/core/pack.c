/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch of samples, [sample][row], into a tile, [row][lane].
 */
#include "core/pass.h"
#include "kernels/transpose.h"

void rn_pack(const RnTile *tile, const real *x, int64_t rows, real *packed)
{
    for (int64_t lane = 0; lane < tile->width; lane += RNK_LANES)
        for (int64_t row = 0; row < rows; row += RNK_LANES) {
            int64_t count = rows - row < RNK_LANES ? rows - row : RNK_LANES;
            vreal block[RNK_LANES];
            for (int64_t s = 0; s < RNK_LANES; s++) {
                int64_t sample = lane + s < tile->valid ? lane + s : tile->valid - 1;
                block[s] = rnk_load_some(x + (tile->first + sample) * rows + row, count);
            }
            rnk_transpose_block(block);
            for (int64_t r = 0; r < count; r++)
                rnk_store(packed + (row + r) * tile->width + lane, block[r]);
        }
}
