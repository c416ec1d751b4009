/* SPDX-License-Identifier: Apache-2.0
 *
 * Num: a value and a bound on how far the tested program's result may lie from it.
 *
 * Running error analysis. `unit` is the unit roundoff of the tested program plus that of double, in
 * which the oracle itself rounds, so a bound covers both sides. Each operation adds what its
 * operands' errors become (second-order terms included) and one rounding of the result. A zero
 * without error stays one: a product with an exact zero is exact.
 */
#ifndef ORACLE_NUM_H
#define ORACLE_NUM_H

#include <math.h>
#include <stdbool.h>

typedef struct Num {
    double value, error;
} Num;

/* What the tested arithmetic promises. */
typedef struct NumPrecision {
    double unit;  /* relative error of one rounding */
    double floor; /* absolute error of one rounding in the denormal range */
} NumPrecision;

/* How far the tested program's exp, log, tanh, … may be from the exact function of their argument,
 * in units in the last place of the result; runtime/kernels promise it and their own unit test
 * asserts it. The oracle's own libm, at most 1 ulp of double, is inside `unit`. */
enum { NUM_FUNCTION_ULPS = 4 };

NumPrecision num_precision(void);
/* bits: 24 for float, 53 for double; 0: only the oracle's own rounding. */
void num_set_precision(int bits);

/* A sum of products. The bound gamma(terms) · Σ|a·b| holds for every order of the terms, with and
 * without fused multiply-adds. */
typedef struct Sum {
    double value, error, magnitude;
    long terms;
} Sum;

void sum_product(Sum *sum, Num a, Num b);
void sum_add(Sum *sum, Num a);
Num sum_done(const Sum *sum);

static inline Num num_exact(double value)
{
    return (Num){value, 0};
}

Num num_constant(double value); /* known in double, rounded once to the program's precision */
Num num_rounded(double value, double error);
Num num_add(Num a, Num b);
Num num_sub(Num a, Num b);
Num num_mul(Num a, Num b);
Num num_div(Num a, Num b);
Num num_neg(Num a);
Num num_sqrt(Num a);
Num num_exp(Num a);
Num num_log(Num a);
/* f(x) of a program's function: its value and slope at x, a bound on |f''| everywhere. */
Num num_function(Num x, double value, double slope, double curvature);
bool num_is_zero(Num a);  /* exactly */
bool num_is_clear(Num a); /* its sign is certain, or it is exactly zero */

#endif
