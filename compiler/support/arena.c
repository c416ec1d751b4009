/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump allocation in a list of blocks, newest first. Released memory is poisoned under
 * AddressSanitizer, so a pointer that outlives its mark faults.
 */
#include "support/arena.h"

#include "support/bug.h"
#include "support/size.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* Large enough that a usual file needs one block, small enough not to matter. */
enum { BLOCK_BYTES = 64 * 1024 };

typedef struct Block {
    struct Block *previous;
    size_t capacity, used;
    alignas(max_align_t) unsigned char data[];
} Block;

struct Arena {
    Block *top;
    bool separate; /* one block per allocation */
};

static Block *create_block(Block *previous, size_t capacity)
{
    size_t bytes;
    if (!size_add(sizeof(Block), capacity, &bytes)) {
        return NULL;
    }
    Block *block = malloc(bytes);
    if (block) {
        block->previous = previous;
        block->capacity = capacity;
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block->data, capacity);
    }
    return block;
}

static void free_block(Block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->data, block->capacity);
    free(block);
}

Arena *arena_create(void)
{
    Arena *arena = malloc(sizeof *arena);
    if (!arena) {
        return NULL;
    }
    const char *setting = getenv("RNET_ARENA_MALLOC");
    arena->separate = setting && strcmp(setting, "1") == 0;
    arena->top = create_block(NULL, BLOCK_BYTES);
    if (!arena->top) {
        free(arena);
        return NULL;
    }
    return arena;
}

void arena_destroy(Arena *arena)
{
    if (!arena) {
        return;
    }
    while (arena->top) {
        Block *previous = arena->top->previous;
        free_block(arena->top);
        arena->top = previous;
    }
    free(arena);
}

static void add_block(Arena *arena, size_t bytes)
{
    size_t capacity = arena->separate || bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    Block *block = create_block(arena->top, capacity);
    if (!block) {
        bug_out_of_memory();
    }
    arena->top = block;
}

void *arena_alloc(Arena *arena, size_t count, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    size_t bytes, padded;
    if (!size_mul(count, size, &bytes) || !size_add(bytes, alignment - 1, &padded)) {
        bug_out_of_memory();
    }
    padded -= padded % alignment;
    if (arena->separate) {
        padded = bytes;
    }
    if (arena->separate || arena->top->capacity - arena->top->used < padded) {
        add_block(arena, padded);
    }
    void *memory = arena->top->data + arena->top->used;
    arena->top->used += padded;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    memset(memory, 0, bytes);
    return memory;
}

ArenaMark arena_mark(Arena *arena)
{
    ArenaMark mark = {arena->top, arena->top->used};
    return mark;
}

void arena_release(Arena *arena, ArenaMark mark)
{
    while (arena->top != mark.block) {
        Block *previous = arena->top->previous;
        if (!previous) {
            BUG("arena", "released to a mark of another arena");
        }
        free_block(arena->top);
        arena->top = previous;
    }
    ASAN_POISON_MEMORY_REGION(arena->top->data + mark.used, arena->top->used - mark.used);
    arena->top->used = mark.used;
}
