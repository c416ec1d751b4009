/* SPDX-License-Identifier: Apache-2.0
 *
 * layernorm, rmsnorm and batchnorm: all standardise sets of numbers, along features or along the
 * batch, and differ in which numbers a set has.
 */
#include "network.h"

static const double epsilon = 1e-5, batch_momentum = 0.1;

/* Numbers that share a mean and a variance, as bare values; their errors stand beside them. What
 * rounding adds is found by running analysis from exact inputs; what the inputs' errors become, by
 * the map's own Jacobian, which is far smaller than what the single operations would make of them.
 *
 *     y = z/s, z = P x, s² = |z|²/n + ε,    P takes the mean away, or nothing
 *     J = (P − y yᵀ/n)/s, symmetric;        |D²y[δ, η]| ≤ 6 |δ| |η| / (√n s²), from |z| ≤ √n s
 */
typedef struct Group {
    long count;
    bool centred;
    Num *x, *d, *y; /* d: the gradient of y; y: what comes out, forward or backward */
} Group;

typedef struct Moments {
    Num mean, variance, inverse;
} Moments;

static Num inverse_root(Num variance)
{
    Num raised = num_add(variance, num_constant(epsilon));
    return num_div(num_exact(1), num_sqrt(raised));
}

static Num bare(Num x)
{
    return num_exact(x.value);
}

static Moments group_moments(const Group *g)
{
    Moments m = {.mean = num_exact(0)};
    Num share = num_constant(1 / (double)g->count);
    if (g->centred) {
        Sum sum = {0};
        for (long i = 0; i < g->count; i++) {
            sum_add(&sum, bare(g->x[i]));
        }
        m.mean = num_mul(sum_done(&sum), share);
    }
    Sum squares = {0};
    for (long i = 0; i < g->count; i++) {
        Num x = num_sub(bare(g->x[i]), m.mean);
        sum_product(&squares, x, x);
    }
    m.variance = num_mul(sum_done(&squares), share);
    m.inverse = inverse_root(m.variance);
    return m;
}

static Num normal(const Group *g, const Moments *m, long i)
{
    return num_mul(num_sub(bare(g->x[i]), m->mean), m->inverse);
}

static double length(const Num *x, long count, bool errors)
{
    double sum = 0;
    for (long i = 0; i < count; i++) {
        double part = errors ? x[i].error : x[i].value;
        sum += part * part;
    }
    return sqrt(sum);
}

/* How far the inputs are from exact: s where it may be least, and relative errors of x and d. */
typedef struct Spread {
    double least, along_x, relative;
} Spread;

static Spread spread_of(const Group *g, const Moments *m)
{
    double root = sqrt((double)g->count);
    Spread spread = {.along_x = length(g->x, g->count, true)};
    spread.least = fmax(1 / m->inverse.value - spread.along_x / root, 0);
    spread.relative = spread.along_x / (root * spread.least);
    double d = g->d ? length(g->d, g->count, false) : 0;
    spread.relative += d > 0 ? length(g->d, g->count, true) / d : 0;
    return spread;
}

/* Rounding errors are of degree 8 at most in what may be longer than it seems. */
static double grown(double rounding, const Spread *spread)
{
    return rounding * pow(1 + spread->relative, 8);
}

static double through_jacobian(const Group *g, const Moments *m, long i, const Num *errors)
{
    double n = (double)g->count, sum = 0, own = normal(g, m, i).value;
    for (long j = 0; j < g->count; j++) {
        double entry = (i == j) - (g->centred ? 1 / n : 0) - own * normal(g, m, j).value / n;
        sum += fabs(entry * m->inverse.value) * errors[j].error;
    }
    return sum;
}

static void group_forward(const Group *g)
{
    Moments m = group_moments(g);
    Spread spread = spread_of(g, &m);
    double root = sqrt((double)g->count), e = spread.along_x / spread.least;
    for (long i = 0; i < g->count; i++) {
        g->y[i] = normal(g, &m, i);
        g->y[i].error =
            grown(g->y[i].error, &spread) + through_jacobian(g, &m, i, g->x) + 3 / root * e * e;
    }
}

/* inverse · (d − mean(d) − y mean(d y)); without the middle term where nothing was centred */
static void group_backward(const Group *g)
{
    Moments m = group_moments(g);
    Spread spread = spread_of(g, &m);
    Num share = num_constant(1 / (double)g->count);
    Sum total = {0}, along = {0};
    for (long i = 0; i < g->count; i++) {
        sum_add(&total, bare(g->d[i]));
        sum_product(&along, bare(g->d[i]), normal(g, &m, i));
    }
    Num mean = g->centred ? num_mul(sum_done(&total), share) : num_exact(0);
    Num slope = num_mul(sum_done(&along), share);
    double d = length(g->d, g->count, false) + length(g->d, g->count, true);
    double bend = 6 / sqrt((double)g->count) / (spread.least * spread.least) * spread.along_x * d;
    for (long i = 0; i < g->count; i++) {
        Num rest = num_sub(bare(g->d[i]), mean);
        rest = num_sub(rest, num_mul(normal(g, &m, i), slope));
        g->y[i] = num_mul(rest, m.inverse);
        g->y[i].error = grown(g->y[i].error, &spread) + through_jacobian(g, &m, i, g->d) + bend;
    }
}

/* One group of a batch's values: `count` numbers, `stride` apart from `start` on. */
typedef struct Place {
    long start, stride, count;
} Place;

static void run_group(Oracle *o, Place place, bool centred, const Num *x, const Num *d, Num *y)
{
    Group g = {.count = place.count, .centred = centred};
    g.x = pool_allocate(&o->pool, (size_t)place.count, sizeof(Num));
    g.y = pool_allocate(&o->pool, (size_t)place.count, sizeof(Num));
    g.d = d ? pool_allocate(&o->pool, (size_t)place.count, sizeof(Num)) : NULL;
    for (long i = 0; i < place.count; i++) {
        g.x[i] = x[place.start + i * place.stride];
        if (d != NULL) {
            g.d[i] = d[place.start + i * place.stride];
        }
    }
    if (d != NULL) {
        group_backward(&g);
    } else {
        group_forward(&g);
    }
    for (long i = 0; i < place.count; i++) {
        y[place.start + i * place.stride] = g.y[i];
    }
}

static void along_features(Oracle *o, const Node *node, const Num *x, const Num *d, Num *y)
{
    long n = node->in_axis, groups = o->batch.count * (node->in / n);
    for (long i = 0; i < groups; i++) {
        run_group(o, (Place){i * n, 1, n}, node->kind != NODE_RMSNORM, x, d, y);
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
        run_group(o, (Place){feature, n, count}, true, t->x, d, y);
    }
}

/* Mean and variance of a feature, with the errors of the inputs: they shift the mean by their mean,
 * and the variance by 2 mean |z e| + mean e². */
static Moments batch_moments(const Trace *t, long feature, long count)
{
    long n = t->node->in_axis;
    Sum sum = {0}, squares = {0};
    Num share = num_constant(1 / (double)count);
    for (long i = 0; i < count; i++) {
        sum_add(&sum, t->x[i * n + feature]);
    }
    Moments m = {.mean = num_mul(sum_done(&sum), share)};
    for (long i = 0; i < count; i++) {
        Num z = num_sub(t->x[i * n + feature], m.mean);
        sum_product(&squares, z, z);
    }
    m.variance = num_mul(sum_done(&squares), share);
    return m;
}

static void update_all_running(Oracle *o, const Trace *t)
{
    long n = t->node->in_axis, count = o->batch.count * (t->node->in / n);
    for (long feature = 0; feature < n; feature++) {
        Moments m = batch_moments(t, feature, count);
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
