/* SPDX-License-Identifier: Apache-2.0
 *
 * Philox for many counters at once: sixteen of each of a few draws in step, as many as registers
 * hold, or whole batches that share what their counters do.
 */
#ifndef RNET_CORE_RANDOM_BATCH_H
#define RNET_CORE_RANDOM_BATCH_H

#include "core/random_math.h"

typedef uint32_t RnHalves16 __attribute__((vector_size(128)));

/* a's low halves below b's; a shuffle, for a shift would be merged into a product of 64 bits. */
RN_INLINE void rn_low_halves16(const RnBits16 *a, const RnBits16 *b, RnBits16 *both)
{
    *both = (RnBits16)__builtin_shufflevector((RnHalves16)*a, (RnHalves16)*b, 0, 32, 2, 34, 4, 36,
                                              6, 38, 8, 40, 10, 42, 12, 44, 14, 46, 16, 48, 18, 50,
                                              20, 52, 22, 54, 24, 56, 26, 58, 28, 60, 30, 62);
}

/* Words of sixteen counters of each of a few draws. */
typedef struct RnPhilox16s {
    RnBits16 w0[RN_PHILOX_DRAWS], w1[RN_PHILOX_DRAWS], w2[RN_PHILOX_DRAWS], w3[RN_PHILOX_DRAWS];
} RnPhilox16s;

/* The rounds of `count` draws from `round` on, in step, since one alone waits for its own results.
 * bits[i][0] holds words 0 and 1 of each counter, bits[i][1] words 2 and 3; as rn_philox. */
RN_INLINE void rn_philox16s_end(RnPhilox16s *w, uint64_t key, int round, int count,
                                RnBits16 (*bits)[2])
{
    uint32_t k0 = (uint32_t)key + (uint32_t)round * RN_PHILOX_W0;
    uint32_t k1 = (uint32_t)(key >> 32) + (uint32_t)round * RN_PHILOX_W1;
#pragma GCC unroll RN_PHILOX_UNROLLED
    for (; round < RN_PHILOX_ROUNDS; round++) {
#pragma GCC unroll 2
        for (int i = 0; i < count; i++) {
            RnBits16 p = (w->w0[i] & 0xffffffffu) * RN_PHILOX_M0;
            RnBits16 q = (w->w2[i] & 0xffffffffu) * RN_PHILOX_M1;
            w->w0[i] = (q >> 32) ^ w->w1[i] ^ k0;
            w->w1[i] = q;
            w->w2[i] = (p >> 32) ^ w->w3[i] ^ k1;
            w->w3[i] = p;
        }
        k0 += RN_PHILOX_W0;
        k1 += RN_PHILOX_W1;
    }
#pragma GCC unroll 2
    for (int i = 0; i < count; i++) {
        rn_low_halves16(&w->w0[i], &w->w1[i], &bits[i][0]);
        rn_low_halves16(&w->w2[i], &w->w3[i], &bits[i][1]);
    }
}

/* a in the first eight lanes, b in the rest. */
RN_INLINE void rn_two_halves16(uint64_t a, uint64_t b, RnBits16 *both)
{
    *both = (RnBits16){a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b};
}

/* Sixteen counters of each of `count` draws: low[i][l], and the halves' upper parts high[i][l / 8].
 */
RN_INLINE void rn_philox16s(uint64_t key, int count, const RnBits16 *low, const uint64_t (*high)[2],
                            RnBits16 (*bits)[2])
{
    RnPhilox16s w;
    for (int i = 0; i < count; i++) {
        w.w0[i] = low[i];
        w.w1[i] = low[i] >> 32;
        rn_two_halves16(high[i][0], high[i][1], &w.w2[i]);
        w.w3[i] = w.w2[i] >> 32;
    }
    rn_philox16s_end(&w, key, 0, count, bits);
}

/* Any number of draws. */
RN_INLINE void rn_philox_draws(uint64_t key, int count, const RnBits16 *low,
                               const uint64_t (*high)[2], RnBits16 (*bits)[2])
{
    int i = 0;
    for (; RN_PHILOX_DRAWS > 1 && i + RN_PHILOX_DRAWS <= count; i += RN_PHILOX_DRAWS)
        rn_philox16s(key, RN_PHILOX_DRAWS, low + i, high + i, bits + i);
    for (; i < count; i++)
        rn_philox16s(key, 1, low + i, high + i, bits + i);
}

/* RN_PHILOX_BATCH draws at the same low halves, whose own upper halves are all `above`, and at
 * upper halves below 2^32: half h of draw i has high[2i + place[h]]. So the first round is a
 * function of the lane for two words and of the draw for two, the second one likewise, and only the
 * third mixes them. */
RN_INLINE void rn_philox_batch(uint64_t key, const RnBits16 *low, const RnBits16 *high,
                               const int place[2], RnBits16 (*bits)[2])
{
    const uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    const RnBits16 by_lane = (*low & 0xffffffffu) * RN_PHILOX_M0;
    const RnBits16 by_lane2 = ((by_lane >> 32 ^ k1) & 0xffffffffu) * RN_PHILOX_M1;
    const RnBits16 word0 = by_lane2 >> 32 ^ (uint32_t)(k0 + RN_PHILOX_W0);
    const RnBits16 word2 = by_lane ^ (uint32_t)(k1 + RN_PHILOX_W1);
    const RnBits16 by_draw = (*high & 0xffffffffu) * RN_PHILOX_M1;
    const RnBits16 by_draw2 = ((by_draw >> 32 ^ (*low)[0] >> 32 ^ k0) & 0xffffffffu) * RN_PHILOX_M0;
    uint64_t draw[3][2 * RN_PHILOX_BATCH];
    const RnBits16 parts[3] = {by_draw, by_draw2 >> 32, by_draw2};
    __builtin_memcpy(draw, parts, sizeof draw);
    for (int i = 0; i < RN_PHILOX_BATCH; i += RN_PHILOX_DRAWS) {
        RnPhilox16s w;
#pragma GCC unroll 2
        for (int d = 0; d < RN_PHILOX_DRAWS; d++) {
            int first = 2 * (i + d) + place[0], second = 2 * (i + d) + place[1];
            rn_two_halves16(draw[0][first], draw[0][second], &w.w0[d]);
            rn_two_halves16(draw[1][first], draw[1][second], &w.w2[d]);
            rn_two_halves16(draw[2][first], draw[2][second], &w.w3[d]);
            w.w0[d] ^= word0;
            w.w1[d] = by_lane2;
            w.w2[d] ^= word2;
        }
        rn_philox16s_end(&w, key, 2, RN_PHILOX_DRAWS, bits + i);
    }
}

#endif
