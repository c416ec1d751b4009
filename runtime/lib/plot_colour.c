/* SPDX-License-Identifier: Apache-2.0
 *
 * OKLab to sRGB by its published matrices. The hues of single lines are picked by hand, from those
 * that people with any colour vision tell apart, a lighter set for dark pages.
 */
#include "lib/plot_colour.h"

#include <math.h>

static const uint32_t light_hues[PLOT_HUES] = {0x0b6fb8, 0xd1540a, 0x00916a, 0xa83279,
                                               0xb98500, 0x4a3fa0, 0x3aa5c9, 0x6b6b6b};
static const uint32_t dark_hues[PLOT_HUES] = {0x58aef0, 0xff8f4d, 0x37cfa0, 0xf08cc4,
                                              0xf0c244, 0xa79bff, 0x8edcf2, 0xb4b4b4};

static uint32_t encode(double linear)
{
    double light = fmin(fmax(linear, 0), 1);
    double value = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return (uint32_t)lround(255 * value);
}

/* `hue` in degrees. */
static uint32_t from_oklch(double lightness, double chroma, double hue)
{
    double angle = hue * (acos(-1.0) / 180);
    double a = chroma * cos(angle), b = chroma * sin(angle);
    double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    return encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16 |
           encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8 |
           encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

uint32_t plot_diverging(double t)
{
    double size = fmin(fabs(t), 1);
    return from_oklch(0.97 - 0.55 * size, 0.155 * size, t < 0 ? 260 : 30);
}

uint32_t plot_sequential(double t)
{
    double place = fmin(fmax(t, 0), 1);
    return from_oklch(0.28 + 0.65 * place, 0.095, 300 - 200 * place);
}

static void put_colour(PlotSvg *svg, char family, int number, uint32_t colour)
{
    char text[32];
    snprintf(text, sizeof text, ".%c%d{color:#%06x}", family, number, colour);
    plot_put(svg, "%s%s", text, number % 8 == 7 ? "\n" : "");
}

void plot_put_colours(PlotSvg *svg, bool dark)
{
    for (int i = 0; i < PLOT_HUES; i++)
        put_colour(svg, 'h', i, dark ? dark_hues[i] : light_hues[i]);
    /* the end that would be lost against the page is left out */
    double from = dark ? 0.3 : 0, to = dark ? 1 : 0.8;
    for (int i = 0; i < PLOT_STEPS; i++)
        put_colour(svg, 'q', i, plot_sequential(from + (to - from) * i / (PLOT_STEPS - 1)));
}

const char *plot_colour_class(int colour, int count, char text[16])
{
    if (colour < 0)
        snprintf(text, 16, "ink");
    else if (count <= PLOT_HUES)
        snprintf(text, 16, "h%d", colour % PLOT_HUES);
    else
        snprintf(text, 16, "q%d", (int)((int64_t)colour * (PLOT_STEPS - 1) / (count - 1)));
    return text;
}
