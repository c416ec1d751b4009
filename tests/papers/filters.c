/* SPDX-License-Identifier: Apache-2.0
 *
 * The weights of filters.rnet, as the program saved them: are the filters orthogonal, and do the
 * singular values of the block's Jacobian lie where Ceni (2022) makes them lie? All in double, by
 * naive loops.
 *
 *   filters CHECKPOINT LOW HIGH
 */
#include "statistics.h"
#include "tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 32 };

typedef double Matrix[N][N];

static double at(Tensor t, int layer, int i, int j)
{
    return (double)((const float *)t.values)[(layer * N + i) * N + j];
}

/* ||O'O - 1||_F of one layer. */
static double defect(Tensor filters, int layer)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double product = i == j ? -1 : 0;
            for (int k = 0; k < N; k++)
                product += at(filters, layer, k, i) * at(filters, layer, k, j);
            sum += product * product;
        }
    return sqrt(sum);
}

/* One layer: the state h, and J becomes (alpha O + beta diag(1 - t^2) W) J. */
static void pass_layer(const Tensor tensors[3], int layer, double beta, double h[N], Matrix J)
{
    static Matrix step, before;
    double next[N];
    for (int i = 0; i < N; i++) {
        double filtered = 0, sum = (double)((const float *)tensors[2].values)[layer * N + i];
        for (int j = 0; j < N; j++) {
            filtered += at(tensors[0], layer, i, j) * h[j];
            sum += at(tensors[1], layer, i, j) * h[j];
        }
        double t = tanh(sum);
        next[i] = (1 - beta) * filtered + beta * t;
        for (int j = 0; j < N; j++)
            step[i][j] = (1 - beta) * at(tensors[0], layer, i, j) +
                         beta * (1 - t * t) * at(tensors[1], layer, i, j);
    }
    memcpy(h, next, sizeof next);
    memcpy(before, J, sizeof before);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            J[i][j] = 0;
            for (int k = 0; k < N; k++)
                J[i][j] += step[i][k] * before[k][j];
        }
}

/* Turns columns p and q until they are orthogonal; returns the cosine that they had. */
static double rotate(Matrix a, int p, int q)
{
    double pp = 0, qq = 0, pq = 0;
    for (int i = 0; i < N; i++) {
        pp += a[i][p] * a[i][p];
        qq += a[i][q] * a[i][q];
        pq += a[i][p] * a[i][q];
    }
    if (pq == 0)
        return 0;
    double zeta = (qq - pp) / (2 * pq);
    double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
    double c = 1 / sqrt(1 + t * t), s = c * t;
    for (int i = 0; i < N; i++) {
        double x = a[i][p], y = a[i][q];
        a[i][p] = c * x - s * y;
        a[i][q] = s * x + c * y;
    }
    return fabs(pq) / sqrt(pp * qq);
}

/* Least and greatest singular value, by one-sided Jacobi rotations. */
static void singular_values(Matrix a, double *least, double *greatest)
{
    double worst = 1;
    for (int sweep = 0; sweep < 60 && worst > 1e-12; sweep++) {
        worst = 0;
        for (int p = 0; p < N; p++)
            for (int q = p + 1; q < N; q++)
                worst = fmax(worst, rotate(a, p, q));
    }
    if (worst > 1e-12)
        die("the rotations did not end");
    *least = INFINITY;
    *greatest = 0;
    for (int j = 0; j < N; j++) {
        double norm = 0;
        for (int i = 0; i < N; i++)
            norm = hypot(norm, a[i][j]);
        *least = fmin(*least, norm);
        *greatest = fmax(*greatest, norm);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: filters CHECKPOINT LOW HIGH");
    Tensors file = tensors_read(argv[1]);
    const Tensor tensors[3] = {tensor_named(&file, "residual.filter"),
                               tensor_named(&file, "residual.W.weight"),
                               tensor_named(&file, "residual.W.bias")};
    int layers = tensors[0].count / (N * N);
    double h[N], worst = 0, least, greatest;
    static Matrix J;
    for (int i = 0; i < N; i++) {
        h[i] = sin(1 + i); /* any input of about unit size */
        J[i][i] = 1;
    }
    for (int k = 0; k < layers; k++) {
        worst = fmax(worst, defect(tensors[0], k));
        pass_layer(tensors, k, 1.0 / layers, h, J);
    }
    singular_values(J, &least, &greatest);
    printf("%d layers: ||O'O - 1||_F at most %.3g, singular values %.5f .. %.5f\n", layers, worst,
           least, greatest);
    tensors_free(&file);
    return worst < 1e-6 && least >= atof(argv[2]) && greatest <= atof(argv[3]) ? 0 : 1;
}
