/* SPDX-License-Identifier: Apache-2.0
 *
 * Norms layer by layer while a network is trained, for `train --layers FILE.npz`.
 *
 * A row a moment; for each block the means over a few samples of ‖h_k‖ and ‖p_k‖, and the norm of
 * what the trained tensors of each layer have changed by since the row before.
 */
#ifndef RNET_LIB_LAYERS_H
#define RNET_LIB_LAYERS_H

#include "lib/session.h"
#include "lib/split.h"

enum { RT_LAYERS_BATCH = 16 };

typedef struct RtBlockRows {
    int32_t region;
    int64_t depth, capacity;
    double *state, *gradient, *update; /* [rows][depth + 1], [rows][depth + 1], [rows][depth] */
} RtBlockRows;

typedef struct RtLayers {
    RtSession *session;
    const char *path;
    int64_t batch, rows, capacity;
    int64_t *epoch, *step; /* [rows] */
    RtBlockRows *blocks;   /* [regions]; depth 0: no block */
    char *before;          /* params at the row before */
    double *trace;
    RtBlock x, target;
    int32_t loss_kind;
} RtLayers;

/* What rt_layers_row will run, for the check of the memory: uses[count] with room for one more a
 * region; returns their number. */
int rt_layers_uses(const RnProgram *program, int64_t samples, RtUse *uses);
/* The first samples of the set are looked at. `path` outlives it. */
bool rt_layers_open(RtLayers *layers, RtSession *session, const RtSet *set, const char *path,
                    RtError *error);
bool rt_layers_row(RtLayers *layers, int64_t epoch, int64_t step, RtError *error);
/* Writes the file anew. */
bool rt_layers_write(const RtLayers *layers, RtError *error);
void rt_layers_close(RtLayers *layers);

#endif
