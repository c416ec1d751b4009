/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of a checkpoint's tensors, made from the program's, and the order of their numbers.
 */
#include "core/slot.h"

#include <string.h>

static const char prefix[] = "optimizer/";

RnNetwork rn_network(const RnProgram *program, const RnCode *code, const double *config)
{
    RnNetwork network = {.program = program, .code = code, .config = config};
    network.params_size = code->params_size(program, config);
    size_t state = program->train ? code->state_size(program, config) : 0;
    if (network.params_size && state > sizeof(RnState))
        network.moments = (int32_t)((state - sizeof(RnState)) / network.params_size);
    return network;
}

int32_t rn_slot_count(const RnNetwork *network, int32_t moments)
{
    return network->program->tensor_count * (1 + moments);
}

static bool is_kept(const RnTensor *tensor, int32_t moment)
{
    if (tensor->role == RN_ROLE_DERIVED)
        return false;
    return moment == 0 || (tensor->trainable && tensor->role != RN_ROLE_BUFFER);
}

static void write_name(const char *name, int32_t moment, char text[RN_SLOT_NAME])
{
    size_t used = 0, length = strlen(name);
    if (moment) {
        used = sizeof prefix - 1;
        memcpy(text, prefix, used);
        text[used++] = (char)('0' + moment);
        text[used++] = '/';
    }
    if (length > RN_SLOT_NAME - 1 - used)
        length = RN_SLOT_NAME - 1 - used;
    memcpy(text + used, name, length);
    text[used + length] = '\0';
}

bool rn_slot(const RnNetwork *network, int32_t index, RnSlot *slot)
{
    const RnProgram *program = network->program;
    *slot =
        (RnSlot){.tensor = index % program->tensor_count, .moment = index / program->tensor_count};
    const RnTensor *tensor = &program->tensors[slot->tensor];
    if (!is_kept(tensor, slot->moment))
        return false;
    slot->offset =
        network->code->tensor_offset(program, network->config, slot->tensor, &slot->layers);
    if (slot->moment)
        slot->offset += sizeof(RnState) + (size_t)(slot->moment - 1) * network->params_size;
    bool stacked =
        tensor->region >= 0 && program->regions[tensor->region].depth != NULL && !tensor->shared;
    if (stacked)
        slot->shape[slot->rank++] = slot->layers;
    for (int32_t i = 0; i < tensor->rank; i++)
        slot->shape[slot->rank++] = tensor->dims[i];
    slot->layer_bytes = (size_t)tensor->size * (size_t)program->real_size;
    slot->bytes = (size_t)slot->layers * slot->layer_bytes;
    write_name(tensor->name, slot->moment, slot->name);
    return true;
}

int32_t rn_slot_find(const RnNetwork *network, int32_t moments, const char *name)
{
    int32_t moment = 0, count = network->program->tensor_count;
    size_t length = sizeof prefix - 1;
    if (strncmp(name, prefix, length) == 0 && name[length] >= '1' &&
        name[length] <= '0' + moments && name[length + 1] == '/') {
        moment = name[length] - '0';
        name += length + 2;
    }
    for (int32_t i = 0; i < count; i++)
        if (strcmp(network->program->tensors[i].name, name) == 0)
            return is_kept(&network->program->tensors[i], moment) ? moment * count + i : -1;
    return -1;
}

const char *rn_slot_dtype(const RnNetwork *network)
{
    return network->program->real_size == 4 ? "F32" : "F64";
}

/* [rows][columns] to [columns][rows]; the numbers may lie anywhere. */
#define TRANSPOSE(name, type)                                                                      \
    static void name(const char *from, int64_t rows, int64_t columns, char *to)                    \
    {                                                                                              \
        for (int64_t r = 0; r < rows; r++)                                                         \
            for (int64_t c = 0; c < columns; c++)                                                  \
                memcpy(to + (size_t)(c * rows + r) * sizeof(type),                                 \
                       from + (size_t)(r * columns + c) * sizeof(type), sizeof(type));             \
    }
TRANSPOSE(transpose_4, uint32_t)
TRANSPOSE(transpose_8, uint64_t)
#undef TRANSPOSE

static void copy_layer(const RnNetwork *network, const RnSlot *slot, const char *from, bool to_file,
                       char *to)
{
    const RnTensor *tensor = &network->program->tensors[slot->tensor];
    if (!tensor->matrix || tensor->dims[0] < 1) {
        memcpy(to, from, slot->layer_bytes);
        return;
    }
    int64_t out = tensor->dims[0], in = tensor->size / out;
    int64_t rows = to_file ? in : out, columns = to_file ? out : in;
    if (network->program->real_size == 4)
        transpose_4(from, rows, columns, to);
    else
        transpose_8(from, rows, columns, to);
}

void rn_slot_to_file(const RnNetwork *network, const RnSlot *slot, int64_t from, int64_t count,
                     const void *memory, void *file)
{
    const char *first = (const char *)memory + slot->offset + (size_t)from * slot->layer_bytes;
    for (int64_t k = 0; k < count; k++) {
        size_t at = (size_t)k * slot->layer_bytes;
        copy_layer(network, slot, first + at, true, (char *)file + at);
    }
}

void rn_slot_from_file(const RnNetwork *network, const RnSlot *slot, int64_t from, int64_t count,
                       const void *file, void *memory)
{
    char *first = (char *)memory + slot->offset + (size_t)from * slot->layer_bytes;
    for (int64_t k = 0; k < count; k++) {
        size_t at = (size_t)k * slot->layer_bytes;
        copy_layer(network, slot, (const char *)file + at, false, first + at);
    }
}
