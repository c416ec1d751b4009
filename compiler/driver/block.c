/* SPDX-License-Identifier: Apache-2.0
 *
 * From the Model's Signal to the numbers that theory reads; core/theory.c does the same for a
 * compiled program, and asserts that the families of both are in one order.
 */
#include "driver/block.h"

#include "support/str.h"

#include <math.h>

/* A formula by layer; squared, times factor, where it is a law's scale. */
typedef struct Series {
    const BlockTheory *theory;
    const Expr *formula;
    double fan_in, fan_out, factor;
    bool square;
} Series;

struct BlockTheory {
    Arena *arena;
    const Model *model;
    const SignalBlock *block;
    BlockTheory **all; /* blocks of the model */
    TheoryStack stack;
    TheoryBranch *branches;
    TheoryOp **ops; /* [branch][op] */
    Series *series;
    uint32_t series_count;
    double *defaults, *params; /* params: defaults with the depth's own replaced */
    ExprPlace place;
};

double *model_defaults(Arena *arena, const Model *model)
{
    double *values = ARENA_ARRAY(arena, double, model->params.count + 1);
    for (uint32_t i = 0; i < model->params.count; i++) {
        values[i] = model->params.items[i].value;
    }
    return values;
}

static double depth_of(const Expr *depth, const double *params)
{
    ExprPlace place = {.params = params};
    return depth ? expr_evaluate(depth, &place) : 1;
}

double model_value(const Model *model, const double *params, const Expr *e, const Tensor *tensor,
                   double layer)
{
    ExprPlace place = {.params = params, .layer = layer, .depth = 1, .base = 1};
    for (uint32_t i = 0; i < model->signal->blocks.count; i++) {
        const SignalBlock *block = &model->signal->blocks.items[i];
        if (tensor != NULL && tensor->stack == block->stack) {
            place.depth = depth_of(block->depth, params);
        }
    }
    if (tensor != NULL) {
        place.fan_in = tensor->fan_in;
        place.fan_out = tensor->fan_out;
    }
    return expr_evaluate(e, &place);
}

static double evaluate(const Series *series, double layer)
{
    ExprPlace place = series->theory->place;
    place.layer = layer;
    place.fan_in = series->fan_in;
    place.fan_out = series->fan_out;
    double value = expr_evaluate(series->formula, &place);
    return series->square ? series->factor * value * value : value;
}

static double at_layer(const void *context, int64_t layer)
{
    return evaluate(context, (double)layer);
}

static TheorySeries series_of(BlockTheory *theory, Series series)
{
    series.theory = theory;
    if (series.formula == NULL) {
        return (TheorySeries){.constant = 1};
    }
    if (!expr_uses(series.formula, EXPR_LAYER)) {
        return (TheorySeries){.constant = evaluate(&series, 1)};
    }
    Series *place = &theory->series[theory->series_count++];
    *place = series;
    return (TheorySeries){.at = at_layer, .context = place};
}

static TheorySeries law_series(BlockTheory *theory, const Tensor *tensor, double factor)
{
    if (tensor->law.kind == RN_LAW_ZEROS) {
        return (TheorySeries){.constant = 0};
    }
    return series_of(theory, (Series){.formula = tensor->law.scale,
                                      .fan_in = tensor->fan_in,
                                      .fan_out = tensor->fan_out,
                                      .factor = factor,
                                      .square = true});
}

static void fill_matrix(BlockTheory *theory, const SignalOp *op, TheoryOp *result)
{
    const Tensor *weight = op->weight;
    TheoryDraw draw =
        theory_draw(weight->law.kind == RN_LAW_ORTHOGONAL, weight->fan_in, weight->fan_out);
    result->variance = law_series(theory, weight, draw.kept);
    if (op->bias != NULL) {
        result->bias_variance = law_series(theory, op->bias, 1);
    }
    result->correlation = (TheoryCorrelation)weight->correlation.kind;
    result->increments = weight->correlation.increments;
    result->tied = weight->shared;
    result->spread = draw.spread;
    if (weight->correlation.parameter != NULL) {
        result->parameter = expr_evaluate(weight->correlation.parameter, &theory->place);
    }
}

static TheoryOp op_of(BlockTheory *theory, const SignalOp *op)
{
    TheoryOp result = {.kind = (TheoryOpKind)op->kind,
                       .activation = (TheoryActivation)op->activation,
                       .slope = op->slope,
                       .variance = {.constant = 1},
                       .name = op->name,
                       .first = (int)op->first,
                       .rest = (int)op->rest};
    if (op->kind == RN_SIGNAL_MATRIX) {
        fill_matrix(theory, op, &result);
    } else if (op->kind == RN_SIGNAL_SCALE) {
        Series series = {.formula = op->scale, .factor = 1, .square = true};
        result.variance = series_of(theory, series);
    }
    return result;
}

static void fill_branch(BlockTheory *theory, uint32_t number)
{
    const SignalBranch *branch = &theory->block->branches.items[number];
    for (uint32_t i = 0; i < branch->ops.count; i++) {
        theory->ops[number][i] = op_of(theory, &branch->ops.items[i]);
    }
    theory->branches[number] = (TheoryBranch){
        .alpha = series_of(theory, (Series){.formula = branch->value}),
        .learned = branch->learned,
        .op_count = (int)branch->ops.count,
        .ops = theory->ops[number],
    };
}

static TheorySeries skip_scale(BlockTheory *theory)
{
    const Tensor *matrix = theory->block->skip_matrix;
    if (matrix == NULL) {
        return series_of(theory, (Series){.formula = theory->block->scale});
    }
    TheorySeries square = law_series(theory, matrix, matrix->fan_in);
    return (TheorySeries){.constant = sqrt(theory_at(&square, 1))};
}

/* Everything but the start and the scales that theory itself finds. */
static void fill_block(BlockTheory *theory, double depth)
{
    const SignalBlock *block = theory->block;
    const Expr *own = block->depth;
    memcpy(theory->params, theory->defaults, theory->model->params.count * sizeof(double));
    if (own != NULL && own->kind == EXPR_PARAM) {
        theory->params[own->param] = depth;
    }
    theory->place = (ExprPlace){.params = theory->params, .depth = depth, .layer = 1};
    theory->series_count = 0;
    theory->stack = (TheoryStack){.depth = depth,
                                  .width = block->width,
                                  .skip = (TheorySkip)block->skip,
                                  .scale = skip_scale(theory),
                                  .branch_count = (int)block->branches.count,
                                  .branches = theory->branches,
                                  .post = block->post};
    for (uint32_t i = 0; i < block->branches.count; i++) {
        fill_branch(theory, i);
    }
}

/* Through the layers and blocks before the block. */
static TheoryState carry(BlockTheory *theory, TheoryState state)
{
    const Signal *signal = theory->model->signal;
    ExprPlace place = theory->place;
    theory->place = (ExprPlace){.params = theory->params, .depth = 1, .layer = 1};
    for (uint32_t i = 0; i < signal->chain.count; i++) {
        const SignalOp *op = &signal->chain.items[i];
        if (op->kind == RN_SIGNAL_BLOCK) {
            BlockTheory *inner = theory->all[op->block];
            if (inner == theory) {
                break;
            }
            block_here(inner);
            theory_enter(&state, &inner->stack);
            state.signal = theory_propagate(&inner->stack);
            continue;
        }
        TheoryOp next = op_of(theory, op);
        theory_pass(&next, &state);
    }
    theory->place = place;
    return state;
}

/* The probe's inputs: their mean square, and the mean product of two of them. Where it has none of
 * a known law: mean square 1, independent. */
static TheoryState data_start(const BlockTheory *theory)
{
    const Probe *probe = theory->model->probe;
    ExprPlace place = {.params = theory->params};
    if (probe != NULL && probe->data.kind == RN_DATA_UNIFORM && probe->data.low != NULL) {
        double low = expr_evaluate(probe->data.low, &place);
        double high = expr_evaluate(probe->data.high, &place);
        return theory_uniform_inputs(low, high);
    }
    bool related = probe != NULL && probe->data.overlap != NULL;
    return theory_inputs(1, related ? expr_evaluate(probe->data.overlap, &place) : 0);
}

static void start_for_optimal(BlockTheory *theory, const SignalBranch *branch)
{
    ExprPlace place = {.params = theory->params};
    double norm = expr_evaluate(branch->norm, &place);
    double overlap = expr_evaluate(branch->overlap, &place);
    TheoryState state = carry(theory, theory_inputs(norm, norm * overlap));
    theory_enter(&state, &theory->stack);
}

static const TheoryStack *block_at(void *context, double depth)
{
    BlockTheory *theory = context;
    fill_block(theory, depth);
    for (uint32_t i = 0; i < theory->block->branches.count; i++) {
        const SignalBranch *branch = &theory->block->branches.items[i];
        if (branch->optimal != RN_OPTIMAL_NONE) {
            start_for_optimal(theory, branch);
            double scale = theory_optimal_scale(&theory->stack, branch->optimal);
            theory->branches[i].alpha = (TheorySeries){.constant = scale};
        }
    }
    theory->stack.start = (TheoryKernel){1, NAN};
    return &theory->stack;
}

double block_depth(const BlockTheory *theory)
{
    return depth_of(theory->block->depth, theory->defaults);
}

const TheoryStack *block_here(BlockTheory *theory)
{
    block_at(theory, block_depth(theory));
    TheoryState state = carry(theory, data_start(theory));
    theory_enter(&state, &theory->stack);
    return &theory->stack;
}

TheoryFamily block_family(BlockTheory *theory)
{
    return (TheoryFamily){block_at, theory};
}

const TheoryStack *block_for_optimal(BlockTheory *theory, const SignalBranch *branch)
{
    fill_block(theory, block_depth(theory));
    start_for_optimal(theory, branch);
    return &theory->stack;
}

static bool is_known_data(const Probe *probe)
{
    return probe != NULL &&
           (probe->data.kind == RN_DATA_GAUSSIAN || probe->data.kind == RN_DATA_UNIFORM);
}

bool block_guesses_inputs(BlockTheory *theory)
{
    const double other = 4, same = 1e-9;
    if (is_known_data(theory->model->probe)) {
        return false;
    }
    TheoryRatios guessed = theory_ratios(block_here(theory));
    TheoryState state = carry(theory, theory_inputs(other, 0));
    theory_enter(&state, &theory->stack);
    TheoryRatios changed = theory_ratios(&theory->stack);
    double forward = guessed.change_square / changed.change_square;
    double backward = guessed.gradient_square / changed.gradient_square;
    return fabs(forward - 1) > same || fabs(backward - 1) > same;
}

static const char *unknown_layer(const BlockTheory *theory)
{
    for (uint32_t i = 0; i < theory->block->branches.count; i++) {
        const SignalChain *ops = &theory->block->branches.items[i].ops;
        for (uint32_t k = 0; k < ops->count; k++) {
            if (ops->items[k].kind == RN_SIGNAL_UNKNOWN) {
                return str_format(theory->arena, "no theory here knows a layer of the branch: %s",
                                  ops->items[k].name);
            }
        }
    }
    return THEORY_UNKNOWN_LAYER;
}

/* The first that leaves nothing to predict from: a layer, or a block that has a reason of its own.
 */
static const char *unknown_start(const BlockTheory *theory)
{
    const SignalChain *chain = &theory->model->signal->chain;
    for (uint32_t i = 0; i < chain->count; i++) {
        const SignalOp *op = &chain->items[i];
        BlockTheory *inner = op->kind == RN_SIGNAL_BLOCK ? theory->all[op->block] : NULL;
        if (inner == theory) {
            break;
        }
        if (op->kind == RN_SIGNAL_UNKNOWN) {
            return str_format(theory->arena, "no theory here knows a layer before the block: %s",
                              op->name);
        }
        if (inner != NULL && isnan(theory_propagate(block_here(inner)).kernel.own)) {
            return str_format(theory->arena, "theory predicts nothing for a block before it: %s",
                              inner->block->name);
        }
    }
    return THEORY_UNKNOWN_START;
}

const char *block_reason(const BlockTheory *theory, const char *reason)
{
    if (reason != NULL && str_equal(reason, THEORY_UNKNOWN_LAYER)) {
        return unknown_layer(theory);
    }
    return reason != NULL && str_equal(reason, THEORY_UNKNOWN_START) ? unknown_start(theory)
                                                                     : reason;
}

static BlockTheory *make_block(Arena *arena, const Model *model, const SignalBlock *block)
{
    BlockTheory *theory = ARENA_NEW(arena, BlockTheory);
    uint32_t series = 1; /* the skip's; alpha of each branch, two of each op */
    theory->arena = arena;
    theory->model = model;
    theory->block = block;
    theory->branches = ARENA_ARRAY(arena, TheoryBranch, block->branches.count);
    theory->ops = ARENA_ARRAY(arena, TheoryOp *, block->branches.count);
    for (uint32_t i = 0; i < block->branches.count; i++) {
        uint32_t ops = block->branches.items[i].ops.count;
        theory->ops[i] = ARENA_ARRAY(arena, TheoryOp, ops + 1);
        series += 1 + 2 * ops;
    }
    theory->series = ARENA_ARRAY(arena, Series, series);
    theory->defaults = model_defaults(arena, model);
    theory->params = model_defaults(arena, model);
    return theory;
}

BlockTheory **blocks_of(Arena *arena, const Model *model)
{
    uint32_t count = model->signal->blocks.count;
    BlockTheory **all = ARENA_ARRAY(arena, BlockTheory *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = make_block(arena, model, &model->signal->blocks.items[i]);
        all[i]->all = all;
    }
    return all;
}
