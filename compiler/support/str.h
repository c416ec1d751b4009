/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings of the compiler: NUL-terminated, in an arena, interned where they are names.
 */
#ifndef RNET_SUPPORT_STR_H
#define RNET_SUPPORT_STR_H

#include "support/arena.h"

#include <stdarg.h>
#include <stdbool.h>

/* A set of strings in which equal text has one address. */
typedef struct Interner Interner;
Interner *interner_create(Arena *arena);
const char *intern(Interner *in, const char *text, size_t length);

/* Bytes of a name, that of a model too. Checkpoints keep 511 of a tensor's, which is made of two
 * names, with what an optimiser's moment puts before it. */
enum { NAME_LIMIT = 200 };

/* printf into the arena. */
char *str_format(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *str_vformat(Arena *arena, const char *format, va_list args);
char *str_copy(Arena *arena, const char *text, size_t length);
bool str_equal(const char *a, const char *b);

/* Growing text, for printers and renderers. */
typedef struct Text {
    Arena *arena;
    char *data; /* NUL-terminated, never NULL after the first append */
    size_t length, capacity;
} Text;
void text_append(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append_bytes(Text *text, const char *data, size_t length);

/* The candidate nearest to `name` within a third of its length (at least one edit, at most three),
 * or NULL. Edits are insertions, deletions, substitutions and swaps of neighbours. */
const char *str_nearest(const char *name, const char *const *candidates, size_t count);

#endif
