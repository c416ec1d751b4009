/* SPDX-License-Identifier: Apache-2.0
 *
 * --dump=plan: one line a group and one a stored value, for people and FileCheck.
 */
#include "ir/plan.h"

static void print_value(const Block *block, const Storage *place, ValueId value, FILE *out)
{
    const Node *node = &block->nodes.items[value];
    fprintf(out, "      %%%d %s rows %lld", value, op_name(node->op), (long long)node->rows);
    if (place->kept != NO_PLACE) {
        fprintf(out, " kept %lld", (long long)place->kept);
    }
    if (place->scratch != NO_PLACE) {
        fprintf(out, " scratch %lld", (long long)place->scratch);
    }
    if (place->stays) {
        fprintf(out, " stays");
    }
    if (place->column != NO_PLACE) {
        fprintf(out, " column %lld", (long long)place->column);
    }
    if (place->beside >= 0) {
        fprintf(out, " beside group %d", place->beside);
    }
    fprintf(out, "%s%s\n", place->is_result ? " result" : "", place->stored ? "" : " register");
}

static void print_block(const Block *block, const BlockPlan *plan, const char *name, FILE *out)
{
    fprintf(out, "  %s\n", name);
    for (uint32_t g = 0; g < plan->groups.count; g++) {
        const Group *group = &plan->groups.items[g];
        fprintf(out, "    group %u %s%s\n", g,
                group->root == NO_VALUE ? "map" : op_name(block->nodes.items[group->root].op),
                group->made_by_next ? ", made by the next" : "");
        if (group->root != NO_VALUE) {
            print_value(block, &plan->places[group->root], group->root, out);
        }
        for (uint32_t i = 0; i < group->items.count; i++) {
            ValueId value = group->items.items[i];
            print_value(block, &plan->places[value], value, out);
        }
    }
}

/* Gradients that are summed together. */
static void print_pairs(const Block *block, const BlockPlan *plan, FILE *out)
{
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        if (block->nodes.items[i].op == OP_GRAD_WEIGHT && plan->places[i].partner != NO_VALUE) {
            fprintf(out, "    %%%u with %%%d\n", i, plan->places[i].partner);
        }
    }
}

void plan_print(const Plan *plan, FILE *out)
{
    for (uint32_t r = 0; r < plan->graph->regions.count; r++) {
        const Region *region = &plan->graph->regions.items[r];
        const RegionPlan *p = &plan->regions[r];
        fprintf(out, "region %u %s kept %lld scratch %lld deltas %lld scalars %lld%s%s%s%s\n", r,
                region->name ? region->name : "straight", (long long)p->kept_rows,
                (long long)p->scratch_rows, (long long)p->delta_columns,
                (long long)p->delta_scalars,
                !p->keeps_states ? ""
                : p->remakes     ? " states-remade"
                                 : " states",
                p->lockstep ? " lockstep" : "", p->trained ? " trained" : "",
                p->trained_shared ? " trained-shared" : "");
        print_block(&region->forward, &p->forward, "forward", out);
        if (region->has_backward) {
            print_block(&region->backward, &p->backward, "backward", out);
            print_pairs(&region->backward, &p->backward, out);
        }
        if (p->remakes) {
            print_block(&region->forward, &p->remake, "remake", out);
        }
    }
}
