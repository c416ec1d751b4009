/* SPDX-License-Identifier: Apache-2.0
 *
 * What a host can hand over wrongly gives a status, never a crash; and workspaces hold what their
 * size promises: no more than the batch and the threads that it was asked for is ever written over.
 */
#include HEADER

#include "host.h"

enum { BATCH = 40, GUARD = 4096 };

static REAL x[3 * BATCH * C(INPUTS)], y[3 * BATCH * C(OUTPUTS)];
static int32_t labels[3 * BATCH];
static void *params, *state, *gradient, *workspace;

static void bad_sizes(void)
{
    M(config) config = C(CONFIG_DEFAULT);
    REQUIRE(M(params_size)(&config) == M(params_size)(NULL));
    REQUIRE(M(workspace_size)(NULL, 0, C(FORWARD), 1) == 0);
    REQUIRE(M(workspace_size)(NULL, SIZE_MAX, C(FORWARD), 1) == 0);
    REQUIRE(M(workspace_size)(NULL, (size_t)1 << 41, C(STEP), 1) == 0);
    REQUIRE(M(workspace_size)(NULL, BATCH, C(STEP), INT64_MAX) == 0);
    REQUIRE(M(workspace_size)(NULL, BATCH, 0, 1) == 0);
    REQUIRE(M(workspace_size)(NULL, BATCH, 99, 1) == 0);
    REQUIRE(M(workspace_size)(NULL, BATCH, C(FORWARD), -5) > 0);
    config.L
    = 0;
    REQUIRE(M(params_size)(&config) == 0 && M(state_size)(&config) == 0);
    REQUIRE(M(workspace_size)(&config, BATCH, C(FORWARD), 1) == 0);
    REQUIRE(M(forward)(&config, params, x, y, BATCH, workspace, NULL) == C(BAD_CONFIG));
    config.L
    = 1000;
    config.x = 0.0 / 0.0 * (double)config.L;
    REQUIRE(M(params_size)(&config) == 0);
}

static void bad_pointers(void)
{
    char *odd = (char *)params + 4;
    const M(config) *crooked = (const M(config) *)(const void *)odd;
    const M(parallel) *threads = (const M(parallel) *)(const void *)odd;
    REQUIRE(M(forward)(NULL, NULL, x, y, BATCH, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, odd, x, y, BATCH, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, NULL, y, BATCH, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, (REAL *)(void *)((char *)x + 1), y, BATCH, workspace, NULL) ==
            C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, NULL, BATCH, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, y, BATCH, NULL, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, y, BATCH, odd, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, y, 0, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, y, SIZE_MAX, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(crooked, params, x, y, 1, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(forward)(NULL, params, x, y, 1, workspace, threads) == C(BAD_ARGUMENT));
    REQUIRE(M(init)(NULL, NULL, state, 1, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(init)(NULL, params, odd, 1, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(init)(NULL, params, state, 1, NULL, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(fit)(NULL, params, x, 0, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(fit)(NULL, NULL, x, 5, workspace, NULL) == C(BAD_ARGUMENT));
    REQUIRE(M(fit)(NULL, params, x, 5, odd, NULL) == C(BAD_ARGUMENT));
}

static void bad_training(void)
{
    double loss;
    REQUIRE(M(loss)(NULL, params, x, NULL, BATCH, workspace, NULL, &loss) == C(BAD_ARGUMENT));
    REQUIRE(M(loss)(NULL, params, x, labels, BATCH, workspace, NULL, NULL) == C(OK));
    REQUIRE(M(gradient)(NULL, params, NULL, x, labels, BATCH, NULL, workspace, NULL, &loss) ==
            C(BAD_ARGUMENT));
    REQUIRE(M(step)(NULL, params, NULL, x, labels, BATCH, 0, workspace, NULL, &loss) ==
            C(BAD_ARGUMENT));
    REQUIRE(M(step)(NULL, params, state, x, labels, BATCH, -1, workspace, NULL, &loss) ==
            C(BAD_ARGUMENT));
    labels[BATCH - 1] = C(OUTPUTS);
    REQUIRE(M(step)(NULL, params, state, x, labels, BATCH, 0, workspace, NULL, &loss) ==
            C(BAD_TARGET));
    labels[BATCH - 1] = -1;
    REQUIRE(M(loss)(NULL, params, x, labels, BATCH, workspace, NULL, &loss) == C(BAD_TARGET));
    labels[BATCH - 1] = 0;
    x[5] = (REAL)1e30;
    x[6] = x[5] * x[5];
    REQUIRE(M(step)(NULL, params, state, x, labels, BATCH, 0, workspace, NULL, &loss) ==
            C(NOT_FINITE));
    x[5] = x[6] = 0;
}

static void run_in_turn(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                        void *context)
{
    (void)pool;
    for (int64_t i = count - 1; i >= 0; i--)
        body(context, i);
}

static void fill(unsigned char *memory, size_t size)
{
    memset(memory, 0xa5, size + GUARD);
}

static void watch(const unsigned char *memory, size_t size)
{
    for (size_t i = size; i < size + GUARD; i++)
        REQUIRE(memory[i] == 0xa5);
}

/* Calls of fewer samples and threads in a workspace for `batch` and `most`. */
static void fewer(const M(config) * config, size_t batch, int64_t most)
{
    size_t sizes[] = {M(workspace_size)(config, batch, C(FORWARD), most),
                      M(workspace_size)(config, batch, C(GRADIENT), most),
                      M(workspace_size)(config, batch, C(STEP), most)};
    size_t size = sizes[0] > sizes[1] ? sizes[0] : sizes[1];
    unsigned char *room = get((size > sizes[2] ? size : sizes[2]) + GUARD);
    for (size_t samples = 1; samples <= batch; samples += samples < 20 ? 3 : 13)
        for (int64_t t = 1; t <= most; t++) {
            M(parallel) threads = {run_in_turn, NULL, t};
            fill(room, sizes[0]);
            REQUIRE(M(forward)(config, params, x, y, samples, room, &threads) == C(OK));
            watch(room, sizes[0]);
            fill(room, sizes[1]);
            REQUIRE(M(gradient)(config, params, state, x, labels, samples, gradient, room, &threads,
                                NULL) == C(OK));
            watch(room, sizes[1]);
            fill(room, sizes[2]);
            REQUIRE(M(step)(config, params, state, x, labels, samples, 1e-6, room, &threads,
                            NULL) == C(OK));
            watch(room, sizes[2]);
        }
    free(room);
}

static void allocate(const M(config) * config)
{
    params = get(M(params_size)(config));
    state = get(M(state_size)(config));
    gradient = get(M(params_size)(config));
    size_t size = M(workspace_size)(config, BATCH, C(STEP), 1);
    size_t other = M(workspace_size)(config, 1, C(INIT), 1);
    workspace = get(size > other ? size : other);
    REQUIRE(M(init)(config, params, state, 3, workspace, NULL) == C(OK));
}

static void release(void)
{
    free(params);
    free(state);
    free(gradient);
    free(workspace);
}

int main(void)
{
    if (getenv("RNET_ISA") && strcmp(getenv("RNET_ISA"), "none_such") == 0) {
        REQUIRE(M(isa)() == NULL && M(params_size)(NULL) == 0 && M(state_size)(NULL) == 0);
        REQUIRE(M(workspace_size)(NULL, BATCH, C(FORWARD), 1) == 0);
        REQUIRE(M(forward)(NULL, NULL, x, y, 1, NULL, NULL) == C(BAD_ISA));
        REQUIRE(M(init)(NULL, NULL, NULL, 1, NULL, NULL) == C(BAD_ISA));
        return 0;
    }
    for (int status = -3; status < 40; status++)
        REQUIRE(strlen(M(error)(status)) > 3);
    REQUIRE(strstr(M(version)(), "source ") != NULL);
    allocate(NULL);
    bad_sizes();
    bad_pointers();
    bad_training();
    release();
    M(config) config = C(CONFIG_DEFAULT);
    for (config.L = 1; config.L <= 300; config.L *= 17) {
        allocate(&config);
        fewer(&config, 1, 3);
        fewer(&config, 17, 2);
        fewer(&config, 80, 5);
        release();
    }
    return 0;
}
