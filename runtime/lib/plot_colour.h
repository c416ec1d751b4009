/* SPDX-License-Identifier: Apache-2.0
 *
 * Colours as 0xrrggbb. The maps are straight or evenly turning paths in OKLab (Ottosson 2020), a
 * space in which equal steps look equal; both stay inside sRGB, so that nothing is cut.
 *
 *   diverging   L = 0.97 - 0.55 |t|, C = 0.155 |t|, h = 260° (blue) for t < 0, 30° (red) for t > 0
 *   sequential  L = 0.28 + 0.65 t,   C = 0.095,     h = 300° - 200° t (violet, green, yellow)
 */
#ifndef RNET_LIB_PLOT_COLOUR_H
#define RNET_LIB_PLOT_COLOUR_H

#include "lib/plot_svg.h"

/* Up to so many groups of lines have colours of their own; more take steps of the sequential map.
 */
enum { PLOT_HUES = 8, PLOT_STEPS = 32 };

uint32_t plot_diverging(double t);  /* -1 ≤ t ≤ 1 */
uint32_t plot_sequential(double t); /* 0 ≤ t ≤ 1 */

/* The classes h0 … and q0 … of a style sheet. */
void plot_put_colours(PlotSvg *svg, bool dark);
/* The class of colour `colour` of `count`, e.g. "h3". */
const char *plot_colour_class(int colour, int count, char text[16]);

#endif
