/* SPDX-License-Identifier: Apache-2.0
 *
 * `--weights`: a checkpoint becomes part of an object.
 */
#ifndef RNET_DRIVER_WEIGHTS_H
#define RNET_DRIVER_WEIGHTS_H

#include "driver/options.h"
#include "emit/emit.h"
#include "sema/model.h"

/* The params take the values that the file names, and those that decide a shape or a table keep
 * them. NULL in gives NULL; NULL means that an error was reported. */
Model *weights_settle(Arena *arena, const Options *options, Model *model, DiagSink *diag);

/* Compiles the network for this process, which loads the file: the params as they lie in memory.
 * `emit` is how the object will be made, and gets them. */
bool weights_bake(Arena *arena, const Options *options, const Plan *plan, EmitOptions *emit,
                  DiagSink *diag);

#endif
