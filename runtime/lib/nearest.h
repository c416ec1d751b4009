/* SPDX-License-Identifier: Apache-2.0
 *
 * The name that a mistyped word is most like.
 *
 *     RtNearest nearest = {.word = "--epoch", .length = 7};
 *     rt_nearest_offer(&nearest, "--epochs");          nearest.name is "--epochs"
 */
#ifndef RNET_LIB_NEAREST_H
#define RNET_LIB_NEAREST_H

#include <stddef.h>

typedef struct RtNearest {
    const char *word;
    size_t length;
    const char *name; /* the best of what was offered; NULL: nothing is like the word */
    size_t edits;     /* letters that differ */
} RtNearest;

void rt_nearest_offer(RtNearest *nearest, const char *name);
/* "; did you mean NAME?", or nothing. */
const char *rt_nearest_text(const RtNearest *nearest, char text[80]);

#endif
