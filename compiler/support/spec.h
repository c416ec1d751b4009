/* SPDX-License-Identifier: Apache-2.0
 *
 * Spec: what the front end settles and no later step changes: params, tensors with their laws,
 * training, probes, checks, sweeps.
 *
 * Model and Graph both hold these by pointer, and emit/ writes them into the compiled program, so
 * they stand below all three. A Stack is known here by its address only.
 */
#ifndef RNET_SUPPORT_SPEC_H
#define RNET_SUPPORT_SPEC_H

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
    bool increments;       /* GP_*: of = increments */
    const Expr *parameter; /* hurst or length; NULL where there is none */
} Correlation;

/* How a group's rate, epsilon or decay follows from the optimiser's own (EXPR_BASE). NULL: base. */
typedef struct Rules {
    const Expr *rate, *epsilon, *decay;
} Rules;

typedef struct Stack Stack;

/* A tensor that the network keeps. In a stack it is one array with depth as its leading dimension,
 * unless shared by all layers. dims are per layer, in checkpoint order: a dense weight's are
 * [out, in]. */
typedef struct Tensor {
    const char *name; /* "residual.W.weight", unique */
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
    bool absolute; /* ALPHA with abs = true */
    int64_t seed;  /* PERMUTATION: its own seed; HOUSEHOLDER: reflections */
    Rules rules;
    int index; /* in Model.tensors */
} Tensor;

/* ---- Signal: what theory sees of the network (compiler/theory/) ---- */

/* One layer of a chain, as second moments see it. */
typedef struct SignalOp {
    RnSignalKind kind;
    Span span;
    RnActivation activation;
    double slope;                /* of leaky_relu */
    const Tensor *weight, *bias; /* MATRIX; bias may be NULL */
    const Expr *scale;           /* SCALE, by layer */
    const char *name;            /* UNKNOWN, of which no theory knows: of the layer */
    int block;                   /* BLOCK: place in Signal.blocks */
    uint32_t first, rest;        /* SUM: how many ops behind it are its first term's, the others' */
} SignalOp;

typedef VEC(SignalOp) SignalChain;

typedef struct SignalBranch {
    SignalChain ops;
    Span span, alpha_span;
    const Tensor *alpha; /* NULL: 1 */
    const Expr *value;   /* alpha by layer, or its first value; not of OPTIMAL ones */
    bool learned;
    RnOptimal optimal;
    const Expr *norm, *overlap; /* of the inputs that `optimal` is for */
} SignalBranch;

typedef struct SignalBlock {
    const Stack *stack;
    const char *name;
    Span span, skip_span, expect_span;
    const Expr *depth;
    double width;
    RnSignalSkip skip;
    const Expr *scale;         /* of the skip, by layer; NULL: 1 */
    const Tensor *skip_matrix; /* TRAINED_SKIP */
    bool post;
    RnExpectation expect;
    VEC(SignalBranch) branches;
} SignalBlock;

/* From the model's input to its output. */
typedef struct Signal {
    SignalChain chain;
    VEC(SignalBlock) blocks;
} Signal;

typedef struct Data {
    RnDataKind kind;
    Span span;
    const char *path;            /* csv, npy */
    const char *images, *labels; /* idx, npy: inputs and targets */
    const char *test_images, *test_labels;
    const char *target, *skip; /* csv: a column, by name or as "#3"; columns */
    bool header, header_stated, missing_mean;
    double target_unit;
    int64_t dim, train, test, steps; /* synthetic data */
    const Expr *low, *high;          /* uniform */
    const Expr *overlap;             /* gaussian; NULL for none */
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
    const Expr *clip;                        /* NULL: none */
    const Expr *batch, *epochs, *iterations; /* iterations NULL unless stated */
    const Expr *validation, *test;           /* fractions; NULL: none stated */
    const Expr *stop_loss, *patience;        /* NULL: none */
    const Expr *seed;
    Span depth_mup; /* of `transfer depth_mup(…)`; {0, 0}: none */
} Train;

typedef enum When { WHEN_DEFAULT, WHEN_INIT, WHEN_TRAINED } When;

/* A quantity with a function around it: value = function(EXPR_QUANTITY). */
typedef struct Measure {
    const char *text; /* as written, for reports: "log10(forward_change)" */
    Span span;
    RnQuantityKind kind;
    const Stack *stack;   /* quantities of a block */
    const Tensor *tensor; /* quantities of a weight */
    const Tensor *factor; /* alpha of `alpha*W`; NULL: none, or it is 1 */
    bool from_init;       /* `W - init` */
    int choice;           /* response: 1 for `single`; expansion: its order */
    int64_t row, column;  /* entry: from 1 */
    const Expr *function; /* over EXPR_QUANTITY */
} Measure;

typedef struct Bound {
    Measure measure;
    const Expr *low, *high; /* NULL: open. `in a .. b` closed; `<`, `>` as written */
    bool low_strict, high_strict;
} Bound;

typedef struct Probe {
    Span span;
    Data data;     /* kind NONE: train's */
    LossSpec loss; /* kind NONE: train's, or PROJECTION */
    const Expr *batch, *repeat;
    When when;
    VEC(Measure) measures;
} Probe;

typedef struct Check {
    When when;
    VEC(Bound) bounds;
} Check;

/* An axis of a grid. `[1, 2, 5]` is a LIST of three values, `linspace(0, 1, 11)` has ends only. */
typedef struct Axis {
    int param; /* in Model.params */
    RnGridKind kind;
    int64_t count;
    double first, last;
    VEC(double) values;
} Axis;

/* Axes by their place in the sweep; -1 where there is none. */
typedef struct Plot {
    RnPlotKind kind;
    int x, y, by;
    bool log_x, log_y, theory;
    int quantity; /* HISTOGRAM: place in the measures */
    const Expr *clip;
} Plot;

typedef struct Sweep {
    const char *name;
    Span span;
    double cells;   /* of the grid, repeats not counted */
    Probe settings; /* the probe's, with what the sweep states itself */
    VEC(Axis) axes;
    VEC(int) over;  /* for each measure the axis that `best` reduces, or -1 */
    int fit;        /* axis, or -1 */
    Plot plot;
} Sweep;

/* Names in the language's words: "normal", "iid", "weight". */
const char *law_name(RnLawKind kind);
const char *correlation_name(RnCorrelationKind kind);
const char *role_name(RnRole role);

static inline int64_t shape_size(const Shape *shape)
{
    int64_t size = 1;
    for (int i = 0; i < shape->rank; i++) {
        size *= shape->dim[i];
    }
    return size;
}

/* Reals of one layer of a tensor. */
static inline int64_t tensor_size(const Tensor *tensor)
{
    int64_t size = 1;
    for (int i = 0; i < tensor->rank; i++) {
        size *= tensor->dims[i];
    }
    return size;
}

#endif
