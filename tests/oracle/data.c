/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs and targets from a small generator of the test's own.
 */
#include "harness.h"

/* A linear congruence, its upper bits: U(-1, 1). */
static double next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)(*state >> 11) * 0x1p-52 - 1;
}

/* Standard deviation 1; one input is constant, for standardize. */
void make_batch(Harness *h, long step)
{
    const RnProgram *program = h->product.program;
    long in = product_input_size(program), out = product_output_size(program);
    uint64_t state = h->seed * 1000003 + (uint64_t)step;
    int mean, inverse;
    bool constant = oracle_standardize(h->oracle, &mean, &inverse);
    for (int i = 0; i < 8; i++) {
        next(&state); /* neighbouring seeds part */
    }
    for (long i = 0; i < h->batch * in; i++) {
        h->x[i] = constant && i % in == 1 ? 0.5 : next(&state) * sqrt(3);
    }
    if (oracle_is_classifier(h->oracle)) {
        for (long i = 0; i < h->batch; i++) {
            h->target[i] = floor((next(&state) + 1) / 2 * (double)out);
        }
    } else {
        for (long i = 0; i < h->batch * out; i++) {
            h->target[i] = next(&state);
        }
    }
    product_set_inputs(&h->product, h->x, h->target);
}
