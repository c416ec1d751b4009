/* SPDX-License-Identifier: Apache-2.0
 *
 * Evaluation.
 */
#include "lib/evaluate.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>

/* What one sample takes: input, target, output and loss. */
static bool sample_sizes(const RtSession *session, int64_t batch, size_t sizes[4])
{
    size_t size = (size_t)session->program->real_size;
    return rt_bytes(batch, session->features, size, &sizes[0]) &&
           rt_bytes(batch, session->outputs, size, &sizes[1]) &&
           rt_bytes(batch, session->outputs, size, &sizes[2]) &&
           rt_bytes(batch, 1, sizeof(double), &sizes[3]);
}

size_t rt_buffers_size(const RtSession *session, int64_t batch)
{
    size_t sizes[4], total = 0;
    if (!sample_sizes(session, batch, sizes))
        return SIZE_MAX;
    for (int i = 0; i < 4; i++)
        if (!rt_add(total, sizes[i], &total))
            return SIZE_MAX;
    return total;
}

bool rt_buffers_allocate(RtBuffers *buffers, const RtSession *session, int64_t batch, bool classes,
                         RtError *error)
{
    size_t sizes[4];
    *buffers = (RtBuffers){.batch = batch, .classes = classes};
    if (!sample_sizes(session, batch, sizes))
        return rt_fail(error, RT_USAGE, "a batch of %lld samples overflows", (long long)batch);
    /* labels are 4 bytes, and a sample has at least one output of 4 */
    return rt_block_allocate(&buffers->x, sizes[0], "inputs of a batch", error) &&
           rt_block_allocate(&buffers->target, sizes[1], "targets of a batch", error) &&
           rt_block_allocate(&buffers->y, sizes[2], "outputs of a batch", error) &&
           rt_block_allocate(&buffers->losses, sizes[3], "losses of a batch", error);
}

void rt_buffers_free(RtBuffers *buffers)
{
    rt_block_free(&buffers->x);
    rt_block_free(&buffers->target);
    rt_block_free(&buffers->y);
    rt_block_free(&buffers->losses);
}

int64_t rt_greatest(const void *y, int64_t from, int64_t outputs, int32_t real_size)
{
    int64_t best = 0;
    for (int64_t i = 1; i < outputs; i++)
        if (rt_real(y, from + i, real_size) > rt_real(y, from + best, real_size))
            best = i;
    return best;
}

int64_t rt_count_correct(const void *y, const int32_t *labels, int64_t count, int64_t outputs,
                         int32_t real_size)
{
    int64_t correct = 0;
    for (int64_t i = 0; i < count; i++)
        correct += rt_greatest(y, i * outputs, outputs, real_size) == labels[i];
    return correct;
}

static double squared_errors(const RtBuffers *buffers, int64_t items, int32_t real_size)
{
    double sum = 0;
    for (int64_t i = 0; i < items; i++) {
        double difference =
            rt_real(buffers->y.data, i, real_size) - rt_real(buffers->target.data, i, real_size);
        sum += difference * difference;
    }
    return sum;
}

/* Σ over samples and outputs of (target − mean of that output)². */
static double target_spread(const RtSet *set, int32_t real_size)
{
    const RtTable *table = set->table;
    double spread = 0;
    for (int64_t o = 0; table->targets && o < table->outputs; o++) {
        double mean = 0;
        for (int64_t i = 0; i < set->count; i++) {
            int64_t row = set->index ? set->index[i] : i;
            mean += rt_real(table->targets, row * table->outputs + o, real_size);
        }
        mean /= (double)set->count;
        for (int64_t i = 0; i < set->count; i++) {
            int64_t row = set->index ? set->index[i] : i;
            double d = rt_real(table->targets, row * table->outputs + o, real_size) - mean;
            spread += d * d;
        }
    }
    return spread;
}

static bool evaluate_batch(RtSession *session, RtBuffers *buffers, const RtSet *set, int64_t from,
                           int64_t count, int32_t loss_kind, RtError *error)
{
    const RtWatch *watch = &buffers->watch;
    if (watch->look && !watch->look(watch->context, from, set->count, error))
        return false;
    rt_gather(set, NULL, from, count, session->program->real_size, buffers->x.data,
              buffers->target.data, &session->parallel);
    RnCall call = rt_session_call(session, count, RN_FORWARD, loss_kind);
    call.x = buffers->x.data;
    call.target = buffers->target.data;
    call.y = buffers->y.data;
    call.losses = buffers->losses.data;
    double loss;
    call.loss = &loss;
    return rt_session_run(session, &call, error);
}

bool rt_evaluate(RtSession *session, RtBuffers *buffers, const RtSet *set, int32_t loss_kind,
                 RtScore *score, RtError *error)
{
    int32_t real_size = session->program->real_size;
    int64_t correct = 0, outputs = session->outputs;
    double losses = 0, errors = 0;
    int64_t most = buffers->batch < RT_EVALUATION_BATCH ? buffers->batch : RT_EVALUATION_BATCH;
    for (int64_t from = 0; from < set->count; from += most) {
        int64_t count = set->count - from < most ? set->count - from : most;
        if (!evaluate_batch(session, buffers, set, from, count, loss_kind, error))
            return false;
        for (int64_t i = 0; i < count; i++)
            losses += rt_real(buffers->losses.data, i, real_size);
        if (buffers->classes)
            correct +=
                rt_count_correct(buffers->y.data, buffers->target.data, count, outputs, real_size);
        else
            errors += squared_errors(buffers, count * outputs, real_size);
    }
    double count = (double)set->count;
    double spread = buffers->classes ? 0 : target_spread(set, real_size);
    *score = (RtScore){.count = set->count,
                       .loss = losses / count,
                       .accuracy = (double)correct / count,
                       .rmse = sqrt(errors / (count * (double)outputs)),
                       .r2 = spread > 0 ? 1 - errors / spread : 0};
    return isfinite(score->loss) || rt_fail(error, RT_DIVERGED, "the loss is not finite");
}
