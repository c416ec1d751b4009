/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms: heights against counts made here, densities of area one, the summary's numbers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plot_fixture.h"

#include <locale.h>

static uint64_t seed = 9;

/* Evenly from [0, 1). */
static double draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static RtFile draw_plot(const RtPlotHistogram *plot)
{
    RtFile svg;
    RtError error = {0};
    assert_true(rt_plot_histogram(plot, &svg, &error));
    assert_true(plot_is_xml(&svg));
    return svg;
}

typedef struct Bar {
    double from, to, height; /* pixels */
} Bar;

/* "Mx,b" and then "Vy Hx" a bin. */
static int read_bars(const RtFile *svg, int sample, Bar *bars, int most)
{
    const char *at = strchr(plot_find(svg, "<path class=\"step\"", sample), 'M');
    char *next;
    double x = strtod(at + 1, &next);
    strtod(next, &next);
    int count = 0;
    while (*next == 'V' && count < most) {
        double height = strtod(next + 1, &next);
        if (*next != 'H')
            break;
        double to = strtod(next + 1, &next);
        bars[count++] = (Bar){x, to, height};
        x = to;
    }
    return count;
}

static void test_counts(void **state)
{
    (void)state;
    enum { COUNT = 500, BINS = 8 };
    double values[COUNT], counts[BINS] = {0};
    for (int i = 0; i < COUNT; i++) {
        values[i] = 4 * draw() * draw();
        counts[(int)(values[i] * 2)] += 1;
    }
    RtPlotSample sample = {.values = values, .count = COUNT};
    RtPlotHistogram plot = {
        .x = {.name = "q", .high = 4}, .samples = &sample, .sample_count = 1, .bins = BINS};
    RtFile svg = draw_plot(&plot);
    PlotMap across = plot_map(&svg, false, "0", 0, "4.0", 4);
    PlotMap up = plot_map(&svg, true, "0", 0, "100", 100);
    Bar bars[BINS + 1];
    assert_int_equal(read_bars(&svg, 0, bars, BINS + 1), BINS);
    for (int i = 0; i < BINS; i++) {
        assert_true(plot_near(bars[i].from, plot_pixel(across, i / 2.0), 1));
        assert_true(plot_near(bars[i].to, plot_pixel(across, (i + 1) / 2.0), 1));
        assert_true(plot_near(bars[i].height, plot_pixel(up, counts[i]), counts[i] / 100));
    }
    rt_file_free(&svg);
}

/* On a logarithmic axis too, heights times widths in x add up to one. */
static void test_densities(void **state)
{
    (void)state;
    enum { COUNT = 3000, MOST = 100 };
    static double values[2][COUNT];
    for (int i = 0; i < COUNT; i++) {
        values[0][i] = 1 + draw() + draw() + draw();
        values[1][i] = exp(draw() + draw());
    }
    RtPlotSample samples[] = {{"a", values[0], COUNT}, {"b", values[1], COUNT}};
    for (int log = 0; log < 2; log++) {
        RtPlotHistogram plot = {.x = {.log = log}, .samples = samples, .sample_count = 2};
        RtFile svg = draw_plot(&plot);
        PlotMap across = log ? plot_map(&svg, false, "2", log10(2), "5", log10(5))
                             : plot_map(&svg, false, "2", 2, "5", 5);
        PlotMap up = plot_map(&svg, true, "0", 0, "0.4", 0.4);
        for (int k = 0; k < 2; k++) {
            Bar bars[MOST];
            int count = read_bars(&svg, k, bars, MOST);
            double area = 0;
            for (int i = 0; i < count; i++) {
                double from = (bars[i].from - across.origin) / across.scale;
                double to = (bars[i].to - across.origin) / across.scale;
                double width = log ? pow(10, to) - pow(10, from) : to - from;
                area += width * (bars[i].height - up.origin) / up.scale;
            }
            /* each of some 30 bins, 10 pixels wide and 100 high, is off by less than 1/1000 */
            assert_true(count >= 8 && fabs(area - 1) < 2e-3);
        }
        rt_file_free(&svg);
    }
}

static void test_summary(void **state)
{
    (void)state;
    double values[] = {1, 2, 3, 4, NAN, 10, -INFINITY};
    RtPlotSample sample = {.values = values, .count = 7};
    RtPlotHistogram plot = {.samples = &sample, .sample_count = 1};
    RtFile svg = draw_plot(&plot);
    /* squares of the deviations from 4: 9 + 4 + 1 + 0 + 36 = 50, over 4: 12.5 */
    assert_non_null(plot_find(&svg, ">n = 5, mean 4, sd 3.54</text>", 0));
    assert_non_null(plot_find(&svg, "not shown: 2 values (not finite)", 0));
    rt_file_free(&svg);
    values[0] = -1;
    plot.x.log = true;
    svg = draw_plot(&plot);
    assert_non_null(plot_find(&svg, ">n = 4, median 3.5</text>", 0));
    rt_file_free(&svg);
}

/* A curve of constant density over [1, 3] lies at one half. */
static void test_curve(void **state)
{
    (void)state;
    double values[] = {1, 1.5, 2, 2.5, 3}, x[] = {1, 3}, y[] = {0.5, 0.5};
    RtPlotSample sample = {.values = values, .count = 5};
    RtPlotSeries curve = {.label = "law", .x = x, .y = y, .count = 2, .dashed = true};
    RtPlotHistogram plot = {
        .samples = &sample, .sample_count = 1, .curves = &curve, .curve_count = 1};
    RtFile svg = draw_plot(&plot);
    PlotMap across = plot_map(&svg, false, "1.0", 1, "3.0", 3);
    PlotMap up = plot_map(&svg, true, "0", 0, "0.4", 0.4);
    PlotPoint points[3];
    const char *inside = plot_find(&svg, "<svg x=", 0);
    assert_int_equal(plot_points(strstr(inside, "<path class=\"dash\""), points, 3), 2);
    for (int i = 0; i < 2; i++) {
        assert_true(plot_near(points[i].x, plot_pixel(across, x[i]), 1));
        assert_true(plot_near(points[i].y, plot_pixel(up, 0.5), 1.3));
    }
    assert_non_null(plot_find(&svg, ">law</text>", 0));
    rt_file_free(&svg);
}

/* None, one, equal ones, the ends of the doubles, many: XML, and every value in some bin. */
static void test_extremes(void **state)
{
    (void)state;
    static const double cases[][4] = {{0},
                                      {5, 5, 5, 5},
                                      {-1.7e308, 1.7e308, 0, 0},
                                      {1e-320, 1e-310, 1e-300, 0},
                                      {1, 1 + 1e-15, 1, 1},
                                      {NAN, NAN, INFINITY, NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int log = 0; log < 2; log++) {
            RtPlotSample sample = {.values = cases[i], .count = i ? 4 : 0};
            RtPlotHistogram plot = {
                .x = {.log = log}, .samples = &sample, .sample_count = 1, .bins = i % 2 ? 5 : 0};
            RtFile svg = draw_plot(&plot);
            assert_null(plot_find(&svg, "\"nan", 0));
            Bar bars[100];
            assert_true(read_bars(&svg, 0, bars, 100) >= 1);
            rt_file_free(&svg);
        }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),   cmocka_unit_test(test_densities),
        cmocka_unit_test(test_summary),  cmocka_unit_test(test_curve),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
