/* SPDX-License-Identifier: Apache-2.0
 *
 * What `probe` says of derivatives.rnet beside naive computations from the saved weights, in long
 * double: derivatives are central differences of a forward pass by plain loops.
 *
 *   derivatives PROGRAM CHECKPOINT DATA_FOLDER TOLERANCE
 */
#include "statistics.h"
#include "tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 6, OUTPUTS = 3, POINTS = 2, MOST_LAYERS = 64 };
static const long double width = N;
static const long double step = 1e-6L; /* differences are wrong by its square */

typedef long double Vector[N];

typedef struct Net {
    int layers;
    long double alpha;
    long double v[MOST_LAYERS][N][N], vb[MOST_LAYERS][N], w[MOST_LAYERS][N][N], wb[MOST_LAYERS][N];
    long double head[OUTPUTS][N], head_bias[OUTPUTS];
} Net;

static Net net;
static const Vector points[POINTS] = {{0.61L, -1.13L, 0.27L, 0.94L, -0.38L, 0.72L},
                                      {-0.45L, 0.83L, 1.21L, -0.16L, 0.57L, -0.92L}};

/* ---- the network ---- */

static void read_tensor(const Tensors *file, const char *name, int count, long double *to)
{
    Tensor t = tensor_named(file, name);
    if (t.count != count)
        die("%s has %d numbers, not %d", name, t.count, count);
    for (int i = 0; i < count; i++)
        to[i] = t.item == 8 ? (long double)((const double *)t.values)[i]
                            : (long double)((const float *)t.values)[i];
}

static void read_net(const char *path)
{
    Tensors file = tensors_read(path);
    int matrix = N * N;
    net.layers = tensor_named(&file, "residual.W.weight").count / matrix;
    if (net.layers > MOST_LAYERS)
        die("too many layers");
    net.alpha = 0.7L / sqrtl(net.layers);
    read_tensor(&file, "residual.V.weight", net.layers * matrix, &net.v[0][0][0]);
    read_tensor(&file, "residual.V.bias", net.layers * N, &net.vb[0][0]);
    read_tensor(&file, "residual.W.weight", net.layers * matrix, &net.w[0][0][0]);
    read_tensor(&file, "residual.W.bias", net.layers * N, &net.wb[0][0]);
    read_tensor(&file, "dense.weight", OUTPUTS * N, &net.head[0][0]);
    read_tensor(&file, "dense.bias", OUTPUTS, net.head_bias);
    tensors_free(&file);
}

/* alpha F_k(h) */
static void branch(int k, const Vector h, Vector out)
{
    Vector inner;
    for (int i = 0; i < N; i++) {
        long double sum = net.vb[k][i];
        for (int j = 0; j < N; j++)
            sum += net.v[k][i][j] * h[j];
        inner[i] = tanhl(sum);
    }
    for (int i = 0; i < N; i++) {
        out[i] = net.wb[k][i];
        for (int j = 0; j < N; j++)
            out[i] += net.w[k][i][j] * inner[j];
        out[i] *= net.alpha;
    }
}

static void block(const Vector x, Vector h)
{
    Vector add;
    memcpy(h, x, sizeof(Vector));
    for (int k = 0; k < net.layers; k++) {
        branch(k, h, add);
        for (int i = 0; i < N; i++)
            h[i] += add[i];
    }
}

static void output(const Vector x, Vector y)
{
    Vector h;
    block(x, h);
    memset(y, 0, sizeof(Vector));
    for (int i = 0; i < OUTPUTS; i++) {
        y[i] = net.head_bias[i];
        for (int j = 0; j < N; j++)
            y[i] += net.head[i][j] * h[j];
    }
}

/* ---- derivatives ---- */

typedef void Map(const Vector x, Vector y);

/* jacobian[j]: how the result moves with entry j. */
static void differences(Map *map, const Vector x, Vector jacobian[N])
{
    Vector at, up, down;
    for (int j = 0; j < N; j++) {
        memcpy(at, x, sizeof at);
        at[j] = x[j] + step;
        map(at, up);
        at[j] = x[j] - step;
        map(at, down);
        for (int i = 0; i < N; i++)
            jacobian[j][i] = (up[i] - down[i]) / (2 * step);
    }
}

static long double dot(const Vector a, const Vector b)
{
    long double sum = 0;
    for (int i = 0; i < N; i++)
        sum += a[i] * b[i];
    return sum;
}

static int descending(const void *a, const void *b)
{
    long double x = *(const long double *)a, y = *(const long double *)b;
    return (x < y) - (x > y);
}

/* One-sided Jacobi rotations. */
static void singular_values(Vector a[N], Vector values)
{
    for (int sweep = 0; sweep < 50; sweep++)
        for (int p = 0; p < N; p++)
            for (int q = p + 1; q < N; q++) {
                long double pq = dot(a[p], a[q]);
                if (pq == 0)
                    continue;
                long double zeta = (dot(a[q], a[q]) - dot(a[p], a[p])) / (2 * pq);
                long double t = copysignl(1, zeta) / (fabsl(zeta) + sqrtl(1 + zeta * zeta));
                long double c = 1 / sqrtl(1 + t * t), s = c * t;
                for (int i = 0; i < N; i++) {
                    long double x = a[p][i], y = a[q][i];
                    a[p][i] = c * x - s * y;
                    a[q][i] = s * x + c * y;
                }
            }
    for (int j = 0; j < N; j++)
        values[j] = sqrtl(dot(a[j], a[j]));
    qsort(values, N, sizeof *values, descending);
}

/* Q of h_0(a) and h_0(b) + t · direction. */
static long double product(const Vector a, const Vector b, const Vector direction, long double t,
                           bool both)
{
    Vector moved_a, moved_b, x, y;
    long double sum = 0;
    for (int i = 0; i < N; i++) {
        moved_a[i] = a[i] + (both ? t * direction[i] : 0);
        moved_b[i] = b[i] + t * direction[i];
    }
    block(moved_a, x);
    block(moved_b, y);
    for (int i = 0; i < N; i++)
        sum += tanhl(x[i]) * tanhl(y[i]) / width;
    return sum;
}

static long double response(int sample, bool single)
{
    const long double *own = points[sample], *other = points[1 - sample];
    Vector direction;
    for (int i = 0; i < N; i++)
        direction[i] = single ? own[i] : other[i] - dot(other, own) / dot(own, own) * own[i];
    long double kernel = single ? 2 * dot(own, own) / width : dot(direction, other) / width;
    const long double *fixed = single ? own : other;
    return (product(fixed, own, direction, step, single) -
            product(fixed, own, direction, -step, single)) /
           (2 * step) / kernel;
}

static long double expansion(int sample, int order)
{
    const long double *x = points[sample];
    Vector rest, sum = {0}, add, up, down, at;
    block(x, rest);
    for (int i = 0; i < N; i++)
        rest[i] -= x[i];
    for (int k = 0; order > 0 && k < net.layers; k++) {
        for (int sign = 0; sign < 2; sign++) {
            for (int i = 0; i < N; i++)
                at[i] = x[i] + (sign ? -step : step) * sum[i];
            branch(k, at, sign ? down : up);
        }
        branch(k, x, add);
        for (int i = 0; i < N; i++) {
            rest[i] -= add[i] + (order > 1 ? (up[i] - down[i]) / (2 * step) : 0);
            sum[i] += add[i];
        }
    }
    return sqrtl(dot(rest, rest) / dot(x, x));
}

static long double complexity(int sample)
{
    Vector jacobian[N];
    long double sum = 0;
    differences(output, points[sample], jacobian);
    for (int j = 0; j < N; j++)
        sum += dot(jacobian[j], jacobian[j]);
    return sum;
}

/* ---- weights along depth ---- */

typedef struct Path {
    long double most, jump, squares, sum, variation, lag1;
} Path;

static Path along(long double (*w)[N][N])
{
    Path p = {0};
    long double total[N][N] = {0}, products = 0, first = 0, last = 0;
    for (int k = 0; k < net.layers; k++) {
        long double square = 0, change = 0;
        for (int i = 0; i < N * N; i++) {
            long double now = (&w[k][0][0])[i], before = k ? (&w[k - 1][0][0])[i] : 0;
            square += now * now;
            change += k ? (now - before) * (now - before) : 0;
            products += now * before;
            (&total[0][0])[i] += now;
        }
        p.most = fmaxl(p.most, sqrtl(square));
        p.jump = fmaxl(p.jump, sqrtl(change));
        p.squares += square;
        p.variation += change;
        first = k ? first : square;
        last = square;
    }
    for (int i = 0; i < N * N; i++)
        p.sum += (&total[0][0])[i] * (&total[0][0])[i];
    p.lag1 = products / sqrtl((p.squares - first) * (p.squares - last));
    return p;
}

/* ---- comparison ---- */

static const char *probed;
static double tolerance;
static int wrong;

static double measured(const char *quantity)
{
    cJSON *root = cJSON_Parse(probed);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "measured"), 0);
    double value = (double)NAN;
    for (; row; row = row->next)
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(row, "quantity")), quantity) == 0)
            value = cJSON_GetNumberValue(cJSON_GetObjectItem(row, "mean"));
    cJSON_Delete(root);
    return value;
}

static void check(const char *quantity, long double expected)
{
    double value = measured(quantity);
    bool good = fabs(value - (double)expected) <= tolerance * (1e-3 + fabs((double)expected));
    printf("%-28s %.12g, naively %.12g%s\n", quantity, value, (double)expected,
           good ? "" : "  WRONG");
    wrong += !good;
}

static void check_spectra(void)
{
    Vector jacobian[N], values;
    long double least = (long double)INFINITY, most = 0, mean = 0;
    for (int s = 0; s < POINTS; s++) {
        differences(block, points[s], jacobian);
        singular_values(jacobian, values);
        least = fminl(least, values[N - 1]);
        most = fmaxl(most, values[0]);
        for (int i = 0; i < N; i++)
            mean += values[i] / (width * (long double)POINTS);
    }
    check("jacobian_min", least);
    check("jacobian_max", most);
    check("jacobian_spectrum", mean);
}

static void check_weights(void)
{
    Path w = along(net.w), v = along(net.v);
    long double entry = 0;
    for (int k = 0; k < net.layers; k++)
        entry += net.w[k][1][4] / net.layers;
    check("max_norm(W)", w.most);
    check("increment(W)", w.jump);
    check("root_sum_square(alpha*W)", net.alpha * sqrtl(w.squares));
    check("sum_norm(W)", sqrtl(w.sum));
    check("quadratic_variation(V)", v.variation);
    check("lag1(W)", w.lag1);
    check("entry(W, 2, 5)", entry);
    check("max_norm(W - init)", 0);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: derivatives PROGRAM CHECKPOINT DATA_FOLDER TOLERANCE");
    char arguments[4096];
    snprintf(arguments, sizeof arguments, "--load %s --data %s", argv[2], argv[3]);
    char *text = probe(argv[1], arguments);
    probed = text;
    tolerance = atof(argv[4]);
    read_net(argv[2]);
    check_spectra();
    check("response(pair)", (response(0, false) + response(1, false)) / 2);
    check("response(single)", (response(0, true) + response(1, true)) / 2);
    check("expansion(0)", (expansion(0, 0) + expansion(1, 0)) / 2);
    check("expansion(1)", (expansion(0, 1) + expansion(1, 1)) / 2);
    check("expansion(2)", (expansion(0, 2) + expansion(1, 2)) / 2);
    check("geometric_complexity", (complexity(0) + complexity(1)) / 2);
    check_weights();
    free(text);
    return wrong ? 1 : 0;
}
