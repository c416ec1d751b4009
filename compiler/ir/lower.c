/* SPDX-License-Identifier: Apache-2.0
 *
 * Model to Graph: every layer as ops, every stack as one region. The only file of ir/ that sees
 * the Model.
 */
#include "ir/lower.h"

typedef struct Lowering {
    Arena *arena;
    Graph *graph;
    Block *block; /* the forward block being built */
} Lowering;

static ValueId lower_layer(Lowering *low, const Layer *layer, ValueId x);

static int64_t last_dim(const Shape *shape)
{
    return shape->dim[shape->rank - 1];
}

/* A node whose result has the layer's output shape, seen as positions × last axis. */
static Node node_of_shape(OpKind op, Span span, const Shape *shape, ValueId a, ValueId b)
{
    int64_t n = last_dim(shape), rows = shape_size(shape);
    return (Node){.op = op,
                  .span = span,
                  .in = {a, b},
                  .rows = rows,
                  .n = n,
                  .groups = rows / n,
                  .tensor = NO_TENSOR,
                  .tensor2 = NO_TENSOR};
}

static ValueId add_tensor_op(Lowering *low, OpKind op, const Layer *layer, const Tensor *tensor,
                             ValueId x)
{
    Node node = node_of_shape(op, layer->span, &layer->out, x, NO_VALUE);
    node.tensor = tensor->index;
    return block_add(low->arena, low->block, node);
}

static ValueId lower_dense(Lowering *low, const Layer *layer, ValueId x)
{
    Node node = node_of_shape(OP_DENSE, layer->span, &layer->out, x, NO_VALUE);
    node.tensor = layer->tensors[0]->index;
    node.depth = last_dim(&layer->in);
    ValueId y = block_add(low->arena, low->block, node);
    return layer->tensors[1] ? add_tensor_op(low, OP_BIAS, layer, layer->tensors[1], y) : y;
}

/* A norm is its normalisation, then gain and bias as element-wise ops. */
static ValueId lower_norm(Lowering *low, OpKind op, const Layer *layer, ValueId x)
{
    Node node = node_of_shape(op, layer->span, &layer->out, x, NO_VALUE);
    if (op == OP_BATCHNORM) {
        node.tensor = layer->tensors[2]->index;
        node.tensor2 = layer->tensors[3]->index;
    }
    ValueId y = block_add(low->arena, low->block, node);
    y = add_tensor_op(low, OP_SCALE_ROWS, layer, layer->tensors[0], y);
    return layer->tensors[1] ? add_tensor_op(low, OP_BIAS, layer, layer->tensors[1], y) : y;
}

static ValueId lower_standardize(Lowering *low, const Layer *layer, ValueId x)
{
    Node node = node_of_shape(OP_STANDARDIZE, layer->span, &layer->out, x, NO_VALUE);
    node.n = node.rows;
    node.groups = 1;
    node.tensor = layer->tensors[0]->index;
    node.tensor2 = layer->tensors[1]->index;
    return block_add(low->arena, low->block, node);
}

static ValueId lower_permute(Lowering *low, const Layer *layer, ValueId x)
{
    Node node = node_of_shape(OP_PERMUTE, layer->span, &layer->out, x, NO_VALUE);
    node.tensor = layer->tensors[0]->index;
    return block_add(low->arena, low->block, node);
}

static ValueId lower_dropout(Lowering *low, const Layer *layer, ValueId x)
{
    Node node = node_of_shape(OP_DROPOUT, layer->span, &layer->out, x, NO_VALUE);
    node.number = layer->number;
    node.stream = (int32_t)low->graph->streams.count;
    vec_push(low->arena, &low->graph->streams, layer->stream);
    return block_add(low->arena, low->block, node);
}

static ValueId lower_activation(Lowering *low, const Layer *layer, ValueId x)
{
    if (layer->activation == RN_ACT_LINEAR) {
        return x;
    }
    Node node = node_of_shape(OP_ACT, layer->span, &layer->out, x, NO_VALUE);
    node.activation = layer->activation;
    node.number = layer->number;
    return block_add(low->arena, low->block, node);
}

static ValueId lower_sequence(Lowering *low, const Layer *layer, ValueId x)
{
    for (const Layer *part = layer->first; part != NULL; part = part->next) {
        x = lower_layer(low, part, x);
    }
    return x;
}

static ValueId lower_sum(Lowering *low, const Layer *layer, ValueId x)
{
    ValueId total = lower_layer(low, layer->first, x);
    for (const Layer *part = layer->first->next; part != NULL; part = part->next) {
        ValueId term = lower_layer(low, part, x);
        total = block_add(low->arena, low->block,
                          node_of_shape(OP_ADD, part->span, &layer->out, total, term));
    }
    return total;
}

static ValueId lower_layer(Lowering *low, const Layer *layer, ValueId x)
{
    switch (layer->kind) {
    case LAYER_DENSE:
        return lower_dense(low, layer, x);
    case LAYER_STANDARDIZE:
        return lower_standardize(low, layer, x);
    case LAYER_LAYERNORM:
        return lower_norm(low, OP_LAYERNORM, layer, x);
    case LAYER_RMSNORM:
        return lower_norm(low, OP_RMSNORM, layer, x);
    case LAYER_BATCHNORM:
        return lower_norm(low, OP_BATCHNORM, layer, x);
    case LAYER_PERMUTE:
        return lower_permute(low, layer, x);
    case LAYER_DROPOUT:
        return lower_dropout(low, layer, x);
    case LAYER_ACTIVATION:
        return lower_activation(low, layer, x);
    case LAYER_SEQ:
        return lower_sequence(low, layer, x);
    case LAYER_SUM:
        return lower_sum(low, layer, x);
    case LAYER_SCALE: {
        ValueId y = lower_layer(low, layer->first, x);
        return layer->scale_tensor ? add_tensor_op(low, OP_SCALE, layer, layer->scale_tensor, y)
                                   : y;
    }
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
        return x;
    default: /* elaborate has refused what this version does not support */
        return x;
    }
}

static ValueId add_shaped(Lowering *low, OpKind op, const Stack *stack, const Tensor *tensor,
                          ValueId x)
{
    Node node = node_of_shape(op, stack->skip.span, &stack->shape, x, NO_VALUE);
    node.tensor = tensor ? tensor->index : NO_TENSOR;
    return block_add(low->arena, low->block, node);
}

static ValueId lower_filter(Lowering *low, const Stack *stack, ValueId h)
{
    const Skip *skip = &stack->skip;
    switch (skip->kind) {
    case SKIP_HAAR: {
        Node node = node_of_shape(OP_DENSE, skip->span, &stack->shape, h, NO_VALUE);
        node.tensor = skip->filter->index;
        node.depth = last_dim(&stack->shape);
        return block_add(low->arena, low->block, node);
    }
    case SKIP_CYCLE:
        return add_shaped(low, OP_CYCLE, stack, NULL, h);
    case SKIP_HOUSEHOLDER:
        return add_shaped(low, OP_HOUSEHOLDER, stack, skip->filter, h);
    case SKIP_HADAMARD:
        return add_shaped(low, OP_HADAMARD, stack, skip->filter, h);
    case SKIP_DENSE:
        return lower_layer(low, skip->dense, h);
    case SKIP_IDENTITY:
    case SKIP_NONE:
        break;
    }
    return h;
}

/* h ← post(skip(h) + alpha · branch(h)). */
static ValueId lower_branch(Lowering *low, const Stack *stack, const Branch *branch, ValueId h)
{
    ValueId b = lower_layer(low, branch->layer, h);
    if (branch->alpha != NULL) {
        OpKind op = branch->alpha->rank > 0 ? OP_SCALE_ROWS : OP_SCALE;
        b = add_shaped(low, op, stack, branch->alpha, b);
    }
    if (stack->skip.kind != SKIP_NONE) {
        ValueId s = lower_filter(low, stack, h);
        if (stack->skip.scale != NULL) {
            s = add_shaped(low, OP_SCALE, stack, stack->skip.scale, s);
        }
        b = block_add(low->arena, low->block,
                      node_of_shape(OP_ADD, branch->span, &stack->shape, s, b));
    }
    return branch->post ? lower_layer(low, branch->post, b) : b;
}

static Region *begin_region(Lowering *low, const Shape *in)
{
    Region region = {.in_rows = shape_size(in), .forward.result = 0, .backward.result = NO_VALUE};
    vec_push(low->arena, &low->graph->regions, region);
    Region *added = &low->graph->regions.items[low->graph->regions.count - 1];
    low->block = &added->forward;
    block_add(low->arena, low->block, node_of_shape(OP_STATE, (Span){0}, in, NO_VALUE, NO_VALUE));
    return added;
}

static void lower_stack(Lowering *low, const Stack *stack)
{
    Region *region = begin_region(low, &stack->shape);
    region->name = stack->name;
    region->stack = stack;
    region->depth = stack->depth;
    ValueId h = 0;
    for (uint32_t i = 0; i < stack->branches.count; i++) {
        h = lower_branch(low, stack, &stack->branches.items[i], h);
    }
    region->forward.result = h;
    region->out_rows = region->in_rows;
}

/* Layers up to the next stack; returns the item after them. */
static uint32_t lower_straight(Lowering *low, const Model *model, uint32_t item)
{
    Region *region = begin_region(low, &model->items.items[item].layer->in);
    ValueId x = 0;
    const Shape *shape = NULL;
    for (; item < model->items.count && model->items.items[item].layer != NULL; item++) {
        const Layer *layer = model->items.items[item].layer;
        x = lower_layer(low, layer, x);
        shape = &layer->out;
    }
    region->forward.result = x;
    region->out_rows = shape_size(shape);
    /* Reshapes alone compute nothing: the next region takes the input itself. */
    if (x == 0 && (item < model->items.count || low->graph->regions.count > 1)) {
        low->graph->regions.count--;
    }
    return item;
}

Graph *lower_model(Arena *arena, const Model *model)
{
    if (model == NULL) {
        return NULL;
    }
    Graph *graph = ARENA_NEW(arena, Graph);
    *graph = (Graph){
        .name = model->name,
        .source = model->source,
        .is_double = model->is_double,
        .params = model->params.items,
        .param_count = model->params.count,
        .tensors = (const Tensor *const *)model->tensors.items,
        .tensor_count = model->tensors.count,
        .input_name = model->input_name,
        .output_name = model->output_name,
        .input = model->input,
        .output = model->output,
        .signal = model->signal,
        .train = model->train,
        .probe = model->probe,
        .check = model->check,
        .sweeps = model->sweeps.items,
        .sweep_count = model->sweeps.count,
    };
    Lowering low = {.arena = arena, .graph = graph};
    for (uint32_t i = 0; i < model->items.count;) {
        if (model->items.items[i].stack != NULL) {
            lower_stack(&low, model->items.items[i++].stack);
        } else {
            i = lower_straight(&low, model, i);
        }
    }
    if (graph->regions.count == 0) {
        Region *identity = begin_region(&low, &model->input);
        identity->out_rows = identity->in_rows;
    }
    return graph;
}
