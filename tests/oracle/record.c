/* SPDX-License-Identifier: Apache-2.0
 *
 * record.npy holds one NPY array after another, all of doubles and one dimension; record.json
 * names them in that order.
 */
#include "record.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Record {
    FILE *arrays, *names;
    long settings;
};

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

Record *record_open(const char *folder, const char *dump_path)
{
    Record *record = calloc(1, sizeof *record);
    if (record == NULL) {
        exit(2);
    }
    record->arrays = create(folder, "record.npy");
    record->names = create(folder, "record.json");
    fprintf(record->names, "{\"dump\": \"%s\",\n\"arrays\": [", dump_path);
    return record;
}

/* Version 1.0: magic, length of the header, a Python dictionary padded to a multiple of 64. */
static void write_header(FILE *file, long count)
{
    char header[128];
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    uint16_t length = sizeof header - 10;
    header[8] = (char)(length & 0xff);
    header[9] = (char)(length >> 8);
    int end = snprintf(header + 10, sizeof header - 11,
                       "{'descr': '<f8', 'fortran_order': False, 'shape': (%ld,), }", count);
    header[10 + end] = ' ';
    header[sizeof header - 1] = '\n';
    fwrite(header, 1, sizeof header, file);
}

void record_array(Record *record, const char *name, const char *part, const double *values,
                  long count)
{
    fprintf(record->names, "%s\n\"%s/%s\"", record->settings++ > 0 ? "," : "", name, part);
    write_header(record->arrays, count);
    fwrite(values, sizeof *values, (size_t)count, record->arrays);
}

void record_setting(Record *record, const char *name, double value)
{
    record_array(record, "setting", name, &value, 1);
}

void record_bounds(Record *record, const char *name, const char *part, const Num *numbers,
                   long count)
{
    double *bounds = calloc((size_t)count + 1, sizeof *bounds);
    if (bounds == NULL) {
        exit(2);
    }
    for (long i = 0; i < count; i++) {
        bounds[i] = numbers[i].error;
    }
    record_array(record, name, part, bounds, count);
    free(bounds);
}

void record_close(Record *record)
{
    fprintf(record->names, "\n]}\n");
    if (fclose(record->names) != 0 || fclose(record->arrays) != 0) {
        perror("record");
        exit(2);
    }
    free(record);
}
