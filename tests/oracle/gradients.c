/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs, losses and gradients of one batch; and the oracle's gradients against differences of its
 * own loss.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static double *reals_of(const Harness *h, const void *memory, long count)
{
    double *values = malloc((size_t)(count + 1) * sizeof *values);
    for (long i = 0; values != NULL && i < count; i++) {
        values[i] = product_real(&h->product, memory, i);
    }
    return values;
}

/* Kept for the other judge where `kept`: what inference computed. */
static void compare_reals(Harness *h, const char *quantity, const void *memory, const Num *wanted,
                          long count, bool kept)
{
    double *values = reals_of(h, memory, count);
    compare(&h->comparison, quantity, "the batch", values, wanted, count);
    if (h->record != NULL && kept) {
        record_array(h->record, quantity, "value", values, count);
        record_bounds(h->record, quantity, "bound", wanted, count);
    }
    free(values);
}

/* What `losses` holds has been rounded once more. */
static void compare_losses(Harness *h, bool kept)
{
    Num *losses = malloc((size_t)h->batch * sizeof *losses);
    for (long i = 0; losses != NULL && i < h->batch; i++) {
        Num loss = oracle_losses(h->oracle)[i];
        losses[i] = num_rounded(loss.value, loss.error);
    }
    compare_reals(h, "sample losses", h->product.losses, losses, h->batch, kept);
    free(losses);
}

static void compare_outputs(Harness *h, bool training)
{
    long count = h->batch * oracle_output_size(h->oracle);
    Num loss = oracle_loss(h->oracle);
    compare_reals(h, training ? "outputs in training" : "outputs", h->product.y,
                  oracle_output(h->oracle), count, !training);
    compare_losses(h, !training);
    compare(&h->comparison, "loss", "the batch", &h->product.loss, &loss, 1);
    if (h->record != NULL && !training) {
        record_array(h->record, "loss", "value", &h->product.loss, 1);
        record_bounds(h->record, "loss", "bound", &loss, 1);
    }
}

static void compare_gradients(Harness *h, const char *quantity)
{
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        if (!tensor.trainable) {
            continue;
        }
        long count = tensor.layers * tensor.size;
        product_read(&h->product, h->product.gradient, t, h->values[t]);
        compare(&h->comparison, quantity, tensor.name, h->values[t], oracle_gradient(h->oracle, t),
                count);
        if (h->record != NULL) {
            record_array(h->record, quantity, tensor.name, h->values[t], count);
            record_bounds(h->record, "gradient bound", tensor.name, oracle_gradient(h->oracle, t),
                          count);
        }
    }
}

static void record_start(Harness *h)
{
    long in = oracle_input_size(h->oracle), out = oracle_output_size(h->oracle);
    long targets = oracle_is_classifier(h->oracle) ? h->batch : h->batch * out;
    record_setting(h->record, "batch", (double)h->batch);
    for (int32_t i = 0; i < rnet_program.param_count; i++) {
        record_array(h->record, "param", rnet_program.params[i].name, &h->config[i], 1);
    }
    record_array(h->record, "x", "value", h->x, h->batch * in);
    record_array(h->record, "target", "value", h->target, targets);
    for (int t = 0; t < h->tensor_count; t++) {
        OracleTensor tensor = oracle_tensor(h->oracle, t);
        record_array(h->record, "start", tensor.name, h->values[t], tensor.layers * tensor.size);
    }
}

static void check_kinks(Harness *h, OracleDoubts doubts, const char *where)
{
    compare_require(&h->comparison, doubts.kinks == 0,
                    "a pre-activation is within its bound of a kink: choose another seed", where);
}

/* The running statistics move in training; everything else stands. */
static void restore(Harness *h, void *params)
{
    memcpy(h->product.params, params, h->product.params_size);
    free(params);
}

static void check_mode(Harness *h, const char *quantity, int what, bool training)
{
    OracleBatch batch = {h->batch, h->x, h->target, training, false};
    void *before = product_copy(h->product.params, h->product.params_size);
    synchronise(h);
    check_kinks(h, oracle_run(h->oracle, &batch), quantity);
    product_run(&h->product, what, 0);
    compare_outputs(h, training);
    if (what & RN_BACKWARD) {
        compare_gradients(h, quantity);
    }
    restore(h, before);
}

void check_gradients(Harness *h)
{
    Record *record = h->record;
    make_batch(h, 0);
    synchronise(h);
    if (record != NULL) {
        record_start(h);
    }
    check_mode(h, "forward", RN_FORWARD, false);
    h->record = NULL; /* the other judge sees inference, then the gradients of training */
    if (oracle_has_batchnorm(h->oracle)) {
        check_mode(h, "gradients of inference", RN_FORWARD | RN_BACKWARD, false);
    }
    h->record = record;
    check_mode(h, "gradients", RN_FORWARD | RN_BACKWARD | RN_TRAINING, true);
}

/* One entry of a tensor moved; the loss and the signs at the kinks there. */
typedef struct Probe {
    Harness *h;
    int tensor;
    long index;
    double at;
    unsigned long pattern; /* at the middle */
    bool crossed;
} Probe;

static Num loss_at(Probe *p, double offset)
{
    Harness *h = p->h;
    OracleBatch batch = {h->batch, h->x, h->target, true, true};
    h->values[p->tensor][p->index] = p->at + offset;
    oracle_set_tensor(h->oracle, p->tensor, h->values[p->tensor]);
    OracleDoubts doubts = oracle_forward(h->oracle, &batch);
    p->crossed |= doubts.pattern != p->pattern;
    return oracle_loss(h->oracle);
}

static Num difference(Probe *p, double h)
{
    Num right = loss_at(p, h), left = loss_at(p, -h);
    return (Num){(right.value - left.value) / (2 * h), (right.error + left.error) / (2 * h)};
}

/* D(h) misses the derivative by f'''h²/6, a third of what it differs from D(2h); the rest is
 * rounding, which the oracle bounds. A step across a kink is made shorter. */
static void check_entry(Probe *p, Num gradient, const char *name)
{
    Harness *h = p->h;
    double step = 0x1p-13;
    Num near, far;
    p->at = h->values[p->tensor][p->index];
    do {
        p->crossed = false;
        near = difference(p, step);
        far = difference(p, 2 * step);
        step /= 8;
    } while (p->crossed && step > 0x1p-30);
    loss_at(p, 0);
    compare_require(&h->comparison, !p->crossed, "a kink is too near for differences", name);
    near.error += fabs(far.value - near.value) + gradient.error;
    compare(&h->comparison, "finite differences", name, &gradient.value, &near, 1);
}

enum { ENTRIES = 6 }; /* of each tensor */

static void check_tensor_entries(Probe *p)
{
    Harness *h = p->h;
    OracleTensor t = oracle_tensor(h->oracle, p->tensor);
    long count = t.layers * t.size;
    Num *gradient = malloc((size_t)count * sizeof *gradient);
    for (long i = 0; gradient != NULL && i < count; i++) {
        gradient[i] = oracle_gradient(h->oracle, p->tensor)[i];
    }
    for (long i = 0; gradient != NULL && i < ENTRIES && i < count; i++) {
        p->index = count <= ENTRIES ? i : (2 * i + 1) * count / (2 * ENTRIES);
        check_entry(p, gradient[p->index], t.name);
    }
    free(gradient);
}

void check_differences(Harness *h)
{
    make_batch(h, 0);
    synchronise(h);
    OracleBatch batch = {h->batch, h->x, h->target, true, true};
    Probe probe = {.h = h, .pattern = oracle_run(h->oracle, &batch).pattern};
    for (probe.tensor = 0; probe.tensor < h->tensor_count; probe.tensor++) {
        if (oracle_tensor(h->oracle, probe.tensor).trainable) {
            check_tensor_entries(&probe);
        }
    }
}
