/* SPDX-License-Identifier: Apache-2.0
 *
 * What the checkers of this folder share: runs of a compiled program, the values of its draws.
 */
#ifndef RNET_TESTS_PAPERS_STATISTICS_H
#define RNET_TESTS_PAPERS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* One value for each draw of the weights. */
typedef struct Draws {
    double *values;
    int count;
} Draws;

typedef struct Estimate {
    double mean, error; /* of the mean: the deviation of the values over sqrt(count) */
} Estimate;

/* Ends the test with a message and status 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Standard output of a command line that must succeed; the caller frees it. */
char *output_of(const char *command);

/* What `PROGRAM probe --json ARGUMENTS` printed; the caller frees it. */
char *probe(const char *program, const char *arguments);

/* The values of one quantity in it. */
Draws draws_of(const char *probed, const char *quantity);

/* The mean of f(value). */
Estimate mean_of(const Draws *draws, double (*f)(double));
double same(double x);
double square(double x);

/* Standard deviation of the values, with the error that normal values give it. */
Estimate deviation_of(const Draws *draws);

/* The middle value; the error is that of the middle of normal values of this deviation. */
Estimate median_of(const Draws *draws);

/* Prints the estimate and whether it lies within three errors of low..high. */
bool within(const char *what, Estimate estimate, double low, double high);

#endif
