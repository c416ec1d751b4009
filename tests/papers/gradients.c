/* SPDX-License-Identifier: Apache-2.0
 *
 * The gradients of gradients.rnet against central differences of the loss that its predictions
 * give. The program is a black box: its step of rate 1 yields the gradients, and checkpoints with
 * weights moved a little yield the losses.
 *
 *   gradients PROGRAM
 */
#define _GNU_SOURCE
#include "statistics.h"
#include "tensors.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 24, INPUTS = 5, DEPTH = 21, LONGEST_SUM = INPUTS + 1 };

/* Uniform in -1 .. 1, of the test's own. */
static double any_number(void)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)state * 0x1p-63;
}

static void write_npy(const char *path, const double *values, int rows, int columns)
{
    char header[128];
    FILE *stream = fopen(path, "wb");
    int length =
        snprintf(header, sizeof header,
                 "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns);
    if (!stream)
        die("cannot write %s", path);
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, stream);
    fprintf(stream, "%-*s\n", 0x75, length > 0 ? header : "");
    if (fwrite(values, sizeof *values, (size_t)(rows * columns), stream) !=
            (size_t)(rows * columns) ||
        fclose(stream) != 0)
        die("cannot write %s", path);
}

static void make_data(double y[SAMPLES])
{
    double x[SAMPLES * INPUTS];
    for (int i = 0; i < SAMPLES * INPUTS; i++)
        x[i] = 2 * any_number();
    for (int i = 0; i < SAMPLES; i++)
        y[i] = any_number();
    write_npy("inputs.npy", x, SAMPLES, INPUTS);
    write_npy("targets.npy", y, SAMPLES, 1);
}

static void run(const char *program, const char *arguments)
{
    char *command;
    if (asprintf(&command, "%s %s", program, arguments) < 0)
        die("out of memory");
    free(output_of(command));
    free(command);
}

/* The mean squared error of what the program predicts with these weights. */
static double loss_of(const char *program, const Tensors *weights, const double y[SAMPLES])
{
    double outputs[SAMPLES], sum = 0;
    tensors_write(weights, "moved.safetensors");
    run(program, "predict --load moved.safetensors --input inputs.npy --output y.npy && echo");
    FILE *stream = fopen("y.npy", "rb");
    if (!stream || fseek(stream, -(long)sizeof outputs, SEEK_END) != 0 ||
        fread(outputs, sizeof *outputs, SAMPLES, stream) != SAMPLES)
        die("cannot read y.npy");
    fclose(stream);
    for (int i = 0; i < SAMPLES; i++)
        sum += square(outputs[i] - y[i]);
    return sum / SAMPLES;
}

/* One line through the weights: a tensor of them, and a direction. */
typedef struct Line {
    const char *program;
    const double *y;
    Tensors *weights;
    Tensor tensor;
    double *direction;
} Line;

static double loss_along(const Line *line, double step)
{
    double *values = line->tensor.values, *kept = malloc(sizeof *kept * line->tensor.count);
    if (!kept)
        die("out of memory");
    memcpy(kept, values, sizeof *kept * line->tensor.count);
    for (int i = 0; i < line->tensor.count; i++)
        values[i] += step * line->direction[i];
    double loss = loss_of(line->program, line->weights, line->y);
    memcpy(values, kept, sizeof *kept * line->tensor.count);
    free(kept);
    return loss;
}

static double slope(const Line *line, double step)
{
    return (loss_along(line, step) - loss_along(line, -step)) / (2 * step);
}

/* The error of a central difference is a multiple of the squared step, so that the differences of
 * two steps tell it; what rounding adds is at most one unit for each rounding on the way through
 * the network, over the step. */
static bool agrees(const Line *line, const char *name, double gradient)
{
    static const double step = 1e-4;
    double near = slope(line, step), far = slope(line, 2 * step);
    double roundings = 2.0 * DEPTH * (LONGEST_SUM + 2) + SAMPLES;
    double bound = fabs(far - near) + roundings * DBL_EPSILON * loss_along(line, 0) / step;
    bool good = fabs(gradient - near) <= bound;
    if (!good || gradient == 0)
        printf("%s: gradient %.12g, differences %.12g, bound %.3g\n", name, gradient, near, bound);
    return good && gradient != 0;
}

/* A number at a time where there are few, else two directions of random signs. */
static bool check_tensor(Line *line, const char *name, const Tensor *after)
{
    const double *before = line->tensor.values, *moved = after->values;
    int count = line->tensor.count, lines = count <= 4 ? count : 2;
    bool good = true;
    line->direction = calloc((size_t)count, sizeof *line->direction);
    if (!line->direction)
        die("out of memory");
    for (int l = 0; l < lines; l++) {
        double gradient = 0;
        for (int i = 0; i < count; i++) {
            line->direction[i] = lines == count ? i == l : any_number() < 0 ? -1 : 1;
            gradient += (before[i] - moved[i]) * line->direction[i];
        }
        good = agrees(line, name, gradient) && good;
    }
    free(line->direction);
    return good;
}

int main(int argc, char **argv)
{
    double y[SAMPLES];
    int alphas = 0, tensors = 0;
    bool good = true;
    if (argc != 2)
        die("usage: gradients PROGRAM");
    make_data(y);
    run(argv[1], "train --data . --iterations 0 --save before.safetensors");
    run(argv[1], "train --data . --iterations 1 --save after.safetensors");
    Tensors before = tensors_read("before.safetensors"), after = tensors_read("after.safetensors");
    for (cJSON *entry = before.header->child; entry; entry = entry->next) {
        if (strchr(entry->string, '/') || strcmp(entry->string, "__metadata__") == 0)
            continue; /* optimizer/… and no tensor */
        Line line = {argv[1], y, &before, tensor_of(&before, entry), NULL};
        Tensor moved = tensor_named(&after, entry->string);
        if (line.tensor.item != sizeof(double))
            die("%s: not in double", entry->string);
        good = check_tensor(&line, entry->string, &moved) && good;
        alphas += strstr(entry->string, ".alpha") != NULL;
        tensors++;
    }
    printf("%d tensors, %d of them scales of a block\n", tensors, alphas);
    tensors_free(&before);
    tensors_free(&after);
    return good && alphas == 6 ? 0 : 1;
}
