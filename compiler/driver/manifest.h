/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest of an object to embed: what its header says, and what lies where, as JSON
 * (docs/manifest.schema.json).
 */
#ifndef RNET_DRIVER_MANIFEST_H
#define RNET_DRIVER_MANIFEST_H

#include "emit/emit.h"

/* The text, a function of the network and the options; NULL after an error. Sizes are asked of an
 * object that is compiled for it, so emit_module of the real one comes first. */
const char *manifest_text(Arena *arena, const Plan *plan, const EmitOptions *options,
                          DiagSink *diag);

#endif
