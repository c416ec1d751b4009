/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the network written by hand (see fake_program.h): params, formulas, tensors, and
 * where they lie in memory.
 */
#ifndef FAKE_LAYOUT_H
#define FAKE_LAYOUT_H

#include "core/program.h"

#include <math.h>

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

#endif
