/* SPDX-License-Identifier: Apache-2.0
 *
 * Seconds of the monotonic clock, for --time-report.
 */
#ifndef RNET_SUPPORT_CLOCK_H
#define RNET_SUPPORT_CLOCK_H

#include <time.h>

static inline double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
