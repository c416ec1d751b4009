/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters, operations and bytes of a training step, and the memory of activations. Counted on
 * the true sizes; docs/theory.md has the rules.
 */
#include "core/vocabulary.h"
#include "driver/analyze.h"

#include "driver/block.h"

#include <math.h>

typedef struct Count {
    const Model *model;
    const double *params;
    double batch, real;
    double trained, fixed;    /* parameters */
    double forward, backward; /* operations a sample */
    double activations;       /* reals a sample that `store` keeps */
    bool seen_trained;        /* before the layer at hand */
} Count;

static double default_of(const Count *c, const Expr *e, double otherwise)
{
    return e ? model_value(c->model, c->params, e, NULL, 1) : otherwise;
}

static double depth_of(const Count *c, const Expr *depth)
{
    return default_of(c, depth, 1);
}

/* A product of `size` multiplications: 2 operations each, again for the gradient of the input where
 * something before it learns, and for that of the weights where they do. */
static void add_product(Count *c, double size, bool trained)
{
    c->forward += 2 * size;
    c->backward += 2 * size * (c->seen_trained + trained);
    c->seen_trained |= trained;
}

static void add_element_wise(Count *c, double size)
{
    c->forward += size;
    c->backward += c->seen_trained ? size : 0;
}

static bool learns(const Layer *layer)
{
    return layer->tensors[0] != NULL && layer->tensors[0]->trainable;
}

static void add_layer(Count *c, const Layer *layer)
{
    double size = (double)shape_size(&layer->out);
    switch (layer->kind) {
    case LAYER_DENSE:
        add_product(c, size * layer->tensors[0]->fan_in, learns(layer));
        add_element_wise(c, layer->tensors[1] ? size : 0);
        break;
    case LAYER_ACTIVATION:
    case LAYER_SCALE:
    case LAYER_DROPOUT:
    case LAYER_STANDARDIZE:
        add_element_wise(c, size);
        break;
    case LAYER_LAYERNORM:
    case LAYER_RMSNORM:
    case LAYER_BATCHNORM:
        /* mean, deviation, quotient, gain and bias */
        add_element_wise(c, 8 * size);
        c->seen_trained |= learns(layer);
        break;
    default:
        break;
    }
    for (const Layer *child = layer->first; child != NULL; child = child->next) {
        add_layer(c, child);
    }
}

static void add_skip(Count *c, const Stack *stack)
{
    const Skip *skip = &stack->skip;
    double d = (double)stack->shape.dim[stack->shape.rank - 1];
    switch (skip->kind) {
    case SKIP_HAAR:
        add_product(c, d * d, false);
        break;
    case SKIP_HOUSEHOLDER:
        add_product(c, 2 * d * (double)skip->reflections, false);
        break;
    case SKIP_HADAMARD:
        add_element_wise(c, d * (1 + log2(d)));
        break;
    case SKIP_DENSE:
        add_layer(c, skip->dense);
        break;
    default:
        break;
    }
    add_element_wise(c, skip->scale ? d : 0);
}

/* One layer is counted with its input's gradient, which all but the first want. */
static void add_stack(Count *c, const Stack *stack)
{
    Count layer = {.model = c->model, .params = c->params, .seen_trained = true};
    double depth = depth_of(c, stack->depth), size = (double)shape_size(&stack->shape);
    add_skip(&layer, stack);
    for (uint32_t i = 0; i < stack->branches.count; i++) {
        const Branch *branch = &stack->branches.items[i];
        add_layer(&layer, branch->layer);
        if (branch->post != NULL) {
            add_layer(&layer, branch->post);
        }
        add_element_wise(&layer, 2 * size);
    }
    c->forward += depth * layer.forward;
    c->backward += depth * layer.backward;
    c->seen_trained = true;
}

static void count_parameters(Count *c)
{
    for (uint32_t i = 0; i < c->model->tensors.count; i++) {
        const Tensor *tensor = c->model->tensors.items[i];
        Expr depth = {.kind = EXPR_DEPTH};
        bool many = tensor->stack != NULL && !tensor->shared;
        double layers = many ? model_value(c->model, c->params, &depth, tensor, 1) : 1;
        double size = layers * (double)tensor_size(tensor);
        c->trained += tensor->trainable ? size : 0;
        c->fixed += tensor->trainable ? 0 : size;
    }
}

static double moments_of(const Train *train)
{
    if (train == NULL) {
        return 0;
    }
    const Optimizer *optimizer = &train->optimizer;
    bool momentum = optimizer->momentum != NULL &&
                    !(expr_is_number(optimizer->momentum) && optimizer->momentum->number == 0);
    switch (optimizer->kind) {
    case RN_OPTIMIZER_ADAM:
    case RN_OPTIMIZER_ADAMW:
        return 2;
    case RN_OPTIMIZER_RMSPROP:
    case RN_OPTIMIZER_ADAGRAD:
        return 1;
    default:
        return momentum;
    }
}

/* Reals a sample from forward to backward: states and kept values of every layer, or of segments of
 * √L layers with one state each, or of one layer. */
typedef struct Activations {
    double store, checkpoint, one_layer;
} Activations;

static Activations count_activations(const Count *c, const Plan *plan)
{
    Activations a = {.store = (double)shape_size(&c->model->output)};
    a.checkpoint = a.one_layer = a.store;
    for (uint32_t i = 0; i < plan->graph->regions.count; i++) {
        const Region *region = &plan->graph->regions.items[i];
        const RegionPlan *p = &plan->regions[i];
        double depth = depth_of(c, region->depth), state = (double)region->in_rows;
        double all = (p->keeps_states ? state : 0) + (double)p->kept_rows;
        bool remade = p->remakes && depth > 2 * RN_SEGMENT;
        double kept = remade ? (double)p->kept_rows + state / RN_SEGMENT : all;
        double segments = ceil(sqrt(depth)), length = ceil(depth / segments);
        a.store += depth * kept;
        a.checkpoint += region->depth ? segments * state + length * all : depth * all;
        a.one_layer += region->depth ? state + all : depth * all;
    }
    return a;
}

/* Why a block cannot be run backwards by inverting its layers; NULL where it can. */
static const char *invert_obstacle(Arena *arena, const Count *c)
{
    BlockTheory **blocks = blocks_of(arena, c->model);
    for (uint32_t i = 0; i < c->model->signal->blocks.count; i++) {
        const TheoryStack *stack = block_here(blocks[i]);
        TheoryStack one = *stack;
        one.depth = 1;
        if (stack->post || (stack->skip != THEORY_IDENTITY && stack->skip != THEORY_FILTER)) {
            return "wants identity or orthogonal skips without post";
        }
        if (!isfinite(theory_jacobian(&one).log_low)) {
            return "a layer is no contraction: alpha times the branch's slope exceeds the skip";
        }
    }
    return NULL;
}

static const char *reversible_obstacle(const Count *c)
{
    for (uint32_t i = 0; i < c->model->signal->blocks.count; i++) {
        if (c->model->signal->blocks.items[i].skip != RN_SIGNAL_OTHER_SKIP) {
            return "wants `skip momentum` or `skip coupled`";
        }
    }
    return NULL;
}

static void report_memory(Report *report, const Count *c, const Plan *plan)
{
    static const char *const columns[] = {"policy", "bytes", "remark"};
    static const bool numbers[] = {false, true, false};
    Activations a = count_activations(c, plan);
    const char *const remarks[] = {NULL, "one forward pass more", reversible_obstacle(c),
                                   invert_obstacle(report->arena, c)};
    static const char *const names[] = {"store", "checkpoint", "reversible", "invert"};
    double reals[] = {a.store, a.checkpoint, a.one_layer, a.one_layer};
    const char *cells[4 * 3];
    for (int i = 0; i < 4; i++) {
        bool applies = i < 2 || remarks[i] == NULL;
        double bytes = applies ? reals[i] * c->batch * c->real : (double)NAN;
        cells[3 * i] = names[i];
        cells[3 * i + 1] = report_cell(report->arena, bytes);
        cells[3 * i + 2] = remarks[i];
    }
    ReportTable table = {.key = "activation_memory",
                         .columns = columns,
                         .numbers = numbers,
                         .column_count = 3,
                         .row_count = 4,
                         .cells = cells};
    report_table(report, &table);
}

void analyze_cost(Report *report, const Model *model, const Plan *plan)
{
    const double default_batch = 16; /* of a probe */
    Count c = {.model = model, .real = model->is_double ? 8 : 4};
    c.params = model_defaults(report->arena, model);
    const Expr *batch = model->train   ? model->train->batch
                        : model->probe ? model->probe->batch
                                       : NULL;
    c.batch = default_of(&c, batch, default_batch);
    count_parameters(&c);
    for (uint32_t i = 0; i < model->items.count; i++) {
        const Item *item = &model->items.items[i];
        if (item->layer != NULL) {
            add_layer(&c, item->layer);
        } else {
            add_stack(&c, item->stack);
        }
    }
    double moments = moments_of(model->train), kept = count_activations(&c, plan).store;
    /* weights are read forward, backward and in the update, which writes them; gradients are
     * written and read; moments too; activations are written and read */
    double weights = (4 + 2 + 2 * moments) * c.trained + 2 * c.fixed;
    report_begin(report, "cost", "cost of a training step");
    report_amount(report, "batch", c.batch, "samples");
    report_count(report, "parameters_trained", c.trained);
    report_count(report, "parameters_fixed", c.fixed);
    report_count(report, "operations_forward", c.batch * c.forward);
    report_count(report, "operations", c.batch * (c.forward + c.backward));
    report_bytes(report, "bytes", c.real * (weights + 2 * kept * c.batch));
    report_bytes(report, "parameter_bytes", c.real * (c.trained + c.fixed));
    report_bytes(report, "optimizer_bytes", c.real * moments * c.trained);
    report_memory(report, &c, plan);
    report_end(report);
}
