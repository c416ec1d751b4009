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
#include "core/held.h"
#include "kernels/past.h"

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

/* Weights, gradients, which are only read, and moments. */
enum { W, G, FIRST, SECOND, PARTS };
_Static_assert(PARTS - FIRST == RN_MOMENTS, "a part for each moment");

/* Elements of a tensor, and what belongs to each. */
typedef struct Range {
    real *part[PARTS];
    int64_t from, to;
    int past; /* are weights written past the caches? */
} Range;

INLINE void step_vector(real *const part[PARTS], const RnRule *rule, int kind, int moments,
                        int64_t at, int past)
{
    Element e;
    e.w = rnk_load_any(part[W] + at);
    e.g = rnk_load_any(part[G] + at);
    if (moments > 0)
        e.first = rnk_load_any(part[FIRST] + at);
    if (moments > 1)
        e.second = rnk_load_any(part[SECOND] + at);
    step_element(&e, rule, kind, moments);
    if (past)
        rnk_store_past((vreal *)(part[W] + at), e.w);
    else
        rnk_store_any(part[W] + at, e.w);
    if (moments > 0)
        rnk_store_any(part[FIRST] + at, e.first);
    if (moments > 1)
        rnk_store_any(part[SECOND] + at, e.second);
}

static int64_t next_vector(int64_t element)
{
    return (element + RNK_LANES - 1) & -RNK_LANES;
}

/* From `at` on as many whole vectors as there are; where there is none, what is left of the vector
 * that `at` is in. Vectors lie where the tensor's do, so that none crosses a line of the cache. */
static int64_t piece_end(int64_t at, int64_t to)
{
    int64_t whole = to & -RNK_LANES, next = next_vector(at + 1);
    return at % RNK_LANES == 0 && at < whole ? whole : next < to ? next : to;
}

/* One by one: a copy in larger pieces is as much code as the update, and wanted twice a block. */
static void copy_reals(real *to, const real *from, int64_t count)
{
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t i = 0; i < count; i++)
        to[i] = from[i];
}

/* `count` elements from `at` on and zeros behind them; `part` is then these copies. */
INLINE void set_aside(const Range *range, int moments, int64_t at, int64_t count,
                      real aside[PARTS][RNK_LANES], real *part[PARTS])
{
    __builtin_memset(aside, 0, sizeof(real[PARTS][RNK_LANES]));
    for (int p = 0; p < FIRST + moments; p++) {
        copy_reals(aside[p], range->part[p] + at, count);
        part[p] = aside[p];
    }
}

/* Part of a vector is updated as a whole one beside it, by the same code. */
INLINE void step_range(const Range *range, const RnRule *rule, int kind, int moments)
{
    const RnRule numbers = *rule;
    for (int64_t at = range->from, next; at < range->to; at = next) {
        real aside[PARTS][RNK_LANES], *part[PARTS];
        next = piece_end(at, range->to);
        int64_t count = next - at, some = count < RNK_LANES ? count : 0;
        int past = range->past && !some;
#pragma clang loop unroll(full)
        for (int p = 0; p < FIRST + moments; p++) {
            part[p] = range->part[p] + at;
            __asm__("" : "+r"(part[p])); /* or LLVM keeps them as a vector, through memory */
        }
        if (some)
            set_aside(range, moments, at, some, aside, part);
        for (int64_t i = 0; i < count; i += RNK_LANES)
            step_vector(part, &numbers, kind, moments, i, past);
        if (some)
            for (int p = 0; p < FIRST + moments; p++)
                if (p != G)
                    copy_reals(range->part[p] + at, aside[p], some);
    }
}

/* Elements of a block that begins with layer `block`. One loop for each kind: what differs between
 * them is decided outside. */
static void update(const RnPass *pass, int32_t tensor, int64_t block, int64_t from, int64_t to)
{
    const RnRule *rule = &pass->rules[tensor];
    const RnTensor *row = &pass->program->tensors[tensor];
    int64_t first = rn_gradient_from(pass, row->region, block), size = row->shared ? 0 : row->size;
    const Range range = {.part = {pass->tensor[tensor],
                                  pass->gradient[tensor] - rn_gradient_start(first, size),
                                  pass->moment[0][tensor], pass->moment[1][tensor]},
                         .from = from,
                         .to = to,
                         .past = !row->shared && rn_writes_past(pass)};
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
    /* sums of another block may set it once more */
    if (__atomic_load_n(&pass->rules[tensor].descended, __ATOMIC_RELAXED))
        return;
    int64_t size = pass->program->tensors[tensor].size, end = to * size;
    int64_t first = layer == from ? from * size : next_vector(layer * size);
    int64_t last = layer + 1 == to ? end : next_vector((layer + 1) * size);
    last = last < end ? last : end;
    if (first < last)
        update(pass, tensor, from, first, last);
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
