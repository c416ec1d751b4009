/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of a program's instruction sets to run on.
 */
#ifndef RNET_LIB_ISA_H
#define RNET_LIB_ISA_H

#include "core/program.h"
#include "lib/error.h"

/* Whether this machine and its system can run the named set. */
bool rt_isa_available(const char *isa);
/* The best available one, or the one that `wanted` names (RNET_ISA; NULL: none); NULL on error. */
const RnCode *rt_isa_choose(const RnProgram *program, const char *wanted, RtError *error);

#endif
