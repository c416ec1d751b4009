/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory the caller has to bring.
 */
#include "embed/embed.h"

#include "core/checkpoint.h"
#include "core/uses.h"

size_t rne_params_size(const void *config)
{
    double values[RNE_PARAMS];
    const RnCode *code = rne_code();
    if (!code || !rne_read_config(config, values))
        return 0;
    return code->params_size(&rnet_program, values);
}

size_t rne_state_size(const void *config)
{
    double values[RNE_PARAMS];
    const RnCode *code = rne_code();
    if (!code || !rnet_program.train || !rne_read_config(config, values))
        return 0;
    return code->state_size(&rnet_program, values);
}

/* RnWhat of a purpose whose workspace is that of a call; 0: none. */
static int32_t what_of(int purpose)
{
    switch (purpose) {
    case RN_PURPOSE_FORWARD:
        return RN_FORWARD;
    case RN_PURPOSE_LOSS:
        return rnet_program.train ? RN_FORWARD : 0;
    case RN_PURPOSE_GRADIENT:
        return rnet_program.train ? RN_FORWARD | RN_BACKWARD | RN_TRAINING : 0;
    case RN_PURPOSE_STEP:
        return rnet_program.train ? RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING : 0;
    case RN_PURPOSE_FIT:
        return rn_asks(RN_FIT, RN_FIT) ? RN_FORWARD | RN_FIT : 0;
    default:
        return 0;
    }
}

/* Of one instruction set. */
static size_t size_of(const RnCode *code, const RnCall *pattern, int purpose)
{
    RnCall call = *pattern;
    call.code = code;
    if (purpose == RN_PURPOSE_INIT && !code->init)
        return 0;
    if (purpose == RN_PURPOSE_INIT || purpose == RN_PURPOSE_LOAD)
        return code->init_workspace_size(&rnet_program, call.config);
    if (!call.what)
        return 0;
    return purpose == RN_PURPOSE_FIT ? rne_fit_size(&call) : code->workspace_size(&call);
}

/* The most over the instruction sets of those numbers. */
static size_t most_of(int32_t from, int32_t to, const void *config, size_t batch, int what,
                      int64_t threads)
{
    double values[RNE_PARAMS];
    size_t most = 0;
    RnParallel parallel = {.threads = threads};
    if (!rne_code() || batch > (size_t)INT64_MAX || threads > RNE_MOST_THREADS ||
        !rne_read_config(config, values))
        return 0;
    RnCall call = {.program = &rnet_program,
                   .config = values,
                   .parallel = &parallel,
                   .batch = (int64_t)batch,
                   .what = what_of(what)};
    call.what |= call.what ? RN_FEWER : 0;
    if (what == RN_PURPOSE_GRADIENT)
        call.gradient = &call; /* only whether there is one counts */
    for (int32_t i = from; i < to; i++) {
        size_t size = size_of(&rnet_program.codes[i], &call, what);
        if (size == 0)
            return 0;
        most = size > most ? size : most;
    }
    size_t memory = what == RN_PURPOSE_LOAD ? rn_checkpoint_memory(&rnet_program) : 0;
    return most > memory ? most : memory;
}

/* Of all sets, so that what one host computes holds on another; for so many samples and threads or
 * fewer. */
size_t rne_workspace_size(const void *config, size_t batch, int what, int64_t threads)
{
    return most_of(0, rnet_program.code_count, config, batch, what, threads);
}

size_t rne_workspace_size_of(int32_t set, size_t batch, int what, int64_t threads)
{
    return most_of(set, set + 1, NULL, batch, what, threads);
}
