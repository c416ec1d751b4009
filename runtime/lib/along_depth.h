/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of a weight along depth. W_k, k = 1 … L, has `size` entries; norms are Frobenius's.
 */
#ifndef RNET_LIB_ALONG_DEPTH_H
#define RNET_LIB_ALONG_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

/* W, alpha*W, W - init or alpha*W - init, read where it lies. */
typedef struct RtPath {
    int64_t layers, size;
    int32_t real_size;
    const void *weight, *start; /* [layers][size]; start: what is taken away, or NULL */
    /* alpha: [alpha_layers][alpha_size], one layer for all where it is shared, one value for the
     * whole weight or one for each of its rows; NULL: 1 */
    const void *alpha, *alpha_start;
    int64_t alpha_layers, alpha_size;
    bool weight_absolute, alpha_absolute; /* the network uses the modulus */
} RtPath;

double rt_path_at(const RtPath *path, int64_t layer, int64_t entry);

typedef struct RtDepthSums {
    double max_norm;            /* max ‖W_k‖ */
    double increment;           /* max ‖W_{k+1} − W_k‖ */
    double root_sum_square;     /* (Σ ‖W_k‖²)^½ */
    double sum_norm;            /* ‖Σ W_k‖ */
    double quadratic_variation; /* Σ ‖W_{k+1} − W_k‖² */
    /* Σ ⟨W_k, W_{k+1}⟩ over (Σ_{k<L} ‖W_k‖² · Σ_{k>1} ‖W_k‖²)^½: about 0 and pooled over the
     * entries, so that fractional noise gives 2^(2H−1) − 1 at any depth */
    double lag1;
} RtDepthSums;

/* False: out of memory. */
bool rt_depth_sums(const RtPath *path, RtDepthSums *sums);

/* Hurst exponent of S_k = Σ_{j≤k} W_j: half the slope of log mean ‖S_{k+τ} − S_k‖² against log τ
 * over τ = 1, 2, 4, …, at most L/8; NaN where that is fewer than two lags. False: out of memory. */
bool rt_roughness(const RtPath *path, double *exponent);

#endif
