/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores past the caches, for what another core reads: to write lines that it has read before takes
 * many times as long. Only clang, which makes the bitcode, knows them.
 */
#ifndef RNET_KERNELS_PAST_H
#define RNET_KERNELS_PAST_H

#include "kernels/simd.h"

/* To a multiple of the vector's size; rnk_publish() before anyone is told that it is there. */
#define rnk_store_past(p, vector) __builtin_nontemporal_store(vector, p)

/* Such stores are ordered by a full fence alone. */
static inline __attribute__((always_inline)) void rnk_publish(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
