/* SPDX-License-Identifier: Apache-2.0
 *
 * Series in a frame: what they span, their bands, lines and dots, and their names at the right.
 */
#ifndef RNET_LIB_PLOT_SERIES_H
#define RNET_LIB_PLOT_SERIES_H

#include "lib/plot_frame.h"

typedef struct PlotSeriesSet {
    const RtPlotSeries *series;
    int count;
    const char *by; /* head of the names, or NULL */
} PlotSeriesSet;

/* Widens both by the points and bands; `x->log` and `y->log` are the axes'. */
void plot_series_extend(const PlotSeriesSet *set, PlotExtent *x, PlotExtent *y);
/* Points of measurements, not of theory, that the axes cannot show: gaps in their lines. */
int64_t plot_series_gaps(const PlotSeriesSet *set, bool x_log, bool y_log);
/* How many colours are in use, at least 1. */
int plot_series_colours(const PlotSeriesSet *set);
void plot_series_draw(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set);

/* The line alone, in a class of the style sheet. */
void plot_series_path(PlotSvg *svg, const PlotFrame *frame, const RtPlotSeries *series,
                      const char *class);

/* Names: how much room they want right of the frame, 0 for none; and the names. Few stand beside
 * the ends of their lines; many colours become a strip. */
double plot_legend_width(const PlotSeriesSet *set);
void plot_legend_draw(PlotSvg *svg, const PlotFrame *frame, const PlotSeriesSet *set);

void plot_marks_draw(PlotSvg *svg, const PlotFrame *frame, const RtPlotMark *marks, int count);
/* Moves places apart until each is `gap` from the next, in [low, high]; sorted on entry. */
void plot_spread(double *places, int count, double gap, double low, double high);

#endif
