/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict decoder (no overlong forms, no surrogates, nothing above U+10FFFF) and coarse widths:
 * whole ranges, since a caret one cell off in a rare script is no harm.
 */
#include "support/utf8.h"

static const Utf8 invalid_byte = {UTF8_REPLACEMENT, 1, 0};

static unsigned sequence_length(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 3;
    }
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

Utf8 utf8_decode(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    static const uint32_t least_code[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned n = sequence_length(bytes[0]);
    if (n == 0 || n > length) {
        return invalid_byte;
    }
    uint32_t code = n == 1 ? bytes[0] : bytes[0] & (0x7Fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return invalid_byte;
        }
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    if (code < least_code[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return invalid_byte;
    }
    return (Utf8){code, n, 1};
}

typedef struct Range {
    uint32_t first, last;
} Range;

static int in_ranges(uint32_t code, const Range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return 1;
        }
    }
    return 0;
}

unsigned utf8_width(uint32_t code)
{
    static const Range marks[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},
                                  {0x610, 0x61A},   {0x64B, 0x65F},   {0x1AB0, 0x1AFF},
                                  {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF},
                                  {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
    static const Range wide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                                 {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xAC00, 0xD7A3},
                                 {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                 {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                                 {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
    if (in_ranges(code, marks, sizeof marks / sizeof *marks)) {
        return 0;
    }
    return in_ranges(code, wide, sizeof wide / sizeof *wide) ? 2 : 1;
}

int utf8_is_unprintable(uint32_t code)
{
    static const Range hidden[] = {{0, 0x1F},        {0x7F, 0x9F},     {0x200E, 0x200F},
                                   {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}};
    return in_ranges(code, hidden, sizeof hidden / sizeof *hidden);
}
