/* SPDX-License-Identifier: Apache-2.0
 *
 * Estimates from the draws of a program, with their standard errors.
 */
#define _GNU_SOURCE
#include "statistics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

char *output_of(const char *command)
{
    FILE *pipe = popen(command, "re");
    char *text = NULL;
    size_t capacity = 0;
    if (!pipe)
        die("cannot run: %s", command);
    if (getdelim(&text, &capacity, '\0', pipe) < 0)
        die("no output: %s", command);
    int status = pclose(pipe);
    if (status != 0)
        die("wait status %d: %s", status, command);
    return text;
}

static Draws read_values(const cJSON *list)
{
    Draws draws = {NULL, cJSON_GetArraySize(list)};
    draws.values = calloc((size_t)draws.count + 1, sizeof *draws.values);
    if (!draws.values || draws.count < 2)
        die("a quantity with %d values", draws.count);
    int i = 0;
    for (const cJSON *item = list->child; item; item = item->next) {
        if (!cJSON_IsNumber(item))
            die("draw %d is not a finite number", i);
        draws.values[i++] = item->valuedouble;
    }
    return draws;
}

char *probe(const char *program, const char *arguments)
{
    char *command;
    if (asprintf(&command, "%s probe --json %s", program, arguments) < 0)
        die("out of memory");
    char *text = output_of(command);
    free(command);
    return text;
}

Draws draws_of(const char *probed, const char *quantity)
{
    cJSON *root = cJSON_Parse(probed);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "measured"), 0);
    for (; row; row = row->next) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(row, "quantity"));
        if (!name || strcmp(name, quantity) != 0)
            continue;
        Draws draws = read_values(cJSON_GetObjectItem(row, "values"));
        cJSON_Delete(root);
        return draws;
    }
    die("no %s was measured", quantity);
}

double same(double x)
{
    return x;
}

double square(double x)
{
    return x * x;
}

Estimate mean_of(const Draws *draws, double (*f)(double))
{
    double n = draws->count, mean = 0, squares = 0;
    for (int i = 0; i < draws->count; i++)
        mean += f(draws->values[i]) / n;
    for (int i = 0; i < draws->count; i++)
        squares += square(f(draws->values[i]) - mean);
    return (Estimate){mean, sqrt(squares / (n - 1) / n)};
}

Estimate deviation_of(const Draws *draws)
{
    double n = draws->count, deviation = mean_of(draws, same).error * sqrt(n);
    return (Estimate){deviation, deviation / sqrt(2 * (n - 1))};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Estimate median_of(const Draws *draws)
{
    int n = draws->count;
    qsort(draws->values, (size_t)n, sizeof *draws->values, compare);
    double middle = (draws->values[(n - 1) / 2] + draws->values[n / 2]) / 2;
    /* sqrt(pi/2) is what the middle loses against the mean */
    return (Estimate){middle, sqrt(acos(-1) / 2) * mean_of(draws, same).error};
}

bool within(const char *what, Estimate e, double low, double high)
{
    bool good = e.mean >= low - 3 * e.error && e.mean <= high + 3 * e.error;
    printf("%-52s %12.6g +- %-10.2g wanted %.6g .. %.6g  %s\n", what, e.mean, e.error, low, high,
           good ? "holds" : "BROKEN");
    return good;
}
