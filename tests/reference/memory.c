/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of the oracle: what lives as long as the network, and a pool for each run.
 */
#include "network.h"

#include <stdlib.h>

void *oracle_allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) {
        fprintf(stderr, "oracle: out of memory\n");
        exit(2);
    }
    return memory;
}

void *pool_allocate(Pool *pool, size_t count, size_t size)
{
    if (pool->count == pool->capacity) {
        pool->capacity = 2 * pool->capacity + 64;
        void **blocks = realloc(pool->blocks, pool->capacity * sizeof *blocks);
        if (blocks == NULL) {
            fprintf(stderr, "oracle: out of memory\n");
            exit(2);
        }
        pool->blocks = blocks;
    }
    return pool->blocks[pool->count++] = oracle_allocate(count, size);
}

Num *pool_nums(Oracle *o, long size)
{
    return pool_allocate(&o->pool, (size_t)(o->batch.count * size), sizeof(Num));
}

void pool_clear(Pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        free(pool->blocks[i]);
    }
    free(pool->blocks);
    *pool = (Pool){0};
}
