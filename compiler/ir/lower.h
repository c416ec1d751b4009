/* SPDX-License-Identifier: Apache-2.0
 *
 * lower.h: Model to Graph, forward only.
 *
 * Requires  model_verify() holds.
 * Ensures   graph_verify() holds; a stack of any depth is one region; spans are preserved.
 * Diagnoses nothing: what the language accepts can be lowered.
 * Memory    the Graph is in `arena`, and points at the Model's specs.
 * Cost      linear in the layers as written, independent of depth.
 */
#ifndef RNET_IR_LOWER_H
#define RNET_IR_LOWER_H

#include "ir/graph.h"
#include "sema/model.h"

/* NULL model gives NULL. */
Graph *lower_model(Arena *arena, const Model *model);

#endif
