/* SPDX-License-Identifier: Apache-2.0
 *
 * One layer of one block: its groups in order, and after each the transposed copies of the deltas
 * that the gradients of weights will read, where no group makes them.
 */
#include "emit/group.h"
#include "support/bug.h"

static const Region *region_of(const Emitter *e, const LayerFrame *frame)
{
    return &e->graph->regions.items[frame->region];
}

const Block *frame_block(const Emitter *e, const LayerFrame *frame)
{
    const Region *region = region_of(e, frame);
    return frame->backward ? &region->backward : &region->forward;
}

const BlockPlan *frame_plan(const Emitter *e, const LayerFrame *frame)
{
    const RegionPlan *plan = &e->plan->regions[frame->region];
    return frame->backward ? &plan->backward : frame->remake ? &plan->remake : &plan->forward;
}

bool frame_leaves(const Emitter *e, const LayerFrame *frame, uint32_t group)
{
    return !frame->one && frame_plan(e, frame)->groups.items[group].made_by_next;
}

/* base + row · width. */
static LLVMValueRef row_address(Emitter *e, const LayerFrame *frame, LLVMValueRef base, int64_t row)
{
    if (row == 0) {
        return base;
    }
    LLVMValueRef index = LLVMBuildMul(e->builder, e_i64(e, row), frame->width, "row");
    return e_offset(e, base, index, "value");
}

static LLVMValueRef kept_address(Emitter *e, const LayerFrame *frame, ValueId forward)
{
    const Node *node = &region_of(e, frame)->forward.nodes.items[forward];
    if (node->op == OP_STATE) {
        return frame->state;
    }
    int64_t row = e->plan->regions[frame->region].forward.places[forward].kept;
    return row_address(e, frame, frame->kept, row);
}

LLVMValueRef emit_address(Emitter *e, const LayerFrame *frame, ValueId value)
{
    const Node *node = &frame_block(e, frame)->nodes.items[value];
    const Storage *place = &frame_plan(e, frame)->places[value];
    switch (node->op) {
    case OP_STATE:
        return frame->state;
    case OP_DELTA:
        return frame->gradient_in;
    case OP_KEPT:
        return kept_address(e, frame, node->in[0]);
    default:
        break;
    }
    if (place->kept != NO_PLACE) {
        return row_address(e, frame, frame->kept, place->kept);
    }
    if (place->is_result) {
        return frame->backward ? frame->gradient_out : frame->next;
    }
    if (place->scratch == NO_PLACE) {
        BUG("emit", "value %d of region %u has no address", value, frame->region);
    }
    return row_address(e, frame, frame->scratch, place->scratch);
}

LLVMValueRef emit_tensor(Emitter *e, const LayerFrame *frame, int32_t tensor)
{
    const Tensor *t = e->graph->tensors[tensor];
    LLVMValueRef args[] = {frame->pass, e_i64(e, tensor), frame->layer,
                           e_i64(e, t->shared ? 0 : tensor_size(t))};
    return e_call_kernel(e, "rnk_tensor", args, 4);
}

static void transpose_delta(Emitter *e, const LayerFrame *frame, ValueId value)
{
    int64_t column = frame_plan(e, frame)->places[value].column;
    int64_t columns = e->plan->regions[frame->region].delta_columns;
    int64_t rows = frame_block(e, frame)->nodes.items[value].rows;
    LLVMValueRef args[] = {frame->tile,     emit_address(e, frame, value),
                           e_i64(e, rows),  frame->width,
                           frame->delta,    e_i64(e, columns),
                           e_i64(e, column)};
    e_call_kernel(e, "rnk_transpose_padded", args, 7);
}

static void dot_scalar(Emitter *e, const LayerFrame *frame, ValueId value)
{
    const Node *node = &frame_block(e, frame)->nodes.items[value];
    int64_t columns = e->plan->regions[frame->region].delta_columns;
    LLVMValueRef args[] = {frame->pass,
                           frame->tile,
                           emit_address(e, frame, node->in[0]),
                           emit_address(e, frame, node->in[1]),
                           e_i64(e, frame_block(e, frame)->nodes.items[node->in[0]].rows),
                           frame->width,
                           frame->delta,
                           e_i64(e, columns),
                           e_i64(e, frame_plan(e, frame)->places[value].column)};
    e_call_kernel(e, "rnk_dot", args, 9);
}

/* What has become complete with this group (-1: the sources) and is wanted transposed. */
static void emit_deltas(Emitter *e, const LayerFrame *frame, int32_t group)
{
    const Block *block = frame_block(e, frame);
    const BlockPlan *plan = frame_plan(e, frame);
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        const Node *node = &block->nodes.items[i];
        if (plan->places[i].column == NO_PLACE) {
            continue;
        }
        if (node->op == OP_GRAD_SCALAR) {
            int32_t a = plan->places[node->in[0]].group, b = plan->places[node->in[1]].group;
            if ((a > b ? a : b) == group) {
                dot_scalar(e, frame, (ValueId)i);
            }
        } else if (plan->places[i].group == group && plan->places[i].beside < 0) {
            transpose_delta(e, frame, (ValueId)i);
        }
    }
}

void emit_block(Emitter *e, LayerFrame *frame)
{
    emit_deltas(e, frame, -1);
    for (uint32_t g = 0; g < frame_plan(e, frame)->groups.count; g++) {
        if (frame_leaves(e, frame, g)) {
            continue;
        }
        emit_group(e, frame, g);
        if (g > 0 && frame_leaves(e, frame, g - 1)) {
            emit_deltas(e, frame, (int32_t)g - 1);
        }
        emit_deltas(e, frame, (int32_t)g);
    }
}
