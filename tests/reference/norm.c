/* SPDX-License-Identifier: Apache-2.0
 *
 * layernorm, rmsnorm and batchnorm: all standardise sets of numbers, along features or along the
 * batch, and differ in which numbers a set has.
 */
#include "network.h"

static const double epsilon = 1e-5, batch_momentum = 0.1;

/* Numbers at base + i · stride, i < count, that share a mean and a variance. */
typedef struct Group {
    const Num *x, *d; /* d NULL: forward */
    Num *y;
    long count, stride;
    bool centred;
} Group;

typedef struct Moments {
    Num mean, variance, inverse;
} Moments;

static Num inverse_root(Num variance)
{
    Num raised = num_add(variance, num_constant(epsilon));
    return num_div(num_exact(1), num_sqrt(raised));
}

static Moments group_moments(const Group *g)
{
    Moments m = {.mean = num_exact(0)};
    Num share = num_constant(1 / (double)g->count);
    if (g->centred) {
        Sum sum = {0};
        for (long i = 0; i < g->count; i++) {
            sum_add(&sum, g->x[i * g->stride]);
        }
        m.mean = num_mul(sum_done(&sum), share);
    }
    Sum squares = {0};
    for (long i = 0; i < g->count; i++) {
        Num x = num_sub(g->x[i * g->stride], m.mean);
        sum_product(&squares, x, x);
    }
    m.variance = num_mul(sum_done(&squares), share);
    m.inverse = inverse_root(m.variance);
    return m;
}

static Num normal(const Group *g, const Moments *m, long i)
{
    return num_mul(num_sub(g->x[i * g->stride], m->mean), m->inverse);
}

static void group_forward(const Group *g)
{
    Moments m = group_moments(g);
    for (long i = 0; i < g->count; i++) {
        g->y[i * g->stride] = normal(g, &m, i);
    }
}

/* inverse · (d − mean(d) − y mean(d y)); without the middle term where nothing was centred */
static void group_backward(const Group *g)
{
    Moments m = group_moments(g);
    Num share = num_constant(1 / (double)g->count);
    Sum total = {0}, along = {0};
    for (long i = 0; i < g->count; i++) {
        sum_add(&total, g->d[i * g->stride]);
        sum_product(&along, g->d[i * g->stride], normal(g, &m, i));
    }
    Num mean = g->centred ? num_mul(sum_done(&total), share) : num_exact(0);
    Num slope = num_mul(sum_done(&along), share);
    for (long i = 0; i < g->count; i++) {
        Num rest = num_sub(g->d[i * g->stride], mean);
        rest = num_sub(rest, num_mul(normal(g, &m, i), slope));
        g->y[i * g->stride] = num_mul(rest, m.inverse);
    }
}

static void along_features(Oracle *o, const Node *node, const Num *x, const Num *d, Num *y)
{
    long n = node->in_axis, groups = o->batch.count * (node->in / n);
    for (long i = 0; i < groups; i++) {
        Group g = {x + i * n, d ? d + i * n : NULL, y + i * n, n, 1, node->kind != NODE_RMSNORM};
        if (d != NULL) {
            group_backward(&g);
        } else {
            group_forward(&g);
        }
    }
}

/* Running values: 0.9 old + 0.1 new, the variance without bias. */
static void update_running(Oracle *o, const Trace *t, long feature, const Moments *m, long count)
{
    Num keep = num_constant(1 - batch_momentum), take = num_constant(batch_momentum);
    Num unbiased = num_mul(m->variance, num_constant((double)count / (double)(count - 1)));
    const Num fresh[2] = {m->mean, unbiased};
    for (int i = 0; i < 2; i++) {
        NetTensor *running = &o->tensors[t->node->tensors[2 + i]];
        long at = (running->shared ? 0 : t->layer) * running->info.size + feature;
        Num old = running->after[at];
        running->after[at] = num_add(num_mul(keep, old), num_mul(take, fresh[i]));
    }
}

/* With the running statistics: a fixed scale for each feature. */
static void with_running(Oracle *o, const Trace *t, const Num *d, Num *y)
{
    long n = t->node->in_axis;
    for (long i = 0; i < o->batch.count * t->node->in; i++) {
        Num mean = tensor_value(o, t->node->tensors[2], t->layer, i % n);
        Num inverse = inverse_root(tensor_value(o, t->node->tensors[3], t->layer, i % n));
        y[i] = d ? num_mul(d[i], inverse) : num_mul(num_sub(t->x[i], mean), inverse);
    }
}

static void along_batch(Oracle *o, const Trace *t, const Num *d, Num *y)
{
    long n = t->node->in_axis, count = o->batch.count * (t->node->in / n);
    for (long feature = 0; feature < n; feature++) {
        Group g = {t->x + feature, d ? d + feature : NULL, y + feature, count, n, true};
        if (d != NULL) {
            group_backward(&g);
        } else {
            group_forward(&g);
        }
    }
}

static void update_all_running(Oracle *o, const Trace *t)
{
    long n = t->node->in_axis, count = o->batch.count * (t->node->in / n);
    for (long feature = 0; feature < n; feature++) {
        Group g = {t->x + feature, NULL, NULL, count, n, true};
        Moments m = group_moments(&g);
        update_running(o, t, feature, &m, count);
    }
}

static void standard(Oracle *o, const Trace *t, const Num *d, Num *y)
{
    if (t->node->kind != NODE_BATCHNORM) {
        along_features(o, t->node, t->x, d, y);
    } else if (o->batch.training) {
        along_batch(o, t, d, y);
    } else {
        with_running(o, t, d, y);
    }
}

/* Gain and bias; rmsnorm has no bias. */
void norm_forward(Oracle *o, const Trace *t, Num *y)
{
    long n = t->node->in_axis;
    standard(o, t, NULL, y);
    if (t->node->kind == NODE_BATCHNORM && o->batch.training) {
        update_all_running(o, t);
    }
    for (long i = 0; i < o->batch.count * t->node->in; i++) {
        y[i] = num_mul(y[i], tensor_value(o, t->node->tensors[0], t->layer, i % n));
        if (t->node->kind != NODE_RMSNORM) {
            y[i] = num_add(y[i], tensor_value(o, t->node->tensors[1], t->layer, i % n));
        }
    }
}

void norm_backward(Oracle *o, const Trace *t, const Num *d, Num *dx)
{
    long n = t->node->in_axis, size = t->node->in;
    Num *plain = pool_nums(o, size), *scaled = pool_nums(o, size);
    standard(o, t, NULL, plain);
    for (long i = 0; i < o->batch.count * size; i++) {
        sum_product(tensor_sum(o, t->node->tensors[0], t->layer, i % n), d[i], plain[i]);
        if (t->node->kind != NODE_RMSNORM) {
            sum_add(tensor_sum(o, t->node->tensors[1], t->layer, i % n), d[i]);
        }
        scaled[i] = num_mul(d[i], tensor_value(o, t->node->tensors[0], t->layer, i % n));
    }
    standard(o, t, scaled, dx);
}
