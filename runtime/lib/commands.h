/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of a program, and the data that several of them share.
 */
#ifndef RNET_LIB_COMMANDS_H
#define RNET_LIB_COMMANDS_H

#include "lib/checkpoint.h"
#include "lib/evaluate.h"
#include "lib/report.h"
#include "lib/session.h"
#include "lib/split.h"

/* Every command opens its session itself; the exit status is in the error when it returns false. */
bool rt_train(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_eval(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_predict(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_probe(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_check(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_sweep(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_bench(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_info(const RnProgram *program, const RtOptions *options, RtError *error);
bool rt_describe(const RnProgram *program, RtError *error);

/* A checkpoint that --load names, and the session with it. Without --load a session is opened with
 * fresh weights to come; `required`: then it is an error. */
bool rt_open_loaded(const RnProgram *program, const RtOptions *options, bool required,
                    RtCheckpoint *checkpoint, RtSession *session, RtError *error);
/* Weights of the checkpoint, or drawn ones where there is none. */
bool rt_fill_weights(RtSession *session, const RtCheckpoint *checkpoint, RtError *error);

/* The training data with its split. */
typedef struct RtDataset {
    RtData data;
    RtSplit split;
} RtDataset;
bool rt_dataset_load(const RtSession *session, RtDataset *dataset, RtError *error);
/* Sets point into the dataset, so it cannot be copied by assignment and then outlive itself. */
void rt_dataset_move(RtDataset *to, RtDataset *from);
void rt_dataset_free(RtDataset *dataset);
/* Shares of the samples that are held out; 0 without a train block. */
void rt_dataset_shares(const RtSession *session, double *validation, double *test);
RtRequest rt_request(const RtSession *session, const RnData *data, bool classes);

/* Batch of `train`, at least 1. */
bool rt_train_batch(const RtSession *session, int64_t *batch, RtError *error);

/* What `standardize` learns: mean and inverse deviation of the training inputs, where the network
 * has such a layer. Needs a workspace for RN_FIT over RT_EVALUATION_BATCH samples. */
bool rt_fit_standardize(RtSession *session, RtBuffers *buffers, const RtSet *set, RtError *error);

/* Adds PREFIX_loss, and PREFIX_accuracy or PREFIX_rmse and PREFIX_r2, in the documented order;
 * `prefix` is "test", "validation" or "train". */
void rt_score_facts(RtFacts *facts, const char *prefix, const RtScore *score, bool classes);

#endif
