/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads checkpoints, and says in words why one is refused.
 */
#include "lib/checkpoint.h"
#include "core/checkpoint.h"
#include "lib/config.h"
#include "lib/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void shape_text(int rank, const int64_t *shape, char text[200])
{
    size_t used = (size_t)snprintf(text, 200, "[");
    for (int i = 0; i < rank && used < 180; i++)
        used +=
            (size_t)snprintf(text + used, 200 - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
    snprintf(text + used, 200 - used, "]");
}

static bool fail_shape(const char *path, const RnFault *fault, RtError *error)
{
    char got[200], wanted[200];
    shape_text(fault->entry.rank, fault->entry.shape, got);
    shape_text(fault->slot.rank, fault->slot.shape, wanted);
    return rt_fail(error, RT_BAD_DATA,
                   "%s: %s has the shape %s, but this network with these params wants %s", path,
                   fault->entry.name, got, wanted);
}

static bool fail_metadata(const RnProgram *program, const char *path, const RnFault *fault,
                          RtError *error)
{
    const RnStEntry *entry = &fault->entry;
    const char *name = entry->name + strlen("param.");
    switch (fault->kind) {
    case RN_FAULT_PARAM:
        return rt_fail(error, RT_BAD_DATA,
                       "%s: a checkpoint of another network: it has a param '%s'", path, name);
    case RN_FAULT_VALUE:
        return rt_fail(error, RT_BAD_DATA, "%s: param %s: '%s' is not a number", path, name,
                       entry->value);
    case RN_FAULT_RANGE:
        return rt_fail_range(&program->params[fault->param], fault->value, RT_BAD_DATA, path,
                             error);
    default:
        return rt_fail(error, RT_BAD_DATA, "%s: %s in the metadata is '%s', not a number", path,
                       entry->name, entry->value);
    }
}

static bool fail_tensor(const RnNetwork *network, const char *path, const RnFault *fault,
                        RtError *error)
{
    const RnStEntry *entry = &fault->entry;
    switch (fault->kind) {
    case RN_FAULT_TENSOR:
        return rt_fail(error, RT_BAD_DATA,
                       "%s: a checkpoint of another network: it holds '%s', which %s does not have",
                       path, entry->name, network->program->name);
    case RN_FAULT_TWICE:
        return rt_fail(error, RT_BAD_DATA, "%s: %s stands there twice", path, entry->name);
    case RN_FAULT_DTYPE:
        return rt_fail(error, RT_BAD_DATA, "%s: %s is of type %s, expected %s", path, entry->name,
                       entry->dtype, rn_slot_dtype(network));
    case RN_FAULT_SHAPE:
        return fail_shape(path, fault, error);
    case RN_FAULT_MISSING:
        return rt_fail(error, RT_BAD_DATA, "%s: '%s' is missing%s", path, fault->slot.name,
                       fault->slot.moment ? ": it cannot be resumed from" : "");
    case RN_FAULT_HOLE:
        return rt_fail(error, RT_BAD_DATA,
                       "%s: byte %llu of the data: tensors overlap or leave a hole", path,
                       (unsigned long long)fault->where);
    default:
        return rt_fail(error, RT_BAD_DATA, "%s: %s%llu bytes of data, but the tensors take %llu",
                       path, fault->size < fault->where ? "the file is cut short: " : "",
                       (unsigned long long)fault->size, (unsigned long long)fault->where);
    }
}

static bool fail_format(const char *path, const RnFault *fault, RtError *error)
{
    return rt_fail(error, RT_BAD_DATA, "%s: byte %llu: %s", path, (unsigned long long)fault->where,
                   fault->problem);
}

/* ---- metadata ---- */

static RtPosition position_of(const RnState *state)
{
    return (RtPosition){.step = state->step,
                        .epoch = (int64_t)state->epoch,
                        .position = (int64_t)state->position,
                        .correct = (int64_t)state->correct,
                        .loss_sum = state->loss_sum,
                        .best_loss = state->best_loss,
                        .waiting = (int64_t)state->waiting};
}

static bool read_facts(const RnProgram *program, RtCheckpoint *checkpoint, RtError *error)
{
    RnFacts facts;
    RnFault fault;
    const RnBytes file = {checkpoint->file.bytes, checkpoint->file.size};
    if (!rn_checkpoint_facts(program, file, checkpoint->config, &facts, &fault))
        return fault.kind == RN_FAULT_FORMAT
                   ? fail_format(checkpoint->path, &fault, error)
                   : fail_metadata(program, checkpoint->path, &fault, error);
    checkpoint->has_position = facts.has_state;
    checkpoint->seed = facts.state.seed;
    checkpoint->repeat = facts.state.repeat;
    checkpoint->position = position_of(&facts.state);
    memcpy(checkpoint->source_hash, facts.source_hash, sizeof facts.source_hash);
    return true;
}

/* A checkpoint that was cut is told apart from another kind of file by what its first 8 bytes
 * count: the bytes of its header, which begins with a brace. */
static bool check_length(const char *path, const RtFile *file, RtError *error)
{
    enum { PREFIX = 8 };
    uint64_t header = 0;
    if (file->size == 0)
        return rt_fail(error, RT_BAD_DATA, "%s: the file is empty: it holds no checkpoint", path);
    for (int i = 0; i < PREFIX && file->size >= PREFIX; i++)
        header |= (uint64_t)file->bytes[i] << 8 * i;
    if (file->size >= PREFIX && header <= file->size - PREFIX)
        return true;
    if (file->size > PREFIX && file->bytes[PREFIX] == '{')
        return rt_fail(error, RT_BAD_DATA,
                       "%s: the file is cut short: %zu bytes, but its header alone takes %llu",
                       path, file->size, (unsigned long long)header);
    return rt_fail(error, RT_BAD_DATA,
                   "%s: %zu bytes that are no checkpoint: `train --save` writes one", path,
                   file->size);
}

bool rt_checkpoint_read(const RnProgram *program, const char *path, RtCheckpoint *checkpoint,
                        RtError *error)
{
    *checkpoint = (RtCheckpoint){.path = path};
    checkpoint->config = calloc((size_t)program->param_count + 1, sizeof *checkpoint->config);
    if (!checkpoint->config)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    rt_config_defaults(program, checkpoint->config);
    if (rt_file_read(path, rt_memory_left(""), &checkpoint->file, error) &&
        check_length(path, &checkpoint->file, error) && read_facts(program, checkpoint, error))
        return true;
    rt_checkpoint_free(checkpoint);
    return false;
}

void rt_checkpoint_free(RtCheckpoint *checkpoint)
{
    rt_file_free(&checkpoint->file);
    free(checkpoint->config);
    checkpoint->config = NULL;
}

/* ---- tensors ---- */

static bool restore_tensors(const RtCheckpoint *checkpoint, RtSession *session, bool with_state,
                            RtError *error)
{
    RnFault fault;
    const RnNetwork network = rn_network(session->program, session->code, session->config);
    const RnBytes file = {checkpoint->file.bytes, checkpoint->file.size};
    void *memory = malloc(rn_checkpoint_memory(network.program));
    if (!memory)
        return rt_fail(error, RT_FAILED, "%s: out of memory", checkpoint->path);
    bool good = rn_checkpoint_restore(&network, file, session->params.data,
                                      with_state ? session->state.data : NULL, memory, &fault);
    free(memory);
    if (good)
        return true;
    return fault.kind == RN_FAULT_FORMAT ? fail_format(checkpoint->path, &fault, error)
                                         : fail_tensor(&network, checkpoint->path, &fault, error);
}

bool rt_checkpoint_restore(const RtCheckpoint *checkpoint, RtSession *session, bool with_state,
                           RtError *error)
{
    if (with_state && !checkpoint->has_position)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: it holds weights only; --resume wants a "
                       "checkpoint that train wrote",
                       checkpoint->path);
    if (!restore_tensors(checkpoint, session, with_state, error))
        return false;
    if (session->state.data) {
        RnState *state = session->state.data;
        *state = (RnState){
            .step = checkpoint->position.step, .seed = session->seed, .repeat = session->repeat};
    }
    return rt_session_derive(session, error);
}
