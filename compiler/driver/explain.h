/* SPDX-License-Identifier: Apache-2.0
 *
 * --explain: the section of docs/diagnostics.md about one code, which is part of the binary.
 */
#ifndef RNET_DRIVER_EXPLAIN_H
#define RNET_DRIVER_EXPLAIN_H

#include "support/diag.h"

#include <stdio.h>

/* Prints the section, or reports E_USAGE and returns false. Case does not matter. */
bool explain_code(Arena *arena, const char *code, FILE *out, DiagSink *diag);

#endif
