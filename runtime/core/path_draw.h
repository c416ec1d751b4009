/* SPDX-License-Identifier: Apache-2.0
 *
 * What planning and drawing of paths share, and nobody else needs.
 */
#ifndef RNET_CORE_PATH_DRAW_H
#define RNET_CORE_PATH_DRAW_H

#include "core/path.h"
#include "core/random_batch.h"
#include "core/random_float.h"
#include "core/random_math.h"

enum { RN_PATH_STRIP = 4 }; /* layers summed at a time, to hide the latency of additions */

/* 1 − e^{-z} Σ_{n<m} z^n / n!. */
double rn_path_tail(double z, int m);

#endif
