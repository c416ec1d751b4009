/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes that an object's own functions give, asked of them in this process.
 */
#ifndef RNET_DRIVER_MANIFEST_SIZES_H
#define RNET_DRIVER_MANIFEST_SIZES_H

#include "emit/emit.h"

/* Bytes at the params' defaults; workspaces for one sample and one thread, 0 for a purpose that the
 * object does not serve. */
typedef struct ManifestSizes {
    size_t params, state, workspace[RN_PURPOSE_COUNT];
    bool has_workspace; /* false for other machines, whose functions cannot be asked here */
} ManifestSizes;

bool manifest_sizes(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                    ManifestSizes *sizes);

#endif
