/* SPDX-License-Identifier: Apache-2.0
 *
 * From the tables of a program to the numbers that theory reads. Nothing is allocated.
 */
#include "core/theory.h"

#include <math.h>

_Static_assert((int)RN_ACT_COUNT == (int)THEORY_ACTIVATIONS && (int)RN_ACT_SIN == (int)THEORY_SIN &&
                   (int)RN_ACT_ERF == (int)THEORY_ERF,
               "activations are in one order");
_Static_assert((int)RN_CORRELATION_GP_MATERN32 == (int)THEORY_MATERN32 &&
                   (int)RN_CORRELATION_CONSTANT == (int)THEORY_CONSTANT,
               "correlations are in one order");
_Static_assert((int)RN_SIGNAL_UNKNOWN == (int)THEORY_UNKNOWN, "ops are in one order");
_Static_assert((int)RN_SIGNAL_OTHER_SKIP == (int)THEORY_OTHER_SKIP, "skips are in one order");
_Static_assert((int)RN_OPTIMAL_SINGLE == (int)THEORY_SINGLE, "responses are in one order");

static double evaluate(const RnTheorySeries *series, double layer)
{
    RnPlace place = series->theory->place;
    place.layer = layer;
    place.fan_in = series->fan_in;
    place.fan_out = series->fan_out;
    double value = series->formula(&place);
    return series->square ? series->factor * value * value : value;
}

static double at_layer(const void *context, int64_t layer)
{
    return evaluate(context, (double)layer);
}

/* A formula as a series: its value where it is the same for all layers. */
static TheorySeries series_of(RnTheory *out, RnTheorySeries series, int32_t by_layer)
{
    series.theory = out;
    if (!series.formula)
        return (TheorySeries){.constant = 1};
    if (!by_layer)
        return (TheorySeries){.constant = evaluate(&series, 1)};
    if (out->series_count == RN_THEORY_SERIES)
        return (TheorySeries){.constant = NAN};
    RnTheorySeries *place = &out->series[out->series_count++];
    *place = series;
    return (TheorySeries){.at = at_layer, .context = place};
}

/* Squares of a tensor's first values, times factor. */
static TheorySeries law_series(RnTheory *out, const RnTensor *tensor, double factor,
                               int32_t by_layer)
{
    if (tensor->law == RN_LAW_ZEROS)
        return (TheorySeries){.constant = 0};
    RnTheorySeries series = {.formula = tensor->scale,
                             .fan_in = tensor->fan_in,
                             .fan_out = tensor->fan_out,
                             .factor = factor,
                             .square = 1};
    return series_of(out, series, by_layer);
}

static void fill_matrix(const RnProgram *program, const RnSignalOp *op, RnTheory *out,
                        TheoryOp *result)
{
    const RnTensor *weight = &program->tensors[op->weight];
    TheoryDraw draw =
        theory_draw(weight->law == RN_LAW_ORTHOGONAL, weight->fan_in, weight->fan_out);
    result->variance = law_series(out, weight, draw.kept, op->by_layer);
    if (op->bias >= 0)
        result->bias_variance = law_series(out, &program->tensors[op->bias], 1, op->by_layer);
    result->correlation = (TheoryCorrelation)weight->correlation;
    result->increments = weight->increments;
    result->tied = weight->shared;
    result->spread = draw.spread;
    if (weight->parameter)
        result->parameter = weight->parameter(&out->place);
}

static TheoryOp op_of(const RnProgram *program, const RnSignalOp *op, RnTheory *out)
{
    TheoryOp result = {.kind = (TheoryOpKind)op->kind,
                       .activation = (TheoryActivation)op->activation,
                       .slope = op->slope,
                       .variance = {.constant = 1}};
    if (op->kind == RN_SIGNAL_MATRIX)
        fill_matrix(program, op, out, &result);
    if (op->kind == RN_SIGNAL_SUM) {
        result.first = op->weight;
        result.rest = op->bias;
    }
    if (op->kind == RN_SIGNAL_SCALE) {
        RnTheorySeries series = {.formula = op->scale, .factor = 1, .square = 1};
        result.variance = series_of(out, series, op->by_layer);
    }
    return result;
}

static int fill_branch(const RnProgram *program, const RnSignalBranch *branch, RnTheory *out,
                       TheoryBranch *result)
{
    if (branch->count > RN_THEORY_OPS - out->op_count)
        return 0;
    *result = (TheoryBranch){.learned = branch->learned, .op_count = branch->count};
    result->ops = out->ops + out->op_count;
    for (int32_t i = 0; i < branch->count; i++) {
        const RnSignalOp *op = &program->signal->ops[branch->first + i];
        out->ops[out->op_count++] = op_of(program, op, out);
    }
    result->alpha = series_of(out, (RnTheorySeries){.formula = branch->value}, branch->by_layer);
    return 1;
}

/* Params and depth as the formulas see them. */
static void fill_place(const RnProgram *program, const double *config, const RnSignalBlock *block,
                       double depth, RnTheory *out)
{
    RnPlace place = {.params = config, .layer = 1};
    RnFormula *own = program->regions[block->region].depth;
    place.depth = depth > 0 ? depth : own ? own(&place) : 1;
    out->place = place;
    if (depth > 0 && block->depth_param >= 0 && program->param_count <= RN_THEORY_PARAMS) {
        for (int32_t i = 0; i < program->param_count; i++)
            out->params[i] = config[i];
        out->params[block->depth_param] = depth;
        out->place.params = out->params;
    }
}

static int fill_block(const RnProgram *program, const double *config, int32_t number, double depth,
                      RnTheory *out)
{
    if (!program->signal || number < 0 || number >= program->signal->block_count)
        return 0;
    const RnSignalBlock *block = &program->signal->blocks[number];
    if (block->count > RN_THEORY_BRANCHES)
        return 0;
    out->op_count = out->series_count = 0;
    fill_place(program, config, block, depth, out);
    TheorySeries scale =
        block->skip_matrix >= 0
            ? law_series(out, &program->tensors[block->skip_matrix],
                         program->tensors[block->skip_matrix].fan_in, 0)
            : series_of(out, (RnTheorySeries){.formula = block->scale}, block->by_layer);
    if (block->skip_matrix >= 0)
        scale.constant = sqrt(scale.constant);
    out->stack = (TheoryStack){.depth = out->place.depth,
                               .width = block->width,
                               .skip = (TheorySkip)block->skip,
                               .scale = scale,
                               .branch_count = block->count,
                               .branches = out->branches,
                               .post = block->post};
    for (int32_t i = 0; i < block->count; i++)
        if (!fill_branch(program, &program->signal->branches[block->first + i], out,
                         &out->branches[i]))
            return 0;
    return 1;
}

static TheoryState carry(const RnProgram *program, const double *config, int32_t block,
                         TheoryState state);

static double optimal_of(const RnProgram *program, const double *config, int32_t block,
                         const RnSignalBranch *branch);

/* alpha optimal(…) is a number for each depth: what depends on it needs it first. */
static void settle_alpha(const RnProgram *program, const double *config, int32_t number,
                         RnTheory *out)
{
    const RnSignalBlock *block = &program->signal->blocks[number];
    for (int32_t i = 0; i < block->count; i++) {
        const RnSignalBranch *branch = &program->signal->branches[block->first + i];
        if (branch->optimal != RN_OPTIMAL_NONE)
            out->branches[i].alpha =
                (TheorySeries){.constant = optimal_of(program, config, number, branch)};
    }
}

static void pass_block(const RnProgram *program, const double *config, int32_t number,
                       TheoryState *state)
{
    RnTheory inner;
    TheorySignal lost = {{NAN, NAN}, NAN, NAN, NAN, NAN, NAN};
    if (!fill_block(program, config, number, 0, &inner)) {
        state->signal = lost;
        return;
    }
    settle_alpha(program, config, number, &inner);
    theory_enter(state, &inner.stack);
    state->signal = theory_propagate(&inner.stack);
}

/* Through the layers and blocks before `block`. */
static TheoryState carry(const RnProgram *program, const double *config, int32_t block,
                         TheoryState state)
{
    RnTheory straight;
    straight.op_count = straight.series_count = 0;
    straight.place = (RnPlace){.params = config, .depth = 1, .layer = 1};
    for (int32_t i = 0; i < program->signal->chain_count; i++) {
        const RnSignalOp *op = &program->signal->chain[i];
        if (op->kind == RN_SIGNAL_BLOCK && op->weight == block)
            break;
        if (op->kind == RN_SIGNAL_BLOCK) {
            pass_block(program, config, op->weight, &state);
            continue;
        }
        TheoryOp next = op_of(program, op, &straight);
        theory_pass(&next, &state);
    }
    return state;
}

/* The probe's inputs: their mean square, and the mean product of two of them. */
static TheoryState data_start(const RnProgram *program, const double *config)
{
    const RnData *data = program->probe ? &program->probe->data : 0;
    RnPlace place = {.params = config};
    if (data && data->kind == RN_DATA_UNIFORM && data->low && data->high) {
        double low = data->low(&place), high = data->high(&place);
        return theory_uniform_inputs(low, high);
    }
    double overlap = data && data->overlap ? data->overlap(&place) : 0;
    return theory_inputs(1, overlap);
}

static double optimal_of(const RnProgram *program, const double *config, int32_t block,
                         const RnSignalBranch *branch)
{
    RnTheory theory;
    RnPlace place = {.params = config};
    double norm = branch->norm(&place), overlap = branch->overlap(&place);
    if (!fill_block(program, config, block, 0, &theory))
        return NAN;
    TheoryState state = carry(program, config, block, theory_inputs(norm, norm * overlap));
    theory_enter(&state, &theory.stack);
    return theory_optimal_scale(&theory.stack, branch->optimal);
}

int rn_theory_fill(const RnProgram *program, const double *config, int32_t block, double depth,
                   RnTheory *out)
{
    if (!fill_block(program, config, block, depth, out))
        return 0;
    settle_alpha(program, config, block, out);
    out->stack.start = (TheoryKernel){1, NAN};
    if (depth > 0)
        return 1;
    TheoryState state = carry(program, config, block, data_start(program, config));
    theory_enter(&state, &out->stack);
    return 1;
}

int32_t rn_theory_block(const RnProgram *program, int32_t region)
{
    for (int32_t i = 0; program->signal && i < program->signal->block_count; i++)
        if (program->signal->blocks[i].region == region)
            return i;
    return -1;
}

double rn_optimal_alpha(const RnProgram *program, const double *config, int32_t tensor)
{
    for (int32_t i = 0; program->signal && i < program->signal->block_count; i++) {
        const RnSignalBlock *block = &program->signal->blocks[i];
        for (int32_t j = 0; j < block->count; j++) {
            const RnSignalBranch *branch = &program->signal->branches[block->first + j];
            if (branch->alpha == tensor && branch->optimal != RN_OPTIMAL_NONE)
                return optimal_of(program, config, i, branch);
        }
    }
    return NAN;
}
