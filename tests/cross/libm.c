/* SPDX-License-Identifier: Apache-2.0
 *
 * One libm for all machines: what is left to a machine's own is what has one right answer (roots,
 * rounding). Linked in its place, it must make results equal to the last bit everywhere, so that
 * a difference in what users see can come from their machine's libm alone. Textbook series, good to
 * some digits less than the real one; that does not matter here.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

void sincos(double x, double *s, double *c);

static const double pi = 0x1.921fb54442d18p+1;

/* 2^n, where it is a normal number. */
static double power_of_two(int64_t n)
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x = n ln 2 + r, and the series of e^r. */
double exp(double x)
{
    if (!(x < 709)) {
        return x > 0 ? INFINITY : x;
    }
    if (x < -708) {
        return 0;
    }
    double n = rint(x / 0x1.62e42fefa39efp-1);
    double r = x - n * 0x1.62e42feep-1 - n * 0x1.a39ef35793c76p-33, sum = 1;
    for (int k = 18; k > 0; k--) {
        sum = 1 + sum * r / k;
    }
    return sum * power_of_two((int64_t)n);
}

/* x = 2^n m, ln m = 2 artanh((m - 1) / (m + 1)). */
double log(double x)
{
    int64_t n = 0;
    if (!(x > 0) || x > 0x1p1000) {
        return x == 0 ? -INFINITY : x > 0 ? x : NAN;
    }
    for (; x > 1.5; n++) {
        x /= 2;
    }
    for (; x < 0.75; n--) {
        x *= 2;
    }
    double s = (x - 1) / (x + 1), sum = 0;
    for (int k = 41; k > 0; k -= 2) {
        sum = sum * s * s + 1.0 / k;
    }
    return 2 * s * sum + (double)n * 0x1.62e42fefa39efp-1;
}

double log1p(double x)
{
    double u = 1 + x;
    return u == 1 ? x : log(u) * x / (u - 1);
}

double expm1(double x)
{
    double u = exp(x);
    return u == 1 ? x : u < 0x1p-53 ? -1 : isinf(u) ? u : (u - 1) * x / log(u);
}

double pow(double x, double y)
{
    return y == 0 ? 1 : x == 0 ? 0 : exp(y * log(x));
}

double tanh(double x)
{
    double t = expm1(2 * fabs(x));
    return copysign(fabs(x) > 20 ? 1 : t / (t + 2), x);
}

double erf(double x)
{
    if (fabs(x) > 6) {
        return copysign(1, x);
    }
    double term = x, sum = x;
    for (int k = 1; k < 150; k++) {
        term *= 2 * x * x / (2 * k + 1);
        sum += term;
    }
    return 2 / sqrt(pi) * exp(-x * x) * sum;
}

/* Beyond 2 a continued fraction, from its end. */
double erfc(double x)
{
    if (!(x > 2)) {
        return 1 - erf(x);
    }
    double fraction = x;
    for (int k = 60; k > 0; k--) {
        fraction = x + 0.5 * k / fraction;
    }
    return exp(-x * x) / fraction / sqrt(pi);
}

/* x = n pi + r, and the series of both. */
void sincos(double x, double *s, double *c)
{
    double n = rint(x / pi), r = x - n * 0x1.921fb544p+1 - n * 0x1.0b4611a626331p-33;
    double sign = fmod(n, 2) == 0 ? 1 : -1, sine = 0, cosine = 0;
    for (int k = 30; k > 0; k -= 2) {
        sine = 1 - sine * r * r / (k * (k + 1));
        cosine = 1 - cosine * r * r / (k * (k - 1));
    }
    *s = sign * r * sine;
    *c = sign * cosine;
}

double sin(double x)
{
    double s, c;
    sincos(x, &s, &c);
    return s;
}

double cos(double x)
{
    double s, c;
    sincos(x, &s, &c);
    return c;
}

/* Newton's iteration up to 1/2, from there by half the angle. */
double asin(double x)
{
    double size = fabs(x), y = size;
    if (size > 0.5) {
        return copysign(pi / 2 - 2 * asin(sqrt((1 - size) / 2)), x);
    }
    for (int k = 0; k < 6; k++) {
        double s, c;
        sincos(y, &s, &c);
        y -= (s - size) / c;
    }
    return copysign(y, x);
}

double acos(double x)
{
    return pi / 2 - asin(x);
}
