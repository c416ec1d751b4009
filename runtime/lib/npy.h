/* SPDX-License-Identifier: Apache-2.0
 *
 * NumPy's .npy files, versions 1 to 3: little-endian f4, f8, i4, i8 and u1 in C order.
 */
#ifndef RNET_LIB_NPY_H
#define RNET_LIB_NPY_H

#include "lib/data.h"

typedef struct RtNpy {
    RtFile file;
    char kind;           /* 'f', 'i' or 'u' */
    int item;            /* bytes */
    int64_t rows, width; /* shape[0], and the product of the rest */
    const uint8_t *data;
} RtNpy;

bool rt_npy_parse(const char *path, const RtFile *file, RtNpy *npy, RtError *error);
bool rt_npy_read(const char *path, RtNpy *npy, RtError *error);
double rt_npy_value(const RtNpy *npy, int64_t index);
/* Rows as inputs; bytes stay bytes, which stand for byte/255. */
bool rt_npy_inputs(const char *path, int32_t real_size, RtTable *table, RtError *error);
/* Whole numbers of width 1 are labels where classes are wanted, anything else targets. */
bool rt_npy_targets(const char *path, int32_t real_size, bool classes, RtTable *table,
                    RtError *error);
/* Takes the file that holds the inputs, which may have been read from a pipe. */
bool rt_npy_take_inputs(const char *path, RtNpy *npy, int32_t real_size, RtTable *table,
                        RtError *error);
/* The header of a version 1 file of rows × width reals; returns its length (a multiple of 64). */
size_t rt_npy_header(char header[128], int64_t rows, int64_t width, int32_t real_size);

#endif
