/* SPDX-License-Identifier: Apache-2.0
 *
 * What the oracle's own files share: the network as read, and one run of it.
 *
 * Values of a batch are Num[count][size], sample after sample. A tree of Nodes is what is written
 * in the file; a tree of Traces is what one application of it met, and is what backward reads.
 */
#ifndef ORACLE_NETWORK_H
#define ORACLE_NETWORK_H

#include "formula.h"
#include "oracle.h"

#include <stdint.h>

enum { NODE_TENSORS = 4, NO_TENSOR = -1 };

typedef enum NodeKind {
    NODE_PASS, /* flatten, reshape, linear, dropout of 0: the same numbers */
    NODE_DENSE,
    NODE_PERMUTE,
    NODE_STANDARDIZE,
    NODE_LAYERNORM,
    NODE_RMSNORM,
    NODE_BATCHNORM,
    NODE_ACTIVATION,
    NODE_SEQ,
    NODE_SUM,
    NODE_SCALE
} NodeKind;

typedef enum Activation {
    ACT_RELU,
    ACT_LEAKY_RELU,
    ACT_TANH,
    ACT_SIGMOID,
    ACT_ERF,
    ACT_GELU,
    ACT_SILU,
    ACT_SOFTPLUS,
    ACT_SIN
} Activation;

typedef struct Node Node;
struct Node {
    NodeKind kind;
    Activation activation;
    double number;          /* slope of leaky_relu */
    long in, out;           /* reals of a sample */
    long in_axis, out_axis; /* length of the last axis */
    int tensors[NODE_TENSORS];
    Node *first, *next;
};

typedef struct NetTensor {
    OracleTensor info;
    bool shared;
    int stack; /* -1 outside */
    double fan_in, fan_out;
    char *scale, *rate, *epsilon, *decay; /* formulas; NULL where absent */
    double *value;                        /* [layers][size] */
    Sum *sums;
    Num *gradient, *after, *moments[ORACLE_MOMENTS];
} NetTensor;

typedef enum SkipKind {
    SKIP_IDENTITY,
    SKIP_NONE,
    SKIP_HAAR,
    SKIP_CYCLE,
    SKIP_HOUSEHOLDER,
    SKIP_HADAMARD,
    SKIP_DENSE
} SkipKind;

enum { BRANCHES_MAX = 8, STACKS_MAX = 8, ITEMS_MAX = 32 };

typedef struct Branch {
    Node *layer, *post; /* post NULL: none */
    int alpha;          /* NO_TENSOR: 1 */
} Branch;

typedef struct Stack {
    char *name, *depth_formula;
    long depth, size;
    SkipKind skip;
    int skip_scale, filter;
    Node *skip_dense;
    Branch branches[BRANCHES_MAX];
    int branch_count;
} Stack;

typedef struct Item {
    Node *node; /* or the stack of that number */
    int stack;
} Item;

typedef struct OptimizerSpec {
    char kind[256];
    bool nesterov;
    char *rate, *momentum, *beta1, *beta2, *epsilon, *decay, *clip;
    char schedule[256];
    char *every, *factor, *warmup;
} OptimizerSpec;

/* Memory of one run, freed at once. */
typedef struct Pool {
    void **blocks;
    size_t count, capacity;
} Pool;

typedef struct Trace Trace;
struct Trace {
    const Node *node;
    long layer;
    const Num *x, *y;
    Trace *first, *next;
};

/* One update h ← post(skip(h) + alpha · branch(h)). */
typedef struct StepTrace {
    const Num *skipped, *branched;
    Trace *skip, *branch, *post;
} StepTrace;

typedef struct ItemTrace {
    Trace *trace;
    StepTrace *steps; /* [depth · branch_count] */
} ItemTrace;

struct Oracle {
    bool is_double, cross_entropy;
    FormulaParam *params;
    int param_count;
    NetTensor *tensors;
    int tensor_count;
    Stack stacks[STACKS_MAX];
    int stack_count;
    Item items[ITEMS_MAX];
    int item_count;
    long input_size, output_size;
    OptimizerSpec optimizer;

    Pool pool; /* of the run */
    OracleBatch batch;
    OracleDoubts doubts;
    ItemTrace traces[ITEMS_MAX];
    const Num *output;
    Num *losses, *output_gradient;
    Num loss;
};

/* memory.c; all end the program where there is no memory */
void *oracle_allocate(size_t count, size_t size);
void *pool_allocate(Pool *pool, size_t count, size_t size);
Num *pool_nums(Oracle *o, long size); /* [batch.count][size] */
void pool_clear(Pool *pool);

/* read.c */
FormulaPlace place_of(const Oracle *o, const NetTensor *tensor, long layer);

/* layer.c, norm.c, activation.c */
const Num *node_forward(Oracle *o, const Node *node, long layer, const Num *x, Trace **trace);
Num *node_backward(Oracle *o, const Trace *trace, const Num *d);
Num tensor_value(const Oracle *o, int tensor, long layer, long index);
Sum *tensor_sum(Oracle *o, int tensor, long layer, long index);
Num *gather(Oracle *o, const Num *x, const Num *y, long size); /* x + y */
void norm_forward(Oracle *o, const Trace *trace, Num *y);
void norm_backward(Oracle *o, const Trace *trace, const Num *d, Num *dx);
Num activation_apply(Activation kind, double slope, Num x);
/* d · f'(x), by the output where the function's own derivative is a function of it */
Num activation_gradient(Activation kind, double slope, Num x, Num y, Num d);
bool activation_is_kinked(Activation kind);

/* stack.c */
const Num *stack_forward(Oracle *o, const Stack *stack, const Num *x, ItemTrace *trace);
Num *stack_backward(Oracle *o, const Stack *stack, const ItemTrace *trace, const Num *d);

/* loss.c: losses, loss and the gradient of the outputs */
void loss_evaluate(Oracle *o);

#endif
