/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of numbers as text. Fields are separated by commas, may stand in double quotes ("" is one
 * quote), lines end with LF or CRLF, blank lines are passed over.
 *
 * Columns are named by the header or by number, from 1. The target is the last column where none is
 * named. `skip` names columns that are left out, separated by commas.
 */
#ifndef RNET_LIB_CSV_H
#define RNET_LIB_CSV_H

#include "lib/data.h"

typedef struct RtCsvWanted {
    const char *target, *skip; /* or NULL */
    int header;                /* 1 there is one, 0 there is none, -1: one that is not numbers */
    bool header_assumed;       /* nobody said so: a header of numbers alone is an error */
    bool missing;              /* an empty field becomes NaN, else it is an error */
    int64_t classes;           /* the target is a class below it; 0: a number */
    bool inputs_only;          /* no target is wanted; one that is named is left out */
    double target_unit;        /* targets are divided by it; 0 counts as 1 */
    int64_t features;          /* expected */
    int32_t real_size;
} RtCsvWanted;

bool rt_csv_parse(const char *path, const RtFile *file, const RtCsvWanted *wanted, RtTable *table,
                  RtError *error);
bool rt_csv_load(const char *path, const RtCsvWanted *wanted, RtTable *table, RtError *error);

#endif
