/* SPDX-License-Identifier: Apache-2.0
 *
 * Which word begins a statement in which block. A word is a keyword only there.
 */
#ifndef RNET_SYNTAX_KEYWORD_H
#define RNET_SYNTAX_KEYWORD_H

#include "support/str.h"

/* Places for statements; IN_STACK is a residual or recurrent block. */
enum {
    IN_FILE = 1,
    IN_MODEL = 2,
    IN_STACK = 4,
    IN_TRAIN = 8,
    IN_PROBE = 16,
    IN_CHECK = 32,
    IN_SWEEP = 64,
    IN_ALL = 127
};

typedef struct Keyword {
    const char *word;
    unsigned blocks; /* where it begins a statement */
    int token;
} Keyword;

/* The row of a word, or NULL. The word is `length` bytes, not NUL-terminated. */
const Keyword *keyword_find(const char *word, size_t length);

/* The keyword of these blocks that is nearest to a NUL-terminated word, or NULL. */
const Keyword *keyword_nearest(const char *word, unsigned blocks);

/* The place that the block of a keyword opens: IN_MODEL for `model`; 0 for other words. */
unsigned keyword_opens(const char *word);

/* "`train`", "`probe`, `check` or `sweep`": where a keyword may stand. */
const char *keyword_block_names(Arena *arena, unsigned blocks);

/* "train": the first of them. */
const char *keyword_first_block(unsigned blocks);

/* "data, loss, …": what a block may hold. */
const char *keyword_list(Arena *arena, unsigned block);

#endif
