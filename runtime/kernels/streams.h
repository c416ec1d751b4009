/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables in memory that are fetched a few lines at a time while something else goes on. A core has
 * few places for lines on their way to it, which all that it reads shares: few lines, often, stand
 * least in the way.
 */
#ifndef RNET_KERNELS_STREAMS_H
#define RNET_KERNELS_STREAMS_H

#include "kernels/micro.h"

enum { RNK_FETCH_LINES = 4 };

/* What is left of a table: `rows` of so many bytes, of the first of which `done` are fetched. */
typedef struct RnkStream {
    const char *at;
    int64_t done, bytes, rows, step; /* bytes from row to row */
} RnkStream;

RNK_INLINE RnkStream rnk_stream_of(const void *at, int64_t rows, int64_t bytes, int64_t step)
{
    return (RnkStream){at, 0, bytes, bytes > 0 ? rows : 0, step};
}

/* Some lines; behind the last row a few too many. */
RNK_INLINE void rnk_fetch_some(RnkStream *s)
{
#pragma clang loop unroll(full)
    for (int line = 0; line < RNK_FETCH_LINES; line++) {
        __builtin_prefetch(s->at + s->done, 0, 2);
        s->done += RNK_LINE;
        int64_t whole = s->done >= s->bytes;
        s->at += whole ? s->step : 0;
        s->rows -= whole;
        s->done = whole ? 0 : s->done;
    }
}

#endif
