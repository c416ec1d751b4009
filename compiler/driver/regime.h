/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_regimes: what theory says against the file.
 *
 * Requires  a Model that elaborate returned.
 * Ensures   every `expect` agrees with theory, and every `alpha optimal` has a value.
 * Diagnoses E0412 a broken `expect`, E0413 no optimal scale, W0901 … W0906 (-Wregime).
 * Cost      independent of depth where alpha and laws do not depend on the layer.
 */
#ifndef RNET_DRIVER_REGIME_H
#define RNET_DRIVER_REGIME_H

#include "sema/model.h"
#include "support/diag.h"

/* NULL model gives NULL; NULL means that at least one error was reported. */
const Model *judge_regimes(Arena *arena, const Model *model, DiagSink *diag);

#endif
