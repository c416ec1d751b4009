/* SPDX-License-Identifier: Apache-2.0
 *
 * From numbers to pixels, and the round numbers between. A scale takes data in [low, high] to
 * [start, end]; start may be greater than end, as it is for y. Every range of finite numbers is
 * allowed, an empty one is widened.
 */
#ifndef RNET_LIB_PLOT_AXIS_H
#define RNET_LIB_PLOT_AXIS_H

#include "lib/plot.h"

/* Ticks with a label, and between them. */
enum { PLOT_TICKS = 40, PLOT_MINORS = 400 };

typedef struct PlotScale {
    bool log;
    bool whole, ranks; /* whole: only integers get a tick; ranks: only integers from 1 */
    double low, high;
    double start, end;
} PlotScale;

typedef struct PlotTick {
    double at;
    char text[56];
} PlotTick;

/* Labels are in units of 10^power. */
typedef struct PlotTicks {
    PlotTick major[PLOT_TICKS];
    double minor[PLOT_MINORS];
    int count, minor_count, power;
} PlotTicks;

/* The least and the greatest of finite numbers that a scale can show. */
typedef struct PlotExtent {
    double low, high;
    bool log, some;
} PlotExtent;

bool plot_shows(bool log, double value);
void plot_extend(PlotExtent *extent, double value);

/* The axis's own range or else that of the data, widened by the share `margin` at both ends. */
PlotScale plot_scale(const RtPlotAxis *axis, const PlotExtent *extent, double margin);
double plot_at(const PlotScale *scale, double value);

/* About `wanted` ticks, fewer where the range needs it. */
void plot_ticks(const PlotScale *scale, int wanted, PlotTicks *ticks);

#endif
