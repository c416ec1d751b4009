/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernels' tests need of cmocka, for machines of which no such library is installed: the
 * first failure ends the program.
 */
#ifndef RNET_TESTS_FOREIGN_CMOCKA_H
#define RNET_TESTS_FOREIGN_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*function)(void **state);
};

#define cmocka_unit_test(f)                                                                        \
    {                                                                                              \
#f, f                                                                                      \
    }

#define REQUIRE_(holds, what)                                                                      \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                              \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define fail() REQUIRE_(0, "failed")
#define print_error(...) fprintf(stderr, __VA_ARGS__)
#define assert_true(holds) REQUIRE_(holds, #holds)
#define assert_non_null(p) REQUIRE_((p) != NULL, #p " is NULL")
#define assert_int_equal(a, b) REQUIRE_((a) == (b), #a " is not " #b)
#define assert_int_not_equal(a, b) REQUIRE_((a) != (b), #a " is " #b)
#define assert_memory_equal(a, b, size) REQUIRE_(memcmp(a, b, size) == 0, #a " is not " #b)

static inline int run_tests_(const char *group, const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s: %s\n", group, tests[i].name);
        fflush(stdout);
        tests[i].function(NULL);
    }
    return 0;
}

#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    run_tests_(name, tests, sizeof(tests) / sizeof *(tests))

#endif
