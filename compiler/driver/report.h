/* SPDX-License-Identifier: Apache-2.0
 *
 * One report, written as text for people or as JSON for programs: nested objects of named numbers
 * and texts, and tables. A number that is not finite is null in JSON.
 */
#ifndef RNET_DRIVER_REPORT_H
#define RNET_DRIVER_REPORT_H

#include "support/str.h"

#include <stdint.h>
#include <stdio.h>

typedef struct Report {
    Arena *arena;
    FILE *out;
    bool json;
    int columns; /* where texts are wrapped: the terminal's width, else 100 */
    int level;
    bool began; /* something stands in the open object already */
} Report;

Report report_open(Arena *arena, FILE *out, bool json);
void report_close(Report *report);

/* `key` NULL: an element of the list that is open. In text, `title` heads what follows. */
void report_begin(Report *report, const char *key, const char *title);
void report_end(Report *report);
void report_begin_list(Report *report, const char *key);
void report_end_list(Report *report);

void report_number(Report *report, const char *key, double value);
/* In text under a name of its own, which is written as it is. */
void report_named(Report *report, const char *key, const char *name, double value);
/* In text with the unit behind it. */
void report_amount(Report *report, const char *key, double value, const char *unit);
/* In text with a rounded form behind it: 734192640 (734 million), 69724576 (66.5 MiB). */
void report_count(Report *report, const char *key, double value);
void report_bytes(Report *report, const char *key, double value);
/* NULL: null in JSON, nothing in text. */
void report_text(Report *report, const char *key, const char *value);

/* Cells are [rows][columns], NULL for none; the columns of `numbers` are such in JSON. */
typedef struct ReportTable {
    const char *key;
    const char *const *columns;
    const bool *numbers;
    uint32_t column_count, row_count;
    const char *const *cells;
} ReportTable;
void report_table(Report *report, const ReportTable *table);

/* As in the report: six digits, NULL where it is not finite. */
const char *report_cell(Arena *arena, double value);

#endif
