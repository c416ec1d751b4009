/* SPDX-License-Identifier: Apache-2.0
 *
 * What theory says of one residual block at its first weights, as pure functions of numbers.
 *
 * The library includes nothing else of ours, allocates nothing and keeps no state, so compiler and
 * compiled programs give the same answers. Where no theory applies, numbers are NaN, and
 * theory_obstacle() says why. Formulas and sources stand at the head of each file.
 */
#ifndef RNET_THEORY_THEORY_H
#define RNET_THEORY_THEORY_H

#include "theory/stack.h"

/* The reasons that a reader can make plainer, who knows the names of layers and blocks. */
#define THEORY_UNKNOWN_LAYER "the branch holds a layer that no theory here knows"
#define THEORY_UNKNOWN_START                                                                       \
    "the layers before the block hold one that the kernel recursion does not know"

/* NULL where the kernel recursion holds for the block; else the reason, one clause. */
const char *theory_obstacle(const TheoryStack *stack);

/* ---- kernel.c, propagate.c: infinite width ---- */
enum { THEORY_TERMS = 64 }; /* of Hermite series */

/* Averages over a pair (x, y) of normal variables of kernel k; k.pair NaN: those of x alone. */
typedef struct TheoryMoments {
    double own, pair;     /* <phi(x)²>, <phi(x) phi(y)> */
    double own_response;  /* d own / d k.own */
    double pair_response; /* d pair / d k.pair = <phi'(x) phi'(y)> */
    double slope_square;  /* <phi'(x)²> */
    double mean;          /* <phi(x)> */
} TheoryMoments;
TheoryMoments theory_moments(TheoryActivation activation, double slope, TheoryKernel k);

/* What a chain of ops makes of a kernel, and the derivatives of it. */
typedef struct TheorySignal {
    TheoryKernel kernel;
    double own_response, pair_response; /* d kernel / d kernel at the start, product over the ops */
    double log_gradient;                /* log of E‖p_0‖²/‖p_L‖²; NaN: unknown */
    double mean;                        /* of an entry of the state */
    double added;                       /* to kernel.own by the branches, so far */
} TheorySignal;
TheorySignal theory_start(TheoryKernel k);
void theory_apply(const TheoryOp *op, int64_t layer, TheorySignal *signal);

/* A signal on its way through the layers before a block. */
typedef struct TheoryState {
    TheorySignal signal;
    int shaped; /* it comes out of an activation, hence is not normal */
} TheoryState;
/* Of the model's inputs: their mean square and the mean product of two; or uniform in a range. */
TheoryState theory_inputs(double norm, double pair);
TheoryState theory_uniform_inputs(double low, double high);
void theory_pass(const TheoryOp *op, TheoryState *state);
/* The state is the block's h_0. */
void theory_enter(const TheoryState *state, TheoryStack *stack);

/* The block's h_L from its h_0. With iid weights: E‖h_L‖²/‖h_0‖² = kernel.own / start.own. */
TheorySignal theory_propagate(const TheoryStack *stack);

/* ---- moments.c: independent weights at finite width ---- */
typedef struct TheoryRatios {
    double forward_square, change_square; /* E‖h_L‖²/‖h_0‖², E‖h_L − h_0‖²/‖h_0‖² */
    double gradient_square;               /* E‖p_0‖²/‖p_L‖² */
    double gradient_change_square;        /* E‖p_L − p_0‖²/‖p_L‖² */
    double log_mean, log_deviation; /* of log(‖h_L‖²/‖h_0‖²), normal in law; NaN: unknown */
    double mean_ratio, median_ratio, deviation_ratio; /* of ‖h_L‖/‖h_0‖ by that law */
    const char *law_obstacle; /* NULL where it holds; else the reason, one clause */
} TheoryRatios;
TheoryRatios theory_ratios(const TheoryStack *stack);

/* ---- regime.c ---- */
typedef enum TheoryRegime {
    THEORY_NO_REGIME,
    THEORY_REGIME_IDENTITY,
    THEORY_REGIME_SDE,
    THEORY_REGIME_ODE,
    THEORY_REGIME_STABLE,
    THEORY_REGIME_EXPLODING,
    THEORY_REGIME_VANISHING
} TheoryRegime;

/* The exponent b at which alpha = depth^-b keeps the branch neither negligible nor dominant. */
double theory_critical_exponent(const TheoryBranch *branch);

/* What the branch puts out stays below a bound, however great the state is. */
int theory_saturates(const TheoryBranch *branch);

/* Weight matrices one after another, along the longest way through sums. */
int theory_matrices(const TheoryBranch *branch);

/* A block as a function of its depth; the pointer is good until the next call. */
typedef struct TheoryFamily {
    const TheoryStack *(*at)(void *context, double depth);
    void *context;
} TheoryFamily;

typedef struct TheoryVerdict {
    TheoryRegime regime;
    const char *why;     /* one clause; never NULL */
    double critical;     /* of the branch that decides */
    double exponent;     /* of its alpha, with the standard deviations: ~ depth^-exponent */
    double displacement; /* critical − exponent: the branches add ~ depth^displacement */
    double weights;      /* with alpha 1 they add ~ depth^weights; critical for steady weights */
    int branch;          /* that branch */
    int few;             /* some layers make most of what it adds, at any depth */
} TheoryVerdict;
/* Judged as depth grows; `depth` is the block's own, which decides for trained alpha. */
TheoryVerdict theory_regime(const TheoryFamily *family, double depth);

/* log of the product of the skip's scales. */
double theory_log_gain(const TheoryStack *stack);

/* ---- expectation.c ---- */
/* ORDER of the language's `expect`. */
typedef enum TheoryExpectation {
    THEORY_EXPECT_NONE,
    THEORY_EXPECT_STABLE,
    THEORY_EXPECT_SDE,
    THEORY_EXPECT_ODE,
    THEORY_EXPECT_IDENTITY,
    THEORY_EXPECT_EXPLODING
} TheoryExpectation;
int theory_fulfils(TheoryExpectation expectation, TheoryRegime regime);
/* As in `expect`; "unknown" and "vanishing" have no word there. */
const char *theory_regime_name(TheoryRegime regime);

/* ---- filter.c ---- */
typedef struct TheoryJacobian {
    double log_low, log_high; /* bounds on the singular values of dh_L/dh_0; −inf: none */
    double log_mean_square;   /* of a singular value, for independent weights; or NaN */
    double log_gain;          /* product of the skip's scales */
} TheoryJacobian;
TheoryJacobian theory_jacobian(const TheoryStack *stack);

/* ---- field.c ---- */
enum TheoryResponse { THEORY_PAIR, THEORY_SINGLE }; /* ORDER of alpha optimal */
/* d <phi(h_L) phi(h_L)> / dK⁰, phi the first branch's first activation. */
double theory_response(const TheoryStack *stack, int response);
/* alpha, one for all layers, that makes that response greatest; 0: any branch lessens it; inf: it
 * grows without bound; NaN: theory_obstacle, or what theory_optimal_obstacle says. */
double theory_optimal_scale(const TheoryStack *stack, int response);
const char *theory_optimal_obstacle(const TheoryStack *stack);
/* The same for a single input in the limit alpha² depth fixed, depth → ∞. */
double theory_optimal_continuum(const TheoryStack *stack);

/* ---- variance.c ---- */
/* p_L = mean of phi(h_L)² over the width. Its mean at infinite width, and N Var(p_L) to leading
 * order. For one branch activation → matrix, depth up to THEORY_VARIANCE_DEPTH; work holds
 * THEORY_VARIANCE_WORK doubles. */
enum {
    THEORY_VARIANCE_DEPTH = 1000,
    THEORY_VARIANCE_WORK = (THEORY_VARIANCE_DEPTH + 1) * (THEORY_TERMS + 3)
};
double theory_population(const TheoryStack *stack);
double theory_variance(const TheoryStack *stack, double *work);

/* ---- expansion.c: the output as a sum over subsets of layers ---- */
enum { THEORY_ORDERS = 8 };
typedef struct TheoryExpansion {
    double log_paths[THEORY_ORDERS];      /* log C(L, k) */
    double log_coherent[THEORY_ORDERS];   /* log of the sum of |alpha| products of order k */
    double log_incoherent[THEORY_ORDERS]; /* the same of alpha² */
    double log_coherent_total, log_incoherent_total;
    double mean_length; /* of a path, coherent weights */
} TheoryExpansion;
TheoryExpansion theory_expansion(const TheoryStack *stack);

#endif
