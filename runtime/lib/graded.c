/* SPDX-License-Identifier: Apache-2.0
 *
 * The graded product, and the rotations that give all of its singular values.
 */
#include "lib/graded.h"

#include "lib/dot.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *square(int64_t n)
{
    return n > 0 && n < (int64_t)1 << 24 ? calloc((size_t)n * (size_t)n, sizeof(double)) : NULL;
}

bool rt_graded_open(RtGraded *g, int64_t n)
{
    *g = (RtGraded){.n = n, .u = square(n), .t = square(n), .next = square(n), .r = square(n)};
    g->d = calloc((size_t)n, sizeof *g->d);
    g->order = calloc((size_t)n, sizeof *g->order);
    g->scratch = calloc((size_t)n, sizeof *g->scratch);
    if (!g->u || !g->t || !g->next || !g->r || !g->d || !g->order || !g->scratch)
        return false;
    rt_graded_reset(g);
    return true;
}

void rt_graded_close(RtGraded *g)
{
    free(g->u);
    free(g->t);
    free(g->next);
    free(g->r);
    free(g->d);
    free(g->order);
    free(g->scratch);
    *g = (RtGraded){0};
}

static void set_identity(double *matrix, int64_t n)
{
    memset(matrix, 0, (size_t)n * (size_t)n * sizeof *matrix);
    for (int64_t i = 0; i < n; i++)
        matrix[i * n + i] = 1;
}

void rt_graded_reset(RtGraded *g)
{
    set_identity(g->u, g->n);
    set_identity(g->t, g->n);
    memset(g->d, 0, (size_t)g->n * sizeof *g->d);
}

/* Sorts `order` by descending keys; n is small, and nearly sorted after the first time. */
static void sort_descending(int64_t *order, const double *keys, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t at = i;
        order[i] = i;
        for (; at > 0 && keys[order[at - 1]] < keys[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

/* rows[order[i]] to place i. */
static void permute_rows(double *rows, double *spare, const int64_t *order, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(spare + i * n, rows + order[i] * n, (size_t)n * sizeof *rows);
    memcpy(rows, spare, (size_t)n * (size_t)n * sizeof *rows);
}

/* Columns in the order of their weight in the product. */
static void sort_columns(RtGraded *g)
{
    for (int64_t j = 0; j < g->n; j++)
        g->scratch[j] = g->d[j] + log2(rt_norm(g->next + j * g->n, g->n));
    sort_descending(g->order, g->scratch, g->n);
    permute_rows(g->next, g->r, g->order, g->n);
}

/* Takes the part along the columns before it out of column j, into column j of r if there is one;
 * twice, since once leaves what rounding brought back. */
static void orthogonalise(RtGraded *g, int64_t j, double *r)
{
    double *column = g->next + j * g->n;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < j; i++) {
            double part = rt_dot(g->next + i * g->n, column, g->n);
            rt_add_scaled(column, g->next + i * g->n, -part, g->n);
            if (r)
                r[i * g->n + j] += part;
        }
}

/* A column of zeros gives way to any direction that is left. */
static void replace_column(RtGraded *g, int64_t j)
{
    double *column = g->next + j * g->n, norm = 0;
    for (int64_t axis = 0; axis < g->n && norm < 0.1 / sqrt((double)g->n); axis++) {
        memset(column, 0, (size_t)g->n * sizeof *column);
        column[axis] = 1;
        orthogonalise(g, j, NULL);
        norm = rt_norm(column, g->n);
    }
    rt_scale(column, 1 / norm, g->n);
}

double rt_graded_factor(RtGraded *g)
{
    int64_t n = g->n;
    double most = 0, least = (double)INFINITY;
    for (int64_t i = 0; i < n * n; i++)
        if (!isfinite(g->next[i]))
            return (double)NAN;
    sort_columns(g);
    memset(g->r, 0, (size_t)n * (size_t)n * sizeof *g->r);
    for (int64_t j = 0; j < n; j++) {
        double *column = g->next + j * n;
        double before = rt_norm(column, n);
        orthogonalise(g, j, g->r);
        double norm = rt_norm(column, n);
        /* what is left of a column by rounding alone is none */
        bool lost = before > 0 && norm <= before * DBL_EPSILON;
        norm = lost ? 0 : norm;
        g->r[j * n + j] = norm;
        if (norm > 0)
            rt_scale(column, 1 / norm, n);
        else
            replace_column(g, j);
        most = fmax(most, norm);
        if (norm > 0 || (lost && isfinite(g->d[g->order[j]])))
            least = fmin(least, norm);
    }
    return most > 0 ? most / least : 1;
}

/* Row i of the new T: Σ_{j≥i} r_ij/r_ii · 2^(d_j − d_i) · t_j. */
static void combine_row(RtGraded *g, int64_t i, const double *d)
{
    double *row = g->t + i * g->n;
    double pivot = g->r[i * g->n + i];
    for (int64_t j = i + 1; pivot > 0 && isfinite(d[i]) && j < g->n; j++) {
        double factor = g->r[i * g->n + j] / pivot * exp2(d[j] - d[i]);
        if (factor != 0)
            rt_add_scaled(row, g->t + j * g->n, factor, g->n);
    }
}

void rt_graded_accept(RtGraded *g)
{
    int64_t n = g->n;
    double *old = g->u;
    for (int64_t i = 0; i < n; i++)
        g->scratch[i] = g->d[g->order[i]];
    permute_rows(g->t, g->u, g->order, n);
    for (int64_t i = 0; i < n; i++) {
        combine_row(g, i, g->scratch);
        g->d[i] = g->scratch[i] + log2(g->r[i * n + i]);
    }
    g->u = g->next;
    g->next = old;
}

/* ---- all singular values ---- */

enum { MOST_SWEEPS = 60, GAP = 300 };
static const double rotated_enough = 4 * DBL_EPSILON;

/* Makes columns a · 2^0 and b · 2^gap, gap ≤ 0, orthogonal; false: they are. */
static bool rotate(double *a, double *b, int gap, int64_t n)
{
    double aa = rt_dot(a, a, n), bb = rt_dot(b, b, n), ab = rt_dot(a, b, n);
    if (!(fabs(ab) > rotated_enough * sqrt(aa) * sqrt(bb)) || aa == 0)
        return false;
    if (gap < -GAP) { /* the greater column does not feel the other */
        rt_add_scaled(b, a, -ab / aa, n);
        return true;
    }
    double scale = ldexp(1, gap);
    double zeta = (bb * scale * scale - aa) / (2 * ab * scale);
    double tangent = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    double cosine = 1 / sqrt(1 + tangent * tangent), sine = cosine * tangent;
    for (int64_t i = 0; i < n; i++) {
        double x = a[i], y = b[i];
        a[i] = cosine * x - sine * scale * y;
        b[i] = sine / scale * x + cosine * y;
    }
    return true;
}

/* Splits d into whole exponents and what goes into the rows of t, the columns of (D T)ᵀ. */
static void split_exponents(RtGraded *g, int64_t *exponents)
{
    for (int64_t j = 0; j < g->n; j++) {
        bool zero = !isfinite(g->d[j]);
        double whole = zero ? 0 : floor(g->d[j]);
        exponents[j] = (int64_t)whole;
        rt_scale(g->t + j * g->n, zero ? 0 : exp2(g->d[j] - whole), g->n);
    }
}

static bool sweep(RtGraded *g, const int64_t *exponents)
{
    bool any = false;
    for (int64_t i = 0; i < g->n; i++)
        for (int64_t j = i + 1; j < g->n; j++) {
            int64_t gap = exponents[j] - exponents[i];
            int64_t least = -(int64_t)GAP - 1;
            int bits = (int)(gap > 0 ? (-gap < least ? least : -gap) : (gap < least ? least : gap));
            double *a = g->t + i * g->n, *b = g->t + j * g->n;
            bool turned = gap > 0 ? rotate(b, a, bits, g->n) : rotate(a, b, bits, g->n);
            any = any || turned;
        }
    return any;
}

void rt_graded_values(RtGraded *g, double *log2_values)
{
    int sweeps = 0;
    split_exponents(g, g->order);
    while (sweeps < MOST_SWEEPS && sweep(g, g->order))
        sweeps++;
    for (int64_t j = 0; j < g->n; j++)
        g->scratch[j] = (double)g->order[j] + log2(rt_norm(g->t + j * g->n, g->n));
    sort_descending(g->order, g->scratch, g->n);
    for (int64_t j = 0; j < g->n; j++)
        log2_values[j] = g->scratch[g->order[j]];
}
