/* SPDX-License-Identifier: Apache-2.0
 *
 * Quantities that a network's derivatives give, for each sample; jacobian.h has the spectra.
 *
 * x: inputs [samples][features]; region: the block. values are the caller's.
 */
#ifndef RNET_LIB_LINEAR_H
#define RNET_LIB_LINEAR_H

#include "lib/session.h"

/* Activation of the block's first branch, for the responses; false: its branches are not known. */
typedef struct RtPhi {
    int32_t kind; /* RnActivation */
    double slope; /* of leaky_relu */
} RtPhi;
bool rt_phi_of(const RnProgram *program, int32_t region, RtPhi *phi);

/* With Q_ab = mean_i φ(h_L,i(a)) φ(h_L,i(b)) and K_ab = mean_i h_0,i(a) h_0,i(b): samples 2m and
 * 2m + 1 are a pair, and values[s] is dQ_ab/dK_ab as s alone moves, so that only K_ab changes to
 * first order. An odd sample at the end has no value. `single`: dQ_aa/dK_aa as the sample is
 * scaled. Returns the number of values in *count. */
bool rt_response(RtSession *session, int32_t region, RtPhi phi, bool single, const void *x,
                 int64_t samples, double *values, int64_t *count, RtError *error);

/* ‖h_L − Σ_{j≤order} T_j‖ / ‖h_0‖ with T_0 = h_0, T_1 = Σ α_i F_i, T_2 = Σ_{i<j} α_i α_j DF_j F_i
 * at h_0. */
bool rt_expansion(RtSession *session, int32_t region, int order, const void *x, int64_t samples,
                  double *values, RtError *error);

/* ‖∂output/∂input‖_F²: exact up to this many outputs, beyond them by as many random signs v as
 * RT_COMPLEXITY_PROBES says, mean ‖vᵀ ∂output/∂input‖². The program must have been compiled to
 * measure it, since its first layers have no gradient by the input otherwise. */
enum { RT_COMPLEXITY_EXACT = 64, RT_COMPLEXITY_PROBES = 32 };
bool rt_complexity(RtSession *session, const void *x, int64_t samples, uint64_t draw,
                   double *values, RtError *error);

#endif
