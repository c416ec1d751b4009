/* SPDX-License-Identifier: Apache-2.0
 *
 * simplify.h: Graph to Graph: removes what nothing uses.
 *
 * Requires  graph_verify() holds.
 * Ensures   graph_verify() holds; every node but a block's argument has a use, is the result, or
 *           makes a gradient.
 * Memory    in place; scratch in `arena`.
 */
#ifndef RNET_IR_SIMPLIFY_H
#define RNET_IR_SIMPLIFY_H

#include "ir/graph.h"

/* NULL graph gives NULL. */
Graph *simplify_graph(Arena *arena, Graph *graph);

#endif
