/* SPDX-License-Identifier: Apache-2.0
 *
 * Quantities of a weight along depth: finding the weight, its alpha and its start.
 */
#include "lib/along_depth.h"
#include "lib/measure_parts.h"

static const char *tensor_in(const RtProber *p, const void *params, int32_t tensor, int64_t *layers)
{
    const RtSession *s = &p->session;
    return (const char *)params + s->code->tensor_offset(s->program, s->config, tensor, layers);
}

const char *rt_depth_missing(const RtProber *p, const RnMeasure *measure)
{
    const RnProgram *program = p->session.program;
    if (measure->tensor < 0)
        return "alpha is 1";
    if (measure->factor < 0)
        return NULL;
    const RnTensor *alpha = &program->tensors[measure->factor];
    const RnTensor *weight = &program->tensors[measure->tensor];
    return alpha->rank == 0 || alpha->size == weight->dims[0]
               ? NULL
               : "alpha has a value for each channel of the branch, and the weight other rows";
}

static RtPath path_of(const RtProber *p, const RnMeasure *measure)
{
    const RnProgram *program = p->session.program;
    const RnTensor *weight = &program->tensors[measure->tensor];
    const void *params = p->session.params.data;
    const void *start = measure->from_init ? p->start.data : NULL;
    RtPath path = {
        .size = weight->size, .real_size = program->real_size, .weight_absolute = weight->absolute};
    path.weight = tensor_in(p, params, measure->tensor, &path.layers);
    path.start = start ? tensor_in(p, start, measure->tensor, &path.layers) : NULL;
    if (measure->factor < 0)
        return path;
    const RnTensor *alpha = &program->tensors[measure->factor];
    path.alpha_size = alpha->size;
    path.alpha_absolute = alpha->absolute;
    path.alpha = tensor_in(p, params, measure->factor, &path.alpha_layers);
    path.alpha_start = start ? tensor_in(p, start, measure->factor, &path.alpha_layers) : NULL;
    return path;
}

/* The weights that training began with: drawn again, whether they are trained since or not. */
static bool draw_start(RtProber *p, RtError *error)
{
    RtSession *s = &p->session;
    return s->code->init(s->program, s->config, p->start.data, s->seed, s->repeat,
                         s->workspace.data, &s->parallel) == RN_OK ||
           rt_fail_params(error);
}

static double pick(const RtDepthSums *sums, int32_t kind)
{
    switch (kind) {
    case RN_QUANTITY_MAX_NORM:
        return sums->max_norm;
    case RN_QUANTITY_INCREMENT:
        return sums->increment;
    case RN_QUANTITY_ROOT_SUM_SQUARE:
        return sums->root_sum_square;
    case RN_QUANTITY_SUM_NORM:
        return sums->sum_norm;
    case RN_QUANTITY_QUADRATIC_VARIATION:
        return sums->quadratic_variation;
    default:
        return sums->lag1;
    }
}

static void read_entry(const RtProber *p, const RnMeasure *measure, const RtPath *path,
                       RtValues *values)
{
    const RnTensor *weight = &p->session.program->tensors[measure->tensor];
    int64_t row = measure->row - 1, column = measure->column - 1;
    int64_t place = weight->matrix      ? column * weight->dims[0] + row
                    : weight->rank == 2 ? row * weight->dims[1] + column
                                        : row;
    for (int64_t k = 0; k < values->width; k++)
        values->value[k] = rt_path_at(path, k, place);
}

bool rt_depth_values(RtProber *p, const RnMeasure *measure, RtValues *values, RtError *error)
{
    if (measure->from_init && !draw_start(p, error))
        return false;
    RtPath path = path_of(p, measure);
    if (measure->kind == RN_QUANTITY_ENTRY) {
        read_entry(p, measure, &path, values);
        return true;
    }
    RtDepthSums sums;
    bool good = measure->kind == RN_QUANTITY_ROUGHNESS ? rt_roughness(&path, values->value)
                                                       : rt_depth_sums(&path, &sums);
    if (!good)
        return rt_fail(error, RT_FAILED, "out of memory for a weight along depth");
    if (measure->kind != RN_QUANTITY_ROUGHNESS)
        values->value[0] = pick(&sums, measure->kind);
    return true;
}
