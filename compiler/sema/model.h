/* SPDX-License-Identifier: Apache-2.0
 *
 * Model: what the file means. Names are resolved, shapes known, defaults filled; depth, alpha and
 * laws are symbolic (support/expr.h), because one program serves any depth.
 *
 *     Model ── params
 *           ── items: Layer trees and Stacks, from input to output
 *           ── tensors: everything that the network keeps, each with its law
 *           ── train, probe, check, sweeps
 *
 * Worked example, quickstart.rnet: items are [SEQ(FLATTEN, DENSE 784 to 64), Stack "residual",
 * DENSE 64 to 10]; the stack has one branch, SEQ(DENSE, RELU, DENSE), and a fixed alpha whose
 * tensor is "residual.alpha" (role DERIVED, law FORMULA depth^-beta); tensors are dense1.weight,
 * dense1.bias, residual.alpha, residual.dense1.weight, … , dense2.weight, dense2.bias.
 */
#ifndef RNET_SEMA_MODEL_H
#define RNET_SEMA_MODEL_H

#include "support/spec.h"

typedef enum LayerKind {
    LAYER_NONE,
#define L(tag, name, arguments, supported) LAYER_##tag,
#include "sema/layer.def"
#undef L
    LAYER_ACTIVATION, /* act */
    LAYER_SEQ,        /* first -> … : children in order */
    LAYER_SUM,        /* same input to all children, outputs added */
    LAYER_SCALE,      /* scale * first */
    LAYER_KIND_COUNT
} LayerKind;

typedef struct Layer Layer;
struct Layer {
    LayerKind kind;
    Span span;
    Shape in, out;
    Layer *first, *next;
    const Expr *scale;       /* SCALE */
    Tensor *scale_tensor;    /* SCALE: its value by layer (law FORMULA) */
    RnActivation activation; /* ACTIVATION */
    double number;           /* leaky_relu slope, dropout probability */
    const char *label;       /* of a labelled layer, else NULL */
    /* DENSE: weight, bias or NULL. LAYERNORM: gain, bias. RMSNORM: gain. BATCHNORM: gain, bias,
     * running mean, running variance. STANDARDIZE: mean, inverse deviation. PERMUTE: index. */
    Tensor *tensors[4];
    const char *stream;      /* DROPOUT: name of its random stream */
};

typedef enum SkipKind {
    SKIP_IDENTITY,
    SKIP_NONE,
    SKIP_HAAR,
    SKIP_CYCLE,
    SKIP_HOUSEHOLDER,
    SKIP_HADAMARD,
    SKIP_DENSE
} SkipKind;

typedef struct Skip {
    SkipKind kind;
    Span span;
    Tensor *scale;   /* FORMULA by layer, or NULL for 1 */
    Tensor *filter;  /* HAAR [d, d]; HOUSEHOLDER [k, d]; HADAMARD signs [d]; else NULL */
    int64_t reflections;
    Layer *dense;    /* DENSE */
} Skip;

typedef struct Branch {
    Layer *layer;
    Span span;
    Tensor *alpha;      /* DERIVED (law FORMULA) or ALPHA, rank 0 or [channels]; NULL for 1 */
    const Expr *value;  /* the formula, or the trained one's start */
    bool learned;
    RnOptimal optimal;  /* value is then 1, and not used */
    const Expr *norm, *overlap;
    Layer *post;        /* or NULL */
} Branch;

typedef enum MemoryPolicy { MEMORY_AUTO, MEMORY_STORE } MemoryPolicy;

struct Stack {
    const char *name;
    Span span;
    const Expr *depth;
    Shape shape;
    Skip skip;
    VEC(Branch) branches;
    bool tied;
    MemoryPolicy memory;
    RnExpectation expect;
    Span expect_span;
    int index;
};

typedef struct Item {
    Layer *layer; /* one of the two */
    Stack *stack;
} Item;

typedef struct Model {
    const char *name;      /* the file's stem, fit to be a C identifier */
    const Source *source;
    bool is_double;        /* precision float64 */
    VEC(Param) params;
    const char *input_name, *output_name;
    Shape input, output;
    VEC(Item) items;
    VEC(Tensor *) tensors;
    VEC(Stack *) stacks;
    const Signal *signal; /* what theory sees of it */
    Train *train;          /* NULL: none */
    Probe *probe;
    Check *check;
    VEC(Sweep) sweeps;
} Model;

/* The chain of layers as theory sees it; memory in `arena`. */
const Signal *signal_of(Arena *arena, const Model *model);

/* --dump=model: one line an entity, stable; the oracle of the tests reads it. */
void model_print(const Model *model, FILE *out);

/* NULL where all invariants hold, else what is broken. */
const char *model_verify(const Model *model);

#endif
