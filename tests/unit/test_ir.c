/* SPDX-License-Identifier: Apache-2.0
 *
 * The verifiers of Graph and Plan see what is broken; the planner gives values that live together
 * rows of their own.
 */
#include "ir/plan.h"
#include "sema/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arena_fixture.h"

static Node node(OpKind op, ValueId a, ValueId b, int64_t n)
{
    return (Node){.op = op,
                  .in = {a, b},
                  .rows = n,
                  .n = n,
                  .groups = 1,
                  .depth = n,
                  .tensor = NO_TENSOR,
                  .tensor2 = NO_TENSOR};
}

static Node product(ValueId x, int64_t n)
{
    Node made = node(OP_DENSE, x, NO_VALUE, n);
    made.tensor = 0;
    return made;
}

/* state → dense → act → dense → add to state, 8 features. */
static Graph *make_graph(void)
{
    static const Tensor weight = {.name = "w", .rank = 2, .dims = {8, 8}};
    static const Tensor *const tensors[] = {&weight};
    Graph *graph = ARENA_NEW(arena, Graph);
    *graph = (Graph){.name = "g", .tensors = tensors, .tensor_count = 1};
    graph->input = graph->output = (Shape){1, {8}};
    vec_push(arena, &graph->regions, ((Region){.in_rows = 8, .out_rows = 8}));
    Region *region = &graph->regions.items[0];
    Block *block = &region->forward;
    block_add(arena, block, node(OP_STATE, NO_VALUE, NO_VALUE, 8));
    ValueId a = block_add(arena, block, product(0, 8));
    ValueId b = block_add(arena, block, node(OP_ACT, a, NO_VALUE, 8));
    ValueId c = block_add(arena, block, product(b, 8));
    block->result = block_add(arena, block, node(OP_ADD, 0, c, 8));
    return graph;
}

static void whole_graphs_pass(void **state)
{
    (void)state;
    assert_null(graph_verify(arena, make_graph()));
}

static void broken_graphs_are_seen(void **state)
{
    (void)state;
    Graph *graph = make_graph();
    graph->regions.items[0].forward.nodes.items[2].in[0] = 3;
    assert_non_null(graph_verify(arena, graph));
    graph = make_graph();
    graph->regions.items[0].forward.nodes.items[4].rows = 7;
    assert_non_null(graph_verify(arena, graph));
    graph = make_graph();
    graph->regions.items[0].forward.nodes.items[1].tensor = 1;
    assert_non_null(graph_verify(arena, graph));
    graph = make_graph();
    graph->regions.items[0].in_rows = 9;
    assert_non_null(graph_verify(arena, graph));
    graph = make_graph();
    graph->output = (Shape){1, {9}};
    assert_non_null(graph_verify(arena, graph));
    graph = make_graph();
    graph->regions.items[0].forward.nodes.items[2].op = OP_KEPT;
    assert_non_null(graph_verify(arena, graph));
}

/* One matrix of 8 features, whose gradient, and that of a bias, takes the factor alpha. */
static Graph *make_trained_graph(void)
{
    static const Tensor weight = {.name = "w", .rank = 2, .dims = {8, 8}, .trainable = true};
    static const Tensor bias = {.name = "b", .rank = 1, .dims = {8}, .trainable = true};
    static const Tensor alpha = {.name = "a"}, tied = {.name = "t", .rank = 2, .shared = true};
    static const Tensor *const tensors[] = {&weight, &bias, &alpha, &tied};
    Graph *graph = ARENA_NEW(arena, Graph);
    *graph = (Graph){.name = "g", .tensors = tensors, .tensor_count = 4};
    graph->input = graph->output = (Shape){1, {8}};
    vec_push(arena, &graph->regions, ((Region){.in_rows = 8, .out_rows = 8, .has_backward = true}));
    Region *region = &graph->regions.items[0];
    block_add(arena, &region->forward, node(OP_STATE, NO_VALUE, NO_VALUE, 8));
    region->forward.result = block_add(arena, &region->forward, product(0, 8));
    Block *backward = &region->backward;
    backward->result = NO_VALUE;
    block_add(arena, backward, node(OP_DELTA, NO_VALUE, NO_VALUE, 8));
    block_add(arena, backward, node(OP_KEPT, 0, NO_VALUE, 8));
    Node matrix = node(OP_GRAD_WEIGHT, 1, 0, 8), row = node(OP_GRAD_ROWS, 0, NO_VALUE, 8);
    matrix.tensor = 0;
    row.tensor = 1;
    matrix.tensor2 = row.tensor2 = 2;
    block_add(arena, backward, matrix);
    block_add(arena, backward, row);
    return graph;
}

static void factors_are_verified(void **state)
{
    (void)state;
    enum { MATRIX = 2 };
    static const struct {
        int32_t tensor, factor;
        bool good;
    } cases[] = {{0, 2, true},   {0, NO_TENSOR, true}, {0, 4, false},
                 {0, -2, false}, {0, 1, false},        {3, 2, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Graph *graph = make_trained_graph();
        Node *matrix = &graph->regions.items[0].backward.nodes.items[MATRIX];
        matrix->tensor = cases[i].tensor;
        matrix->tensor2 = cases[i].factor;
        assert_true((graph_verify(arena, graph) == NULL) == cases[i].good);
    }
}

static void gradients_are_paired(void **state)
{
    (void)state;
    enum { MATRIX = 2, ROW = 3 };
    Plan *plan = plan_graph(arena, make_trained_graph());
    Storage *places = plan->regions[0].backward.places;
    assert_null(plan_verify(arena, plan));
    assert_int_equal(places[MATRIX].partner, ROW);
    assert_int_equal(places[ROW].partner, MATRIX);
    places[ROW].partner = NO_VALUE;
    assert_non_null(plan_verify(arena, plan));
    Graph *graph = make_trained_graph();
    graph->regions.items[0].backward.nodes.items[ROW].tensor2 = NO_TENSOR;
    plan = plan_graph(arena, graph);
    assert_int_equal(plan->regions[0].backward.places[MATRIX].partner, NO_VALUE);
    plan->regions[0].backward.places[MATRIX].partner = ROW;
    plan->regions[0].backward.places[ROW].partner = MATRIX;
    assert_non_null(plan_verify(arena, plan));
}

/* In a stack the product of a delta transposes it, the first of two; in a straight region none. */
static void deltas_are_transposed_beside_products(void **state)
{
    (void)state;
    enum { DELTA = 0 };
    static const Stack stack = {0};
    Graph *graph = make_trained_graph();
    Region *region = &graph->regions.items[0];
    Node back = product(DELTA, 8);
    back.op = OP_DENSE_BACK;
    ValueId first = block_add(arena, &region->backward, back);
    ValueId second = block_add(arena, &region->backward, back);
    region->backward.result = block_add(arena, &region->backward, node(OP_ADD, first, second, 8));
    Plan *plan = plan_graph(arena, graph);
    assert_null(plan_verify(arena, plan));
    assert_int_equal(plan->regions[0].backward.places[DELTA].beside, -1);
    region->stack = &stack;
    plan = plan_graph(arena, graph);
    Storage *places = plan->regions[0].backward.places;
    assert_null(plan_verify(arena, plan));
    assert_int_equal(places[DELTA].column, 0);
    assert_int_equal(places[DELTA].beside, places[first].group);
    places[first].beside = places[second].group;
    assert_non_null(plan_verify(arena, plan));
    places[first].beside = -1;
    region->backward.nodes.items[first].groups = 2;
    assert_non_null(plan_verify(arena, plan));
}

static void plans_verify_and_fuse(void **state)
{
    (void)state;
    Plan *plan = plan_graph(arena, make_graph());
    const BlockPlan *forward = &plan->regions[0].forward;
    assert_null(plan_verify(arena, plan));
    assert_int_equal(forward->groups.count, 2);
    assert_int_equal(forward->groups.items[0].items.count, 1);
    assert_false(forward->places[1].stored);
    assert_int_equal(forward->places[2].scratch, 0);
    assert_true(forward->places[4].is_result);
    assert_int_equal(plan->regions[0].scratch_rows, 8);
}

static void broken_plans_are_seen(void **state)
{
    (void)state;
    Plan *plan = plan_graph(arena, make_graph());
    plan->regions[0].scratch_rows = 7;
    assert_non_null(plan_verify(arena, plan));
    plan = plan_graph(arena, make_graph());
    plan->regions[0].forward.places[2].scratch = NO_PLACE;
    assert_non_null(plan_verify(arena, plan));
    plan = plan_graph(arena, make_graph());
    Storage *other = &plan->regions[0].forward.places[3];
    other->stored = true;
    other->scratch = 4;
    other->group = other->last = 0;
    plan->regions[0].scratch_rows = 12;
    assert_non_null(plan_verify(arena, plan));
}

/* state → act → dense. Not left to it are long maps, those that it does not read, and those of
 * products that run once for each position. */
static void maps_are_left_to_products(void **state)
{
    (void)state;
    Graph *graph = make_graph();
    Block *block = &graph->regions.items[0].forward;
    block->nodes.count = 1;
    Node map = node(OP_ACT, 0, NO_VALUE, 8);
    map.activation = RN_ACT_RELU;
    ValueId a = block_add(arena, block, map);
    block->result = block_add(arena, block, product(a, 8));
    Plan *plan = plan_graph(arena, graph);
    BlockPlan *forward = &plan->regions[0].forward;
    assert_null(plan_verify(arena, plan));
    assert_int_equal(forward->groups.count, 2);
    assert_true(forward->groups.items[0].made_by_next);
    assert_false(forward->groups.items[1].made_by_next);
    block->nodes.items[a].activation = RN_ACT_TANH;
    assert_non_null(plan_verify(arena, plan));
    plan = plan_graph(arena, graph);
    assert_false(plan->regions[0].forward.groups.items[0].made_by_next);
    block->nodes.items[a].activation = RN_ACT_RELU;
    block->nodes.items[block->result].in[0] = 0;
    plan = plan_graph(arena, graph);
    assert_false(plan->regions[0].forward.groups.items[0].made_by_next);
    block->nodes.items[block->result] = product(a, 8);
    block->nodes.items[block->result].groups = 2;
    plan = plan_graph(arena, graph);
    assert_false(plan->regions[0].forward.groups.items[0].made_by_next);
}

/* product → whole → map of both → product: the first product is there until the map has read it,
 * which it does while the second one writes; so is what is multiplied with the map's values right
 * behind it, lane by lane. */
static void what_such_maps_read_stays(void **state)
{
    (void)state;
    Graph *graph = make_graph();
    Block *block = &graph->regions.items[0].forward;
    block->nodes.count = 1;
    ValueId first = block_add(arena, block, product(0, 8));
    ValueId norm = block_add(arena, block, node(OP_LAYERNORM, first, NO_VALUE, 8));
    ValueId factor = block_add(arena, block, node(OP_LAYERNORM, 0, NO_VALUE, 8));
    ValueId sum = block_add(arena, block, node(OP_ADD, first, norm, 8));
    block_add(arena, block, node(OP_GRAD_SCALAR, factor, sum, 8));
    ValueId last = block_add(arena, block, product(sum, 8));
    block->result = block_add(arena, block, node(OP_LAYERNORM, last, NO_VALUE, 8));
    Plan *plan = plan_graph(arena, graph);
    BlockPlan *forward = &plan->regions[0].forward;
    assert_null(plan_verify(arena, plan));
    Storage *places = forward->places;
    assert_true(forward->groups.items[places[sum].group].made_by_next);
    assert_int_equal(places[first].last, places[last].group);
    assert_int_not_equal(places[first].scratch, places[last].scratch);
    assert_int_equal(places[factor].last, places[last].group);
    places[factor].last--;
    assert_non_null(plan_verify(arena, plan));
    places[factor].last++;
    places[first].last--;
    assert_non_null(plan_verify(arena, plan));
}

/* dense(act(dense(x))) + dense(act(…)) chains: scratch is reused once a value is dead. */
static void scratch_is_reused(void **state)
{
    (void)state;
    Graph *graph = make_graph();
    Block *block = &graph->regions.items[0].forward;
    ValueId x = block->result;
    for (int i = 0; i < 10; i++) {
        x = block_add(arena, block, product(x, 8));
        x = block_add(arena, block, node(OP_ACT, x, NO_VALUE, 8));
    }
    block->result = x;
    assert_null(graph_verify(arena, graph));
    Plan *plan = plan_graph(arena, graph);
    assert_null(plan_verify(arena, plan));
    assert_int_equal(plan->regions[0].scratch_rows, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_graphs_pass),
        cmocka_unit_test(broken_graphs_are_seen),
        cmocka_unit_test(plans_verify_and_fuse),
        cmocka_unit_test(broken_plans_are_seen),
        cmocka_unit_test(deltas_are_transposed_beside_products),
        cmocka_unit_test(maps_are_left_to_products),
        cmocka_unit_test(what_such_maps_read_stays),
        cmocka_unit_test(scratch_is_reused),
        cmocka_unit_test(factors_are_verified),
        cmocka_unit_test(gradients_are_paired),
    };
    return cmocka_run_group_tests(tests, create, destroy);
}
