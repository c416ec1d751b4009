/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool of threads that runs numbered pieces of work. Waiting threads spin for some microseconds,
 * since the pieces of a training step follow each other closely, and then sleep.
 */
#ifndef RNET_LIB_POOL_H
#define RNET_LIB_POOL_H

#include "core/program.h"
#include "lib/error.h"

typedef struct RtPool RtPool;

/* How many threads the machine gives to this process. */
int rt_pool_default_threads(void);
/* `wanted`: what --threads says. It counts the caller, which works too. NULL on error. */
RtPool *rt_pool_create(double wanted, RtError *error);
void rt_pool_destroy(RtPool *pool);
int rt_pool_threads(const RtPool *pool);
/* Valid as long as the pool. Only one thread may run work at a time. */
RnParallel rt_pool_parallel(RtPool *pool);
/* Are its threads on cores whose caches are far from each other? Measured again and again, since a
 * virtual machine's processors move. Only the thread that runs work may ask. */
bool rt_pool_is_far(RtPool *pool);
/* body(context, i) for i in 0 … count − 1; `parallel` NULL or its run: here, in order. */
void rt_each(const RnParallel *parallel, int64_t count, void (*body)(void *context, int64_t index),
             void *context);

#endif
