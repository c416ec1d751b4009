/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring quantities of a network: for each draw of the weights one traced pass a block; a
 * quantity, and the function around it, is evaluated for each sample, averaged over the samples,
 * then over the draws.
 */
#ifndef RNET_LIB_MEASURE_H
#define RNET_LIB_MEASURE_H

#include "lib/commands.h"

typedef struct RtMeasured {
    bool possible;      /* this version measures it, and what it needs is there */
    const char *reason; /* why not */
    double mean, error; /* over the finite draws; standard error, NaN for fewer than two */
    int64_t finite, draws;
    const char *lost; /* why the first draw that is not finite is none; NULL */
    double *values;   /* [draws] */
    /* Of an entry's path, a spectrum, the coordinate check: a value for each layer, singular value,
     * step; mean and values are then means over these. 1 of all others. */
    int64_t width;
    double *path; /* [width], means over the draws */
} RtMeasured;

/* Means over samples and draws, layer by layer. */
typedef struct RtProfile {
    int32_t region;
    int64_t depth, draws;
    double *state, *gradient; /* [depth + 1]: ‖h_k‖/‖h_0‖, ‖p_k‖/‖p_L‖ */
} RtProfile;

/* What a sweep lends to the probers of its cells. */
typedef struct RtLoan {
    const RnProbe *settings; /* instead of the program's probe block */
    /* read only; used where seed and shares are those of the cell; or NULL */
    const RtDataset *dataset, *train; /* to measure on, to train on */
    uint64_t seed;
    double validation, test;
} RtLoan;
bool rt_loan_fits(const RtLoan *loan, const RtSession *session);

/* Traces that are there before the prober makes them, as in RnCall: the ends of [RN_TRACE_ROWS]
 * [depth + 1][batch], of which the prober's samples begin at `first`. */
typedef struct RtKnown {
    double *const *traces;  /* [regions]; NULL: none */
    int64_t *const *powers; /* [regions] */
    int64_t batch, first;
} RtKnown;

typedef struct RtProber {
    const RtLoan *loan; /* or NULL */
    uint64_t first;     /* number of the first draw */
    bool given;         /* the weights are there already: none are drawn */
    bool borrowed;      /* the dataset is the loan's */
    const RnProbe *probe;
    RtSession session;
    RtCheckpoint checkpoint;
    RtDataset dataset; /* of train, or of the probe's own data */
    RtBuffers buffers;
    RtBlock projection, trace, powers; /* the last two as in RnCall */
    RtKnown known;                     /* or no traces */
    double *spectra;                   /* log2 of singular values of the draw at work; or NULL */
    int32_t spectra_region;
    RtBlock start; /* params that training began with, where `W - init` is measured */
    const RnData *data;
    const RnLoss *loss;
    int64_t batch, repeat;
    int32_t loss_kind;
    bool has_dataset, train_data, scores; /* scores: losses and accuracies can be had */
    RtProfile *profiles;                  /* [regions]; depth 0: not traced */
} RtProber;

/* `when` as in RnProbe; `measures` decide what is traced. */
bool rt_prober_open(RtProber *prober, const RnProgram *program, const RtOptions *options,
                    int32_t when, const RnMeasure *const *measures, int count, RtError *error);
/* The same for a cell of a sweep: weights, trained or not, have scores. The loan outlives it. */
bool rt_prober_borrow(RtProber *prober, const RnProgram *program, const RtOptions *options,
                      const RtLoan *loan, const RnMeasure *const *measures, int count,
                      RtError *error);
/* Weights of a draw: the checkpoint's, or new ones. */
bool rt_prober_draw(RtProber *prober, uint64_t draw, RtError *error);
void rt_prober_close(RtProber *prober);
bool rt_measure(RtProber *prober, const RnMeasure *const *measures, int count, RtMeasured *results,
                RtError *error);
/* Takes in the value of one more draw, for which values[] has room; mean and error are there after
 * rt_measured_finish. */
void rt_measured_add(RtMeasured *result, double value);
void rt_measured_finish(RtMeasured *result);
/* What the results own; also of results that rt_measure did not fill to the end. */
void rt_measured_free(RtMeasured *results, int count);
/* Block that a measure is about; the first where none is named; -1 where there is none. */
int32_t rt_measure_block(const RnProgram *program, const RnMeasure *measure);
/* The same where its norms are traced, else -1. */
int32_t rt_measure_region(const RnProgram *program, const RnMeasure *measure);

#endif
