/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the table of keywords.
 */
#include "syntax/keyword.h"

#include "syntax/parser.h"

#include <string.h>

static const Keyword table[] = {
#define K(word, blocks, token) {word, blocks, token},
#include "syntax/keyword.def"
#undef K
};

enum { KEYWORDS = sizeof table / sizeof *table };

typedef struct BlockName {
    const char *word;
    unsigned block;
} BlockName;

static const BlockName blocks_of[] = {
    {"model", IN_MODEL}, {"residual", IN_STACK}, {"recurrent", IN_STACK}, {"train", IN_TRAIN},
    {"probe", IN_PROBE}, {"check", IN_CHECK},    {"sweep", IN_SWEEP},
};

enum { BLOCKS = sizeof blocks_of / sizeof *blocks_of };

const Keyword *keyword_find(const char *word, size_t length)
{
    for (int i = 0; i < KEYWORDS; i++) {
        if (strlen(table[i].word) == length && memcmp(table[i].word, word, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const Keyword *keyword_nearest(const char *word, unsigned blocks)
{
    const char *candidates[KEYWORDS];
    size_t count = 0;
    for (int i = 0; i < KEYWORDS; i++) {
        if (table[i].blocks & blocks) {
            candidates[count++] = table[i].word;
        }
    }
    const char *nearest = str_nearest(word, candidates, count);
    return nearest ? keyword_find(nearest, strlen(nearest)) : NULL;
}

unsigned keyword_opens(const char *word)
{
    for (int i = 0; i < BLOCKS; i++) {
        if (strcmp(blocks_of[i].word, word) == 0) {
            return blocks_of[i].block;
        }
    }
    return 0;
}

const char *keyword_block_names(Arena *arena, unsigned blocks)
{
    const char *names[BLOCKS];
    unsigned count = 0;
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks_of[i].block & blocks) {
            names[count++] = blocks_of[i].word;
        }
    }
    Text text = {.arena = arena};
    for (unsigned i = 0; i < count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        text_append(&text, "%s`%s`", joint, names[i]);
    }
    return count ? text.data : "the file";
}

const char *keyword_first_block(unsigned blocks)
{
    int i = 0;
    while (i + 1 < BLOCKS && !(blocks_of[i].block & blocks)) {
        i++;
    }
    return blocks_of[i].word;
}

const char *keyword_list(Arena *arena, unsigned block)
{
    Text text = {.arena = arena};
    for (int i = 0; i < KEYWORDS; i++) {
        if (table[i].blocks & block) {
            text_append(&text, "%s%s", text.length ? ", " : "", table[i].word);
        }
    }
    return text.data;
}
