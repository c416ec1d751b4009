/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes in whole units: of lanes, of blocks of random numbers.
 */
#ifndef RNET_CORE_ROUND_H
#define RNET_CORE_ROUND_H

#include <stdint.h>

/* The least multiple of the unit, which is positive, that is no less than the count. */
static inline int64_t rn_round_up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

#endif
