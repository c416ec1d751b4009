/* SPDX-License-Identifier: Apache-2.0
 *
 * A small network written by hand, for tests that run a whole one: dense, three residual layers
 * with a shared bias, dense. It is linear, so that an oracle is a few lines.
 */
#ifndef RNET_TESTS_SMALL_NET_H
#define RNET_TESTS_SMALL_NET_H

#include "kernel_test.h"

enum { IN = 5, WIDE = 7, DEEP = 3, OUT = 4, BATCH = 83 };
enum { FIRST, WEIGHT, BIAS, LAST, TENSORS };

extern const RnTensor TABLE[TENSORS];

/* Everything of one call, on buffers with guards. */
typedef struct Net {
    RnTrain train;
    RnProgram program;
    RnCode code;
    double config, loss;
    RnCall call;
    int64_t params, state, work; /* in reals */
    int32_t labels[BATCH];
} Net;

/* Sizes depend on `what`, RnWhat, and params on nothing else: random, like inputs and targets. */
void open_net(Net *net, int what, int loss);
void fill_net(Net *net);
/* Fails where something wrote behind a buffer. */
void close_net(Net *net);
/* Formulas of optimisers. */
double tenth(const RnPlace *place);
double nine_tenths(const RnPlace *place);

#endif
