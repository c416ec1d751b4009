/* SPDX-License-Identifier: Apache-2.0
 *
 * Formulas of the dump, evaluated from their text: fully bracketed, as --dump=model prints them.
 */
#ifndef ORACLE_FORMULA_H
#define ORACLE_FORMULA_H

#include <stdbool.h>

typedef struct FormulaParam {
    char *name;
    double value;
} FormulaParam;

/* What the leaves stand for. */
typedef struct FormulaPlace {
    const FormulaParam *params;
    int param_count;
    double depth, layer, fan_in, fan_out, base;
} FormulaPlace;

/* Ends the program with a message where the text is no formula. */
double formula_evaluate(const char *text, const FormulaPlace *place);

#endif
