/* SPDX-License-Identifier: Apache-2.0
 *
 * The greatest and the least singular value of a graded product, without the others: Lanczos's
 * iteration with full orthogonalisation, on G Gᵀ and on its inverse, G = R D.
 */
#include "lib/graded.h"

#include "lib/dot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 400, BISECTIONS = 200 };
static const double settled = 1e-12; /* relative change of the wanted value in a step */

/* A symmetric operator: y = A x; may use x as scratch. */
typedef struct Operator {
    const RtGraded *g;
    const double *scale; /* of column j, 2^(d_j − reference) */
    void (*apply)(const struct Operator *self, double *x);
} Operator;

/* x becomes R D² Rᵀ x; r is [row][column], upper. */
static void apply_product(const Operator *self, double *x)
{
    int64_t n = self->g->n;
    const double *r = self->g->r;
    double *y = self->g->scratch;
    memset(y, 0, (size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++)
            y[j] += r[i * n + j] * x[i];
    for (int64_t j = 0; j < n; j++)
        y[j] *= self->scale[j] * self->scale[j];
    for (int64_t i = 0; i < n; i++)
        x[i] = rt_dot(r + i * n + i, y + i, n - i);
}

/* x becomes R⁻ᵀ D⁻² R⁻¹ x; here scale holds 1/D times the reference. */
static void apply_inverse(const Operator *self, double *x)
{
    int64_t n = self->g->n;
    const double *r = self->g->r;
    for (int64_t i = n; i-- > 0;)
        x[i] = (x[i] - rt_dot(r + i * n + i + 1, x + i + 1, n - i - 1)) / r[i * n + i];
    for (int64_t j = 0; j < n; j++)
        x[j] *= self->scale[j] * self->scale[j];
    for (int64_t i = 0; i < n; i++) {
        x[i] /= r[i * n + i];
        for (int64_t j = i + 1; j < n; j++)
            x[j] -= r[i * n + j] * x[i];
    }
}

/* Number of eigenvalues of a symmetric tridiagonal matrix that are at least x (Sturm). */
static int count_above(const double *diagonal, const double *beside, int n, double x)
{
    int count = 0;
    double q = 1;
    for (int i = 0; i < n; i++) {
        double coupling = i ? beside[i - 1] * beside[i - 1] : 0;
        q = diagonal[i] - x - (q != 0 ? coupling / q : coupling / 1e-300);
        count += q >= 0;
    }
    return count;
}

static double greatest_eigenvalue(const double *diagonal, const double *beside, int n)
{
    double high = 0, low = 0;
    for (int i = 0; i < n; i++) {
        double reach =
            fabs(diagonal[i]) + (i ? fabs(beside[i - 1]) : 0) + (i + 1 < n ? fabs(beside[i]) : 0);
        high = fmax(high, reach);
    }
    for (int i = 0; i < BISECTIONS && high - low > 1e-15 * high; i++) {
        double middle = low + (high - low) / 2;
        if (count_above(diagonal, beside, n, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* A start that no symmetry of the matrix can be orthogonal to. */
static void start_vector(double *x, int64_t n)
{
    uint64_t state = 0x9E3779B97F4A7C15u;
    for (int64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (double)(state >> 11) / 0x1p53 - 0.5;
    }
    rt_scale(x, 1 / rt_norm(x, n), n);
}

/* The greatest eigenvalue; basis: [steps + 1][n]. */
static double lanczos(const Operator *op, double *basis, int steps)
{
    int64_t n = op->g->n;
    double diagonal[MOST_STEPS], beside[MOST_STEPS], value = 0;
    start_vector(basis, n);
    for (int k = 0; k < steps; k++) {
        double *x = basis + (k + 1) * n, *last = basis + k * n;
        memcpy(x, last, (size_t)n * sizeof *x);
        op->apply(op, x);
        diagonal[k] = rt_dot(x, last, n);
        for (int pass = 0; pass < 2; pass++)
            for (int i = 0; i <= k; i++)
                rt_add_scaled(x, basis + i * n, -rt_dot(x, basis + i * n, n), n);
        beside[k] = rt_norm(x, n);
        double before = value;
        value = greatest_eigenvalue(diagonal, beside, k + 1);
        if (beside[k] <= settled * value || (k > 8 && fabs(value - before) <= settled * value))
            break;
        rt_scale(x, 1 / beside[k], n);
    }
    return value;
}

/* Tᵀ = Q R: the rows of t become Q's columns, r is R; G = R D has the singular values of Q R D. */
static void triangularise(RtGraded *g)
{
    int64_t n = g->n;
    memset(g->r, 0, (size_t)n * (size_t)n * sizeof *g->r);
    for (int64_t j = 0; j < n; j++) {
        double *column = g->t + j * n;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t i = 0; i < j; i++) {
                double part = rt_dot(g->t + i * n, column, n);
                rt_add_scaled(column, g->t + i * n, -part, n);
                g->r[i * n + j] += part;
            }
        g->r[j * n + j] = rt_norm(column, n);
        rt_scale(column, 1 / g->r[j * n + j], n);
    }
}

/* `sign` 1: the product, with scales below 1; −1: its inverse. */
static double extreme(RtGraded *g, double reference, int sign, double *basis, int steps)
{
    for (int64_t j = 0; j < g->n; j++)
        g->u[j] = exp2(sign * (g->d[j] - reference));
    Operator op = {g, g->u, sign > 0 ? apply_product : apply_inverse};
    return reference + sign * 0.5 * log2(lanczos(&op, basis, steps));
}

bool rt_graded_extremes(RtGraded *g, double *greatest, double *least)
{
    int steps = (int)(g->n < MOST_STEPS ? g->n : MOST_STEPS);
    double *basis = calloc((size_t)(steps + 1) * (size_t)g->n, sizeof *basis);
    if (!basis)
        return false;
    double high = -(double)INFINITY, low = (double)INFINITY;
    for (int64_t j = 0; j < g->n; j++) {
        high = fmax(high, g->d[j]);
        low = fmin(low, g->d[j]);
    }
    triangularise(g);
    *greatest = isfinite(high) ? extreme(g, high, 1, basis, steps) : high;
    *least = isfinite(low) ? extreme(g, low, -1, basis, steps) : low;
    free(basis);
    return true;
}
