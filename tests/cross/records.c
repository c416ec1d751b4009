/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of a machine, read one by one.
 */
#include "records.h"

#include <stdlib.h>
#include <string.h>

FILE *open_records(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

bool read_record(FILE *file, Record *r)
{
    if (fscanf(file, "%63s %zu %zu", r->name, &r->size, &r->each) != 3 || fgetc(file) != '\n') {
        return false;
    }
    r->data = malloc(r->size + 1);
    return r->data != NULL && fread(r->data, 1, r->size, file) == r->size;
}

double record_number(const Record *r, size_t i)
{
    double whole;
    float half;
    if (r->each == sizeof half) {
        memcpy(&half, r->data + i * r->each, sizeof half);
        return (double)half;
    }
    memcpy(&whole, r->data + i * r->each, sizeof whole);
    return whole;
}
