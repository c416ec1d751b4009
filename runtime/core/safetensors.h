/* SPDX-License-Identifier: Apache-2.0
 *
 * The safetensors format: eight bytes of header length, little-endian; a JSON object of tensors,
 * each {"dtype", "shape", "data_offsets"}, and of strings under "__metadata__"; the data.
 *
 * The reader walks over the header, trusts nothing in it and allocates nothing.
 */
#ifndef RNET_CORE_SAFETENSORS_H
#define RNET_CORE_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RN_ST_NAME = 512, RN_ST_VALUE = 512, RN_ST_RANK = 8 };

typedef enum RnStKind { RN_ST_END, RN_ST_TENSOR, RN_ST_METADATA, RN_ST_BAD } RnStKind;

typedef struct RnStEntry {
    char name[RN_ST_NAME];   /* of the tensor; key of the metadata */
    char value[RN_ST_VALUE]; /* of the metadata */
    char dtype[8];
    bool cut; /* of the metadata: longer than there is room for here */
    int rank;
    int64_t shape[RN_ST_RANK];
    uint64_t begin, end; /* in the data */
} RnStEntry;

typedef struct RnStReader {
    const char *start, *at, *stop; /* of the header */
    const uint8_t *data;
    size_t data_size;
    bool in_metadata, first;
    const char *problem; /* what is wrong, and at which byte of the file */
    size_t where;
} RnStReader;

bool rn_st_open(RnStReader *reader, const uint8_t *bytes, size_t size);
/* Offsets of what it returns are within the data, and in order. */
RnStKind rn_st_next(RnStReader *reader, RnStEntry *entry);

#endif
