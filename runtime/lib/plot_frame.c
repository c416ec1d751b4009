/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of text take their height from the page, the frame gets the rest; the left margin is as wide
 * as the widest label of a tick.
 */
#include "lib/plot_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. Spacings are what ticks are meant to have. */
static const double page_edge = 18, row_height = 18, x_spacing = 85, y_spacing = 48;
static const double tick_size = 5, small_tick = 2, swatch_size = 24;

void plot_key(PlotFrame *frame, PlotSwatch swatch, const char *text)
{
    if (text && *text && frame->key_count < PLOT_KEYS)
        frame->keys[frame->key_count++] = (PlotKey){swatch, text};
}

void plot_leave_out(PlotFrame *frame, int64_t count, const char *what, bool log)
{
    if (count > 0)
        snprintf(frame->left_out, sizeof frame->left_out, "not shown: %lld %s%s (%s)",
                 (long long)count, what, count > 1 ? "s" : "",
                 log ? "not positive or not finite" : "not finite");
}

static void put_swatch(PlotSvg *svg, PlotSwatch swatch, double x, double y)
{
    static const char *const classes[] = {"line", "line", "dash", "zero", "guess"};
    if (swatch == PLOT_KEY_BAND)
        plot_put(svg, "<rect x=\"%f\" y=\"%f\" width=\"%f\" height=\"10\" class=\"band\"/>", x,
                 y - 9, swatch_size);
    if (swatch == PLOT_KEY_CONTOUR || swatch == PLOT_KEY_GUESS)
        plot_put(svg, "<path d=\"M%f %fh%f\" class=\"over\"/>", x, y - 4, swatch_size);
    plot_put(svg, "<path d=\"M%f %fh%f\" class=\"%s\"/>\n", x, y - 4, swatch_size, classes[swatch]);
}

static void put_keys(PlotSvg *svg, const PlotFrame *frame, double y)
{
    double x = page_edge;
    plot_put(svg, "<g class=\"ink\">\n");
    for (int i = 0; i < frame->key_count && x + swatch_size < PLOT_WIDTH - 3 * page_edge; i++) {
        const PlotKey *key = &frame->keys[i];
        put_swatch(svg, key->swatch, x, y);
        x += swatch_size + 6;
        plot_label(svg, &(PlotLabel){.x = x,
                                     .y = y,
                                     .style = PLOT_SMALL,
                                     .grey = true,
                                     .room = PLOT_WIDTH - page_edge - x,
                                     .text = key->text});
        x += plot_text_width(key->text, PLOT_SMALL) + 14;
    }
    plot_put(svg, "</g>\n");
}

/* Up to two lines, broken at a space; returns where the next line of text goes. */
static double put_wrapped(PlotSvg *svg, const char *text, double y)
{
    const double room = PLOT_WIDTH - 2 * page_edge;
    char line[512];
    size_t size = plot_text_fit(text, PLOT_BODY, room);
    if (text[size])
        while (size > 0 && text[size] != ' ')
            size--;
    if (size > 0 && size < sizeof line && text[size]) {
        memcpy(line, text, size);
        line[size] = '\0';
        plot_label(
            svg,
            &(PlotLabel){.x = page_edge, .y = y, .style = PLOT_BODY, .grey = true, .text = line});
        text += size + 1;
        y += row_height;
    }
    plot_label(
        svg,
        &(PlotLabel){
            .x = page_edge, .y = y, .style = PLOT_BODY, .grey = true, .room = room, .text = text});
    return y + row_height;
}

/* Returns the base line of the next row. */
static double put_head(PlotSvg *svg, const PlotFrame *frame)
{
    const RtPlotTitle *title = frame->title;
    double y = 30;
    if (title->title && *title->title) {
        plot_label(svg, &(PlotLabel){.x = page_edge,
                                     .y = y,
                                     .style = PLOT_TITLE,
                                     .room = PLOT_WIDTH - 2 * page_edge,
                                     .text = title->title});
        y += 21;
    }
    if (title->subtitle && *title->subtitle)
        y = put_wrapped(svg, title->subtitle, y);
    if (frame->key_count) {
        put_keys(svg, frame, y + 2);
        y += row_height + 4;
    }
    return y + 4;
}

/* Returns the lowest base line that is free. */
static double put_foot(PlotSvg *svg, const PlotFrame *frame)
{
    const char *lines[] = {frame->title->note, frame->left_out};
    double y = PLOT_HEIGHT - 12;
    for (int i = 0; i < 2; i++) {
        if (!lines[i] || !*lines[i])
            continue;
        plot_label(svg, &(PlotLabel){.x = page_edge,
                                     .y = y,
                                     .style = PLOT_SMALL,
                                     .grey = true,
                                     .room = PLOT_WIDTH - 2 * page_edge,
                                     .text = lines[i]});
        y -= 16;
    }
    return y - 2;
}

static double widest(const PlotTicks *ticks)
{
    double width = 0;
    for (int i = 0; i < ticks->count; i++)
        width = fmax(width, plot_text_width(ticks->major[i].text, PLOT_SMALL));
    return width;
}

/* As many ticks as their labels leave room for. */
static void x_ticks(PlotFrame *frame)
{
    double width = frame->right - frame->left;
    for (int wanted = (int)(width / x_spacing); wanted >= 2; wanted--) {
        plot_ticks(&frame->x, wanted, &frame->x_ticks);
        const PlotTicks *ticks = &frame->x_ticks;
        double least = width;
        for (int i = 1; i < ticks->count; i++)
            least = fmin(least, plot_at(&frame->x, ticks->major[i].at) -
                                    plot_at(&frame->x, ticks->major[i - 1].at));
        if (widest(ticks) + 8 <= least)
            return;
    }
}

void plot_frame_begin(PlotSvg *svg, PlotFrame *frame)
{
    double base = put_head(svg, frame);
    double foot = put_foot(svg, frame);
    frame->base = base;
    frame->top = base + 12;
    frame->bottom = foot - 36;
    frame->y.start = frame->bottom;
    frame->y.end = frame->top;
    plot_ticks(&frame->y, (int)((frame->bottom - frame->top) / y_spacing), &frame->y_ticks);
    frame->left = page_edge + fmax(widest(&frame->y_ticks), 20) + tick_size + 4;
    frame->right = PLOT_WIDTH - fmax(frame->margin, page_edge);
    frame->x.start = frame->left;
    frame->x.end = frame->right;
    x_ticks(frame);
    PlotLabel y_name = {
        .x = page_edge, .y = base, .style = PLOT_BODY, .room = frame->right - page_edge};
    plot_name(svg, &y_name, frame->y_axis, frame->y_ticks.power);
    PlotLabel x_name = {.x = frame->right,
                        .y = foot,
                        .anchor = 'e',
                        .style = PLOT_BODY,
                        .room = frame->right - page_edge};
    plot_name(svg, &x_name, frame->x_axis, frame->x_ticks.power);
}

void plot_frame_grid(PlotSvg *svg, const PlotFrame *frame)
{
    plot_put(svg, "<path class=\"grid\" d=\"");
    for (int i = 0; i < frame->y_ticks.count; i++)
        plot_put(svg, "M%f %fH%f", frame->left, plot_at(&frame->y, frame->y_ticks.major[i].at),
                 frame->right);
    for (int i = 0; i < frame->x_ticks.count; i++)
        plot_put(svg, "M%f %fV%f", plot_at(&frame->x, frame->x_ticks.major[i].at), frame->top,
                 frame->bottom);
    plot_put(svg, "\"/>\n");
}

void plot_frame_inside(PlotSvg *svg, const PlotFrame *frame)
{
    double width = frame->right - frame->left, height = frame->bottom - frame->top;
    plot_put(svg, "<svg x=\"%f\" y=\"%f\" width=\"%f\" height=\"%f\" viewBox=\"%f %f %f %f\">\n",
             frame->left, frame->top, width, height, frame->left, frame->top, width, height);
}

void plot_frame_outside(PlotSvg *svg)
{
    plot_put(svg, "</svg>\n");
}

static void put_x_axis(PlotSvg *svg, const PlotFrame *frame)
{
    const PlotTicks *ticks = &frame->x_ticks;
    plot_put(svg, "<path class=\"axis\" d=\"M%f %fH%f", frame->left, frame->bottom, frame->right);
    for (int i = 0; i < ticks->count; i++)
        plot_put(svg, "M%f %fv%f", plot_at(&frame->x, ticks->major[i].at), frame->bottom,
                 tick_size);
    for (int i = 0; i < ticks->minor_count; i++)
        plot_put(svg, "M%f %fv%f", plot_at(&frame->x, ticks->minor[i]), frame->bottom, small_tick);
    plot_put(svg, "\"/>\n");
    for (int i = 0; i < ticks->count; i++)
        plot_label(svg, &(PlotLabel){.x = plot_at(&frame->x, ticks->major[i].at),
                                     .y = frame->bottom + 17,
                                     .anchor = 'm',
                                     .style = PLOT_SMALL,
                                     .text = ticks->major[i].text});
}

static void put_y_axis(PlotSvg *svg, const PlotFrame *frame)
{
    const PlotTicks *ticks = &frame->y_ticks;
    plot_put(svg, "<path class=\"axis\" d=\"M%f %fV%f", frame->left, frame->top, frame->bottom);
    for (int i = 0; i < ticks->count; i++)
        plot_put(svg, "M%f %fh%f", frame->left, plot_at(&frame->y, ticks->major[i].at), -tick_size);
    for (int i = 0; i < ticks->minor_count; i++)
        plot_put(svg, "M%f %fh%f", frame->left, plot_at(&frame->y, ticks->minor[i]), -small_tick);
    plot_put(svg, "\"/>\n");
    for (int i = 0; i < ticks->count; i++)
        plot_label(svg, &(PlotLabel){.x = frame->left - tick_size - 3,
                                     .y = plot_at(&frame->y, ticks->major[i].at) + 4,
                                     .anchor = 'e',
                                     .style = PLOT_SMALL,
                                     .text = ticks->major[i].text});
}

void plot_frame_axes(PlotSvg *svg, const PlotFrame *frame)
{
    put_x_axis(svg, frame);
    put_y_axis(svg, frame);
}

void plot_side_ticks(PlotSvg *svg, const PlotScale *scale, const PlotTicks *ticks, double edge)
{
    plot_put(svg, "<path class=\"axis\" d=\"");
    for (int i = 0; i < ticks->count; i++)
        plot_put(svg, "M%f %fh%f", edge, plot_at(scale, ticks->major[i].at), tick_size - 1);
    plot_put(svg, "\"/>\n");
    for (int i = 0; i < ticks->count; i++)
        plot_label(svg, &(PlotLabel){.x = edge + tick_size + 2,
                                     .y = plot_at(scale, ticks->major[i].at) + 4,
                                     .style = PLOT_SMALL,
                                     .text = ticks->major[i].text});
}
