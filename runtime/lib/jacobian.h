/* SPDX-License-Identifier: Apache-2.0
 *
 * Singular values of ∂h_L/∂h_0 of a block, for each sample.
 */
#ifndef RNET_LIB_JACOBIAN_H
#define RNET_LIB_JACOBIAN_H

#include "lib/session.h"

/* All of them up to this width of the state; above it the greatest and the least alone. */
enum { RT_SPECTRUM_WIDTH = 256 };

/* Singular values of one sample of a block whose state has `rows` numbers. */
static inline int64_t rt_jacobian_values(int64_t rows)
{
    return rows <= RT_SPECTRUM_WIDTH ? rows : 2;
}

/* log2 of the singular values, descending: values[samples][rt_jacobian_values(rows)]; NaN for a
 * sample whose Jacobian is not finite. x: inputs [samples][features]. */
bool rt_jacobian(RtSession *session, int32_t region, const void *x, int64_t samples, double *values,
                 RtError *error);

#endif
