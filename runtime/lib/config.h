/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of a program's params, and its formulas over them.
 */
#ifndef RNET_LIB_CONFIG_H
#define RNET_LIB_CONFIG_H

#include "core/program.h"
#include "lib/error.h"

/* values[param_count] */
void rt_config_defaults(const RnProgram *program, double *values);
/* Index of a param, or -1. */
int32_t rt_config_find(const RnProgram *program, const char *name, size_t length);
/* Checks the range; an integer param is rounded to the nearest whole number. */
bool rt_config_store(const RnProgram *program, double *values, int32_t param, double value,
                     const char *where, RtError *error);
/* Tells of a value outside the range. */
bool rt_fail_range(const RnParam *param, double value, int status, const char *where,
                   RtError *error);
/* "NAME=VALUE" */
bool rt_config_assign(const RnProgram *program, double *values, const char *assignment,
                      RtError *error);
/* As in RnTensor.depends: bit i for param i, and bit 63 for any further one. */
int64_t rt_param_bit(int32_t param);
/* Does the draw of the tensor follow the param? */
bool rt_config_draws(const RnTensor *tensor, int32_t param);
/* A formula over params alone; `otherwise` where there is none. */
double rt_formula(RnFormula *formula, const double *values, double otherwise);
/* Does it give the same for both? */
bool rt_formula_same(RnFormula *formula, const double *a, const double *b);
/* Have both the same seed, and the same samples for training, validation and test? */
bool rt_config_same_split(const RnTrain *train, const double *a, const double *b);
/* A count: finite, rounded, from `least` to 2^53. */
bool rt_formula_count(RnFormula *formula, const double *values, int64_t otherwise, int64_t least,
                      const char *what, int64_t *count, RtError *error);
/* Layers of a region; region -1 counts as 1. */
bool rt_region_depth(const RnProgram *program, const double *values, int32_t region, int64_t *depth,
                     RtError *error);
enum { RT_NUMBER_TEXT = 32 };
/* 15 digits, or as many more as read back as the same number: 0.1, and 1000000, not 1e+06. */
const char *rt_exact_text(double value, char text[RT_NUMBER_TEXT]);
/* A number in full: all characters, finite. */
bool rt_parse_number(const char *text, double *value);

#endif
