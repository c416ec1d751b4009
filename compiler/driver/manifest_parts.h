/* SPDX-License-Identifier: Apache-2.0
 *
 * Internal to the manifest: its longer parts.
 */
#ifndef RNET_DRIVER_MANIFEST_PARTS_H
#define RNET_DRIVER_MANIFEST_PARTS_H

#include "driver/json.h"
#include "emit/emit.h"

/* The functions of the header, with the shapes of their arrays. */
void manifest_functions(Json *json, const Graph *graph, const EmitOptions *options);

/* Everything that lies in params. */
void manifest_tensors(Json *json, const Plan *plan);

#endif
