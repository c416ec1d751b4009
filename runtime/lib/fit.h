/* SPDX-License-Identifier: Apache-2.0
 *
 * Power laws: y = c x^slope by least squares of the logarithms.
 */
#ifndef RNET_LIB_FIT_H
#define RNET_LIB_FIT_H

#include <stdint.h>

typedef struct RtFit {
    double slope, error; /* standard error; NaN for fewer than three points */
    int64_t points;      /* that both coordinates' logarithms exist of */
} RtFit;

RtFit rt_fit_power(const double *x, const double *y, int64_t count);

#endif
