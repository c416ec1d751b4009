/* SPDX-License-Identifier: Apache-2.0
 *
 * The optimisers. t counts updates from 1; g is the gradient, w the weight.
 *
 * First, for weight matrices and all kinds but adamw: g ← g + decay·w. Then
 *
 *     sgd      b ← momentum·b + g; w ← w − rate·b          (nesterov: w − rate·(g + momentum·b))
 *     adam     m ← β1·m + (1 − β1)·g; v ← β2·v + ((1 − β2)·g)·g
 *              w ← w − rate/(1 − β1^t) · (m / (√v / √(1 − β2^t) + ε))
 *     adamw    w ← w − (rate·decay)·w, then as adam
 *     rmsprop  v ← β2·v + ((1 − β2)·g)·g; u = g / (√v + ε)
 *              with momentum: u ← b ← momentum·b + u; w ← w − rate·u
 *     adagrad  v ← v + g·g; w ← w − rate·(g / (√v + ε))
 *
 * Numbers of the step are made in double and rounded once; products and sums of elements are
 * rounded one by one, as written.
 */
#include "core/pass.h"

#include <math.h>

static double value_of(RnFormula *formula, const RnPlace *place)
{
    return formula ? formula(place) : 0;
}

/* base^count by squaring: the same bits on every machine. */
static double whole_power(double base, uint64_t count)
{
    double result = 1;
    for (; count; count >>= 1, base *= base)
        if (count & 1)
            result *= base;
    return result;
}

static double ruled(RnFormula *rule, RnPlace *place, double base)
{
    place->base = base;
    return rule ? rule(place) : base;
}

static RnRule rule_of(const RnPass *pass, int32_t index)
{
    const RnOptimizer *o = &pass->program->train->optimizer;
    const RnTensor *tensor = &pass->program->tensors[index];
    RnPlace place = {.params = pass->call->config,
                     .depth = (double)rn_depth(pass->program, pass->call->config, tensor->region),
                     .fan_in = tensor->fan_in,
                     .fan_out = tensor->fan_out};
    double beta1 = value_of(o->beta1, &place), beta2 = value_of(o->beta2, &place);
    double rate = ruled(tensor->rate, &place, pass->call->rate);
    double epsilon = ruled(tensor->epsilon, &place, value_of(o->epsilon, &place));
    double decay = ruled(tensor->decay, &place, value_of(o->decay, &place));
    int adam = o->kind == RN_OPTIMIZER_ADAM || o->kind == RN_OPTIMIZER_ADAMW;
    double first = adam ? 1 - whole_power(beta1, pass->step + 1) : 1;
    double second = adam ? 1 - whole_power(beta2, pass->step + 1) : 1;
    if (tensor->role != RN_ROLE_WEIGHT)
        decay = 0;
    return (RnRule){.rate = (real)(rate / first),
                    .decay = (real)(o->kind == RN_OPTIMIZER_ADAMW ? rate * decay : decay),
                    .epsilon = (real)epsilon,
                    .momentum = (real)value_of(o->momentum, &place),
                    .beta1 = (real)beta1,
                    .rest1 = (real)(1 - beta1),
                    .beta2 = (real)beta2,
                    .rest2 = (real)(1 - beta2),
                    .root = (real)sqrt(second),
                    .scale = 1,
                    .kind = o->kind,
                    .nesterov = o->nesterov};
}

void rn_rules(RnPass *pass)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++)
        pass->rules[t] = rule_of(pass, t);
}

typedef struct Element {
    vreal w, g, first, second; /* moments in the order of the state */
} Element;

#define INLINE static inline __attribute__((always_inline))

INLINE void sgd(Element *e, const RnRule *rule, int moments)
{
    vreal step = e->g;
    if (moments) {
        e->first = rule->momentum * e->first + e->g;
        step = rule->nesterov ? e->g + rule->momentum * e->first : e->first;
    }
    e->w = e->w - rule->rate * step;
}

INLINE void adam(Element *e, const RnRule *rule)
{
    e->first = rule->beta1 * e->first + rule->rest1 * e->g;
    e->second = rule->beta2 * e->second + (rule->rest2 * e->g) * e->g;
    vreal size = __builtin_elementwise_sqrt(e->second) / rule->root + rule->epsilon;
    e->w = e->w - rule->rate * (e->first / size);
}

INLINE void rmsprop(Element *e, const RnRule *rule, int moments)
{
    e->first = rule->beta2 * e->first + (rule->rest2 * e->g) * e->g;
    vreal step = e->g / (__builtin_elementwise_sqrt(e->first) + rule->epsilon);
    if (moments > 1)
        step = e->second = rule->momentum * e->second + step;
    e->w = e->w - rule->rate * step;
}

INLINE void adagrad(Element *e, const RnRule *rule)
{
    e->first = e->first + e->g * e->g;
    e->w = e->w - rule->rate * (e->g / (__builtin_elementwise_sqrt(e->first) + rule->epsilon));
}

INLINE void step_element(Element *e, const RnRule *rule, int moments)
{
    if (rule->scale != 1)
        e->g = e->g * rule->scale;
    if (rule->decay != 0 && rule->kind == RN_OPTIMIZER_ADAMW)
        e->w = e->w - rule->decay * e->w;
    else if (rule->decay != 0)
        e->g = e->g + rule->decay * e->w;
    if (rule->kind == RN_OPTIMIZER_SGD)
        sgd(e, rule, moments);
    else if (rule->kind == RN_OPTIMIZER_RMSPROP)
        rmsprop(e, rule, moments);
    else if (rule->kind == RN_OPTIMIZER_ADAGRAD)
        adagrad(e, rule);
    else
        adam(e, rule);
}

/* Lanes from `at` on, `count` of them; g is their gradient. */
INLINE void step_vector(const RnPass *pass, int32_t tensor, int64_t at, const real *g,
                        int64_t count, int moments)
{
    Element e = {.w = rnk_load_some(pass->tensor[tensor] + at, count),
                 .g = rnk_load_some(g, count)};
    if (moments > 0)
        e.first = rnk_load_some(pass->moment[0][tensor] + at, count);
    if (moments > 1)
        e.second = rnk_load_some(pass->moment[1][tensor] + at, count);
    step_element(&e, &pass->rules[tensor], moments);
    rnk_store_some(pass->tensor[tensor] + at, e.w, count);
    if (moments > 0)
        rnk_store_some(pass->moment[0][tensor] + at, e.first, count);
    if (moments > 1)
        rnk_store_some(pass->moment[1][tensor] + at, e.second, count);
}

void rn_update_layer(const RnPass *pass, int32_t tensor, int64_t layer)
{
    const RnTensor *row = &pass->program->tensors[tensor];
    int moments = rn_moments(pass->program);
    int64_t at = layer * row->size, end = at + row->size;
    const real *g = pass->gradient[tensor];
    if (!row->shared)
        g += (layer - pass->gradient_from) * row->size;
    for (; at + RNK_LANES <= end; at += RNK_LANES, g += RNK_LANES)
        step_vector(pass, tensor, at, g, RNK_LANES, moments);
    if (at < end)
        step_vector(pass, tensor, at, g, end - at, moments);
}

void rn_update_shared(const RnPass *pass)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++)
        if (pass->program->tensors[t].trainable && pass->program->tensors[t].shared)
            rn_update_layer(pass, t, 0);
}

typedef struct Layers {
    const RnPass *pass;
    int32_t tensor;
} Layers;

/* Sum of squares of a layer's gradient, ascending. */
static void layer_square(void *context, int64_t layer)
{
    const Layers *layers = context;
    int64_t size = layers->pass->program->tensors[layers->tensor].size;
    const real *g = layers->pass->gradient[layers->tensor] + layer * size;
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += (double)g[i] * (double)g[i];
    layers->pass->partial[layer] = sum;
}

static void layer_update(void *context, int64_t layer)
{
    const Layers *layers = context;
    rn_update_layer(layers->pass, layers->tensor, layer);
}

static double gradient_square(const RnPass *pass)
{
    double sum = 0;
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        if (!pass->program->tensors[t].trainable)
            continue;
        Layers layers = {pass, t};
        int64_t count = rn_tensor_layers(pass->program, pass->call->config, t);
        rn_parallel(pass->call, count, layer_square, &layers);
        for (int64_t i = 0; i < count; i++)
            sum += pass->partial[i];
    }
    return sum;
}

void rn_update_clipped(RnPass *pass)
{
    RnPlace place = {.params = pass->call->config};
    double most = pass->program->train->clip(&place), norm = sqrt(gradient_square(pass));
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        if (!pass->program->tensors[t].trainable)
            continue;
        Layers layers = {pass, t};
        if (norm > most)
            pass->rules[t].scale = (real)(most / norm);
        rn_parallel(pass->call, rn_tensor_layers(pass->program, pass->call->config, t),
                    layer_update, &layers);
    }
}
