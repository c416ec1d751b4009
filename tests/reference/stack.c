/* SPDX-License-Identifier: Apache-2.0
 *
 * Residual stacks: h ← post(skip(h) + alpha · branch(h)), layer after layer, branch after branch.
 */
#include "network.h"

typedef struct Place {
    const Stack *stack;
    long layer;
    bool back;
} Place;

static void filter_haar(Oracle *o, const Place *p, const Num *x, Num *y)
{
    long n = p->stack->size;
    for (long r = 0; r < n; r++) {
        Sum sum = {0};
        for (long k = 0; k < n; k++) {
            long at = p->back ? k * n + r : r * n + k;
            sum_product(&sum, tensor_value(o, p->stack->filter, p->layer, at), x[k]);
        }
        y[r] = sum_done(&sum);
    }
}

static void filter_cycle(const Place *p, const Num *x, Num *y)
{
    long n = p->stack->size;
    for (long r = 0; r < n; r++) {
        y[r] = x[(r + (p->back ? 1 : n - 1)) % n];
    }
}

/* One reflection I − 2 v vᵀ. */
static void reflect(Oracle *o, const Place *p, long row, Num *y)
{
    long n = p->stack->size;
    Sum sum = {0};
    for (long i = 0; i < n; i++) {
        sum_product(&sum, tensor_value(o, p->stack->filter, p->layer, row * n + i), y[i]);
    }
    Num twice = num_mul(num_exact(2), sum_done(&sum));
    for (long i = 0; i < n; i++) {
        Num v = tensor_value(o, p->stack->filter, p->layer, row * n + i);
        y[i] = num_sub(y[i], num_mul(twice, v));
    }
}

static void reflect_all(Oracle *o, const Place *p, Num *y)
{
    long count = o->tensors[p->stack->filter].info.size / p->stack->size;
    for (long k = 0; k < count; k++) {
        reflect(o, p, p->back ? count - 1 - k : k, y);
    }
}

/* Rounding by running analysis from exact inputs; errors of x through the whole product, which is
 * orthogonal, instead of through each reflection. Rounding is linear in the length of x. */
static void filter_householder(Oracle *o, const Place *p, const Num *x, Num *y)
{
    long n = p->stack->size;
    double length = 0, error = 0;
    for (long i = 0; i < n; i++) {
        y[i] = num_exact(x[i].value);
        length += x[i].value * x[i].value;
        error += x[i].error * x[i].error;
    }
    reflect_all(o, p, y);
    for (long i = 0; i < n; i++) {
        y[i].error *= 1 + (length > 0 ? sqrt(error / length) : 0);
    }
    for (long k = 0; k < n; k++) {
        Num *column = pool_allocate(&o->pool, (size_t)n, sizeof *column);
        column[k] = num_exact(1);
        reflect_all(o, p, column);
        for (long i = 0; i < n; i++) {
            y[i].error += fabs(column[i].value) * x[k].error;
        }
    }
}

static bool odd_bits(long bits)
{
    bool odd = false;
    for (; bits != 0; bits &= bits - 1) {
        odd = !odd;
    }
    return odd;
}

/* H S x / √n, or S H x / √n backward */
static void filter_hadamard(Oracle *o, const Place *p, const Num *x, Num *y)
{
    long n = p->stack->size;
    Num root = num_constant(1 / sqrt((double)n));
    for (long r = 0; r < n; r++) {
        Sum sum = {0};
        for (long k = 0; k < n; k++) {
            Num sign = tensor_value(o, p->stack->filter, p->layer, p->back ? r : k);
            sum_product(&sum, odd_bits(r & k) ? num_neg(sign) : sign, x[k]);
        }
        y[r] = num_mul(sum_done(&sum), root);
    }
}

static void filter_sample(Oracle *o, const Place *p, const Num *x, Num *y)
{
    switch (p->stack->skip) {
    case SKIP_HAAR:
        filter_haar(o, p, x, y);
        break;
    case SKIP_CYCLE:
        filter_cycle(p, x, y);
        break;
    case SKIP_HOUSEHOLDER:
        filter_householder(o, p, x, y);
        break;
    case SKIP_HADAMARD:
        filter_hadamard(o, p, x, y);
        break;
    default:
        for (long i = 0; i < p->stack->size; i++) {
            y[i] = x[i];
        }
    }
}

/* The skip's linear map or its transpose, times its scalar; dense excepted. */
static Num *filter(Oracle *o, const Place *p, const Num *x)
{
    long size = p->stack->size;
    Num *y = pool_nums(o, size);
    for (long s = 0; s < o->batch.count; s++) {
        filter_sample(o, p, x + s * size, y + s * size);
    }
    for (long i = 0; i < o->batch.count * size && p->stack->skip_scale != NO_TENSOR; i++) {
        y[i] = num_mul(tensor_value(o, p->stack->skip_scale, p->layer, 0), y[i]);
    }
    return y;
}

static const Num *skip_forward(Oracle *o, const Stack *stack, long layer, const Num *h,
                               StepTrace *step)
{
    if (stack->skip == SKIP_NONE) {
        return pool_nums(o, stack->size);
    }
    if (stack->skip == SKIP_DENSE) {
        h = node_forward(o, stack->skip_dense, layer, h, &step->skip);
    }
    return filter(o, &(Place){stack, layer, false}, h);
}

static const Num *skip_backward(Oracle *o, const Stack *stack, long layer, const Num *d,
                                const StepTrace *step)
{
    if (stack->skip == SKIP_NONE) {
        return pool_nums(o, stack->size);
    }
    const Num *back = filter(o, &(Place){stack, layer, true}, d);
    return stack->skip == SKIP_DENSE ? node_backward(o, step->skip, back) : back;
}

static Num alpha_at(const Oracle *o, const Branch *branch, long layer, long index)
{
    if (branch->alpha == NO_TENSOR) {
        return num_exact(1);
    }
    long size = o->tensors[branch->alpha].info.size;
    return tensor_value(o, branch->alpha, layer, index % size);
}

/* Exact factors add no rounding of their own. */
static Num weighted(Oracle *o, const Branch *branch, long layer, long index, Num x)
{
    return branch->alpha == NO_TENSOR ? x : num_mul(alpha_at(o, branch, layer, index), x);
}

static const Num *update(Oracle *o, const Stack *stack, const Branch *branch, long layer,
                         const Num *h, StepTrace *step)
{
    step->skipped = skip_forward(o, stack, layer, h, step);
    step->branched = node_forward(o, branch->layer, layer, h, &step->branch);
    Num *sum = pool_nums(o, stack->size);
    for (long i = 0; i < o->batch.count * stack->size; i++) {
        Num b = weighted(o, branch, layer, i, step->branched[i]);
        sum[i] = stack->skip == SKIP_NONE ? b : num_add(step->skipped[i], b);
    }
    return branch->post ? node_forward(o, branch->post, layer, sum, &step->post) : sum;
}

static void alpha_gradient(Oracle *o, const Branch *branch, long layer, const Num *d,
                           const Num *branched, long size)
{
    if (branch->alpha == NO_TENSOR || !o->tensors[branch->alpha].info.trainable) {
        return;
    }
    const NetTensor *t = &o->tensors[branch->alpha];
    for (long i = 0; i < o->batch.count * size; i++) {
        long index = i % t->info.size;
        double a = t->value[(t->shared ? 0 : layer) * t->info.size + index];
        Num slope = t->info.absolute && a < 0 ? num_neg(d[i]) : d[i];
        sum_product(tensor_sum(o, branch->alpha, layer, index), slope, branched[i]);
    }
}

static Num *update_backward(Oracle *o, const Stack *stack, const Branch *branch, long layer,
                            const StepTrace *step, const Num *d)
{
    if (branch->post != NULL) {
        d = node_backward(o, step->post, d);
    }
    alpha_gradient(o, branch, layer, d, step->branched, stack->size);
    Num *inner = pool_nums(o, stack->size);
    for (long i = 0; i < o->batch.count * stack->size; i++) {
        inner[i] = weighted(o, branch, layer, i, d[i]);
    }
    const Num *through = node_backward(o, step->branch, inner);
    return gather(o, through, skip_backward(o, stack, layer, d, step), stack->size);
}

const Num *stack_forward(Oracle *o, const Stack *stack, const Num *x, ItemTrace *trace)
{
    int branches = stack->branch_count;
    trace->steps = pool_allocate(&o->pool, (size_t)(stack->depth * branches), sizeof(StepTrace));
    for (long i = 0; i < stack->depth * branches; i++) {
        x = update(o, stack, &stack->branches[i % branches], i / branches, x, &trace->steps[i]);
    }
    return x;
}

Num *stack_backward(Oracle *o, const Stack *stack, const ItemTrace *trace, const Num *d)
{
    int branches = stack->branch_count;
    Num *back = NULL;
    for (long i = stack->depth * branches - 1; i >= 0; i--) {
        back = update_backward(o, stack, &stack->branches[i % branches], i / branches,
                               &trace->steps[i], d);
        d = back;
    }
    return back;
}
