/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture of lines from a table that no sweep wrote: a log of training, weights along depth.
 *
 *     reproduce_draw FILE.svg TITLE SUBTITLE X Y LOG [LABEL=AT …] <rows
 *
 * A row is "series,x,y" or "series,x,y,error". Series are numbered by their first row; a row of
 * "~series" belongs to the dashed line beside it. LOG is x, y, xy or -. LABEL=AT marks x = AT.
 */
#include "lib/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SERIES = 16, MOST_MARKS = 8, FIRST_MARK = 7, DOTS_UP_TO = 60, LABEL_SIZE = 64 };

typedef struct Line {
    char label[LABEL_SIZE];
    bool dashed, has_band;
    double *x, *y, *band;
    int64_t count, room;
} Line;

static int fail(const char *what, const char *about)
{
    fprintf(stderr, "reproduce_draw: %s%s\n", what, about);
    return EXIT_FAILURE;
}

static bool grow(double **values, int64_t room)
{
    double *wider = realloc(*values, (size_t)room * sizeof *wider);
    *values = wider ? wider : *values;
    return wider;
}

static Line *line_of(Line *lines, int *count, const char *name, bool dashed)
{
    for (int i = 0; i < *count; i++)
        if (!strcmp(lines[i].label, name) && lines[i].dashed == dashed)
            return &lines[i];
    if (*count == MOST_SERIES)
        return NULL;
    Line *line = &lines[(*count)++];
    snprintf(line->label, sizeof line->label, "%s", name);
    line->dashed = dashed;
    return line;
}

static bool append(Line *line, double x, double y, double band)
{
    if (line->count == line->room) {
        line->room = line->room ? 2 * line->room : 64;
        if (!grow(&line->x, line->room) || !grow(&line->y, line->room) ||
            !grow(&line->band, line->room))
            return false;
    }
    line->x[line->count] = x;
    line->y[line->count] = y;
    line->band[line->count++] = band;
    return true;
}

static bool read_rows(FILE *file, Line *lines, int *count)
{
    char row[512], name[LABEL_SIZE], *text;
    while ((text = fgets(row, sizeof row, file))) {
        double x, y, band = 0;
        bool dashed = *text == '~';
        int fields = sscanf(text + dashed, "%63[^,],%lf,%lf,%lf", name, &x, &y, &band);
        Line *line = fields >= 3 ? line_of(lines, count, name, dashed) : NULL;
        if (!line || !append(line, x, y, band))
            return false;
        line->has_band |= fields == 4;
    }
    return *count > 0;
}

static int colour_of(const Line *lines, int i)
{
    int colour = 0;
    for (int j = 0; j < i; j++) {
        if (lines[j].dashed != lines[i].dashed && !strcmp(lines[j].label, lines[i].label))
            return colour_of(lines, j);
        colour += !lines[j].dashed;
    }
    return colour;
}

static void fill(RtPlotLines *plot, RtPlotSeries *series, const Line *lines, int count)
{
    int named = 0;
    for (int i = 0; i < count; i++)
        named += !lines[i].dashed;
    for (int i = 0; i < count; i++) {
        const Line *line = &lines[i];
        series[i] = (RtPlotSeries){.label = named > 1 && !line->dashed ? line->label : NULL,
                                   .x = line->x,
                                   .y = line->y,
                                   .band = line->has_band ? line->band : NULL,
                                   .count = line->count,
                                   .colour = colour_of(lines, i),
                                   .dashed = line->dashed,
                                   .dots = !line->dashed && line->count <= DOTS_UP_TO};
        plot->band = line->has_band ? "mean ± standard error" : plot->band;
        plot->dashed = line->dashed ? "theory" : plot->dashed;
    }
    plot->series = series;
    plot->series_count = count;
}

static int read_marks(RtPlotMark *marks, char **texts, int count)
{
    int found = 0;
    for (int i = 0; i < count && found < MOST_MARKS; i++) {
        char *equals = strrchr(texts[i], '=');
        if (!equals)
            continue;
        *equals = '\0';
        marks[found++] = (RtPlotMark){.at = strtod(equals + 1, NULL), .label = texts[i]};
    }
    return found;
}

int main(int argc, char **argv)
{
    static Line lines[MOST_SERIES];
    RtPlotSeries series[MOST_SERIES];
    RtPlotMark marks[MOST_MARKS];
    int count = 0;
    if (argc < FIRST_MARK)
        return fail("FILE.svg TITLE SUBTITLE X Y LOG [LABEL=AT ...]", "");
    if (!read_rows(stdin, lines, &count))
        return fail("no rows of series,x,y for ", argv[1]);
    RtPlotLines plot = {.title = {argv[2], argv[3], NULL},
                        .x = {.name = argv[4], .log = strchr(argv[6], 'x')},
                        .y = {.name = argv[5], .log = strchr(argv[6], 'y')},
                        .marks = marks,
                        .mark_count = read_marks(marks, argv + FIRST_MARK, argc - FIRST_MARK)};
    fill(&plot, series, lines, count);
    RtFile svg = {0};
    RtError error = {0};
    bool done = rt_plot_lines(&plot, &svg, &error) && rt_plot_save(argv[1], &svg, &error);
    rt_file_free(&svg);
    for (int i = 0; i < count; i++) {
        free(lines[i].x);
        free(lines[i].y);
        free(lines[i].band);
    }
    return done ? EXIT_SUCCESS : fail(error.text, "");
}
