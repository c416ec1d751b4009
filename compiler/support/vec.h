/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed growable arrays over an arena: `VEC(Node) nodes;` is a struct with items, count, capacity.
 */
#ifndef RNET_SUPPORT_VEC_H
#define RNET_SUPPORT_VEC_H

#include "support/arena.h"

#include <stdint.h>
#include <string.h>

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *items;                                                                                  \
        uint32_t count, capacity;                                                                  \
    }

/* Appends one item; old storage is left to the arena. */
#define vec_push(arena, v, item)                                                                   \
    do {                                                                                           \
        if ((v)->count == (v)->capacity) {                                                         \
            (v)->items = vec_grow((arena), (v)->items, &(v)->capacity, sizeof *(v)->items);        \
        }                                                                                          \
        (v)->items[(v)->count++] = (item);                                                         \
    } while (0)

static inline void *vec_grow(Arena *arena, void *items, uint32_t *capacity, size_t size)
{
    uint32_t larger = *capacity ? *capacity * 2 : 8;
    void *moved = arena_alloc(arena, larger, size);
    if (items && *capacity) {
        memcpy(moved, items, *capacity * size);
    }
    *capacity = larger;
    return moved;
}

#endif
