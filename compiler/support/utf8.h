/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8, as far as a compiler meets it: characters for columns, widths for carets.
 */
#ifndef RNET_SUPPORT_UTF8_H
#define RNET_SUPPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xFFFD };

typedef struct Utf8 {
    uint32_t code;   /* UTF8_REPLACEMENT where the bytes are not UTF-8 */
    unsigned length; /* bytes, at least 1 */
    unsigned valid;  /* 0 where the bytes are not UTF-8 */
} Utf8;

/* The character at `text`; `length` bytes are there, at least one. */
Utf8 utf8_decode(const char *text, size_t length);

/* Terminal cells: 0 for combining marks, 2 for East Asian wide and emoji, else 1. */
unsigned utf8_width(uint32_t code);

/* Control characters and the ones that reorder text: never sent to a terminal as they are. */
int utf8_is_unprintable(uint32_t code);

#endif
