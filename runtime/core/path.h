/* SPDX-License-Identifier: Apache-2.0
 *
 * Stationary Gaussian paths along depth, of unit variance at every layer, exact in law.
 *
 * fbm: fractional noise by circulant embedding, the row γ_0 … γ_{n/2} … γ_1 of n ≥ 2L points,
 * whose eigenvalues are all positive. gp(rbf): a Fourier series on a period so long that its two
 * ends do not feel each other, summed where few terms matter, else transformed. gp(ou, matern32):
 * Markov, so one step after another, in double.
 *
 * Sixteen complex paths, a group, are drawn at a time, one a lane: their real and imaginary parts
 * are 32 independent paths. Lane l of group g draws at position 16g + l of the tensor's stream,
 * with the frequency or the step as the counter's upper half; so a path depends on nothing but its
 * number.
 */
#ifndef RNET_CORE_PATH_H
#define RNET_CORE_PATH_H

#include "core/program.h"
#include "kernels/simd.h"

enum { RN_PATH_LANES = 16 };

typedef enum RnPathMethod { RN_PATH_TRANSFORM, RN_PATH_SERIES, RN_PATH_MARKOV } RnPathMethod;

typedef struct RnPath {
    int32_t correlation, increments;
    int64_t layers;
    double parameter; /* Hurst exponent, or correlation length in layers */
    /* filled by rn_path_plan: */
    int32_t method, unused;
    int64_t points; /* TRANSFORM: its size; SERIES: frequencies */
    double period;  /* of SERIES and of rbf under TRANSFORM, in layers */
    size_t shared_bytes, slot_bytes;
} RnPath;

/* 0 where the parameter is out of range or a size overflows. `parameter` is as in the language: a
 * length is a fraction of depth. */
int rn_path_plan(RnPath *path);

/* Tables for all groups. */
void rn_path_prepare(const RnPath *path, void *shared);

/* slot[2k], slot[2k + 1]: real and imaginary parts of the group's paths at layer k. */
void rn_path_draw(const RnPath *path, const void *shared, uint64_t stream, int64_t group,
                  vreal *slot);

/* Covariance of fractional noise at a lag (exposed for the spectrum's test). */
double rn_path_noise_covariance(double hurst, int64_t lag);

/* √(eigenvalue / n) of frequencies 0 … n/2 of a TRANSFORM; scratch: 3n doubles, roots n/2 + 1. */
void rn_path_roots(const RnPath *path, double *roots, double *scratch);

#endif
