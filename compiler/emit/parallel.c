/* SPDX-License-Identifier: Apache-2.0
 *
 * The instruction sets' objects, side by side: threads take the next set until none is left. Each
 * set has its own arena, context and target machine, and all of them only read the plan, so that
 * an object's bytes do not depend on who makes it, or when.
 */
#define _GNU_SOURCE
#include "emit/llvm.h"
#include "support/bug.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* What a process begins with; threads may get less, and LLVM recurses. */
enum { STACK_BYTES = 8 << 20 };

typedef struct Queue {
    const Emitter *pattern;
    atomic_int taken;
    EmitPart parts[ISA_MOST];
} Queue;

typedef struct Worker {
    Queue *queue;
    pthread_t thread;
    double seconds[EMIT_STAGES];
} Worker;

static EmitPart make_object(Worker *worker, const Isa *isa)
{
    Emitter e = *worker->queue->pattern;
    e.arena = arena_create();
    if (e.arena == NULL) {
        bug_out_of_memory();
    }
    EmitPart part = emit_part(&e, isa, worker->seconds);
    arena_destroy(e.arena);
    return part;
}

/* The best set comes first: its micro-tiles are the largest, so it takes the longest. */
static void *work(void *argument)
{
    Worker *worker = argument;
    Queue *queue = worker->queue;
    for (;;) {
        int isa = atomic_fetch_add(&queue->taken, 1);
        if (isa >= queue->pattern->machine->count) {
            return NULL;
        }
        if (queue->pattern->chosen[isa]) {
            queue->parts[isa] = make_object(worker, &queue->pattern->machine->sets[isa]);
        }
    }
}

static int processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < ISA_MOST ? count : ISA_MOST;
}

/* How many threads could be had beside the first; without them the first does all the work. */
static int start(Worker *workers, int count)
{
    pthread_attr_t attributes;
    int started = 0;
    if (pthread_attr_init(&attributes) != 0) {
        return 0;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (started < count &&
           pthread_create(&workers[started].thread, &attributes, work, &workers[started]) == 0) {
        started++;
    }
    pthread_attr_destroy(&attributes);
    return started;
}

static double total(const Worker *worker)
{
    double sum = 0;
    for (int i = 0; i < EMIT_STAGES; i++) {
        sum += worker->seconds[i];
    }
    return sum;
}

static void add_seconds(const Worker *workers, int count, double *seconds)
{
    const Worker *busiest = workers;
    for (int i = 1; i < count; i++) {
        busiest = total(&workers[i]) > total(busiest) ? &workers[i] : busiest;
    }
    for (int i = 0; i < EMIT_STAGES; i++) {
        seconds[i] += busiest->seconds[i];
    }
}

void emit_objects(const Emitter *pattern, EmitOutput *output)
{
    _Static_assert((int)ISA_MOST == EMIT_PARTS, "every set has room for its object");
    Queue queue = {.pattern = pattern};
    Worker workers[ISA_MOST] = {0};
    for (int i = 0; i < ISA_MOST; i++) {
        workers[i].queue = &queue;
    }
    int helpers = start(workers + 1, processors() - 1);
    work(workers);
    for (int i = 1; i <= helpers; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    add_seconds(workers, helpers + 1, pattern->options->seconds);
    for (int i = 0; i < ISA_MOST; i++) {
        if (pattern->chosen[i]) {
            output->parts[output->count++] = queue.parts[i];
        }
    }
}
