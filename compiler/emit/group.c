/* SPDX-License-Identifier: Apache-2.0
 *
 * A group: a product or a map whose element-wise ops become one epilogue function, or one
 * whole-value kernel.
 *
 * The epilogue gets (context, row, lane, value) from the kernel. What it needs from outside
 * (addresses, coefficients) is captured: stored into the context by the caller, loaded from it
 * inside. Kernel and epilogue are always inlined, so that context, pointers and the vector behind
 * `value` all end up in registers.
 *
 * For one sample alone a vector holds rows in place of lanes, `row` is its first one, and tensors
 * with an element for each row are read as vectors.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/str.h"

#include <stdio.h>

typedef struct GroupBuild {
    Emitter *e;
    LayerFrame *frame;
    const Block *block;
    const BlockPlan *plan;
    const Group *group;
    uint32_t number;
    LLVMBuilderRef outer; /* in the region's function; e->builder is inside */
    LLVMValueRef epilogue;
    LLVMValueRef row_base; /* outer: first row of this position, or NULL */
    VEC(LLVMValueRef) captures;
    LLVMValueRef context, row, lane, index;
    LLVMValueRef *registers; /* [nodes] vectors, inside */
} GroupBuild;

/* Runs with the builder of the region's function. */
static LLVMBuilderRef to_outer(GroupBuild *b)
{
    LLVMBuilderRef inside = b->e->builder;
    b->e->builder = b->outer;
    return inside;
}

/* A value of the outer function, seen inside. Slots are 8 bytes. */
static LLVMValueRef capture(GroupBuild *b, LLVMValueRef outer_value, const char *name)
{
    Emitter *e = b->e;
    LLVMValueRef slot = e_i64(e, b->captures.count);
    vec_push(e->arena, &b->captures, outer_value);
    LLVMValueRef p = LLVMBuildInBoundsGEP2(e->builder, e->t_i64, b->context, &slot, 1, "slot");
    return LLVMBuildLoad2(e->builder, LLVMTypeOf(outer_value), p, name);
}

static LLVMValueRef capture_address(GroupBuild *b, ValueId value)
{
    LLVMBuilderRef inside = to_outer(b);
    LLVMValueRef address = emit_address(b->e, b->frame, value);
    b->e->builder = inside;
    return capture(b, address, "base");
}

static LLVMValueRef capture_tensor(GroupBuild *b, int32_t tensor)
{
    LLVMBuilderRef inside = to_outer(b);
    LLVMValueRef address = emit_tensor(b->e, b->frame, tensor);
    b->e->builder = inside;
    return capture(b, address, "tensor");
}

static LLVMValueRef absolute(Emitter *e, LLVMValueRef value)
{
    unsigned id = LLVMLookupIntrinsicID("llvm.fabs", 9);
    LLVMTypeRef type = LLVMTypeOf(value);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, id, &type, 1);
    LLVMTypeRef function_type = LLVMIntrinsicGetType(e->context, id, &type, 1);
    return LLVMBuildCall2(e->builder, function_type, function, &value, 1, "abs");
}

static LLVMValueRef splat(Emitter *e, LLVMValueRef scalar)
{
    LLVMValueRef lane = LLVMBuildInsertElement(e->builder, LLVMGetPoison(e->t_vector), scalar,
                                               LLVMConstInt(e->t_i32, 0, 0), "lane");
    LLVMValueRef mask = LLVMConstNull(LLVMVectorType(e->t_i32, 16));
    return LLVMBuildShuffleVector(e->builder, lane, LLVMGetPoison(e->t_vector), mask, "splat");
}

static LLVMValueRef vector_at(GroupBuild *b, LLVMValueRef base)
{
    return e_offset(b->e, base, b->index, "at");
}

static LLVMValueRef load_vector(GroupBuild *b, LLVMValueRef base)
{
    LLVMValueRef load = LLVMBuildLoad2(b->e->builder, b->e->t_vector, vector_at(b, base), "v");
    LLVMSetAlignment(load, 64);
    return load;
}

/* The operand's vector: from a register of this group, or from memory. */
static LLVMValueRef operand(GroupBuild *b, ValueId value)
{
    if (b->registers[value] == NULL) {
        b->registers[value] = load_vector(b, capture_address(b, value));
    }
    return b->registers[value];
}

/* The tensor's value for this row: rows repeat every n features. */
static LLVMValueRef row_value(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    LLVMValueRef feature = b->row;
    if (node->groups > 1) {
        feature = LLVMBuildURem(e->builder, b->row, e_i64(e, node->n), "feature");
    }
    LLVMValueRef at = e_offset(e, capture_tensor(b, node->tensor), feature, "at");
    return LLVMBuildLoad2(e->builder, e->t_real, at, "of_row");
}

static LLVMValueRef in_memory(GroupBuild *b, LLVMValueRef vector, const char *name)
{
    LLVMValueRef p = LLVMBuildAlloca(b->e->builder, b->e->t_vector, name);
    if (vector != NULL) {
        LLVMBuildStore(b->e->builder, vector, p);
    }
    return p;
}

/* The tensor's values for the elements of a vector. */
static LLVMValueRef row_vector(GroupBuild *b, const Node *node)
{
    if (!b->frame->one) {
        return splat(b->e, row_value(b, node));
    }
    LLVMValueRef y = in_memory(b, NULL, "y");
    LLVMValueRef args[] = {y, capture_tensor(b, node->tensor), b->row, e_i64(b->e, node->n)};
    e_call_kernel(b->e, "rnk_of_rows", args, 4);
    return LLVMBuildLoad2(b->e->builder, b->e->t_vector, y, "of_rows");
}

static LLVMValueRef emit_scale(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    LLVMBuilderRef inside = to_outer(b);
    LLVMValueRef at = emit_tensor(e, b->frame, node->tensor);
    LLVMValueRef factor = LLVMBuildLoad2(e->builder, e->t_real, at, "factor");
    if (e->graph->tensors[node->tensor]->absolute) {
        factor = absolute(e, factor);
    }
    e->builder = inside;
    LLVMValueRef vector = splat(e, capture(b, factor, "factor"));
    return LLVMBuildFMul(e->builder, operand(b, node->in[0]), vector, "scaled");
}

static LLVMValueRef emit_scale_rows(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    LLVMValueRef factor = row_vector(b, node);
    if (e->graph->tensors[node->tensor]->absolute) {
        factor = absolute(e, factor);
    }
    return LLVMBuildFMul(e->builder, operand(b, node->in[0]), factor, "scaled");
}

/* d|a|/da: 1 at 0. */
static LLVMValueRef emit_sign_rows(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    LLVMValueRef negative =
        LLVMBuildFCmp(e->builder, LLVMRealOLT, row_value(b, node), e_real(e, 0), "negative");
    LLVMValueRef sign = LLVMBuildSelect(e->builder, negative, e_real(e, -1), e_real(e, 1), "sign");
    return LLVMBuildFMul(e->builder, operand(b, node->in[0]), splat(e, sign), "signed");
}

static LLVMValueRef emit_activation(GroupBuild *b, const Node *node)
{
    static const char *const tags[] = {
#define X(tag, name, from) #tag,
        RN_ACTIVATIONS(X)
#undef X
    };
    char kernel[64];
    bool gradient = node->op == OP_ACT_GRAD;
    snprintf(kernel, sizeof kernel, "rnk_act_%s%s", gradient ? "grad_" : "",
             tags[node->activation]);
    LLVMValueRef y = in_memory(b, NULL, "y");
    LLVMValueRef args[4] = {y, in_memory(b, operand(b, node->in[0]), "x")};
    unsigned count = 2;
    if (gradient) {
        args[count++] = in_memory(b, operand(b, node->in[1]), "v");
    }
    args[count++] = e_real(b->e, node->number);
    e_call_kernel(b->e, kernel, args, count);
    return LLVMBuildLoad2(b->e->builder, b->e->t_vector, y, "act");
}

static LLVMValueRef emit_dropout(GroupBuild *b, const Node *node)
{
    if (b->frame->one) { /* in prediction only */
        return operand(b, node->in[0]);
    }
    LLVMValueRef y = in_memory(b, NULL, "y");
    LLVMValueRef x = in_memory(b, operand(b, node->in[0]), "x");
    LLVMValueRef args[] = {capture(b, b->frame->pass, "pass"),
                           capture(b, b->frame->tile, "tile"),
                           y,
                           x,
                           e_i64(b->e, node->stream),
                           LLVMConstReal(b->e->t_double, node->number),
                           capture(b, b->frame->layer, "layer"),
                           b->row,
                           b->lane};
    e_call_kernel(b->e, "rnk_dropout", args, 9);
    return LLVMBuildLoad2(b->e->builder, b->e->t_vector, y, "dropped");
}

static LLVMValueRef emit_item(GroupBuild *b, const Node *node, ValueId value)
{
    LLVMBuilderRef builder = b->e->builder;
    switch (node->op) {
    case OP_ADD:
        return LLVMBuildFAdd(builder, operand(b, node->in[0]), operand(b, node->in[1]), "sum");
    case OP_MUL:
        return LLVMBuildFMul(builder, operand(b, node->in[0]), operand(b, node->in[1]), "product");
    case OP_BIAS:
        return LLVMBuildFAdd(builder, operand(b, node->in[0]), row_vector(b, node), "biased");
    case OP_SCALE:
        return emit_scale(b, node);
    case OP_SCALE_ROWS:
        return emit_scale_rows(b, node);
    case OP_SIGN_ROWS:
        return emit_sign_rows(b, node);
    case OP_ACT:
    case OP_ACT_GRAD:
        return emit_activation(b, node);
    case OP_DROPOUT:
        return emit_dropout(b, node);
    default: /* a source or a whole value: its copy */
        return load_vector(b, capture_address(b, value));
    }
}

static void store_vector(GroupBuild *b, LLVMValueRef base, LLVMValueRef vector)
{
    LLVMValueRef p = vector_at(b, capture(b, base, "base"));
    LLVMSetAlignment(LLVMBuildStore(b->e->builder, vector, p), 64);
}

/* To every place that the Plan gives the value. */
static void store_value(GroupBuild *b, ValueId value, LLVMValueRef vector)
{
    const Storage *place = &b->plan->places[value];
    LLVMValueRef result = b->frame->backward ? b->frame->gradient_out : b->frame->next;
    bool copied = op_class(b->block->nodes.items[value].op) == CLASS_SOURCE ||
                  op_class(b->block->nodes.items[value].op) == CLASS_WHOLE;
    if (place->is_result) {
        store_vector(b, result, vector);
    }
    if (!copied && (place->kept != NO_PLACE || place->scratch != NO_PLACE)) {
        LLVMBuilderRef inside = to_outer(b);
        LLVMValueRef base = emit_address(b->e, b->frame, value);
        b->e->builder = inside;
        store_vector(b, base, vector);
    }
}

static void begin_epilogue(GroupBuild *b)
{
    Emitter *e = b->e;
    LLVMTypeRef arguments[] = {e->t_ptr, e->t_i64, e->t_i64, e->t_ptr};
    const char *what = b->frame->backward ? "backward" : b->frame->one ? "one" : "forward";
    char *name =
        str_format(e->arena, "epilogue_%u_%s_%u_%s", b->frame->region, what, b->number, e->isa);
    b->epilogue = e_function(e, name, LLVMFunctionType(e->t_void, arguments, 4, 0));
    unsigned kind = LLVMGetEnumAttributeKindForName("alwaysinline", 12);
    LLVMAddAttributeAtIndex(b->epilogue, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(e->context, kind, 0));
    b->outer = e->builder;
    e->builder = LLVMCreateBuilderInContext(e->context);
    LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(e->context, b->epilogue, "entry");
    LLVMPositionBuilderAtEnd(e->builder, entry);
    b->context = LLVMGetParam(b->epilogue, 0);
    b->row = LLVMGetParam(b->epilogue, 1);
    b->lane = LLVMGetParam(b->epilogue, 2);
}

/* row and index of the epilogue: rows of a position start at row_base. */
static void emit_index(GroupBuild *b)
{
    Emitter *e = b->e;
    if (b->frame->one) {
        b->index = b->row = LLVMBuildAdd(e->builder, b->row, b->lane, "row");
        return;
    }
    if (b->row_base != NULL) {
        b->row = LLVMBuildAdd(e->builder, b->row, capture(b, b->row_base, "row_base"), "row");
    }
    LLVMValueRef width = capture(b, b->frame->width, "width");
    LLVMValueRef first = LLVMBuildMul(e->builder, b->row, width, "first");
    b->index = LLVMBuildAdd(e->builder, first, b->lane, "index");
}

static void emit_epilogue(GroupBuild *b)
{
    begin_epilogue(b);
    emit_index(b);
    Emitter *e = b->e;
    if (b->group->root != NO_VALUE) {
        LLVMValueRef vector =
            LLVMBuildLoad2(e->builder, e->t_vector, LLVMGetParam(b->epilogue, 3), "product");
        LLVMSetAlignment(vector, 64);
        b->registers[b->group->root] = vector;
        if (b->plan->places[b->group->root].stored) {
            store_value(b, b->group->root, vector);
        }
    }
    for (uint32_t i = 0; i < b->group->items.count; i++) {
        ValueId value = b->group->items.items[i];
        b->registers[value] = emit_item(b, &b->block->nodes.items[value], value);
        if (b->plan->places[value].stored) {
            store_value(b, value, b->registers[value]);
        }
    }
    LLVMBuildRetVoid(e->builder);
    LLVMDisposeBuilder(e->builder);
    e->builder = b->outer;
}

/* Memory for `count` slots of 8 bytes, filled; it is taken once, at the function's entry. */
static LLVMValueRef fill_slots(GroupBuild *b, const LLVMValueRef *values, uint32_t count,
                               const char *name)
{
    Emitter *e = b->e;
    LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(b->frame->function);
    LLVMPositionBuilder(e->builder, entry, LLVMGetFirstInstruction(entry));
    LLVMTypeRef type = LLVMArrayType2(e->t_i64, count);
    LLVMValueRef slots = LLVMBuildAlloca(e->builder, type, name);
    LLVMPositionBuilderAtEnd(e->builder, here);
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

/* Not more than a few instructions? */
static bool is_short(const Node *node)
{
    bool simple = node->activation == RN_ACT_RELU || node->activation == RN_ACT_LEAKY_RELU ||
                  node->activation == RN_ACT_LINEAR;
    bool from_output = node->activation == RN_ACT_TANH || node->activation == RN_ACT_SIGMOID;
    return node->op == OP_ACT        ? simple
           : node->op == OP_ACT_GRAD ? simple || from_output
                                     : node->op != OP_DROPOUT;
}

static bool is_long(const GroupBuild *b)
{
    for (uint32_t i = 0; i < b->group->items.count; i++) {
        if (!is_short(&b->block->nodes.items[b->group->items.items[i]])) {
            return true;
        }
    }
    return false;
}

static bool is_first_product(const GroupBuild *b)
{
    for (uint32_t g = 0; g < b->number; g++) {
        ValueId root = b->plan->groups.items[g].root;
        if (root != NO_VALUE && op_class(b->block->nodes.items[root].op) == CLASS_PRODUCT) {
            return false;
        }
    }
    return true;
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

/* RnkAhead: the weights of a layer that comes soon and, once a layer, its kept values and state. A
 * state is written one layer before it is read, hence the further step. */
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
    bool once = region->stack != NULL && is_first_product(b);
    if (once && plan->kept_rows > 0) {
        slots[1] = e_call_kernel(e, "rnk_kept", args, 4);
        slots[4] = tile_bytes(b, plan->kept_rows);
    }
    if (once && plan->keeps_states) {
        args[3] = LLVMBuildAdd(e->builder, next.layer, e_i64(e, !next.backward), "state");
        slots[2] = e_call_kernel(e, "rnk_state", args, 4);
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
                           e_i64(e, is_long(b))};
    e_call_kernel(e, "rnk_dense_one", args, 7);
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
    LLVMValueRef args[] = {b->frame->tile,
                           emit_tensor(e, b->frame, node->tensor),
                           e_i64(e, back ? node->depth : node->n),
                           e_i64(e, back ? node->n : node->depth),
                           position_address(b, x, position, node->depth),
                           b->frame->width,
                           fill_ahead(b, node),
                           b->epilogue,
                           fill_context(b),
                           e_i64(e, is_long(b))};
    e_call_kernel(e, back ? "rnk_dense_back" : "rnk_dense", args, 10);
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
    const Region *region = &e->graph->regions.items[frame->region];
    const RegionPlan *plan = &e->plan->regions[frame->region];
    GroupBuild b = {.e = e, .frame = frame, .number = number};
    b.block = frame->backward ? &region->backward : &region->forward;
    b.plan = frame->backward ? &plan->backward : &plan->forward;
    b.group = &b.plan->groups.items[number];
    b.registers = ARENA_ARRAY(e->arena, LLVMValueRef, b.block->nodes.count);
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
