/* SPDX-License-Identifier: Apache-2.0
 *
 * differentiate.h: Graph to Graph: adds the backward block of every region.
 *
 * Requires  graph_verify() holds; no region has a backward block.
 * Ensures   graph_verify() holds; every trainable tensor has exactly one gradient op for each
 *           place where it is used. So it is for every graph: `probe` needs no blocks.
 * Memory    in `arena`.
 * Cost      linear in the nodes; depth stays a loop.
 */
#ifndef RNET_IR_DIFFERENTIATE_H
#define RNET_IR_DIFFERENTIATE_H

#include "ir/graph.h"

/* NULL graph gives NULL. */
Graph *differentiate_graph(Arena *arena, Graph *graph);

#endif
