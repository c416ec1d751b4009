/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers that are functions of a position: Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
 * 2011) with a 64-bit key for a stream and a 128-bit counter. No state, so draws can be made in any
 * order, on any number of threads, and again.
 *
 * A stream's key is a hash of the parameter's name, the seed and the repeat, and of nothing else.
 * In a stream, index i lies in block i / 16: lanes 0 … 7 of a block are the low halves of counters
 * 8·block + lane, lanes 8 … 15 the high halves of the same counters. So 16 consecutive indices are
 * two vectors of 8 with no shuffle, and one index alone costs one counter. `high` is the counter's
 * upper half: a second coordinate (a step, a frequency).
 */
#ifndef RNET_CORE_RANDOM_H
#define RNET_CORE_RANDOM_H

#include "core/uses.h"

#include <stdint.h>

enum { RN_RANDOM_LANES = 8, RN_RANDOM_BLOCK = 16 };

typedef uint64_t RnBits8 __attribute__((vector_size(64)));
typedef double RnDouble8 __attribute__((vector_size(64)));

/* Eight counters through the rounds: word w of counter l is in the low half of word[w][l]. */
typedef struct RnPhilox8 {
    RnBits8 word[4];
} RnPhilox8;

#define RN_PHILOX_M0 0xD2511F53u
#define RN_PHILOX_M1 0xCD9E8D57u
#define RN_PHILOX_W0 0x9E3779B9u
#define RN_PHILOX_W1 0xBB67AE85u

enum { RN_PHILOX_ROUNDS = 10 };

enum { RN_PHILOX_BATCH = 8 }; /* draws made before any of them is used, so that nothing waits */

/* Draws whose rounds go in step: as many as the registers hold. */
#ifdef __AVX512F__
enum { RN_PHILOX_DRAWS = 2 };
#else
enum { RN_PHILOX_DRAWS = 1 };
#endif

/* Where registers hold the words, rounds are unrolled, which makes their keys constants. Elsewhere
 * words live in memory whatever is done, and one round's code is all that objects need to carry. */
#ifdef __AVX2__
enum { RN_PHILOX_UNROLLED = RN_PHILOX_ROUNDS };
#else
enum { RN_PHILOX_UNROLLED = 1 };
#endif

/* One counter: low is words 0 and 1, high words 2 and 3. */
RN_INLINE void rn_philox(uint64_t key, uint64_t low, uint64_t high, uint32_t word[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t w0 = (uint32_t)low, w1 = (uint32_t)(low >> 32);
    uint32_t w2 = (uint32_t)high, w3 = (uint32_t)(high >> 32);
    for (int round = 0; round < RN_PHILOX_ROUNDS; round++) {
        uint64_t p = (uint64_t)RN_PHILOX_M0 * w0, q = (uint64_t)RN_PHILOX_M1 * w2;
        w0 = (uint32_t)(q >> 32) ^ w1 ^ k0;
        w1 = (uint32_t)q;
        w2 = (uint32_t)(p >> 32) ^ w3 ^ k1;
        w3 = (uint32_t)p;
        k0 += RN_PHILOX_W0;
        k1 += RN_PHILOX_W1;
    }
    word[0] = w0;
    word[1] = w1;
    word[2] = w2;
    word[3] = w3;
}

/* Counters low … low + 7 at once; the same words as rn_philox. */
RN_INLINE void rn_philox8(uint64_t key, uint64_t low, uint64_t high, RnPhilox8 *out)
{
    const RnBits8 mask = (RnBits8){} + 0xffffffffu, lane = {0, 1, 2, 3, 4, 5, 6, 7};
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    RnBits8 w0 = (lane + low) & mask, w1 = (lane + low) >> 32;
    RnBits8 w2 = (RnBits8){} + (uint32_t)high, w3 = (RnBits8){} + (uint32_t)(high >> 32);
#pragma GCC unroll RN_PHILOX_UNROLLED
    for (int round = 0; round < RN_PHILOX_ROUNDS; round++) {
        RnBits8 p = (w0 & mask) * RN_PHILOX_M0, q = (w2 & mask) * RN_PHILOX_M1;
        w0 = (q >> 32) ^ w1 ^ k0;
        w1 = q;
        w2 = (p >> 32) ^ w3 ^ k1;
        w3 = p;
        k0 += RN_PHILOX_W0;
        k1 += RN_PHILOX_W1;
    }
    *out = (RnPhilox8){{w0 & mask, w1 & mask, w2 & mask, w3 & mask}};
}

/* The finaliser of MurmurHash3 (Appleby): every bit of x reaches every bit of the result. */
RN_INLINE uint64_t rn_mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCDu;
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53u;
    return x ^ x >> 33;
}

/* FNV-1a over the name, then seed and repeat stirred in one after the other. */
RN_INLINE uint64_t rn_stream(const char *name, uint64_t seed, uint64_t repeat)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    hash = rn_mix(rn_mix(hash) + seed);
    return rn_mix(hash + 0x9E3779B97F4A7C15u * (repeat + 1));
}

/* 64 random bits of an index. */
RN_INLINE uint64_t rn_bits(uint64_t stream, uint64_t high, uint64_t index)
{
    uint32_t word[4];
    uint64_t lane = index % RN_RANDOM_BLOCK;
    uint64_t counter = index / RN_RANDOM_BLOCK * RN_RANDOM_LANES + lane % RN_RANDOM_LANES;
    rn_philox(stream, counter, high, word);
    int half = lane < RN_RANDOM_LANES ? 0 : 2;
    return word[half] | (uint64_t)word[half + 1] << 32;
}

/* The bits of a block: indices 16·block … + 7 in bits[0], + 8 … + 15 in bits[1]. */
RN_INLINE void rn_bits16(uint64_t stream, uint64_t high, uint64_t block, RnBits8 bits[2])
{
    RnPhilox8 out;
    rn_philox8(stream, block * RN_RANDOM_LANES, high, &out);
    bits[0] = out.word[0] | out.word[1] << 32;
    bits[1] = out.word[2] | out.word[3] << 32;
}

/* (k + ½) / 2^52 for the upper 52 bits k: in (0, 1), symmetric about ½, exact. */
RN_INLINE double rn_open_unit(uint64_t bits)
{
    return ((double)(int64_t)(bits >> 12) + 0.5) * 0x1p-52;
}

RN_INLINE void rn_open_unit8(const RnBits8 *bits, RnDouble8 *u)
{
    RnBits8 one_to_two = *bits >> 12 | 0x3FF0000000000000u;
    *u = (RnDouble8)one_to_two - (1.0 - 0x1p-53);
}

/* Uniform in (0, 1). */
RN_INLINE double rn_uniform(uint64_t stream, uint64_t high, uint64_t index)
{
    return rn_open_unit(rn_bits(stream, high, index));
}

/* Of a block: u[0] holds indices 16·block … + 7, u[1] the next eight. */
RN_INLINE void rn_uniform16(uint64_t stream, uint64_t high, uint64_t block, RnDouble8 u[2])
{
    RnBits8 bits[2];
    rn_bits16(stream, high, block, bits);
    rn_open_unit8(&bits[0], &u[0]);
    rn_open_unit8(&bits[1], &u[1]);
}

/* Standard normals (random.c). A block's lanes 0 … 7 and 8 … 15 are the cosine and sine halves of
 * Box and Muller's transform of the block's uniforms. */
double rn_normal(uint64_t stream, uint64_t high, uint64_t index);
/* Indices 16·block … 16·(block + blocks) − 1. */
void rn_normals(uint64_t stream, uint64_t high, uint64_t block, uint64_t blocks, double *out);

#endif
