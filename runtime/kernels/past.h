/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores past the caches, for what another core reads: lines that the other core has read take
 * several times as long to write. Only clang, which makes the bitcode, knows them.
 */
#ifndef RNET_KERNELS_PAST_H
#define RNET_KERNELS_PAST_H

#include "kernels/simd.h"

/* To an address aligned as p's type says; rnk_publish() before anyone is told that it is there. */
#define rnk_store_past(p, vector) __builtin_nontemporal_store(vector, p)

/* A release does not order such stores on x86; a full fence does. */
static inline __attribute__((always_inline)) void rnk_publish(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
