/* SPDX-License-Identifier: Apache-2.0
 *
 * --dump=graph: one line a node, stable, fit for FileCheck.
 *
 *     region 1 residual in 30 out 30
 *       forward
 *         %0 = state [30]
 *         %2 = dense %1 residual.dense.weight [30]
 *       forward result %5
 *       backward
 *         %2 = grad_weight %1 %0 residual.dense.weight by residual.alpha [30]
 */
#include "ir/graph.h"

static void print_node(const Graph *graph, const Node *node, uint32_t index, FILE *out)
{
    fprintf(out, "    %%%u = %s", index, op_name(node->op));
    if (node->op == OP_KEPT) {
        fprintf(out, " forward.%%%d", node->in[0]);
    }
    for (int i = 0; i < op_operands(node->op); i++) {
        fprintf(out, " %%%d", node->in[i]);
    }
    if (node->tensor != NO_TENSOR) {
        fprintf(out, " %s", graph->tensors[node->tensor]->name);
    }
    if (node->tensor2 != NO_TENSOR && op_class(node->op) == CLASS_BATCH) {
        fprintf(out, " by %s", graph->tensors[node->tensor2]->name);
    }
    if (node->op == OP_ACT || node->op == OP_ACT_GRAD) {
        static const char *const names[] = {
#define X(tag, name, from) name,
            RN_ACTIVATIONS(X)
#undef X
        };
        fprintf(out, " %s", names[node->activation]);
    }
    fprintf(out, " [%lld", (long long)node->n);
    if (node->groups != 1) {
        fprintf(out, " x %lld", (long long)node->groups);
    }
    fprintf(out, "]\n");
}

static void print_block(const Graph *graph, const Block *block, const char *name, FILE *out)
{
    fprintf(out, "  %s\n", name);
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        print_node(graph, &block->nodes.items[i], i, out);
    }
    if (block->result == NO_VALUE) {
        fprintf(out, "  %s result none\n", name);
    } else {
        fprintf(out, "  %s result %%%d\n", name, block->result);
    }
}

void graph_print(const Graph *graph, FILE *out)
{
    fprintf(out, "graph %s\n", graph->name);
    for (uint32_t i = 0; i < graph->regions.count; i++) {
        const Region *region = &graph->regions.items[i];
        fprintf(out, "region %u %s in %lld out %lld\n", i, region->name ? region->name : "straight",
                (long long)region->in_rows, (long long)region->out_rows);
        print_block(graph, &region->forward, "forward", out);
        if (region->has_backward) {
            print_block(graph, &region->backward, "backward", out);
        }
    }
}
