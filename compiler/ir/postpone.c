/* SPDX-License-Identifier: Apache-2.0
 *
 * One walk finds the scales all of whose users can take them later, a second one writes the block
 * anew.
 */
#include "ir/postpone.h"

typedef struct Postponer {
    Arena *arena;
    const Graph *graph;
    const Block *block;
    bool *postponed;  /* [nodes] a scale that goes behind its users */
    ValueId *renamed; /* [nodes] value of the new block; of a postponed one: its operand's */
    Block made;
} Postponer;

/* A scale of the delta itself, else a map of its own. Behind a product or a map it is part of their
 * group; behind a norm it stays a map. */
static bool is_map(const Block *block, const Node *node)
{
    return node->op == OP_SCALE && op_class(block->nodes.items[node->in[0]].op) == CLASS_SOURCE;
}

static void find_postponed(Postponer *p)
{
    for (uint32_t i = 0; i < p->block->nodes.count; i++) {
        const Node *node = &p->block->nodes.items[i];
        p->postponed[i] = is_map(p->block, node) && p->block->result != (ValueId)i;
        bool later = node->op == OP_DENSE_BACK || graph_takes_factor(p->graph, node);
        for (int k = 0; k < op_operands(node->op); k++) {
            p->postponed[node->in[k]] &= later;
        }
    }
}

/* The node that scales an operand of this one and is postponed, or NULL. */
static const Node *postponed_before(const Postponer *p, const Node *node)
{
    for (int k = 0; k < op_operands(node->op); k++) {
        if (p->postponed[node->in[k]]) {
            return &p->block->nodes.items[node->in[k]];
        }
    }
    return NULL;
}

static void write_node(Postponer *p, ValueId self)
{
    Node node = p->block->nodes.items[self];
    const Node *scale = postponed_before(p, &node);
    for (int k = 0; k < op_operands(node.op); k++) {
        node.in[k] = p->renamed[node.in[k]];
    }
    if (p->postponed[self]) {
        p->renamed[self] = node.in[0];
        return;
    }
    if (scale != NULL && op_class(node.op) == CLASS_BATCH) {
        node.tensor2 = scale->tensor;
    }
    p->renamed[self] = block_add(p->arena, &p->made, node);
    if (scale != NULL && op_class(node.op) == CLASS_PRODUCT) {
        Node after = *scale;
        after.in[0] = p->renamed[self];
        after.rows = node.rows;
        after.n = node.n;
        after.groups = node.groups;
        p->renamed[self] = block_add(p->arena, &p->made, after);
    }
}

static void postpone_in(Arena *arena, const Graph *graph, Block *block)
{
    uint32_t count = block->nodes.count;
    Postponer p = {arena,
                   graph,
                   block,
                   ARENA_ARRAY(arena, bool, count),
                   ARENA_ARRAY(arena, ValueId, count),
                   .made = {.result = NO_VALUE}};
    find_postponed(&p);
    for (uint32_t i = 0; i < count; i++) {
        write_node(&p, (ValueId)i);
    }
    if (block->result != NO_VALUE) {
        p.made.result = p.renamed[block->result];
    }
    *block = p.made;
}

Graph *postpone_scales(Arena *arena, Graph *graph)
{
    for (uint32_t r = 0; graph != NULL && r < graph->regions.count; r++) {
        Region *region = &graph->regions.items[r];
        if (region->has_backward) {
            postpone_in(arena, graph, &region->backward);
        }
    }
    return graph;
}
