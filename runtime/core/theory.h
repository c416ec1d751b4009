/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocks of a program as theory reads them, filled from its tables: for alpha optimal(…) when
 * weights are drawn, and for whoever draws theory beside what was measured.
 */
#ifndef RNET_CORE_THEORY_H
#define RNET_CORE_THEORY_H

#include "core/program.h"
#include "theory/theory.h"

enum { RN_THEORY_OPS = 48, RN_THEORY_BRANCHES = 8, RN_THEORY_SERIES = 120, RN_THEORY_PARAMS = 64 };

typedef struct RnTheory RnTheory;

/* A formula by layer; squared, times factor, where it is a law's scale. */
typedef struct RnTheorySeries {
    const RnTheory *theory;
    RnFormula *formula;
    double fan_in, fan_out, factor;
    int32_t square, unused;
} RnTheorySeries;

/* One block at one depth; it holds pointers into itself, so it is not copied. */
struct RnTheory {
    TheoryStack stack;
    TheoryBranch branches[RN_THEORY_BRANCHES];
    TheoryOp ops[RN_THEORY_OPS];
    RnTheorySeries series[RN_THEORY_SERIES];
    double params[RN_THEORY_PARAMS]; /* copies, with the depth's own replaced */
    RnPlace place;
    int32_t op_count, series_count;
};

/* Fills a block. `depth` 0 is its own, and the kernel at its start is that of the probe's inputs,
 * of mean square 1 and independent where there are none. At another depth it is a unit kernel: the
 * layers before the block are not walked. 0: there is no such block, or it has more branches or ops
 * than fit. */
int rn_theory_fill(const RnProgram *program, const double *config, int32_t block, double depth,
                   RnTheory *out);

/* The block of a region, or -1. */
int32_t rn_theory_block(const RnProgram *program, int32_t region);

/* alpha optimal(…) of the tensor; NaN where there is none, infinite where it has no bound. */
double rn_optimal_alpha(const RnProgram *program, const double *config, int32_t tensor);

#endif
