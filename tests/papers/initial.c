/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks as they are drawn against the numbers of Marion et al. (2022): second moments, the
 * log-normal law, growth, and smooth weights. Each number is held to its stated range and three
 * standard errors of the size run.
 *
 *   initial CASE PROGRAM
 */
#define _GNU_SOURCE
#include "statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *run(const char *program, double beta, int depth, int repeat)
{
    char arguments[128];
    snprintf(arguments, sizeof arguments, "--repeat %d --set beta=%.17g --set L=%d", repeat, beta,
             depth);
    return probe(program, arguments);
}

static Draws draw(const char *program, double beta, int depth, int repeat, const char *quantity)
{
    char *probed = run(program, beta, depth, repeat);
    Draws draws = draws_of(probed, quantity);
    free(probed);
    return draws;
}

/* E|h_L - h_0|^2/|h_0|^2 = (1 + alpha^2/2)^L - 1, exactly, at any width; so for the gradients. */
static bool moments_at(const char *program, double beta, int depth)
{
    static const char *const quantities[] = {"forward_change", "gradient_change"};
    double alpha = pow(depth, -beta), want = pow(1 + alpha * alpha / 2, depth) - 1;
    char *probed = run(program, beta, depth, 200);
    bool good = true;
    for (int q = 0; q < 2; q++) {
        Draws draws = draws_of(probed, quantities[q]);
        char what[64];
        snprintf(what, sizeof what, "mean %s^2, beta %g, L %d", quantities[q], beta, depth);
        good = within(what, mean_of(&draws, square), want, want) && good;
        free(draws.values);
    }
    free(probed);
    return good;
}

static bool moments(const char *program)
{
    bool good = moments_at(program, 1, 10);
    good = moments_at(program, 1, 1000) && good;
    good = moments_at(program, 0.5, 10) && good;
    return moments_at(program, 0.5, 1000) && good;
}

static double outside(double ratio)
{
    return ratio < 1.08 || ratio > 1.49;
}

/* d = 100, L = 1000, alpha = 1/sqrt(L): the published histogram's mean, spread and tails. */
static bool lognormal(const char *program)
{
    Draws draws = draw(program, 0.5, 1000, 24, "forward_ratio");
    bool good = within("mean |h_L|/|h_0|", mean_of(&draws, same), 1.274, 1.284);
    good = within("its standard deviation", deviation_of(&draws), 0.084, 0.094) && good;
    /* 1 % lie on either side; the error is that of the count, since few or none are seen */
    Estimate tails = mean_of(&draws, outside);
    tails.error = sqrt(0.02 * 0.98 / draws.count);
    good = within("share outside 1.08 .. 1.49", tails, 0.02, 0.02) && good;
    free(draws.values);
    return good;
}

/* alpha = L^(-1/4), d = 40: growth, but of the size that the second moments give. */
static bool growth(const char *program)
{
    Draws draws = draw(program, 0.25, 1000, 60, "forward_change");
    bool good = within("mean |h_L - h_0|/|h_0|, beta 0.25", mean_of(&draws, same), 2.2e3 / 1.25,
                       2.2e3 * 1.25);
    /* on the scale on which it is normal, and given to two digits */
    for (int i = 0; i < draws.count; i++)
        draws.values[i] = log(draws.values[i]);
    good = within("log of its median", median_of(&draws), log(1.75e3), log(1.85e3)) && good;
    free(draws.values);
    return good;
}

static Estimate log_change(const char *program, double beta, int depth, int repeat)
{
    Draws draws = draw(program, beta, depth, repeat, "forward_change");
    Estimate e = mean_of(&draws, log);
    free(draws.values);
    return e;
}

/* The slope in log L of the mean log change at beta = 1/2 rises with depth: faster than a power. */
static bool grows_beyond_powers(const char *program)
{
    static const int depths[] = {10, 50, 250};
    Estimate at[3];
    for (int i = 0; i < 3; i++)
        at[i] = log_change(program, 0.5, depths[i], 40);
    double step = log(5);
    Estimate rise = {(at[2].mean - 2 * at[1].mean + at[0].mean) / step,
                     hypot(hypot(at[2].error, 2 * at[1].error), at[0].error) / step};
    /* three errors away from no rise at all, not towards it */
    rise.mean -= 6 * rise.error;
    return within("rise of the slope at beta 0.5, less 6 errors", rise, 0, INFINITY);
}

/* Smooth weights: at beta = 1 the change does not depend on depth, at 2 it is that over L. */
static bool smooth(const char *program, double low, double high)
{
    static const struct {
        int depth, repeat;
    } sizes[] = {{10, 100}, {100, 60}, {400, 24}};
    bool good = true;
    for (int i = 0; i < 3; i++)
        for (int beta = 1; beta <= 2; beta++) {
            double unit = beta == 1 ? 1 : sizes[i].depth;
            Draws draws = draw(program, beta, sizes[i].depth, sizes[i].repeat, "forward_change");
            char what[64];
            snprintf(what, sizeof what, "mean |h_L - h_0|/|h_0|, beta %d, L %d", beta,
                     sizes[i].depth);
            good = within(what, mean_of(&draws, same), low / unit, high / unit) && good;
            free(draws.values);
        }
    return grows_beyond_powers(program) && good;
}

static bool smooth_increments(const char *program)
{
    return smooth(program, 0.195, 0.215);
}

static bool smooth_values(const char *program)
{
    return smooth(program, 0.296, 0.304);
}

static const struct {
    const char *name;
    bool (*run)(const char *program);
} cases[] = {
    {"moments", moments},
    {"lognormal", lognormal},
    {"growth", growth},
    {"smooth_increments", smooth_increments},
    {"smooth_values", smooth_values},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run(argv[2]) ? 0 : 1;
    die("usage: initial CASE PROGRAM");
}
