/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: everything that a run needs to go on with the same bits, in one safetensors file
 * (core/slot.h says which tensors). `__metadata__` holds the rest, as strings: name and hash of the
 * program, its params, and where the run stands, in hexadecimal where it is a double. A file
 * without state holds weights only.
 *
 * Executables and objects to embed read and write them here, so that each knows the other's.
 */
#ifndef RNET_CORE_CHECKPOINT_H
#define RNET_CORE_CHECKPOINT_H

#include "core/safetensors.h"
#include "core/slot.h"

/* Before the names of params in the metadata. */
#define RN_PARAM_PREFIX "param."

/* Why a file is refused, and what of the fault has a meaning. */
typedef enum RnFaultKind {
    RN_FAULT_NONE,
    RN_FAULT_FORMAT,  /* where, problem */
    RN_FAULT_PARAM,   /* entry: a param that the program does not have */
    RN_FAULT_VALUE,   /* entry: of a param, no number */
    RN_FAULT_RANGE,   /* param, value */
    RN_FAULT_FACT,    /* entry: where the run stands, no number */
    RN_FAULT_TENSOR,  /* entry: the network does not have it */
    RN_FAULT_TWICE,   /* entry */
    RN_FAULT_DTYPE,   /* entry */
    RN_FAULT_SHAPE,   /* entry, slot */
    RN_FAULT_MISSING, /* slot */
    RN_FAULT_HOLE,    /* where: byte of the data */
    RN_FAULT_EXCESS   /* where: bytes that the tensors take; size: that there are */
} RnFaultKind;

typedef struct RnFault {
    int32_t kind, param;
    uint64_t where, size;
    double value;
    const char *problem;
    RnStEntry entry;
    RnSlot slot;
} RnFault;

/* What a file's metadata says but for the params. */
typedef struct RnFacts {
    bool has_state;
    RnState state;
    char source_hash[128];
} RnFacts;

typedef struct RnBytes {
    const uint8_t *bytes;
    size_t size;
} RnBytes;

/* Params of which the file says nothing stay as they are in `config`. */
bool rn_checkpoint_facts(const RnProgram *program, RnBytes file, double *config, RnFacts *facts,
                         RnFault *fault);

/* Bytes of memory for rn_checkpoint_restore, aligned to 8. */
size_t rn_checkpoint_memory(const RnProgram *program);
/* The tensors of a file, those of the optimiser where there is a `state`, of which the head stays.
 * Looks at the whole header before it writes; without `params` it only looks. */
bool rn_checkpoint_restore(const RnNetwork *network, RnBytes file, void *params, void *state,
                           void *memory, RnFault *fault);

/* Bytes of a file without its tensors, whatever the state says; `state` as in the next. */
size_t rn_checkpoint_header_size(const RnNetwork *network, bool with_state);
/* Writes them. NULL state: weights only. The tensors follow in the order of their slots, of all
 * moments where there is a state. */
void rn_checkpoint_header(const RnNetwork *network, const RnState *state, char *header,
                          size_t size);

#endif
