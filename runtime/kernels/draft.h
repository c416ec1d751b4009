/* SPDX-License-Identifier: Apache-2.0
 *
 * States that are made again. Those of layers that another thread sums are made in a draft, which
 * stays in this core's caches and where the next layer finds them, and copied past the caches to
 * their places: lines that the other core has read are dear to write.
 */
#ifndef RNET_KERNELS_DRAFT_H
#define RNET_KERNELS_DRAFT_H

#include "kernels/kernels.h"

/* Where the layer's state is made, and its result, the next layer's state, which the region's last
 * layer has none of: where they have no draft, at rnk_state. */
real *rnk_draft_state(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
real *rnk_draft_next(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
/* Copies the layer's result from its draft, if it has one; rnk_publish() before anyone is told. */
void rnk_draft_done(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);

#endif
