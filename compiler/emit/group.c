/* SPDX-License-Identifier: Apache-2.0
 *
 * A group: a product or a map whose element-wise ops become one epilogue function, or one
 * whole-value kernel.
 */
#include "emit/group.h"
#include "support/str.h"

#include <stdio.h>

static GroupBuild begin_group(Emitter *e, LayerFrame *frame, uint32_t number)
{
    GroupBuild b = {.e = e, .frame = frame, .number = number};
    b.block = frame_block(e, frame);
    b.plan = frame_plan(e, frame);
    b.group = &b.plan->groups.items[number];
    b.registers = ARENA_ARRAY(e->arena, LLVMValueRef, b.block->nodes.count);
    return b;
}

LLVMValueRef memory_at_entry(GroupBuild *b, LLVMTypeRef type, const char *name)
{
    Emitter *e = b->e;
    LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(b->frame->function);
    LLVMPositionBuilder(e->builder, entry, LLVMGetFirstInstruction(entry));
    LLVMValueRef memory = LLVMBuildAlloca(e->builder, type, name);
    LLVMPositionBuilderAtEnd(e->builder, here);
    return memory;
}

/* Memory for `count` slots of 8 bytes, filled. */
static LLVMValueRef fill_slots(GroupBuild *b, const LLVMValueRef *values, uint32_t count,
                               const char *name)
{
    Emitter *e = b->e;
    LLVMValueRef slots = memory_at_entry(b, LLVMArrayType2(e->t_i64, count), name);
    for (uint32_t i = 0; i < count; i++) {
        LLVMValueRef slot = e_i64(e, i);
        LLVMValueRef p = LLVMBuildInBoundsGEP2(e->builder, e->t_i64, slots, &slot, 1, "slot");
        LLVMBuildStore(e->builder, values[i], p);
    }
    return slots;
}

static LLVMValueRef fill_context(GroupBuild *b)
{
    return fill_slots(b, b->captures.items, b->captures.count, "context");
}

static void call_map(GroupBuild *b)
{
    emit_epilogue(b);
    int64_t vectors = (b->group->rows + LANES - 1) / LANES;
    bool one = b->frame->one; /* then as one row of so many lanes */
    LLVMValueRef args[] = {e_i64(b->e, one ? 1 : b->group->rows),
                           one ? e_i64(b->e, vectors * LANES) : b->frame->width, b->epilogue,
                           fill_context(b)};
    e_call_kernel(b->e, "rnk_map", args, 4);
}

/* Rows of position `position` of an operand with n features a position. */
static LLVMValueRef position_address(GroupBuild *b, LLVMValueRef base, LLVMValueRef position,
                                     int64_t n)
{
    if (position == NULL) {
        return base;
    }
    Emitter *e = b->e;
    LLVMValueRef row = LLVMBuildMul(e->builder, position, e_i64(e, n), "row");
    return e_offset(e, base, LLVMBuildMul(e->builder, row, b->frame->width, "index"), "position");
}

/* Is there a product among the block's groups first … last − 1? */
static bool has_product(const GroupBuild *b, uint32_t first, uint32_t last)
{
    for (uint32_t g = first; g < last; g++) {
        ValueId root = b->plan->groups.items[g].root;
        if (root != NO_VALUE && op_class(b->block->nodes.items[root].op) == CLASS_PRODUCT) {
            return true;
        }
    }
    return false;
}

static int64_t real_size(const Emitter *e)
{
    return e->graph->is_double ? 8 : 4;
}

static LLVMValueRef tile_bytes(GroupBuild *b, int64_t rows)
{
    int64_t bytes = rows * real_size(b->e);
    return LLVMBuildMul(b->e->builder, b->frame->width, e_i64(b->e, bytes), "bytes");
}

/* How many layers ahead to fetch: far enough that memory answers before the layer comes. */
static int64_t layers_ahead(const Node *node)
{
    enum { SMALL = 2048, MOST = 4 };
    int64_t weights = node->n * node->depth;
    return weights >= SMALL ? 1 : weights >= SMALL / MOST ? 2 : MOST;
}

/* RnkAhead: the weights of a layer that comes soon and, once a layer, its kept values with the
 * first product and its state with the last: what backward reads and forward writes, but for
 * prediction alone, which has all of them in one place or two. A state is written one layer before
 * it is read. */
static LLVMValueRef fill_ahead(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    const Region *region = &e->graph->regions.items[b->frame->region];
    const RegionPlan *plan = &e->plan->regions[b->frame->region];
    LLVMValueRef none = e_i64(e, 0), slots[6] = {none, none, none, none, none, none};
    LayerFrame next = *b->frame;
    int64_t ahead = layers_ahead(node);
    next.layer =
        LLVMBuildAdd(e->builder, next.layer, e_i64(e, next.backward ? -ahead : ahead), "next");
    const Tensor *weight = e->graph->tensors[node->tensor];
    /* more than that would push out what this layer needs */
    bool fits = tensor_size(weight) * real_size(e) <= 256 * 1024;
    if (region->stack != NULL && !weight->shared && fits) {
        slots[0] = emit_tensor(e, &next, node->tensor);
        slots[3] = e_i64(e, tensor_size(weight) * real_size(e));
    }
    LLVMValueRef args[] = {next.pass, next.tile, e_i64(e, next.region), next.layer};
    bool trains = emit_has(e->graph, e->options, RN_EMBED_TRAINS);
    bool written = region->stack != NULL && trains;
    bool first = written && !has_product(b, 0, b->number);
    bool last = written && !has_product(b, b->number + 1, b->plan->groups.count);
    if (first && plan->kept_rows > 0) {
        bool far = next.backward && plan->remakes; /* the segment's own have just been read */
        const char *kept = next.drafts && plan->sums_kept ? "rnk_draft_kept" : "rnk_kept";
        slots[1] = e_call_kernel(e, far ? "rnk_kept_before" : kept, args, 4);
        slots[4] = tile_bytes(b, plan->kept_rows);
    }
    if (last && plan->keeps_states && !plan->remakes) {
        args[3] = LLVMBuildAdd(e->builder, next.layer, e_i64(e, !next.backward), "state");
        bool draft = next.drafts && !plan->sums_kept;
        slots[2] = e_call_kernel(e, draft ? "rnk_draft_state" : "rnk_state", args, 4);
        slots[5] = tile_bytes(b, region->in_rows);
    }
    return fill_slots(b, slots, 6, "ahead");
}

static void call_product_one(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    emit_epilogue(b);
    LLVMValueRef args[] = {emit_tensor(e, b->frame, node->tensor),
                           e_i64(e, node->n),
                           e_i64(e, node->depth),
                           emit_address(e, b->frame, node->in[0]),
                           b->epilogue,
                           fill_context(b),
                           e_i64(e, !plan_group_is_short(b->block, b->group))};
    e_call_kernel(e, "rnk_dense_one", args, 7);
}

/* RnkCopy of what the group's product, one of backward, multiplies; or null. */
static LLVMValueRef fill_copy(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    const Storage *place = &b->plan->places[node->in[0]];
    if (place->beside != (int32_t)b->number) {
        return LLVMConstNull(e->t_ptr);
    }
    int64_t columns = e->plan->regions[b->frame->region].delta_columns;
    LLVMValueRef slots[] = {emit_address(e, b->frame, node->in[0]),
                            e_i64(e, node->depth),
                            b->frame->width,
                            b->frame->delta,
                            e_i64(e, columns),
                            e_i64(e, place->column)};
    return fill_slots(b, slots, 6, "copy");
}

static void call_product(GroupBuild *b, const Node *node, LLVMValueRef position)
{
    if (b->frame->one) {
        call_product_one(b, node);
        return;
    }
    Emitter *e = b->e;
    b->row_base = NULL;
    if (position != NULL) {
        b->row_base = LLVMBuildMul(e->builder, position, e_i64(e, node->n), "row_base");
    }
    emit_epilogue(b);
    bool back = node->op == OP_DENSE_BACK;
    LLVMValueRef x = emit_address(e, b->frame, node->in[0]);
    LLVMValueRef map = LLVMConstNull(e->t_ptr), map_context = map;
    if (b->number > 0 && frame_leaves(e, b->frame, b->number - 1)) {
        GroupBuild left = begin_group(e, b->frame, b->number - 1);
        emit_epilogue(&left);
        map = left.epilogue;
        map_context = fill_context(&left);
    }
    LLVMValueRef args[] = {b->frame->tile,
                           emit_tensor(e, b->frame, node->tensor),
                           e_i64(e, back ? node->depth : node->n),
                           e_i64(e, back ? node->n : node->depth),
                           position_address(b, x, position, node->depth),
                           b->frame->width,
                           fill_ahead(b, node),
                           b->epilogue,
                           emit_finish(b),
                           fill_context(b),
                           map,
                           map_context,
                           fill_copy(b, node)};
    e_call_kernel(e, back ? "rnk_dense_back" : "rnk_dense", args, back ? 13 : 12);
}

/* Kernels of whole values take: what they need of pass and tile, x (and d), y, sizes, tensors. */
static void call_whole(GroupBuild *b, const Node *node, LLVMValueRef position)
{
    Emitter *e = b->e;
    LayerFrame *frame = b->frame;
    LLVMValueRef args[10];
    unsigned count = 0;
    bool one = frame->one; /* standardize */
    bool batch = node->op == OP_BATCHNORM || node->op == OP_BATCHNORM_BACK;
    bool norm = batch || node->op == OP_LAYERNORM || node->op == OP_LAYERNORM_BACK ||
                node->op == OP_RMSNORM || node->op == OP_RMSNORM_BACK;
    if (batch || (node->op == OP_STANDARDIZE && !one)) {
        args[count++] = frame->pass;
        args[count++] = frame->tile;
    }
    for (int k = 0; k < op_operands(node->op); k++) {
        LLVMValueRef x = emit_address(e, frame, node->in[k]);
        args[count++] = position_address(b, x, position, node->n);
    }
    LLVMValueRef y = emit_address(e, frame, b->group->root);
    args[count++] = position_address(b, y, position, node->n);
    args[count++] = e_i64(e, position ? node->n : norm ? node->n : node->rows);
    if (norm) {
        args[count++] = e_i64(e, node->groups);
    }
    if (!one) {
        args[count++] = frame->width;
    }
    if (node->tensor != NO_TENSOR && node->op != OP_BATCHNORM_BACK) {
        args[count++] = emit_tensor(e, frame, node->tensor);
    }
    if (node->tensor2 != NO_TENSOR) {
        args[count++] = emit_tensor(e, frame, node->tensor2);
    }
    if (node->op == OP_HOUSEHOLDER || node->op == OP_HOUSEHOLDER_BACK) {
        args[count++] = e_i64(e, e->graph->tensors[node->tensor]->dims[0]);
    }
    char kernel[64];
    snprintf(kernel, sizeof kernel, "rnk_%s%s", op_kernel(node->op), one ? "_one" : "");
    e_call_kernel(e, kernel, args, count);
}

/* Filters and products work on the last axis: once for each position. */
static bool by_position(const Node *node)
{
    switch (node->op) {
    case OP_DENSE:
    case OP_DENSE_BACK:
    case OP_CYCLE:
    case OP_CYCLE_BACK:
    case OP_HOUSEHOLDER:
    case OP_HOUSEHOLDER_BACK:
    case OP_HADAMARD:
    case OP_HADAMARD_BACK:
        return node->groups > 1;
    default:
        return false;
    }
}

static void call_root(GroupBuild *b, const Node *node, LLVMValueRef position)
{
    if (op_class(node->op) == CLASS_PRODUCT) {
        call_product(b, node, position);
    } else {
        call_whole(b, node, position);
    }
}

void emit_group(Emitter *e, LayerFrame *frame, uint32_t number)
{
    GroupBuild b = begin_group(e, frame, number);
    if (b.group->root == NO_VALUE) {
        call_map(&b);
        return;
    }
    const Node *node = &b.block->nodes.items[b.group->root];
    e_place(e, node->span);
    if (!by_position(node)) {
        call_root(&b, node, NULL);
        return;
    }
    Loop loop =
        e_loop_begin(e, frame->function, e_i64(e, 0), e_i64(e, node->groups), false, "position");
    call_root(&b, node, loop.index);
    e_loop_end(e, &loop);
}
