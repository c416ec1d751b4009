/* SPDX-License-Identifier: Apache-2.0
 *
 * rnetc --analyze: what theory and a count say of a network at its params' defaults.
 */
#ifndef RNET_DRIVER_ANALYZE_H
#define RNET_DRIVER_ANALYZE_H

#include "driver/report.h"
#include "ir/plan.h"
#include "sema/model.h"

/* Writes the whole report. */
void analyze(Arena *arena, const Model *model, const Plan *plan, bool json, FILE *out);

/* analyze_block.c: regimes, moments, kernels, Jacobians, the expansion of every block. */
void analyze_blocks(Report *report, const Model *model);

/* analyze_cost.c: parameters, operations, bytes, activation memory. */
void analyze_cost(Report *report, const Model *model, const Plan *plan);

#endif
