/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of the running error analysis, one function an operation.
 */
#include "num.h"

#include <float.h>

static NumPrecision precision = {0x1p-24 + 0x1p-53, 0x1p-149};

NumPrecision num_precision(void)
{
    return precision;
}

void num_set_precision(int bits)
{
    double own = 0x1p-53;
    precision.unit = own + (bits == 0 ? 0 : ldexp(1, -bits));
    precision.floor = bits == 24 ? 0x1p-149 : 0x1p-1074;
}

Num num_rounded(double value, double error)
{
    if (value == 0 && error == 0) {
        return (Num){0, 0};
    }
    return (Num){value, error + precision.unit * (fabs(value) + error) + precision.floor};
}

Num num_constant(double value)
{
    return num_rounded(value, 0);
}

Num num_add(Num a, Num b)
{
    return num_rounded(a.value + b.value, a.error + b.error);
}

Num num_sub(Num a, Num b)
{
    return num_add(a, num_neg(b));
}

Num num_neg(Num a)
{
    return (Num){-a.value, a.error};
}

static double product_error(Num a, Num b)
{
    return fabs(a.value) * b.error + fabs(b.value) * a.error + a.error * b.error;
}

Num num_mul(Num a, Num b)
{
    return num_rounded(a.value * b.value, product_error(a, b));
}

/* |a'/b' − a/b| = |a'b − ab'| / |b b'| ≤ (e_a + |a/b| e_b) / (|b| − e_b) */
Num num_div(Num a, Num b)
{
    double quotient = a.value / b.value;
    double least = fabs(b.value) - b.error;
    double error = least > 0 ? (a.error + fabs(quotient) * b.error) / least : HUGE_VAL;
    return num_rounded(quotient, num_is_zero(a) ? 0 : error);
}

/* |√a' − √a| = |a' − a| / (√a' + √a), and a' ≥ a − e; the program's a' is not negative */
Num num_sqrt(Num a)
{
    double root = sqrt(a.value);
    double least = sqrt(fmax(a.value - a.error, 0));
    double error = root > 0 ? a.error / (root + least) : sqrt(a.error);
    return num_rounded(root, error);
}

static Num with_ulps(double value, double error)
{
    double ulps = 2 * NUM_FUNCTION_ULPS * precision.unit; /* an ulp is at most two units */
    return (Num){value, error + ulps * (fabs(value) + error) + precision.floor};
}

Num num_exp(Num a)
{
    double value = exp(a.value);
    return with_ulps(value, value * expm1(a.error));
}

Num num_log(Num a)
{
    double value = log(a.value);
    return with_ulps(value, a.error == 0 ? 0 : -log1p(-fmin(a.error / a.value, 1)));
}

Num num_function(Num x, double value, double slope, double curvature)
{
    return with_ulps(value, fabs(slope) * x.error + curvature / 2 * x.error * x.error);
}

bool num_is_zero(Num a)
{
    return a.value == 0 && a.error == 0;
}

bool num_is_clear(Num a)
{
    return fabs(a.value) > a.error || num_is_zero(a);
}

void sum_product(Sum *sum, Num a, Num b)
{
    double value = a.value * b.value;
    double error = product_error(a, b);
    if (value == 0 && error == 0) {
        return; /* adds nothing, exactly */
    }
    sum->value += value;
    sum->error += error;
    sum->magnitude += fabs(value) + error;
    sum->terms++;
}

void sum_add(Sum *sum, Num a)
{
    sum_product(sum, a, num_exact(1));
}

Num sum_done(const Sum *sum)
{
    if (sum->terms == 0) {
        return num_exact(0);
    }
    double n = (double)sum->terms * precision.unit;
    double gamma = n / (1 - n);
    double floors = (double)sum->terms * precision.floor;
    return (Num){sum->value, sum->error + gamma * sum->magnitude + floors};
}
