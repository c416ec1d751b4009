/* SPDX-License-Identifier: Apache-2.0
 *
 * One update of the optimiser, and the schedule of its rate.
 *
 *     g ← clip · gradient; for weight matrices g ← g + decay · w, or for adamw w ← w − rate · decay
 * · w sgd      b ← momentum · b + g; w ← w − rate · b, or with nesterov · (g + momentum · b)
 *     adam(w)  m, v: running means of g and g² ; w ← w − rate · m̂ / (√v̂ + ε)
 *     rmsprop  v; u = g / (√v + ε), with momentum b ← momentum · b + u; w ← w − rate · u
 *     adagrad  v ← v + g²; w ← w − rate · g / (√v + ε)
 */
#include "network.h"

#include <string.h>

typedef struct StepNumbers {
    double rate, decay, epsilon, momentum, beta1, beta2;
    long step; /* from 1 */
} StepNumbers;

static double evaluate(const char *formula, const FormulaPlace *place, double otherwise)
{
    return formula ? formula_evaluate(formula, place) : otherwise;
}

static double ruled(const char *rule, FormulaPlace place, double base)
{
    place.base = base;
    return evaluate(rule, &place, base);
}

static StepNumbers numbers_of(const Oracle *o, const NetTensor *t, double rate, long step)
{
    const OptimizerSpec *spec = &o->optimizer;
    FormulaPlace place = place_of(o, t, 0);
    bool weight = strcmp(t->info.role, "weight") == 0;
    return (StepNumbers){
        .rate = ruled(t->rate, place, rate),
        .decay = weight ? ruled(t->decay, place, evaluate(spec->decay, &place, 0)) : 0,
        .epsilon = ruled(t->epsilon, place, evaluate(spec->epsilon, &place, 0)),
        .momentum = evaluate(spec->momentum, &place, 0),
        .beta1 = evaluate(spec->beta1, &place, 0),
        .beta2 = evaluate(spec->beta2, &place, 0),
        .step = step,
    };
}

typedef struct Element {
    Num w, g, first, second;
} Element;

/* keep · old + (1 − keep) · fresh */
static Num running_mean(double keep, Num old, Num fresh)
{
    return num_add(num_mul(num_constant(keep), old), num_mul(num_constant(1 - keep), fresh));
}

static Num running_square(double keep, Num old, Num g)
{
    Num square = num_mul(num_mul(num_constant(1 - keep), g), g);
    return num_add(num_mul(num_constant(keep), old), square);
}

static void descend(Element *e, Num rate, Num direction)
{
    e->w = num_sub(e->w, num_mul(rate, direction));
}

static void sgd(Element *e, const StepNumbers *n, bool nesterov)
{
    Num momentum = num_constant(n->momentum);
    e->first = num_add(num_mul(momentum, e->first), e->g);
    descend(e, num_constant(n->rate),
            nesterov ? num_add(e->g, num_mul(momentum, e->first)) : e->first);
}

static Num scaled_by_root(Num x, Num square, Num root, double epsilon)
{
    Num size = num_div(num_sqrt(square), root);
    return num_div(x, num_add(size, num_constant(epsilon)));
}

/* 1 − beta^step in double: the power by squaring has at most two roundings a bit of the step, which
 * weigh more where it is near 1. */
static Num correction(double beta, long step)
{
    double power = pow(beta, (double)step);
    double roundings = 2 * (floor(log2((double)step)) + 1);
    return (Num){1 - power, (power * roundings + 1) * 0x1p-53};
}

static void adam(Element *e, const StepNumbers *n)
{
    e->first = running_mean(n->beta1, e->first, e->g);
    e->second = running_square(n->beta2, e->second, e->g);
    Num root = num_sqrt(correction(n->beta2, n->step));
    Num direction = scaled_by_root(e->first, e->second, root, n->epsilon);
    descend(e, num_div(num_exact(n->rate), correction(n->beta1, n->step)), direction);
}

static void rmsprop(Element *e, const StepNumbers *n)
{
    e->first = running_square(n->beta2, e->first, e->g);
    Num step = scaled_by_root(e->g, e->first, num_exact(1), n->epsilon);
    e->second = num_add(num_mul(num_constant(n->momentum), e->second), step);
    descend(e, num_constant(n->rate), e->second);
}

static void adagrad(Element *e, const StepNumbers *n)
{
    e->first = num_add(e->first, num_mul(e->g, e->g));
    descend(e, num_constant(n->rate), scaled_by_root(e->g, e->first, num_exact(1), n->epsilon));
}

static void step_element(const Oracle *o, Element *e, const StepNumbers *n)
{
    const char *kind = o->optimizer.kind;
    if (n->decay != 0 && strcmp(kind, "adamw") == 0) {
        descend(e, num_constant(n->rate * n->decay), e->w);
    } else if (n->decay != 0) {
        e->g = num_add(e->g, num_mul(num_constant(n->decay), e->w));
    }
    if (strcmp(kind, "sgd") == 0) {
        sgd(e, n, o->optimizer.nesterov);
    } else if (strcmp(kind, "rmsprop") == 0) {
        rmsprop(e, n);
    } else if (strcmp(kind, "adagrad") == 0) {
        adagrad(e, n);
    } else {
        adam(e, n);
    }
}

/* min(1, clip / norm); exactly 1 where nothing is clipped */
static Num clip_factor(Oracle *o)
{
    if (o->optimizer.clip == NULL) {
        return num_exact(1);
    }
    FormulaPlace place = {.params = o->params, .param_count = o->param_count};
    double most = formula_evaluate(o->optimizer.clip, &place);
    Sum sum = {0};
    for (int t = 0; t < o->tensor_count; t++) {
        const NetTensor *tensor = &o->tensors[t];
        for (long i = 0; tensor->info.trainable && i < tensor->info.layers * tensor->info.size;
             i++) {
            sum_product(&sum, tensor->gradient[i], tensor->gradient[i]);
        }
    }
    Num norm = num_sqrt(sum_done(&sum));
    o->doubts.clips += fabs(norm.value - most) <= norm.error;
    return norm.value > most ? num_div(num_constant(most), norm) : num_exact(1);
}

static void step_tensor(Oracle *o, NetTensor *t, const StepNumbers *n, Num factor,
                        const double *const moments[ORACLE_MOMENTS])
{
    for (long i = 0; i < t->info.layers * t->info.size; i++) {
        Num g = t->gradient[i];
        if (t->info.normalised && !num_is_clear(g)) {
            o->doubts.gradients++;
            o->doubts.where = t->info.name;
        }
        Element e = {
            num_exact(t->value[i]), factor.value == 1 && factor.error == 0 ? g : num_mul(factor, g),
            num_exact(moments[0] ? moments[0][i] : 0), num_exact(moments[1] ? moments[1][i] : 0)};
        step_element(o, &e, n);
        t->after[i] = e.w;
        t->moments[0][i] = e.first;
        t->moments[1][i] = e.second;
    }
}

OracleDoubts oracle_step(Oracle *o, const double *const *moments[ORACLE_MOMENTS], long step,
                         double rate)
{
    Num factor = clip_factor(o);
    for (int t = 0; t < o->tensor_count; t++) {
        NetTensor *tensor = &o->tensors[t];
        if (tensor->info.trainable) {
            StepNumbers numbers = numbers_of(o, tensor, rate, step);
            const double *const own[ORACLE_MOMENTS] = {moments[0] ? moments[0][t] : NULL,
                                                       moments[1] ? moments[1][t] : NULL};
            step_tensor(o, tensor, &numbers, factor, own);
        }
    }
    return o->doubts;
}

double oracle_rate(const Oracle *o, long step, long steps, long per_epoch)
{
    const OptimizerSpec *spec = &o->optimizer;
    FormulaPlace place = {.params = o->params, .param_count = o->param_count};
    double base = evaluate(spec->rate, &place, 0), warmup = evaluate(spec->warmup, &place, 0);
    double every = evaluate(spec->every, &place, 1), factor = evaluate(spec->factor, &place, 1);
    bool cosine = strcmp(spec->schedule, "cosine") == 0;
    if (strcmp(spec->schedule, "step") == 0) {
        return base * pow(factor, floor(floor((double)step / (double)per_epoch) / every));
    }
    if (!cosine && strcmp(spec->schedule, "linear") != 0) {
        return base;
    }
    if ((double)step < warmup) {
        return base * (double)(step + 1) / (warmup + 1);
    }
    double share = ((double)step - warmup) / ((double)(steps - 1) - warmup);
    return cosine ? base * (1 + cos(acos(-1.0) * share)) / 2 : base * (1 - share);
}
