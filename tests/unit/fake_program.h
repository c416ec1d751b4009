/* SPDX-License-Identifier: Apache-2.0
 *
 * A network written by hand behind the descriptor of a compiled one, so that the runtime library is
 * tested without the compiler: y = (Σ_k W_k) s(x) + b, with W_k the weights of a stack of depth L,
 * s a standardize layer, plain sums in double and stochastic gradient descent with momentum.
 *
 * Its trace is made up: ‖h_k‖ = 2^k and ‖p_k‖ = 3^(L-k) for every sample.
 */
#ifndef FAKE_PROGRAM_H
#define FAKE_PROGRAM_H

#include "core/program.h"
#include "core/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAKE_IN = 4, FAKE_OUT = 3, FAKE_MOST_BATCH = 4096 };
enum { FAKE_W, FAKE_B, FAKE_MEAN, FAKE_INVERSE, FAKE_SIGNS, FAKE_TENSORS };

static double fake_depth(const RnPlace *place)
{
    return place->params[0];
}

static double fake_rate(const RnPlace *place)
{
    return place->params[1];
}

static double fake_momentum(const RnPlace *place)
{
    (void)place;
    return 0.5;
}

static double fake_batch(const RnPlace *place)
{
    (void)place;
    return 7;
}

static double fake_epochs(const RnPlace *place)
{
    (void)place;
    return 3;
}

static double fake_seed(const RnPlace *place)
{
    (void)place;
    return 11;
}

static double fake_log2(const RnPlace *place)
{
    return log2(place->base);
}

static const RnParam fake_params[] = {{"L", "layers", 2, 1, 1000, 1, 0},
                                      {"lr", NULL, 0.1, 0, 1e300, 0, 0}};

static const RnTensor fake_tensors[] = {
    [FAKE_W] = {.name = "block.W.weight",
                .role = RN_ROLE_WEIGHT,
                .law = RN_LAW_NORMAL,
                .trainable = 1,
                .matrix = 1,
                .rank = 2,
                .dims = {FAKE_OUT, FAKE_IN},
                .size = FAKE_OUT * FAKE_IN},
    [FAKE_B] = {.name = "head.bias",
                .role = RN_ROLE_BIAS,
                .region = 1,
                .trainable = 1,
                .rank = 1,
                .dims = {FAKE_OUT},
                .size = FAKE_OUT},
    [FAKE_MEAN] = {.name = "standardize.mean",
                   .role = RN_ROLE_BUFFER,
                   .region = 1,
                   .rank = 1,
                   .dims = {FAKE_IN},
                   .size = FAKE_IN},
    [FAKE_INVERSE] = {.name = "standardize.inverse",
                      .role = RN_ROLE_BUFFER,
                      .region = 1,
                      .rank = 1,
                      .dims = {FAKE_IN},
                      .size = FAKE_IN},
    [FAKE_SIGNS] = {.name = "block.skip", .role = RN_ROLE_DERIVED, .rank = 0, .size = 1},
};

static const RnRegion fake_regions[] = {{.name = "block", .depth = fake_depth}, {.name = NULL}};

static int64_t fake_layers(const double *config, int32_t tensor)
{
    return fake_tensors[tensor].region == 0 ? (int64_t)config[0] : 1;
}

static size_t fake_offset(const RnProgram *program, const double *config, int32_t tensor,
                          int64_t *count)
{
    size_t offset = 0;
    (void)program;
    for (int32_t t = 0; t < tensor; t++)
        offset += ((size_t)fake_layers(config, t) * (size_t)fake_tensors[t].size * 4 + 63) & ~63ul;
    *count = tensor < FAKE_TENSORS ? fake_layers(config, tensor) : 0;
    return offset;
}

static size_t fake_params_size(const RnProgram *program, const double *config)
{
    int64_t count;
    return fake_offset(program, config, FAKE_TENSORS, &count);
}

static size_t fake_state_size(const RnProgram *program, const double *config)
{
    return sizeof(RnState) + fake_params_size(program, config);
}

static size_t fake_workspace_size(const RnCall *call)
{
    return call->batch <= FAKE_MOST_BATCH ? 64 : 0;
}

static size_t fake_init_workspace(const RnProgram *program, const double *config)
{
    (void)program;
    (void)config;
    return 64;
}

static float *fake_tensor(const RnProgram *program, const double *config, void *params, int32_t t)
{
    int64_t count;
    return (float *)((char *)params + fake_offset(program, config, t, &count));
}

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

static const RnCode fake_codes[] = {{.isa = "baseline",
                                     .params_size = fake_params_size,
                                     .state_size = fake_state_size,
                                     .workspace_size = fake_workspace_size,
                                     .init_workspace_size = fake_init_workspace,
                                     .init = fake_init,
                                     .derive = fake_derive,
                                     .run = fake_run,
                                     .tensor_offset = fake_offset}};

/* A program that trains on a CSV file. */
static inline RnTrain fake_train(const char *path, int32_t loss_kind)
{
    return (RnTrain){
        .data = {.kind = RN_DATA_CSV, .header = 1, .path = path, .target = "y"},
        .loss = {.kind = loss_kind},
        .optimizer = {.kind = RN_OPTIMIZER_SGD, .rate = fake_rate, .momentum = fake_momentum},
        .batch = fake_batch,
        .epochs = fake_epochs,
        .seed = fake_seed};
}

static inline RnProgram fake_program(const RnTrain *train)
{
    (void)fake_log2;
    return (RnProgram){.name = "fake",
                       .source_path = "fake.rnet",
                       .source_hash = "0123456789abcdef",
                       .version = "0",
                       .input_name = "x",
                       .output_name = "y",
                       .real_size = 4,
                       .param_count = 2,
                       .tensor_count = FAKE_TENSORS,
                       .region_count = 2,
                       .code_count = 1,
                       .input_rank = 1,
                       .output_rank = 1,
                       .input_shape = {FAKE_IN},
                       .output_shape = {FAKE_OUT},
                       .params = fake_params,
                       .tensors = fake_tensors,
                       .regions = fake_regions,
                       .train = train,
                       .codes = fake_codes};
}

#endif
