/* SPDX-License-Identifier: Apache-2.0
 *
 * Heat maps: each cell where it belongs, colours evenly spaced, the contour at every crossing of an
 * edge and nowhere else, hatching only where numbers are missing.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/plot_colour.h"
#include "plot_fixture.h"

#include <locale.h>

static RtFile draw(const RtPlotHeat *plot)
{
    RtFile svg;
    RtError error = {0};
    assert_true(rt_plot_heat(plot, &svg, &error));
    assert_true(plot_is_xml(&svg));
    return svg;
}

/* The fill of the cell in which a pixel lies; empty where there is none. */
static void fill_at(const RtFile *svg, double x, double y, char fill[8])
{
    fill[0] = '\0';
    const char *at = plot_find(svg, "<g class=\"cells\">\n", 0), *end = strstr(at, "</g>");
    while ((at = strstr(at, "<path fill=\"")) && at < end) {
        const char *path = strstr(at, " d=\"") + 4, *close = strchr(path, '"');
        for (; path < close; path = strchr(path, 'Z') + 1) {
            double left, top, right, bottom;
            assert_int_equal(sscanf(path, "M%lf %lfH%lfV%lf", &left, &top, &right, &bottom), 4);
            if (x > left && x < right && y > top && y < bottom) {
                assert_int_equal(fill[0], 0);
                snprintf(fill, 8, "%.7s", at + strlen("<path fill=\""));
            }
        }
        at = close;
    }
}

/* Axes in any order; a cell reaches half way to its neighbours, at the borders too. */
static void test_cells(void **state)
{
    (void)state;
    double xs[] = {3, 1, 2}, ys[] = {20, 10};
    double zs[] = {-1, -0.5, 0, 0.5, 1, 7};
    static const double least[] = {2.51, 0.51, 1.51}, most[] = {3.49, 1.49, 2.49};
    RtPlotHeat plot = {.xs = xs, .ys = ys, .zs = zs, .x_count = 3, .y_count = 2, .clip = 1};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "1.0", 1, "3.0", 3);
    PlotMap up = plot_map(&svg, true, "10", 10, "20", 20);
    char fill[8], wanted[8];
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 3; i++) {
            double z = fmin(zs[j * 3 + i], 1);
            snprintf(wanted, sizeof wanted, "#%06x",
                     plot_diverging(z == 0.5    ? 64 / 127.
                                    : z == -0.5 ? -63 / 127.
                                                : z));
            for (int corner = 0; corner < 4; corner++) {
                double x = corner % 2 ? least[i] : most[i];
                double y = (j ? 10 : 20) + (corner / 2 ? 4.9 : -4.9);
                fill_at(&svg, plot_pixel(across, x), plot_pixel(up, y), fill);
                assert_string_equal(fill, wanted);
            }
        }
    fill_at(&svg, plot_pixel(across, 0.49), plot_pixel(up, 10), fill);
    assert_string_equal(fill, "");
    rt_file_free(&svg);
}

typedef struct Lab {
    double l, a, b;
} Lab;

static double linear(uint32_t byte)
{
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* The direct way of the definition of OKLab: sRGB to cones, cube roots, opponents. */
static Lab to_lab(uint32_t colour)
{
    double r = linear(colour >> 16), g = linear(colour >> 8 & 255), b = linear(colour & 255);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return (Lab){0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

/* Rounding to eight bits moves these colours by at most 0.0019 in L, 0.0017 in a and b: the
 * greatest over all corners of half a step around them. */
static void check_colour(uint32_t colour, double lightness, double chroma, double hue)
{
    Lab lab = to_lab(colour);
    double angle = hue * 3.14159265358979 / 180;
    assert_true(fabs(lab.l - lightness) < 0.002);
    assert_true(fabs(lab.a - chroma * cos(angle)) < 0.002);
    assert_true(fabs(lab.b - chroma * sin(angle)) < 0.002);
}

/* Every colour is the one of the formula, so that none was cut at the edge of sRGB. */
static void test_colours(void **state)
{
    (void)state;
    for (int i = 0; i <= 200; i++) {
        double t = i / 100.0 - 1, size = fabs(t);
        check_colour(plot_diverging(t), 0.97 - 0.55 * size, 0.155 * size, t < 0 ? 260 : 30);
        check_colour(plot_sequential(i / 200.0), 0.28 + 0.65 * i / 200, 0.095, 300 - i);
    }
}

enum { NX = 9, NY = 7 };

/* Points of the grid's edges at which straight lines between the ends pass zero. */
static int find_crossings(const double *z, PlotPoint *points)
{
    int count = 0;
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++)
            for (int down = 0; down < 2; down++) {
                int u = i + !down, v = j + down;
                if (u == NX || v == NY)
                    continue;
                double a = z[j * NX + i], b = z[v * NX + u];
                if ((a < 0) != (b < 0))
                    points[count++] =
                        (PlotPoint){.x = i + (u - i) * a / (a - b), .y = j + (v - j) * a / (a - b)};
            }
    return count;
}

/* The contour of a map over 0 … NX − 1 and 0 … NY − 1, back in these numbers. */
static int read_contour(const double *z, PlotPoint *points, int most)
{
    double xs[NX], ys[NY];
    for (int i = 0; i < NX; i++)
        xs[i] = i;
    for (int j = 0; j < NY; j++)
        ys[j] = j;
    RtPlotHeat plot = {.xs = xs, .ys = ys, .zs = z, .x_count = NX, .y_count = NY, .clip = 1};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "0", 0, "8", 8);
    PlotMap up = plot_map(&svg, true, "0", 0, "6", 6);
    const char *inside = plot_find(&svg, "<svg x=", 0);
    int count = plot_points(strstr(inside, "<path class=\"zero\""), points, most);
    for (int i = 0; i < count; i++) {
        points[i].x = (points[i].x - across.origin) / across.scale;
        points[i].y = (points[i].y - up.origin) / up.scale;
    }
    rt_file_free(&svg);
    return count;
}

/* A row is 40 pixels high or more, so a rounding is below 0.001 of it. */
static bool close_to(PlotPoint a, PlotPoint b)
{
    return fabs(a.x - b.x) < 1e-3 && fabs(a.y - b.y) < 1e-3;
}

/* One vertex at each crossing, none elsewhere; each step of a line stays within one cell. */
static void check_contour(const double *z)
{
    static PlotPoint is[400], expected[200];
    int count = read_contour(z, is, 400), vertices = 0, wanted = find_crossings(z, expected);
    for (int i = 0; i < count; i++) {
        if (is[i].verb == 'Z')
            continue;
        vertices++;
        int hits = 0;
        for (int k = 0; k < wanted; k++)
            hits += close_to(is[i], expected[k]);
        assert_true(hits >= 1);
        if (is[i].verb == 'L') {
            assert_true(fabs(is[i].x - is[i - 1].x) < 1.001);
            assert_true(fabs(is[i].y - is[i - 1].y) < 1.001);
        }
    }
    assert_int_equal(vertices, wanted);
}

static void test_contour_of_a_plane(void **state)
{
    (void)state;
    double z[NX * NY];
    for (int i = 0; i < NX * NY; i++)
        z[i] = 0.3 * (i % NX) + 0.7 * (i / NX) - 3.17;
    check_contour(z);
    PlotPoint points[64];
    int count = read_contour(z, points, 64);
    for (int i = 0; i < count; i++) {
        assert_int_equal(points[i].verb, i ? 'L' : 'M');
        assert_true(fabs(0.3 * points[i].x + 0.7 * points[i].y - 3.17) < 1e-3);
    }
}

static void test_contour_is_a_ring(void **state)
{
    (void)state;
    double z[NX * NY];
    for (int i = 0; i < NX * NY; i++)
        z[i] = hypot(i % NX - 4.1, i / NX - 2.9) - 2.3;
    check_contour(z);
    PlotPoint points[64];
    int count = read_contour(z, points, 64);
    for (int i = 0; i < count; i++)
        assert_int_equal(points[i].verb, i == 0 ? 'M' : i == count - 1 ? 'Z' : 'L');
}

static void test_contour_of_anything(void **state)
{
    (void)state;
    uint64_t seed = 11;
    double z[NX * NY];
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < NX * NY; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            z[i] = (double)(int64_t)seed / 1e18;
        }
        check_contour(z);
    }
}

/* Of four crossed edges those are joined that leave the middle's sign in one piece. */
static void test_saddle(void **state)
{
    (void)state;
    double xs[] = {0, 1}, zs[4] = {3, -1, -1, 3};
    RtPlotHeat plot = {.xs = xs, .ys = xs, .zs = zs, .x_count = 2, .y_count = 2, .clip = 1};
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int i = 0; i < 4; i++)
            zs[i] = sign * (i == 0 || i == 3 ? 3 : -1);
        RtFile svg = draw(&plot);
        PlotMap across = plot_map(&svg, false, "0", 0, "1.0", 1);
        PlotMap up = plot_map(&svg, true, "0", 0, "1.0", 1);
        PlotPoint points[8];
        const char *inside = plot_find(&svg, "<svg x=", 0);
        assert_int_equal(plot_points(strstr(inside, "<path class=\"zero\""), points, 8), 4);
        for (int i = 0; i < 4; i += 2) {
            assert_int_equal(points[i].verb, 'M');
            double x = ((points[i].x + points[i + 1].x) / 2 - across.origin) / across.scale;
            double y = ((points[i].y + points[i + 1].y) / 2 - up.origin) / up.scale;
            /* around the corners (1, 0) and (0, 1), far from the diagonal x = y */
            assert_true(fabs(fabs(x - y) - 0.75) < 1e-3);
        }
        rt_file_free(&svg);
    }
}

/* A missing cell is hatched within its own rectangle, and no contour passes next to it. */
static void test_missing(void **state)
{
    (void)state;
    double xs[] = {0, 1, 2}, zs[9] = {1, 1, 1, 1, NAN, 1, -1, -1, -1};
    RtPlotHeat plot = {.xs = xs, .ys = xs, .zs = zs, .x_count = 3, .y_count = 3};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "0", 0, "2.0", 2);
    PlotMap up = plot_map(&svg, true, "0", 0, "2.0", 2);
    static PlotPoint points[400];
    int count = plot_points(plot_find(&svg, "<path class=\"hatch\"", 0), points, 400);
    assert_true(count > 20 && count < 400);
    for (int i = 0; i < count; i++) {
        assert_true(fabs((points[i].x - across.origin) / across.scale - 1) < 0.501);
        assert_true(fabs((points[i].y - up.origin) / up.scale - 1) < 0.501);
    }
    char fill[8];
    fill_at(&svg, plot_pixel(across, 1), plot_pixel(up, 1), fill);
    assert_string_equal(fill, "");
    const char *inside = plot_find(&svg, "<svg x=", 0);
    assert_int_equal(plot_points(strstr(inside, "<path class=\"zero\""), points, 400), 0);
    assert_non_null(plot_find(&svg, "not shown: 1 hatched cell (not finite)", 0));
    rt_file_free(&svg);
}

/* Arrows at the bar where values lie beyond it; one colour map or the other by sign. */
static void test_bar(void **state)
{
    (void)state;
    double xs[] = {0, 1}, zs[4] = {2, 3, 4, 9};
    RtPlotHeat plot = {.xs = xs, .ys = xs, .zs = zs, .x_count = 2, .y_count = 2};
    RtFile svg = draw(&plot);
    assert_null(plot_find(&svg, "<path class=\"zero\"", 0));
    char wanted[32];
    snprintf(wanted, sizeof wanted, "fill=\"#%06x\" d=", plot_sequential(1));
    assert_non_null(plot_find(&svg, wanted, 0));
    rt_file_free(&svg);
    plot.clip = 3;
    svg = draw(&plot);
    snprintf(wanted, sizeof wanted, "fill=\"#%06x\" d=", plot_diverging(1));
    assert_int_equal(plot_count(&svg, wanted), 2); /* the cells' path and the upper arrow */
    snprintf(wanted, sizeof wanted, "fill=\"#%06x\" d=", plot_diverging(-1));
    assert_int_equal(plot_count(&svg, wanted), 0);
    rt_file_free(&svg);
}

static void refuse(const RtPlotHeat *plot, const char *words)
{
    RtFile svg;
    RtError error;
    assert_false(rt_plot_heat(plot, &svg, &error));
    assert_null(svg.bytes);
    assert_non_null(strstr(error.text, words));
}

static void test_refusals(void **state)
{
    (void)state;
    double xs[] = {0, 1, 1}, infinite[] = {1, 2, INFINITY}, zs[9] = {0};
    RtPlotHeat good = {
        .x = {.name = "beta"}, .xs = xs, .ys = xs, .zs = zs, .x_count = 2, .y_count = 2};
    RtPlotHeat plot = good;
    plot.x_count = 3;
    refuse(&plot, "beta: 1 occurs twice");
    plot.xs = infinite;
    refuse(&plot, "beta: inf has no place");
    plot = good;
    plot.x.log = true;
    refuse(&plot, "beta: 0 has no place on a logarithmic axis");
    plot = good;
    plot.y_count = 0;
    refuse(&plot, "at least one cell");
    plot.x_count = plot.y_count = INT64_MAX;
    refuse(&plot, "at most 1048576");
}

static uint64_t draw_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 20;
}

static void test_anything(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 300; round++) {
        double xs[4], ys[3], zs[12];
        for (int i = 0; i < 12; i++) {
            uint64_t bits = draw_bits(&seed) << 32 ^ draw_bits(&seed);
            memcpy(&zs[i], &bits, sizeof bits);
            if (i < 4)
                xs[i] = ldexp((double)(i + 1), (int)(draw_bits(&seed) % (round % 5 ? 3 : 1000)));
            if (i < 3)
                ys[i] = (double)draw_bits(&seed);
        }
        RtPlotHeat plot = {.x = {.log = round % 2},
                           .z = {.log = round % 3 == 0},
                           .xs = xs,
                           .ys = ys,
                           .zs = zs,
                           .x_count = 1 + round % 4,
                           .y_count = 1 + round % 3,
                           .clip = round % 2};
        RtFile svg, again;
        RtError error;
        if (!rt_plot_heat(&plot, &svg, &error)) {
            assert_non_null(strstr(error.text, "occurs twice"));
            continue;
        }
        assert_true(plot_is_xml(&svg));
        assert_null(plot_find(&svg, "nan", 0));
        assert_true(rt_plot_heat(&plot, &again, &error));
        assert_int_equal(svg.size, again.size);
        assert_memory_equal(svg.bytes, again.bytes, svg.size);
        rt_file_free(&svg);
        rt_file_free(&again);
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_contour_of_a_plane),
        cmocka_unit_test(test_contour_is_a_ring),
        cmocka_unit_test(test_contour_of_anything),
        cmocka_unit_test(test_saddle),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
