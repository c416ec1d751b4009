/* SPDX-License-Identifier: Apache-2.0
 *
 * What the network written by hand computes (see fake_program.h).
 */
#ifndef FAKE_NETWORK_H
#define FAKE_NETWORK_H

#include "core/random.h"
#include "fake_layout.h"

#include <math.h>
#include <string.h>

static int fake_derive(const RnProgram *program, const double *config, void *params, uint64_t seed,
                       uint64_t repeat, void *workspace, const RnParallel *parallel)
{
    (void)workspace;
    (void)parallel;
    float *signs = fake_tensor(program, config, params, FAKE_SIGNS);
    uint64_t stream = rn_stream("block.skip", seed, repeat);
    for (int64_t k = 0; k < fake_layers(config, FAKE_SIGNS); k++)
        signs[k] = rn_bits(stream, 0, (uint64_t)k) & 1 ? 1 : -1;
    return RN_OK;
}

static int fake_init(const RnProgram *program, const double *config, void *params, uint64_t seed,
                     uint64_t repeat, void *workspace, const RnParallel *parallel)
{
    float *w = fake_tensor(program, config, params, FAKE_W);
    float *inverse = fake_tensor(program, config, params, FAKE_INVERSE);
    uint64_t stream = rn_stream("block.W.weight", seed, repeat);
    memset(params, 0, fake_params_size(program, config));
    for (int64_t i = 0; i < fake_layers(config, FAKE_W) * FAKE_IN * FAKE_OUT; i++)
        w[i] = (float)(0.1 * (rn_uniform(stream, 0, (uint64_t)i) - 0.5));
    for (int i = 0; i < FAKE_IN; i++)
        inverse[i] = 1;
    return fake_derive(program, config, params, seed, repeat, workspace, parallel);
}

/* Loss of a sample; delta becomes its gradient by y. */
static double fake_loss(const RnCall *call, int64_t sample, const double *y, double *delta)
{
    double sum = 0, most = fmax(y[0], fmax(y[1], y[2]));
    for (int o = 0; o < FAKE_OUT; o++)
        sum += exp(y[o] - most);
    double loss = 0;
    for (int o = 0; o < FAKE_OUT; o++) {
        if (call->loss_kind == RN_LOSS_CROSS_ENTROPY) {
            int hit = ((const int32_t *)call->target)[sample] == o;
            delta[o] = exp(y[o] - most) / sum - hit;
            loss -= hit ? y[o] - most - log(sum) : 0;
        } else if (call->loss_kind == RN_LOSS_MSE) {
            double d = y[o] - (double)((const float *)call->target)[sample * FAKE_OUT + o];
            delta[o] = 2 * d / (double)FAKE_OUT;
            loss += d * d / (double)FAKE_OUT;
        } else {
            delta[o] = 0;
        }
    }
    return loss;
}

static void fake_update(const RnCall *call, double *gradient, double *bias)
{
    int64_t layers = (int64_t)call->config[0];
    float *w = fake_tensor(call->program, call->config, call->params, FAKE_W);
    float *b = fake_tensor(call->program, call->config, call->params, FAKE_B);
    char *moments = (char *)call->state + sizeof(RnState);
    float *mw = fake_tensor(call->program, call->config, moments, FAKE_W);
    float *mb = fake_tensor(call->program, call->config, moments, FAKE_B);
    for (int64_t i = 0; i < layers * FAKE_IN * FAKE_OUT; i++) {
        mw[i] = (float)(0.5 * (double)mw[i] + gradient[i % (FAKE_IN * FAKE_OUT)]);
        w[i] -= (float)(call->rate * (double)mw[i]);
    }
    for (int o = 0; o < FAKE_OUT; o++) {
        mb[o] = (float)(0.5 * (double)mb[o] + bias[o]);
        b[o] -= (float)(call->rate * (double)mb[o]);
    }
    ((RnState *)call->state)->step++;
}

static void fake_trace(const RnCall *call)
{
    int64_t depth = (int64_t)call->config[0], n = call->batch;
    for (int64_t k = 0; k <= depth; k++)
        for (int64_t s = 0; s < n; s++) {
            double h = exp2((double)k), p = pow(3, (double)(depth - k));
            call->trace[((RN_TRACE_STATE * (depth + 1)) + k) * n + s] = h * h;
            call->trace[((RN_TRACE_STATE_CHANGE * (depth + 1)) + k) * n + s] = (h - 1) * (h - 1);
            call->trace[((RN_TRACE_GRADIENT * (depth + 1)) + k) * n + s] = p * p;
            call->trace[((RN_TRACE_GRADIENT_CHANGE * (depth + 1)) + k) * n + s] = (p - 1) * (p - 1);
        }
}

static void fake_forward(const RnCall *call, int64_t sample, double *x, double *y)
{
    const float *w = fake_tensor(call->program, call->config, call->params, FAKE_W);
    const float *b = fake_tensor(call->program, call->config, call->params, FAKE_B);
    const float *mean = fake_tensor(call->program, call->config, call->params, FAKE_MEAN);
    const float *inverse = fake_tensor(call->program, call->config, call->params, FAKE_INVERSE);
    for (int i = 0; i < FAKE_IN; i++) {
        double raw = (double)((const float *)call->x)[sample * FAKE_IN + i];
        x[i] = (raw - (double)mean[i]) * (double)inverse[i];
        if (call->what & RN_FIT) {
            call->fit[i] += raw;
            call->fit[FAKE_IN + i] += raw * raw;
        }
    }
    for (int o = 0; o < FAKE_OUT; o++) {
        y[o] = (double)b[o];
        for (int64_t k = 0; k < (int64_t)call->config[0]; k++)
            for (int i = 0; i < FAKE_IN; i++)
                y[o] += (double)w[(k * FAKE_IN + i) * FAKE_OUT + o] * x[i];
    }
}

static int fake_run(const RnCall *call)
{
    double gradient[FAKE_IN * FAKE_OUT] = {0}, bias[FAKE_OUT] = {0}, total = 0;
    int64_t n = call->batch;
    for (int64_t s = 0; s < n; s++) {
        double x[FAKE_IN], y[FAKE_OUT], delta[FAKE_OUT] = {0}, loss = 0;
        fake_forward(call, s, x, y);
        if (call->target)
            loss = fake_loss(call, s, y, delta);
        for (int o = 0; o < FAKE_OUT; o++) {
            if (call->y)
                ((float *)call->y)[s * FAKE_OUT + o] = (float)y[o];
            bias[o] += delta[o] / (double)n;
            for (int i = 0; i < FAKE_IN; i++)
                gradient[i * FAKE_OUT + o] += delta[o] * x[i] / (double)n;
        }
        if (call->losses)
            ((float *)call->losses)[s] = (float)loss;
        total += loss;
    }
    if (call->loss)
        *call->loss = total / (double)n;
    if (!isfinite(total))
        return RN_NOT_FINITE;
    if (call->what & RN_UPDATE)
        fake_update(call, gradient, bias);
    if (call->what & RN_TRACE)
        fake_trace(call);
    return RN_OK;
}

#endif
