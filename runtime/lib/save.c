/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes checkpoints, a layer at a time.
 */
#include "core/checkpoint.h"
#include "lib/checkpoint.h"

#include <stdlib.h>

static RnState state_of(const RtSession *session, const RtPosition *position)
{
    return (RnState){.step = position->step,
                     .seed = session->seed,
                     .repeat = session->repeat,
                     .epoch = (uint64_t)position->epoch,
                     .position = (uint64_t)position->position,
                     .correct = (uint64_t)position->correct,
                     .waiting = (uint64_t)position->waiting,
                     .loss_sum = position->loss_sum,
                     .best_loss = position->best_loss};
}

static bool write_header(RtWriter *writer, const RnNetwork *network, const RnState *state,
                         RtError *error)
{
    size_t size = rn_checkpoint_header_size(network, true);
    char *header = malloc(size);
    if (!header)
        return rt_fail(error, RT_FAILED, "out of memory");
    rn_checkpoint_header(network, state, header, size);
    bool good = rt_writer_put(writer, header, size, error);
    free(header);
    return good;
}

static bool write_slot(RtWriter *writer, const RtSession *session, const RnNetwork *network,
                       const RnSlot *slot, RtError *error)
{
    void *layer = malloc(slot->layer_bytes);
    bool good = layer || rt_fail(error, RT_FAILED, "out of memory");
    for (int64_t k = 0; k < slot->layers && good; k++) {
        rn_slot_to_file(network, slot, k, 1,
                        slot->moment ? session->state.data : session->params.data, layer);
        good = rt_writer_put(writer, layer, slot->layer_bytes, error);
    }
    free(layer);
    return good;
}

static bool write_all(RtWriter *writer, const RtSession *session, const RnState *state,
                      RtError *error)
{
    const RnNetwork network = rn_network(session->program, session->code, session->config);
    RnSlot slot;
    if (!write_header(writer, &network, state, error))
        return false;
    for (int32_t i = 0; i < rn_slot_count(&network, network.moments); i++)
        if (rn_slot(&network, i, &slot) && !write_slot(writer, session, &network, &slot, error))
            return false;
    return true;
}

bool rt_checkpoint_save(const RtSession *session, const RtPosition *position, const char *path,
                        RtError *error)
{
    RtWriter writer;
    const RnState state = state_of(session, position);
    if (!rt_writer_open(&writer, path, error))
        return false;
    if (write_all(&writer, session, &state, error))
        return rt_writer_commit(&writer, error);
    rt_writer_abandon(&writer);
    return false;
}
