/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program's descriptor says of its sizes, under a config.
 */
#include "core/pass.h"

/* Called a few times a step, so better small than fast. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

int64_t rn_depth(const RnProgram *program, const double *config, int32_t region)
{
    if (region < 0 || !program->regions[region].depth)
        return 1;
    RnPlace place = {.params = config};
    double depth = program->regions[region].depth(&place);
    if (!(depth >= 1 && depth <= (double)RN_MOST_LAYERS) || depth != (double)(int64_t)depth)
        return 0;
    return (int64_t)depth;
}

int64_t rn_tensor_layers(const RnProgram *program, const double *config, int32_t tensor)
{
    const RnTensor *row = &program->tensors[tensor];
    return row->shared ? 1 : rn_depth(program, config, row->region);
}

int64_t rn_output_rows(const RnProgram *program)
{
    return program->regions[program->region_count - 1].out_rows;
}

int32_t rn_moments(const RnProgram *program)
{
    if (!program->train)
        return 0;
    int32_t momentum = program->train->optimizer.momentum != NULL;
    switch (program->train->optimizer.kind) {
    case RN_OPTIMIZER_SGD:
        return momentum;
    case RN_OPTIMIZER_RMSPROP:
        return 1 + momentum;
    case RN_OPTIMIZER_ADAGRAD:
        return 1;
    default:
        return 2;
    }
}

#pragma clang attribute pop
