/* SPDX-License-Identifier: Apache-2.0
 *
 * Dropout: the mask is drawn again wherever it is wanted, from the stream's key (which holds seed
 * and step), the layer, the row and the sample.
 */
#include "kernels/kernels.h"

#include "core/pass.h"
#include "core/random.h"

enum { SAMPLE_BITS = 32 };

/* keep[l] is all ones where sample first + l keeps the row. */
static __attribute__((noinline)) void draw(uint64_t key, int64_t layer, int64_t row, int64_t first,
                                           double p, vmask *keep)
{
    RnDouble8 u[2];
    uint64_t index = ((uint64_t)row << SAMPLE_BITS) + (uint64_t)first;
    rn_uniform16(key, (uint64_t)layer, index / RN_RANDOM_BLOCK, u);
    for (int l = 0; l < RNK_LANES; l++)
        (*keep)[l] = u[l / RN_RANDOM_LANES][l % RN_RANDOM_LANES] < p ? 0 : -1;
}

RNK_API void rnk_dropout(const RnPass *pass, const RnTile *tile, vreal *y, const vreal *x,
                         int64_t stream, double p, int64_t layer, int64_t row, int64_t lane)
{
    *y = *x;
    if (!rn_trains(pass))
        return;
    vmask keep;
    draw(pass->streams[stream], layer, row, tile->first + lane, p, &keep);
    *y = rnk_select(keep, *x * (real)(1 / (1 - p)), (vreal){});
}
