/* SPDX-License-Identifier: Apache-2.0
 *
 * Params and state from and to checkpoints in memory, and single tensors from and to arrays.
 */
#include "core/checkpoint.h"
#include "embed/embed.h"

/* What every function here begins with; `values` has room for RNE_PARAMS. */
static int open_network(RnNetwork *network, const void *config, double *values)
{
    RnCall call;
    int status = rne_open(&call, config, values, NULL);
    if (status != RN_EMBED_OK)
        return status;
    *network = rn_network(&rnet_program, call.code, values);
    return network->params_size ? RN_EMBED_OK : RN_EMBED_BAD_CONFIG;
}

/* Damaged, or sound but not for this network with this config. */
static int judge(const RnFault *fault)
{
    switch (fault->kind) {
    case RN_FAULT_FORMAT:
    case RN_FAULT_TWICE:
    case RN_FAULT_HOLE:
    case RN_FAULT_EXCESS:
        return RN_EMBED_BAD_FILE;
    case RN_FAULT_DTYPE:
    case RN_FAULT_SHAPE:
        return RN_EMBED_WRONG_SHAPE;
    default:
        return RN_EMBED_WRONG_FILE;
    }
}

/* First everything that can fail, then what changes: tensors that the config decides, the rest. */
static int restore(const RnNetwork *network, RnBytes file, void *params, RnState *state,
                   void *workspace)
{
    double values[RNE_PARAMS]; /* the file's; the caller's config decides */
    RnFacts facts;
    RnFault fault;
    if (!rn_checkpoint_facts(&rnet_program, file, values, &facts, &fault))
        return judge(&fault);
    if (state && !facts.has_state)
        return RN_EMBED_NO_STATE;
    if (!rn_checkpoint_restore(network, file, NULL, state, workspace, &fault))
        return judge(&fault);
    if (network->code->derive(&rnet_program, network->config, params, facts.state.seed,
                              facts.state.repeat, workspace, NULL) != RN_OK)
        return RN_EMBED_BAD_CONFIG;
    rn_checkpoint_restore(network, file, params, state, workspace, &fault);
    if (state) {
        *state = facts.state;
        /* files say infinity where no epoch has ended; in memory it is zero, as init makes it */
        state->best_loss = state->epoch ? state->best_loss : 0;
    }
    return RN_EMBED_OK;
}

int rne_load(const void *config, void *params, void *state, const void *file, size_t file_size,
             void *workspace)
{
    RnNetwork network;
    double values[RNE_PARAMS];
    int status = open_network(&network, config, values);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_is_aligned(params, RN_ALIGN) || !rne_is_aligned(workspace, RN_ALIGN) || !file ||
        (state && !rne_is_aligned(state, RN_ALIGN)))
        return RN_EMBED_BAD_ARGUMENT;
    const RnBytes bytes = {file, file_size};
    return restore(&network, bytes, params, rnet_program.train ? state : NULL, workspace);
}

int rne_load_config(void *config, const void *file, size_t file_size)
{
    RneMember *members = config;
    double values[RNE_PARAMS];
    RnFacts facts;
    RnFault fault;
    const RnBytes bytes = {file, file_size};
    if (!rne_is_aligned(config, sizeof *members) || !file)
        return RN_EMBED_BAD_ARGUMENT;
    if (!rne_read_config(NULL, values))
        return RN_EMBED_BAD_CONFIG;
    if (!rn_checkpoint_facts(&rnet_program, bytes, values, &facts, &fault))
        return judge(&fault);
    for (int32_t i = 0; i < rnet_program.param_count; i++)
        if (rnet_program.params[i].integer)
            members[i].whole = (int64_t)values[i];
        else
            members[i].number = values[i];
    return RN_EMBED_OK;
}

/* Bytes of a file; 0: they overflow. */
static size_t size_of_file(const RnNetwork *network, bool with_state)
{
    RnSlot slot;
    size_t size = rn_checkpoint_header_size(network, with_state);
    for (int32_t i = 0; i < rn_slot_count(network, with_state ? network->moments : 0); i++)
        if (rn_slot(network, i, &slot) && __builtin_add_overflow(size, slot.bytes, &size))
            return 0;
    return size;
}

size_t rne_save_size(const void *config, int with_state)
{
    RnNetwork network;
    double values[RNE_PARAMS];
    if (open_network(&network, config, values) != RN_EMBED_OK)
        return 0;
    return size_of_file(&network, with_state && rnet_program.train);
}

int rne_save(const void *config, const void *params, const void *state, void *file,
             size_t file_size)
{
    RnNetwork network;
    RnSlot slot;
    double values[RNE_PARAMS];
    int status = open_network(&network, config, values);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_is_aligned(params, RN_ALIGN) || !file || (state && !rne_is_aligned(state, RN_ALIGN)))
        return RN_EMBED_BAD_ARGUMENT;
    state = rnet_program.train ? state : NULL;
    size_t size = size_of_file(&network, state != NULL);
    if (size == 0)
        return RN_EMBED_BAD_CONFIG;
    if (file_size < size)
        return RN_EMBED_TOO_SMALL;
    size_t at = rn_checkpoint_header_size(&network, state != NULL);
    rn_checkpoint_header(&network, state, file, at);
    for (int32_t i = 0; i < rn_slot_count(&network, state ? network.moments : 0); i++)
        if (rn_slot(&network, i, &slot)) {
            rn_slot_to_file(&network, &slot, 0, slot.layers, slot.moment ? state : params,
                            (char *)file + at);
            at += slot.bytes;
        }
    return RN_EMBED_OK;
}

/* The tensor of that name and so many numbers. `network` keeps pointing to `settings`. */
static int open_tensor(RnNetwork *network, const void *config, double *settings, const void *params,
                       const char *tensor, const void *values, size_t count, RnSlot *slot)
{
    int status = open_network(network, config, settings);
    if (status != RN_EMBED_OK)
        return status;
    size_t real = (size_t)rnet_program.real_size;
    if (!rne_is_aligned(params, RN_ALIGN) || !tensor || !rne_is_aligned(values, real))
        return RN_EMBED_BAD_ARGUMENT;
    int32_t index = rn_slot_find(network, 0, tensor);
    if (index < 0 || !rn_slot(network, index, slot))
        return RN_EMBED_BAD_ARGUMENT;
    if (count < slot->bytes / real)
        return RN_EMBED_TOO_SMALL;
    return count == slot->bytes / real ? RN_EMBED_OK : RN_EMBED_BAD_ARGUMENT;
}

int rne_export(const void *config, const void *params, const char *tensor, void *values,
               size_t count)
{
    RnNetwork network;
    RnSlot slot;
    double settings[RNE_PARAMS];
    int status = open_tensor(&network, config, settings, params, tensor, values, count, &slot);
    if (status == RN_EMBED_OK)
        rn_slot_to_file(&network, &slot, 0, slot.layers, params, values);
    return status;
}

int rne_import(const void *config, void *params, const char *tensor, const void *values,
               size_t count)
{
    RnNetwork network;
    RnSlot slot;
    double settings[RNE_PARAMS];
    int status = open_tensor(&network, config, settings, params, tensor, values, count, &slot);
    if (status == RN_EMBED_OK)
        rn_slot_from_file(&network, &slot, 0, slot.layers, values, params);
    return status;
}
