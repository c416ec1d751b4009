/* SPDX-License-Identifier: Apache-2.0
 *
 * Interning, growing text and the nearest name.
 */
#include "support/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void equal_text_has_one_address(void **state)
{
    Arena *arena = arena_create();
    Interner *in = interner_create(arena);
    const char *first[2000];
    (void)state;
    for (int i = 0; i < 2000; i++) {
        const char *name = str_format(arena, "name%d", i);
        first[i] = intern(in, name, strlen(name));
        assert_string_equal(first[i], name);
    }
    for (int i = 0; i < 2000; i++) {
        const char *name = str_format(arena, "name%d tail", i);
        assert_ptr_equal(intern(in, name, strlen(name) - 5), first[i]);
    }
    assert_string_equal(intern(in, "", 0), "");
    assert_ptr_equal(intern(in, "a\0b", 3), intern(in, "a\0b", 3));
    assert_ptr_not_equal(intern(in, "a\0b", 3), intern(in, "a\0c", 3));
    arena_destroy(arena);
}

static void text_grows(void **state)
{
    Arena *arena = arena_create();
    Text text = {.arena = arena};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        text_append(&text, "%d,", i % 10);
        text_append_bytes(&text, ";", 1);
    }
    assert_int_equal(text.length, 3000);
    assert_int_equal(strlen(text.data), 3000);
    assert_memory_equal(text.data + 2997, "9,;", 3);
    text_append_bytes(&text, "", 0);
    assert_int_equal(text.length, 3000);
    arena_destroy(arena);
}

static const char *nearest(const char *name)
{
    static const char *const names[] = {"dense", "relu", "residual", "alpha", "tanh", "d"};
    return str_nearest(name, names, sizeof names / sizeof *names);
}

static void nearest_name_is_found_within_a_third(void **state)
{
    (void)state;
    assert_string_equal(nearest("dnese"), "dense");
    assert_string_equal(nearest("residul"), "residual");
    assert_string_equal(nearest("rsidaul"), "residual");
    assert_string_equal(nearest("rel"), "relu");
    assert_string_equal(nearest("alpah"), "alpha");
    assert_null(nearest("aphl"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
    assert_null(nearest("completely_different"));
    char huge[500];
    memset(huge, 'd', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    assert_null(nearest(huge));
    assert_null(str_nearest("a", NULL, 0));
}

static void equality_takes_nothing(void **state)
{
    (void)state;
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal(NULL, ""));
    assert_true(str_equal("a", "a"));
    assert_false(str_equal("a", "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_text_has_one_address),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(nearest_name_is_found_within_a_third),
        cmocka_unit_test(equality_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
