/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of arrays as NumPy's `load` reads them: a zip of .npy files, deflated.
 */
#ifndef RNET_LIB_NPZ_H
#define RNET_LIB_NPZ_H

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct RtArray {
    const char *name; /* without .npy */
    bool whole;       /* int64_t instead of double */
    int rank;         /* 1 or 2 */
    int64_t dims[2];
    const void *values;
} RtArray;

/* Nothing, or the whole file. Arrays and archive stay below 4 GiB, as plain zip demands. */
bool rt_npz_write(const char *path, const RtArray *arrays, int count, RtError *error);

#endif
