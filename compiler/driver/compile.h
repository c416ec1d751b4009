/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of arrows from a file to what it becomes.
 *
 * Requires  options of a COMMAND_COMPILE.
 * Ensures   the output exists whole, or not at all.
 * Diagnoses what its arrows do, and E_WRITE.
 * Memory    everything is in `arena`.
 */
#ifndef RNET_DRIVER_COMPILE_H
#define RNET_DRIVER_COMPILE_H

#include "driver/options.h"
#include "emit/emit.h"

/* *source is set for rendering, NULL when the file could not be read. */
bool compile(Arena *arena, const Options *options, DiagSink *diag, const Source **source);

/* As for an executable, but its objects go to *objects, which the caller disposes of where the
 * result is true, and no file is written. */
bool compile_in_memory(Arena *arena, const Options *options, DiagSink *diag, const Source **source,
                       EmitOutput *objects);

#endif
