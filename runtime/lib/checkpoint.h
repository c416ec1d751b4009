/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: everything that a run needs to go on with the same bits, in one safetensors file.
 *
 * Tensors of a stack have its depth as their first dimension; matrices are [out, in], as in
 * PyTorch. Derived tensors are not kept. The optimiser's are `optimizer/1/NAME` and
 * `optimizer/2/NAME`. `__metadata__` holds the rest, as strings; doubles of the run's position are
 * hexadecimal, so that none of their bits is lost.
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

/* One tensor of a checkpoint: the network's own (moment 0) or the optimiser's. */
typedef struct RtSlot {
    int32_t tensor, moment;
    int64_t layers;
    size_t offset; /* in params, or in a moment laid out like params */
    int rank;
    int64_t shape[RN_DIMS + 1];
    size_t bytes; /* of all layers */
    char name[320];
} RtSlot;
int32_t rt_slot_count(const RtSession *session);
/* False where the tensor is not kept. */
bool rt_slot(const RtSession *session, int32_t index, RtSlot *slot);
/* One layer between the file's order of a matrix ([out][in]) and the memory's ([in][out]). */
void rt_layer_to_file(const RnTensor *tensor, int32_t real_size, const void *memory, void *file);
void rt_layer_from_file(const RnTensor *tensor, int32_t real_size, const void *file, void *memory);

#endif
