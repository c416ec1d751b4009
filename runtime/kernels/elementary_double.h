/* SPDX-License-Identifier: Apache-2.0
 *
 * Elementary functions of doubles: libm, lane by lane, through memory, so that each function has
 * one copy of its loop.
 */
#ifndef RNET_KERNELS_ELEMENTARY_DOUBLE_H
#define RNET_KERNELS_ELEMENTARY_DOUBLE_H

#include <math.h>

#define RNK_LANE_BY_LANE(name, expression)                                                         \
    static __attribute__((noinline)) void rnk_lanes_##name(double *lane)                           \
    {                                                                                              \
        for (int i = 0; i < RNK_LANES; i++) {                                                      \
            double x = lane[i];                                                                    \
            lane[i] = (expression);                                                                \
        }                                                                                          \
    }                                                                                              \
    RNK_ELEMENTARY vreal rnk_##name(vreal x)                                                       \
    {                                                                                              \
        rnk_lanes_##name((double *)&x);                                                            \
        return x;                                                                                  \
    }

RNK_LANE_BY_LANE(exp, exp(x))
RNK_LANE_BY_LANE(tanh, tanh(x))
RNK_LANE_BY_LANE(sigmoid, x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
RNK_LANE_BY_LANE(erf, erf(x))
RNK_LANE_BY_LANE(softplus, (x > 0 ? x : 0) + log1p(exp(-fabs(x))))
RNK_LANE_BY_LANE(sin, sin(x))
RNK_LANE_BY_LANE(cos, cos(x))
RNK_LANE_BY_LANE(gap, -expm1(-x))
#undef RNK_LANE_BY_LANE

#endif
