/* SPDX-License-Identifier: Apache-2.0
 *
 * The line on which numbers of a grid pass zero, by marching squares: on each edge of the grid with
 * one end below zero and the other at or above it, the zero of the straight line between them. A
 * square with four such edges is cut as the mean of its corners says. Squares with a corner that is
 * not finite have no line.
 */
#ifndef RNET_LIB_PLOT_CONTOUR_H
#define RNET_LIB_PLOT_CONTOUR_H

#include "lib/plot_svg.h"

/* values[j * x_count + i] at (xs[i], ys[j]), in pixels; fewer than 2^29 values. */
typedef struct PlotGrid {
    const double *xs, *ys, *values;
    int32_t x_count, y_count;
} PlotGrid;

/* Adds the parts of a path ("M… L… Z"), each as long as can be. Out of memory fails `svg`. */
void plot_contour(PlotSvg *svg, const PlotGrid *grid);

#endif
