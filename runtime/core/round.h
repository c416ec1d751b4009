/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes in whole units: of lanes, of blocks of random numbers, of pieces of work.
 */
#ifndef RNET_CORE_ROUND_H
#define RNET_CORE_ROUND_H

#include <stdint.h>

/* The least multiple of the unit, which is positive, that is no less than the count. */
static inline int64_t rn_round_up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

/* The greatest power of two that is no more than the count; of less than 1 it is 1. */
static inline int64_t rn_power_to(int64_t count)
{
    int64_t power = 1;
    while (power <= count / 2)
        power *= 2;
    return power;
}

/* The least power of two that is no less. */
static inline int64_t rn_power_from(int64_t count)
{
    int64_t power = rn_power_to(count);
    return power < count ? 2 * power : power;
}

/* Of `count` pieces in so many shares, the one that share i begins with: shares differ by one at
 * most, and the first of them all has piece 0. */
static inline int64_t rn_share_start(int64_t count, int64_t shares, int64_t i)
{
    int64_t each = count / shares, more = count % shares;
    return each * i + (more * i + shares - 1) / shares;
}

/* The share of piece i: the inverse, since share s begins with count · s / shares, rounded up. */
static inline int64_t rn_share_of(int64_t count, int64_t shares, int64_t i)
{
    return i * shares / count;
}

/* Pieces of a pass through so many tiles: a tile each, and where these are fewer one a thread. */
static inline int64_t rn_tile_pieces(int64_t tiles, int64_t threads)
{
    return tiles > threads ? tiles : threads;
}

#endif
