/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict reader of the one JSON object that a safetensors header is.
 */
#include "core/safetensors.h"

#include <string.h>

enum { HEAD = 8 }; /* bytes of the header's length */

static bool bad(RnStReader *r, const char *problem)
{
    if (!r->problem) {
        r->problem = problem;
        r->where = HEAD + (size_t)(r->at - r->start);
    }
    return false;
}

static void skip_space(RnStReader *r)
{
    while (r->at < r->stop && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool peek(RnStReader *r, char c)
{
    skip_space(r);
    return r->at < r->stop && *r->at == c;
}

static bool expect(RnStReader *r, char c, const char *problem)
{
    if (!peek(r, c))
        return bad(r, problem);
    r->at++;
    return true;
}

/* Four hexadecimal digits; the names of tensors are ASCII, so nothing above it is taken. */
static bool scan_escape_code(RnStReader *r, char *out)
{
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at >= r->stop)
            return bad(r, "a string without an end");
        char c = *r->at++;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return bad(r, "an escape that JSON does not have");
        code = code * 16 + digit;
    }
    *out = code > 0 && code < 128 ? (char)code : '?';
    return true;
}

static bool scan_escape(RnStReader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->stop)
        return bad(r, "a string without an end");
    char c = *r->at++;
    if (c == 'u')
        return scan_escape_code(r, out);
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return bad(r, "an escape that JSON does not have");
    *out = to[found - from];
    return true;
}

/* A string; one of more than size - 1 bytes is cut where there is a `cut` to say so, else an
 * error. */
static bool scan_string(RnStReader *r, char *text, size_t size, bool *cut)
{
    if (!expect(r, '"', "expected a string"))
        return false;
    size_t length = 0;
    while (r->at < r->stop && *r->at != '"') {
        char c = *r->at++;
        if ((unsigned char)c < ' ')
            return bad(r, "a control character in a string");
        if (c == '\\' && !scan_escape(r, &c))
            return false;
        if (length + 1 < size)
            text[length++] = c;
        else if (!cut)
            return bad(r, "a name that is too long");
        else
            *cut = true;
    }
    text[length] = '\0';
    return expect(r, '"', "a string without an end");
}

static bool scan_number(RnStReader *r, uint64_t *number)
{
    skip_space(r);
    if (r->at >= r->stop || *r->at < '0' || *r->at > '9')
        return bad(r, "expected a whole number");
    *number = 0;
    for (; r->at < r->stop && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(*number, (uint64_t)10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*r->at - '0'), number) ||
            *number > INT64_MAX)
            return bad(r, "a number that is too large");
    return true;
}

static bool scan_list(RnStReader *r, uint64_t *numbers, int most, int *count)
{
    if (!expect(r, '[', "expected a list"))
        return false;
    for (*count = 0; !peek(r, ']'); ++*count) {
        if (*count == most)
            return bad(r, "a list that is too long");
        if (*count > 0 && !expect(r, ',', "expected , or ]"))
            return false;
        if (!scan_number(r, &numbers[*count]))
            return false;
    }
    r->at++;
    return true;
}

enum { HAS_DTYPE = 1, HAS_SHAPE = 2, HAS_OFFSETS = 4, HAS_ALL = 7 };

static bool scan_shape(RnStReader *r, RnStEntry *entry)
{
    uint64_t numbers[RN_ST_RANK] = {0};
    if (!scan_list(r, numbers, RN_ST_RANK, &entry->rank))
        return false;
    for (int i = 0; i < entry->rank; i++)
        entry->shape[i] = (int64_t)numbers[i];
    return true;
}

static bool scan_offsets(RnStReader *r, RnStEntry *entry)
{
    uint64_t numbers[2];
    int count;
    if (!scan_list(r, numbers, 2, &count))
        return false;
    if (count != 2 || numbers[0] > numbers[1] || numbers[1] > r->data_size)
        return bad(r, "data_offsets outside the file: is it cut short?");
    entry->begin = numbers[0];
    entry->end = numbers[1];
    return true;
}

static bool scan_field(RnStReader *r, RnStEntry *entry, int *has)
{
    char key[16];
    if (!scan_string(r, key, sizeof key, NULL) || !expect(r, ':', "expected :"))
        return false;
    int bit = strcmp(key, "dtype") == 0          ? HAS_DTYPE
              : strcmp(key, "shape") == 0        ? HAS_SHAPE
              : strcmp(key, "data_offsets") == 0 ? HAS_OFFSETS
                                                 : 0;
    if (!bit || (*has & bit))
        return bad(r, "expected dtype, shape and data_offsets, each once");
    *has |= bit;
    if (bit == HAS_DTYPE)
        return scan_string(r, entry->dtype, sizeof entry->dtype, NULL);
    return bit == HAS_SHAPE ? scan_shape(r, entry) : scan_offsets(r, entry);
}

/* Bytes of an item of a dtype, 0 for one that is not known. */
static size_t item_size(const char *dtype)
{
    static const char *const names[] = {"BOOL", "U8",  "I8",  "F8_E4M3", "F8_E5M2",
                                        "I16",  "U16", "F16", "BF16",    "I32",
                                        "U32",  "F32", "F64", "I64",     "U64"};
    static const unsigned char sizes[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 8, 8, 8};
    for (size_t i = 0; i < sizeof sizes; i++)
        if (strcmp(dtype, names[i]) == 0)
            return sizes[i];
    return 0;
}

static bool check_size(RnStReader *r, const RnStEntry *entry)
{
    uint64_t size = item_size(entry->dtype);
    if (size == 0)
        return bad(r, "an unknown dtype");
    for (int i = 0; i < entry->rank; i++)
        if (__builtin_mul_overflow(size, (uint64_t)entry->shape[i], &size))
            return bad(r, "a shape whose size overflows");
    return size == entry->end - entry->begin || bad(r, "data_offsets that do not fit the shape");
}

static bool scan_tensor(RnStReader *r, RnStEntry *entry)
{
    int has = 0;
    if (!expect(r, '{', "expected {"))
        return false;
    for (bool first = true; !peek(r, '}'); first = false) {
        if (!first && !expect(r, ',', "expected , or }"))
            return false;
        if (!scan_field(r, entry, &has))
            return false;
    }
    r->at++;
    return (has == HAS_ALL || bad(r, "expected dtype, shape and data_offsets")) &&
           check_size(r, entry);
}

bool rn_st_open(RnStReader *r, const uint8_t *bytes, size_t size)
{
    *r = (RnStReader){.start = (const char *)bytes, .at = (const char *)bytes, .first = true};
    if (size < HEAD)
        return bad(r, "the file is shorter than its header's length");
    uint64_t length = 0;
    for (int i = HEAD - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > size - HEAD) {
        r->where = 0;
        r->problem = "the header is longer than the file";
        return false;
    }
    r->start = r->at = (const char *)bytes + HEAD;
    r->stop = r->start + length;
    r->data = bytes + HEAD + length;
    r->data_size = size - HEAD - (size_t)length;
    return expect(r, '{', "expected {: not a safetensors file");
}

static RnStKind finish(RnStReader *r)
{
    r->at++;
    skip_space(r);
    return r->at == r->stop || bad(r, "something behind the header's object") ? RN_ST_END
                                                                              : RN_ST_BAD;
}

static RnStKind next_metadata(RnStReader *r, RnStEntry *entry)
{
    if ((!r->first && !expect(r, ',', "expected , or }")) ||
        !scan_string(r, entry->name, sizeof entry->name, &entry->cut) ||
        !expect(r, ':', "expected :") ||
        !scan_string(r, entry->value, sizeof entry->value, &entry->cut))
        return RN_ST_BAD;
    r->first = false;
    return RN_ST_METADATA;
}

RnStKind rn_st_next(RnStReader *r, RnStEntry *entry)
{
    memset(entry, 0, sizeof *entry);
    for (;;) {
        if (r->problem)
            return RN_ST_BAD;
        if (r->in_metadata && !peek(r, '}'))
            return next_metadata(r, entry);
        if (r->in_metadata) {
            r->at++;
            r->in_metadata = r->first = false;
        }
        if (peek(r, '}'))
            return finish(r);
        if ((!r->first && !expect(r, ',', "expected , or }")) ||
            !scan_string(r, entry->name, sizeof entry->name, NULL) || !expect(r, ':', "expected :"))
            return RN_ST_BAD;
        r->first = false;
        if (strcmp(entry->name, "__metadata__") != 0)
            return scan_tensor(r, entry) ? RN_ST_TENSOR : RN_ST_BAD;
        if (!expect(r, '{', "expected {"))
            return RN_ST_BAD;
        r->in_metadata = r->first = true;
    }
}
