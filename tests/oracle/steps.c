/* SPDX-License-Identifier: Apache-2.0
 *
 * Ten updates, each from the state that the program had before it.
 */
#include "harness.h"
#include "lib/schedule.h"

#include <stdio.h>
#include <string.h>

static double setting(const Harness *h, RnFormula *formula, double otherwise)
{
    RnPlace place = {.params = h->config};
    return formula ? formula(&place) : otherwise;
}

/* The program's schedule and the oracle's, in double both: a few roundings apart. */
static double rate_at(Harness *h, long step)
{
    const RnTrain *train = h->product.program->train;
    RtSchedule schedule = {.kind = train->schedule,
                           .every = setting(h, train->every, 1),
                           .factor = setting(h, train->factor, 1),
                           .warmup = setting(h, train->warmup, 0),
                           .steps = STEPS,
                           .epoch_steps = EPOCH_STEPS};
    double base = setting(h, train->optimizer.rate, 0);
    double got = rt_schedule_rate(&schedule, base, step);
    double wanted = oracle_rate(h->oracle, step, STEPS, EPOCH_STEPS);
    compare_require(&h->comparison, fabs(got - wanted) <= 8 * 0x1p-52 * base,
                    "not the schedule's rate", "train");
    return got;
}

static void read_moments(Harness *h)
{
    for (int m = 0; m < h->product.moments; m++) {
        for (int t = 0; t < h->tensor_count; t++) {
            product_read(&h->product, product_moment(&h->product, m), t, h->moments[m][t]);
        }
    }
}

static void record_tensors(Harness *h, long step, const char *when, bool bounds)
{
    char name[64];
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        long count = tensor.layers * tensor.size;
        snprintf(name, sizeof name, "step%ld %s", step, when);
        record_array(h->record, name, tensor.name, h->values[t], count);
        for (int m = 0; m < h->product.moments && !bounds; m++) {
            snprintf(name, sizeof name, "step%ld moment%d", step, m);
            record_array(h->record, name, tensor.name, h->moments[m][t], count);
        }
        if (bounds) {
            snprintf(name, sizeof name, "step%ld bound", step);
            record_bounds(h->record, name, tensor.name, oracle_after(h->oracle, t), count);
        }
    }
}

static void record_batch(Harness *h, long step, double rate)
{
    char name[64];
    long in = oracle_input_size(h->oracle), out = oracle_output_size(h->oracle);
    snprintf(name, sizeof name, "step%ld", step);
    record_array(h->record, name, "rate", &rate, 1);
    record_array(h->record, name, "x", h->x, h->batch * in);
    record_array(h->record, name, "target", h->target,
                 oracle_is_classifier(h->oracle) ? h->batch : h->batch * out);
}

static void check_doubts(Harness *h, OracleDoubts doubts)
{
    compare_require(&h->comparison, doubts.kinks == 0,
                    "a pre-activation is within its bound of a kink: choose another seed", "step");
    compare_require(&h->comparison, doubts.gradients == 0,
                    "a gradient is below its bound: choose another seed",
                    doubts.where ? doubts.where : "step");
    compare_require(&h->comparison, doubts.clips == 0,
                    "a norm is within its bound of clipping: choose another seed", "step");
}

static OracleDoubts oracle_update(Harness *h, long step, double rate)
{
    const double *const *moments[ORACLE_MOMENTS];
    for (int m = 0; m < ORACLE_MOMENTS; m++) {
        moments[m] = m < h->product.moments ? (const double *const *)h->moments[m] : NULL;
    }
    return oracle_step(h->oracle, moments, step + 1, rate);
}

/* Gradients of the step, as the program made them. */
static void compare_gradients(Harness *h)
{
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        if (tensor.trainable) {
            product_read(&h->product, h->product.gradient, t, h->values[t]);
            compare(&h->comparison, "gradients of a step", tensor.name, h->values[t],
                    oracle_gradient(h->oracle, t), tensor.layers * tensor.size);
            oracle_set_gradient(h->oracle, t, h->values[t]);
        }
    }
}

/* What the program made of params and moments, against what the oracle did last. */
static void compare_after(Harness *h, const char *quantity)
{
    char name[64];
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        long count = tensor.layers * tensor.size;
        product_read(&h->product, h->product.params, t, h->values[t]);
        compare(&h->comparison, tensor.trainable ? quantity : "fixed tensors", tensor.name,
                h->values[t], oracle_after(h->oracle, t), count);
        for (int m = 0; m < h->product.moments && tensor.trainable; m++) {
            snprintf(name, sizeof name, "%s: moment %d", quantity, m + 1);
            product_read(&h->product, product_moment(&h->product, m), t, h->scratch);
            compare(&h->comparison, name, tensor.name, h->scratch,
                    oracle_moment_after(h->oracle, m, t), count);
        }
    }
}

static void prepare_step(Harness *h, long step, double rate)
{
    make_batch(h, step + 1);
    synchronise(h);
    read_moments(h);
    if (h->record != NULL) {
        record_batch(h, step, rate);
        record_tensors(h, step, "before", false);
    }
}

/* Twice: from the oracle's own gradients, and from the program's, which leaves little but the
 * update's own rounding. */
static void one_step(Harness *h, long step)
{
    double rate = rate_at(h, step);
    prepare_step(h, step, rate);
    OracleBatch batch = {h->batch, h->x, h->target, true, false};
    oracle_run(h->oracle, &batch);
    product_run(&h->product, RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING, rate);
    Num loss = oracle_loss(h->oracle);
    compare(&h->comparison, "loss of a step", "the batch", &h->product.loss, &loss, 1);
    check_doubts(h, oracle_update(h, step, rate));
    compare_after(h, "a step");
    if (h->record != NULL) {
        record_tensors(h, step, "after", true);
    }
    compare_gradients(h);
    oracle_update(h, step, rate);
    compare_after(h, "an update");
}

void check_steps(Harness *h)
{
    for (long step = 0; step < STEPS; step++) {
        one_step(h, step);
    }
}
