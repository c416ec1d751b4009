/* SPDX-License-Identifier: Apache-2.0
 *
 * Points of the plane from standard input, a spiral for each to standard output:
 *
 *     ./predict spirals.safetensors <points.csv
 *
 * The object spirals.o is the whole network; this file brings the memory and the weights.
 */
#include "spirals.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 };

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "predict: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void require(int status, const char *what)
{
    if (status != SPIRALS_OK) {
        stop(what, spirals_error(status));
    }
}

/* Memory that begins where the object wants it; its size is a multiple of that, as C11 asks. */
static void *memory(size_t size)
{
    size_t rounded = (size + SPIRALS_ALIGN - 1) / SPIRALS_ALIGN * SPIRALS_ALIGN;
    void *data = size > 0 ? aligned_alloc(SPIRALS_ALIGN, rounded) : NULL;
    if (data == NULL) {
        stop("memory", "there is none of that size");
    }
    return data;
}

/* A whole file; its size in *size. The caller frees it. */
static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        stop(path, "cannot be read");
    }
    long length = ftell(file);
    char *data = length > 0 ? malloc((size_t)length) : NULL;
    rewind(file);
    if (data == NULL || fread(data, 1, (size_t)length, file) != (size_t)length) {
        stop(path, "cannot be read");
    }
    fclose(file);
    *size = (size_t)length;
    return data;
}

typedef struct Network {
    spirals_config config; /* depth, as the file was trained */
    void *params, *workspace;
} Network;

static Network load(const char *path)
{
    Network network;
    size_t size;
    void *file = read_file(path, &size);
    require(spirals_load_config(&network.config, file, size), path);
    network.params = memory(spirals_params_size(&network.config));
    network.workspace = memory(spirals_workspace_size(&network.config, BATCH, SPIRALS_FORWARD, 1));
    void *loading = memory(spirals_workspace_size(&network.config, 1, SPIRALS_LOAD, 1));
    require(spirals_load(&network.config, network.params, NULL, file, size, loading), path);
    free(loading);
    free(file);
    return network;
}

/* `x,y` and nothing behind it; a network makes nothing of what is not finite. */
static bool read_point(const char *line, float point[SPIRALS_INPUTS])
{
    char rest;
    return sscanf(line, "%f,%f %c", &point[0], &point[1], &rest) == 2 && isfinite(point[0]) &&
           isfinite(point[1]);
}

/* Up to BATCH lines; how many were there. */
static size_t read_points(float x[BATCH][SPIRALS_INPUTS], size_t *number)
{
    char line[256], what[64];
    size_t count = 0;
    while (count < BATCH && fgets(line, sizeof line, stdin) != NULL) {
        ++*number;
        if (read_point(line, x[count])) {
            count++;
        } else if (*number > 1 || strncmp(line, "x,y", 3) != 0) {
            snprintf(what, sizeof what, "line %zu is not `x,y`, two finite numbers", *number);
            stop("standard input", what);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    float x[BATCH][SPIRALS_INPUTS], y[BATCH][SPIRALS_OUTPUTS];
    size_t count, lines = 0;
    if (argc != 2) {
        stop("usage", "./predict WEIGHTS.safetensors <points.csv");
    }
    Network network = load(argv[1]);
    puts("arm_0,arm_1,class");
    while ((count = read_points(x, &lines)) > 0) {
        require(spirals_forward(&network.config, network.params, x[0], y[0], count,
                                network.workspace, NULL),
                "forward");
        for (size_t i = 0; i < count; i++) {
            printf("%.9g,%.9g,%d\n", (double)y[i][0], (double)y[i][1], y[i][1] > y[i][0]);
        }
    }
    free(network.params);
    free(network.workspace);
    return fflush(stdout) == 0 && !ferror(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
