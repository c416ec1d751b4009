/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges are numbered: 2 k goes from point k to the right, 2 k + 1 from point k upwards in j. Every
 * edge that is crossed joins at most two pieces of line, one a square, so following pieces from
 * edge to edge gives whole lines, first the open ones from their ends, then the rings.
 */
#include "lib/plot_contour.h"

#include <math.h>
#include <stdlib.h>

enum { NONE = -1 };

/* What an edge is joined to; NONE fills up. */
typedef struct Joint {
    int32_t to[2];
    bool done;
} Joint;

static void join(Joint *joints, int32_t a, int32_t b)
{
    joints[a].to[joints[a].to[0] != NONE] = b;
    joints[b].to[joints[b].to[0] != NONE] = a;
}

static void cut_square(const PlotGrid *grid, int32_t point, Joint *joints)
{
    int32_t up = point + grid->x_count;
    double z[4] = {grid->values[point], grid->values[point + 1], grid->values[up + 1],
                   grid->values[up]};
    /* edges in the order of their first corners, around the square */
    int32_t edges[4] = {2 * point, 2 * (point + 1) + 1, 2 * up, 2 * point + 1};
    int32_t crossed[4];
    int count = 0;
    double mean = 0;
    for (int i = 0; i < 4; i++) {
        if (!isfinite(z[i]))
            return;
        mean += z[i] / 4;
        if ((z[i] < 0) != (z[(i + 1) % 4] < 0))
            crossed[count++] = edges[i];
    }
    if (count == 2)
        join(joints, crossed[0], crossed[1]);
    if (count != 4)
        return;
    /* corners 1 and 3 are cut off where the middle is on the side of corner 0 */
    bool same = (mean < 0) == (z[0] < 0);
    join(joints, crossed[same ? 0 : 3], crossed[same ? 1 : 0]);
    join(joints, crossed[same ? 2 : 1], crossed[same ? 3 : 2]);
}

static void put_crossing(PlotSvg *svg, const PlotGrid *grid, int32_t edge, bool first)
{
    int32_t point = edge / 2, other = edge % 2 ? point + grid->x_count : point + 1;
    double a = grid->values[point] / 2, b = grid->values[other] / 2;
    double share = a / (a - b);
    double x0 = grid->xs[point % grid->x_count], x1 = grid->xs[other % grid->x_count];
    double y0 = grid->ys[point / grid->x_count], y1 = grid->ys[other / grid->x_count];
    plot_put(svg, first ? "M%f %f" : "L%f %f", x0 + share * (x1 - x0), y0 + share * (y1 - y0));
}

static void follow(PlotSvg *svg, const PlotGrid *grid, Joint *joints, int32_t start)
{
    int32_t edge = start, next = start;
    for (; next != NONE; edge = next) {
        put_crossing(svg, grid, edge, edge == start);
        joints[edge].done = true;
        next = NONE;
        for (int side = 0; side < 2; side++) {
            int32_t to = joints[edge].to[side];
            if (next == NONE && to != NONE && !joints[to].done)
                next = to;
        }
    }
    if (joints[start].to[1] != NONE)
        plot_put(svg, "Z");
}

void plot_contour(PlotSvg *svg, const PlotGrid *grid)
{
    int32_t points = grid->x_count * grid->y_count;
    Joint *joints = malloc((size_t)points * 2 * sizeof *joints);
    if (!joints) {
        svg->failed = true;
        return;
    }
    for (int32_t i = 0; i < 2 * points; i++)
        joints[i] = (Joint){{NONE, NONE}, false};
    for (int32_t j = 0; j + 1 < grid->y_count; j++)
        for (int32_t i = 0; i + 1 < grid->x_count; i++)
            cut_square(grid, j * grid->x_count + i, joints);
    for (int rings = 0; rings < 2; rings++)
        for (int32_t i = 0; i < 2 * points; i++)
            if (!joints[i].done && joints[i].to[0] != NONE &&
                (joints[i].to[1] != NONE) == (rings == 1))
                follow(svg, grid, joints, i);
    free(joints);
}
