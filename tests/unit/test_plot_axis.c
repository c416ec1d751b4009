/* SPDX-License-Identifier: Apache-2.0
 *
 * Ticks say what they stand at, on round numbers, evenly, for any range; texts of numbers; names
 * pushed apart.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/plot_axis.h"
#include "lib/plot_series.h"
#include "lib/plot_svg.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const superscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "⁻"};

/* Writes "-3.1×10⁻⁵" in ASCII, as "-3.1e-5", and reads that. */
static double read_words(const char *words)
{
    char plain[128] = "";
    while (*words) {
        char piece[3] = {*words, '\0', '\0'};
        size_t size = 1;
        if (strncmp(words, "−", 3) == 0) {
            piece[0] = '-';
            size = 3;
        } else if (strncmp(words, "×10", 4) == 0) {
            piece[0] = 'e';
            size = 4;
        }
        for (int i = 0; i < 11; i++)
            if (strncmp(words, superscripts[i], strlen(superscripts[i])) == 0) {
                piece[0] = i < 10 ? (char)('0' + i) : '-';
                size = strlen(superscripts[i]);
                if (strcmp(plain, "10") == 0) /* a power alone */
                    strcpy(plain, "1e");
            }
        strcat(plain, piece);
        words += size;
    }
    return strtod(plain, NULL);
}

static uint64_t seed = 3;

/* Evenly from [0, 1). */
static double draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static bool is_round(double step)
{
    double mantissa = step / pow(10, floor(log10(step) + 1e-9));
    return fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 5) < 1e-6;
}

/* Ranges of any size and place; a label is its tick to the last of its digits. */
static void test_linear_ticks(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double span = pow(10, draw() * 400 - 200);
        double low = (draw() - 0.5) * span * pow(10, draw() * 6);
        int wanted = 3 + round % 8;
        PlotScale scale = {.low = low, .high = low + span, .end = 500};
        PlotTicks ticks;
        plot_ticks(&scale, wanted, &ticks);
        /* steps are within a factor √(5/2) of the wanted one */
        assert_true(ticks.count >= (int)(wanted / 1.59) && ticks.count <= wanted * 1.59 + 1);
        double step = ticks.major[1].at - ticks.major[0].at;
        double error = 1e-14 * fmax(fabs(scale.low), fabs(scale.high));
        assert_true(is_round(step) || error > 1e-7 * step);
        for (int i = 0; i < ticks.count; i++) {
            double at = ticks.major[i].at;
            assert_true(at >= scale.low - 1e-8 * step - error &&
                        at <= scale.high + 1e-8 * step + error);
            assert_true(i == 0 || fabs(at - ticks.major[i - 1].at - step) <= 8 * error);
            double said = read_words(ticks.major[i].text);
            double is = ticks.power > 300 ? at / 1e300 / pow(10, ticks.power - 300)
                                          : at / pow(10, ticks.power);
            assert_true(fabs(said - is) <= 1e-13 * fabs(is));
            assert_true(strlen(ticks.major[i].text) <= 18);
        }
    }
}

static void test_logarithmic_ticks(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double decades = 1 + draw() * draw() * 300, from = draw() * (600 - decades) - 300;
        PlotScale scale = {
            .log = true, .low = pow(10, from), .high = pow(10, from + decades), .end = 500};
        PlotTicks ticks;
        plot_ticks(&scale, 6, &ticks);
        assert_true(ticks.count >= 2 && ticks.count <= 14);
        for (int i = 0; i < ticks.count; i++) {
            double at = ticks.major[i].at;
            assert_true(at >= scale.low * (1 - 1e-8) && at <= scale.high * (1 + 1e-8));
            assert_true(fabs(read_words(ticks.major[i].text) / at - 1) < 1e-12);
            assert_true(is_round(at));
        }
        for (int i = 1; i < ticks.minor_count; i++)
            assert_true(plot_at(&scale, ticks.minor[i]) - plot_at(&scale, ticks.minor[i - 1]) >=
                        1.5);
    }
}

/* Wherever they begin, ranges of less than a decade have labels enough to read others between. */
static void test_short_logarithmic_ticks(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double decades = 0.05 + draw() * 1.2, from = draw() * 600 - 300;
        PlotScale scale = {
            .log = true, .low = pow(10, from), .high = pow(10, from + decades), .end = 500};
        PlotTicks ticks;
        plot_ticks(&scale, 6, &ticks);
        assert_true(ticks.count >= 3 && ticks.count <= 12);
        for (int i = 0; i < ticks.count; i++) {
            double said = read_words(ticks.major[i].text), at = ticks.major[i].at;
            assert_true(fabs(said * pow(10, ticks.power) / at - 1) < 1e-12);
            assert_true(i == 0 || at > ticks.major[i - 1].at);
        }
    }
}

/* A map of a line is known by three of its points. */
static void test_scale(void **state)
{
    (void)state;
    PlotScale linear = {.low = -3, .high = 5, .start = 400, .end = 20};
    assert_true(plot_at(&linear, -3) == 400 && plot_at(&linear, 5) == 20);
    assert_true(fabs(plot_at(&linear, 1) - 210) < 1e-12);
    PlotScale log = {.log = true, .low = 1e-30, .high = 1e10, .start = 0, .end = 40};
    assert_true(fabs(plot_at(&log, 1e-7) - 23) < 1e-12);
    assert_true(fabs(plot_at(&log, 1e20) - 50) < 1e-12);
}

/* Whatever the data spans, the scale is a range that holds it. */
static void test_ranges(void **state)
{
    (void)state;
    static const double cases[][2] = {{0, 0},         {1, 1},
                                      {-5, -5},       {1e-320, 1e-320},
                                      {1e300, 1e300}, {-DBL_MAX, DBL_MAX},
                                      {1, 1 + 1e-15}, {DBL_MIN, DBL_MAX},
                                      {1e-30, 4e-30}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int log = 0; log < 2; log++) {
            RtPlotAxis axis = {.log = log};
            PlotExtent extent = {.log = log};
            plot_extend(&extent, cases[i][0]);
            plot_extend(&extent, cases[i][1]);
            plot_extend(&extent, NAN);
            plot_extend(&extent, INFINITY);
            PlotScale scale = plot_scale(&axis, &extent, 0.05);
            scale.end = 500;
            PlotTicks ticks;
            plot_ticks(&scale, 6, &ticks);
            assert_true(isfinite(scale.low) && isfinite(scale.high) && scale.low < scale.high);
            assert_true(ticks.count >= 2);
            double low = plot_at(&scale, extent.some ? extent.low : 1);
            double high = plot_at(&scale, extent.some ? extent.high : 1);
            assert_true(low >= -1 && high <= 501 && low <= high);
        }
}

/* printf's rounding is the oracle. */
static void test_numbers(void **state)
{
    (void)state;
    char words[48], digits[64];
    for (int round = 0; round < 5000; round++) {
        double value =
            (draw() - 0.5) * pow(10, draw() * (round % 2 ? 20 : 600) - 300 * !(round % 2));
        int count = 1 + round % 6;
        snprintf(digits, sizeof digits, "%.*e", count - 1, value);
        double said = read_words(plot_number(value, count, words));
        assert_true(fabs(said - strtod(digits, NULL)) <= 1e-15 * fabs(said));
    }
    assert_string_equal(plot_number(1.27901, 4, words), "1.279");
    assert_string_equal(plot_number(-0.0893, 3, words), "−0.0893");
    assert_string_equal(plot_number(120000, 3, words), "120000");
    assert_string_equal(plot_number(-2.5e-9, 4, words), "−2.5×10⁻⁹");
    assert_string_equal(plot_number(0, 4, words), "0");
}

static void test_geometric(void **state)
{
    (void)state;
    double even[7], geometric[7], powers[] = {8, 16, 64, 32, 128}, zero[] = {0, 1, 10, 100};
    for (int i = 0; i < 7; i++) {
        even[i] = 1 + 20 * i;
        geometric[i] = 0.01 * pow(7, i);
    }
    assert_false(rt_plot_geometric(even, 7));
    assert_true(rt_plot_geometric(geometric, 7));
    assert_true(rt_plot_geometric(powers, 5));
    assert_false(rt_plot_geometric(zero, 4));
    assert_false(rt_plot_geometric(geometric, 2));
}

/* Sum of squares of the moves. */
static double cost(const double *a, const double *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* No sequence with these gaps lies nearer, found by trying every one on a grid of halves. */
static void test_spread(void **state)
{
    (void)state;
    enum { GRID = 41, GAP = 4 };
    const double gap = GAP;
    for (int round = 0; round < 200; round++) {
        double wanted[3], places[3];
        wanted[0] = floor(draw() * 20);
        wanted[1] = wanted[0] + floor(draw() * 5);
        wanted[2] = wanted[1] + floor(draw() * 5);
        memcpy(places, wanted, sizeof places);
        plot_spread(places, 3, GAP, 0, 20);
        double least = INFINITY;
        for (int a = 0; a < GRID; a++)
            for (int b = a + 2 * GAP; b < GRID; b++)
                for (int c = b + 2 * GAP; c < GRID; c++) {
                    double tried[] = {a / 2.0, b / 2.0, c / 2.0};
                    least = fmin(least, cost(tried, wanted, 3));
                }
        assert_true(cost(places, wanted, 3) <= least + 1e-9);
        for (int i = 0; i < 3; i++) {
            assert_true(places[i] >= -1e-9 && places[i] <= 20 + 1e-9);
            assert_true(i == 0 || places[i] - places[i - 1] >= gap - 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_ticks),
        cmocka_unit_test(test_logarithmic_ticks),
        cmocka_unit_test(test_short_logarithmic_ticks),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_geometric),
        cmocka_unit_test(test_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
