/* SPDX-License-Identifier: Apache-2.0
 *
 * Edit distance with exchanges of neighbours, three rows of its table at a time.
 */
#include "lib/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 63, MOST_EDITS = 3 };

/* Letters to replace, insert, leave out or exchange with their neighbours on the way from one word
 * to the other. */
static size_t count_edits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            size_t shorter = (last[j] < row[j - 1] ? last[j] : row[j - 1]) + 1;
            row[j] = replaced < shorter ? replaced : shorter;
            bool crossed = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (crossed && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

/* A third of the letters may differ, in a short word one; not all of them. */
void rt_nearest_offer(RtNearest *nearest, const char *name)
{
    size_t length = strlen(name), allowed = nearest->length / 3;
    if (nearest->length > LONGEST || length > LONGEST)
        return;
    allowed = allowed < 1 ? 1 : allowed > MOST_EDITS ? MOST_EDITS : allowed;
    size_t edits = count_edits(nearest->word, nearest->length, name, length);
    if (edits <= allowed && edits < nearest->length && (!nearest->name || edits < nearest->edits)) {
        nearest->name = name;
        nearest->edits = edits;
    }
}

const char *rt_nearest_text(const RtNearest *nearest, char text[80])
{
    *text = '\0';
    if (nearest->name)
        snprintf(text, 80, "; did you mean %s?", nearest->name);
    return text;
}
