/* SPDX-License-Identifier: Apache-2.0
 *
 * What the hosts of this folder share: the network's functions under names that do not say which
 * network it is (MODEL is its prefix, CAPITALS the same in capitals), memory, data.
 */
#ifndef RNET_TESTS_EMBED_HOST_H
#define RNET_TESTS_EMBED_HOST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define M(name) JOIN(MODEL, _##name)
#define C(name) JOIN(CAPITALS, _##name)

#define REQUIRE(holds)                                                                             \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds);                            \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static inline void *get(size_t size)
{
    REQUIRE(size > 0 && size <= (size_t)1 << 30);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    REQUIRE(memory != NULL);
    memset(memory, 0x5a, size); /* nothing may rely on first values */
    return memory;
}

/* Numbers from -1 to 1 that follow from the seed. */
static inline double next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (double)(int64_t)(*state >> 11) * 0x1p-52 - 1;
}

#endif
