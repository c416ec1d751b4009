/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints as files: core/checkpoint.h says what is in them.
 */
#ifndef RNET_LIB_CHECKPOINT_H
#define RNET_LIB_CHECKPOINT_H

#include "lib/file.h"
#include "lib/session.h"

/* Where a run of training stands. */
typedef struct RtPosition {
    uint64_t step;
    int64_t epoch;    /* finished ones */
    int64_t position; /* samples of the current epoch that are done */
    int64_t correct;  /* of them */
    double loss_sum;  /* of them */
    double best_loss; /* of an epoch; infinity: none yet */
    int64_t waiting;  /* epochs since the best one */
} RtPosition;

typedef struct RtCheckpoint {
    const char *path;
    RtFile file;
    double *config; /* [param_count] the file's, or defaults where it says nothing */
    bool has_position;
    uint64_t seed, repeat;
    RtPosition position;
    char source_hash[128];
} RtCheckpoint;

/* The file and its metadata. `path` must outlive the checkpoint. */
bool rt_checkpoint_read(const RnProgram *program, const char *path, RtCheckpoint *checkpoint,
                        RtError *error);
/* Its tensors, into the allocated session; the optimiser's too where `with_state`. */
bool rt_checkpoint_restore(const RtCheckpoint *checkpoint, RtSession *session, bool with_state,
                           RtError *error);
void rt_checkpoint_free(RtCheckpoint *checkpoint);
bool rt_checkpoint_save(const RtSession *session, const RtPosition *position, const char *path,
                        RtError *error);

#endif
