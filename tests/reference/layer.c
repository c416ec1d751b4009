/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers, forward and backward. Backward adds to the sums of the tensors that the layer reads.
 */
#include "network.h"

static const NetTensor *tensor_at(const Oracle *o, int tensor, long layer, long *at)
{
    const NetTensor *t = &o->tensors[tensor];
    *at += (t->shared ? 0 : layer) * t->info.size;
    return t;
}

Num tensor_value(const Oracle *o, int tensor, long layer, long index)
{
    const NetTensor *t = tensor_at(o, tensor, layer, &index);
    return num_exact(t->info.absolute ? fabs(t->value[index]) : t->value[index]);
}

Sum *tensor_sum(Oracle *o, int tensor, long layer, long index)
{
    const NetTensor *t = tensor_at(o, tensor, layer, &index);
    return &t->sums[index];
}

Num *gather(Oracle *o, const Num *x, const Num *y, long size)
{
    Num *sum = pool_nums(o, size);
    for (long i = 0; i < o->batch.count * size; i++) {
        sum[i] = num_add(x[i], y[i]);
    }
    return sum;
}

static void dense_forward(Oracle *o, const Trace *t, Num *y)
{
    long in = t->node->in_axis, out = t->node->out_axis;
    long rows = o->batch.count * (t->node->in / in);
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < out; j++) {
            Sum sum = {0};
            for (long i = 0; i < in; i++) {
                sum_product(&sum, tensor_value(o, t->node->tensors[0], t->layer, j * in + i),
                            t->x[r * in + i]);
            }
            if (t->node->tensors[1] != NO_TENSOR) {
                sum_add(&sum, tensor_value(o, t->node->tensors[1], t->layer, j));
            }
            y[r * out + j] = sum_done(&sum);
        }
    }
}

static void dense_backward(Oracle *o, const Trace *t, const Num *d, Num *dx)
{
    long in = t->node->in_axis, out = t->node->out_axis;
    long rows = o->batch.count * (t->node->in / in);
    for (long r = 0; r < rows; r++) {
        for (long i = 0; i < in; i++) {
            Sum sum = {0};
            for (long j = 0; j < out; j++) {
                long at = j * in + i;
                Num delta = d[r * out + j];
                sum_product(&sum, tensor_value(o, t->node->tensors[0], t->layer, at), delta);
                sum_product(tensor_sum(o, t->node->tensors[0], t->layer, at), t->x[r * in + i],
                            delta);
            }
            dx[r * in + i] = sum_done(&sum);
        }
        for (long j = 0; j < out && t->node->tensors[1] != NO_TENSOR; j++) {
            sum_add(tensor_sum(o, t->node->tensors[1], t->layer, j), d[r * out + j]);
        }
    }
}

/* y[r] = x[index[r]] */
static void permute(Oracle *o, const Trace *t, const Num *from, Num *to, bool back)
{
    long size = t->node->in;
    for (long s = 0; s < o->batch.count; s++) {
        for (long r = 0; r < size; r++) {
            long source = (long)tensor_value(o, t->node->tensors[0], t->layer, r).value;
            if (back) {
                to[s * size + source] = from[s * size + r];
            } else {
                to[s * size + r] = from[s * size + source];
            }
        }
    }
}

static void standardize(Oracle *o, const Trace *t, const Num *d, Num *y)
{
    long size = t->node->in;
    for (long i = 0; i < o->batch.count * size; i++) {
        Num mean = tensor_value(o, t->node->tensors[0], t->layer, i % size);
        Num inverse = tensor_value(o, t->node->tensors[1], t->layer, i % size);
        y[i] = num_mul(d ? d[i] : num_sub(t->x[i], mean), inverse);
    }
}

static void note_kink(Oracle *o, Num x)
{
    o->doubts.kinks += fabs(x.value) <= x.error;
    o->doubts.pattern = o->doubts.pattern * 6364136223846793005u + (x.value > 0 ? 3 : 1);
}

static void activate(Oracle *o, const Trace *t, Num *y)
{
    bool kinked = activation_is_kinked(t->node->activation);
    for (long i = 0; i < o->batch.count * t->node->in; i++) {
        if (kinked) {
            note_kink(o, t->x[i]);
        }
        y[i] = activation_apply(t->node->activation, t->node->number, t->x[i]);
    }
}

/* Children one after another, or side by side with their outputs added. */
static const Num *composed_forward(Oracle *o, Trace *t)
{
    const Num *x = t->x, *sum = NULL;
    Trace **tail = &t->first;
    for (const Node *child = t->node->first; child != NULL; child = child->next) {
        const Num *y = node_forward(o, child, t->layer, x, tail);
        tail = &(*tail)->next;
        if (t->node->kind == NODE_SEQ) {
            x = y;
        } else {
            sum = sum ? gather(o, sum, y, t->node->out) : y;
        }
    }
    return t->node->kind == NODE_SEQ ? x : sum;
}

static const Num *scaled(Oracle *o, const Trace *t, const Num *x)
{
    Num scale = tensor_value(o, t->node->tensors[0], t->layer, 0);
    Num *y = pool_nums(o, t->node->out);
    for (long i = 0; i < o->batch.count * t->node->out; i++) {
        y[i] = num_mul(scale, x[i]);
    }
    return y;
}

static void simple_forward(Oracle *o, const Trace *t, Num *y)
{
    switch (t->node->kind) {
    case NODE_DENSE:
        dense_forward(o, t, y);
        break;
    case NODE_PERMUTE:
        permute(o, t, t->x, y, false);
        break;
    case NODE_STANDARDIZE:
        standardize(o, t, NULL, y);
        break;
    case NODE_ACTIVATION:
        activate(o, t, y);
        break;
    default:
        norm_forward(o, t, y);
        break;
    }
}

const Num *node_forward(Oracle *o, const Node *node, long layer, const Num *x, Trace **trace)
{
    Trace *t = pool_allocate(&o->pool, 1, sizeof *t);
    *trace = t;
    *t = (Trace){.node = node, .layer = layer, .x = x};
    if (node->kind == NODE_PASS) {
        t->y = x;
    } else if (node->kind == NODE_SEQ || node->kind == NODE_SUM) {
        t->y = composed_forward(o, t);
    } else if (node->kind == NODE_SCALE) {
        t->y = scaled(o, t, node_forward(o, node->first, layer, x, &t->first));
    } else {
        Num *y = pool_nums(o, node->out);
        simple_forward(o, t, y);
        t->y = y;
    }
    return t->y;
}

static Num *sequence_backward(Oracle *o, const Trace *first, const Num *d)
{
    const Num *rest = first->next ? sequence_backward(o, first->next, d) : d;
    return node_backward(o, first, rest);
}

static Num *copy(Oracle *o, const Num *x, long size)
{
    Num *y = pool_nums(o, size);
    for (long i = 0; i < o->batch.count * size; i++) {
        y[i] = x[i];
    }
    return y;
}

static Num *sum_backward(Oracle *o, const Trace *t, const Num *d)
{
    Num *total = NULL;
    for (const Trace *child = t->first; child != NULL; child = child->next) {
        Num *dx = node_backward(o, child, d);
        total = total ? gather(o, total, dx, t->node->in) : dx;
    }
    return total;
}

static void simple_backward(Oracle *o, const Trace *t, const Num *d, Num *dx)
{
    const Node *node = t->node;
    switch (node->kind) {
    case NODE_DENSE:
        dense_backward(o, t, d, dx);
        break;
    case NODE_PERMUTE:
        permute(o, t, d, dx, true);
        break;
    case NODE_STANDARDIZE:
        standardize(o, t, d, dx);
        break;
    case NODE_ACTIVATION:
        for (long i = 0; i < o->batch.count * node->in; i++) {
            dx[i] = activation_gradient(node->activation, node->number, t->x[i], t->y[i], d[i]);
        }
        break;
    default:
        norm_backward(o, t, d, dx);
        break;
    }
}

Num *node_backward(Oracle *o, const Trace *t, const Num *d)
{
    switch (t->node->kind) {
    case NODE_PASS:
        return copy(o, d, t->node->in);
    case NODE_SEQ:
        return sequence_backward(o, t->first, d);
    case NODE_SUM:
        return sum_backward(o, t, d);
    case NODE_SCALE:
        return node_backward(o, t->first, scaled(o, t, d));
    default: {
        Num *dx = pool_nums(o, t->node->in);
        simple_backward(o, t, d, dx);
        return dx;
    }
    }
}
