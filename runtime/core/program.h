/* SPDX-License-Identifier: Apache-2.0
 *
 * What a compiled network is: the tables and functions that emit/ writes, and the calls on them.
 *
 *     RnProgram ── params, tensors, regions, train, probe …     constant data, one for all ISAs
 *               └─ codes[]: RnCode, one for each instruction set, best first
 *
 * Types here hold pointers, int32_t, int64_t and double only, in the order in which emit/ fills
 * them; emit/ takes the layouts from the compiled bitcode of descriptor.c, so a change here without
 * one there stops the compiler, not the program.
 *
 * Memory: the caller owns all of it.
 *     params     one tensor after another, each at a multiple of 64 bytes:  [count][size] reals,
 *                count = depth of its region, or 1 (shared, or outside stacks). A matrix is kept
 *                [in][out] here and [out, in] in checkpoints.
 *     state      RnState, then the optimiser's moments, each laid out like params
 *     workspace  everything else of one call
 * All are aligned to RN_ALIGN bytes.
 */
#ifndef RNET_CORE_PROGRAM_H
#define RNET_CORE_PROGRAM_H

#include "core/signal.h"
#include "core/vocabulary.h"

#include <stddef.h>
#include <stdint.h>

enum { RN_LANES = 16, RN_DIMS = 4, RN_MOMENTS = 2 };

/* What the leaves of an expression stand for. */
typedef struct RnPlace {
    const double *params; /* [param_count] */
    double depth, layer, fan_in, fan_out;
    double base; /* the optimiser's own value; in a measure the quantity */
} RnPlace;

typedef double RnFormula(const RnPlace *place);

typedef struct RnParam {
    const char *name;
    const char *doc; /* or NULL */
    double value, low, high;
    int32_t integer, unused;
} RnParam;

typedef struct RnTensor {
    const char *name;
    int32_t role, law;           /* RnRole, RnLawKind */
    int32_t correlation;         /* RnCorrelationKind */
    int32_t increments;          /* of a GP */
    int32_t region;              /* whose depth counts its layers */
    int32_t shared;              /* one for all layers of the region */
    int32_t trainable, absolute; /* absolute: the network uses |value| */
    int32_t matrix;              /* dims [out, in], in memory [in][out] */
    int32_t rank;
    int64_t dims[RN_DIMS];       /* of one layer, in checkpoint order; rank 0: a scalar */
    int64_t size;                /* reals of one layer */
    int64_t seed;                /* PERMUTATION */
    int64_t depends;             /* the draw changes with param i: bit i; 63: any further one */
    double fan_in, fan_out;
    RnFormula *scale, *parameter;           /* of the law, of the correlation; or NULL */
    RnFormula *rate, *epsilon, *decay;      /* rules over base; NULL: base itself */
} RnTensor;

typedef struct RnRegion {
    const char *name;        /* of a stack; NULL for the straight parts between stacks */
    RnFormula *depth;        /* NULL: 1 */
    int64_t in_rows, out_rows;
    int64_t kept_rows;       /* per layer, besides the state, that backward reads */
    int64_t scratch_rows;    /* of one layer, forward or backward, the larger */
    int64_t delta_reals;     /* per sample and layer: transposed deltas and scalars */
    int32_t keeps_states;    /* backward or gradients read the state of every layer */
    int32_t lockstep;        /* batch statistics: one tile holds the whole batch */
    int32_t trained;         /* has gradients of per-layer tensors */
    int32_t trained_shared;  /* has gradients of shared tensors */
    int32_t remakes;         /* those states can be made again from kept values */
    int32_t reads_states;    /* backward itself reads them, not only gradients of tensors do */
} RnRegion;

typedef struct RnPass RnPass;
typedef struct RnTile RnTile;

/* The emitted functions of a region. Layers count from 0. */
typedef struct RnRegionCode {
    void (*forward)(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to);
    /* for layer = to - 1 down to from; leaves the gradient of the state before `from` in the
     * tile's current gradient buffer (RnTile.gradient[(to - from) & 1] when it began in [0]) */
    void (*backward)(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to);
    /* the states that layers from … to − 1 made, again and to the bit, from that of `from` and from
     * kept values; NULL where RnRegion.remakes is 0 */
    void (*remake)(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to);
    /* gradients of the per-layer tensors of one layer, over all samples of the batch */
    void (*gradient)(const RnPass *pass, int64_t layer);
    /* adds the gradients of shared tensors, for layer = to - 1 down to from */
    void (*gradient_shared)(const RnPass *pass, int64_t from, int64_t to);
    /* forward for a batch of one sample in prediction: its values lie one behind the other at the
     * beginning of the tile's places. The same bits. Of all regions or NULL for all */
    void (*forward_one)(const RnPass *pass, const RnTile *tile, int64_t from, int64_t to);
} RnRegionCode;

typedef struct RnOptimizer {
    int32_t kind, nesterov; /* RnOptimizerKind */
    RnFormula *rate, *momentum, *beta1, *beta2, *epsilon, *decay; /* NULL: 0 */
} RnOptimizer;

typedef struct RnData {
    int32_t kind; /* RnDataKind */
    int32_t header, missing_mean, header_stated;
    const char *path, *images, *labels, *test_images, *test_labels, *target, *skip; /* or NULL */
    double target_unit;
    int64_t dim, train, test, steps;
    RnFormula *low, *high, *overlap; /* or NULL */
} RnData;

typedef struct RnLoss {
    int32_t kind, unused;                  /* RnLossKind */
    RnFormula *target_low, *target_high;   /* targets drawn from a uniform law; or NULL */
} RnLoss;

typedef struct RnTrain {
    RnData data;
    RnLoss loss;
    RnOptimizer optimizer;
    int32_t schedule, unused; /* RnScheduleKind */
    RnFormula *every, *factor, *warmup;
    RnFormula *clip, *batch, *epochs, *iterations, *validation, *test; /* NULL: not stated */
    RnFormula *stop_loss, *patience, *seed;
} RnTrain;

/* factor: the tensor of alpha in alpha*W. */
typedef struct RnMeasure {
    const char *text;
    int32_t kind, region, tensor, factor; /* RnQuantityKind; -1 where there is none */
    RnFormula *function;                  /* over RnPlace.base */
    int32_t from_init, choice;            /* W - init; 1: response(single), order of an expansion */
    int64_t row, column;                  /* of an entry, from 1 */
} RnMeasure;

typedef struct RnBound {
    RnMeasure measure;
    RnFormula *low, *high; /* NULL: open */
    int32_t low_strict, high_strict;
} RnBound;

typedef struct RnProbe {
    RnData data;
    RnLoss loss;
    RnFormula *batch, *repeat;
    int32_t when, count; /* 0 default, 1 init, 2 trained */
    const RnMeasure *measures;
} RnProbe;

typedef struct RnCheck {
    int32_t when, count;
    const RnBound *bounds;
} RnCheck;

typedef struct RnAxis {
    int32_t param, kind;  /* RnGridKind */
    int64_t count;
    double first, last;   /* ends of what is spaced */
    const double *values; /* [count] of a list; else NULL */
} RnAxis;

/* Axes by their place in the sweep, -1 where there is none. */
typedef struct RnPlot {
    int32_t kind, x, y, by; /* RnPlotKind; y: of a heat map, by: of lines */
    int32_t log_x, log_y, theory;
    int32_t quantity;       /* of a histogram: place in the sweep's measures */
    RnFormula *clip;        /* NULL: none */
} RnPlot;

typedef struct RnSweep {
    const char *name;
    RnProbe settings;    /* the probe's, with what the sweep states itself; `when` is settled */
    const RnAxis *axes;
    const int32_t *over; /* for each measure the axis that `best` reduces; -1: none */
    int32_t axis_count;
    int32_t fit;         /* axis of a power law; -1: none */
    RnPlot plot;
} RnSweep;

typedef struct RnCode RnCode;

typedef struct RnProgram {
    const char *name;
    const char *source_path;
    const char *source_hash;   /* of the source and all definitions, hexadecimal */
    const char *version;       /* of rnetc */
    const char *input_name, *output_name;
    int32_t real_size;         /* 4 or 8 */
    int32_t param_count, tensor_count, region_count, sweep_count, code_count;
    int32_t input_rank, output_rank;
    int32_t mean, inverse;     /* tensors of `standardize`, which RN_FIT is for; -1: none */
    int64_t input_shape[RN_DIMS], output_shape[RN_DIMS];
    const RnParam *params;
    const RnTensor *tensors;
    const RnRegion *regions;
    const RnTrain *train;      /* NULL: none */
    const RnProbe *probe;
    const RnCheck *check;
    const RnSweep *sweeps;
    const char *const *streams;/* random streams of dropout, by number; NULL behind the last */
    const RnCode *codes;       /* [code_count], best first */
    const RnSignal *signal;    /* NULL: none, in programs made by hand */
} RnProgram;

/* Runs body(context, i) for i in 0 … count − 1, in any order, on any threads; NULL run means: here,
 * in order. Results never depend on it. */
typedef struct RnParallel {
    void (*run)(void *pool, int64_t count, void (*body)(void *context, int64_t index),
                void *context);
    void *pool;
    int64_t threads; /* behind it, so that large pieces come to as many; 0: one */
} RnParallel;

typedef struct RnState {
    uint64_t step;  /* updates done */
    uint64_t seed;  /* of the run: weights, masks, order */
    uint64_t repeat;
    /* where the run stands in its data: zeros at its beginning, and where a host feeds it */
    uint64_t epoch, position, correct, waiting;
    double loss_sum, best_loss; /* the best is none before the first epoch has ended */
    uint64_t unused[7];
} RnState;

enum RnWhat {
    RN_FORWARD = 1,  /* outputs (and losses, where there is a target) */
    RN_BACKWARD = 2, /* gradients too */
    RN_UPDATE = 4,   /* and one step of the optimiser */
    RN_TRAINING = 8, /* dropout drops, batchnorm uses the batch's statistics */
    RN_TRACE = 16,   /* per-layer norms of one region: RnCall.trace */
    RN_FIT = 32,     /* standardize accumulates; nothing else is of use */
    RN_FEWER = 64,   /* of a size: for so many samples or threads, or fewer of either */
    RN_STATES_ONLY = 128, /* with RN_BACKWARD: gradients of states, of no tensor */
    RN_TRACE_ENDS = 256,  /* with RN_TRACE: only rows 0 and depth of the trace are filled */
    RN_FAR = 512 /* a hint: lines take long between the cores of the threads (kernels/draft.h) */
};

enum RnTraceRow { RN_TRACE_STATE, RN_TRACE_STATE_CHANGE, RN_TRACE_GRADIENT,
                  RN_TRACE_GRADIENT_CHANGE, RN_TRACE_ROWS };

enum RnStatus {
    RN_OK = 0,
    RN_BAD_CONFIG = 1,   /* a size overflows, a param is out of range */
    RN_BAD_TARGET = 2,   /* a label outside the classes */
    RN_NOT_FINITE = 3,   /* the loss is */
    RN_NO_MEMORY = 4
};

/* One call. reals are float or double as the program says. */
typedef struct RnCall {
    const RnProgram *program;
    const RnCode *code;    /* the instruction set to run on */
    const double *config;  /* [param_count] values of the params */
    void *params;          /* written by RN_UPDATE, and by batchnorm under RN_TRAINING */
    void *state;           /* RN_UPDATE */
    const void *x;         /* [batch][input] reals */
    const void *target;    /* int32_t [batch] labels, or reals [batch][output]; NULL: none */
    const void *projection;/* reals [output]: v of the loss <v, output> */
    void *y;               /* [batch][output] reals out, or NULL */
    void *losses;          /* [batch] reals out, or NULL: loss of each sample */
    void *gradient;        /* out, laid out like params; or NULL: kept in the workspace */
    double *trace;         /* RN_TRACE: [RN_TRACE_ROWS][depth + 1][batch], squared norms */
    int64_t *trace_powers; /* alike: a norm is 2^power times the root; NULL: none (core/carry.h) */
    int64_t look;          /* at these powers: so many layers behind the last look */
    double *fit;           /* RN_FIT: [2][input] sums and sums of squares, first zeroed by caller */
    double *loss;          /* mean loss out, or NULL */
    void *workspace;       /* workspace_size bytes */
    int64_t batch;
    int32_t what, loss_kind; /* RnWhat bits, RnLossKind */
    int32_t trace_region;
    int32_t scales_states; /* with trace_powers: those that grow too large */
    const RnParallel *parallel; /* or NULL */
    double rate;           /* this step's learning rate: the schedule's value */
    /* RN_STATES_ONLY: the batch is that of so many networks, as many samples each, which have all
     * but some scalars in common; 0: of one. A sample's bits are those of its network alone. */
    int64_t networks;
    const void *const *own; /* [networks][tensor_count] these scalars, [layers]; NULL: params */
} RnCall;

/* Layers from … to − 1 of one region: forward from given states, then, where there is a cotangent,
 * backward from it, without gradients of tensors and as in prediction. Of the call it reads
 * program, code, config, params, workspace (stretch_size bytes), batch, parallel.
 * Reals are [batch][rows of the state there]. */
typedef struct RnStretch {
    const RnCall *call;
    int64_t from, to;
    int32_t region, unused;
    const void *state;     /* before layer `from` */
    void *next;            /* out, after layer to − 1; or NULL */
    const void *cotangent; /* of `next`; or NULL */
    void *pulled;          /* out: cotangent times the Jacobian of `next` by `state` */
} RnStretch;

/* The functions of one instruction set, in the bitcode under the names rn_params_size, rn_run, ….
 * Sizes are bytes; 0 means overflow or a bad config. */
struct RnCode {
    const char *isa;          /* "avx512", "avx2", "baseline" */
    const RnRegionCode *regions;
    size_t (*params_size)(const RnProgram *program, const double *config);
    size_t (*state_size)(const RnProgram *program, const double *config);
    /* Reads program, config, batch, what, trace_region, whether there is a place for gradients,
     * how many threads, networks, own: a call must agree in all, or under RN_FEWER have no more
     * samples and threads. */
    size_t (*workspace_size)(const RnCall *call);
    /* Draws every tensor; `workspace` has init_workspace_size bytes. */
    size_t (*init_workspace_size)(const RnProgram *program, const double *config);
    int (*init)(const RnProgram *program, const double *config, void *params, uint64_t seed,
                uint64_t repeat, void *workspace, const RnParallel *parallel);
    /* Makes the DERIVED tensors again, after a load. */
    int (*derive)(const RnProgram *program, const double *config, void *params, uint64_t seed,
                  uint64_t repeat, void *workspace, const RnParallel *parallel);
    /* Params of which `changed` has the bits took other values; none of them decides a depth. Makes
     * the tensors again whose draws depend on them; the rest stays. */
    int (*redraw)(const RnProgram *program, const double *config, void *params, uint64_t seed,
                  uint64_t repeat, void *workspace, const RnParallel *parallel, int64_t changed);
    int (*run)(const RnCall *call); /* RnStatus */
    size_t (*stretch_size)(const RnStretch *stretch); /* reads the call's sizes, region, from, to */
    int (*stretch)(const RnStretch *stretch);         /* RnStatus */
    /* Byte offset of a tensor in params, and its number of layers; out of size_t: 0 count. */
    size_t (*tensor_offset)(const RnProgram *program, const double *config, int32_t tensor,
                            int64_t *count);
};

/* The one symbol that a compiled network exports for the runtime library. */
extern const RnProgram rnet_program;

#endif
