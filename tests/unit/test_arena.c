/* SPDX-License-Identifier: Apache-2.0
 *
 * Arenas: alignment, zeroes, marks, and the end of memory.
 */
#include "support/arena.h"
#include "support/bug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int is_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i]) {
            return 0;
        }
    }
    return 1;
}

/* Sizes around the block size, each aligned, zeroed and apart from its neighbours. */
static void allocate_and_check(Arena *arena)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, 65535, 65536, 65537, 1000000, 3};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    unsigned char *memory[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        memory[i] = arena_alloc(arena, sizes[i], 1);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % _Alignof(max_align_t), 0);
        assert_true(is_zero(memory[i], sizes[i]));
        memset(memory[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(memory[i][j], i + 1);
        }
    }
}

static void memory_is_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    Arena *arena = arena_create();
    allocate_and_check(arena);
    arena_destroy(arena);
}

static void separate_blocks_behave_the_same(void **state)
{
    (void)state;
    setenv("RNET_ARENA_MALLOC", "1", 1);
    Arena *arena = arena_create();
    unsetenv("RNET_ARENA_MALLOC");
    allocate_and_check(arena);
    ArenaMark mark = arena_mark(arena);
    allocate_and_check(arena);
    arena_release(arena, mark);
    allocate_and_check(arena);
    arena_destroy(arena);
}

static void released_memory_is_given_again_as_zeroes(void **state)
{
    (void)state;
    Arena *arena = arena_create();
    char *kept = arena_alloc(arena, 10, 1);
    memcpy(kept, "untouched", 10);
    ArenaMark mark = arena_mark(arena);
    unsigned char *first = arena_alloc(arena, 1000, 1);
    memset(first, 0xAA, 1000);
    arena_alloc(arena, 1000000, 1);
    arena_release(arena, mark);
    unsigned char *again = arena_alloc(arena, 1000, 1);
    assert_ptr_equal(first, again);
    assert_true(is_zero(again, 1000));
    assert_string_equal(kept, "untouched");
    arena_destroy(arena);
}

/* The exit status of a child that asks for count × size bytes. */
static int status_of_allocation(size_t count, size_t size)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(1);
        }
        Arena *arena = arena_create();
        arena_alloc(arena, count, size);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void impossible_sizes_end_with_70(void **state)
{
    (void)state;
    assert_int_equal(status_of_allocation(SIZE_MAX / 2, 3), EXIT_BUG);
    assert_int_equal(status_of_allocation(SIZE_MAX, 1), EXIT_BUG);
    assert_int_equal(status_of_allocation(SIZE_MAX - 20, 1), EXIT_BUG);
    assert_int_equal(status_of_allocation(10, 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(separate_blocks_behave_the_same),
        cmocka_unit_test(released_memory_is_given_again_as_zeroes),
        cmocka_unit_test(impossible_sizes_end_with_70),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
