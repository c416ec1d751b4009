/* SPDX-License-Identifier: Apache-2.0
 *
 * A difference must not exceed its bound, the bound must be finite, and nothing may be NaN.
 */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPORTS_MAX = 5 };

static CompareRow *row_of(Comparison *c, const char *quantity)
{
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->rows[i].name, quantity) == 0) {
            return &c->rows[i];
        }
    }
    CompareRow *row = &c->rows[c->count < COMPARE_ROWS - 1 ? c->count++ : c->count];
    *row = (CompareRow){.worst = 0};
    snprintf(row->name, sizeof row->name, "%s", quantity);
    return row;
}

static void report(CompareRow *row, const char *part, long index, double got, Num wanted)
{
    if (row->wrong++ < REPORTS_MAX) {
        printf("%s of %s [%ld]: got %.9g, wanted %.9g, off by %.3g, bound %.3g\n", row->name, part,
               index, got, wanted.value, fabs(got - wanted.value), wanted.error);
    }
}

void compare(Comparison *c, const char *quantity, const char *part, const double *got,
             const Num *wanted, long count)
{
    CompareRow *row = row_of(c, quantity);
    for (long i = 0; i < count; i++) {
        double difference = fabs(got[i] - wanted[i].value);
        if (!(difference <= wanted[i].error) || !isfinite(wanted[i].error)) {
            report(row, part, i, got[i], wanted[i]);
            c->failures++;
        }
        if (difference > 0) {
            row->worst = fmax(row->worst, difference / wanted[i].error);
        }
        row->most = fmax(row->most, fabs(wanted[i].value));
        row->bound = fmax(row->bound, wanted[i].error);
    }
    row->entries += count;
}

void compare_meaning(Comparison *c)
{
    for (int i = 0; i < c->count; i++) {
        const CompareRow *row = &c->rows[i];
        compare_require(c, row->bound <= row->most * 0x1p-6, "a bound too wide to be a test",
                        row->name);
    }
}

void compare_require(Comparison *c, int holds, const char *what, const char *part)
{
    if (!holds) {
        printf("%s: %s\n", what, part);
        c->failures++;
    }
}

void compare_print(const Comparison *c)
{
    printf("%-28s %9s %7s %10s %10s\n", "quantity", "entries", "wrong", "worst", "bound");
    for (int i = 0; i < c->count; i++) {
        const CompareRow *row = &c->rows[i];
        printf("%-28s %9ld %7ld %10.2e %10.1e\n", row->name, row->entries, row->wrong, row->worst,
               row->most > 0 ? row->bound / row->most : 0);
    }
}
