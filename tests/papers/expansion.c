/* SPDX-License-Identifier: Apache-2.0
 *
 * Slopes of log expansion(k) against log lambda over 1e-2 … 1e-1, by least squares over five
 * lambdas: k + 1, within 0.05.
 *
 *   expansion PROGRAM
 */
#include "statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

enum { LAMBDAS = 5, ORDERS = 3 };

static double mean_at(const char *probed, int order)
{
    cJSON *root = cJSON_Parse(probed);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "measured"), order);
    double mean = cJSON_GetNumberValue(cJSON_GetObjectItem(row, "mean"));
    cJSON_Delete(root);
    return mean;
}

static double slope(const double *x, const double *y)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (int i = 0; i < LAMBDAS; i++) {
        mean_x += x[i] / (double)LAMBDAS;
        mean_y += y[i] / (double)LAMBDAS;
    }
    for (int i = 0; i < LAMBDAS; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return xy / xx;
}

int main(int argc, char **argv)
{
    double x[LAMBDAS], y[ORDERS][LAMBDAS];
    int wrong = 0;
    if (argc != 2)
        die("usage: expansion PROGRAM");
    for (int i = 0; i < LAMBDAS; i++) {
        char arguments[64];
        double lambda = pow(10, -2 + i / (double)(LAMBDAS - 1));
        snprintf(arguments, sizeof arguments, "--set lambda=%.17g", lambda);
        char *probed = probe(argv[1], arguments);
        x[i] = log(lambda);
        for (int k = 0; k < ORDERS; k++)
            y[k][i] = log(mean_at(probed, k));
        free(probed);
    }
    for (int k = 0; k < ORDERS; k++) {
        double found = slope(x, y[k]);
        bool good = fabs(found - (k + 1)) <= 0.05;
        printf("expansion(%d): slope %.4f%s\n", k, found, good ? "" : "  WRONG");
        wrong += !good;
    }
    return wrong ? 1 : 0;
}
