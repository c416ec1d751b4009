/* SPDX-License-Identifier: Apache-2.0
 *
 * Reverse mode over one region at a time. The forward block is walked from its result to its
 * argument; each node hands its adjoint to its operands and, where its tensor is trained, leaves a
 * BATCH op. What backward needs of forward is named by KEPT nodes; whether it is stored or made
 * again is the Plan's business.
 */
#include "ir/differentiate.h"

typedef struct Reverse {
    Arena *arena;
    const Graph *graph;
    const Block *forward;
    Block *backward;
    ValueId *adjoint; /* [forward nodes] value of the backward block, or NO_VALUE */
    ValueId *kept;    /* [forward nodes] its KEPT node, or NO_VALUE */
    bool *needed;     /* [forward nodes] the adjoint is of use */
} Reverse;

static bool is_trained(const Reverse *rev, int32_t tensor)
{
    return tensor != NO_TENSOR && rev->graph->tensors[tensor]->trainable;
}

static Node like(const Node *node, OpKind op, ValueId a, ValueId b)
{
    Node made = *node;
    made.op = op;
    made.in[0] = a;
    made.in[1] = b;
    made.tensor = made.tensor2 = NO_TENSOR;
    return made;
}

static ValueId add_node(Reverse *rev, Node node)
{
    return block_add(rev->arena, rev->backward, node);
}

static ValueId keep(Reverse *rev, ValueId forward)
{
    if (rev->kept[forward] == NO_VALUE) {
        Node node = like(&rev->forward->nodes.items[forward], OP_KEPT, forward, NO_VALUE);
        rev->kept[forward] = add_node(rev, node);
    }
    return rev->kept[forward];
}

static void give(Reverse *rev, ValueId operand, ValueId adjoint)
{
    if (!rev->needed[operand]) {
        return;
    }
    if (rev->adjoint[operand] == NO_VALUE) {
        rev->adjoint[operand] = adjoint;
        return;
    }
    const Node *node = &rev->forward->nodes.items[operand];
    rev->adjoint[operand] = add_node(rev, like(node, OP_ADD, rev->adjoint[operand], adjoint));
}

/* An op with the node's shape and tensors, applied to the adjoint. */
static ValueId apply(Reverse *rev, const Node *node, OpKind op, ValueId d)
{
    Node made = *node;
    made.op = op;
    made.in[0] = d;
    made.in[1] = NO_VALUE;
    return add_node(rev, made);
}

static void gradient_of_tensor(Reverse *rev, const Node *node, OpKind op, ValueId a, ValueId b)
{
    Node made = like(node, op, a, b);
    made.tensor = node->tensor;
    add_node(rev, made);
}

static void reverse_scale_rows(Reverse *rev, const Node *node, ValueId d)
{
    if (is_trained(rev, node->tensor)) {
        ValueId x = keep(rev, node->in[0]);
        ValueId product = add_node(rev, like(node, OP_MUL, d, x));
        if (rev->graph->tensors[node->tensor]->absolute) {
            product = apply(rev, node, OP_SIGN_ROWS, product);
        }
        gradient_of_tensor(rev, node, OP_GRAD_ROWS, product, NO_VALUE);
    }
    if (rev->needed[node->in[0]]) {
        give(rev, node->in[0], apply(rev, node, OP_SCALE_ROWS, d));
    }
}

static void reverse_scale(Reverse *rev, const Node *node, ValueId d)
{
    if (is_trained(rev, node->tensor)) {
        gradient_of_tensor(rev, node, OP_GRAD_SCALAR, d, keep(rev, node->in[0]));
    }
    if (rev->needed[node->in[0]]) {
        give(rev, node->in[0], apply(rev, node, OP_SCALE, d));
    }
}

static void reverse_dense(Reverse *rev, const Node *node, ValueId d)
{
    const Node *x = &rev->forward->nodes.items[node->in[0]];
    if (is_trained(rev, node->tensor)) {
        gradient_of_tensor(rev, node, OP_GRAD_WEIGHT, keep(rev, node->in[0]), d);
    }
    if (rev->needed[node->in[0]]) {
        Node back = *node;
        back.op = OP_DENSE_BACK;
        back.in[0] = d;
        back.rows = x->rows;
        back.n = node->depth;
        back.depth = node->n;
        give(rev, node->in[0], add_node(rev, back));
    }
}

static void reverse_act(Reverse *rev, const Node *node, ValueId self, ValueId d)
{
    static const bool from_input[] = {
#define O false
#define I true
#define X(tag, name, from) from,
        RN_ACTIVATIONS(X)
#undef X
#undef I
#undef O
    };
    ValueId v = keep(rev, from_input[node->activation] ? node->in[0] : self);
    Node made = like(node, OP_ACT_GRAD, d, v);
    give(rev, node->in[0], add_node(rev, made));
}

static void reverse_norm(Reverse *rev, const Node *node, OpKind op, ValueId d)
{
    ValueId x = keep(rev, node->in[0]);
    Node made = *node;
    made.op = op;
    made.in[0] = x;
    made.in[1] = d;
    give(rev, node->in[0], add_node(rev, made));
}

static void reverse_standardize(Reverse *rev, const Node *node, ValueId d)
{
    Node made = *node;
    made.op = OP_SCALE_ROWS;
    made.in[0] = d;
    made.tensor = node->tensor2;
    made.tensor2 = NO_TENSOR;
    give(rev, node->in[0], add_node(rev, made));
}

static void reverse_linear(Reverse *rev, const Node *node, OpKind op, ValueId d)
{
    give(rev, node->in[0], apply(rev, node, op, d));
}

/* Everything but the ops that can train a tensor although their operand needs no adjoint. */
static void reverse_element(Reverse *rev, const Node *node, ValueId self, ValueId d)
{
    switch (node->op) {
    case OP_ADD:
        give(rev, node->in[0], d);
        give(rev, node->in[1], d);
        return;
    case OP_ACT:
        reverse_act(rev, node, self, d);
        return;
    case OP_DROPOUT:
        reverse_linear(rev, node, OP_DROPOUT, d);
        return;
    case OP_LAYERNORM:
        reverse_norm(rev, node, OP_LAYERNORM_BACK, d);
        return;
    case OP_RMSNORM:
        reverse_norm(rev, node, OP_RMSNORM_BACK, d);
        return;
    case OP_BATCHNORM:
        reverse_norm(rev, node, OP_BATCHNORM_BACK, d);
        return;
    case OP_STANDARDIZE:
        reverse_standardize(rev, node, d);
        return;
    case OP_PERMUTE:
        reverse_linear(rev, node, OP_PERMUTE_BACK, d);
        return;
    case OP_CYCLE:
        reverse_linear(rev, node, OP_CYCLE_BACK, d);
        return;
    case OP_HOUSEHOLDER:
        reverse_linear(rev, node, OP_HOUSEHOLDER_BACK, d);
        return;
    case OP_HADAMARD:
        reverse_linear(rev, node, OP_HADAMARD_BACK, d);
        return;
    default:
        return;
    }
}

static void reverse_node(Reverse *rev, ValueId self)
{
    /* By value: adding nodes may move the backward block, never the forward one. */
    const Node *node = &rev->forward->nodes.items[self];
    ValueId d = rev->adjoint[self];
    if (d == NO_VALUE || node->op == OP_STATE) {
        return;
    }
    switch (node->op) {
    case OP_DENSE:
        reverse_dense(rev, node, d);
        return;
    case OP_SCALE:
        reverse_scale(rev, node, d);
        return;
    case OP_SCALE_ROWS:
        reverse_scale_rows(rev, node, d);
        return;
    case OP_BIAS:
        if (is_trained(rev, node->tensor)) {
            gradient_of_tensor(rev, node, OP_GRAD_ROWS, d, NO_VALUE);
        }
        give(rev, node->in[0], d);
        return;
    default:
        if (rev->needed[node->in[0]] || (node->in[1] >= 0 && rev->needed[node->in[1]])) {
            reverse_element(rev, node, self, d);
        }
        return;
    }
}

/* needed[v]: v depends on the state, if that needs a gradient, or on a trained tensor. */
static void find_needed(Reverse *rev, bool state_needed)
{
    for (uint32_t i = 0; i < rev->forward->nodes.count; i++) {
        const Node *node = &rev->forward->nodes.items[i];
        bool needed = node->op == OP_STATE ? state_needed : is_trained(rev, node->tensor);
        for (int k = 0; k < op_operands(node->op); k++) {
            needed |= rev->needed[node->in[k]];
        }
        rev->needed[i] = needed;
    }
}

static void differentiate_region(Arena *arena, const Graph *graph, Region *region,
                                 bool state_needed)
{
    uint32_t count = region->forward.nodes.count;
    Reverse rev = {arena,
                   graph,
                   &region->forward,
                   &region->backward,
                   ARENA_ARRAY(arena, ValueId, count),
                   ARENA_ARRAY(arena, ValueId, count),
                   ARENA_ARRAY(arena, bool, count)};
    for (uint32_t i = 0; i < count; i++) {
        rev.adjoint[i] = rev.kept[i] = NO_VALUE;
    }
    find_needed(&rev, state_needed);
    const Node *result = &region->forward.nodes.items[region->forward.result];
    ValueId delta = add_node(&rev, like(result, OP_DELTA, NO_VALUE, NO_VALUE));
    give(&rev, region->forward.result, delta);
    for (uint32_t i = count; i-- > 0;) {
        reverse_node(&rev, (ValueId)i);
    }
    region->backward.result = rev.adjoint[0];
    region->has_backward = true;
}

static bool trains_anything(const Graph *graph, const Region *region)
{
    for (uint32_t i = 0; i < region->forward.nodes.count; i++) {
        int32_t tensor = region->forward.nodes.items[i].tensor;
        if (tensor != NO_TENSOR && graph->tensors[tensor]->trainable) {
            return true;
        }
    }
    return false;
}

static bool is_slope(const Measure *measure)
{
    return measure->kind == RN_QUANTITY_GEOMETRIC_COMPLEXITY;
}

static bool probe_measures_slopes(const Probe *probe)
{
    bool any = false;
    for (uint32_t i = 0; probe != NULL && i < probe->measures.count; i++) {
        any = any || is_slope(&probe->measures.items[i]);
    }
    return any;
}

/* Is a gradient by the network's input measured? Then it must not end at the first weights. */
static bool measures_slopes(const Graph *graph)
{
    bool any = probe_measures_slopes(graph->probe);
    for (uint32_t i = 0; graph->check != NULL && i < graph->check->bounds.count; i++) {
        any = any || is_slope(&graph->check->bounds.items[i].measure);
    }
    for (uint32_t i = 0; i < graph->sweep_count; i++) {
        any = any || probe_measures_slopes(&graph->sweeps[i].settings);
    }
    return any;
}

/* Of every network: `probe` measures gradients where nothing is trained, too. */
Graph *differentiate_graph(Arena *arena, Graph *graph)
{
    if (graph == NULL) {
        return NULL;
    }
    bool upstream = measures_slopes(graph);
    for (uint32_t i = 0; i < graph->regions.count; i++) {
        Region *region = &graph->regions.items[i];
        /* A stack hands gradients from layer to layer, and probes read them at its entry. */
        differentiate_region(arena, graph, region, upstream || region->stack != NULL);
        upstream |= region->stack != NULL || trains_anything(graph, region);
    }
    return graph;
}
