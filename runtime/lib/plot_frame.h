/* SPDX-License-Identifier: Apache-2.0
 *
 * What all pictures have: the page with its title, key and notes, and a frame with two axes.
 *
 *   title, subtitle, key           from the top downwards
 *   y's name                       above the frame, read without turning the head
 *   frame | legend or colour bar
 *   ticks, x's name, notes         from the bottom upwards
 */
#ifndef RNET_LIB_PLOT_FRAME_H
#define RNET_LIB_PLOT_FRAME_H

#include "lib/plot_axis.h"
#include "lib/plot_svg.h"

/* Swatches of the key, in the row under the title. */
typedef enum PlotSwatch {
    PLOT_KEY_LINE,
    PLOT_KEY_BAND,
    PLOT_KEY_DASH,
    PLOT_KEY_CONTOUR,
    PLOT_KEY_GUESS
} PlotSwatch;

typedef struct PlotKey {
    PlotSwatch swatch;
    const char *text;
} PlotKey;

enum { PLOT_KEYS = 6 };

typedef struct PlotFrame {
    const RtPlotTitle *title;
    const RtPlotAxis *x_axis, *y_axis;
    PlotScale x, y;
    PlotTicks x_ticks, y_ticks;
    PlotKey keys[PLOT_KEYS];
    int key_count;
    char left_out[160]; /* "not shown: …", or empty */
    double margin;      /* wanted right of the frame */
    double left, top, right, bottom;
    double base; /* of the names above the frame */
} PlotFrame;

/* Adds a swatch; nothing where there is no text or no room. */
void plot_key(PlotFrame *frame, PlotSwatch swatch, const char *text);
/* The note of what cannot be shown, "3 points (not finite)", on a log scale
 * "(not positive or not finite)"; `what` is singular.
 * Nothing where count is 0. */
void plot_leave_out(PlotFrame *frame, int64_t count, const char *what, bool log);

/* Where the frame lies and its ticks, from scales without pixels; then the page around it. */
void plot_frame_begin(PlotSvg *svg, PlotFrame *frame);
void plot_frame_grid(PlotSvg *svg, const PlotFrame *frame);
/* What is between these two is cut off at the frame. */
void plot_frame_inside(PlotSvg *svg, const PlotFrame *frame);
void plot_frame_outside(PlotSvg *svg);
void plot_frame_axes(PlotSvg *svg, const PlotFrame *frame);
/* Ticks, to the right of a vertical strip at `edge`. */
void plot_side_ticks(PlotSvg *svg, const PlotScale *scale, const PlotTicks *ticks, double edge);

#endif
