/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch through the network: outputs, loss, gradients, a step.
 */
#include "embed/embed.h"

#include <math.h>
#include <string.h>

static const int64_t MOST_SAMPLES = (int64_t)1 << 40; /* more than any memory holds */

static int set_batch(RnCall *call, size_t batch)
{
    call->batch = batch <= (size_t)MOST_SAMPLES ? (int64_t)batch : 0;
    return call->batch > 0;
}

static int has_data(const RnCall *call)
{
    size_t real = (size_t)rnet_program.real_size;
    size_t target = call->loss_kind == RN_LOSS_CROSS_ENTROPY ? sizeof(int32_t) : real;
    return rne_is_aligned(call->params, RN_ALIGN) && rne_is_aligned(call->workspace, RN_ALIGN) &&
           rne_is_aligned(call->x, real) &&
           (call->loss_kind == RN_LOSS_NONE || rne_is_aligned(call->target, target));
}

int rne_run(const RnCall *call)
{
    if (!has_data(call))
        return RN_EMBED_BAD_ARGUMENT;
    switch (call->code->run(call)) {
    case RN_OK:
        return RN_EMBED_OK;
    case RN_BAD_TARGET:
        return RN_EMBED_BAD_TARGET;
    case RN_NOT_FINITE:
        return RN_EMBED_NOT_FINITE;
    default:
        return RN_EMBED_BAD_CONFIG;
    }
}

typedef uint32_t Words __attribute__((vector_size(16)));

/* An exponent of ones, wherever it stands; `none` are words that have no exponent. */
static Words look(const char *bytes, size_t count, Words exponent, Words none)
{
    Words words = {0};
    memcpy(&words, bytes, count);
    return (Words)((words & exponent) == (exponent | none));
}

int rne_are_finite(const void *numbers, size_t bytes, size_t each)
{
    const int wide = each == sizeof(double);
    const uint32_t ones = wide ? 0x7ff00000 : 0x7f800000;
    const Words exponent = {wide ? 0 : ones, ones, wide ? 0 : ones, ones},
                none = {wide, 0, wide, 0};
    Words bad = {0};
    size_t at = 0;
    for (; bytes - at >= sizeof bad; at += sizeof bad)
        bad |= look((const char *)numbers + at, sizeof bad, exponent, none);
    bad |= look((const char *)numbers + at, bytes - at, exponent, none);
    return (bad[0] | bad[1] | bad[2] | bad[3]) == 0;
}

static int has_finite_data(const RnCall *call)
{
    const RnProgram *program = &rnet_program;
    size_t each = (size_t)program->real_size, x = each * (size_t)call->batch, y = x;
    for (int32_t i = 0; i < program->input_rank; i++)
        x *= (size_t)program->input_shape[i];
    for (int32_t i = 0; i < program->output_rank; i++)
        y *= (size_t)program->output_shape[i];
    return rne_are_finite(call->x, x, each) &&
           (call->loss_kind == RN_LOSS_CROSS_ENTROPY || rne_are_finite(call->target, y, each));
}

/* A call of the network's own loss; the mean loss goes to `loss`, which may be NULL. A number that
 * is not finite need not show in the loss: tanh takes an infinite one to 1, and its gradient is
 * none. */
static int run_loss(RnCall *call, const void *target, size_t batch, double *loss)
{
    double own = NAN;
    call->target = target;
    call->loss = &own;
    call->loss_kind = rnet_program.train->loss.kind;
    if (!set_batch(call, batch) || (loss && !rne_is_aligned(loss, _Alignof(double))) ||
        !has_data(call))
        return RN_EMBED_BAD_ARGUMENT;
    int status = has_finite_data(call) ? rne_run(call) : RN_EMBED_NOT_FINITE;
    if (loss && (status == RN_EMBED_OK || status == RN_EMBED_NOT_FINITE))
        *loss = own;
    return status == RN_EMBED_OK && !isfinite(own) ? RN_EMBED_NOT_FINITE : status;
}

int rne_forward(const void *config, const void *params, const void *x, void *y, size_t batch,
                void *workspace, const RnParallel *parallel)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    if (!set_batch(&call, batch) || !rne_is_aligned(y, (size_t)rnet_program.real_size))
        return RN_EMBED_BAD_ARGUMENT;
    call.params = (void *)(uintptr_t)params; /* only read: neither training nor update */
    call.x = x;
    call.y = y;
    call.workspace = workspace;
    call.what = RN_FORWARD;
    return rne_run(&call);
}

int rne_loss(const void *config, const void *params, const void *x, const void *target,
             size_t batch, void *workspace, const RnParallel *parallel, double *loss)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    call.params = (void *)(uintptr_t)params; /* only read */
    call.x = x;
    call.workspace = workspace;
    call.what = RN_FORWARD;
    return run_loss(&call, target, batch, loss);
}

/* Zeros where nothing is trained: fixed tensors, and what lies between tensors. */
static void clear_untrained(const RnCall *call)
{
    const RnProgram *program = call->program;
    char *gradient = call->gradient;
    size_t end = 0;
    for (int32_t t = 0; t < program->tensor_count; t++) {
        const RnTensor *tensor = &program->tensors[t];
        int64_t layers;
        size_t offset = call->code->tensor_offset(program, call->config, t, &layers);
        if (!tensor->trainable)
            continue;
        memset(gradient + end, 0, offset - end);
        end = offset + (size_t)(layers * tensor->size) * (size_t)program->real_size;
    }
    memset(gradient + end, 0, call->code->params_size(program, call->config) - end);
}

int rne_gradient(const void *config, void *params, const void *state, const void *x,
                 const void *target, size_t batch, void *gradient, void *workspace,
                 const RnParallel *parallel, double *loss)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_is_aligned(gradient, RN_ALIGN) || (state && !rne_is_aligned(state, RN_ALIGN)))
        return RN_EMBED_BAD_ARGUMENT;
    call.params = params;
    call.state = (void *)(uintptr_t)state; /* only read: no update */
    call.gradient = gradient;
    call.x = x;
    call.workspace = workspace;
    call.what = RN_FORWARD | RN_BACKWARD | (state ? RN_TRAINING : 0);
    status = run_loss(&call, target, batch, loss);
    if (status == RN_EMBED_OK)
        clear_untrained(&call);
    return status;
}

/* What the file says of the rate, for a step of an unchanging schedule. */
static double own_rate(const double *values)
{
    RnFormula *rate = rnet_program.train->optimizer.rate;
    RnPlace place = {.params = values, .depth = 1, .layer = 1};
    return rate ? rate(&place) : 0;
}

int rne_step(const void *config, void *params, void *state, const void *x, const void *target,
             size_t batch, double rate, void *workspace, const RnParallel *parallel, double *loss)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_is_aligned(state, RN_ALIGN) || !isfinite(rate) || rate < 0)
        return RN_EMBED_BAD_ARGUMENT;
    call.params = params;
    call.state = state;
    call.x = x;
    call.workspace = workspace;
    call.rate = rate != 0 ? rate : own_rate(values);
    call.what = RN_FORWARD | RN_BACKWARD | RN_UPDATE | RN_TRAINING;
    return run_loss(&call, target, batch, loss);
}
