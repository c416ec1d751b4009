/* SPDX-License-Identifier: Apache-2.0
 *
 * What bitcode calls of libm. It is compiled for machines whose own headers need not be installed,
 * and for all of them from the same ones, these.
 */
#ifndef RNET_FREESTANDING_MATH_H
#define RNET_FREESTANDING_MATH_H

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)

double acos(double x);
double asin(double x);
double ceil(double x);
double cos(double x);
double erf(double x);
double erfc(double x);
double exp(double x);
double expm1(double x);
double fabs(double x);
float fabsf(float x);
double fmax(double x, double y);
double fmin(double x, double y);
double log(double x);
double log1p(double x);
double pow(double x, double y);
double round(double x);
double sin(double x);
double sqrt(double x);
double tanh(double x);

#endif
