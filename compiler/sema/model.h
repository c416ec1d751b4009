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
 * Worked example, quickstart.rnet: items are [LAYER_SEQ(flatten, dense 784→64), Stack "residual",
 * LAYER_OP(dense 64→10)]; the stack has one branch, LAYER_SEQ(dense, relu, dense), fixed alpha whose
 * tensor is "residual.alpha" (role DERIVED, law FORMULA depth^-beta); tensors are dense.weight,
 * dense.bias, residual.alpha, residual.dense1.weight, … , dense2.weight, dense2.bias.
 */
#ifndef RNET_SEMA_MODEL_H
#define RNET_SEMA_MODEL_H

#include "core/vocabulary.h"
#include "support/expr.h"
#include "support/source.h"
#include "support/vec.h"

#include <stdint.h>

enum { SHAPE_MAX = 4 };

/* The shape of one sample. Rank 0 is unknown (poison). */
typedef struct Shape {
    int rank;
    int64_t dim[SHAPE_MAX];
} Shape;

typedef struct Param {
    const char *name;
    const char *doc; /* or NULL */
    Span span;
    double value, low, high; /* default after -D; range, infinite where none is given */
    bool integer;            /* decides a depth or a count */
} Param;

typedef struct Law {
    RnLawKind kind;
    const Expr *scale; /* see RN_LAWS; NULL for ZEROS and the filters */
} Law;

typedef struct Correlation {
    RnCorrelationKind kind;
    bool increments;         /* GP_*: of = increments */
    const Expr *parameter;   /* hurst or length; NULL where there is none */
} Correlation;

/* How a group's rate, epsilon or decay follows from the optimiser's own (EXPR_BASE). NULL: base. */
typedef struct Rules {
    const Expr *rate, *epsilon, *decay;
} Rules;

typedef struct Stack Stack;

/* A tensor that the network keeps. In a stack it is one array with depth as its leading dimension,
 * unless shared by all layers. dims are per layer, in checkpoint order (dense weight: [out, in]). */
typedef struct Tensor {
    const char *name;  /* "residual.W.weight", unique */
    Span span;
    RnRole role;
    int rank;
    int64_t dims[SHAPE_MAX];
    const Stack *stack; /* NULL outside stacks */
    bool shared;        /* in a stack: one for all layers (tied, share = stack) */
    double fan_in, fan_out;
    Law law;
    Correlation correlation;
    bool trainable;
    bool absolute;      /* ALPHA with abs = true */
    int64_t seed;       /* PERMUTATION: its own seed; HOUSEHOLDER: reflections */
    Rules rules;
    int index;          /* in Model.tensors */
} Tensor;

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
    Tensor *alpha;      /* DERIVED (law FORMULA) or trained ALPHA, rank 0 or [channels]; NULL for 1 */
    const Expr *value;  /* the formula, or the trained one's start */
    bool learned;
    Layer *post;        /* or NULL */
} Branch;

typedef enum MemoryPolicy { MEMORY_AUTO, MEMORY_STORE } MemoryPolicy;

typedef enum Expectation {
    EXPECT_NONE,
    EXPECT_STABLE,
    EXPECT_SDE,
    EXPECT_ODE,
    EXPECT_IDENTITY,
    EXPECT_EXPLODING
} Expectation;

struct Stack {
    const char *name;
    Span span;
    const Expr *depth;
    Shape shape;
    Skip skip;
    VEC(Branch) branches;
    bool tied;
    MemoryPolicy memory;
    Expectation expect;
    Span expect_span;
    int index;
};

typedef struct Item {
    Layer *layer; /* one of the two */
    Stack *stack;
} Item;

typedef struct Data {
    RnDataKind kind;
    Span span;
    const char *path;                 /* csv, npy */
    const char *images, *labels;      /* idx, npy: inputs and targets */
    const char *test_images, *test_labels;
    const char *target, *skip;        /* csv: column name (or "#3", 1-based), comma-separated skips */
    bool header, missing_mean;
    double target_unit;
    int64_t dim, train, test, steps;  /* synthetic data */
    const Expr *low, *high;           /* uniform */
    const Expr *overlap;              /* gaussian; NULL for none */
} Data;

typedef struct Optimizer {
    RnOptimizerKind kind;
    const Expr *rate, *momentum, *beta1, *beta2, *epsilon, *decay;
    bool nesterov;
} Optimizer;

typedef struct Schedule {
    RnScheduleKind kind;
    const Expr *every, *factor, *warmup;
} Schedule;

typedef struct LossSpec {
    RnLossKind kind;
    const Expr *target_low, *target_high; /* mse(target = uniform(a, b)); NULL: the data's */
    Span span;
} LossSpec;

typedef struct Train {
    Span span;
    Data data;
    LossSpec loss;
    Optimizer optimizer;
    Schedule schedule;
    const Expr *clip;       /* NULL: none */
    const Expr *batch, *epochs, *iterations; /* iterations NULL unless stated */
    const Expr *validation, *test;           /* fractions; NULL: none stated */
    const Expr *stop_loss, *patience;        /* NULL: none */
    const Expr *seed;
} Train;

typedef enum When { WHEN_DEFAULT, WHEN_INIT, WHEN_TRAINED } When;

/* A quantity with a function around it: value = function(EXPR_QUANTITY). */
typedef struct Measure {
    const char *text;      /* as written, for reports: "log10(forward_change)" */
    Span span;
    RnQuantityKind kind;
    const Stack *stack;    /* quantities of a block */
    const Tensor *tensor;  /* quantities of a weight */
    const Expr *function;  /* over EXPR_QUANTITY */
} Measure;

typedef struct Bound {
    Measure measure;
    const Expr *low, *high; /* NULL: open. `in a .. b` closed; `<`, `>` as written */
    bool low_strict, high_strict;
} Bound;

typedef struct Probe {
    Span span;
    Data data;      /* kind NONE: train's */
    LossSpec loss;  /* kind NONE: train's, or PROJECTION */
    const Expr *batch, *repeat;
    When when;
    VEC(Measure) measures;
} Probe;

typedef struct Check {
    When when;
    VEC(Bound) bounds;
} Check;

/* Checked, but not run yet: names and grid sizes. */
typedef struct Sweep {
    const char *name;
    Span span;
    double cells; /* of the grid, repeats not counted */
} Sweep;

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
    Train *train;          /* NULL: none */
    Probe *probe;
    Check *check;
    VEC(Sweep) sweeps;
} Model;

static inline int64_t shape_size(const Shape *shape)
{
    int64_t size = 1;
    for (int i = 0; i < shape->rank; i++) {
        size *= shape->dim[i];
    }
    return size;
}

/* --dump=model: one line an entity, stable; the oracle of the tests reads it. */
void model_print(const Model *model, FILE *out);

/* NULL where all invariants hold, else what is broken. */
const char *model_verify(const Model *model);

#endif
