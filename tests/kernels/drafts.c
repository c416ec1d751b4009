/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts of states that are made again: which states have one, and that a draft, once done, is
 * copied to its place and nowhere else.
 */
#include "kernel_test.h"

#include "core/pass.h"
#include "kernels/draft.h"

#include <string.h>

enum { ROWS = 3, WIDTH = 32, SEGMENT = 8, SIZE = ROWS * WIDTH, RING = 2 * SEGMENT * SIZE };

/* Layers 8 … 15 go down; 10 … 12 are the thread's own. */
static const RnOwn OWN = {.from = 8, .to = 16, .first = 10, .end = 13};

typedef struct Stage {
    RnSpan span;
    RnPass pass;
    RnTile tile;
    real *ring, *start, *gradient, *saved;
} Stage;

static void open_stage(Stage *s)
{
    *s = (Stage){.ring = make_reals(RING, 1),
                 .start = make_reals(RING, 2),
                 .gradient = make_reals(SIZE, 3),
                 .saved = make_reals(SIZE, 4)};
    s->span = (RnSpan){.depth = 2 * SEGMENT,
                       .rows = ROWS,
                       .segment = SEGMENT,
                       .shift = 3,
                       .state = s->ring,
                       .start = s->start,
                       .state_mask = 2 * SEGMENT - 1};
    s->pass = (RnPass){.spans = &s->span};
    s->tile = (RnTile){.width = WIDTH, .gradient = {NULL, s->gradient}, .saved = s->saved};
    s->tile.own = OWN;
}

static void close_stage(Stage *s)
{
    drop_reals(s->ring, RING), drop_reals(s->start, RING);
    drop_reals(s->gradient, SIZE), drop_reals(s->saved, SIZE);
}

/* The state that a segment begins with is kept, and of layers below the block nobody knows yet who
 * sums them. */
static int has_draft(int64_t layer)
{
    return layer == 9 || (layer >= 13 && layer < 16);
}

static void test_places(void **state)
{
    (void)state;
    Stage s;
    open_stage(&s);
    const real *before = NULL;
    for (int64_t layer = 0; layer < 2 * SEGMENT; layer++) {
        const real *at = rnk_draft_state(&s.pass, &s.tile, 0, layer);
        if (has_draft(layer))
            assert_true((at == s.gradient || at == s.saved) && at != before);
        else
            assert_true(at == rnk_state(&s.pass, &s.tile, 0, layer));
        if (layer > 0)
            assert_true(at == rnk_draft_next(&s.pass, &s.tile, 0, layer - 1));
        before = at;
    }
    close_stage(&s);
}

static void test_copies(void **state)
{
    (void)state;
    Stage s;
    open_stage(&s);
    real *wanted = make_reals(RING, 1);
    for (int64_t layer = 0; layer + 1 < 2 * SEGMENT; layer++) {
        real *made = rnk_draft_next(&s.pass, &s.tile, 0, layer);
        if (has_draft(layer + 1)) {
            for (int64_t i = 0; i < SIZE; i++)
                made[i] = (real)(layer * SIZE + i);
            memcpy(wanted + (layer + 1) * SIZE, made, SIZE * sizeof(real));
        }
        rnk_draft_done(&s.pass, &s.tile, 0, layer);
        assert_true(memcmp(s.ring, wanted, RING * sizeof(real)) == 0);
    }
    drop_reals(wanted, RING);
    close_stage(&s);
}

/* One thread sums the whole block; outside of training nobody sums anything. */
static void test_alone(void **state)
{
    (void)state;
    const RnOwn alone[] = {{.from = 8, .to = 16, .first = 8, .end = 16}, {0}};
    Stage s;
    open_stage(&s);
    for (int i = 0; i < 2; i++) {
        s.tile.own = alone[i];
        for (int64_t layer = 0; layer < 2 * SEGMENT; layer++)
            assert_true(rnk_draft_state(&s.pass, &s.tile, 0, layer) ==
                        rnk_state(&s.pass, &s.tile, 0, layer));
    }
    close_stage(&s);
}

int test_drafts_run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests_name("drafts", tests, NULL, NULL);
}
