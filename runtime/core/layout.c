/* SPDX-License-Identifier: Apache-2.0
 *
 * One object of each descriptor type, so that emit/ finds the types' layouts in the bitcode.
 */
#include "core/program.h"

#define LAYOUT(type) __attribute__((used)) type rn_layout_##type

LAYOUT(RnParam);
LAYOUT(RnTensor);
LAYOUT(RnRegion);
LAYOUT(RnRegionCode);
LAYOUT(RnOptimizer);
LAYOUT(RnData);
LAYOUT(RnLoss);
LAYOUT(RnTrain);
LAYOUT(RnMeasure);
LAYOUT(RnBound);
LAYOUT(RnProbe);
LAYOUT(RnCheck);
LAYOUT(RnAxis);
LAYOUT(RnPlot);
LAYOUT(RnSweep);
LAYOUT(RnCode);
LAYOUT(RnSignalOp);
LAYOUT(RnSignalBranch);
LAYOUT(RnSignalBlock);
LAYOUT(RnSignal);
LAYOUT(RnProgram);
LAYOUT(RnPlace);
