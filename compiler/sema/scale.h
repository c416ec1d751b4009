/* SPDX-License-Identifier: Apache-2.0
 *
 * Values by layer: of alpha, laws, skips and scaled layers.
 */
#ifndef RNET_SEMA_SCALE_H
#define RNET_SEMA_SCALE_H

#include "sema/context.h"

/* A formula that a network holds one value of for each layer. `tensor` has the fan of a law, or is
 * NULL; `stack` is NULL outside blocks. */
typedef struct Scale {
    const Expr *formula;
    const Stack *stack;
    const Tensor *tensor;
    const char *what; /* "alpha" */
    const char *hint; /* where a value is no number; or NULL */
} Scale;

/* Does every layer have a value that the network's reals hold, at the params' defaults? The first
 * that has none is reported. */
bool check_scale(Context *ctx, Span span, const Scale *scale);

#endif
