/* SPDX-License-Identifier: Apache-2.0
 *
 * The epilogue of a group: its element-wise ops on one vector.
 *
 * The epilogue gets (context, row, lane, value) from the kernel. What it needs from outside
 * (addresses, coefficients) is captured: stored into the context by the caller, loaded from it
 * inside. Epilogues are always inlined, the short ones into the kernel, so that context, pointers
 * and the vector behind `value` end up in registers; a long one into a function of its own, since
 * the constants of a tanh, held in registers through the sums of a product, would push those out.
 *
 * For one sample alone a vector holds rows in place of lanes, `row` is its first one, and tensors
 * with an element for each row are read as vectors.
 */
#include "emit/group.h"
#include "support/str.h"

#include <stdio.h>

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

/* May the tensor differ among the networks of a call? A program that is embedded has one. */
static bool may_differ(const GroupBuild *b, const Tensor *tensor)
{
    return !b->e->options->embed && !b->frame->one &&
           rn_may_differ(tensor->role, tensor->rank, tensor->absolute);
}

/* The factor of each lane. */
static LLVMValueRef lane_factors(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    const Tensor *tensor = e->graph->tensors[node->tensor];
    LLVMBuilderRef inside = to_outer(b);
    LLVMValueRef spread = memory_at_entry(b, e->t_vector, "spread");
    LLVMValueRef args[] = {b->frame->pass,
                           b->frame->tile,
                           e_i64(e, node->tensor),
                           b->frame->layer,
                           e_i64(e, tensor->shared ? 0 : 1),
                           spread};
    LLVMValueRef base = e_call_kernel(e, "rnk_factors", args, 6);
    LLVMValueRef differs = LLVMBuildICmp(e->builder, LLVMIntNE, base, spread, "differs");
    LLVMValueRef mask = LLVMBuildSExt(e->builder, differs, e->t_i64, "mask");
    e->builder = inside;
    LLVMValueRef lane = LLVMBuildAnd(e->builder, b->lane, capture(b, mask, "mask"), "lane");
    LLVMValueRef at = e_offset(e, capture(b, base, "factors"), lane, "at");
    LLVMValueRef load = LLVMBuildLoad2(e->builder, e->t_vector, at, "factor");
    LLVMSetAlignment(load, 64);
    return load;
}

LLVMValueRef emit_factor(Emitter *e, const LayerFrame *frame, int32_t tensor)
{
    LLVMValueRef at = emit_tensor(e, frame, tensor);
    LLVMValueRef factor = LLVMBuildLoad2(e->builder, e->t_real, at, "factor");
    return e->graph->tensors[tensor]->absolute ? absolute(e, factor) : factor;
}

static LLVMValueRef emit_scale(GroupBuild *b, const Node *node)
{
    Emitter *e = b->e;
    if (may_differ(b, e->graph->tensors[node->tensor])) {
        LLVMValueRef factors = lane_factors(b, node);
        return LLVMBuildFMul(e->builder, operand(b, node->in[0]), factors, "scaled");
    }
    LLVMBuilderRef inside = to_outer(b);
    LLVMValueRef factor = emit_factor(e, b->frame, node->tensor);
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
    const char *what = b->frame->backward ? "backward"
                       : b->frame->one    ? "one"
                       : b->frame->remake ? "remake"
                                          : "forward";
    char *name =
        str_format(e->arena, "epilogue_%u_%s_%u_%s", b->frame->region, what, b->number, e->isa);
    b->epilogue = e_function(e, name, LLVMFunctionType(e->t_void, arguments, 4, 0));
    e_attribute(e, b->epilogue, LLVMAttributeFunctionIndex, "alwaysinline");
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

void emit_epilogue(GroupBuild *b)
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

LLVMValueRef emit_finish(GroupBuild *b)
{
    Emitter *e = b->e;
    if (plan_group_is_short(b->block, b->group)) {
        return LLVMConstNull(e->t_ptr);
    }
    LLVMTypeRef arguments[] = {e->t_ptr, e->t_i64, e->t_i64, e->t_i64,
                               e->t_i64, e->t_ptr, e->t_i64};
    enum { COUNT = sizeof arguments / sizeof *arguments };
    char *name = str_format(e->arena, "finish_%s", LLVMGetValueName(b->epilogue));
    LLVMValueRef function = e_function(e, name, LLVMFunctionType(e->t_void, arguments, COUNT, 0));
    e_attribute(e, function, LLVMAttributeFunctionIndex, "noinline");
    e_attribute(e, function, 1, "noalias"); /* what it captures stays the same, and in registers */
    b->outer = e->builder;
    e->builder = LLVMCreateBuilderInContext(e->context);
    LLVMPositionBuilderAtEnd(e->builder,
                             LLVMAppendBasicBlockInContext(e->context, function, "entry"));
    LLVMValueRef args[COUNT + 1] = {b->epilogue};
    LLVMGetParams(function, args + 1);
    e_call_kernel(e, "rnk_each", args, COUNT + 1);
    LLVMBuildRetVoid(e->builder);
    LLVMDisposeBuilder(e->builder);
    e->builder = b->outer;
    return function;
}
