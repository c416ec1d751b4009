/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool: every piece once, the same results for any number of threads, through sleeps.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pool.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* How many threads the system lets start; -1: all. */
static int starts_left = -1;

/* In place of the system's, which has no limit that binds every user. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (starts_left == 0)
        return EAGAIN;
    starts_left -= starts_left > 0;
    return real(thread, attributes, start, argument);
}

enum { PIECES = 257 };

typedef struct Job {
    _Atomic int runs[PIECES];
    double result[PIECES];
} Job;

static void piece(void *context, int64_t index)
{
    Job *job = context;
    atomic_fetch_add(&job->runs[index], 1);
    double x = (double)index;
    for (int i = 0; i < 100; i++)
        x = x * 0.5 + 1.0 / (x + 1);
    job->result[index] = x;
}

static void run_jobs(int threads, double result[PIECES])
{
    RtError error;
    RtPool *pool = rt_pool_create(threads, &error);
    assert_non_null(pool);
    assert_int_equal(rt_pool_threads(pool), threads);
    RnParallel parallel = rt_pool_parallel(pool);
    for (int turn = 0; turn < 200; turn++) {
        Job job = {0};
        /* now and then long enough for the workers to fall asleep */
        if (turn % 50 == 49)
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        parallel.run(parallel.pool, PIECES, piece, &job);
        for (int i = 0; i < PIECES; i++)
            assert_int_equal(job.runs[i], 1);
        memcpy(result, job.result, sizeof job.result);
    }
    parallel.run(parallel.pool, 0, piece, NULL);
    rt_pool_destroy(pool);
}

static void test_results_do_not_depend_on_threads(void **state)
{
    (void)state;
    double one[PIECES], two[PIECES], five[PIECES];
    run_jobs(1, one);
    run_jobs(2, two);
    run_jobs(5, five);
    assert_memory_equal(one, two, sizeof one);
    assert_memory_equal(one, five, sizeof one);
}

enum { TOGETHER = 4 };

typedef struct Meeting {
    _Atomic int there;
    pthread_t who[TOGETHER];
} Meeting;

/* Returns when all pieces are at work, so that each is another thread's. */
static void meet(void *context, int64_t index)
{
    Meeting *meeting = context;
    meeting->who[index] = pthread_self();
    atomic_fetch_add(&meeting->there, 1);
    while (atomic_load(&meeting->there) < TOGETHER)
        sched_yield();
}

static void test_a_thread_keeps_its_share(void **state)
{
    (void)state;
    RtError error;
    RtPool *pool = rt_pool_create(TOGETHER, &error);
    assert_non_null(pool);
    RnParallel parallel = rt_pool_parallel(pool);
    Meeting first = {0};
    parallel.run(parallel.pool, TOGETHER, meet, &first);
    assert_true(pthread_equal(first.who[0], pthread_self()));
    for (int turn = 0; turn < 100; turn++) {
        Meeting next = {0};
        parallel.run(parallel.pool, TOGETHER, meet, &next);
        for (int i = 0; i < TOGETHER; i++)
            assert_true(pthread_equal(next.who[i], first.who[i]));
    }
    rt_pool_destroy(pool);
}

static void test_refuses_bad_counts(void **state)
{
    (void)state;
    RtError error;
    assert_null(rt_pool_create(0, &error));
    assert_int_equal(error.status, RT_USAGE);
    assert_null(rt_pool_create(1025, &error));
    assert_null(rt_pool_create(1e300, &error));
    assert_null(rt_pool_create((double)NAN, &error));
    assert_true(rt_pool_default_threads() >= 1);
}

static void test_says_how_many_start(void **state)
{
    (void)state;
    RtError error;
    starts_left = 2;
    assert_null(rt_pool_create(8, &error));
    assert_int_equal(error.status, RT_FAILED);
    assert_string_equal(error.text,
                        "8 threads are wanted, but a limit of the system on threads or memory "
                        "leaves 3 (Resource temporarily unavailable); --threads 3 makes do with "
                        "those");
    starts_left = 0;
    assert_null(rt_pool_create(2, &error));
    assert_non_null(strstr(error.text, "leaves 1 (Resource temporarily unavailable); --threads 1 "
                                       "makes do with that one"));
    starts_left = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_do_not_depend_on_threads),
        cmocka_unit_test(test_a_thread_keeps_its_share),
        cmocka_unit_test(test_refuses_bad_counts),
        cmocka_unit_test(test_says_how_many_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
