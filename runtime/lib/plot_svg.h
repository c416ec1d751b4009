/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a picture: a growing buffer, numbers of at most two decimals, escaped strings, and
 * how wide a string will be. Running out of memory is remembered and told at the end.
 */
#ifndef RNET_LIB_PLOT_SVG_H
#define RNET_LIB_PLOT_SVG_H

#include "lib/plot.h"

/* Every picture has this size; units are pixels at its natural size. */
#define PLOT_WIDTH 720.0
#define PLOT_HEIGHT 500.0

typedef struct PlotSvg {
    RtFile *file;
    size_t capacity;
    bool failed;
} PlotSvg;

/* The size of the text in pixels goes with its class. */
typedef enum PlotStyle { PLOT_TITLE, PLOT_BODY, PLOT_SMALL, PLOT_STYLES } PlotStyle;

typedef struct PlotLabel {
    double x, y; /* where the base line starts, is halved or ends, as `anchor` says */
    char anchor; /* 's'tart, 'm'iddle, 'e'nd; 0 is start */
    PlotStyle style;
    bool grey, upward, halo; /* upward: read from below; halo: over lines */
    double room;             /* shortened to this many pixels; 0: as long as it is */
    const char *text;
} PlotLabel;

/* Conversions are %d, %f (at most two decimals, whatever the locale) and %s (escaped). */
void plot_put(PlotSvg *svg, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plot_label(PlotSvg *svg, const PlotLabel *label);
/* A name in bold and what it stands for in grey, as one line; upward without what does not fit. */
void plot_name(PlotSvg *svg, const PlotLabel *place, const RtPlotAxis *axis, int power);

/* An upper estimate for common sans-serif fonts, in pixels. */
double plot_text_width(const char *text, PlotStyle style);
/* How many bytes of the text, whole characters, are at most so wide. */
size_t plot_text_fit(const char *text, PlotStyle style, double room);

/* A number in `digits` significant digits: "1.279", "-3.1×10⁻⁵". */
const char *plot_number(double value, int digits, char text[48]);
/* "10⁻³" */
const char *plot_power(int power, char text[32]);

/* Starts the file with its style sheet; `svg` fills `file`. */
void plot_svg_begin(PlotSvg *svg, RtFile *file, const RtPlotTitle *title);
/* Ends it; where memory ran out, frees it and fails. */
bool plot_svg_end(PlotSvg *svg, RtError *error);

#endif
