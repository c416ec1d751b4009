/* SPDX-License-Identifier: Apache-2.0
 *
 * The safetensors format: eight bytes of header length, little-endian; a JSON object of tensors,
 * each {"dtype", "shape", "data_offsets"}, and of strings under "__metadata__"; the data.
 *
 * The reader walks over the header and allocates nothing.
 */
#ifndef RNET_LIB_SAFETENSORS_H
#define RNET_LIB_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RT_ST_NAME = 256, RT_ST_VALUE = 512, RT_ST_RANK = 8 };

typedef enum RtStKind { RT_ST_END, RT_ST_TENSOR, RT_ST_METADATA, RT_ST_BAD } RtStKind;

typedef struct RtStEntry {
    char name[RT_ST_NAME];   /* of the tensor; key of the metadata */
    char value[RT_ST_VALUE]; /* of the metadata */
    char dtype[8];
    int rank;
    int64_t shape[RT_ST_RANK];
    uint64_t begin, end; /* in the data */
} RtStEntry;

typedef struct RtStReader {
    const char *start, *at, *stop; /* of the header */
    const uint8_t *data;
    size_t data_size;
    bool in_metadata, first;
    const char *problem; /* what is wrong, and at which byte of the file */
    size_t where;
} RtStReader;

bool rt_st_open(RtStReader *reader, const uint8_t *bytes, size_t size);
/* Offsets of what it returns are within the data, and in order. */
RtStKind rt_st_next(RtStReader *reader, RtStEntry *entry);
/* Bytes of an item of a dtype, 0 for one that is not known. */
size_t rt_st_item(const char *dtype);

#endif
