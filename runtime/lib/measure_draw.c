/* SPDX-License-Identifier: Apache-2.0
 *
 * One draw of a measurement: its weights, and the samples that they are measured on.
 */
#include "core/random.h"
#include "lib/config.h"
#include "lib/measure_parts.h"
#include "lib/real.h"

#include <stdlib.h>

static void draw_reals(void *values, int64_t count, int32_t real_size, uint64_t stream, double low,
                       double high)
{
    for (int64_t i = 0; i < count; i++)
        rt_set_real(values, i, real_size, low + (high - low) * rn_uniform(stream, 0, (uint64_t)i));
}

static bool gather_samples(RtProber *p, uint64_t draw, RtError *error)
{
    const RtSet *set = &p->dataset.split.train;
    uint32_t *order = malloc((size_t)set->count * sizeof *order);
    if (!order)
        return rt_fail(error, RT_FAILED, "out of memory for the order of the samples");
    rt_shuffle(rt_order_stream(p->session.seed), draw, order, set->count);
    rt_gather(set, order, 0, p->batch, p->session.program->real_size, p->buffers.x.data,
              p->buffers.target.data, &p->session.parallel);
    free(order);
    return true;
}

/* Inputs, targets and the projection of a draw: functions of the seed and the draw. */
static bool draw_samples(RtProber *p, uint64_t draw, RtError *error)
{
    RtSession *session = &p->session;
    int32_t real_size = session->program->real_size;
    bool synthetic = p->data->kind == RN_DATA_UNIFORM || p->data->kind == RN_DATA_GAUSSIAN;
    RtRequest request = rt_request(session, p->data, false);
    if (synthetic ? !rt_synthetic_inputs(&request, draw, p->batch, p->buffers.x.data, error)
                  : !gather_samples(p, draw, error))
        return false;
    if (p->loss->target_low && p->loss->target_high)
        draw_reals(p->buffers.target.data, p->batch * session->outputs, real_size,
                   rn_stream("data/targets", session->seed, draw),
                   rt_formula(p->loss->target_low, session->config, 0),
                   rt_formula(p->loss->target_high, session->config, 1));
    uint64_t stream = rn_stream("data/projection", session->seed, draw);
    for (int64_t i = 0; i < session->outputs; i++)
        rt_set_real(p->projection.data, i, real_size, rn_normal(stream, 0, (uint64_t)i));
    return true;
}

bool rt_prober_draw(RtProber *p, uint64_t draw, RtError *error)
{
    if (p->checkpoint.path)
        return draw > p->first || rt_checkpoint_restore(&p->checkpoint, &p->session, false, error);
    return rt_session_init(&p->session, draw, error) &&
           (!p->train_data ||
            rt_fit_standardize(&p->session, &p->buffers, &p->dataset.split.train, error));
}

bool rt_draw(RtProber *p, uint64_t draw, RtError *error)
{
    rt_forget_spectra(p);
    return (p->given || rt_prober_draw(p, draw, error)) && draw_samples(p, draw, error);
}
