/* SPDX-License-Identifier: Apache-2.0
 *
 * Graph: what to compute, forward and backward.
 *
 * The network is a chain of regions. A stack is one region whose body is written once and whose
 * depth is an expression; straight layers between stacks are a region of depth 1. A region has two
 * blocks: `forward` turns OP_STATE (the layer's input) into its result; `backward` turns OP_DELTA
 * (the gradient of that result) into the gradient of the state, and holds the BATCH ops that make
 * the tensors' gradients. OP_KEPT in a backward block stands for a value of the forward one.
 *
 * Nodes are known by their index in the block; operands have smaller indices (so a block is in
 * order of evaluation as it stands). Note [Depth stays a loop]: no pass looks at the value of a
 * depth; graph_verify checks that blocks are closed.
 *
 * Worked example: residual depth L { alpha depth^-0.5; branch relu -> dense(30) }
 *     forward   0 state · 1 act relu 0 · 2 dense 1 · 3 bias 2 · 4 scale 3 · 5 add 0 4 → 5
 *     backward  0 delta · 1 grad_rows 0 by alpha · 2 kept f1 · 3 grad_weight 2 0 by alpha
 *               4 dense_back 0 · 5 scale 4 · 6 act_grad 5 2 · 7 add 0 6 → 7
 */
#ifndef RNET_IR_GRAPH_H
#define RNET_IR_GRAPH_H

#include "support/spec.h"

#include <stdio.h>

typedef enum OpClass {
    CLASS_SOURCE,
    CLASS_ELEMENT,
    CLASS_PRODUCT,
    CLASS_WHOLE,
    CLASS_BATCH
} OpClass;

typedef enum OpKind {
    OP_NONE,
#define O(tag, name, class, operands, kernel) OP_##tag,
#include "ir/op.def"
#undef O
    OP_COUNT
} OpKind;

typedef int32_t ValueId; /* index of a node in its block */
enum { NO_VALUE = -1, NO_TENSOR = -1 };

typedef struct Node {
    OpKind op;
    Span span;
    ValueId in[2];     /* KEPT: in[0] is a value of the forward block */
    int64_t rows;      /* of the result, for one sample */
    int64_t n, groups; /* rows = n * groups: features and positions; products: of the result */
    int64_t depth;     /* PRODUCT and GRAD_WEIGHT: features of the operand */
    int32_t tensor;    /* index into tensors */
    int32_t tensor2;   /* a second one; of GRAD_WEIGHT and GRAD_ROWS the factor of the sums */
    RnActivation activation; /* ACT, ACT_GRAD */
    double number;           /* slope, or probability of dropout */
    int32_t stream;          /* DROPOUT: index into Graph.streams */
} Node;

typedef struct Block {
    VEC(Node) nodes;
    ValueId result; /* NO_VALUE: nothing but gradients is wanted */
} Block;

typedef struct Region {
    const char *name;   /* of the stack, or NULL */
    const Stack *stack; /* its address, which measures and tensors refer to; or NULL */
    const Expr *depth;  /* NULL: 1 */
    int64_t in_rows, out_rows;
    Block forward, backward;
    bool has_backward;
} Region;

typedef struct Graph {
    const char *name;
    const Source *source;
    bool is_double;
    const Param *params;
    uint32_t param_count;
    const Tensor *const *tensors;
    uint32_t tensor_count;
    const char *input_name, *output_name;
    Shape input, output;
    const Signal *signal;
    const Train *train;
    const Probe *probe;
    const Check *check;
    const Sweep *sweeps;
    uint32_t sweep_count;
    VEC(Region) regions;
    VEC(const char *) streams;
} Graph;

OpClass op_class(OpKind op);
const char *op_name(OpKind op);
int op_operands(OpKind op);
const char *op_kernel(OpKind op);

/* Are both sides of a product's or a gradient's matrix wide, so that kernels copy it in blocks? */
bool is_wide_matrix(const Node *node);
/* Is it the gradient of such a matrix, in one group? */
bool is_wide_gradient(const Node *node);

/* May its sums be scaled where they end? Those of a shared tensor go on from layer to layer, each
 * of which has a factor of its own; deltas of wide gradients are better off in scratch, see plan.h.
 */
bool graph_takes_factor(const Graph *graph, const Node *gradient);

/* Appends a node; returns its number. */
ValueId block_add(Arena *arena, Block *block, Node node);

/* Index of the region of a stack (or of the straight part that owns no stack: -1). */
int graph_region_of(const Graph *graph, const Stack *stack);

/* The node of the `standardize` layer, or NULL. */
const Node *graph_standardize(const Graph *graph);

/* --dump=graph. */
void graph_print(const Graph *graph, FILE *out);

/* NULL where all invariants hold, else what is broken. */
const char *graph_verify(Arena *arena, const Graph *graph);

#endif
