/* SPDX-License-Identifier: Apache-2.0
 *
 * What driver.c writes: a line `NAME SIZE EACH`, then SIZE bytes in numbers of EACH bytes.
 */
#ifndef CROSS_RECORDS_H
#define CROSS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct Record {
    char name[64];
    size_t size, each;
    char *data; /* the reader's to free */
} Record;

/* Ends the program where there is no such file. */
FILE *open_records(const char *path);
/* False at the end, or where the file ends early. */
bool read_record(FILE *file, Record *r);
/* The i-th number of a record of reals. */
double record_number(const Record *r, size_t i);

#endif
