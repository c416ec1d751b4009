/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tensors a checkpoint holds, in which shape, and where they lie in memory.
 */
#include "lib/checkpoint.h"

#include <stdio.h>
#include <string.h>

/* Moments that the state has room for. */
static int32_t moments(const RtSession *session)
{
    return (int32_t)((session->state_size - sizeof(RnState)) / session->params_size);
}

int32_t rt_slot_count(const RtSession *session)
{
    return session->program->tensor_count * (1 + moments(session));
}

static bool is_kept(const RnTensor *tensor, int32_t moment)
{
    if (tensor->role == RN_ROLE_DERIVED)
        return false;
    return moment == 0 || (tensor->trainable && tensor->role != RN_ROLE_BUFFER);
}

bool rt_slot(const RtSession *session, int32_t index, RtSlot *slot)
{
    const RnProgram *program = session->program;
    *slot =
        (RtSlot){.tensor = index % program->tensor_count, .moment = index / program->tensor_count};
    const RnTensor *tensor = &program->tensors[slot->tensor];
    if (!is_kept(tensor, slot->moment))
        return false;
    slot->offset =
        session->code->tensor_offset(program, session->config, slot->tensor, &slot->layers);
    bool stacked =
        tensor->region >= 0 && program->regions[tensor->region].depth != NULL && !tensor->shared;
    if (stacked)
        slot->shape[slot->rank++] = slot->layers;
    for (int32_t i = 0; i < tensor->rank; i++)
        slot->shape[slot->rank++] = tensor->dims[i];
    slot->bytes = (size_t)slot->layers * (size_t)tensor->size * (size_t)program->real_size;
    if (slot->moment)
        snprintf(slot->name, sizeof slot->name, "optimizer/%d/%s", slot->moment, tensor->name);
    else
        snprintf(slot->name, sizeof slot->name, "%s", tensor->name);
    return true;
}

static void transpose(const void *from, int64_t rows, int64_t columns, size_t size, void *to)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            memcpy((char *)to + (size_t)(c * rows + r) * size,
                   (const char *)from + (size_t)(r * columns + c) * size, size);
}

void rt_layer_to_file(const RnTensor *tensor, int32_t real_size, const void *memory, void *file)
{
    if (tensor->matrix && tensor->dims[0] > 0)
        transpose(memory, tensor->size / tensor->dims[0], tensor->dims[0], (size_t)real_size, file);
    else
        memcpy(file, memory, (size_t)tensor->size * (size_t)real_size);
}

void rt_layer_from_file(const RnTensor *tensor, int32_t real_size, const void *file, void *memory)
{
    if (tensor->matrix && tensor->dims[0] > 0)
        transpose(file, tensor->dims[0], tensor->size / tensor->dims[0], (size_t)real_size, memory);
    else
        memcpy(memory, file, (size_t)tensor->size * (size_t)real_size);
}
