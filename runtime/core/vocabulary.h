/* SPDX-License-Identifier: Apache-2.0
 *
 * The words that the compiler and the runtime share: enumerations, one table a family.
 *
 * The only header of runtime/ that every layer of the compiler may include; it has no types but
 * enums, so it cannot tie a layer to anything. Numbers of members are written into compiled
 * programs: compiler and runtime are always built together.
 */
#ifndef RNET_CORE_VOCABULARY_H
#define RNET_CORE_VOCABULARY_H

/* What the caller's memory, and each tensor in it, begins at multiples of. */
enum { RN_ALIGN = 64 };

/* Layers from one state that a training step keeps to the next, at least, where it makes the others
 * again: a power of two. */
enum { RN_SEGMENT = 8 };
/* Matrices of so many rows and columns or more: their products are made from copies. */
enum { RN_WIDE_FROM = 128 };

/* X(TAG, name in the language, derivative taken from: O output, I input) */
#define RN_ACTIVATIONS(X)                                                                          \
    X(LINEAR, "linear", O)                                                                         \
    X(RELU, "relu", O)                                                                             \
    X(LEAKY_RELU, "leaky_relu", O)                                                                 \
    X(TANH, "tanh", O)                                                                             \
    X(SIGMOID, "sigmoid", O)                                                                       \
    X(ERF, "erf", I)                                                                               \
    X(GELU, "gelu", I)                                                                             \
    X(SILU, "silu", I)                                                                             \
    X(SOFTPLUS, "softplus", O)                                                                     \
    X(SIN, "sin", I)

typedef enum RnActivation {
#define X(tag, name, from) RN_ACT_##tag,
    RN_ACTIVATIONS(X)
#undef X
        RN_ACT_COUNT
} RnActivation;

/* How a tensor gets its first values. `scale` is an expression: the standard deviation for NORMAL
 * and UNIFORM, the gain for ORTHOGONAL, the value for CONSTANT. The last rows are not drawn from
 * `init` statements: FORMULA is evaluated per layer (alpha, skip scalars), HAAR and what follows
 * are fixed filters, OPTIMAL is the scale that theory finds for the block (RnSignalBranch). */
#define RN_LAWS(X)                                                                                 \
    X(ZEROS, "zeros")                                                                              \
    X(CONSTANT, "constant")                                                                        \
    X(NORMAL, "normal")                                                                            \
    X(UNIFORM, "uniform")                                                                          \
    X(ORTHOGONAL, "orthogonal")                                                                    \
    X(FORMULA, "formula")                                                                          \
    X(HAAR, "haar")                                                                                \
    X(HOUSEHOLDER, "householder")                                                                  \
    X(SIGNS, "signs")                                                                              \
    X(PERMUTATION, "permutation")                                                                  \
    X(OPTIMAL, "optimal")

typedef enum RnLawKind {
#define X(tag, name) RN_LAW_##tag,
    RN_LAWS(X)
#undef X
        RN_LAW_COUNT
} RnLawKind;

/* The law of weights along depth. */
#define RN_CORRELATIONS(X)                                                                         \
    X(IID, "iid")                                                                                  \
    X(FBM, "fbm")                                                                                  \
    X(GP_RBF, "rbf")                                                                               \
    X(GP_OU, "ou")                                                                                 \
    X(GP_MATERN32, "matern32")                                                                     \
    X(CONSTANT, "constant")

typedef enum RnCorrelationKind {
#define X(tag, name) RN_CORRELATION_##tag,
    RN_CORRELATIONS(X)
#undef X
        RN_CORRELATION_COUNT
} RnCorrelationKind;

/* What a tensor is for. WEIGHT alone is decayed. BUFFER is kept in checkpoints but not trained
 * (haar filters, running statistics); DERIVED is made again from the seed and the params. */
#define RN_ROLES(X)                                                                                \
    X(WEIGHT, "weight")                                                                            \
    X(BIAS, "bias")                                                                                \
    X(GAIN, "gain")                                                                                \
    X(ALPHA, "alpha")                                                                              \
    X(BUFFER, "buffer")                                                                            \
    X(DERIVED, "derived")

typedef enum RnRole {
#define X(tag, name) RN_ROLE_##tag,
    RN_ROLES(X)
#undef X
        RN_ROLE_COUNT
} RnRole;

/* May networks that share a pass differ in a tensor? In a scalar that follows from params. */
static inline int rn_may_differ(RnRole role, int rank, int absolute)
{
    return role == RN_ROLE_DERIVED && rank == 0 && !absolute;
}

/* What theory sees of layers that do not only move entries; SUM stands before its terms' ops. */
#define RN_SIGNALS(X)                                                                              \
    X(MATRIX, "matrix")                                                                            \
    X(ACTIVATION, "activation")                                                                    \
    X(SCALE, "scale")                                                                              \
    X(NORM, "norm")                                                                                \
    X(BATCHNORM, "batchnorm")                                                                      \
    X(SUM, "sum")                                                                                  \
    X(UNKNOWN, "unknown")                                                                          \
    X(BLOCK, "block")

typedef enum RnSignalKind {
#define X(tag, name) RN_SIGNAL_##tag,
    RN_SIGNALS(X)
#undef X
        RN_SIGNAL_COUNT
} RnSignalKind;

/* What theory sees of a skip: times a scale, turned, absent, drawn, or none of these. */
typedef enum RnSignalSkip {
    RN_SIGNAL_IDENTITY,
    RN_SIGNAL_FILTER,
    RN_SIGNAL_NO_SKIP,
    RN_SIGNAL_TRAINED_SKIP,
    RN_SIGNAL_OTHER_SKIP
} RnSignalSkip;

/* The regime that the author of a block means. */
#define RN_EXPECTATIONS(X)                                                                         \
    X(NONE, "none")                                                                                \
    X(STABLE, "stable")                                                                            \
    X(SDE, "sde")                                                                                  \
    X(ODE, "ode")                                                                                  \
    X(IDENTITY, "identity")                                                                        \
    X(EXPLODING, "exploding")

typedef enum RnExpectation {
#define X(tag, name) RN_EXPECT_##tag,
    RN_EXPECTATIONS(X)
#undef X
        RN_EXPECT_COUNT
} RnExpectation;

/* ORDER of `response` in alpha optimal(…). */
typedef enum RnOptimal { RN_OPTIMAL_NONE = -1, RN_OPTIMAL_PAIR, RN_OPTIMAL_SINGLE } RnOptimal;

#define RN_LOSSES(X)                                                                               \
    X(NONE, "none")                                                                                \
    X(CROSS_ENTROPY, "cross_entropy")                                                              \
    X(MSE, "mse")                                                                                  \
    X(PROJECTION, "projection")

/* PROJECTION is <v, output> with a drawn v: the probe's loss where the data has no targets. */
typedef enum RnLossKind {
#define X(tag, name) RN_LOSS_##tag,
    RN_LOSSES(X)
#undef X
        RN_LOSS_COUNT
} RnLossKind;

#define RN_OPTIMIZERS(X)                                                                           \
    X(SGD, "sgd")                                                                                  \
    X(ADAM, "adam")                                                                                \
    X(ADAMW, "adamw")                                                                              \
    X(RMSPROP, "rmsprop")                                                                          \
    X(ADAGRAD, "adagrad")

typedef enum RnOptimizerKind {
#define X(tag, name) RN_OPTIMIZER_##tag,
    RN_OPTIMIZERS(X)
#undef X
        RN_OPTIMIZER_COUNT
} RnOptimizerKind;

#define RN_SCHEDULES(X)                                                                            \
    X(CONSTANT, "constant")                                                                        \
    X(STEP, "step")                                                                                \
    X(COSINE, "cosine")                                                                            \
    X(LINEAR, "linear")

typedef enum RnScheduleKind {
#define X(tag, name) RN_SCHEDULE_##tag,
    RN_SCHEDULES(X)
#undef X
        RN_SCHEDULE_COUNT
} RnScheduleKind;

#define RN_DATA_KINDS(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(FASHION_MNIST, "fashion_mnist")                                                              \
    X(MNIST, "mnist")                                                                              \
    X(CIFAR10, "cifar10")                                                                          \
    X(IDX, "idx")                                                                                  \
    X(CSV, "csv")                                                                                  \
    X(NPY, "npy")                                                                                  \
    X(ROTATION, "rotation")                                                                        \
    X(GAUSSIAN, "gaussian")                                                                        \
    X(UNIFORM, "uniform")                                                                          \
    X(ADDING, "adding")                                                                            \
    X(COPY, "copy")

typedef enum RnDataKind {
#define X(tag, name) RN_DATA_##tag,
    RN_DATA_KINDS(X)
#undef X
        RN_DATA_COUNT
} RnDataKind;

/* Values of a sweep's axis: LIST stated one by one, the others spaced evenly between two ends. */
#define RN_GRIDS(X)                                                                                \
    X(LIST, "list")                                                                                \
    X(LINSPACE, "linspace")                                                                        \
    X(GEOMSPACE, "geomspace")

typedef enum RnGridKind {
#define X(tag, name) RN_GRID_##tag,
    RN_GRIDS(X)
#undef X
        RN_GRID_COUNT
} RnGridKind;

#define RN_PLOTS(X)                                                                                \
    X(NONE, "none")                                                                                \
    X(HEATMAP, "heatmap")                                                                          \
    X(LINES, "lines")                                                                              \
    X(HISTOGRAM, "histogram")

typedef enum RnPlotKind {
#define X(tag, name) RN_PLOT_##tag,
    RN_PLOTS(X)
#undef X
        RN_PLOT_COUNT
} RnPlotKind;

/* Measured quantities. X(TAG, name, arguments: 0 none, B a block, W a weight, K a number, R pair
 * or single, E a weight and two indices; measured by this version: 1 or 0) */
#define RN_QUANTITIES(X)                                                                           \
    X(FORWARD_RATIO, "forward_ratio", B, 1)                                                        \
    X(FORWARD_CHANGE, "forward_change", B, 1)                                                      \
    X(GRADIENT_RATIO, "gradient_ratio", B, 1)                                                      \
    X(GRADIENT_CHANGE, "gradient_change", B, 1)                                                    \
    X(JACOBIAN_MIN, "jacobian_min", B, 1)                                                          \
    X(JACOBIAN_MAX, "jacobian_max", B, 1)                                                          \
    X(JACOBIAN_SPECTRUM, "jacobian_spectrum", B, 1)                                                \
    X(RESPONSE, "response", R, 1)                                                                  \
    X(EXPANSION, "expansion", K, 1)                                                                \
    X(GEOMETRIC_COMPLEXITY, "geometric_complexity", 0, 1)                                          \
    X(MAX_NORM, "max_norm", W, 1)                                                                  \
    X(INCREMENT, "increment", W, 1)                                                                \
    X(ROOT_SUM_SQUARE, "root_sum_square", W, 1)                                                    \
    X(SUM_NORM, "sum_norm", W, 1)                                                                  \
    X(QUADRATIC_VARIATION, "quadratic_variation", W, 1)                                            \
    X(LAG1, "lag1", W, 1)                                                                          \
    X(ROUGHNESS, "roughness", W, 1)                                                                \
    X(ENTRY, "entry", E, 1)                                                                        \
    X(LOSS, "loss", 0, 1)                                                                          \
    X(ACCURACY, "accuracy", 0, 1)                                                                  \
    X(TRAIN_LOSS, "train_loss", 0, 1)                                                              \
    X(TRAIN_ACCURACY, "train_accuracy", 0, 1)                                                      \
    X(VALIDATION_LOSS, "validation_loss", 0, 1)                                                    \
    X(VALIDATION_ACCURACY, "validation_accuracy", 0, 1)                                            \
    X(TEST_LOSS, "test_loss", 0, 1)                                                                \
    X(TEST_ACCURACY, "test_accuracy", 0, 1)                                                        \
    X(TEST_RMSE, "test_rmse", 0, 1)                                                                \
    X(TEST_R2, "test_r2", 0, 1)                                                                    \
    X(COORDINATES, "coordinates", 0, 1)

typedef enum RnQuantityKind {
#define X(tag, name, arguments, measured) RN_QUANTITY_##tag,
    RN_QUANTITIES(X)
#undef X
        RN_QUANTITY_COUNT
} RnQuantityKind;

/* ---- Objects to embed: what their headers, their interface and emit/ agree on ---- */

/* The interface's version: counts up when a host has to be changed. */
enum { RN_EMBED_INTERFACE = 2 };

/* Most params of a network in an object: their values lie on the stack. */
enum { RN_EMBED_PARAMS = 256 };

/* What a function of the interface returns. X(TAG, text of NAME_error) */
#define RN_STATUSES(X)                                                                             \
    X(OK, "done")                                                                                  \
    X(BAD_CONFIG, "the network does not take these params, or a size overflows")                   \
    X(BAD_TARGET, "a label is outside the classes")                                                \
    X(NOT_FINITE, "the loss, or a number of the batch, is not finite")                             \
    X(BAD_FILE, "the file is no safetensors file, or a damaged one")                               \
    X(BAD_ARGUMENT, "a pointer is null or not aligned, or a number is out of range")               \
    X(TOO_SMALL, "the memory given is too small")                                                  \
    X(BAD_ISA, "no instruction set of the object runs here, or not the one RNET_ISA names")        \
    X(WRONG_FILE, "the file is of another network")                                                \
    X(WRONG_SHAPE, "a tensor of the file has another shape or precision")                          \
    X(NO_STATE, "the file has weights alone, and no state")

typedef enum RnEmbedStatus {
#define X(tag, text) RN_EMBED_##tag,
    RN_STATUSES(X)
#undef X
        RN_EMBED_STATUS_COUNT
} RnEmbedStatus;

/* What a workspace is for. */
#define RN_PURPOSES(X)                                                                             \
    X(INIT)                                                                                        \
    X(FORWARD)                                                                                     \
    X(LOSS)                                                                                        \
    X(GRADIENT)                                                                                    \
    X(STEP)                                                                                        \
    X(FIT)                                                                                         \
    X(LOAD)

typedef enum RnPurpose {
    RN_PURPOSE_NONE,
#define X(tag) RN_PURPOSE_##tag,
    RN_PURPOSES(X)
#undef X
        RN_PURPOSE_COUNT
} RnPurpose;

/* Which objects have a function: all of them; those that draw weights; that train; whose network
 * standardizes; with weights baked in; those without; the ones that rnetc asks for sizes. */
typedef enum RnEmbedWhen {
    RN_EMBED_ALWAYS,
    RN_EMBED_DRAWS,
    RN_EMBED_TRAINS,
    RN_EMBED_FITS,
    RN_EMBED_BAKED,
    RN_EMBED_UNBAKED,
    RN_EMBED_ASKED
} RnEmbedWhen;

/* The interface: runtime/embed/ defines rne_X, an object has NAME_X. X(name, RnEmbedWhen) */
#define RN_EMBED_FUNCTIONS(X)                                                                      \
    X(error, ALWAYS)                                                                               \
    X(version, ALWAYS)                                                                             \
    X(isa, ALWAYS)                                                                                 \
    X(params_size, ALWAYS)                                                                         \
    X(state_size, ALWAYS)                                                                          \
    X(workspace_size, ALWAYS)                                                                      \
    X(init, DRAWS)                                                                                 \
    X(fit, FITS)                                                                                   \
    X(forward, ALWAYS)                                                                             \
    X(loss, TRAINS)                                                                                \
    X(gradient, TRAINS)                                                                            \
    X(step, TRAINS)                                                                                \
    X(load, UNBAKED)                                                                               \
    X(load_config, UNBAKED)                                                                        \
    X(save_size, DRAWS)                                                                            \
    X(save, DRAWS)                                                                                 \
    X(export, ALWAYS)                                                                              \
    X(import, ALWAYS)                                                                              \
    X(weights, BAKED)                                                                              \
    X(workspace_size_of, ASKED)

#endif
