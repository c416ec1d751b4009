/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump arenas: memory that dies together.
 *
 * A function that allocates its result takes `Arena *arena` first; a function without an arena
 * parameter does not allocate. Nobody frees single objects.
 */
#ifndef RNET_SUPPORT_ARENA_H
#define RNET_SUPPORT_ARENA_H

#include <stddef.h>

typedef struct Arena Arena;
typedef struct ArenaMark {
    void *block;
    size_t used;
} ArenaMark;

/* NULL only when the first block cannot be had. With RNET_ARENA_MALLOC=1 in the environment every
 * allocation is a malloc of its own, so that sanitizers see overruns object by object. */
Arena *arena_create(void);
void arena_destroy(Arena *arena);

/* Zeroed memory, aligned for any type. Never NULL: out of memory ends the compiler with exit 70.
 * `count * size` is checked; zero bytes are valid. */
void *arena_alloc(Arena *arena, size_t count, size_t size);

/* Scratch memory: everything allocated after the mark is given back at the release. */
ArenaMark arena_mark(Arena *arena);
void arena_release(Arena *arena, ArenaMark mark);

#define ARENA_NEW(arena, T) ((T *)arena_alloc((arena), 1, sizeof(T)))
#define ARENA_ARRAY(arena, T, n) ((T *)arena_alloc((arena), (n), sizeof(T)))

#endif
