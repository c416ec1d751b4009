/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one run of `train`; its parts are tested one by one.
 */
#ifndef RNET_LIB_TRAIN_H
#define RNET_LIB_TRAIN_H

#include "lib/layers.h"
#include "lib/measure.h"
#include "lib/schedule.h"

typedef struct RtTrainer {
    const RtLoan *loan; /* of a sweep's cell, or NULL */
    uint64_t repeat;    /* draw of the weights and order of the samples */
    bool borrowed;      /* the dataset is the loan's */
    RtSession session;
    RtDataset dataset;
    RtBuffers buffers;
    RtSchedule schedule;
    RtProgress progress;
    RtLog log;
    RtLayers layers; /* of --layers */
    RtPosition position;
    uint32_t *order; /* of the current epoch */
    uint64_t order_stream;
    int64_t batch, epochs, epoch_steps;
    double base_rate, stop_loss;       /* stop_loss: NaN where there is none */
    int64_t patience;                  /* 0: none */
    bool classes, stopped;             /* by a stop rule */
    double train_loss, train_accuracy; /* of the last whole epoch */
    double start;
} RtTrainer;

/* Trains a cell of a sweep: nothing is printed, saved or resumed, and a signal stops it. Weights
 * and training loss stay in the trainer until it is closed, whatever this returns. */
bool rt_trainer_run(RtTrainer *trainer, const RnProgram *program, const RtOptions *options,
                    const RtLoan *loan, uint64_t repeat, RtError *error);
void rt_trainer_close(RtTrainer *trainer);

/* Called with the loss of a finished epoch: updates the best one, and says whether to stop. Better
 * means at least 1 % less than the best one so far. */
bool rt_stop_rules(RtPosition *position, double loss, double stop_loss, int64_t patience);

#endif
