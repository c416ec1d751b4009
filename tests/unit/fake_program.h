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

#include "fake_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
                       .mean = FAKE_MEAN,
                       .inverse = FAKE_INVERSE,
                       .input_shape = {FAKE_IN},
                       .output_shape = {FAKE_OUT},
                       .params = fake_params,
                       .tensors = fake_tensors,
                       .regions = fake_regions,
                       .train = train,
                       .codes = fake_codes};
}

#endif
