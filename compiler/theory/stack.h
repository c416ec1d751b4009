/* SPDX-License-Identifier: Apache-2.0
 *
 * A residual block as numbers, at its first weights: what the theories read.
 *
 * The compiler fills a TheoryStack from the Model, a compiled program from its tables.
 *
 * Worked example, quickstart.rnet: depth 100, alpha constant 0.1, skip IDENTITY, one branch of the
 * ops [MATRIX variance 1, ACTIVATION relu, MATRIX variance 1], start {own 1, pair 0}.
 */
#ifndef RNET_THEORY_STACK_H
#define RNET_THEORY_STACK_H

#include <stdint.h>

/* ORDER of the language's activations, which those who fill the struct assert. */
typedef enum TheoryActivation {
    THEORY_LINEAR,
    THEORY_RELU,
    THEORY_LEAKY_RELU,
    THEORY_TANH,
    THEORY_SIGMOID,
    THEORY_ERF,
    THEORY_GELU,
    THEORY_SILU,
    THEORY_SOFTPLUS,
    THEORY_SIN,
    THEORY_ACTIVATIONS
} TheoryActivation;

/* ORDER of the language's correlations. */
typedef enum TheoryCorrelation {
    THEORY_IID,
    THEORY_FBM,
    THEORY_RBF,
    THEORY_OU,
    THEORY_MATERN32,
    THEORY_CONSTANT
} TheoryCorrelation;

/* A number for each layer, 1 … depth: at(context, layer), or `constant` where at is NULL. */
typedef struct TheorySeries {
    double constant;
    double (*at)(const void *context, int64_t layer);
    const void *context;
} TheorySeries;

/* Mean square of one entry of the state, and mean product of an entry of two states, both of that
 * mean square: K_aa = K_bb and K_ab. */
typedef struct TheoryKernel {
    double own, pair;
} TheoryKernel;

typedef enum TheoryOpKind {
    THEORY_MATRIX,     /* weights and biases: K → variance K + bias_variance */
    THEORY_ACTIVATION, /* K → <phi²> */
    THEORY_SCALE,      /* times a number: K → variance K */
    THEORY_NORM,       /* over one sample's features: K → 1 */
    THEORY_BATCHNORM,  /* over the batch: K → 1 */
    THEORY_SUM,        /* of chains that act on one input: K → the sum of theirs */
    THEORY_UNKNOWN     /* a layer that no theory here knows */
} TheoryOpKind;

typedef struct TheoryOp {
    TheoryOpKind kind;
    TheoryActivation activation;
    double slope;               /* of leaky_relu */
    TheorySeries variance;      /* MATRIX: fan_in times an entry's; SCALE: the factor squared */
    TheorySeries bias_variance; /* MATRIX */
    TheoryCorrelation correlation;
    int increments;   /* RBF, OU, MATERN32: of = increments */
    int tied;         /* one matrix for all layers */
    double parameter; /* hurst or length */
    double spread; /* MATRIX: its largest singular value over √variance, 2 where square normal */
    const char *name; /* of an UNKNOWN layer */
    int first,
        rest; /* SUM: of the ops behind it, those of its first term, and the others; else 0 */
} TheoryOp;

typedef struct TheoryBranch {
    TheorySeries alpha;
    int learned; /* alpha is trained; these are its first values */
    int op_count;
    const TheoryOp *ops;
} TheoryBranch;

typedef enum TheorySkip {
    THEORY_IDENTITY, /* times scale */
    THEORY_FILTER,   /* orthogonal, times scale */
    THEORY_NO_SKIP,
    THEORY_TRAINED_SKIP, /* a matrix of independent entries: scale = √variance */
    THEORY_OTHER_SKIP    /* momentum, coupled */
} TheorySkip;

/* What walks from layer to layer gives NaN beyond; regimes are judged at any depth. */
enum { THEORY_DEEPEST = 1000000 };

typedef struct TheoryStack {
    double depth; /* a whole number */
    double width;
    TheorySkip skip;
    TheorySeries scale; /* of the skip */
    int branch_count;   /* updates of a layer, one after another */
    const TheoryBranch *branches;
    int post;           /* something follows the addition */
    int shaped;         /* h_0 comes out of an activation, hence is not normal */
    double start_mean;  /* of an entry of h_0 */
    TheoryKernel start; /* of h_0; own is NaN where the layers before are unknown */
} TheoryStack;

double theory_at(const TheorySeries *series, int64_t layer);

/* What a drawn matrix does to a state: `kept` times the variance of an entry is the op's variance,
 * and spread as in TheoryOp. Entries are independent, or the matrix orthogonal: that keeps the
 * norm, spread over fewer or more entries. */
typedef struct TheoryDraw {
    double kept, spread;
} TheoryDraw;

TheoryDraw theory_draw(int orthogonal, double fan_in, double fan_out);

#endif
