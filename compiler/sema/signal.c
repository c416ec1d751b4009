/* SPDX-License-Identifier: Apache-2.0
 *
 * The network as theory sees it: matrices, activations, norms and blocks in a chain. Layers that
 * only move entries are left out, and so is dropout, which prediction does not have.
 */
#include "sema/model.h"

static const char *const kind_names[] = {
    "layer",
#define L(tag, name, arguments, supported) name,
#include "sema/layer.def"
#undef L
    "activation", "sequence", "sum of layers", "scaled layer",
};

static void add_op(Arena *arena, SignalChain *chain, SignalOp op)
{
    vec_push(arena, chain, op);
}

/* Entries of mean zero, or none: what the moments of a matrix assume. */
static bool is_centred(const Tensor *tensor)
{
    switch (tensor->law.kind) {
    case RN_LAW_ZEROS:
    case RN_LAW_NORMAL:
    case RN_LAW_UNIFORM:
    case RN_LAW_ORTHOGONAL:
        return true;
    case RN_LAW_CONSTANT:
    case RN_LAW_FORMULA:
    case RN_LAW_HAAR:
    case RN_LAW_HOUSEHOLDER:
    case RN_LAW_SIGNS:
    case RN_LAW_PERMUTATION:
    case RN_LAW_OPTIMAL:
    case RN_LAW_COUNT:
        return false;
    }
    return false;
}

static void add_dense(Arena *arena, SignalChain *chain, const Layer *layer)
{
    const Tensor *weight = layer->tensors[0], *bias = layer->tensors[1];
    bool known = is_centred(weight) && (bias == NULL || is_centred(bias));
    SignalOp op = {.kind = known ? RN_SIGNAL_MATRIX : RN_SIGNAL_UNKNOWN,
                   .span = layer->span,
                   .weight = weight,
                   .bias = bias,
                   .name = "dense with constant first values"};
    add_op(arena, chain, op);
}

static void add_layer(Arena *arena, SignalChain *chain, const Layer *layer);

static void add_children(Arena *arena, SignalChain *chain, const Layer *layer)
{
    for (const Layer *child = layer->first; child != NULL; child = child->next) {
        add_layer(arena, chain, child);
    }
}

/* a + b + c is a + (b + c): before the ops of a stands how many they are, and how many follow. */
static void add_terms(Arena *arena, SignalChain *chain, const Layer *term, Span span)
{
    if (term->next == NULL) {
        add_layer(arena, chain, term);
        return;
    }
    uint32_t place = chain->count;
    add_op(arena, chain, (SignalOp){.kind = RN_SIGNAL_SUM, .span = span});
    add_layer(arena, chain, term);
    uint32_t first = chain->count - place - 1;
    add_terms(arena, chain, term->next, span);
    chain->items[place].first = first;
    chain->items[place].rest = chain->count - place - 1 - first;
}

static void add_layer(Arena *arena, SignalChain *chain, const Layer *layer)
{
    SignalOp op = {.span = layer->span, .name = kind_names[layer->kind]};
    switch (layer->kind) {
    case LAYER_DENSE:
        add_dense(arena, chain, layer);
        return;
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
    case LAYER_PERMUTE:
    case LAYER_DROPOUT:
        return;
    case LAYER_SEQ:
        add_children(arena, chain, layer);
        return;
    case LAYER_SUM:
        add_terms(arena, chain, layer->first, layer->span);
        return;
    case LAYER_ACTIVATION:
        op.kind = RN_SIGNAL_ACTIVATION;
        op.activation = layer->activation;
        op.slope = layer->number;
        break;
    case LAYER_LAYERNORM:
    case LAYER_RMSNORM:
        op.kind = RN_SIGNAL_NORM;
        break;
    case LAYER_BATCHNORM:
    case LAYER_STANDARDIZE: /* over the data, as a batch */
        op.kind = RN_SIGNAL_BATCHNORM;
        break;
    case LAYER_SCALE:
        op.kind = RN_SIGNAL_SCALE;
        op.scale = layer->scale;
        break;
    default:
        op.kind = RN_SIGNAL_UNKNOWN;
        break;
    }
    add_op(arena, chain, op);
    if (layer->kind == LAYER_SCALE) {
        add_children(arena, chain, layer);
    }
}

static RnSignalSkip skip_of(const Skip *skip)
{
    switch (skip->kind) {
    case SKIP_IDENTITY:
        return RN_SIGNAL_IDENTITY;
    case SKIP_NONE:
        return RN_SIGNAL_NO_SKIP;
    case SKIP_HAAR:
    case SKIP_CYCLE:
    case SKIP_HOUSEHOLDER:
    case SKIP_HADAMARD:
        return RN_SIGNAL_FILTER;
    case SKIP_DENSE:
        return skip->scale == NULL ? RN_SIGNAL_TRAINED_SKIP : RN_SIGNAL_OTHER_SKIP;
    default:
        return RN_SIGNAL_OTHER_SKIP;
    }
}

static SignalBranch branch_of(Arena *arena, const Branch *branch)
{
    SignalBranch result = {.span = branch->span,
                           .alpha = branch->alpha,
                           .alpha_span = branch->alpha ? branch->alpha->span : branch->span,
                           .value = branch->value,
                           .learned = branch->learned,
                           .optimal = branch->optimal,
                           .norm = branch->norm,
                           .overlap = branch->overlap};
    add_layer(arena, &result.ops, branch->layer);
    return result;
}

static SignalBlock block_of(Arena *arena, const Stack *stack)
{
    const Shape *shape = &stack->shape;
    SignalBlock block = {.stack = stack,
                         .name = stack->name,
                         .span = stack->span,
                         .skip_span = stack->skip.span,
                         .expect_span = stack->expect_span,
                         .depth = stack->depth,
                         .width = (double)shape->dim[shape->rank - 1],
                         .skip = skip_of(&stack->skip),
                         .scale = stack->skip.scale ? stack->skip.scale->law.scale : NULL,
                         .expect = stack->expect};
    if (block.skip == RN_SIGNAL_TRAINED_SKIP) {
        block.skip_matrix = stack->skip.dense->tensors[0];
    }
    for (uint32_t i = 0; i < stack->branches.count; i++) {
        const Branch *branch = &stack->branches.items[i];
        block.post |= branch->post != NULL;
        vec_push(arena, &block.branches, branch_of(arena, branch));
    }
    return block;
}

/* Outside blocks theory walks op by op, and has no place for terms side by side. */
static void add_outside(Arena *arena, SignalChain *chain, const Layer *layer)
{
    SignalChain ops = {0};
    add_layer(arena, &ops, layer);
    for (uint32_t i = 0; i < ops.count; i++) {
        SignalOp op = ops.items[i];
        if (op.kind == RN_SIGNAL_SUM) {
            i += op.first + op.rest;
            op = (SignalOp){
                .kind = RN_SIGNAL_UNKNOWN, .span = op.span, .name = kind_names[LAYER_SUM]};
        }
        add_op(arena, chain, op);
    }
}

const Signal *signal_of(Arena *arena, const Model *model)
{
    Signal *signal = ARENA_NEW(arena, Signal);
    for (uint32_t i = 0; i < model->items.count; i++) {
        const Item *item = &model->items.items[i];
        if (item->layer != NULL) {
            add_outside(arena, &signal->chain, item->layer);
            continue;
        }
        SignalOp op = {
            .kind = RN_SIGNAL_BLOCK, .span = item->stack->span, .block = (int)signal->blocks.count};
        add_op(arena, &signal->chain, op);
        vec_push(arena, &signal->blocks, block_of(arena, item->stack));
    }
    return signal;
}
