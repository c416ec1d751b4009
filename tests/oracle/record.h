/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run computed, for another judge: arrays in one file of NPY records, their names in JSON.
 */
#ifndef ORACLE_RECORD_H
#define ORACLE_RECORD_H

#include "reference/num.h"

typedef struct Record Record;

/* Ends the program where the files cannot be made. */
Record *record_open(const char *folder, const char *dump_path);
void record_setting(Record *record, const char *name, double value);
void record_array(Record *record, const char *name, const char *part, const double *values,
                  long count);
void record_bounds(Record *record, const char *name, const char *part, const Num *numbers,
                   long count);
void record_close(Record *record);

#endif
