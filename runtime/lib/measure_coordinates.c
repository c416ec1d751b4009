/* SPDX-License-Identifier: Apache-2.0
 *
 * The coordinate check: how far the states of all residual layers move in the first training steps.
 *
 * The samples of the probe are looked at, before and after; batches of the training set, in the
 * order of its first epoch, are trained on at the optimiser's own rate. The weights are put back.
 */
#include "lib/chain.h"
#include "lib/config.h"
#include "lib/measure_parts.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *rt_coordinates_missing(const RtProber *p)
{
    if (!p->session.program->train)
        return "it wants a train block";
    if (!p->train_data || !p->has_dataset)
        return "it wants the training data for its samples: no data of the probe's own";
    return p->session.code->stretch ? NULL : "the network has no code for it";
}

bool rt_coordinates_batch(const RtProber *p, int64_t *batch, RtError *error)
{
    if (!rt_train_batch(&p->session, batch, error))
        return false;
    if (*batch > p->dataset.split.train.count)
        *batch = p->dataset.split.train.count;
    return true;
}

typedef struct Check {
    RtProber *p;
    RtChain chain;
    RtBuffers buffers;
    int64_t batch;
    uint32_t *order;
    char *params, *states; /* before training */
    size_t states_size;
    double rate;
} Check;

/* All states lie in one block, with their exponents. */
static bool remember(Check *c, RtError *error)
{
    const RtSession *session = &c->p->session;
    c->states_size = c->chain.memory.size;
    c->states = malloc(c->states_size);
    c->params = malloc(session->params_size);
    if (!c->states || !c->params)
        return rt_fail(error, RT_FAILED, "out of memory for the states before training");
    memcpy(c->states, c->chain.memory.data, c->states_size);
    memcpy(c->params, session->params.data, session->params_size);
    return true;
}

/* Mean |Δh| over the samples and features behind all layers of residual blocks. */
static double mean_change(const Check *c)
{
    const RtChain *chain = &c->chain;
    const RnProgram *program = c->p->session.program;
    double mean = 0;
    int64_t layers = 0;
    for (int64_t i = 0; i < chain->count; i++) {
        const RtPiece *behind = &chain->pieces[i + 1];
        const void *before = c->states + (behind->state - (const char *)chain->memory.data);
        int64_t count = chain->samples * behind->in_rows;
        double sum = 0;
        if (!program->regions[chain->pieces[i].region].depth)
            continue;
        for (int64_t k = 0; k < count; k++)
            sum += fabs(rt_real(behind->state, k, program->real_size) -
                        rt_real(before, k, program->real_size));
        mean += (sum / (double)count - mean) / (double)++layers;
    }
    return mean;
}

static bool train_step(Check *c, int64_t step, RtError *error)
{
    RtSession *session = &c->p->session;
    const RtSet *set = &c->p->dataset.split.train;
    int64_t starts = set->count - c->batch + 1;
    RnCall call =
        rt_session_call(session, c->batch, RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING,
                        session->program->train->loss.kind);
    double loss;
    rt_gather(set, c->order, step * c->batch % starts, c->batch, session->program->real_size,
              c->buffers.x.data, c->buffers.target.data, &session->parallel);
    call.x = c->buffers.x.data;
    call.target = c->buffers.target.data;
    call.loss = &loss;
    call.rate = c->rate;
    /* where training diverges the changes are not finite, which says it */
    return rt_session_run(session, &call, error) || error->status == RT_DIVERGED;
}

static bool open_check(Check *c, RtError *error)
{
    RtSession *session = &c->p->session;
    const RtSet *set = &c->p->dataset.split.train;
    const RnTrain *train = session->program->train;
    RnState *state = session->state.data;
    c->rate = rt_formula(train->optimizer.rate, session->config, 0);
    memset(state, 0, session->state_size);
    state->seed = session->seed;
    state->repeat = session->repeat;
    c->order = malloc((size_t)set->count * sizeof *c->order);
    if (!c->order)
        return rt_fail(error, RT_FAILED, "out of memory for the order of the samples");
    rt_shuffle(rt_order_stream_of_repeat(session->seed, session->repeat), 0, c->order, set->count);
    return rt_coordinates_batch(c->p, &c->batch, error) &&
           rt_buffers_allocate(&c->buffers, session, c->batch,
                               train->loss.kind == RN_LOSS_CROSS_ENTROPY, error) &&
           rt_chain_open(&c->chain, session, c->p->batch, 1, c->p->batch, error);
}

bool rt_coordinates_values(RtProber *p, RtValues *values, RtError *error)
{
    Check c = {.p = p};
    const void *x = p->buffers.x.data;
    bool good =
        open_check(&c, error) && rt_chain_forward(&c.chain, x, error) && remember(&c, error);
    for (int64_t step = 0; good && step < values->width; step++) {
        good = train_step(&c, step, error) && rt_chain_forward(&c.chain, x, error);
        if (good)
            values->value[step] = mean_change(&c);
    }
    if (c.params && c.states)
        memcpy(p->session.params.data, c.params, p->session.params_size);
    free(c.order);
    free(c.params);
    free(c.states);
    rt_buffers_free(&c.buffers);
    rt_chain_close(&c.chain);
    return good;
}
