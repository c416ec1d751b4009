/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard normals in double: one alone, or whole blocks of sixteen.
 */
#include "core/random_batch.h"

static const RnBits16 LANES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Two blocks a draw, 2 · draws in all. */
static void draw_batch(uint64_t stream, uint64_t high, uint64_t block, int draws, double *out)
{
    RnBits16 low[RN_PHILOX_BATCH], bits[RN_PHILOX_BATCH][2];
    uint64_t highs[RN_PHILOX_BATCH][2];
    for (int i = 0; i < draws; i++) {
        low[i] = LANES + (block + 2 * (uint64_t)i) * RN_RANDOM_LANES;
        highs[i][0] = highs[i][1] = high;
    }
    rn_philox_draws(stream, draws, low, highs, bits);
    for (int i = 0; i < draws; i++, out += 2 * RN_RANDOM_BLOCK) {
        RnDouble16 normal[2];
        rn_normal_pairs(bits[i], normal);
        RnDouble16 first = __builtin_shufflevector(normal[0], normal[1], 0, 1, 2, 3, 4, 5, 6, 7, 16,
                                                   17, 18, 19, 20, 21, 22, 23);
        RnDouble16 second = __builtin_shufflevector(normal[0], normal[1], 8, 9, 10, 11, 12, 13, 14,
                                                    15, 24, 25, 26, 27, 28, 29, 30, 31);
        __builtin_memcpy(out, &first, sizeof first);
        __builtin_memcpy(out + RN_RANDOM_BLOCK, &second, sizeof second);
    }
}

double rn_normal(uint64_t stream, uint64_t high, uint64_t index)
{
    double two[2 * RN_RANDOM_BLOCK];
    draw_batch(stream, high, index / RN_RANDOM_BLOCK, 1, two);
    return two[index % RN_RANDOM_BLOCK];
}

void rn_normals(uint64_t stream, uint64_t high, uint64_t block, uint64_t blocks, double *out)
{
    while (blocks > 1) {
        uint64_t draws = blocks / 2 < RN_PHILOX_BATCH ? blocks / 2 : RN_PHILOX_BATCH;
        draw_batch(stream, high, block, (int)draws, out);
        out += 2 * draws * RN_RANDOM_BLOCK;
        block += 2 * draws;
        blocks -= 2 * draws;
    }
    if (blocks) {
        double two[2 * RN_RANDOM_BLOCK];
        draw_batch(stream, high, block, 1, two);
        __builtin_memcpy(out, two, sizeof two / 2);
    }
}
