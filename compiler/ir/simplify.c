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

static ValueId *simplify_block(Arena *arena, Block *block)
{
    bool *used = ARENA_ARRAY(arena, bool, block->nodes.count);
    ValueId *renumbered = ARENA_ARRAY(arena, ValueId, block->nodes.count);
    mark_used(block, used);
    compact(block, used, renumbered);
    return renumbered;
}

Graph *simplify_graph(Arena *arena, Graph *graph)
{
    if (graph == NULL) {
        return NULL;
    }
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        Region *region = &graph->regions.items[r];
        if (region->has_backward) {
            simplify_block(arena, &region->backward);
        }
        /* Forward values are all used by its result, or by the KEPT nodes that refer to them. */
        ValueId *renumbered = ARENA_ARRAY(arena, ValueId, region->forward.nodes.count);
        bool *used = ARENA_ARRAY(arena, bool, region->forward.nodes.count);
        for (uint32_t i = 0; region->has_backward && i < region->backward.nodes.count; i++) {
            const Node *node = &region->backward.nodes.items[i];
            if (node->op == OP_KEPT) {
                used[node->in[0]] = true;
            }
        }
        mark_used(&region->forward, used);
        compact(&region->forward, used, renumbered);
        for (uint32_t i = 0; region->has_backward && i < region->backward.nodes.count; i++) {
            Node *node = &region->backward.nodes.items[i];
            if (node->op == OP_KEPT) {
                node->in[0] = renumbered[node->in[0]];
            }
        }
    }
    return graph;
}
