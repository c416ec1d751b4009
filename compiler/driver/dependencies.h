/* SPDX-License-Identifier: Apache-2.0
 *
 * Make rules: -M, -MD, -MF, -MT.
 */
#ifndef RNET_DRIVER_DEPENDENCIES_H
#define RNET_DRIVER_DEPENDENCIES_H

#include "driver/options.h"

/* `target: input`, where the options ask for it; does nothing otherwise. -MF names the file; else
 * -M writes to standard output and -MD to the output's name with ".d", or that which the output
 * would have by default, where it is no file. Reports E_WRITE. */
bool dependencies_write(Arena *arena, const Options *options, const char *output, DiagSink *diag);

#endif
