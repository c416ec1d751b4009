/* SPDX-License-Identifier: Apache-2.0
 *
 * Losses of the samples, their mean, and its gradient with respect to the outputs.
 */
#include "network.h"

static Num greatest(const Num *z, long n)
{
    Num most = z[0];
    for (long i = 1; i < n; i++) {
        double error = fmax(most.error, z[i].error);
        most = (Num){fmax(most.value, z[i].value), error};
    }
    return most;
}

/* log Σ exp(z − max) − (z_label − max), and (softmax − 1_label) / count */
static Num cross_entropy(const Oracle *o, const Num *z, long label, Num *gradient)
{
    long n = o->output_size;
    Num most = greatest(z, n), share = num_constant(1 / (double)o->batch.count);
    Sum sum = {0};
    for (long i = 0; i < n; i++) {
        gradient[i] = num_exp(num_sub(z[i], most));
        sum_add(&sum, gradient[i]);
    }
    Num total = sum_done(&sum);
    for (long i = 0; i < n; i++) {
        Num probability = num_div(gradient[i], total);
        Num rest = i == label ? num_sub(probability, num_exact(1)) : probability;
        gradient[i] = num_mul(rest, share);
    }
    return num_sub(num_log(total), num_sub(z[label], most));
}

static Num mean_square(const Oracle *o, const Num *y, const double *target, Num *gradient)
{
    long n = o->output_size;
    Num factor = num_constant(2 / ((double)n * (double)o->batch.count));
    Sum sum = {0};
    for (long i = 0; i < n; i++) {
        Num rest = num_sub(y[i], num_exact(target[i]));
        sum_product(&sum, rest, rest);
        gradient[i] = num_mul(factor, rest);
    }
    return num_mul(sum_done(&sum), num_constant(1 / (double)n));
}

void loss_evaluate(Oracle *o)
{
    long n = o->output_size;
    o->losses = pool_nums(o, 1);
    o->output_gradient = pool_nums(o, n);
    Sum sum = {0};
    for (long s = 0; s < o->batch.count; s++) {
        const Num *y = o->output + s * n;
        Num *gradient = o->output_gradient + s * n;
        o->losses[s] = o->cross_entropy ? cross_entropy(o, y, (long)o->batch.target[s], gradient)
                                        : mean_square(o, y, o->batch.target + s * n, gradient);
        sum_add(&sum, o->losses[s]);
    }
    o->loss = num_mul(sum_done(&sum), num_constant(1 / (double)o->batch.count));
}
