/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads pictures back: whether they are XML, where words stand, what paths say. From the ticks'
 * labels it learns the map from numbers to pixels, as a reader with a ruler does, and shares
 * nothing with the code that drew them.
 */
#ifndef PLOT_FIXTURE_H
#define PLOT_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "lib/plot.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Half a hundredth is what a written coordinate may be off. */
#define PLOT_ROUNDING 0.0051

typedef struct PlotMap {
    double origin, scale; /* pixel = origin + scale × number or its logarithm */
} PlotMap;

static inline bool plot_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == ':' || c == '_';
}

/* &lt; and its like; returns what follows, or NULL. */
static inline const char *plot_skip_entity(const char *at)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;"};
    for (int i = 0; i < 4; i++)
        if (strncmp(at, entities[i], strlen(entities[i])) == 0)
            return at + strlen(entities[i]);
    return NULL;
}

/* Attributes up to > or />, with a space before and double quotes around each. */
static inline const char *plot_skip_attributes(const char *at)
{
    while (*at == ' ') {
        const char *name = ++at;
        while (plot_name_char(*at))
            at++;
        if (at == name || at[0] != '=' || at[1] != '"')
            return NULL;
        for (at += 2; *at && *at != '"';) {
            if (*at == '<')
                return NULL;
            at = *at == '&' ? plot_skip_entity(at) : at + 1;
            if (!at)
                return NULL;
        }
        if (*at++ != '"')
            return NULL;
    }
    return at;
}

/* A tag; open names are kept on a stack. */
static inline const char *plot_skip_tag(const char *at, const char *stack[16], int *depth)
{
    bool closes = at[1] == '/';
    const char *name = at += 1 + closes;
    while (plot_name_char(*at))
        at++;
    size_t size = (size_t)(at - name);
    if (closes) {
        if (*depth < 1 || *at != '>')
            return NULL;
        const char *opened = stack[--*depth];
        return strncmp(opened, name, size) == 0 && !plot_name_char(opened[size]) ? at + 1 : NULL;
    }
    at = plot_skip_attributes(at);
    if (!at || !size)
        return NULL;
    if (at[0] == '/' && at[1] == '>')
        return at + 2;
    if (*at != '>' || *depth == 16)
        return NULL;
    stack[(*depth)++] = name;
    return at + 1;
}

/* One element with all in it closed, no stray < or &, no control character, all of it UTF-8. */
static inline bool plot_is_xml(const RtFile *svg)
{
    const char *at = (const char *)svg->bytes, *stack[16];
    const char *head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    if (strlen(at) != svg->size || strncmp(at, head, strlen(head)) != 0)
        return false;
    if (mbstowcs(NULL, at, 0) == (size_t)-1)
        return false;
    int depth = 0, roots = 0;
    for (at += strlen(head); at && *at;) {
        if ((unsigned char)*at < 0x20 && *at != '\n')
            return false;
        roots += *at == '<' && depth == 0;
        at = *at == '<'   ? plot_skip_tag(at, stack, &depth)
             : *at == '&' ? plot_skip_entity(at)
                          : at + 1;
    }
    return at && depth == 0 && roots == 1;
}

/* The number of an attribute in the tag that starts at `tag`. */
static inline double plot_attribute(const char *tag, const char *name)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, " %s=\"", name);
    const char *at = strstr(tag, wanted), *end = strchr(tag, '>');
    return at && at < end ? strtod(at + strlen(wanted), NULL) : (double)NAN;
}

/* The n-th tag that begins with `start`, from 0; NULL where there are not so many. */
static inline const char *plot_find(const RtFile *svg, const char *start, int n)
{
    const char *at = strstr((const char *)svg->bytes, start);
    for (; at && n > 0; n--)
        at = strstr(at + 1, start);
    return at;
}

static inline int plot_count(const RtFile *svg, const char *start)
{
    int count = 0;
    while (plot_find(svg, start, count))
        count++;
    return count;
}

/* The text element with these words, that x's ticks have in the middle and y's at their end. */
static inline const char *plot_tick(const RtFile *svg, bool vertical, const char *words)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, " text-anchor=\"%s\">%s</text>", vertical ? "end" : "middle",
             words);
    const char *bytes = (const char *)svg->bytes, *at = strstr(bytes, wanted);
    while (at && at > bytes && *at != '<')
        at--;
    return at;
}

/* From two ticks' labels and what they say; y's words stand 4 pixels below their tick. */
static inline PlotMap plot_map(const RtFile *svg, bool vertical, const char *first, double a,
                               const char *second, double b)
{
    const char *one = plot_tick(svg, vertical, first), *two = plot_tick(svg, vertical, second);
    if (!one || !two)
        return (PlotMap){NAN, NAN};
    double p = vertical ? plot_attribute(one, "y") - 4 : plot_attribute(one, "x");
    double q = vertical ? plot_attribute(two, "y") - 4 : plot_attribute(two, "x");
    double scale = (q - p) / (b - a);
    return (PlotMap){p - scale * a, scale};
}

static inline double plot_pixel(PlotMap map, double number)
{
    return map.origin + map.scale * number;
}

/* Both ticks are off by a rounding, and so is the place; beyond the ticks the first grows. */
static inline bool plot_near(double is, double expected, double reach)
{
    return fabs(is - expected) <= PLOT_ROUNDING * (1 + 2 * reach);
}

typedef struct PlotPoint {
    char verb;
    double x, y;
} PlotPoint;

/* The points of a path of M, L and Z, in the tag that starts at `tag`; returns how many. */
static inline int plot_points(const char *tag, PlotPoint *points, int most)
{
    const char *at = tag ? strstr(tag, " d=\"") : NULL;
    int count = 0;
    for (at = at ? at + 4 : NULL; at && *at != '"' && count < most;) {
        char *next, verb = *at++;
        PlotPoint point = {.verb = verb};
        if (verb != 'Z') {
            point.x = strtod(at, &next);
            point.y = strtod(next, &next);
            at = next;
        }
        points[count++] = point;
    }
    return count;
}

#endif
