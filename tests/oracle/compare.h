/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparisons with the oracle's bounds, gathered by quantity for one closing table.
 */
#ifndef ORACLE_COMPARE_H
#define ORACLE_COMPARE_H

#include "reference/num.h"

enum { COMPARE_ROWS = 64 };

typedef struct CompareRow {
    char name[48];
    long entries, wrong;
    double worst;       /* greatest |difference| / bound */
    double most, bound; /* greatest magnitude, greatest bound */
} CompareRow;

typedef struct Comparison {
    CompareRow rows[COMPARE_ROWS];
    int count;
    long failures;
} Comparison;

void compare(Comparison *c, const char *quantity, const char *part, const double *got,
             const Num *wanted, long count);
/* Bounds must say something: the greatest of a quantity is below 2^-6 of its greatest value. */
void compare_meaning(Comparison *c);
/* An assertion: says what is wrong and counts it. */
void compare_require(Comparison *c, int holds, const char *what, const char *part);
void compare_print(const Comparison *c);

#endif
