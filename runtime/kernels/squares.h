/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of a matrix unit (x86's AMX), and its product of squares of thirds (thirds.h),
 * which adds up in single precision: in a square over the first and the second halves of words,
 * then to the sums.
 */
#ifndef RNET_KERNELS_SQUARES_H
#define RNET_KERNELS_SQUARES_H

#include "kernels/thirds.h"

/* Palette 1: eight registers of 16 lines of 64 bytes. */
typedef struct RnkShapes {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t lines[16];
} RnkShapes;

/* For this thread, until they are released. */
RNK_INLINE void rnk_shape_registers(void)
{
    static const RnkShapes shapes = {.palette = 1,
                                     .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                     .lines = {16, 16, 16, 16, 16, 16, 16, 16}};
    __builtin_ia32_tile_loadconfig(&shapes);
}

/* The unit's registers: sums of strip i of rows and j of lanes in 2i + j, thirds of weights in 4
 * and 5, of lanes in 6 and 7. Their numbers are parts of the instructions. */
enum { RNK_SUM_BYTES = RNK_PAIR * sizeof(real), RNK_WORD_BYTES = RNK_SIDE * sizeof(RnkWord) };

RNK_INLINE void rnk_load_weights(const RnkWord *w, int64_t strip)
{
    __builtin_ia32_tileloadd64(4, w, RNK_WORD_BYTES);
    __builtin_ia32_tileloadd64(5, w + strip, RNK_WORD_BYTES);
}

/* Past the first-level cache, which has to hold the weights. */
RNK_INLINE void rnk_load_lanes(const RnkWord *x, int64_t strip)
{
    __builtin_ia32_tileloaddt164(6, x, RNK_WORD_BYTES);
    __builtin_ia32_tileloaddt164(7, x + strip, RNK_WORD_BYTES);
}

RNK_INLINE void rnk_multiply(void)
{
    __builtin_ia32_tdpbf16ps(0, 4, 6);
    __builtin_ia32_tdpbf16ps(1, 4, 7);
    __builtin_ia32_tdpbf16ps(2, 5, 6);
    __builtin_ia32_tdpbf16ps(3, 5, 7);
}

/* Sums from what there is, or from zero. */
RNK_INLINE void rnk_load_sums(int64_t before, const real *sum)
{
    const real *low = sum + RNK_SIDE * RNK_PAIR;
    if (before) {
        __builtin_ia32_tileloadd64(0, sum, RNK_SUM_BYTES);
        __builtin_ia32_tileloadd64(1, sum + RNK_SIDE, RNK_SUM_BYTES);
        __builtin_ia32_tileloadd64(2, low, RNK_SUM_BYTES);
        __builtin_ia32_tileloadd64(3, low + RNK_SIDE, RNK_SUM_BYTES);
    } else {
        __builtin_ia32_tilezero(0);
        __builtin_ia32_tilezero(1);
        __builtin_ia32_tilezero(2);
        __builtin_ia32_tilezero(3);
    }
}

RNK_INLINE void rnk_store_sums(real *sum)
{
    real *low = sum + RNK_SIDE * RNK_PAIR;
    __builtin_ia32_tilestored64(0, sum, RNK_SUM_BYTES);
    __builtin_ia32_tilestored64(1, sum + RNK_SIDE, RNK_SUM_BYTES);
    __builtin_ia32_tilestored64(2, low, RNK_SUM_BYTES);
    __builtin_ia32_tilestored64(3, low + RNK_SIDE, RNK_SUM_BYTES);
}

#endif
