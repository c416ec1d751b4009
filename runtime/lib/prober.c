/* SPDX-License-Identifier: Apache-2.0
 *
 * What a measurement needs: the network, samples, a loss to differentiate, memory for the trace.
 */
#include "lib/config.h"
#include "lib/measure_parts.h"
#include "lib/real.h"

#include <stdlib.h>

static bool is_synthetic(const RnData *data)
{
    return data->kind == RN_DATA_UNIFORM || data->kind == RN_DATA_GAUSSIAN;
}

int32_t rt_measure_region(const RnProgram *program, const RnMeasure *measure)
{
    bool of_block =
        measure->kind >= RN_QUANTITY_FORWARD_RATIO && measure->kind <= RN_QUANTITY_GRADIENT_CHANGE;
    return of_block ? rt_measure_block(program, measure) : -1;
}

int32_t rt_measure_block(const RnProgram *program, const RnMeasure *measure)
{
    if (measure->region >= 0)
        return measure->region;
    for (int32_t i = 0; i < program->region_count; i++)
        if (program->regions[i].depth)
            return i;
    return -1;
}

static bool is_score(int32_t kind)
{
    return kind >= RN_QUANTITY_LOSS && kind <= RN_QUANTITY_TEST_R2;
}

/* Where nothing names data, inputs are standard normal. */
static const RnData gaussian_data = {.kind = RN_DATA_GAUSSIAN};
static const RnLoss no_loss = {.kind = RN_LOSS_NONE};

static void choose_data(RtProber *p)
{
    const RnProbe *probe = p->probe;
    const RnTrain *train = p->session.program->train;
    p->train_data = false;
    p->data = &gaussian_data;
    if (probe && probe->data.kind != RN_DATA_NONE) {
        p->data = &probe->data;
    } else if (train) {
        p->data = &train->data;
        p->train_data = true;
    }
    p->loss = probe && probe->loss.kind != RN_LOSS_NONE ? &probe->loss
              : train                                   ? &train->loss
                                                        : &no_loss;
}

bool rt_loan_fits(const RtLoan *loan, const RtSession *session)
{
    double validation, test;
    rt_dataset_shares(session, &validation, &test);
    return loan->seed == session->seed && loan->validation == validation && loan->test == test;
}

static bool borrow_data(RtProber *p)
{
    const RtLoan *loan = p->loan;
    if (!loan || !loan->dataset || !rt_loan_fits(loan, &p->session))
        return false;
    p->dataset = *loan->dataset;
    p->has_dataset = p->borrowed = true;
    return true;
}

static bool load_data(RtProber *p, bool wants_scores, RtError *error)
{
    RtSession *session = &p->session;
    if (borrow_data(p))
        return true;
    if (p->train_data || (wants_scores && is_synthetic(p->data) && session->program->train)) {
        p->has_dataset = rt_dataset_load(session, &p->dataset, error);
        return p->has_dataset;
    }
    if (is_synthetic(p->data))
        return true;
    RtRequest request = rt_request(session, p->data, p->loss->kind == RN_LOSS_CROSS_ENTROPY);
    p->has_dataset =
        rt_data_load(&request, &p->dataset.data, error) &&
        rt_split_make(&p->dataset.data, 0, 0, session->seed, &p->dataset.split, error) &&
        rt_fill_missing(&p->dataset.data, &p->dataset.split, session->program->real_size, error);
    return p->has_dataset;
}

/* The loss, or the projection where the samples have no targets for it. */
static bool choose_loss(RtProber *p, RtError *error)
{
    const RtTable *table = &p->dataset.data.train;
    bool drawn = p->loss->target_low && p->loss->target_high;
    bool targets = !is_synthetic(p->data) && p->has_dataset && (table->labels || table->targets);
    bool classes = p->loss->kind == RN_LOSS_CROSS_ENTROPY;
    p->loss_kind = RN_LOSS_PROJECTION;
    if (p->loss->kind == RN_LOSS_NONE || !(drawn || targets))
        return true;
    p->loss_kind = p->loss->kind;
    return drawn || classes == (table->labels != NULL) ||
           rt_fail(error, RT_BAD_DATA, "the probe's loss is %s, but the data have %s",
                   classes ? "cross_entropy" : "mse", classes ? "numbers" : "classes");
}

static const int64_t default_batch = 16;

static bool settle_counts(RtProber *p, RtError *error)
{
    const RnProbe *probe = p->probe;
    const RtOptions *options = p->session.options;
    if (!rt_formula_count(probe ? probe->batch : NULL, p->session.config, default_batch, 1,
                          "the probe's batch", &p->batch, error) ||
        !rt_formula_count(probe ? probe->repeat : NULL, p->session.config, 1, 1,
                          "the probe's repeat", &p->repeat, error))
        return false;
    if (options->repeat >= 1)
        p->repeat = (int64_t)options->repeat;
    if (p->has_dataset && !is_synthetic(p->data) && p->batch > p->dataset.split.train.count)
        p->batch = p->dataset.split.train.count;
    return true;
}

/* Blocks that are traced, with memory for the longest trace and for every profile. */
static bool prepare_traces(RtProber *p, const RnMeasure *const *measures, int count, RtUse *use,
                           size_t *trace_size, RtError *error)
{
    const RnProgram *program = p->session.program;
    *trace_size = 0;
    p->profiles = calloc((size_t)program->region_count + 1, sizeof *p->profiles);
    if (!p->profiles)
        return rt_fail(error, RT_FAILED, "out of memory for the profiles");
    for (int i = 0; i < count; i++) {
        int32_t region = rt_measure_region(program, measures[i]);
        if (region < 0 || p->profiles[region].depth)
            continue;
        RtProfile *profile = &p->profiles[region];
        size_t bytes;
        if (!rt_region_depth(program, p->session.config, region, &profile->depth, error))
            return false;
        if (!rt_bytes(profile->depth + 1, p->batch,
                      RN_TRACE_ROWS * (sizeof(double) + sizeof(int64_t)), &bytes))
            return rt_fail(error, RT_USAGE, "the trace of a batch of %lld overflows",
                           (long long)p->batch);
        profile->region = use->trace_region = region;
        profile->state = calloc((size_t)profile->depth + 1, sizeof *profile->state);
        profile->gradient = calloc((size_t)profile->depth + 1, sizeof *profile->gradient);
        if (!profile->state || !profile->gradient)
            return rt_fail(error, RT_FAILED, "out of memory for the profiles");
        *trace_size = bytes > *trace_size ? bytes : *trace_size;
    }
    return true;
}

enum { MOST_USES = 64 };

/* A use for every traced block, and one each for evaluation and the fit. */
static int list_uses(const RtProber *p, RtUse *uses)
{
    int count = 0;
    for (int32_t i = 0; i < p->session.program->region_count && count < MOST_USES - 3; i++)
        if (p->profiles[i].depth)
            uses[count++] = (RtUse){p->batch, rt_trace_what(p), i};
    uses[count++] = (RtUse){RT_EVALUATION_BATCH, RN_FORWARD, -1};
    uses[count++] = (RtUse){RT_EVALUATION_BATCH, RN_FORWARD | RN_FIT, -1};
    return count;
}

static bool wants(const RnMeasure *const *measures, int count, int32_t kind)
{
    bool any = false;
    for (int i = 0; i < count; i++)
        any = any || measures[i]->kind == kind;
    return any;
}

/* The steps of the coordinate check, and the optimiser's state for them. */
static bool add_training(const RtProber *p, RtUse *uses, int *count, bool *with_state,
                         RtError *error)
{
    int64_t batch;
    *with_state = *with_state && !rt_coordinates_missing(p);
    if (!*with_state)
        return true;
    if (!rt_coordinates_batch(p, &batch, error))
        return false;
    uses[(*count)++] = (RtUse){batch, RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING, -1};
    return true;
}

static bool wants_start(const RnMeasure *const *measures, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++)
        any = any || measures[i]->from_init;
    return any;
}

static bool allocate(RtProber *p, const RnMeasure *const *measures, int count, RtError *error)
{
    RtUse uses[MOST_USES];
    size_t trace_size;
    if (!prepare_traces(p, measures, count, uses, &trace_size, error))
        return false;
    int64_t most = p->batch > RT_EVALUATION_BATCH ? p->batch : RT_EVALUATION_BATCH;
    size_t start_size = wants_start(measures, count) ? p->session.params_size : 0;
    const RtNeed needs[] = {{"batches", rt_buffers_size(&p->session, most)},
                            {"norms layer by layer", trace_size},
                            {"weights before training", start_size}};
    size_t projection = (size_t)p->session.outputs * (size_t)p->session.program->real_size;
    const RnTrain *train = p->session.program->train;
    bool with_state = wants(measures, count, RN_QUANTITY_COORDINATES);
    int use_count = list_uses(p, uses);
    return add_training(p, uses, &use_count, &with_state, error) &&
           rt_session_allocate(&p->session, uses, use_count, with_state, needs, 3, error) &&
           rt_buffers_allocate(&p->buffers, &p->session, most,
                               train && train->loss.kind == RN_LOSS_CROSS_ENTROPY, error) &&
           rt_block_allocate(&p->projection, projection, "projection", error) &&
           rt_block_allocate(&p->trace, trace_size / 2, "norms layer by layer", error) &&
           rt_block_allocate(&p->powers, trace_size / 2, "norms layer by layer", error) &&
           rt_block_allocate(&p->start, start_size, "weights before training", error);
}

/* `scores`: losses and accuracies can be had of whatever weights there are. */
static bool open_network(RtProber *p, const RnProgram *program, const RtOptions *options,
                         bool scores, const RnMeasure *const *measures, int count, RtError *error)
{
    bool wants_scores = false;
    for (int i = 0; i < count; i++)
        wants_scores = wants_scores || is_score(measures[i]->kind);
    if (!rt_open_loaded(program, options, false, &p->checkpoint, &p->session, error))
        return false;
    choose_data(p);
    p->scores = scores && program->train && (p->train_data || is_synthetic(p->data));
    if (!load_data(p, wants_scores && p->scores, error))
        return false;
    return choose_loss(p, error) && settle_counts(p, error) && allocate(p, measures, count, error);
}

bool rt_prober_open(RtProber *p, const RnProgram *program, const RtOptions *options, int32_t when,
                    const RnMeasure *const *measures, int count, RtError *error)
{
    *p = (RtProber){.probe = program->probe};
    if (when == 2 && !options->load)
        return rt_fail(error, RT_USAGE,
                       "it is measured on a trained network: --load FILE names "
                       "its checkpoint");
    return open_network(p, program, options, options->load, measures, count, error);
}

bool rt_prober_borrow(RtProber *p, const RnProgram *program, const RtOptions *options,
                      const RtLoan *loan, const RnMeasure *const *measures, int count,
                      RtError *error)
{
    *p = (RtProber){.loan = loan, .probe = loan->settings};
    return open_network(p, program, options, true, measures, count, error);
}

void rt_prober_close(RtProber *p)
{
    for (int32_t i = 0; p->profiles && i < p->session.program->region_count; i++) {
        free(p->profiles[i].state);
        free(p->profiles[i].gradient);
    }
    free(p->profiles);
    rt_block_free(&p->projection);
    rt_block_free(&p->trace);
    rt_block_free(&p->powers);
    rt_block_free(&p->start);
    free(p->spectra);
    rt_buffers_free(&p->buffers);
    if (!p->borrowed)
        rt_dataset_free(&p->dataset);
    rt_session_close(&p->session);
    rt_checkpoint_free(&p->checkpoint);
}
