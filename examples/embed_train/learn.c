/* SPDX-License-Identifier: Apache-2.0
 *
 * Learning on the run: values of a signal come one by one, each is predicted before it is seen, and
 * the network takes a step on the last few windows. Half-way the signal changes; the network
 * follows. It is stored and restored in between, and goes on as if nothing had happened.
 */
#include "oscillator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = OSCILLATOR_INPUTS,
    BATCH = 32,
    TICKS = 12000,
    CHANGE = 6000, /* the tick at which the signal becomes another one */
    REPORT = 1000
};

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "learn: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void require(int status, const char *what)
{
    if (status != OSCILLATOR_OK) {
        stop(what, oscillator_error(status));
    }
}

static void *memory(size_t size)
{
    size_t rounded = (size + OSCILLATOR_ALIGN - 1) / OSCILLATOR_ALIGN * OSCILLATOR_ALIGN;
    void *data = size > 0 ? aligned_alloc(OSCILLATOR_ALIGN, rounded) : NULL;
    if (data == NULL) {
        stop("memory", "there is none of that size");
    }
    return data;
}

/* ---- what the host has: an oscillator of Van der Pol, whose spring changes ---- */

typedef struct Signal {
    double place, speed, stiffness;
} Signal;

static float next_value(Signal *signal)
{
    const double dt = 0.01;
    for (int i = 0; i < 15; i++) {
        double force = 1.5 * (1 - signal->place * signal->place) * signal->speed -
                       signal->stiffness * signal->place;
        signal->speed += dt * force;
        signal->place += dt * signal->speed;
    }
    return (float)signal->place;
}

/* ---- the network and its memory ---- */

typedef struct Learner {
    void *params, *state, *workspace;
} Learner;

static Learner create(void)
{
    size_t step = oscillator_workspace_size(NULL, BATCH, OSCILLATOR_STEP, 1);
    size_t first = oscillator_workspace_size(NULL, 1, OSCILLATOR_INIT, 1);
    size_t load = oscillator_workspace_size(NULL, 1, OSCILLATOR_LOAD, 1);
    size_t most = step > first ? step : first;
    Learner learner = {.params = memory(oscillator_params_size(NULL)),
                       .state = memory(oscillator_state_size(NULL)),
                       .workspace = memory(most > load ? most : load)};
    require(oscillator_init(NULL, learner.params, learner.state, 7, learner.workspace, NULL),
            "init");
    return learner;
}

static void destroy(Learner *learner)
{
    free(learner->params);
    free(learner->state);
    free(learner->workspace);
}

/* Through the format of checkpoints, which the executable reads as well. */
static void restart(Learner *learner, const char *path)
{
    size_t size = oscillator_save_size(NULL, 1);
    char *bytes = malloc(size);
    if (bytes == NULL) {
        stop("memory", "there is none of that size");
    }
    require(oscillator_save(NULL, learner->params, learner->state, bytes, size), "save");
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        stop(path, "cannot be written");
    }
    destroy(learner);
    *learner = create();
    require(oscillator_load(NULL, learner->params, learner->state, bytes, size,
                            learner->workspace),
            "load");
    free(bytes);
}

/* ---- the loop ---- */

/* The last BATCH windows and what followed each. */
typedef struct History {
    float x[BATCH][WINDOW], target[BATCH][OSCILLATOR_OUTPUTS];
    long count;
} History;

/* One value comes: the squared error of what was predicted. */
static double observe(Learner *learner, History *history, float window[WINDOW], float value)
{
    float predicted;
    require(oscillator_forward(NULL, learner->params, window, &predicted, 1, learner->workspace,
                               NULL),
            "forward");
    long place = history->count++ % BATCH;
    memcpy(history->x[place], window, sizeof history->x[place]);
    history->target[place][0] = value;
    if (history->count >= BATCH) {
        /* a rate of 0 is that of the file */
        require(oscillator_step(NULL, learner->params, learner->state, history->x[0],
                                history->target[0], BATCH, 0, learner->workspace, NULL, NULL),
                "step");
    }
    memmove(window, window + 1, (WINDOW - 1) * sizeof *window);
    window[WINDOW - 1] = value;
    return (predicted - value) * (predicted - value);
}

static void run(Learner *learner, const char *path)
{
    Signal signal = {1, 0, 1};
    History history = {.count = 0};
    float window[WINDOW] = {0};
    double sum = 0;
    for (int tick = 1; tick <= TICKS; tick++) {
        sum += observe(learner, &history, window, next_value(&signal));
        if (tick == CHANGE) {
            signal.stiffness = 3;
        }
        if (path != NULL && tick == TICKS * 3 / 4) {
            restart(learner, path);
        }
        if (path != NULL && tick % REPORT == 0) {
            printf("tick %5d  error %.5f%s\n", tick, sqrt(sum / REPORT),
                   tick == CHANGE + REPORT ? "  the signal is another one" : "");
            sum = 0;
        }
    }
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "oscillator.safetensors";
    Learner learner = create(), other = create();
    run(&learner, path);
    run(&other, NULL);
    int same = memcmp(learner.params, other.params, oscillator_params_size(NULL)) == 0 &&
               memcmp(learner.state, other.state, oscillator_state_size(NULL)) == 0;
    printf("restarted from %s: %s bits as without\n", path, same ? "the same" : "other");
    destroy(&learner);
    destroy(&other);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
