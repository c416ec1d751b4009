/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `bench`: timed draws of the weights, and timed calls on drawn inputs.
 */
#include "core/random.h"
#include "lib/commands.h"
#include "lib/real.h"

#include <stdlib.h>

enum { WARM_UP = 3, USUAL_REPEAT = 20, MOST_REPEAT = 100000 };

/* Draws of large networks take long, and are alike. */
static const double most_seconds_of_draws = 0.25;

typedef struct Timing {
    double median, least; /* seconds; 0: not timed */
} Timing;

typedef struct Result {
    int64_t batch;
    Timing init, forward, step;
} Result;

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

static Timing timing_of(double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare);
    return (Timing){times[count / 2], times[0]};
}

static bool time_call(RtSession *session, RtBuffers *buffers, int64_t batch, int32_t what,
                      int repeat, double *times, Timing *timing, RtError *error)
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
    *timing = timing_of(times, repeat);
    return true;
}

/* The first draw also takes its pages from the system: it counts where it is the only one. */
static bool time_draws(RtSession *session, int repeat, double *times, Timing *timing,
                       RtError *error)
{
    double spent = 0;
    int draws = 0;
    while (draws <= repeat && spent < most_seconds_of_draws) {
        double start = rt_seconds();
        if (!rt_session_init(session, 0, error))
            return false;
        double seconds = rt_seconds() - start;
        times[draws ? draws - 1 : 0] = seconds;
        spent += seconds;
        draws++;
    }
    *timing = timing_of(times, draws > 1 ? draws - 1 : 1);
    return true;
}

/* The most memory that the process has had so far; 0 where the system does not say. */
static double peak_bytes(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1)
            break;
    if (status)
        fclose(status);
    return kilobytes * 1024;
}

static void add_timing(cJSON *root, const char *name, const Timing *timing, int64_t batch)
{
    char key[64];
    if (timing->median <= 0)
        return;
    snprintf(key, sizeof key, "%s_seconds", name);
    cJSON_AddNumberToObject(root, key, timing->median);
    snprintf(key, sizeof key, "%s_least_seconds", name);
    cJSON_AddNumberToObject(root, key, timing->least);
    if (batch < 1)
        return;
    snprintf(key, sizeof key, "%s_samples_per_second", name);
    cJSON_AddNumberToObject(root, key, (double)batch / timing->median);
}

static bool print_json(const RtSession *session, const Result *result, RtError *error)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "isa", session->code->isa);
    cJSON_AddNumberToObject(root, "threads", rt_pool_threads(session->pool));
    cJSON_AddNumberToObject(root, "batch", (double)result->batch);
    add_timing(root, "init", &result->init, 0);
    add_timing(root, "forward", &result->forward, result->batch);
    add_timing(root, "step", &result->step, result->batch);
    cJSON_AddNumberToObject(root, "peak_bytes", peak_bytes());
    return rt_print_json(root, error);
}

static bool print(const RtSession *session, const Result *result, RtError *error)
{
    if (session->options->json)
        return print_json(session, result, error);
    double batch = (double)result->batch, forward = result->forward.median;
    printf("%s, %d threads, batch %.0f\n", session->code->isa, rt_pool_threads(session->pool),
           batch);
    if (result->init.median > 0)
        printf("init     %10.3f ms\n", result->init.median * 1e3);
    printf("forward  %10.3f ms  %12.0f samples/s\n", forward * 1e3, batch / forward);
    if (result->step.median > 0)
        printf("step     %10.3f ms  %12.0f samples/s\n", result->step.median * 1e3,
               batch / result->step.median);
    return rt_flush_output(error);
}

static bool prepare(RtSession *session, RtBuffers *buffers, int64_t batch, int32_t step_bits,
                    RtError *error)
{
    const RnTrain *train = session->program->train;
    const RtUse uses[] = {{batch, RN_FORWARD, -1}, {batch, step_bits, -1}};
    const RtNeed need = {"batches", rt_buffers_size(session, batch)};
    return rt_session_allocate(session, uses, train ? 2 : 1, train != NULL, &need, 1, error) &&
           rt_buffers_allocate(buffers, session, batch,
                               train && train->loss.kind == RN_LOSS_CROSS_ENTROPY, error);
}

static bool time_all(RtSession *session, RtBuffers *buffers, const RtCheckpoint *checkpoint,
                     int repeat, double *times, Result *result, RtError *error)
{
    const int32_t step_bits = RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING;
    int64_t batch = result->batch;
    if (!prepare(session, buffers, batch, step_bits, error))
        return false;
    draw_batch(session, buffers, batch);
    return (checkpoint->path ? rt_fill_weights(session, checkpoint, error)
                             : time_draws(session, repeat, times, &result->init, error)) &&
           time_call(session, buffers, batch, RN_FORWARD, repeat, times, &result->forward, error) &&
           (!session->program->train ||
            time_call(session, buffers, batch, step_bits, repeat, times, &result->step, error));
}

static bool bench(RtSession *session, RtBuffers *buffers, const RtCheckpoint *checkpoint,
                  RtError *error)
{
    const RtOptions *options = session->options;
    int repeat = options->repeat < 1                     ? USUAL_REPEAT
                 : options->repeat > (double)MOST_REPEAT ? MOST_REPEAT
                                                         : (int)options->repeat;
    Result result = {0};
    if (!rt_train_batch(session, &result.batch, error))
        return false;
    if (options->batch >= 1)
        result.batch = (int64_t)options->batch;
    double *times = malloc((size_t)repeat * sizeof *times);
    bool good = times || rt_fail(error, RT_FAILED, "out of memory");
    good = good && time_all(session, buffers, checkpoint, repeat, times, &result, error) &&
           print(session, &result, error);
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
