/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena and a sink for a group of tests: cmocka_run_group_tests(tests, create, destroy).
 */
#ifndef RNET_TESTS_ARENA_FIXTURE_H
#define RNET_TESTS_ARENA_FIXTURE_H

#include "support/diag.h"

static Arena *arena;
static DiagSink *sink;

static int create(void **state)
{
    (void)state;
    arena = arena_create();
    sink = arena ? diag_sink_create(arena) : NULL;
    return sink ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

#endif
