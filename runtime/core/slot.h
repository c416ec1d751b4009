/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tensors a checkpoint holds, in which shape, and where they lie in memory.
 *
 * Slots are numbered as checkpoints hold them: the network's own tensors in their order, then those
 * of each moment of the optimiser. Tensors of a stack have its depth as their first dimension;
 * matrices are [out, in] in files and [in][out] in memory. Derived tensors are not kept.
 */
#ifndef RNET_CORE_SLOT_H
#define RNET_CORE_SLOT_H

#include "core/program.h"
#include "core/safetensors.h"

#include <stdbool.h>

enum { RN_SLOT_NAME = RN_ST_NAME }; /* what is written can be read */

/* A network of known size. */
typedef struct RnNetwork {
    const RnProgram *program;
    const RnCode *code;
    const double *config;
    size_t params_size; /* 0: the network does not take this config */
    int32_t moments;    /* that its state has room for */
} RnNetwork;

/* One tensor of a checkpoint: the network's own (moment 0) or the optimiser's. */
typedef struct RnSlot {
    int32_t tensor, moment;
    int64_t layers;
    size_t offset; /* from the beginning of the params; of a moment, of the state */
    int rank;
    int64_t shape[RN_DIMS + 1];
    size_t layer_bytes, bytes; /* of one, of all layers */
    char name[RN_SLOT_NAME];
} RnSlot;

RnNetwork rn_network(const RnProgram *program, const RnCode *code, const double *config);
/* Of the network's own tensors and `moments` of the optimiser. */
int32_t rn_slot_count(const RnNetwork *network, int32_t moments);
/* False where the tensor is not kept. */
bool rn_slot(const RnNetwork *network, int32_t index, RnSlot *slot);
/* Number of the slot of a name in a file with at most so many moments, or -1. */
int32_t rn_slot_find(const RnNetwork *network, int32_t moments, const char *name);
/* `count` layers from layer `from` on, between memory (the params; the state of a moment) and the
 * place in a file of the first of them. */
void rn_slot_to_file(const RnNetwork *network, const RnSlot *slot, int64_t from, int64_t count,
                     const void *memory, void *file);
void rn_slot_from_file(const RnNetwork *network, const RnSlot *slot, int64_t from, int64_t count,
                       const void *file, void *memory);
/* "F32" or "F64" */
const char *rn_slot_dtype(const RnNetwork *network);

#endif
