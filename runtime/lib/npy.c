/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a .npy file is a Python dictionary; its three keys are looked for one by one, and
 * what stands behind them is read strictly.
 */
#include "lib/npy.h"
#include "lib/memory.h"
#include "lib/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, SHAPE_RANK = 8, HEADER_TEXT = 65536 };

static bool fail(const char *path, const char *what, RtError *error)
{
    return rt_fail(error, RT_BAD_DATA, "%s: %s", path, what);
}

/* What stands after 'key': in the header, or NULL. */
static const char *find_key(const char *header, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *at = strstr(header, quoted);
    if (!at)
        return NULL;
    at += strlen(quoted);
    at += strspn(at, " ");
    if (*at++ != ':')
        return NULL;
    return at + strspn(at, " ");
}

static bool read_type(const char *path, const char *header, RtNpy *npy, RtError *error)
{
    static const char *const known[] = {"<f4", "<f8", "<i4", "<i8", "|u1"};
    const char *at = find_key(header, "descr");
    for (int i = 0; at && i < 5; i++)
        if (*at == '\'' && strncmp(at + 1, known[i], 3) == 0 && at[4] == '\'') {
            npy->kind = known[i][1];
            npy->item = known[i][2] - '0';
            return true;
        }
    const char *type = at ? at : "missing";
    size_t length = strcspn(type, ",}");
    return rt_fail(error, RT_BAD_DATA,
                   "%s: type %.*s: expected '<f4', '<f8', '<i4', '<i8' or "
                   "'|u1'",
                   path, length < 16 ? (int)length : 16, type);
}

static bool read_shape(const char *path, const char *header, RtNpy *npy, RtError *error)
{
    const char *at = find_key(header, "shape");
    if (!at || *at++ != '(')
        return fail(path, "no shape in the header", error);
    int rank = 0;
    npy->rows = npy->width = 1;
    for (at += strspn(at, " "); *at != ')'; at += strspn(at, ", ")) {
        char *end;
        long long size = strtoll(at, &end, 10);
        int64_t *part = rank == 0 ? &npy->rows : &npy->width;
        if (end == at || size < 0 || ++rank > SHAPE_RANK || (*end != ',' && *end != ')') ||
            __builtin_mul_overflow(*part, (int64_t)size, part))
            return fail(path, "the shape in the header is not one", error);
        at = end;
    }
    return rank > 0 || fail(path, "one single number: expected rows", error);
}

/* Length of the header's text and where it starts. */
static bool find_header(const char *path, const RtFile *file, size_t *start, size_t *length,
                        RtError *error)
{
    const uint8_t *b = file->bytes;
    if (file->size < 12 || memcmp(b, "\x93NUMPY", MAGIC) != 0)
        return fail(path, "byte 0: not a .npy file", error);
    if (b[6] < 1 || b[6] > 3)
        return rt_fail(error, RT_BAD_DATA, "%s: byte 6: version %d, expected 1 to 3", path, b[6]);
    *start = b[6] == 1 ? 10 : 12;
    *length = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] > 1)
        *length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (*length > file->size - *start)
        return rt_fail(error, RT_BAD_DATA, "%s: byte %zu: the file ends inside its header", path,
                       file->size);
    return *length < HEADER_TEXT || fail(path, "byte 8: the header is too long", error);
}

bool rt_npy_parse(const char *path, const RtFile *file, RtNpy *npy, RtError *error)
{
    size_t start = 0, length = 0, wanted;
    if (!find_header(path, file, &start, &length, error))
        return false;
    char *header = strndup((const char *)file->bytes + start, length);
    if (!header)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    const char *order = find_key(header, "fortran_order");
    bool good = read_type(path, header, npy, error) && read_shape(path, header, npy, error);
    if (good && (!order || strncmp(order, "False", 5) != 0))
        good = fail(path, "fortran_order: expected False (C order)", error);
    free(header);
    if (!good)
        return false;
    npy->data = file->bytes + start + length;
    size_t have = file->size - start - length;
    if (!rt_bytes(npy->rows, npy->width, (size_t)npy->item, &wanted) || have != wanted)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: %zu bytes of data, but the header announces "
                       "%lld × %lld items of %d bytes",
                       path, have, (long long)npy->rows, (long long)npy->width, npy->item);
    return (npy->rows > 0 && npy->width > 0) || fail(path, "it is empty", error);
}

bool rt_npy_read(const char *path, RtNpy *npy, RtError *error)
{
    *npy = (RtNpy){0};
    if (!rt_file_read(path, rt_memory_left(""), &npy->file, error))
        return false;
    if (rt_npy_parse(path, &npy->file, npy, error))
        return true;
    rt_file_free(&npy->file);
    return false;
}

double rt_npy_value(const RtNpy *npy, int64_t index)
{
    const uint8_t *at = npy->data + index * npy->item;
    union {
        float f;
        double d;
        int32_t i;
        int64_t l;
    } value;
    if (npy->item == 1)
        return *at;
    memcpy(&value, at, (size_t)npy->item);
    if (npy->kind == 'f')
        return npy->item == 4 ? (double)value.f : value.d;
    return npy->item == 4 ? value.i : (double)value.l;
}

/* All values as reals; every one finite. */
static void *convert(const char *path, const RtNpy *npy, int32_t real_size, RtError *error)
{
    size_t bytes;
    void *values =
        rt_bytes(npy->rows, npy->width, (size_t)real_size, &bytes) ? malloc(bytes) : NULL;
    if (!values) {
        rt_fail(error, RT_FAILED, "%s: out of memory", path);
        return NULL;
    }
    for (int64_t i = 0; i < npy->rows * npy->width; i++) {
        double value = rt_npy_value(npy, i);
        rt_set_real(values, i, real_size, value);
        if (!isfinite(rt_real(values, i, real_size))) {
            rt_fail(error, RT_BAD_DATA, "%s: row %lld, column %lld: %g is not a finite number",
                    path, (long long)(i / npy->width + 1), (long long)(i % npy->width + 1), value);
            free(values);
            return NULL;
        }
    }
    return values;
}

bool rt_npy_take_inputs(const char *path, RtNpy *npy, int32_t real_size, RtTable *table,
                        RtError *error)
{
    table->count = npy->rows;
    table->features = npy->width;
    snprintf(table->source, sizeof table->source, "%s", path);
    if (npy->kind == 'u') {
        table->file = npy->file;
        table->bytes = npy->data;
        table->stride = npy->width;
        return true;
    }
    table->values = convert(path, npy, real_size, error);
    rt_file_free(&npy->file);
    return table->values != NULL;
}

bool rt_npy_inputs(const char *path, int32_t real_size, RtTable *table, RtError *error)
{
    RtNpy npy;
    return rt_npy_read(path, &npy, error) &&
           rt_npy_take_inputs(path, &npy, real_size, table, error);
}

static bool take_labels(const char *path, const RtNpy *npy, RtTable *table, RtError *error)
{
    if (npy->width != 1)
        return rt_fail(error, RT_BAD_DATA, "%s: %lld numbers a row, expected one class", path,
                       (long long)npy->width);
    table->labels = malloc((size_t)npy->rows * sizeof *table->labels);
    if (!table->labels)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    for (int64_t i = 0; i < npy->rows; i++) {
        double value = rt_npy_value(npy, i);
        if (!(value >= 0 && value <= INT32_MAX) || value != floor(value))
            return rt_fail(error, RT_BAD_DATA, "%s: row %lld: %g; a class is a whole number from 0",
                           path, (long long)i + 1, value);
        table->labels[i] = (int32_t)value;
    }
    return true;
}

bool rt_npy_targets(const char *path, int32_t real_size, bool classes, RtTable *table,
                    RtError *error)
{
    RtNpy npy;
    if (!rt_npy_read(path, &npy, error))
        return false;
    bool good;
    snprintf(table->targets_source, sizeof table->targets_source, "%s", path);
    if (npy.rows != table->count)
        good = rt_fail(error, RT_BAD_DATA, "%s: %lld rows, but %s has %lld", path,
                       (long long)npy.rows, table->source, (long long)table->count);
    else if (classes)
        good = take_labels(path, &npy, table, error);
    else
        good = (table->targets = convert(path, &npy, real_size, error)) != NULL;
    table->outputs = npy.width;
    rt_file_free(&npy.file);
    return good;
}

size_t rt_npy_header(char header[128], int64_t rows, int64_t width, int32_t real_size)
{
    char text[118];
    int used = snprintf(text, sizeof text,
                        "{'descr': '<f%d', 'fortran_order': False, 'shape': (%lld, %lld), }",
                        real_size, (long long)rows, (long long)width);
    memset(text + used, ' ', sizeof text - (size_t)used);
    text[sizeof text - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(header + 10, text, sizeof text);
    return 128;
}
