/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `bench`: medians of timed calls on drawn inputs.
 */
#include "core/random.h"
#include "lib/commands.h"
#include "lib/real.h"

#include <stdlib.h>

enum { WARM_UP = 3, USUAL_REPEAT = 20, MOST_REPEAT = 100000 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Inputs in (0, 1), and classes or targets at random. */
static void draw_batch(const RtSession *session, RtBuffers *buffers, int64_t batch)
{
    int32_t real_size = session->program->real_size;
    uint64_t x = rn_stream("bench/x", session->seed, 0), t = rn_stream("bench/t", session->seed, 0);
    for (int64_t i = 0; i < batch * session->features; i++)
        rt_set_real(buffers->x.data, i, real_size, rn_uniform(x, 0, (uint64_t)i));
    for (int64_t i = 0; buffers->classes && i < batch; i++)
        ((int32_t *)buffers->target.data)[i] =
            (int32_t)(rn_bits(t, 0, (uint64_t)i) % (uint64_t)session->outputs);
    for (int64_t i = 0; !buffers->classes && i < batch * session->outputs; i++)
        rt_set_real(buffers->target.data, i, real_size, rn_uniform(t, 0, (uint64_t)i));
}

/* Median seconds of a call. */
static bool time_call(RtSession *session, RtBuffers *buffers, int64_t batch, int32_t what,
                      int repeat, double *times, double *median, RtError *error)
{
    const RnTrain *train = session->program->train;
    RnCall call = rt_session_call(session, batch, what, train ? train->loss.kind : RN_LOSS_NONE);
    double loss;
    call.x = buffers->x.data;
    call.y = buffers->y.data;
    if (train) {
        call.target = buffers->target.data;
        call.losses = buffers->losses.data;
        call.loss = &loss;
    }
    /* a rate of 0: the work of a step, and weights that stay where they are */
    for (int i = -WARM_UP; i < repeat; i++) {
        double start = rt_seconds();
        if (!rt_session_run(session, &call, error))
            return false;
        if (i >= 0)
            times[i] = rt_seconds() - start;
    }
    qsort(times, (size_t)repeat, sizeof *times, compare);
    *median = times[repeat / 2];
    return true;
}

static bool print(const RtSession *session, int64_t batch, double forward, double step,
                  RtError *error)
{
    if (session->options->json) {
        printf("{\"isa\": \"%s\", \"threads\": %d, \"batch\": %lld, \"forward_seconds\": %.9g, "
               "\"forward_samples_per_second\": %.9g",
               session->code->isa, rt_pool_threads(session->pool), (long long)batch, forward,
               (double)batch / forward);
        if (step > 0)
            printf(", \"step_seconds\": %.9g, \"step_samples_per_second\": %.9g", step,
                   (double)batch / step);
        printf("}\n");
        return rt_flush_output(error);
    }
    printf("%s, %d threads, batch %lld\n", session->code->isa, rt_pool_threads(session->pool),
           (long long)batch);
    printf("forward  %10.3f ms  %12.0f samples/s\n", forward * 1e3, (double)batch / forward);
    if (step > 0)
        printf("step     %10.3f ms  %12.0f samples/s\n", step * 1e3, (double)batch / step);
    return rt_flush_output(error);
}

static bool prepare(RtSession *session, RtBuffers *buffers, const RtCheckpoint *checkpoint,
                    int64_t batch, int32_t step_bits, RtError *error)
{
    const RnTrain *train = session->program->train;
    const RtUse uses[] = {{batch, RN_FORWARD, -1}, {batch, step_bits, -1}};
    const RtNeed need = {"batches", rt_buffers_size(session, batch)};
    return rt_session_allocate(session, uses, train ? 2 : 1, train != NULL, &need, 1, error) &&
           rt_buffers_allocate(buffers, session, batch,
                               train && train->loss.kind == RN_LOSS_CROSS_ENTROPY, error) &&
           rt_fill_weights(session, checkpoint, error);
}

static bool bench(RtSession *session, RtBuffers *buffers, const RtCheckpoint *checkpoint,
                  RtError *error)
{
    const RtOptions *options = session->options;
    const int32_t step_bits = RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING;
    int repeat = options->repeat < 1                     ? USUAL_REPEAT
                 : options->repeat > (double)MOST_REPEAT ? MOST_REPEAT
                                                         : (int)options->repeat;
    int64_t batch;
    if (!rt_train_batch(session, &batch, error))
        return false;
    if (options->batch >= 1)
        batch = (int64_t)options->batch;
    double *times = malloc((size_t)repeat * sizeof *times), forward, step = 0;
    bool good = times || rt_fail(error, RT_FAILED, "out of memory");
    good = good && prepare(session, buffers, checkpoint, batch, step_bits, error);
    if (good)
        draw_batch(session, buffers, batch);
    good = good && time_call(session, buffers, batch, RN_FORWARD, repeat, times, &forward, error) &&
           (!session->program->train ||
            time_call(session, buffers, batch, step_bits, repeat, times, &step, error)) &&
           print(session, batch, forward, step, error);
    free(times);
    return good;
}

bool rt_bench(const RnProgram *program, const RtOptions *options, RtError *error)
{
    RtSession session;
    RtCheckpoint checkpoint;
    RtBuffers buffers = {0};
    bool good = rt_open_loaded(program, options, false, &checkpoint, &session, error) &&
                bench(&session, &buffers, &checkpoint, error);
    rt_buffers_free(&buffers);
    rt_session_close(&session);
    rt_checkpoint_free(&checkpoint);
    return good;
}
