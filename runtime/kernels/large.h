/* SPDX-License-Identifier: Apache-2.0
 *
 * A large product, which is made from copies: by multiply-adds (packed.h) or on a matrix unit
 * (unit.h).
 */
#ifndef RNET_KERNELS_LARGE_H
#define RNET_KERNELS_LARGE_H

#include "kernels/micro.h"

/* Row r of the product is Σ_k w[r * row_step + k * k_step] · x[k * x_step + lane * lane_step]; one
 * step of w and one of x is 1.
 *
 * Samples of several tiles are parts of k, all but the last of `part` each: w is of the first one,
 * and that of the next lies w_jump further on; so does x by x_jump where lanes are its rows, while
 * rows of lanes go on by x_step. Tiles of 128 samples: k = 130 is sample 2 of tile 1, at
 * w[w_jump + 2 * k_step]. */
typedef struct RnkLarge {
    const real *w, *x;
    int64_t row_step, k_step, x_step, lane_step;
    int64_t rows, depth, width;
    int64_t part, w_jump, x_jump;
    const RnkAhead *ahead;
    const real *begin; /* [rows][width]: what sums begin with; NULL: 0 */
    const real *to;    /* [rows][width]: what the epilogue writes, to be fetched; NULL: nothing */
    RnkEpilogue *map;  /* makes x, as for rnk_map, where no copies are made; NULL: x is there */
    const void *map_context;
    const RnkCopy *copy; /* of x, for the tile; NULL: none */
    const RnTile *tile;
    RnkFinish finish;
} RnkLarge;

RNK_INLINE int64_t rnk_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
