/* SPDX-License-Identifier: Apache-2.0
 *
 * IDX files: a magic of two zero bytes, the type (8: unsigned bytes) and the number of dimensions,
 * one big-endian 32-bit size for each, and the bytes.
 */
#include "lib/data.h"
#include "lib/memory.h"
#include "lib/real.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNSIGNED_BYTES = 8 };

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

typedef struct Header {
    int64_t count, features;
    size_t bytes; /* of the header */
} Header;

static bool read_magic(const char *path, const RtFile *file, int least, int most, int *rank,
                       RtError *error)
{
    if (file->size < 4)
        return rt_fail(error, RT_BAD_DATA, "%s: byte %zu: the file ends inside its magic", path,
                       file->size);
    uint32_t magic = big_endian(file->bytes);
    *rank = (int)(magic & 0xff);
    if (magic >> 8 != UNSIGNED_BYTES || *rank < least || *rank > most)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: byte 0: magic 0x%08x, expected 0x%08x (IDX, unsigned bytes, %s)", path,
                       magic, UNSIGNED_BYTES << 8 | (least == 1 ? 1 : 3),
                       least == 1 ? "1 dimension: labels" : "3 dimensions: images");
    return true;
}

static bool read_header(const char *path, const RtFile *file, int least, int most, Header *header,
                        RtError *error)
{
    int rank = 0;
    if (!read_magic(path, file, least, most, &rank, error))
        return false;
    header->bytes = 4 + 4 * (size_t)rank;
    if (file->size < header->bytes)
        return rt_fail(error, RT_BAD_DATA, "%s: byte %zu: the file ends inside its header", path,
                       file->size);
    header->count = big_endian(file->bytes + 4);
    header->features = 1;
    for (int i = 1; i < rank; i++)
        if (__builtin_mul_overflow(header->features, (int64_t)big_endian(file->bytes + 4 + 4 * i),
                                   &header->features))
            return rt_fail(error, RT_BAD_DATA, "%s: byte %d: sizes overflow", path, 4 + 4 * i);
    size_t wanted;
    if (!rt_bytes(header->count, header->features, 1, &wanted) ||
        file->size - header->bytes != wanted)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: %zu bytes after the header, but it announces %lld items of %lld bytes",
                       path, file->size - header->bytes, (long long)header->count,
                       (long long)header->features);
    if (header->count == 0 || header->features == 0)
        return rt_fail(error, RT_BAD_DATA, "%s: the header announces no items", path);
    return true;
}

bool rt_idx_images(const char *path, RtTable *table, RtError *error)
{
    Header header;
    if (!rt_file_read(path, rt_memory_left(""), &table->file, error))
        return false;
    if (!read_header(path, &table->file, 2, 4, &header, error)) {
        rt_file_free(&table->file);
        return false;
    }
    table->count = header.count;
    table->features = table->stride = header.features;
    table->bytes = table->file.bytes + header.bytes;
    snprintf(table->source, sizeof table->source, "%s", path);
    return true;
}

bool rt_idx_labels(const char *path, RtTable *table, RtError *error)
{
    RtFile file;
    Header header;
    if (!rt_file_read(path, rt_memory_left(""), &file, error))
        return false;
    snprintf(table->targets_source, sizeof table->targets_source, "%s", path);
    bool good = read_header(path, &file, 1, 1, &header, error);
    if (good && header.count != table->count)
        good = rt_fail(error, RT_BAD_DATA, "%s: %lld labels, but %s holds %lld images", path,
                       (long long)header.count, table->source, (long long)table->count);
    if (good) {
        table->labels = malloc((size_t)header.count * sizeof *table->labels);
        good = table->labels || rt_fail(error, RT_FAILED, "%s: out of memory", path);
    }
    for (int64_t i = 0; good && i < header.count; i++)
        table->labels[i] = file.bytes[header.bytes + (size_t)i];
    rt_file_free(&file);
    return good;
}
