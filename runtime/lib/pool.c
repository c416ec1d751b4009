/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool: one job at a time, announced by raising `generation`. Each thread has a share of the
 * indices and helps the others when it is through with its own: so tile 0 is the same thread's in
 * one job after the other, and what it left in that thread's caches is still there. Every worker
 * answers every job (`pending`), so that no late one can take an index of the next job with the
 * body of this one.
 */
#define _GNU_SOURCE
#include "lib/pool.h"

#include "core/round.h"
#include "lib/report.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const int most_threads = 1024;
/* Going to sleep and waking up take some 40 µs; gaps inside a step and between two are shorter than
 * this. */
static const double patience = 200e-6; /* seconds */

/* Lines of the cache of its own, or counters would wait for each other. */
typedef struct Share {
    _Alignas(64) _Atomic int64_t next;
    int64_t end;
    pthread_t thread;
    RtPool *pool;
} Share;

struct RtPool {
    int threads;   /* workers and the caller */
    Share *shares; /* [threads], the caller's first */
    double asked;  /* seconds: when their distance was measured; 0: never */
    bool far;
    void (*body)(void *context, int64_t index);
    void *context;
    _Atomic uint64_t generation; /* of the job */
    _Atomic int pending;         /* workers that have not answered the job */
    _Atomic int sleepers;        /* workers asleep, or about to be */
    _Atomic int caller_sleeps;
    _Atomic int stop;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
};

/* This library is not instrumented, so a thread sanitizer in the program does not see the counters
 * below order anything; where there is one, it is told. */
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

static void tell_acquired(void *address)
{
    if (__tsan_acquire)
        __tsan_acquire(address);
}

static void tell_released(void *address)
{
    if (__tsan_release)
        __tsan_release(address);
}

/* One wait without sleep. */
typedef struct Wait {
    int pauses;
    double since; /* seconds: when the clock was looked at first; 0: it was not */
} Wait;

/* A pause; false when it is time to sleep. The clock costs as much as some pauses, and these take
 * from ten to fifty nanoseconds. */
static bool stay_awake(Wait *wait)
{
    enum { PAUSES = 64 };
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
    if (++wait->pauses % PAUSES != 0)
        return true;
    double now = rt_seconds();
    if (wait->since == 0)
        wait->since = now;
    return now - wait->since < patience;
}

int rt_pool_default_threads(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > most_threads ? most_threads : count;
}

/* The counters are sequentially consistent: a worker counts itself among the sleepers and then
 * looks at the generation, the caller raises the generation and then looks for sleepers, so one
 * of them sees the other. */
static void await_job(RtPool *pool, uint64_t seen)
{
    Wait wait = {0};
    do {
        if (atomic_load(&pool->generation) != seen)
            return;
    } while (stay_awake(&wait));
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->generation) == seen)
        pthread_cond_wait(&pool->work, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

/* First the share `own`, then what the others have left. */
static void take_pieces(RtPool *pool, int own)
{
    for (int i = 0; i < pool->threads; i++) {
        Share *share = &pool->shares[(own + i) % pool->threads];
        while (atomic_load(&share->next) < share->end) {
            int64_t index = atomic_fetch_add(&share->next, 1);
            if (index < share->end)
                pool->body(pool->context, index);
        }
    }
}

static void answer_job(RtPool *pool)
{
    tell_released(&pool->pending);
    if (atomic_fetch_sub(&pool->pending, 1) != 1 || !atomic_load(&pool->caller_sleeps))
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *argument)
{
    Share *share = argument;
    RtPool *pool = share->pool;
    for (uint64_t seen = 0;; seen++) {
        await_job(pool, seen);
        tell_acquired(&pool->generation);
        if (atomic_load(&pool->stop))
            return NULL;
        take_pieces(pool, (int)(share - pool->shares));
        answer_job(pool);
    }
}

/* The caller has the first index. Raising the generation is what shows shares to the others. */
static void share_out(RtPool *pool, int64_t count)
{
    for (int i = 0; i < pool->threads; i++) {
        atomic_store_explicit(&pool->shares[i].next, rn_share_start(count, pool->threads, i),
                              memory_order_relaxed);
        pool->shares[i].end = rn_share_start(count, pool->threads, i + 1);
    }
}

static void announce_job(RtPool *pool)
{
    atomic_store(&pool->pending, pool->threads - 1);
    tell_released(&pool->generation);
    atomic_fetch_add(&pool->generation, 1);
    if (atomic_load(&pool->sleepers) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

static void await_answers(RtPool *pool)
{
    Wait wait = {0};
    do {
        if (atomic_load(&pool->pending) == 0)
            return;
    } while (stay_awake(&wait));
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, 1);
    while (atomic_load(&pool->pending) != 0)
        pthread_cond_wait(&pool->done, &pool->mutex);
    atomic_store(&pool->caller_sleeps, 0);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_job(void *pool_pointer, int64_t count, void (*body)(void *, int64_t), void *context)
{
    RtPool *pool = pool_pointer;
    if (pool->threads == 1 || count <= 1) {
        for (int64_t i = 0; i < count; i++)
            body(context, i);
        return;
    }
    pool->body = body;
    pool->context = context;
    share_out(pool, count);
    announce_job(pool);
    take_pieces(pool, 0);
    await_answers(pool);
    tell_acquired(&pool->pending);
}

RnParallel rt_pool_parallel(RtPool *pool)
{
    return (RnParallel){.run = run_job, .pool = pool, .threads = rt_pool_threads(pool)};
}

void rt_each(const RnParallel *parallel, int64_t count, void (*body)(void *context, int64_t index),
             void *context)
{
    if (parallel && parallel->run) {
        parallel->run(parallel->pool, count, body, context);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        body(context, i);
}

static void do_nothing(void *context, int64_t index)
{
    (void)context, (void)index;
}

/* The shortest of some jobs of nothing, in which some words go from core to core and back: of two
 * threads .16 to .39 µs near, where such a word takes 30 ns, and .46 to 1.5 far, where it takes 160
 * (AMD EPYC, Zen 4). Each further thread has an answer more. */
static bool measure_far(RtPool *pool)
{
    enum { JOBS = 4 };
    static const double far = 0.22e-6; /* seconds a thread */
    double best = INFINITY;
    for (int i = 0; i < JOBS; i++) {
        double start = rt_seconds();
        run_job(pool, pool->threads, do_nothing, NULL);
        best = fmin(best, rt_seconds() - start);
    }
    return best > far * pool->threads;
}

bool rt_pool_is_far(RtPool *pool)
{
    static const double often = 4e-3; /* seconds; a measurement takes some microseconds */
    double now = rt_seconds();
    if (pool->threads > 1 && (pool->asked == 0 || now - pool->asked > often)) {
        pool->far = measure_far(pool);
        pool->asked = now;
    }
    return pool->far;
}

int rt_pool_threads(const RtPool *pool)
{
    return pool->threads;
}

/* `wanted` may be the number of processors, which nobody asked for. */
static bool start_workers(RtPool *pool, int wanted, RtError *error)
{
    for (; pool->threads < wanted; pool->threads++) {
        Share *share = &pool->shares[pool->threads];
        share->pool = pool;
        int number = pthread_create(&share->thread, NULL, work, share);
        if (number != 0)
            return rt_fail(error, RT_FAILED,
                           "%d threads are wanted, but a limit of the system on threads or memory "
                           "leaves %d (%s); --threads %d makes do with %s",
                           wanted, pool->threads, strerror(number), pool->threads,
                           pool->threads == 1 ? "that one" : "those");
    }
    return true;
}

RtPool *rt_pool_create(double wanted, RtError *error)
{
    /* written so that NaN fails */
    if (!(wanted >= 1 && wanted <= most_threads)) {
        rt_fail(error, RT_USAGE, "--threads %.0f: expected 1 to %d", wanted, most_threads);
        return NULL;
    }
    int threads = (int)wanted;
    RtPool *pool = calloc(1, sizeof *pool);
    Share *shares = aligned_alloc(_Alignof(Share), (size_t)threads * sizeof *shares);
    if (!pool || !shares) {
        free(pool);
        free(shares);
        rt_fail(error, RT_FAILED, "out of memory for %d threads", threads);
        return NULL;
    }
    pool->threads = 1;
    pool->shares = shares;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    if (!start_workers(pool, threads, error)) {
        rt_pool_destroy(pool);
        return NULL;
    }
    return pool;
}

void rt_pool_destroy(RtPool *pool)
{
    if (!pool)
        return;
    atomic_store(&pool->stop, 1);
    announce_job(pool);
    for (int i = 1; i < pool->threads; i++)
        pthread_join(pool->shares[i].thread, NULL);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->shares);
    free(pool);
}
