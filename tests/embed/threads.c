/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight threads on four handles of params, two on each: one pair trains in turns, the others
 * predict at the same time; and a host's own threads under a step of a deeper network, whose
 * backward overlaps blocks of layers: results do not depend on how many threads there are.
 */
#include HEADER

#include "host.h"

#include <pthread.h>

enum { HANDLES = 4, THREADS = 8, BATCH = 70, ROUNDS = 6, DEEP = 300 };

typedef M(config) Config;

static REAL x[BATCH * C(INPUTS)];
static int32_t labels[BATCH];

typedef struct Handle {
    pthread_mutex_t lock;
    void *params, *state;
} Handle;

typedef struct Worker {
    pthread_t thread;
    Handle *handle;
    int trains;
    REAL y[BATCH * C(OUTPUTS)];
} Worker;

/* ---- a host's threads: one for each index ---- */

typedef struct Item {
    void (*body)(void *context, int64_t index);
    void *context;
    int64_t index;
} Item;

static void *run_item(void *argument)
{
    Item *item = argument;
    item->body(item->context, item->index);
    return NULL;
}

static void run_all(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                    void *context)
{
    (void)pool;
    pthread_t threads[THREADS];
    Item items[THREADS];
    for (int64_t from = 0; from < count; from += THREADS) {
        int64_t now = count - from < THREADS ? count - from : THREADS;
        for (int64_t i = 0; i < now; i++) {
            items[i] = (Item){body, context, from + i};
            REQUIRE(pthread_create(&threads[i], NULL, run_item, &items[i]) == 0);
        }
        for (int64_t i = 0; i < now; i++)
            pthread_join(threads[i], NULL);
    }
}

static size_t most_workspace(const Config *config, int64_t threads)
{
    static const int purposes[] = {C(INIT), C(FORWARD), C(STEP)};
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        size_t size = M(workspace_size)(config, BATCH, purposes[i], threads);
        REQUIRE(size > 0);
        most = size > most ? size : most;
    }
    return most;
}

static void open_handle(Handle *handle, const Config *config, uint64_t seed)
{
    void *workspace = get(most_workspace(config, 1));
    pthread_mutex_init(&handle->lock, NULL);
    handle->params = get(M(params_size)(config));
    handle->state = get(M(state_size)(config));
    memset(handle->params, 0, M(params_size)(config));
    REQUIRE(M(init)(config, handle->params, handle->state, seed, workspace, NULL) == C(OK));
    free(workspace);
}

static void close_handle(Handle *handle)
{
    free(handle->params);
    free(handle->state);
}

/* The first two of a pair's threads may both come before any other call: they choose the set. */
static void *work(void *argument)
{
    Worker *w = argument;
    void *workspace = get(most_workspace(NULL, 1));
    for (int i = 0; i < ROUNDS; i++) {
        if (w->trains) {
            pthread_mutex_lock(&w->handle->lock);
            REQUIRE(M(step)(NULL, w->handle->params, w->handle->state, x, labels, BATCH, 0.01,
                            workspace, NULL, NULL) == C(OK));
            pthread_mutex_unlock(&w->handle->lock);
        } else {
            REQUIRE(M(forward)(NULL, w->handle->params, x, w->y, BATCH, workspace, NULL) == C(OK));
        }
    }
    free(workspace);
    return NULL;
}

static void crowd(Handle *handles)
{
    static Worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i].handle = &handles[i % HANDLES];
        workers[i].trains = i % HANDLES == 0;
        REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 1; i < HANDLES; i++)
        REQUIRE(memcmp(workers[i].y, workers[i + HANDLES].y, sizeof workers[i].y) == 0);
}

/* Params after steps with so many threads. */
static void train(Handle *handle, const Config *config, int64_t threads)
{
    M(parallel) parallel = {run_all, NULL, threads};
    void *workspace = get(most_workspace(config, threads));
    open_handle(handle, config, 11);
    for (int i = 0; i < 3; i++)
        REQUIRE(M(step)(config, handle->params, handle->state, x, labels, BATCH, 0, workspace,
                        threads ? &parallel : NULL, NULL) == C(OK));
    free(workspace);
}

int main(void)
{
    static Handle handles[HANDLES];
    uint64_t random = 5;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (REAL)next_number(&random);
    for (int i = 0; i < BATCH; i++)
        labels[i] = i % C(OUTPUTS);
    for (int i = 0; i < HANDLES; i++)
        open_handle(&handles[i], NULL, (uint64_t)i);
    crowd(handles);
    for (int i = 0; i < HANDLES; i++)
        close_handle(&handles[i]);
    Handle alone, other;
    Config deep = C(CONFIG_DEFAULT);
    deep.L
    = DEEP;
    train(&alone, &deep, 0);
    for (int64_t threads = 1; threads <= 5; threads += 2) {
        train(&other, &deep, threads);
        REQUIRE(memcmp(alone.params, other.params, M(params_size)(&deep)) == 0);
        REQUIRE(memcmp(alone.state, other.state, M(state_size)(&deep)) == 0);
        close_handle(&other);
    }
    close_handle(&alone);
    return 0;
}
