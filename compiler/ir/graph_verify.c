/* SPDX-License-Identifier: Apache-2.0
 *
 * Invariants of Graph: operands before users, matching rows, closed blocks, tensors that exist.
 */
#include "ir/graph.h"
#include "support/str.h"

static const char *verify_operands(Arena *arena, const Block *block, uint32_t index)
{
    const Node *node = &block->nodes.items[index];
    for (int i = 0; i < op_operands(node->op); i++) {
        if (node->in[i] < 0 || (uint32_t)node->in[i] >= index) {
            return str_format(arena, "%%%u: operand %d is not defined before it", index, i);
        }
        const Node *operand = &block->nodes.items[node->in[i]];
        if (op_class(operand->op) == CLASS_BATCH) {
            return str_format(arena, "%%%u: operand %d has no value", index, i);
        }
        bool same_rows = op_class(node->op) == CLASS_ELEMENT || op_class(node->op) == CLASS_WHOLE;
        if (same_rows && operand->rows != node->rows) {
            return str_format(arena, "%%%u: operand %d has %lld rows, not %lld", index, i,
                              (long long)operand->rows, (long long)node->rows);
        }
    }
    return NULL;
}

static bool takes_tensor2(const Graph *graph, const Node *node)
{
    if (node->tensor2 == NO_TENSOR) {
        return true;
    }
    if (node->tensor2 < 0 || node->tensor2 >= (int32_t)graph->tensor_count) {
        return false;
    }
    bool is_factor = op_class(node->op) == CLASS_BATCH;
    return !is_factor ||
           (graph->tensors[node->tensor2]->rank == 0 && graph_takes_factor(graph, node));
}

static const char *verify_node(Arena *arena, const Graph *graph, const Region *region,
                               const Block *block, uint32_t index)
{
    const Node *node = &block->nodes.items[index];
    if (node->op <= OP_NONE || node->op >= OP_COUNT) {
        return str_format(arena, "%%%u: no such op", index);
    }
    if (node->rows <= 0 || node->rows != node->n * node->groups) {
        return str_format(arena, "%%%u: rows are not n x groups", index);
    }
    if (node->tensor >= (int32_t)graph->tensor_count) {
        return str_format(arena, "%%%u: no such tensor", index);
    }
    if (!takes_tensor2(graph, node)) {
        return str_format(arena, "%%%u: has a second tensor that it cannot take", index);
    }
    if (node->op == OP_KEPT) {
        bool inside = block == &region->backward && node->in[0] >= 0 &&
                      (uint32_t)node->in[0] < region->forward.nodes.count;
        return inside ? NULL : str_format(arena, "%%%u: keeps no forward value", index);
    }
    if ((node->op == OP_STATE) != (block == &region->forward && index == 0) && index == 0) {
        return node->op == OP_DELTA ? NULL : "a block does not begin with its argument";
    }
    return verify_operands(arena, block, index);
}

static const char *verify_block(Arena *arena, const Graph *graph, const Region *region,
                                const Block *block, int64_t result_rows)
{
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        const char *broken = verify_node(arena, graph, region, block, i);
        if (broken != NULL) {
            return broken;
        }
    }
    if (block->result != NO_VALUE && block->nodes.items[block->result].rows != result_rows) {
        return "a block's result has the wrong size";
    }
    return NULL;
}

const char *graph_verify(Arena *arena, const Graph *graph)
{
    int64_t rows = shape_size(&graph->input);
    for (uint32_t i = 0; i < graph->regions.count; i++) {
        const Region *region = &graph->regions.items[i];
        if (region->in_rows != rows) {
            return str_format(arena, "region %u does not take what comes before it", i);
        }
        rows = region->out_rows;
        const char *broken = verify_block(arena, graph, region, &region->forward, region->out_rows);
        if (broken == NULL && region->has_backward) {
            broken = verify_block(arena, graph, region, &region->backward, region->in_rows);
        }
        if (broken != NULL) {
            return str_format(arena, "region %u: %s", i, broken);
        }
    }
    return rows == shape_size(&graph->output) ? NULL : "the output has the wrong size";
}
