/* SPDX-License-Identifier: Apache-2.0
 *
 * `rnetc run`: compiles in memory and runs the program in this process, with the code and the
 * runtime library that an executable would have: the same results to the bit.
 */
#ifndef RNET_DRIVER_RUN_H
#define RNET_DRIVER_RUN_H

#include "driver/options.h"

typedef struct Loaded Loaded;

/* For one instruction set: --cpu's, else RNET_ISA's, else this machine's best. *source is set as by
 * compile(). NULL after an error. */
Loaded *run_load(Arena *arena, const Options *options, DiagSink *diag, const Source **source);

/* The program's exit status; unloads it. */
int run_start(Arena *arena, Loaded *loaded, const Options *options);

#endif
