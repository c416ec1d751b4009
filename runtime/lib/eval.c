/* SPDX-License-Identifier: Apache-2.0
 *
 * The command `eval`.
 */
#include "lib/commands.h"
#include "lib/config.h"

typedef struct Evaluation {
    RtSession session;
    RtCheckpoint checkpoint;
    RtDataset dataset;
    RtBuffers buffers;
    RtProgress progress;
    const char *doing; /* "testing" */
} Evaluation;

static bool set_up(Evaluation *e, const RnProgram *program, const RtOptions *options,
                   RtError *error)
{
    if (!rt_open_loaded(program, options, true, &e->checkpoint, &e->session, error) ||
        !rt_dataset_load(&e->session, &e->dataset, error))
        return false;
    const RtUse use = {RT_EVALUATION_BATCH, RN_FORWARD, -1};
    const RtNeed need = {"batches", rt_buffers_size(&e->session, RT_EVALUATION_BATCH)};
    bool classes = program->train->loss.kind == RN_LOSS_CROSS_ENTROPY;
    return rt_session_allocate(&e->session, &use, 1, false, &need, 1, error) &&
           rt_buffers_allocate(&e->buffers, &e->session, RT_EVALUATION_BATCH, classes, error) &&
           rt_checkpoint_restore(&e->checkpoint, &e->session, false, error);
}

static bool show_progress(void *evaluation, int64_t done, int64_t count, RtError *error)
{
    Evaluation *e = evaluation;
    (void)error;
    rt_progress_score(&e->progress, e->doing, done, count);
    return true;
}

static bool add_score(Evaluation *e, const char *prefix, const RtSet *set, RtFacts *facts,
                      RtError *error)
{
    RtScore score;
    if (!set->count)
        return true;
    e->doing = set == &e->dataset.split.test ? "testing" : "validating";
    e->buffers.watch = (RtWatch){show_progress, e};
    if (!rt_evaluate(&e->session, &e->buffers, set, e->session.program->train->loss.kind, &score,
                     error))
        return false;
    rt_progress_clear(&e->progress);
    rt_score_facts(facts, prefix, &score, e->buffers.classes);
    return true;
}

bool rt_eval(const RnProgram *program, const RtOptions *options, RtError *error)
{
    Evaluation e = {0};
    RtFacts facts = {0};
    double start = rt_seconds();
    rt_progress_start(&e.progress, options, 0);
    bool good = set_up(&e, program, options, error);
    good = good && add_score(&e, "test", &e.dataset.split.test, &facts, error) &&
           add_score(&e, "validation", &e.dataset.split.validation, &facts, error);
    rt_fact(&facts, "seconds", rt_seconds() - start);
    good = good && rt_facts_print(&facts, options->json, error);
    rt_buffers_free(&e.buffers);
    rt_dataset_free(&e.dataset);
    rt_session_close(&e.session);
    rt_checkpoint_free(&e.checkpoint);
    return good;
}
