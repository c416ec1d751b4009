/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, allocating and running a network.
 */
#include "lib/session.h"
#include "lib/checkpoint.h"
#include "lib/commands.h"
#include "lib/config.h"
#include "lib/expect.h"
#include "lib/isa.h"
#include "lib/limits.h"
#include "lib/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NEEDS = 16 };

static bool is_drawn_by(const RnProgram *program, int32_t param)
{
    for (int32_t t = 0; t < program->tensor_count; t++)
        if (rt_config_draws(&program->tensors[t], param))
            return true;
    return false;
}

/* Have all tensors the same shapes with both? */
static bool same_shapes(const RnProgram *program, const double *a, const double *b)
{
    RtError ignored;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *tensor = &program->tensors[t];
        int64_t depth = 1, other = 1;
        if (!tensor->shared &&
            (!rt_region_depth(program, a, tensor->region, &depth, &ignored) ||
             !rt_region_depth(program, b, tensor->region, &other, &ignored) || depth != other))
            return false;
    }
    return true;
}

/* A resumed run has its first weights and its split: a param by which they were drawn would change
 * nothing, and the checkpoint would then tell it as theirs. Other shapes are refused when it is
 * read. */
static bool check_resumed(const RtSession *session, const RtCheckpoint *checkpoint, RtError *error)
{
    const RnProgram *program = session->program;
    if (program->train &&
        !rt_config_same_split(program->train, session->config, checkpoint->config))
        return rt_fail(error, RT_USAGE,
                       "--set: a resumed run keeps the seed and the samples for validation and "
                       "test of %s",
                       checkpoint->path);
    if (!same_shapes(program, session->config, checkpoint->config))
        return true;
    for (int32_t i = 0; i < program->param_count; i++) {
        if (session->config[i] == checkpoint->config[i] || !is_drawn_by(program, i))
            continue;
        char given[RT_NUMBER_TEXT], kept[RT_NUMBER_TEXT];
        return rt_fail(error, RT_USAGE,
                       "--set %s=%s: the weights of %s were drawn with %s, which a resumed run "
                       "cannot change; leave --set out, or train anew without --resume",
                       program->params[i].name, rt_exact_text(session->config[i], given),
                       checkpoint->path, rt_exact_text(checkpoint->config[i], kept));
    }
    return true;
}

static bool settle_config(RtSession *session, const RtCheckpoint *checkpoint, RtError *error)
{
    const RnProgram *program = session->program;
    session->config = calloc((size_t)program->param_count + 1, sizeof *session->config);
    if (!session->config)
        return rt_fail(error, RT_FAILED, "out of memory for the params");
    rt_config_defaults(program, session->config);
    if (checkpoint)
        memcpy(session->config, checkpoint->config,
               (size_t)program->param_count * sizeof *session->config);
    for (int i = 0; i < session->options->set_count; i++)
        if (!rt_config_assign(program, session->config, session->options->sets[i], error))
            return false;
    if (checkpoint && session->options->resume && !check_resumed(session, checkpoint, error))
        return false;
    for (int32_t i = 0; i < program->region_count; i++) {
        int64_t depth;
        if (!rt_region_depth(program, session->config, i, &depth, error))
            return false;
    }
    return rt_limits_check(program, session->config, error);
}

static bool settle_seed(RtSession *session, const RtCheckpoint *checkpoint, RtError *error)
{
    double given = session->options->seed;
    const RnTrain *train = session->program->train;
    int64_t seed;
    if (!rt_formula_count(train ? train->seed : NULL, session->config, 1, 0, "the seed", &seed,
                          error))
        return false;
    session->seed = given >= 0 ? (uint64_t)given : (uint64_t)seed;
    if (!checkpoint || !checkpoint->has_position)
        return true;
    if (given >= 0 && (uint64_t)given != checkpoint->seed)
        return rt_fail(error, RT_USAGE,
                       "--seed %.0f: the checkpoint's seed is %llu, and its "
                       "weights and splits belong to it",
                       given, (unsigned long long)checkpoint->seed);
    session->seed = checkpoint->seed;
    session->repeat = checkpoint->repeat;
    return true;
}

int rt_useful_threads(const RnProgram *program, int64_t batch, int threads)
{
    /* reals of a state for each: with less, waiting for each other takes longer than the work */
    enum { SHARE = 512 };
    int64_t rows = 0, reals;
    for (int32_t r = 0; r < program->region_count; r++) {
        const RnRegion *region = &program->regions[r];
        if (region->depth && region->in_rows > rows)
            rows = region->in_rows;
    }
    if (rows == 0 || __builtin_mul_overflow(rows, batch, &reals) || reals / SHARE >= threads)
        return threads;
    return reals < SHARE ? 1 : (int)(reals / SHARE);
}

/* As given, which the pool checks, or as many as are of use. */
static bool choose_threads(RtSession *session, double *threads, RtError *error)
{
    *threads = session->options->threads;
    if (*threads >= 0)
        return true;
    int all = rt_pool_default_threads();
    *threads = all;
    if (session->options->command != RT_TRAIN)
        return true;
    int64_t batch;
    if (!rt_train_batch(session, &batch, error))
        return false;
    *threads = rt_useful_threads(session->program, batch, all);
    return true;
}

static bool open_machine(RtSession *session, RtError *error)
{
    double threads;
    session->code = rt_isa_choose(session->program, getenv("RNET_ISA"), error);
    if (!session->code)
        return false;
    if (!choose_threads(session, &threads, error))
        return false;
    session->pool = rt_pool_create(threads, error);
    if (!session->pool)
        return false;
    session->parallel = rt_pool_parallel(session->pool);
    return true;
}

/* The cells of a sweep are meant to differ. */
static void warn_of_regimes(const RtSession *session)
{
    if (session->options->command != RT_SWEEP && !session->options->quiet)
        rt_expect_warn(session->program, session->config, stderr);
}

bool rt_session_open(const RnProgram *program, const RtOptions *options,
                     const RtCheckpoint *checkpoint, RtSession *session, RtError *error)
{
    *session = (RtSession){.program = program,
                           .options = options,
                           .features = rt_elements(program->input_shape, program->input_rank),
                           .outputs = rt_elements(program->output_shape, program->output_rank)};
    if (settle_config(session, checkpoint, error) && settle_seed(session, checkpoint, error) &&
        open_machine(session, error)) {
        session->params_size = session->code->params_size(program, session->config);
        session->state_size = session->code->state_size(program, session->config);
        if (session->params_size && session->state_size) {
            warn_of_regimes(session);
            return true;
        }
        rt_fail(error, RT_USAGE, "the network's size overflows; smaller params make it smaller");
    }
    rt_session_close(session);
    return false;
}

void rt_session_close(RtSession *session)
{
    rt_pool_destroy(session->pool);
    rt_block_free(&session->params);
    rt_block_free(&session->state);
    rt_block_free(&session->workspace);
    free(session->config);
    *session = (RtSession){0};
}

static size_t size_of(const RtSession *session, const RtUse *use, int64_t batch)
{
    RnCall call = rt_session_call(session, batch, use->what, RN_LOSS_NONE);
    call.trace_region = use->trace_region;
    return session->code->workspace_size(&call);
}

/* Of a use whose last batch may be smaller, which may want more: it may be cut into more tiles,
 * each of which has copies of its own. Between whole vectors of samples the size only grows. One
 * beyond `left` is refused, so that no larger one is looked for among a huge batch's parts. */
static size_t size_of_use(const RtSession *session, const RtUse *use, size_t left)
{
    size_t most = size_of(session, use, use->batch);
    if (use->what & RN_BACKWARD)
        return most;
    for (int64_t batch = RN_LANES; batch < use->batch && most && most <= left; batch += RN_LANES) {
        size_t size = size_of(session, use, batch);
        most = size == 0 ? 0 : size > most ? size : most;
    }
    return most;
}

/* The largest workspace; 0 when one overflows. */
static size_t workspace_size(const RtSession *session, const RtUse *uses, int count, size_t left)
{
    size_t most = session->code->init_workspace_size(session->program, session->config);
    for (int i = 0; i < count && most; i++) {
        size_t size = size_of_use(session, &uses[i], left);
        most = size == 0 ? 0 : size > most ? size : most;
    }
    return most;
}

bool rt_session_allocate(RtSession *session, const RtUse *uses, int use_count, bool with_state,
                         const RtNeed *needs, int count, RtError *error)
{
    size_t left = rt_memory_left(""), fixed;
    size_t workspace = workspace_size(session, uses, use_count, left);
    if (!workspace)
        return rt_fail(error, RT_USAGE,
                       "the memory of one step overflows; smaller params or a "
                       "smaller batch make it smaller");
    RtNeed all[MOST_NEEDS] = {{"weights", session->params_size},
                              {"optimizer", with_state ? session->state_size : 0},
                              {"activations and gradients", workspace}};
    int total = 3;
    for (int i = 0; i < count && total < MOST_NEEDS; i++)
        all[total++] = needs[i];
    bool too_many = !rt_add(all[0].bytes, all[1].bytes, &fixed) || fixed > left;
    const char *help = too_many
                           ? "fewer weights, by narrower layers or a smaller depth, or a machine "
                             "with more memory"
                           : "a smaller batch, a smaller depth, or a machine with more memory";
    return rt_memory_check(all, total, left, help, error) &&
           rt_block_allocate(&session->params, session->params_size, "weights", error) &&
           (!with_state ||
            rt_block_allocate(&session->state, session->state_size, "optimizer", error)) &&
           rt_block_allocate(&session->workspace, workspace, "activations", error);
}

static bool judge(int status, RtError *error)
{
    switch (status) {
    case RN_OK:
        return true;
    case RN_BAD_TARGET:
        return rt_fail(error, RT_BAD_DATA, "a label outside the classes");
    case RN_NOT_FINITE:
        return rt_fail(error, RT_DIVERGED, "the loss is not finite");
    case RN_NO_MEMORY:
        return rt_fail(error, RT_FAILED, "out of memory");
    default:
        return rt_fail_params(error);
    }
}

bool rt_session_init(RtSession *session, uint64_t repeat, RtError *error)
{
    session->repeat = repeat;
    if (session->state.data) {
        memset(session->state.data, 0, session->state_size);
        RnState *state = session->state.data;
        state->seed = session->seed;
        state->repeat = repeat;
    }
    return judge(session->code->init(session->program, session->config, session->params.data,
                                     session->seed, repeat, session->workspace.data,
                                     &session->parallel),
                 error);
}

bool rt_session_derive(RtSession *session, RtError *error)
{
    return judge(session->code->derive(session->program, session->config, session->params.data,
                                       session->seed, session->repeat, session->workspace.data,
                                       &session->parallel),
                 error);
}

bool rt_session_finite(const RtSession *session)
{
    const RnProgram *program = session->program;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        int64_t layers;
        size_t offset = session->code->tensor_offset(program, session->config, t, &layers);
        const char *numbers = (const char *)session->params.data + offset;
        int64_t count = program->tensors[t].trainable ? layers * program->tensors[t].size : 0;
        for (int64_t i = 0; i < count; i++)
            if (!isfinite(rt_real(numbers, i, program->real_size)))
                return false;
    }
    return true;
}

RnCall rt_session_call(const RtSession *session, int64_t batch, int32_t what, int32_t loss_kind)
{
    return (RnCall){.program = session->program,
                    .code = session->code,
                    .config = session->config,
                    .params = session->params.data,
                    .state = session->state.data,
                    .workspace = session->workspace.data,
                    .batch = batch,
                    .what = what,
                    .loss_kind = loss_kind,
                    .parallel = &session->parallel};
}

bool rt_fail_params(RtError *error)
{
    return rt_fail(error, RT_USAGE,
                   "the network does not take these params: a first value is not finite in some "
                   "layer, a size overflows, or `alpha optimal` has no optimum there");
}

bool rt_session_run(RtSession *session, const RnCall *call, RtError *error)
{
    RnCall hinted = *call;
    if ((call->what & RN_UPDATE) && rt_pool_is_far(session->pool))
        hinted.what |= RN_FAR;
    return judge(session->code->run(&hinted), error);
}
