/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts of states and of kept values: which have one, and that a draft, once done, is copied to
 * its place and nowhere else.
 */
#include "kernel_test.h"

#include "core/pass.h"
#include "kernels/draft.h"

#include <string.h>

enum { ROWS = 3, WIDTH = 32, SEGMENT = 8, SIZE = ROWS * WIDTH, RING = 2 * SEGMENT * SIZE };
enum { KEPT = 2 * WIDTH, ALL_KEPT = 2 * SEGMENT * KEPT }; /* two rows a layer */

/* Layers 8 … 15 go down; 10 … 12 are the thread's own. */
static const RnOwn OWN = {.from = 8, .to = 16, .first = 10, .end = 13};

typedef struct Stage {
    RnSpan spans[2]; /* the second one's first state is what the last layer makes */
    RnPass pass;
    RnTile tile;
    real *ring, *start, *newest, *gradient, *saved, *kept, *last;
} Stage;

static void open_stage(Stage *s)
{
    *s = (Stage){.ring = make_reals(RING, 1),
                 .start = make_reals(RING, 2),
                 .newest = make_reals(KEPT, 3),
                 .gradient = make_reals(SIZE, 4),
                 .saved = make_reals(SIZE, 5),
                 .kept = make_reals(ALL_KEPT, 6),
                 .last = make_reals(SIZE, 7)};
    s->spans[0] = (RnSpan){.depth = 2 * SEGMENT,
                           .rows = ROWS,
                           .kept_rows = KEPT / WIDTH,
                           .segment = SEGMENT,
                           .shift = 3,
                           .state = s->ring,
                           .start = s->start,
                           .kept = s->kept,
                           .state_mask = 2 * SEGMENT - 1,
                           .kept_mask = -1};
    s->spans[1] = (RnSpan){.rows = ROWS, .state = s->last};
    s->pass = (RnPass){.spans = s->spans};
    s->tile = (RnTile){
        .width = WIDTH, .gradient = {s->newest, s->gradient}, .saved = s->saved, .own = OWN};
}

static void close_stage(Stage *s)
{
    drop_reals(s->ring, RING), drop_reals(s->start, RING);
    drop_reals(s->gradient, SIZE), drop_reals(s->saved, SIZE);
    drop_reals(s->newest, KEPT), drop_reals(s->kept, ALL_KEPT), drop_reals(s->last, SIZE);
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
        if (layer > 0) {
            assert_true(at == rnk_draft_next(&s.pass, &s.tile, 0, layer - 1));
            assert_true(at == rnk_draft_result(&s.pass, &s.tile, 0, layer - 1));
        }
        before = at;
    }
    assert_true(rnk_draft_result(&s.pass, &s.tile, 0, 2 * SEGMENT - 1) == s.last);
    close_stage(&s);
}

/* Where no state is made again the first one of the block has been made before the block was known.
 */
static void test_first(void **state)
{
    (void)state;
    Stage s;
    open_stage(&s);
    s.spans[0].start = NULL;
    s.tile.own = (RnOwn){.from = 5, .to = 16, .first = 12, .end = 16};
    for (int64_t layer = 0; layer < 2 * SEGMENT; layer++) {
        int draft = rnk_draft_state(&s.pass, &s.tile, 0, layer) != s.ring + layer * SIZE;
        assert_int_equal(draft, layer > 5 && layer < 12);
    }
    close_stage(&s);
}

/* Kept values have no first one: each layer makes its own. */
static void test_kept(void **state)
{
    (void)state;
    Stage s;
    open_stage(&s);
    real *wanted = make_reals(ALL_KEPT, 6);
    for (int64_t layer = 0; layer < 2 * SEGMENT; layer++) {
        int draft = layer >= 8 && !(layer >= 10 && layer < 13);
        real *made = rnk_draft_kept(&s.pass, &s.tile, 0, layer);
        assert_true(made == (draft ? s.newest : s.kept + layer * KEPT));
        for (int64_t i = 0; i < KEPT; i++)
            made[i] = wanted[layer * KEPT + i] = (real)(layer * KEPT + i);
        rnk_draft_kept_done(&s.pass, &s.tile, 0, layer);
        assert_true(memcmp(s.kept, wanted, ALL_KEPT * sizeof(real)) == 0);
    }
    drop_reals(wanted, ALL_KEPT);
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
        cmocka_unit_test(test_places), cmocka_unit_test(test_first), cmocka_unit_test(test_copies),
        cmocka_unit_test(test_kept),   cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests_name("drafts", tests, NULL, NULL);
}
