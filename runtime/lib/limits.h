/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges that formulas over params must keep. The compiler has judged them at the params' defaults;
 * this judges them at the values of the command line, before anything is allocated.
 */
#ifndef RNET_LIB_LIMITS_H
#define RNET_LIB_LIMITS_H

#include "core/program.h"
#include "lib/error.h"

/* Laws of first values in the first and the last layer, correlations along depth, and what `train`
 * states; the error names the param, where it is one alone. Depths must be good already. Params are
 * tried at other values, and left as they were. */
bool rt_limits_check(const RnProgram *program, double *config, RtError *error);

#endif
