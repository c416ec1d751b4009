/* SPDX-License-Identifier: Apache-2.0
 *
 * What a core can do at the most: multiply-adds in registers, a product in the first cache,
 * copies in memory, reads of each cache, on as many threads as asked for, as JSON. Nothing of
 * rnetc is in here.
 *
 *     peak [--threads N] [--seconds S] [--what fma,product,copy,read]
 *
 * Each number is the best of slices of some milliseconds within S seconds: what disturbs a machine
 * only ever makes it slower.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 128, DEPTH = 64, MOST_THREADS = 1024, LINE = 64 };

static const double slice_seconds = 0.008;
static const float kept_factor = 0.999f, kept_term = 0.5f;

#if defined(__x86_64__)
#define SET avx512
#define TARGET __attribute__((target("avx512f"), noinline))
#define LANES 16
#define CHAINS 20
#define ROWS 6
#define VECTORS 4
#include "peak_loops.inc"
#define SET avx2
#define TARGET __attribute__((target("avx2,fma"), noinline))
#define LANES 8
#define CHAINS 12
#define ROWS 6
#define VECTORS 2
#include "peak_loops.inc"
#endif
#define SET baseline
#define TARGET __attribute__((noinline))
#define LANES 4
#define CHAINS 10
#define ROWS 4
#define VECTORS 2
#include "peak_loops.inc"

/* One instruction set. */
typedef struct Loops {
    const char *isa;
    double flops; /* of one turn of multiply_add */
    double product_flops;
    float (*multiply_add)(size_t times);
    float (*product)(const float *x, size_t times);
    float (*read)(const float *x, size_t count, size_t times);
    void (*copy)(float *y, const float *x, size_t count, size_t times);
} Loops;

#define LOOPS(set)                                                                                 \
    .isa = #set, .flops = flops_##set, .product_flops = product_flops_##set,                       \
    .multiply_add = multiply_add_##set, .product = product_##set, .read = read_##set,              \
    .copy = copy_##set

static const Loops *choose_loops(void)
{
    static const Loops baseline = {LOOPS(baseline)};
#if defined(__x86_64__)
    static const Loops avx512 = {LOOPS(avx512)}, avx2 = {LOOPS(avx2)};
    if (__builtin_cpu_supports("avx512f"))
        return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &avx2;
#endif
    return &baseline;
}

typedef enum Kind { FMA, PRODUCT, READ, COPY, STOP } Kind;

/* What all threads do between two barriers. */
typedef struct Team {
    const Loops *loops;
    int threads;
    pthread_barrier_t barrier;
    Kind kind;
    size_t count, times; /* floats a thread, turns */
} Team;

typedef struct Worker {
    Team *team;
    float *x, *y; /* as many floats as the largest count */
    float sink;   /* keeps the loops from being dropped */
    char apart[LINE];
} Worker;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void do_share(Worker *worker)
{
    const Team *team = worker->team;
    switch (team->kind) {
    case FMA:
        worker->sink += team->loops->multiply_add(team->times);
        break;
    case PRODUCT:
        worker->sink += team->loops->product(worker->x, team->times);
        break;
    case READ:
        worker->sink += team->loops->read(worker->x, team->count, team->times);
        break;
    case COPY:
        team->loops->copy(worker->y, worker->x, team->count, team->times);
        break;
    case STOP:
        break;
    }
}

static void *work(void *argument)
{
    Worker *worker = argument;
    Team *team = worker->team;
    for (;;) {
        pthread_barrier_wait(&team->barrier);
        if (team->kind == STOP)
            return NULL;
        do_share(worker);
        pthread_barrier_wait(&team->barrier);
    }
}

static double time_slice(Worker *first)
{
    pthread_barrier_wait(&first->team->barrier);
    double start = seconds_now();
    do_share(first);
    pthread_barrier_wait(&first->team->barrier);
    return seconds_now() - start;
}

/* Turns a second and thread. */
static double best_rate(Worker *first, Kind kind, size_t count, double seconds)
{
    Team *team = first->team;
    team->kind = kind;
    team->count = count;
    team->times = 1;
    double taken = time_slice(first);
    while (taken < slice_seconds) {
        team->times *= taken < slice_seconds / 16 ? 8 : 2;
        taken = time_slice(first);
    }
    double least = taken, end = seconds_now() + seconds;
    while (seconds_now() < end) {
        taken = time_slice(first);
        least = taken < least ? taken : least;
    }
    return (double)team->times / least;
}

/* Bytes of a cache of this level, or a usual size where the system does not say. */
static size_t cache_bytes(int level)
{
    static const int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                                _SC_LEVEL3_CACHE_SIZE};
    static const size_t usual[] = {32 << 10, 1 << 20, 16 << 20};
    long found = sysconf(names[level - 1]);
    return found > 0 ? (size_t)found : usual[level - 1];
}

static size_t whole_blocks(size_t bytes)
{
    size_t block = BLOCK * sizeof(float);
    return (bytes / block ? bytes / block : 1) * BLOCK;
}

/* Half of a private cache; a quarter of the third, of which all threads take their shares, but
 * from two to four of the second: of a third cache that many share, no more is anyone's own.
 * Memory: buffers that together are four times the third. */
static size_t floats_for(int level, int threads)
{
    size_t second = cache_bytes(2), third = cache_bytes(3);
    if (level < 3)
        return whole_blocks(cache_bytes(level) / 2);
    if (level == 3) {
        size_t share = third / 4 / threads, most = 4 * second;
        share = share < most ? share : most;
        return whole_blocks(share > 2 * second ? share : 2 * second);
    }
    return whole_blocks(2 * third / threads);
}

static void measure(Worker *workers, const char *what, double seconds)
{
    Team *team = workers->team;
    int threads = team->threads;
    printf("{\"isa\": \"%s\", \"threads\": %d, \"cache_bytes\": [%zu, %zu, %zu]", team->loops->isa,
           threads, cache_bytes(1), cache_bytes(2), cache_bytes(3));
    if (strstr(what, "fma"))
        printf(", \"fma_gflops\": %.6g",
               best_rate(workers, FMA, 0, seconds) * threads * team->loops->flops * 1e-9);
    if (strstr(what, "product"))
        printf(", \"product_gflops\": %.6g", best_rate(workers, PRODUCT, 0, seconds) * threads *
                                                 team->loops->product_flops * 1e-9);
    for (int level = 1; level <= 4 && strstr(what, "read"); level++) {
        size_t count = floats_for(level, threads);
        double rate = best_rate(workers, READ, count, seconds) * (double)count * threads;
        printf(", \"read_%s_gbs\": %.6g", (const char *[]){"l1", "l2", "l3", "memory"}[level - 1],
               rate * sizeof(float) * 1e-9);
    }
    if (strstr(what, "copy")) {
        size_t count = floats_for(4, threads);
        double rate = best_rate(workers, COPY, count, seconds) * (double)count * threads;
        printf(", \"copy_gbs\": %.6g", 2 * rate * sizeof(float) * 1e-9); /* read and written */
    }
    printf("}\n");
}

static bool take_memory(Worker *worker, int threads)
{
    size_t bytes = floats_for(4, threads) * sizeof(float);
    size_t third = floats_for(3, threads) * sizeof(float);
    bytes = bytes > third ? bytes : third;
    /* a loop over what no page was ever given to would read one page of zeros */
    if (posix_memalign((void **)&worker->x, 2 << 20, bytes) ||
        posix_memalign((void **)&worker->y, 2 << 20, bytes))
        return false;
    for (size_t i = 0; i < bytes / sizeof(float); i++)
        worker->x[i] = worker->y[i] = 1;
    return true;
}

static int run(int threads, const char *what, double seconds)
{
    Team team = {.loops = choose_loops(), .threads = threads};
    static Worker workers[MOST_THREADS];
    pthread_t handles[MOST_THREADS];
    pthread_barrier_init(&team.barrier, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        workers[i].team = &team;
        if (!take_memory(&workers[i], threads) ||
            (i > 0 && pthread_create(&handles[i], NULL, work, &workers[i]) != 0)) {
            fprintf(stderr, "peak: no memory or no thread\n");
            return 1;
        }
    }
    measure(workers, what, seconds);
    team.kind = STOP;
    pthread_barrier_wait(&team.barrier);
    for (int i = 1; i < threads; i++)
        pthread_join(handles[i], NULL);
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int threads = 1;
    double seconds = 0.1;
    const char *what = "fma,product,copy,read";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--threads") == 0)
            threads = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--what") == 0)
            what = argv[i + 1];
        else
            threads = 0;
    }
    if (argc % 2 == 0 || threads < 1 || threads > MOST_THREADS || seconds < 0) {
        fprintf(stderr, "usage: peak [--threads N] [--seconds S] [--what fma,product,copy,read]\n");
        return 2;
    }
    return run(threads, what, seconds);
}
