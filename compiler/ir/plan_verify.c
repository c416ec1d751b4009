/* SPDX-License-Identifier: Apache-2.0
 *
 * Invariants of Plan, found without the allocator: two values that are alive in one group share no
 * rows; everything that is read from memory has a place; offsets are inside their slots; nothing
 * ends with a map that the next group makes; who makes a transposed copy multiplies what it copies.
 */
#include "ir/plan.h"
#include "support/str.h"

static bool share_rows(const Block *block, const BlockPlan *plan, uint32_t a, uint32_t b)
{
    const Storage *x = &plan->places[a], *y = &plan->places[b];
    bool alive = x->group <= y->last && y->group <= x->last;
    return alive && x->scratch < y->scratch + block->nodes.items[b].rows &&
           y->scratch < x->scratch + block->nodes.items[a].rows;
}

static const char *verify_value(Arena *arena, const Block *block, const BlockPlan *plan, uint32_t i,
                                const RegionPlan *region)
{
    const Storage *place = &plan->places[i];
    int64_t rows = block->nodes.items[i].rows;
    if (place->kept != NO_PLACE && place->kept + rows > region->kept_rows) {
        return str_format(arena, "%%%u lies outside the kept slot", i);
    }
    if (place->scratch != NO_PLACE && place->scratch + rows > region->scratch_rows) {
        return str_format(arena, "%%%u lies outside the scratch slot", i);
    }
    bool placed = place->kept != NO_PLACE || place->scratch != NO_PLACE || place->is_result;
    if (place->stored && place->group >= 0 && !placed) {
        return str_format(arena, "%%%u is read from memory but has no place", i);
    }
    for (uint32_t j = 0; place->scratch != NO_PLACE && j < i; j++) {
        if (plan->places[j].scratch != NO_PLACE && share_rows(block, plan, i, j)) {
            return str_format(arena, "%%%u and %%%u overlap", i, j);
        }
    }
    return NULL;
}

/* Sources are made by no group, but may be transposed beside one. */
static const char *verify_copy(Arena *arena, const Block *block, const BlockPlan *plan, uint32_t i)
{
    int32_t group = plan->places[i].beside;
    if (group < 0) {
        return NULL;
    }
    bool inside = (uint32_t)group < plan->groups.count;
    ValueId root = inside ? plan->groups.items[group].root : NO_VALUE;
    const Node *node = root == NO_VALUE ? NULL : &block->nodes.items[root];
    if (node == NULL || !plan_can_transpose(node) || node->in[0] != (ValueId)i ||
        plan->places[i].column == NO_PLACE) {
        return str_format(arena, "%%%u cannot be transposed beside group %d", i, group);
    }
    return NULL;
}

static const char *verify_map(Arena *arena, const Block *block, const BlockPlan *plan,
                              uint32_t number)
{
    if (!plan->groups.items[number].made_by_next) {
        return NULL;
    }
    if (!plan_can_be_made_by_next(block, plan, number)) {
        return str_format(arena, "group %u cannot be made by the next", number);
    }
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        if (plan->places[i].last == (int32_t)number) {
            return str_format(arena, "%%%u ends before group %u is made", i, number);
        }
    }
    return NULL;
}

static const char *verify_block(Arena *arena, const Block *block, const BlockPlan *plan,
                                const RegionPlan *region)
{
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        const char *broken = verify_value(arena, block, plan, i, region);
        broken = broken == NULL ? verify_copy(arena, block, plan, i) : broken;
        if (broken != NULL) {
            return broken;
        }
    }
    for (uint32_t g = 0; g < plan->groups.count; g++) {
        const char *broken = verify_map(arena, block, plan, g);
        if (broken != NULL) {
            return broken;
        }
    }
    return NULL;
}

static const char *verify_pairs(Arena *arena, const Graph *graph, const Block *block,
                                const BlockPlan *plan)
{
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        ValueId other = plan->places[i].partner;
        if (other == NO_VALUE) {
            continue;
        }
        bool inside = other >= 0 && (uint32_t)other < block->nodes.count;
        bool mutual = inside && plan->places[other].partner == (ValueId)i;
        const Node *a = &block->nodes.items[i], *b = &block->nodes.items[mutual ? other : 0];
        if (!mutual || !(plan_can_pair(graph, a, b) || plan_can_pair(graph, b, a))) {
            return str_format(arena, "%%%u cannot be summed with its partner", i);
        }
    }
    return NULL;
}

const char *plan_verify(Arena *arena, const Plan *plan)
{
    for (uint32_t r = 0; r < plan->graph->regions.count; r++) {
        const Region *region = &plan->graph->regions.items[r];
        const RegionPlan *p = &plan->regions[r];
        const char *broken = verify_block(arena, &region->forward, &p->forward, p);
        if (broken == NULL && region->has_backward) {
            broken = verify_block(arena, &region->backward, &p->backward, p);
        }
        if (broken == NULL && region->has_backward) {
            broken = verify_pairs(arena, plan->graph, &region->backward, &p->backward);
        }
        if (broken == NULL && p->remakes) {
            broken = verify_block(arena, &region->forward, &p->remake, p);
        }
        if (broken != NULL) {
            return str_format(arena, "region %u: %s", r, broken);
        }
    }
    return NULL;
}
