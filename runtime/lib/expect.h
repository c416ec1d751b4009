/* SPDX-License-Identifier: Apache-2.0
 *
 * `expect` at the params that a program starts with; the compiler judged their defaults.
 */
#ifndef RNET_LIB_EXPECT_H
#define RNET_LIB_EXPECT_H

#include "core/program.h"

#include <stdio.h>

/* Writes one line for each block of another regime than was meant; silent where theory knows none.
 * Returns how many. */
int rt_expect_warn(const RnProgram *program, const double *config, FILE *out);

#endif
