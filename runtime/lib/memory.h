/* SPDX-License-Identifier: Apache-2.0
 *
 * Big blocks of memory, and whether the machine has them: a program adds up what it needs before it
 * takes any of it, since a process killed in the middle of a run tells nobody why.
 */
#ifndef RNET_LIB_MEMORY_H
#define RNET_LIB_MEMORY_H

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, aligned to 64 bytes, to 2 MiB where it is larger than that. */
typedef struct RtBlock {
    void *data;
    size_t size;
    void *map; /* what munmap or free gets */
    size_t map_size;
} RtBlock;

bool rt_block_allocate(RtBlock *block, size_t size, const char *what, RtError *error);
void rt_block_free(RtBlock *block);

typedef struct RtNeed {
    const char *what;
    size_t bytes;
} RtNeed;

/* Bytes that can still be used: the least of the machine's and every control group's rest.
 * `root` is "" but in tests, where it holds copies of /proc and /sys. */
size_t rt_memory_left(const char *root);
/* Fails, with a table of the needs and with `help`, when they are more than `left`. */
bool rt_memory_check(const RtNeed *needs, int count, size_t left, const char *help, RtError *error);
/* "12.3 GiB" */
const char *rt_memory_text(size_t bytes, char text[32]);

#endif
