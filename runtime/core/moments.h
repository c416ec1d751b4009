/* SPDX-License-Identifier: Apache-2.0
 *
 * From the sums that RN_FIT leaves to what `standardize` keeps.
 */
#ifndef RNET_CORE_MOMENTS_H
#define RNET_CORE_MOMENTS_H

#include <float.h>
#include <math.h>
#include <stdint.h>

/* Mean, and 1 over the deviation of `count` numbers; 0 where all are the same. */
static inline void rn_standardize_from_sums(double sum, double squares, int64_t count, double *mean,
                                            double *inverse)
{
    double n = (double)count;
    *mean = sum / n;
    double square = squares / n, variance = square - *mean * *mean;
    /* two sums of n terms carry a relative error of n units in the last place each: a variance
     * below that is nothing but rounding, and the feature is constant */
    int constant = !(variance > 2 * n * (DBL_EPSILON / 2) * square);
    *inverse = constant ? 0 : 1 / sqrt(variance);
}

#endif
