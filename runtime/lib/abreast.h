/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks that differ in scalars alone, traced in one pass: a sweep's cells along the exponent of
 * alpha. Their samples fill the lanes of tiles, which those of one network would leave empty, and
 * weights are read once for all of a tile.
 *
 *     prober at cell 0 ─ add ─▶ ┐                       ┌ take 0 ─▶ prober at cell 0, traces known
 *     prober at cell 1 ─ add ─▶ ├─ run: all traces ─────┤ take 1 ─▶ prober at cell 1, traces known
 *     …                         ┘                       └ …
 *
 * What a prober measures then is, to the bit, what it would have measured without.
 */
#ifndef RNET_LIB_ABREAST_H
#define RNET_LIB_ABREAST_H

#include "lib/measure.h"

/* Samples of all networks, and the most memory for them. Five tiles, so that few lanes of the last
 * one stay empty: ten samples a network leave four of 64, but none of 320. */
enum { RT_ABREAST_LANES = 320, RT_MOST_ABREAST = RT_ABREAST_LANES, RT_ABREAST_BYTES = 128 << 20 };

typedef struct RtAbreast {
    RtProber *prober;
    int64_t varied;      /* tensors that depend on these params differ from network to network */
    int64_t most, count; /* networks of a pass at most, and how many were added */
    double *configs;     /* [most][params] */
    void **own;          /* [most][tensors] values of what differs; NULL: nothing does */
    double **traces;     /* [regions] of all networks; NULL: not traced */
    int64_t **powers;    /* [regions] beside them */
    RtBlock memory;      /* of all that follows, and of what `own` and `traces` point to */
    size_t workspace_size;
    char *workspace, *x, *target;
} RtAbreast;

/* For networks of the prober's depths, of which there are `members` at most. False where there is
 * no gain: nothing is traced, more than scalars differ, or two batches do not fit into the lanes or
 * the memory. */
bool rt_abreast_open(RtAbreast *abreast, RtProber *prober, int64_t varied, int64_t members);
void rt_abreast_close(RtAbreast *abreast);
/* Is there room for a network of these params, and are its samples those of the first? */
bool rt_abreast_fits(const RtAbreast *abreast, const double *config);
/* Adds the prober's network as it stands, one that fits. */
void rt_abreast_add(RtAbreast *abreast);
/* Draws the samples and traces all networks; false: leave it to the prober, which says why. */
bool rt_abreast_run(RtAbreast *abreast, uint64_t draw);
/* Gives a network back to the prober, with its traces. */
void rt_abreast_take(RtAbreast *abreast, int64_t index);

#endif
