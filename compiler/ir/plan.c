/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouping, then storage: groups are made in one walk over the nodes; a second walk finds which
 * values cross groups; maps are left to products; rows are then given out first-fit over the groups
 * in which values live.
 */
#include "ir/plan.h"

#include <string.h>

typedef struct Planner {
    Arena *arena;
    const Graph *graph;
    const Block *block;
    BlockPlan *plan;
    const Storage *made; /* [nodes] of the forward pass, whose kept values are there; or NULL */
    const bool *wanted;  /* [nodes] which to make again, then */
} Planner;

static bool is_wanted(const Planner *p, uint32_t value)
{
    return p->wanted == NULL || p->wanted[value];
}

static int32_t new_group(Planner *p, ValueId root, int64_t rows)
{
    Group group = {.root = root, .rows = rows};
    vec_push(p->arena, &p->plan->groups, group);
    return (int32_t)p->plan->groups.count - 1;
}

static bool takes_items(const Planner *p, int32_t group, int64_t rows)
{
    const Group *g = &p->plan->groups.items[group];
    bool fuses =
        g->root == NO_VALUE || op_class(p->block->nodes.items[g->root].op) == CLASS_PRODUCT;
    return fuses && g->rows == rows;
}

/* The group that an element-wise node joins: the latest that makes an operand, if it can take the
 * node; a node of sources alone joins the newest group of its size. */
static int32_t group_for(Planner *p, const Node *node)
{
    int32_t latest = -1;
    for (int k = 0; k < op_operands(node->op); k++) {
        int32_t group = p->plan->places[node->in[k]].group;
        latest = group > latest ? group : latest;
    }
    if (latest < 0) {
        latest = (int32_t)p->plan->groups.count - 1;
    }
    if (latest >= 0 && takes_items(p, latest, node->rows)) {
        return latest;
    }
    return new_group(p, NO_VALUE, node->rows);
}

static void group_nodes(Planner *p)
{
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        const Node *node = &p->block->nodes.items[i];
        Storage *place = &p->plan->places[i];
        *place = (Storage){.group = -1,
                           .last = -1,
                           .kept = NO_PLACE,
                           .scratch = NO_PLACE,
                           .column = NO_PLACE,
                           .beside = -1,
                           .partner = NO_VALUE};
        if (!is_wanted(p, i)) {
            place->stored = true;
            place->kept = p->made[i].kept;
            continue;
        }
        switch (op_class(node->op)) {
        case CLASS_ELEMENT:
            place->group = group_for(p, node);
            vec_push(p->arena, &p->plan->groups.items[place->group].items, (ValueId)i);
            break;
        case CLASS_PRODUCT:
        case CLASS_WHOLE:
            place->group = new_group(p, (ValueId)i, node->rows);
            break;
        case CLASS_SOURCE:
            place->stored = true;
            break;
        case CLASS_BATCH:
            break;
        }
    }
}

static void read_in_group(Planner *p, ValueId value, int32_t group)
{
    Storage *place = &p->plan->places[value];
    place->stored = true;
    place->last = group > place->last ? group : place->last;
}

/* Deltas and dot operands are read right after their own group. */
static void read_by_gradient(Planner *p, const Node *node)
{
    if (node->op == OP_GRAD_SCALAR) {
        int32_t a = p->plan->places[node->in[0]].group, b = p->plan->places[node->in[1]].group;
        read_in_group(p, node->in[0], a > b ? a : b);
        read_in_group(p, node->in[1], a > b ? a : b);
        return;
    }
    ValueId delta = node->in[node->op == OP_GRAD_WEIGHT ? 1 : 0];
    read_in_group(p, delta, p->plan->places[delta].group);
}

static void find_stored(Planner *p)
{
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        const Node *node = &p->block->nodes.items[i];
        int32_t group = p->plan->places[i].group;
        if (!is_wanted(p, i)) {
            continue;
        }
        if (op_class(node->op) == CLASS_BATCH) {
            read_by_gradient(p, node);
            continue;
        }
        for (int k = 0; k < op_operands(node->op); k++) {
            bool whole = op_class(node->op) != CLASS_ELEMENT;
            if (whole || p->plan->places[node->in[k]].group != group) {
                read_in_group(p, node->in[k], group);
            }
        }
    }
}

/* Not more than a few instructions? */
static bool is_short(const Node *node)
{
    bool simple = node->activation == RN_ACT_RELU || node->activation == RN_ACT_LEAKY_RELU ||
                  node->activation == RN_ACT_LINEAR;
    bool from_output = node->activation == RN_ACT_TANH || node->activation == RN_ACT_SIGMOID;
    return node->op == OP_ACT        ? simple
           : node->op == OP_ACT_GRAD ? simple || from_output
                                     : node->op != OP_DROPOUT;
}

bool plan_group_is_short(const Block *block, const Group *group)
{
    for (uint32_t i = 0; i < group->items.count; i++) {
        if (!is_short(&block->nodes.items[group->items.items[i]])) {
            return false;
        }
    }
    return true;
}

bool plan_can_be_made_by_next(const Block *block, const BlockPlan *plan, uint32_t number)
{
    const Group *map = &plan->groups.items[number], *next = map + 1;
    if (map->root != NO_VALUE || number + 1 == plan->groups.count || next->root == NO_VALUE) {
        return false;
    }
    const Node *node = &block->nodes.items[next->root];
    return op_class(node->op) == CLASS_PRODUCT && node->groups == 1 && !is_wide_matrix(node) &&
           plan->places[node->in[0]].group == (int32_t)number && plan_group_is_short(block, map);
}

/* What ends with such a map lives until the product is made: it may be read as late. */
static void leave_maps_to_products(Planner *p)
{
    for (uint32_t g = 0; g < p->plan->groups.count; g++) {
        if (!plan_can_be_made_by_next(p->block, p->plan, g)) {
            continue;
        }
        p->plan->groups.items[g].made_by_next = true;
        for (uint32_t i = 0; i < p->block->nodes.count; i++) {
            Storage *place = &p->plan->places[i];
            if (place->last == (int32_t)g) {
                place->last++;
            }
        }
    }
}

/* A result that no group makes element by element is copied by a group of its own. */
static void place_result(Planner *p)
{
    ValueId result = p->block->result;
    if (result == NO_VALUE) {
        return;
    }
    Storage *place = &p->plan->places[result];
    OpClass class = op_class(p->block->nodes.items[result].op);
    place->is_result = place->stored = true;
    bool copied = class == CLASS_SOURCE || (class == CLASS_WHOLE && place->kept != NO_PLACE);
    if (copied) {
        int32_t group = new_group(p, NO_VALUE, p->block->nodes.items[result].rows);
        vec_push(p->arena, &p->plan->groups.items[group].items, result);
        read_in_group(p, result, group);
    }
}

static bool overlaps_in_time(const Storage *a, const Storage *b)
{
    return a->group <= b->last && b->group <= a->last;
}

/* The lowest rows that no value alive at the same time has. */
static int64_t first_fit(const Planner *p, uint32_t value)
{
    const Storage *place = &p->plan->places[value];
    int64_t rows = p->block->nodes.items[value].rows, row = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < value; i++) {
            const Storage *other = &p->plan->places[i];
            int64_t end = other->scratch + p->block->nodes.items[i].rows;
            if (other->scratch != NO_PLACE && overlaps_in_time(place, other) && row < end &&
                other->scratch < row + rows) {
                row = end;
                moved = true;
            }
        }
    }
    return row;
}

static int64_t place_scratch(Planner *p)
{
    int64_t used = 0;
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        Storage *place = &p->plan->places[i];
        bool elsewhere = place->kept != NO_PLACE || place->is_result || place->group < 0;
        if (!place->stored || elsewhere) {
            continue;
        }
        place->scratch = first_fit(p, i);
        int64_t end = place->scratch + p->block->nodes.items[i].rows;
        used = end > used ? end : used;
    }
    return used;
}

static int64_t align_columns(int64_t columns)
{
    return (columns + DELTA_ALIGN - 1) / DELTA_ALIGN * DELTA_ALIGN;
}

/* Deltas that gradients of wide matrices read stay where they are, if that is scratch. */
static void keep_deltas(Planner *p, RegionPlan *region_plan)
{
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        const Node *node = &p->block->nodes.items[i];
        if (!is_wide_gradient(node)) {
            continue;
        }
        Storage *place = &p->plan->places[node->in[1]];
        if (place->group >= 0 && !place->is_result) {
            place->stays = region_plan->stays = true;
            place->last = INT32_MAX;
        }
    }
}

bool plan_reads_rows(const BlockPlan *plan, const Node *node)
{
    switch (node->op) {
    case OP_GRAD_WEIGHT:
        return is_wide_gradient(node) && plan->places[node->in[1]].stays;
    case OP_GRAD_ROWS:
        return node->groups == 1 && plan->places[node->in[0]].stays;
    default:
        return false;
    }
}

/* Columns of the transposed deltas, and scalars; a delta of several gradients is written once. */
static void place_columns(Planner *p, RegionPlan *region_plan)
{
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        const Node *node = &p->block->nodes.items[i];
        if (op_class(node->op) != CLASS_BATCH || plan_reads_rows(p->plan, node)) {
            continue;
        }
        bool scalar = node->op == OP_GRAD_SCALAR;
        ValueId delta = scalar ? (ValueId)i : node->in[node->op == OP_GRAD_WEIGHT ? 1 : 0];
        Storage *place = &p->plan->places[delta];
        if (place->column != NO_PLACE) {
            continue;
        }
        if (scalar) {
            place->column = region_plan->delta_scalars++;
            continue;
        }
        place->column = region_plan->delta_columns;
        region_plan->delta_columns =
            align_columns(place->column + p->block->nodes.items[delta].rows);
    }
}

bool plan_can_transpose(const Node *node)
{
    return node->op == OP_DENSE_BACK && node->groups == 1 && !is_wide_matrix(node);
}

/* Each delta by the first product that can. */
static void transpose_beside(Planner *p)
{
    for (uint32_t g = 0; g < p->plan->groups.count; g++) {
        ValueId root = p->plan->groups.items[g].root;
        if (root == NO_VALUE || !plan_can_transpose(&p->block->nodes.items[root])) {
            continue;
        }
        Storage *place = &p->plan->places[p->block->nodes.items[root].in[0]];
        if (place->column != NO_PLACE && place->beside < 0) {
            place->beside = (int32_t)g;
        }
    }
}

bool plan_can_pair(const Graph *graph, const Node *weight, const Node *row)
{
    return weight->op == OP_GRAD_WEIGHT && row->op == OP_GRAD_ROWS && !is_wide_gradient(weight) &&
           weight->in[1] == row->in[0] && weight->n == row->n && weight->groups == row->groups &&
           weight->tensor2 == row->tensor2 &&
           graph->tensors[weight->tensor]->shared == graph->tensors[row->tensor]->shared;
}

/* Each matrix takes the first row that has none yet. */
static void pair_gradients(Planner *p)
{
    for (uint32_t w = 0; w < p->block->nodes.count; w++) {
        const Node *weight = &p->block->nodes.items[w];
        for (uint32_t r = 0; r < p->block->nodes.count; r++) {
            Storage *matrix = &p->plan->places[w], *row = &p->plan->places[r];
            if (matrix->partner == NO_VALUE && row->partner == NO_VALUE &&
                plan_can_pair(p->graph, weight, &p->block->nodes.items[r])) {
                matrix->partner = (ValueId)r;
                row->partner = (ValueId)w;
            }
        }
    }
}

/* Rows of the kept slot for the forward values that backward names. */
static void place_kept(RegionPlan *region_plan, const Region *region)
{
    for (uint32_t i = 0; i < region->backward.nodes.count; i++) {
        ValueId value = kept_value(&region->backward.nodes.items[i]);
        if (value == NO_VALUE) {
            continue;
        }
        const Node *node = &region->forward.nodes.items[value];
        Storage *place = &region_plan->forward.places[value];
        if (node->op == OP_STATE) {
            region_plan->keeps_states = true;
        } else if (place->kept == NO_PLACE) {
            place->stored = true;
            place->kept = region_plan->kept_rows;
            region_plan->kept_rows += node->rows;
        }
    }
}

/* Does backward read the state itself, with no gradients of tensors wanted? */
static void find_readers(RegionPlan *region_plan, const Region *region)
{
    for (uint32_t i = 0; i < region->backward.nodes.count; i++) {
        const Node *node = &region->backward.nodes.items[i];
        OpClass class = op_class(node->op);
        int operands = class == CLASS_BATCH || class == CLASS_SOURCE ? 0 : op_operands(node->op);
        for (int k = 0; k < operands; k++) {
            ValueId value = kept_value(&region->backward.nodes.items[node->in[k]]);
            region_plan->reads_states |=
                value != NO_VALUE && region->forward.nodes.items[value].op == OP_STATE;
        }
    }
}

/* Does a gradient read a value of forward that is kept, and no state? */
static bool reads_kept(const Region *region, const Node *gradient)
{
    ValueId value = kept_value(&region->backward.nodes.items[gradient->in[0]]);
    return value != NO_VALUE && region->forward.nodes.items[value].op != OP_STATE;
}

static void find_training(const Graph *graph, RegionPlan *region_plan, const Region *region)
{
    for (uint32_t i = 0; i < region->backward.nodes.count; i++) {
        const Node *node = &region->backward.nodes.items[i];
        if (op_class(node->op) == CLASS_BATCH) {
            bool shared = graph->tensors[node->tensor]->shared;
            region_plan->trained |= !shared;
            region_plan->trained_shared |= shared;
            region_plan->sums_kept |=
                !shared && node->op == OP_GRAD_WEIGHT && reads_kept(region, node);
        }
    }
    for (uint32_t i = 0; i < region->forward.nodes.count; i++) {
        region_plan->lockstep |= region->forward.nodes.items[i].op == OP_BATCHNORM;
    }
}

static Planner begin_block(Arena *arena, const Graph *graph, const Block *block, BlockPlan *plan)
{
    plan->places = ARENA_ARRAY(arena, Storage, block->nodes.count);
    Planner planner = {.arena = arena, .graph = graph, .block = block, .plan = plan};
    group_nodes(&planner);
    find_stored(&planner);
    leave_maps_to_products(&planner);
    return planner;
}

/* Wider states of a segment would leave the caches before they are read. */
enum { MOST_REMADE_ROWS = 127 };

/* Can the node be made again at less cost than its value is written and read back from memory? */
static bool is_cheap(const Node *node)
{
    return op_class(node->op) == CLASS_ELEMENT && node->op != OP_DROPOUT;
}

/* Marks what the result follows from, back to the state and to kept values; false where some of it
 * is not cheap. Operands stand before what they make. */
static bool mark_remade(const Block *forward, const Storage *made, bool *wanted)
{
    if (forward->result == NO_VALUE) {
        return false;
    }
    wanted[forward->result] = true;
    for (int32_t i = forward->result; i >= 0; i--) {
        const Node *node = &forward->nodes.items[i];
        if (!wanted[i]) {
            continue;
        }
        if (made[i].kept != NO_PLACE || !is_cheap(node)) {
            return false;
        }
        for (int k = 0; k < op_operands(node->op); k++) {
            ValueId x = node->in[k];
            bool there = op_class(forward->nodes.items[x].op) == CLASS_SOURCE;
            wanted[x] |= !there && made[x].kept == NO_PLACE;
        }
    }
    return true;
}

static void plan_remake(Arena *arena, const Graph *graph, const Region *region, RegionPlan *plan)
{
    uint32_t count = region->forward.nodes.count;
    bool *wanted = ARENA_ARRAY(arena, bool, count);
    if (!plan->keeps_states || region->stack == NULL || region->in_rows > MOST_REMADE_ROWS ||
        !mark_remade(&region->forward, plan->forward.places, wanted)) {
        return;
    }
    plan->remakes = true;
    plan->remake.places = ARENA_ARRAY(arena, Storage, count);
    Planner planner = {arena, graph, &region->forward, &plan->remake, plan->forward.places, wanted};
    group_nodes(&planner);
    find_stored(&planner);
    place_result(&planner);
    int64_t rows = place_scratch(&planner);
    plan->scratch_rows = rows > plan->scratch_rows ? rows : plan->scratch_rows;
}

static void plan_region(Arena *arena, const Graph *graph, const Region *region, RegionPlan *plan)
{
    Planner forward = begin_block(arena, graph, &region->forward, &plan->forward);
    if (region->has_backward) {
        place_kept(plan, region);
    }
    place_result(&forward);
    plan->scratch_rows = place_scratch(&forward);
    if (!region->has_backward) {
        return;
    }
    Planner backward = begin_block(arena, graph, &region->backward, &plan->backward);
    place_result(&backward);
    keep_deltas(&backward, plan);
    int64_t rows = place_scratch(&backward);
    plan->scratch_rows = rows > plan->scratch_rows ? rows : plan->scratch_rows;
    place_columns(&backward, plan);
    if (region->stack != NULL) { /* elsewhere it would be more code than it is worth */
        transpose_beside(&backward);
    }
    pair_gradients(&backward);
    plan_remake(arena, graph, region, plan);
    find_readers(plan, region);
    find_training(graph, plan, region);
}

static void find_tensor_regions(const Graph *graph, int32_t *tensor_region)
{
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        const Block *block = &graph->regions.items[r].forward;
        for (uint32_t i = 0; i < block->nodes.count; i++) {
            const Node *node = &block->nodes.items[i];
            if (node->tensor != NO_TENSOR) {
                tensor_region[node->tensor] = (int32_t)r;
            }
            if (node->tensor2 != NO_TENSOR) {
                tensor_region[node->tensor2] = (int32_t)r;
            }
        }
    }
}

Plan *plan_graph(Arena *arena, const Graph *graph)
{
    if (graph == NULL) {
        return NULL;
    }
    Plan *plan = ARENA_NEW(arena, Plan);
    plan->graph = graph;
    plan->regions = ARENA_ARRAY(arena, RegionPlan, graph->regions.count);
    plan->tensor_region = ARENA_ARRAY(arena, int32_t, graph->tensor_count);
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        plan_region(arena, graph, &graph->regions.items[r], &plan->regions[r]);
    }
    find_tensor_regions(graph, plan->tensor_region);
    return plan;
}
