/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of the network: forward, loss, backward, and the tensors' gradients.
 */
#include "network.h"

#include <string.h>

static void begin(Oracle *o, const OracleBatch *batch)
{
    pool_clear(&o->pool);
    o->batch = *batch;
    o->doubts = (OracleDoubts){.pattern = 1};
    for (int t = 0; t < o->tensor_count; t++) {
        NetTensor *tensor = &o->tensors[t];
        long count = tensor->info.layers * tensor->info.size;
        memset(tensor->sums, 0, (size_t)count * sizeof(Sum));
        for (long i = 0; i < count; i++) {
            tensor->after[i] = num_exact(tensor->value[i]);
        }
    }
}

static void forward(Oracle *o)
{
    Num *input = pool_nums(o, o->input_size);
    for (long i = 0; i < o->batch.count * o->input_size; i++) {
        input[i] = num_exact(o->batch.x[i]);
    }
    const Num *x = input;
    for (int i = 0; i < o->item_count; i++) {
        const Item *item = &o->items[i];
        x = item->node ? node_forward(o, item->node, 0, x, &o->traces[i].trace)
                       : stack_forward(o, &o->stacks[item->stack], x, &o->traces[i]);
    }
    o->output = x;
}

static void backward(Oracle *o)
{
    const Num *d = o->output_gradient;
    for (int i = o->item_count - 1; i >= 0; i--) {
        const Item *item = &o->items[i];
        d = item->node ? node_backward(o, o->traces[i].trace, d)
                       : stack_backward(o, &o->stacks[item->stack], &o->traces[i], d);
    }
    for (int t = 0; t < o->tensor_count; t++) {
        NetTensor *tensor = &o->tensors[t];
        for (long i = 0; i < tensor->info.layers * tensor->info.size; i++) {
            tensor->gradient[i] = sum_done(&tensor->sums[i]);
        }
    }
}

OracleDoubts oracle_forward(Oracle *o, const OracleBatch *batch)
{
    num_set_precision(batch->own ? 0 : o->is_double ? 53 : 24);
    begin(o, batch);
    forward(o);
    loss_evaluate(o);
    return o->doubts;
}

OracleDoubts oracle_run(Oracle *o, const OracleBatch *batch)
{
    oracle_forward(o, batch);
    backward(o);
    return o->doubts;
}

const Num *oracle_output(const Oracle *o)
{
    return o->output;
}

const Num *oracle_losses(const Oracle *o)
{
    return o->losses;
}

Num oracle_loss(const Oracle *o)
{
    return o->loss;
}

const Num *oracle_gradient(const Oracle *o, int tensor)
{
    return o->tensors[tensor].gradient;
}

const Num *oracle_after(const Oracle *o, int tensor)
{
    return o->tensors[tensor].after;
}

const Num *oracle_moment_after(const Oracle *o, int moment, int tensor)
{
    return o->tensors[tensor].moments[moment];
}

void oracle_set_tensor(Oracle *o, int tensor, const double *values)
{
    NetTensor *t = &o->tensors[tensor];
    memcpy(t->value, values, (size_t)(t->info.layers * t->info.size) * sizeof *values);
}

void oracle_set_gradient(Oracle *o, int tensor, const double *values)
{
    NetTensor *t = &o->tensors[tensor];
    for (long i = 0; i < t->info.layers * t->info.size; i++) {
        t->gradient[i] = num_exact(values[i]);
    }
}

bool oracle_is_double(const Oracle *o)
{
    return o->is_double;
}

bool oracle_is_classifier(const Oracle *o)
{
    return o->cross_entropy;
}

long oracle_input_size(const Oracle *o)
{
    return o->input_size;
}

long oracle_output_size(const Oracle *o)
{
    return o->output_size;
}

int oracle_tensor_count(const Oracle *o)
{
    return o->tensor_count;
}

OracleTensor oracle_tensor(const Oracle *o, int tensor)
{
    return o->tensors[tensor].info;
}
