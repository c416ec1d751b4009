/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of a region: loops over its layers around one block. Signatures are those of
 * RnRegionCode in runtime/core/program.h.
 */
#include "emit/group.h"
#include "support/str.h"

#include <string.h>

/* Where the region begins in the source: its first op that has a place. */
static Span span_of_region(const Region *region)
{
    for (uint32_t i = 0; i < region->forward.nodes.count; i++) {
        if (region->forward.nodes.items[i].span.end != 0) {
            return region->forward.nodes.items[i].span;
        }
    }
    return (Span){0};
}

static LLVMValueRef begin_function(Emitter *e, uint32_t region, const char *what,
                                   LLVMTypeRef *arguments, unsigned count)
{
    char *name = str_format(e->arena, "region%u_%s_%s", region, what, e->isa);
    LLVMTypeRef type = LLVMFunctionType(e->t_void, arguments, count, 0);
    LLVMValueRef function = e_function(e, name, type);
    LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(e->context, function, "entry");
    LLVMPositionBuilderAtEnd(e->builder, entry);
    const Region *r = &e->graph->regions.items[region];
    const char *known = r->name ? str_format(e->arena, "%s.%s", r->name, what)
                                : str_format(e->arena, "straight%u.%s", region, what);
    debug_function(e, function, known, span_of_region(r));
    return function;
}

static LLVMValueRef address_of_layer(Emitter *e, const LayerFrame *frame, const char *kernel)
{
    LLVMValueRef args[] = {frame->pass, frame->tile, e_i64(e, frame->region), frame->layer};
    return e_call_kernel(e, kernel, args, 4);
}

static LLVMValueRef delta_of_layer(Emitter *e, const LayerFrame *frame)
{
    LLVMValueRef args[] = {frame->pass, e_i64(e, frame->region), frame->layer};
    return e_call_kernel(e, "rnk_delta", args, 3);
}

/* Are states that are made again, or what forward keeps, made in drafts? These leave the caches, so
 * not where backward itself reads such states, and a tile has room for three states, of which two
 * are at work. Objects to embed have no room for the code of drafts in forward. */
static bool has_drafts(const Emitter *e, const LayerFrame *frame)
{
    const RegionPlan *plan = &e->plan->regions[frame->region];
    if (frame->remake) {
        return !plan->reads_states;
    }
    const Region *region = &e->graph->regions.items[frame->region];
    if (frame->backward || frame->one || e->options->embed || region->stack == NULL) {
        return false;
    }
    bool states = plan->keeps_states && !plan->remakes && !plan->reads_states;
    return plan->sums_kept ? plan->kept_rows <= 3 * region->in_rows : states;
}

/* Where there are drafts, are they of kept values? Else of states: a tile has room for one of both.
 */
static bool drafts_kept(const Emitter *e, const LayerFrame *frame)
{
    return !frame->remake && e->plan->regions[frame->region].sums_kept;
}

/* The addresses of a layer, once for all its groups. */
static void find_addresses(Emitter *e, LayerFrame *frame)
{
    const RegionPlan *plan = &e->plan->regions[frame->region];
    bool kept = frame->drafts && drafts_kept(e, frame), draft = frame->drafts && !kept;
    frame->state = address_of_layer(e, frame, draft ? "rnk_draft_state" : "rnk_state");
    if (plan->kept_rows > 0) {
        frame->kept = address_of_layer(e, frame, kept ? "rnk_draft_kept" : "rnk_kept");
    }
    if (!frame->backward) {
        const char *result = frame->remake ? "rnk_draft_next" : "rnk_draft_result";
        frame->next = address_of_layer(e, frame, draft ? result : "rnk_next");
        return;
    }
    frame->delta = delta_of_layer(e, frame);
    if (plan->stays) {
        frame->scratch = address_of_layer(e, frame, "rnk_layer_scratch");
    }
}

static void find_gradients(Emitter *e, LayerFrame *frame)
{
    LLVMValueRef args[] = {frame->tile, frame->turn};
    frame->gradient_in = e_call_kernel(e, "rnk_gradient_in", args, 2);
    frame->gradient_out = e_call_kernel(e, "rnk_gradient_out", args, 2);
}

static LLVMValueRef emit_direction(Emitter *e, LayerFrame frame, const char *what)
{
    LLVMTypeRef arguments[] = {e->t_ptr, e->t_ptr, e->t_i64, e->t_i64};
    LLVMValueRef function = begin_function(e, frame.region, what, arguments, 4);
    frame.function = function;
    frame.drafts = has_drafts(e, &frame);
    frame.pass = LLVMGetParam(function, 0);
    frame.tile = LLVMGetParam(function, 1);
    frame.width = e_call_kernel(e, "rnk_width", &frame.tile, 1);
    frame.scratch = e_call_kernel(e, "rnk_scratch", &frame.tile, 1);
    Loop loop = e_loop_begin(e, function, LLVMGetParam(function, 2), LLVMGetParam(function, 3),
                             frame.backward, "layer");
    frame.layer = loop.index;
    frame.turn = loop.counter;
    find_addresses(e, &frame);
    if (frame.backward) {
        find_gradients(e, &frame);
    }
    emit_block(e, &frame);
    if (frame.drafts) {
        bool kept = drafts_kept(e, &frame);
        address_of_layer(e, &frame, kept ? "rnk_draft_kept_done" : "rnk_draft_done");
    }
    e_loop_end(e, &loop);
    LLVMBuildRetVoid(e->builder);
    return function;
}

static LLVMValueRef tensor_gradient(Emitter *e, const LayerFrame *frame, int32_t tensor)
{
    const Tensor *t = e->graph->tensors[tensor];
    LLVMValueRef args[] = {frame->pass, e_i64(e, tensor), frame->layer,
                           e_i64(e, t->shared ? 0 : tensor_size(t))};
    return e_call_kernel(e, "rnk_tensor_gradient", args, 4);
}

static LLVMValueRef stride_of(Emitter *e, const LayerFrame *frame, const Node *kept)
{
    const Block *forward = &e->graph->regions.items[frame->region].forward;
    bool state = forward->nodes.items[kept->in[0]].op == OP_STATE;
    LLVMValueRef args[] = {frame->pass, e_i64(e, frame->region), frame->layer};
    return e_call_kernel(e, state ? "rnk_state_stride" : "rnk_kept_stride", args, state ? 3 : 2);
}

/* The last arguments of gradients from columns: the factor and, for a matrix, where the sums of its
 * deltas alone go. */
static unsigned emit_ends(Emitter *e, const LayerFrame *frame, ValueId value, LLVMValueRef *args)
{
    const Block *block = &e->graph->regions.items[frame->region].backward;
    const Node *node = &block->nodes.items[value];
    args[0] = node->tensor2 == NO_TENSOR ? e_real(e, 1) : emit_factor(e, frame, node->tensor2);
    if (node->op != OP_GRAD_WEIGHT) {
        return 1;
    }
    ValueId partner = e->plan->regions[frame->region].backward.places[value].partner;
    args[1] = e_i64(e, partner != NO_VALUE);
    args[2] = partner == NO_VALUE ? LLVMConstNull(e->t_ptr)
                                  : tensor_gradient(e, frame, block->nodes.items[partner].tensor);
    return 3;
}

/* `next`: the frame of the next layer. */
static void emit_gradient(Emitter *e, const LayerFrame *frame, const LayerFrame *next,
                          ValueId value)
{
    const Block *block = &e->graph->regions.items[frame->region].backward;
    const RegionPlan *plan = &e->plan->regions[frame->region];
    const Node *node = &block->nodes.items[value];
    bool shared = e->graph->tensors[node->tensor]->shared;
    LLVMValueRef args[17] = {frame->pass};
    unsigned count = 1;
    ValueId delta = node->in[0];
    if (node->op == OP_GRAD_WEIGHT) {
        args[count++] = e_i64(e, node->tensor);
        args[count++] = frame->layer;
        args[count++] = e_i64(e, node->depth);
        delta = node->in[1];
    } else {
        args[count++] = tensor_gradient(e, frame, node->tensor);
    }
    if (node->op == OP_GRAD_SCALAR) {
        args[count++] = emit_tensor(e, frame, node->tensor);
        args[count++] = e_i64(e, e->graph->tensors[node->tensor]->absolute);
        delta = value;
    } else {
        args[count++] = e_i64(e, node->n);
    }
    bool from_rows = plan_reads_rows(&plan->backward, node);
    if (node->op != OP_GRAD_SCALAR && !from_rows) {
        args[count++] = e_i64(e, node->groups);
    }
    if (node->op == OP_GRAD_WEIGHT) {
        args[count++] = emit_address(e, frame, node->in[0]);
        args[count++] = stride_of(e, frame, &block->nodes.items[node->in[0]]);
    }
    if (from_rows) {
        LLVMValueRef pass = frame->pass;
        args[count++] = emit_address(e, frame, delta);
        args[count++] = e_call_kernel(e, "rnk_scratch_stride", &pass, 1);
    } else {
        args[count++] = frame->delta;
        args[count++] = e_i64(e, plan->delta_columns);
        args[count++] = e_i64(e, plan->backward.places[delta].column);
    }
    args[count++] = e_i64(e, shared);
    if (node->op != OP_GRAD_SCALAR && !from_rows) {
        count += emit_ends(e, frame, value, args + count);
    }
    if (node->op == OP_GRAD_WEIGHT && !from_rows) {
        args[count++] = emit_address(e, next, node->in[0]);
        args[count++] = next->delta;
    }
    const char *suffix = from_rows ? "_of_rows" : "";
    char *kernel = str_format(e->arena, "rnk_%s%s", op_kernel(node->op), suffix);
    e_call_kernel(e, kernel, args, count);
}

static void emit_gradients_of_layer(Emitter *e, LayerFrame *frame, bool shared)
{
    const Block *block = &e->graph->regions.items[frame->region].backward;
    LayerFrame next = *frame;
    next.layer = LLVMBuildAdd(e->builder, frame->layer, e_i64(e, 1), "next");
    find_addresses(e, frame);
    find_addresses(e, &next);
    for (uint32_t i = 0; i < block->nodes.count; i++) {
        const Node *node = &block->nodes.items[i];
        ValueId partner = e->plan->regions[frame->region].backward.places[i].partner;
        bool joined = node->op == OP_GRAD_ROWS && partner != NO_VALUE;
        if (op_class(node->op) == CLASS_BATCH && !joined &&
            e->graph->tensors[node->tensor]->shared == shared) {
            emit_gradient(e, frame, &next, (ValueId)i);
        }
    }
}

static LayerFrame gradient_frame(Emitter *e, uint32_t region, LLVMValueRef function)
{
    LayerFrame frame = {.region = region, .backward = true, .function = function};
    frame.pass = LLVMGetParam(function, 0);
    frame.tile = e_call_kernel(e, "rnk_first_tile", &frame.pass, 1);
    frame.width = e_call_kernel(e, "rnk_width", &frame.tile, 1);
    return frame;
}

static LLVMValueRef emit_gradient_function(Emitter *e, uint32_t region)
{
    LLVMTypeRef arguments[] = {e->t_ptr, e->t_i64};
    LLVMValueRef function = begin_function(e, region, "gradient", arguments, 2);
    LayerFrame frame = gradient_frame(e, region, function);
    frame.layer = LLVMGetParam(function, 1);
    emit_gradients_of_layer(e, &frame, false);
    LLVMBuildRetVoid(e->builder);
    return function;
}

static LLVMValueRef emit_shared_function(Emitter *e, uint32_t region)
{
    LLVMTypeRef arguments[] = {e->t_ptr, e->t_i64, e->t_i64};
    LLVMValueRef function = begin_function(e, region, "gradient_shared", arguments, 3);
    LayerFrame frame = gradient_frame(e, region, function);
    Loop loop = e_loop_begin(e, function, LLVMGetParam(function, 1), LLVMGetParam(function, 2),
                             true, "layer");
    frame.layer = loop.index;
    emit_gradients_of_layer(e, &frame, true);
    e_loop_end(e, &loop);
    LLVMBuildRetVoid(e->builder);
    return function;
}

/* Has it a form for one sample alone, to the bits of a tile? */
static bool is_single(const Emitter *e, const Node *node)
{
    switch (node->op) {
    case OP_DENSE:
        return node->groups == 1 && !(e->on_unit && is_wide_matrix(node));
    case OP_BIAS:
    case OP_SCALE_ROWS:
        return node->groups == 1;
    case OP_STATE:
    case OP_ADD:
    case OP_MUL:
    case OP_SCALE:
    case OP_ACT:
    case OP_DROPOUT:
    case OP_STANDARDIZE:
        return true;
    default:
        return false;
    }
}

static bool all_single(const Emitter *e)
{
    const Graph *graph = e->graph;
    for (uint32_t r = 0; r < graph->regions.count; r++) {
        const Block *block = &graph->regions.items[r].forward;
        for (uint32_t i = 0; i < block->nodes.count; i++) {
            if (!is_single(e, &block->nodes.items[i])) {
                return false;
            }
        }
    }
    return true;
}

/* Where small size is what is asked for, the least of several sets does without: it runs a sample
 * alone as a batch of one, slower and to the same bits. */
static bool wants_single(const Emitter *e)
{
    bool least = strcmp(e->isa, core_least(e)) == 0 && strcmp(e->isa, core_best(e)) != 0;
    return all_single(e) && !(e->options->embed && e->options->predict_only && least);
}

RegionFunctions emit_region(Emitter *e, uint32_t region)
{
    const RegionPlan *plan = &e->plan->regions[region];
    const LayerFrame frame = {.region = region};
    RegionFunctions functions = {.forward = emit_direction(e, frame, "forward")};
    bool trains = emit_has(e->graph, e->options, RN_EMBED_TRAINS);
    if (trains && e->graph->regions.items[region].has_backward) {
        LayerFrame backward = {.region = region, .backward = true};
        functions.backward = emit_direction(e, backward, "backward");
    }
    if (trains && plan->remakes) {
        LayerFrame remake = {.region = region, .remake = true};
        functions.remake = emit_direction(e, remake, "remake");
    }
    if (wants_single(e)) {
        LayerFrame one = {.region = region, .one = true};
        functions.forward_one = emit_direction(e, one, "forward_one");
    }
    if (trains && plan->trained) {
        functions.gradient = emit_gradient_function(e, region);
    }
    if (trains && plan->trained_shared) {
        functions.gradient_shared = emit_shared_function(e, region);
    }
    return functions;
}
