/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines, bands, marks and spectra: every point where the ticks' labels say it is; any bytes and any
 * numbers give a file that is XML.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plot_fixture.h"
#include "scratch.h"

#include <locale.h>

static RtFile draw(const RtPlotLines *plot)
{
    RtFile svg;
    RtError error = {0};
    assert_true(rt_plot_lines(plot, &svg, &error));
    assert_true(plot_is_xml(&svg));
    return svg;
}

static void test_linear_positions(void **state)
{
    (void)state;
    double x[] = {0, 2.5, 7, 10}, y[] = {13, 88, 41.5, 100}, band[] = {5, 10, 1, 0};
    RtPlotSeries series = {.x = x, .y = y, .band = band, .count = 4, .dots = true};
    RtPlotLines plot = {
        .x = {.high = 10}, .y = {.high = 100}, .series = &series, .series_count = 1};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "0", 0, "10", 10);
    PlotMap up = plot_map(&svg, true, "0", 0, "100", 100);
    PlotPoint points[9];
    assert_int_equal(plot_points(plot_find(&svg, "<path class=\"band\"", 0), points, 9), 9);
    for (int i = 0; i < 4; i++) {
        const char *dot = plot_find(&svg, "<circle", i);
        double px = plot_pixel(across, x[i]), py = plot_pixel(up, y[i]);
        assert_true(plot_near(plot_attribute(dot, "cx"), px, 1));
        assert_true(plot_near(plot_attribute(dot, "cy"), py, 1));
        assert_true(plot_near(points[i].x, px, 1) && plot_near(points[7 - i].x, px, 1));
        assert_true(plot_near(points[i].y, plot_pixel(up, y[i] + band[i]), 1));
        assert_true(plot_near(points[7 - i].y, plot_pixel(up, y[i] - band[i]), 1));
    }
    rt_file_free(&svg);
}

/* 10 and 1000 are labelled, and so are 0.1 and 10; reach: how far beyond them the points lie. */
static void test_logarithmic_positions(void **state)
{
    (void)state;
    double x[11], y[11];
    for (int i = 0; i < 11; i++) {
        x[i] = 8 * pow(2, i);
        y[i] = 20 / pow(x[i], 0.75);
    }
    RtPlotSeries series = {.x = x, .y = y, .count = 11, .dots = true};
    RtPlotLines plot = {
        .x = {.log = true}, .y = {.log = true}, .series = &series, .series_count = 1};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "10", 1, "1000", 3);
    PlotMap up = plot_map(&svg, true, "0.1", -1, "1", 0);
    for (int i = 0; i < 11; i++) {
        const char *dot = plot_find(&svg, "<circle", i);
        assert_true(plot_near(plot_attribute(dot, "cx"), plot_pixel(across, log10(x[i])), 2));
        assert_true(plot_near(plot_attribute(dot, "cy"), plot_pixel(up, log10(y[i])), 3));
    }
    rt_file_free(&svg);
}

/* Each gap ends a line, a point alone is a dot, and the note counts what is missing. */
static void test_gaps(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, NAN, 4, INFINITY, 6};
    RtPlotSeries series = {.x = x, .y = y, .count = 6};
    RtPlotLines plot = {.series = &series, .series_count = 1};
    RtFile svg = draw(&plot);
    PlotPoint points[8];
    assert_int_equal(plot_points(plot_find(&svg, "<path class=\"line\"", 0), points, 8), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(points[i].verb, i == 1 ? 'L' : 'M');
    assert_int_equal(plot_count(&svg, "<circle"), 2);
    assert_non_null(plot_find(&svg, ">not shown: 2 points (not finite)</text>", 0));
    rt_file_free(&svg);
    y[0] = -1;
    plot.y.log = true;
    svg = draw(&plot);
    assert_non_null(plot_find(&svg, ">not shown: 3 points (not positive or not finite)</text>", 0));
    rt_file_free(&svg);
}

static void test_words_are_escaped(void **state)
{
    (void)state;
    double one = 1;
    RtPlotSeries series = {.label = "a<b>&\"c\"", .x = &one, .y = &one, .count = 1};
    RtPlotLines plot = {.title = {"‖h‖ < \xff\x80 & \xc0\xaf \xed\xa0\x80 \x01", "]]>", "--&#0;"},
                        .x = {.name = "</text>", .doc = "<!--"},
                        .series = &series,
                        .series_count = 1};
    RtFile svg = draw(&plot);
    assert_non_null(plot_find(&svg, "a&lt;b&gt;&amp;&quot;c&quot;</text>", 0));
    /* each byte that is no part of a character is replaced on its own */
    assert_non_null(plot_find(&svg,
                              ">‖h‖ &lt; \ufffd\ufffd &amp; \ufffd\ufffd "
                              "\ufffd\ufffd\ufffd \ufffd</text>",
                              0));
    assert_non_null(plot_find(&svg, "&lt;/text&gt;", 0));
    rt_file_free(&svg);
}

/* What is too long ends in an ellipsis and stays whole characters. */
static void test_long_words(void **state)
{
    (void)state;
    char title[3001] = "", doc[3001] = "";
    for (int i = 0; i < 1000; i++) {
        strcat(title, "‖");
        strcat(doc, i % 7 ? "ab" : " c");
    }
    RtPlotLines plot = {.title = {title, doc, title},
                        .x = {.name = title, .doc = doc},
                        .y = {.name = "y", .doc = doc}};
    RtFile svg = draw(&plot);
    assert_int_equal(plot_count(&svg, "…</"), 5);
    rt_file_free(&svg);
}

static void test_theory_lies_above(void **state)
{
    (void)state;
    double x[] = {1, 2}, y[] = {1, 2};
    RtPlotSeries series[] = {{.x = x, .y = y, .count = 2, .dashed = true},
                             {.x = x, .y = y, .count = 2, .dots = true},
                             {.x = x, .y = y, .count = 2, .colour = 1}};
    RtPlotLines plot = {.series = series, .series_count = 3, .dashed = "theory"};
    RtFile svg = draw(&plot);
    const char *inside = plot_find(&svg, "<svg x=", 0);
    const char *dash = strstr(inside, "class=\"dash\"");
    assert_true(dash > strstr(strstr(inside, "class=\"line\"") + 1, "class=\"line\""));
    assert_true(strstr(inside, "class=\"dot\"") > dash);
    assert_non_null(plot_find(&svg, ">theory</text>", 0));
    rt_file_free(&svg);
}

static void test_marks(void **state)
{
    (void)state;
    double x[] = {0, 10}, y[] = {0, 10};
    RtPlotSeries series = {.x = x, .y = y, .count = 2};
    RtPlotMark marks[] = {{false, 4, "optimum"}, {true, 5, "bound"}, {true, NAN, "nowhere"}};
    RtPlotLines plot = {.x = {.high = 10},
                        .y = {.high = 10},
                        .series = &series,
                        .series_count = 1,
                        .marks = marks,
                        .mark_count = 3};
    RtFile svg = draw(&plot);
    PlotMap across = plot_map(&svg, false, "0", 0, "10", 10);
    PlotMap up = plot_map(&svg, true, "0", 0, "10", 10);
    const char *first = plot_find(&svg, "<path class=\"thin\" d=\"M", 0);
    const char *second = plot_find(&svg, "<path class=\"thin\" d=\"M", 1);
    double place = strtod(strchr(first, 'M') + 1, NULL);
    assert_true(plot_near(place, plot_pixel(across, 4), 1));
    place = strtod(strchr(strchr(second, 'M'), ' ') + 1, NULL);
    assert_true(plot_near(place, plot_pixel(up, 5), 1));
    assert_null(plot_find(&svg, "nowhere", 0));
    rt_file_free(&svg);
}

/* Names at the right keep 16 pixels from one another, however close their lines end. */
static void test_names_do_not_touch(void **state)
{
    (void)state;
    double x[] = {0, 1}, y[7][2];
    RtPlotSeries series[7];
    static const char *const labels[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (int k = 0; k < 7; k++) {
        y[k][0] = k;
        y[k][1] = k < 6 ? 3 + 0.01 * k : 9;
        series[k] = (RtPlotSeries){.label = labels[k], .x = x, .y = y[k], .count = 2, .colour = k};
    }
    RtPlotLines plot = {.series = series, .series_count = 7};
    RtFile svg = draw(&plot);
    double before = 0;
    static const char *const order[] = {"g", "f", "e", "d", "c", "b", "a"};
    for (int k = 0; k < 7; k++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "\" class=\"s\">%s</text>", order[k]);
        const char *at = plot_find(&svg, wanted, 0);
        assert_non_null(at);
        while (*at != '<')
            at--;
        double place = plot_attribute(at, "y");
        assert_true(place - before > 16 - 2 * PLOT_ROUNDING);
        before = place;
    }
    rt_file_free(&svg);
}

static void test_spectrum(void **state)
{
    (void)state;
    double values[] = {1e-3, 10, 0, 1e-6, NAN, 1};
    RtPlotSample sample = {.label = "W", .values = values, .count = 6};
    RtPlotSpectrum plot = {.y = {.name = "s"}, .samples = &sample, .sample_count = 1};
    RtFile svg;
    RtError error;
    assert_true(rt_plot_spectrum(&plot, &svg, &error));
    assert_true(plot_is_xml(&svg));
    PlotMap across = plot_map(&svg, false, "1", 1, "4", 4);
    PlotMap up = plot_map(&svg, true, "10⁻⁶", -6, "10⁰", 0);
    static const double sorted[] = {1, 0, -3, -6};
    assert_int_equal(plot_count(&svg, "<circle"), 4);
    for (int i = 0; i < 4; i++) {
        const char *dot = plot_find(&svg, "<circle", i);
        assert_true(plot_near(plot_attribute(dot, "cx"), plot_pixel(across, i + 1), 1));
        assert_true(plot_near(plot_attribute(dot, "cy"), plot_pixel(up, sorted[i]), 1.2));
    }
    assert_non_null(plot_find(&svg, "not shown: 2 points", 0));
    rt_file_free(&svg);
}

static uint64_t draw_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 20;
}

/* Any bits of a double at times, else tame numbers. */
static double draw_number(uint64_t *seed)
{
    uint64_t bits = draw_bits(seed) << 32 ^ draw_bits(seed);
    double value;
    memcpy(&value, &bits, sizeof value);
    return bits % 3 ? value : (double)(bits % 1000) / 7 - 50;
}

/* No number has more than two decimals, and all are numbers. */
static void check_numbers(const RtFile *svg)
{
    assert_null(plot_find(svg, "\"nan", 0));
    assert_null(plot_find(svg, "\"inf", 0));
    const char *at = strstr((const char *)svg->bytes, "</style>");
    bool quoted = false;
    for (; *at; at++) {
        quoted = quoted != (*at == '"');
        if (quoted && *at == '.')
            assert_true(!isdigit((unsigned char)at[1]) || !isdigit((unsigned char)at[2]) ||
                        !isdigit((unsigned char)at[3]));
    }
}

/* Any numbers, any bytes for words, twice: XML and the same bytes. */
static void test_anything(void **state)
{
    (void)state;
    enum { ROUNDS = 400, POINTS = 9 };
    uint64_t seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        double x[POINTS], y[POINTS], band[POINTS];
        char words[24];
        for (int i = 0; i < POINTS; i++) {
            x[i] = draw_number(&seed);
            y[i] = draw_number(&seed);
            band[i] = draw_number(&seed);
        }
        for (int i = 0; i < 23; i++)
            words[i] = (char)draw_bits(&seed);
        words[23] = '\0';
        int count = (int)(draw_bits(&seed) % (POINTS + 1));
        RtPlotSeries series[2] = {
            {.label = words, .x = x, .y = y, .band = band, .count = count, .dots = true},
            {.x = y, .y = x, .count = count, .colour = round % 3 - 1, .dashed = round % 2}};
        RtPlotMark mark = {round % 2, x[0], words};
        RtPlotLines plot = {.title = {words, words, words},
                            .x = {words, words, round % 2, x[1], x[2]},
                            .y = {words, words, round / 2 % 2, y[1], y[2]},
                            .series = series,
                            .series_count = 2,
                            .marks = &mark,
                            .mark_count = 1,
                            .by = words,
                            .band = words,
                            .dashed = words};
        RtFile svg = draw(&plot), again = draw(&plot);
        check_numbers(&svg);
        assert_int_equal(svg.size, again.size);
        assert_memory_equal(svg.bytes, again.bytes, svg.size);
        rt_file_free(&svg);
        rt_file_free(&again);
    }
}

static void test_many_lines(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static double y[MANY][2];
    static RtPlotSeries series[MANY];
    double x[] = {0, 1};
    for (int k = 0; k < MANY; k++) {
        y[k][1] = k;
        series[k] = (RtPlotSeries){.label = k == 0          ? "least"
                                            : k == MANY - 1 ? "greatest"
                                                            : "else",
                                   .x = x,
                                   .y = y[k],
                                   .count = 2,
                                   .colour = k};
    }
    RtPlotLines plot = {.series = series, .series_count = MANY, .by = "beta"};
    RtFile svg = draw(&plot);
    assert_int_equal(plot_count(&svg, "<path class=\"line\""), MANY);
    assert_int_equal(plot_count(&svg, ">least</text>"), 1);
    assert_int_equal(plot_count(&svg, ">greatest</text>"), 1);
    rt_file_free(&svg);
}

static void test_save(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtPlotLines plot = {.title = {.title = "empty"}};
    RtFile svg = draw(&plot), back;
    RtError error;
    assert_true(rt_plot_save(scratch_path(&scratch, "a.svg", path), &svg, &error));
    assert_true(rt_file_read(path, 1 << 20, &back, &error));
    assert_int_equal(back.size, svg.size);
    assert_memory_equal(back.bytes, svg.bytes, svg.size);
    assert_false(rt_plot_save(scratch_path(&scratch, "no/a.svg", path), &svg, &error));
    assert_non_null(strstr(error.text, "no/a.svg"));
    rt_file_free(&svg);
    rt_file_free(&back);
    scratch_remove(&scratch);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_positions),
        cmocka_unit_test(test_logarithmic_positions),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_words_are_escaped),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_theory_lies_above),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_names_do_not_touch),
        cmocka_unit_test(test_spectrum),
        cmocka_unit_test(test_anything),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
