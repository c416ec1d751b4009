/* SPDX-License-Identifier: Apache-2.0
 *
 * postpone.h: Graph to Graph: a scale that stands before products goes behind them.
 *
 * The delta of a layer times alpha would be a map of its own, over all its rows: read, multiplied
 * and written for the products and gradients that follow. These are linear in it, so they take the
 * delta as it lies: a product is scaled in its epilogue (a DENSE_BACK, then a SCALE), a gradient
 * where its sums end (Node.tensor2 of GRAD_WEIGHT and GRAD_ROWS).
 *
 *     %1 = scale %0 alpha                 %2 = grad_weight %3 %0 weight by alpha
 *     %2 = grad_weight %3 %1 weight       %4 = dense_back %0 weight
 *     %4 = dense_back %1 weight           %5 = scale %4 alpha
 *
 * Requires  graph_verify() holds.
 * Ensures   graph_verify() holds; values are the same up to rounding; factors are of rank 0, on
 *           gradients of tensors that layers do not share and of no wide matrix.
 * Memory    nodes in `arena`; scratch there too.
 */
#ifndef RNET_IR_POSTPONE_H
#define RNET_IR_POSTPONE_H

#include "ir/graph.h"

/* NULL graph gives NULL. */
Graph *postpone_scales(Arena *arena, Graph *graph);

#endif
