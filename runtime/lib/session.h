/* SPDX-License-Identifier: Apache-2.0
 *
 * A network at work: the program with the values of its params, its instruction set, its threads
 * and its memory.
 */
#ifndef RNET_LIB_SESSION_H
#define RNET_LIB_SESSION_H

#include "core/program.h"
#include "lib/cli.h"
#include "lib/memory.h"
#include "lib/pool.h"

typedef struct RtSession {
    const RnProgram *program;
    const RtOptions *options;
    const RnCode *code;
    RtPool *pool;
    RnParallel parallel;
    double *config;
    uint64_t seed, repeat;
    int64_t features, outputs; /* numbers a sample */
    size_t params_size, state_size;
    RtBlock params, state, workspace;
} RtSession;

struct RtCheckpoint;

/* Takes params from --load or --resume's file `checkpoint` (NULL: none), then --set. Memory comes
 * later, by rt_session_allocate. */
bool rt_session_open(const RnProgram *program, const RtOptions *options,
                     const struct RtCheckpoint *checkpoint, RtSession *session, RtError *error);
void rt_session_close(RtSession *session);
/* How many of `threads` a training step of so many samples gains from: narrow stacks have too
 * little work in a layer for many. At least 1. */
int rt_useful_threads(const RnProgram *program, int64_t batch, int threads);

/* A kind of call that will be made: with RN_BACKWARD on just so many samples, without it on so many
 * or fewer. */
typedef struct RtUse {
    int64_t batch;
    int32_t what, trace_region;
} RtUse;
/* Norms of states and of their gradients along a block. */
enum { RT_TRACE = RN_FORWARD | RN_BACKWARD | RN_STATES_ONLY | RN_TRACE };
/* Workspace for every one of the uses, params, and state where `with_state`; `needs[count]` is
 * what else the caller is going to allocate, for the check of the memory. */
bool rt_session_allocate(RtSession *session, const RtUse *uses, int use_count, bool with_state,
                         const RtNeed *needs, int count, RtError *error);
/* Draws the weights of a repeat and resets the state. */
bool rt_session_init(RtSession *session, uint64_t repeat, RtError *error);
/* Makes derived tensors again. */
bool rt_session_derive(RtSession *session, RtError *error);
/* Is every trained number finite? */
bool rt_session_finite(const RtSession *session);
/* A call with everything set but the data. */
RnCall rt_session_call(const RtSession *session, int64_t batch, int32_t what, int32_t loss_kind);
bool rt_session_run(RtSession *session, const RnCall *call, RtError *error);
/* What RN_BAD_CONFIG means to a user. Fills the error and returns false. */
bool rt_fail_params(RtError *error);

#endif
