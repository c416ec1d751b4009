/* SPDX-License-Identifier: Apache-2.0
 *
 * What gradients read of layers that another thread sums: states that are made again and, where
 * cores are far from each other (RN_FAR), states or other values that forward keeps. They are made
 * in a draft, which stays in this core's caches and where what comes next finds them, and copied
 * past the caches to their places: lines that the other core has read are dear to write.
 */
#ifndef RNET_KERNELS_DRAFT_H
#define RNET_KERNELS_DRAFT_H

#include "kernels/kernels.h"

/* Where the layer's state is made, and its result: where they have no draft, at rnk_state and
 * rnk_next. For rnk_draft_next the layer is not the region's last one, which is never made again.
 */
real *rnk_draft_state(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
real *rnk_draft_next(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
real *rnk_draft_result(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
/* Copies the layer's result from its draft, if it has one; rnk_publish() before anyone is told. */
void rnk_draft_done(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
/* Likewise the layer's kept values in forward: at rnk_kept where they have no draft. */
real *rnk_draft_kept(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);
void rnk_draft_kept_done(const RnPass *pass, const RnTile *tile, int64_t region, int64_t layer);

#endif
