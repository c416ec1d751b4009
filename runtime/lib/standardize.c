/* SPDX-License-Identifier: Apache-2.0
 *
 * Fits the `standardize` layer: its two buffers hold a number for each input.
 */
#include "core/moments.h"
#include "lib/commands.h"
#include "lib/real.h"

static bool add_batches(RtSession *session, RtBuffers *buffers, const RtSet *set, double *fit,
                        RtError *error)
{
    int64_t most = buffers->batch < RT_EVALUATION_BATCH ? buffers->batch : RT_EVALUATION_BATCH;
    for (int64_t from = 0; from < set->count; from += most) {
        int64_t count = set->count - from < most ? set->count - from : most;
        rt_gather(set, NULL, from, count, session->program->real_size, buffers->x.data, NULL,
                  &session->parallel);
        RnCall call = rt_session_call(session, count, RN_FIT | RN_FORWARD, RN_LOSS_NONE);
        call.x = buffers->x.data;
        call.fit = fit;
        if (!rt_session_run(session, &call, error))
            return false;
    }
    return true;
}

static void store_fit(RtSession *session, int32_t mean, int32_t inverse, const double *fit,
                      int64_t count)
{
    const RnProgram *program = session->program;
    int64_t layers, width = program->tensors[mean].size;
    char *params = session->params.data;
    void *means = params + session->code->tensor_offset(program, session->config, mean, &layers);
    void *inverses =
        params + session->code->tensor_offset(program, session->config, inverse, &layers);
    for (int64_t i = 0; i < width; i++) {
        double m, s;
        rn_standardize_from_sums(fit[i], fit[session->features + i], count, &m, &s);
        rt_set_real(means, i, program->real_size, m);
        rt_set_real(inverses, i, program->real_size, s);
    }
}

bool rt_fit_standardize(RtSession *session, RtBuffers *buffers, const RtSet *set, RtError *error)
{
    const RnProgram *program = session->program;
    int32_t mean = program->mean, inverse = program->inverse;
    if (mean < 0)
        return true;
    if (program->tensors[mean].size > session->features ||
        program->tensors[inverse].size != program->tensors[mean].size)
        return rt_fail(error, RT_FAILED, "the tensors of standardize do not fit its input");
    RtBlock fit;
    if (!rt_block_allocate(&fit, 2 * (size_t)session->features * sizeof(double), "sums", error))
        return false;
    bool good = add_batches(session, buffers, set, fit.data, error);
    if (good)
        store_fit(session, mean, inverse, fit.data, set->count);
    rt_block_free(&fit);
    return good;
}
