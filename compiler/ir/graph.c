/* SPDX-License-Identifier: Apache-2.0
 *
 * Constructors and accessors of Graph.
 */
#include "ir/graph.h"

typedef struct OpRow {
    const char *name;
    OpClass class;
    int operands;
    const char *kernel;
} OpRow;

static const OpRow rows[OP_COUNT] = {
    [OP_NONE] = {"none", CLASS_SOURCE, 0, ""},
#define O(tag, name, class, operands, kernel) [OP_##tag] = {name, CLASS_##class, operands, kernel},
#include "ir/op.def"
#undef O
};

OpClass op_class(OpKind op)
{
    return rows[op].class;
}

const char *op_name(OpKind op)
{
    return rows[op].name;
}

int op_operands(OpKind op)
{
    return rows[op].operands;
}

const char *op_kernel(OpKind op)
{
    return rows[op].kernel;
}

bool is_wide_matrix(const Node *node)
{
    return node->n >= RN_WIDE_FROM && node->depth >= RN_WIDE_FROM;
}

bool is_wide_gradient(const Node *node)
{
    return node->op == OP_GRAD_WEIGHT && node->groups == 1 && is_wide_matrix(node);
}

bool graph_takes_factor(const Graph *graph, const Node *gradient)
{
    return (gradient->op == OP_GRAD_WEIGHT || gradient->op == OP_GRAD_ROWS) &&
           !graph->tensors[gradient->tensor]->shared && !is_wide_gradient(gradient);
}

ValueId block_add(Arena *arena, Block *block, Node node)
{
    vec_push(arena, &block->nodes, node);
    return (ValueId)(block->nodes.count - 1);
}

int graph_region_of(const Graph *graph, const Stack *stack)
{
    for (uint32_t i = 0; stack != NULL && i < graph->regions.count; i++) {
        if (graph->regions.items[i].stack == stack) {
            return (int)i;
        }
    }
    return -1;
}

const Node *graph_standardize(const Graph *graph)
{
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        const Block *block = &graph->regions.items[r].forward;
        for (uint32_t i = 0; i < block->nodes.count; i++) {
            if (block->nodes.items[i].op == OP_STANDARDIZE) {
                return &block->nodes.items[i];
            }
        }
    }
    return NULL;
}
