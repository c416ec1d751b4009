/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands share: the session with its checkpoint, and the training data.
 */
#include "lib/commands.h"
#include "lib/config.h"
#include "lib/outputs.h"
#include "lib/real.h"

#include <string.h>

bool rt_open_loaded(const RnProgram *program, const RtOptions *options, bool required,
                    RtCheckpoint *checkpoint, RtSession *session, RtError *error)
{
    *checkpoint = (RtCheckpoint){0};
    *session = (RtSession){0};
    if (!options->load && required)
        return rt_fail(error, RT_USAGE, "--load FILE is wanted: the checkpoint with the weights");
    if (!options->load)
        return rt_session_open(program, options, NULL, session, error);
    return rt_checkpoint_read(program, options->load, checkpoint, error) &&
           rt_session_open(program, options, checkpoint, session, error);
}

bool rt_fill_weights(RtSession *session, const RtCheckpoint *checkpoint, RtError *error)
{
    if (checkpoint->path)
        return rt_checkpoint_restore(checkpoint, session, false, error);
    return rt_session_init(session, 0, error);
}

RtRequest rt_request(const RtSession *session, const RnData *data, bool classes)
{
    return (RtRequest){.program = session->program,
                       .config = session->config,
                       .data = data,
                       .folder = session->options->data,
                       .features = session->features,
                       .outputs = session->outputs,
                       .classes = classes,
                       .seed = session->seed};
}

/* Held out for the test where the data have no test set and the program does not say. */
static const double default_test_share = 0.2;

void rt_dataset_shares(const RtSession *session, double *validation, double *test)
{
    const RnTrain *train = session->program->train;
    *validation = train ? rt_formula(train->validation, session->config, 0) : 0;
    *test = train ? rt_formula(train->test, session->config, default_test_share) : 0;
}

bool rt_dataset_load(const RtSession *session, RtDataset *dataset, RtError *error)
{
    const RnTrain *train = session->program->train;
    *dataset = (RtDataset){0};
    if (!train)
        return rt_fail(error, RT_USAGE, "%s has no train block, so no data",
                       session->program->name);
    bool classes = train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    RtRequest request = rt_request(session, &train->data, classes);
    double validation, test;
    rt_dataset_shares(session, &validation, &test);
    if (rt_data_load(&request, &dataset->data, error) &&
        (train->data.kind == RN_DATA_ROTATION || /* which no file holds */
         rt_outputs_check_data(session->options, &dataset->data, error)) &&
        rt_split_make(&dataset->data, validation, test, session->seed, &dataset->split, error) &&
        rt_fill_missing(&dataset->data, &dataset->split, session->program->real_size, error)) {
        if (dataset->data.train.labels || dataset->data.train.targets)
            return true;
        rt_fail(error, RT_BAD_DATA, "%s: no targets", dataset->data.train.source);
    }
    rt_dataset_free(dataset);
    return false;
}

void rt_dataset_move(RtDataset *to, RtDataset *from)
{
    *to = *from;
    RtSet *sets[] = {&to->split.train, &to->split.validation, &to->split.test};
    for (int i = 0; i < 3; i++) {
        if (sets[i]->table == &from->data.train)
            sets[i]->table = &to->data.train;
        else if (sets[i]->table == &from->data.test)
            sets[i]->table = &to->data.test;
    }
    *from = (RtDataset){0};
}

void rt_dataset_free(RtDataset *dataset)
{
    rt_split_free(&dataset->split);
    rt_data_free(&dataset->data);
}

bool rt_train_batch(const RtSession *session, int64_t *batch, RtError *error)
{
    const RnTrain *train = session->program->train;
    return rt_formula_count(train ? train->batch : NULL, session->config, 128, 1, "batch", batch,
                            error);
}

void rt_score_facts(RtFacts *facts, const char *prefix, const RtScore *score, bool classes)
{
    static const char *const names[3][4] = {
        {"test_loss", "test_accuracy", "test_rmse", "test_r2"},
        {"validation_loss", "validation_accuracy", "validation_rmse", "validation_r2"},
        {"train_loss", "train_accuracy", "train_rmse", "train_r2"}};
    const char *const *row = names[prefix[1] == 'e' ? 0 : prefix[0] == 'v' ? 1 : 2];
    if (classes) {
        rt_fact(facts, row[1], score->accuracy);
    } else {
        rt_fact(facts, row[2], score->rmse);
        rt_fact(facts, row[3], score->r2);
    }
    rt_fact(facts, row[0], score->loss);
}
