/* SPDX-License-Identifier: Apache-2.0
 *
 * The interner (open addressing over an arena), formatted strings, growing text, nearest name.
 */
#include "support/str.h"

#include "support/bug.h"
#include "support/size.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct Slot {
    const char *text;
    size_t length;
    uint64_t hash;
} Slot;

struct Interner {
    Arena *arena;
    Slot *slots;
    size_t count, capacity; /* a power of two */
};

enum { FIRST_SLOTS = 256, FIRST_TEXT = 128 };

/* FNV-1a: names are short, and nobody attacks his own compiler. */
static uint64_t hash_bytes(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    }
    return hash;
}

Interner *interner_create(Arena *arena)
{
    Interner *in = ARENA_NEW(arena, Interner);
    in->arena = arena;
    in->capacity = FIRST_SLOTS;
    in->slots = ARENA_ARRAY(arena, Slot, in->capacity);
    return in;
}

static Slot *find_slot(const Interner *in, const char *text, size_t length, uint64_t hash)
{
    size_t i = hash & (in->capacity - 1);
    for (;; i = (i + 1) & (in->capacity - 1)) {
        Slot *slot = &in->slots[i];
        if (!slot->text || (slot->hash == hash && slot->length == length &&
                            memcmp(slot->text, text, length) == 0)) {
            return slot;
        }
    }
}

static void grow_interner(Interner *in)
{
    Slot *old = in->slots;
    size_t old_capacity = in->capacity;
    in->capacity *= 2;
    in->slots = ARENA_ARRAY(in->arena, Slot, in->capacity);
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].text) {
            *find_slot(in, old[i].text, old[i].length, old[i].hash) = old[i];
        }
    }
}

const char *intern(Interner *in, const char *text, size_t length)
{
    uint64_t hash = hash_bytes(text, length);
    Slot *slot = find_slot(in, text, length, hash);
    if (slot->text) {
        return slot->text;
    }
    if (in->count + 1 > in->capacity / 4 * 3) {
        grow_interner(in);
        slot = find_slot(in, text, length, hash);
    }
    slot->text = str_copy(in->arena, text, length);
    slot->length = length;
    slot->hash = hash;
    in->count++;
    return slot->text;
}

char *str_vformat(Arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        BUG("str", "a format that cannot be printed");
    }
    char *text = arena_alloc(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *str_format(Arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_vformat(arena, format, args);
    va_end(args);
    return text;
}

char *str_copy(Arena *arena, const char *text, size_t length)
{
    size_t bytes;
    if (!size_add(length, 1, &bytes)) {
        bug_out_of_memory();
    }
    char *copy = arena_alloc(arena, bytes, 1);
    if (length) {
        memcpy(copy, text, length);
    }
    return copy;
}

bool str_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void reserve_text(Text *text, size_t more)
{
    size_t wanted, capacity = text->capacity ? text->capacity : FIRST_TEXT;
    if (!size_add(text->length, more, &wanted) || !size_add(wanted, 1, &wanted)) {
        bug_out_of_memory();
    }
    if (wanted <= text->capacity) {
        return;
    }
    while (capacity < wanted) {
        if (!size_mul(capacity, 2, &capacity)) {
            bug_out_of_memory();
        }
    }
    char *data = arena_alloc(text->arena, capacity, 1);
    if (text->length) {
        memcpy(data, text->data, text->length);
    }
    text->data = data;
    text->capacity = capacity;
}

void text_append_bytes(Text *text, const char *data, size_t length)
{
    reserve_text(text, length);
    if (length) {
        memcpy(text->data + text->length, data, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append(Text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        BUG("str", "a format that cannot be printed");
    }
    reserve_text(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
    text->length += (size_t)length;
    va_end(args);
}

/* Longer names than this are not misspellings of ours. */
enum { NEAREST_BYTES = 48, NEAREST_EDITS = 3 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table suffice. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NEAREST_BYTES + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++) {
        before[j] = last[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned cost = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(cost, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

const char *str_nearest(const char *name, const char *const *candidates, size_t count)
{
    size_t length = strlen(name);
    if (length > NEAREST_BYTES) {
        return NULL;
    }
    unsigned allowed = least((unsigned)(length / 3), NEAREST_EDITS);
    unsigned best = (allowed ? allowed : 1) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > NEAREST_BYTES) {
            continue;
        }
        unsigned distance = edit_distance(name, length, candidates[i], other);
        if (distance < best && distance < length) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
