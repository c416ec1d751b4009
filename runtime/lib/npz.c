/* SPDX-License-Identifier: Apache-2.0
 *
 * Zip archives, without the 64-bit extensions: for each array a local header and its deflated
 * bytes, then the directory with the headers again, then its end.
 */
#define ZLIB_CONST /* zlib reads what it is given to read */

#include "lib/npz.h"
#include "lib/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    HEADER_SIZE = 128, /* of an .npy file; its data begin at a multiple of 64 */
    MOST_ENTRIES = 65535,
    VERSION = 20,
    DEFLATED = 8,
    FIRST_OF_1980 = 0x21
};

typedef struct Entry {
    const RtArray *array;
    char name[256];
    uint32_t crc, packed, plain, offset;
} Entry;

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

/* What local and central headers share: version to name length, no extra field. */
static uint8_t *put_common(uint8_t *at, const Entry *entry)
{
    at = put(at, VERSION, 2);
    at = put(at, 0, 2);
    at = put(at, DEFLATED, 2);
    at = put(at, 0, 2); /* time of day */
    at = put(at, FIRST_OF_1980, 2);
    at = put(at, entry->crc, 4);
    at = put(at, entry->packed, 4);
    at = put(at, entry->plain, 4);
    at = put(at, strlen(entry->name), 2);
    return put(at, 0, 2);
}

/* magic, version 1.0, length of the text, a Python dictionary padded with spaces */
static void npy_header(const RtArray *array, uint8_t header[HEADER_SIZE])
{
    char text[HEADER_SIZE], shape[64];
    if (array->rank == 1)
        snprintf(shape, sizeof shape, "(%lld,)", (long long)array->dims[0]);
    else
        snprintf(shape, sizeof shape, "(%lld, %lld)", (long long)array->dims[0],
                 (long long)array->dims[1]);
    int length =
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                 array->whole ? "<i8" : "<f8", shape);
    memset(header, ' ', HEADER_SIZE);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    put(header + 8, HEADER_SIZE - 10, 2);
    memcpy(header + 10, text, (size_t)length);
    header[HEADER_SIZE - 1] = '\n';
}

static bool plain_size(const RtArray *array, size_t *size)
{
    size_t items = (size_t)array->dims[0], bytes;
    if (array->rank == 2 && __builtin_mul_overflow(items, (size_t)array->dims[1], &items))
        return false;
    return !__builtin_mul_overflow(items, sizeof(double), &bytes) &&
           !__builtin_add_overflow(bytes, (size_t)HEADER_SIZE, size) && *size < UINT32_MAX;
}

static bool deflate_parts(z_stream *stream, const uint8_t *header, const Entry *entry)
{
    stream->next_in = header;
    stream->avail_in = HEADER_SIZE;
    if (deflate(stream, Z_NO_FLUSH) != Z_OK)
        return false;
    stream->next_in = entry->array->values;
    stream->avail_in = entry->plain - HEADER_SIZE;
    return deflate(stream, Z_FINISH) == Z_STREAM_END;
}

/* The array's .npy file, deflated; NULL where memory ends. */
static uint8_t *pack(Entry *entry)
{
    uint8_t header[HEADER_SIZE];
    z_stream stream = {0};
    npy_header(entry->array, header);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    uLong bound = deflateBound(&stream, entry->plain);
    uint8_t *packed = bound < UINT32_MAX ? malloc(bound) : NULL;
    stream.next_out = packed;
    stream.avail_out = (uInt)bound;
    bool good = packed && deflate_parts(&stream, header, entry);
    entry->packed = (uint32_t)stream.total_out;
    entry->crc = (uint32_t)crc32(crc32(0, header, HEADER_SIZE), entry->array->values,
                                 entry->plain - HEADER_SIZE);
    deflateEnd(&stream);
    if (good)
        return packed;
    free(packed);
    return NULL;
}

static bool write_entry(RtWriter *writer, Entry *entry, uint64_t *offset, RtError *error)
{
    uint8_t header[LOCAL_SIZE];
    uint8_t *packed = pack(entry);
    if (!packed)
        return rt_fail(error, RT_FAILED, "out of memory for %s", writer->path);
    entry->offset = (uint32_t)*offset;
    put_common(put(header, 0x04034b50, 4), entry);
    bool good = rt_writer_put(writer, header, sizeof header, error) &&
                rt_writer_put(writer, entry->name, strlen(entry->name), error) &&
                rt_writer_put(writer, packed, entry->packed, error);
    free(packed);
    *offset += LOCAL_SIZE + strlen(entry->name) + entry->packed;
    return good &&
           (*offset < UINT32_MAX || rt_fail(error, RT_FAILED, "%s: more than 4 GiB", writer->path));
}

static bool write_directory(RtWriter *writer, const Entry *entries, int count, uint64_t offset,
                            RtError *error)
{
    uint64_t size = 0;
    for (int i = 0; i < count; i++) {
        uint8_t header[CENTRAL_SIZE];
        memset(header, 0, sizeof header); /* comment, disk, attributes */
        put_common(put(put(header, 0x02014b50, 4), VERSION, 2), &entries[i]);
        put(header + CENTRAL_SIZE - 4, entries[i].offset, 4);
        if (!rt_writer_put(writer, header, sizeof header, error) ||
            !rt_writer_put(writer, entries[i].name, strlen(entries[i].name), error))
            return false;
        size += CENTRAL_SIZE + strlen(entries[i].name);
    }
    uint8_t end[END_SIZE];
    uint8_t *at = put(put(end, 0x06054b50, 4), 0, 4);
    at = put(put(at, (uint64_t)count, 2), (uint64_t)count, 2);
    put(put(put(at, size, 4), offset, 4), 0, 2);
    return rt_writer_put(writer, end, sizeof end, error);
}

static bool write_all(RtWriter *writer, Entry *entries, int count, RtError *error)
{
    uint64_t offset = 0;
    for (int i = 0; i < count; i++)
        if (!write_entry(writer, &entries[i], &offset, error))
            return false;
    return write_directory(writer, entries, count, offset, error);
}

static bool name_entries(const char *path, const RtArray *arrays, int count, Entry *entries,
                         RtError *error)
{
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        entries[i].array = &arrays[i];
        int length = snprintf(entries[i].name, sizeof entries[i].name, "%s.npy", arrays[i].name);
        if (!plain_size(&arrays[i], &size) || length >= (int)sizeof entries[i].name)
            return rt_fail(error, RT_FAILED, "%s: %s is too large for a .npz file", path,
                           arrays[i].name);
        entries[i].plain = (uint32_t)size;
    }
    return true;
}

bool rt_npz_write(const char *path, const RtArray *arrays, int count, RtError *error)
{
    RtWriter writer;
    Entry *entries = count <= MOST_ENTRIES ? calloc((size_t)count + 1, sizeof *entries) : NULL;
    if (!entries)
        return rt_fail(error, RT_FAILED, "out of memory for %s", path);
    bool good =
        name_entries(path, arrays, count, entries, error) && rt_writer_open(&writer, path, error);
    if (good) {
        good = write_all(&writer, entries, count, error);
        if (good)
            good = rt_writer_commit(&writer, error);
        else
            rt_writer_abandon(&writer);
    }
    free(entries);
    return good;
}
