/* SPDX-License-Identifier: Apache-2.0
 *
 * Dead nodes go; the rest keeps its order. Fusion is not done here: the Plan groups nodes without
 * changing them.
 */
#include "ir/simplify.h"

static void mark_used(const Block *block, bool *used)
{
    used[0] = true;
    if (block->result != NO_VALUE) {
        used[block->result] = true;
    }
    for (uint32_t i = block->nodes.count; i-- > 0;) {
        const Node *node = &block->nodes.items[i];
        used[i] |= op_class(node->op) == CLASS_BATCH;
        for (int k = 0; used[i] && k < op_operands(node->op); k++) {
            used[node->in[k]] = true;
        }
    }
}

/* Drops unused nodes; renumbered[i] is the new number of node i. */
static void compact(Block *block, const bool *used, ValueId *renumbered)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        renumbered[i] = used[i] ? (ValueId)count : NO_VALUE;
        if (!used[i]) {
            continue;
        }
        Node node = block->nodes.items[i];
        for (int k = 0; k < op_operands(node.op); k++) {
            node.in[k] = renumbered[node.in[k]];
        }
        block->nodes.items[count++] = node;
    }
    block->nodes.count = count;
    if (block->result != NO_VALUE) {
        block->result = renumbered[block->result];
    }
}

static void simplify_backward(Arena *arena, Block *backward)
{
    bool *used = ARENA_ARRAY(arena, bool, backward->nodes.count);
    mark_used(backward, used);
    compact(backward, used, ARENA_ARRAY(arena, ValueId, backward->nodes.count));
}

/* A forward value is of use to the result, or to the KEPT nodes that name it. */
static void simplify_forward(Arena *arena, Block *forward, Block *backward)
{
    bool *used = ARENA_ARRAY(arena, bool, forward->nodes.count);
    ValueId *renumbered = ARENA_ARRAY(arena, ValueId, forward->nodes.count);
    for (uint32_t i = 0; i < backward->nodes.count; i++) {
        if (backward->nodes.items[i].op == OP_KEPT) {
            used[backward->nodes.items[i].in[0]] = true;
        }
    }
    mark_used(forward, used);
    compact(forward, used, renumbered);
    for (uint32_t i = 0; i < backward->nodes.count; i++) {
        Node *node = &backward->nodes.items[i];
        if (node->op == OP_KEPT) {
            node->in[0] = renumbered[node->in[0]];
        }
    }
}

Graph *simplify_graph(Arena *arena, Graph *graph)
{
    if (graph == NULL) {
        return NULL;
    }
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        Region *region = &graph->regions.items[r];
        if (region->has_backward) {
            simplify_backward(arena, &region->backward);
        }
        simplify_forward(arena, &region->forward, &region->backward);
    }
    return graph;
}
