/* SPDX-License-Identifier: Apache-2.0
 *
 * The optimisers. t counts updates from 1; g is the gradient, w the weight.
 *
 * First, for weight matrices and all kinds but adamw: g ← g + decay·w. Then
 *
 *     sgd      b ← momentum·b + g; w ← w − rate·b          (nesterov: w − rate·(g + momentum·b))
 *     adam     m ← β1·m + (1 − β1)·g; v ← β2·v + ((1 − β2)·g)·g
 *              w ← w − rate·√(1 − β2^t)/(1 − β1^t) · (m / (√v + ε·√(1 − β2^t)))
 *     adamw    w ← w − (rate·decay)·w, then as adam
 *     rmsprop  v ← β2·v + ((1 − β2)·g)·g; u = g / (√v + ε)
 *              with momentum: u ← b ← momentum·b + u; w ← w − rate·u
 *     adagrad  v ← v + g·g; w ← w − rate·(g / (√v + ε))
 *
 * Numbers of the step are made in double and rounded once; products and sums of elements are
 * rounded one by one, as written.
 */
#include "core/descent.h"
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
    double root = adam ? sqrt(1 - whole_power(beta2, pass->step + 1)) : 1;
    if (tensor->role != RN_ROLE_WEIGHT)
        decay = 0;
    return (RnRule){.rate = (real)(rate * root / first),
                    .decay = (real)(o->kind == RN_OPTIMIZER_ADAMW ? rate * decay : decay),
                    .epsilon = (real)(epsilon * root),
                    .momentum = (real)value_of(o->momentum, &place),
                    .beta1 = (real)beta1,
                    .rest1 = (real)(1 - beta1),
                    .beta2 = (real)beta2,
                    .rest2 = (real)(1 - beta2),
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
    e->w = rn_descended(rule, e->w, step);
}

INLINE void adam(Element *e, const RnRule *rule)
{
    e->first = rule->beta1 * e->first + rule->rest1 * e->g;
    e->second = rule->beta2 * e->second + (rule->rest2 * e->g) * e->g;
    vreal size = __builtin_elementwise_sqrt(e->second) + rule->epsilon;
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

INLINE void step_element(Element *e, const RnRule *rule, int kind, int moments)
{
    if (rule->scale != 1)
        e->g = e->g * rule->scale;
    if (rule->decay != 0 && kind == RN_OPTIMIZER_ADAMW)
        e->w = e->w - rule->decay * e->w;
    else
        e->g = rn_decayed(rule, e->w, e->g);
    if (kind == RN_OPTIMIZER_SGD)
        sgd(e, rule, moments);
    else if (kind == RN_OPTIMIZER_RMSPROP)
        rmsprop(e, rule, moments);
    else if (kind == RN_OPTIMIZER_ADAGRAD)
        adagrad(e, rule);
    else
        adam(e, rule);
}

/* Elements of a tensor, and what belongs to each. */
typedef struct Range {
    real *w, *moment[RN_MOMENTS];
    const real *g;
    int64_t from, to;
} Range;

/* Elements from `at` on, `count` of them, at most a vector. */
INLINE void step_vector(const Range *range, const RnRule *rule, int kind, int moments, int64_t at,
                        int64_t count)
{
    Element e = {.w = rnk_load_some(range->w + at, count),
                 .g = rnk_load_some(range->g + at, count)};
    if (moments > 0)
        e.first = rnk_load_some(range->moment[0] + at, count);
    if (moments > 1)
        e.second = rnk_load_some(range->moment[1] + at, count);
    step_element(&e, rule, kind, moments);
    rnk_store_some(range->w + at, e.w, count);
    if (moments > 0)
        rnk_store_some(range->moment[0] + at, e.first, count);
    if (moments > 1)
        rnk_store_some(range->moment[1] + at, e.second, count);
}

static int64_t next_vector(int64_t element)
{
    return (element + RNK_LANES - 1) & -RNK_LANES;
}

/* Vectors lie where the tensor's do, so that none of them crosses a line of the cache. */
INLINE void step_range(const Range *range, const RnRule *rule, int kind, int moments)
{
    const RnRule numbers = *rule;
    for (int64_t at = range->from, next; at < range->to; at = next) {
        next = next_vector(at + 1);
        if (at % RNK_LANES == 0 && next <= range->to) {
            step_vector(range, &numbers, kind, moments, at, RNK_LANES);
        } else {
            next = next < range->to ? next : range->to;
            step_vector(range, &numbers, kind, moments, at, next - at);
        }
    }
}

/* One loop for each kind: what differs between them is decided outside. */
static void update(const RnPass *pass, int32_t tensor, int64_t from, int64_t to)
{
    const RnRule *rule = &pass->rules[tensor];
    int64_t size = pass->program->tensors[tensor].shared ? 0 : pass->program->tensors[tensor].size;
    const Range range = {.w = pass->tensor[tensor],
                         .moment = {pass->moment[0][tensor], pass->moment[1][tensor]},
                         .g = pass->gradient[tensor] - rn_gradient_start(pass, size),
                         .from = from,
                         .to = to};
    int moments = rn_moments(pass->program);
    switch (rule->kind * (RN_MOMENTS + 1) + moments) {
#define CASE(kind, count, uses)                                                                    \
    case kind *(RN_MOMENTS + 1) + count:                                                           \
        if (rn_uses(RN_USES_OPTIMIZER + kind) && rn_uses(uses))                                    \
            step_range(&range, rule, kind, count);                                                 \
        return;
        CASE(RN_OPTIMIZER_SGD, 0, RN_USES_PLAIN)
        CASE(RN_OPTIMIZER_SGD, 1, RN_USES_MOMENTUM)
        CASE(RN_OPTIMIZER_ADAM, 2, RN_USES_PLAIN)
        CASE(RN_OPTIMIZER_ADAMW, 2, RN_USES_PLAIN)
        CASE(RN_OPTIMIZER_RMSPROP, 1, RN_USES_PLAIN)
        CASE(RN_OPTIMIZER_RMSPROP, 2, RN_USES_MOMENTUM)
        CASE(RN_OPTIMIZER_ADAGRAD, 1, RN_USES_PLAIN)
#undef CASE
    default:
        __builtin_unreachable(); /* rn_moments knows no others */
    }
}

void rn_update_layer(const RnPass *pass, int32_t tensor, int64_t layer, int64_t from, int64_t to)
{
    if (pass->rules[tensor].descended)
        return;
    int64_t size = pass->program->tensors[tensor].size, end = to * size;
    int64_t first = layer == from ? from * size : next_vector(layer * size);
    int64_t last = layer + 1 == to ? end : next_vector((layer + 1) * size);
    last = last < end ? last : end;
    if (first < last)
        update(pass, tensor, first, last);
}

void rn_update_shared(const RnPass *pass)
{
    for (int32_t t = 0; t < pass->program->tensor_count; t++)
        if (pass->program->tensors[t].trainable && pass->program->tensors[t].shared)
            rn_update_layer(pass, t, 0, 0, 1);
}

typedef struct Layers {
    const RnPass *pass;
    int64_t count;
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
    rn_update_layer(layers->pass, layers->tensor, layer, 0, layers->count);
}

static double gradient_square(const RnPass *pass)
{
    double sum = 0;
    for (int32_t t = 0; t < pass->program->tensor_count; t++) {
        if (!pass->program->tensors[t].trainable)
            continue;
        Layers layers = {pass, rn_tensor_layers(pass->program, pass->call->config, t), t};
        rn_parallel(pass->call, layers.count, layer_square, &layers);
        for (int64_t i = 0; i < layers.count; i++)
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
        Layers layers = {pass, rn_tensor_layers(pass->program, pass->call->config, t), t};
        if (norm > most)
            pass->rules[t].scale = (real)(most / norm);
        rn_parallel(pass->call, layers.count, layer_update, &layers);
    }
}
