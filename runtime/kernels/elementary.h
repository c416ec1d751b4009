/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementary functions of a vector.
 *
 *     rnk_exp  rnk_tanh  rnk_sigmoid  rnk_erf  rnk_softplus  rnk_sin  rnk_cos
 *     rnk_gap(y) = 1 − e^−y for y ≥ 0
 *
 * Floats: polynomials fitted by Chebyshev interpolation, evaluated with fused multiply-adds; errors
 * in units in the last place are stated at each function and tested. Doubles: libm, lane by lane.
 * NaN gives NaN everywhere.
 */
#ifndef RNET_KERNELS_ELEMENTARY_H
#define RNET_KERNELS_ELEMENTARY_H

#include "kernels/simd.h"

#define RNK_ELEMENTARY static inline __attribute__((always_inline))

#if RNK_IS(RNK_REAL)
#include "kernels/elementary_double.inc"
#else
#include "kernels/elementary_float.inc"
#endif

#endif
