/* SPDX-License-Identifier: Apache-2.0
 *
 * Which samples are trained on, held out and tested on, and in what order. All of it is a pure
 * function of the seed, the counts and the epoch, and the same on every machine.
 */
#ifndef RNET_LIB_SPLIT_H
#define RNET_LIB_SPLIT_H

#include "core/program.h"
#include "lib/data.h"

/* Rows of a table; index NULL: all of them in order. */
typedef struct RtSet {
    const RtTable *table;
    uint32_t *index;
    int64_t count;
} RtSet;

typedef struct RtSplit {
    RtSet train, validation, test;
    uint32_t *rows; /* what the indices point into */
} RtSplit;

/* Fills order[count] with a permutation of 0 … count - 1. */
void rt_shuffle(uint64_t stream, uint64_t turn, uint32_t *order, int64_t count);
/* Key of the epochs' orders: rt_shuffle(key, epoch, …). */
uint64_t rt_order_stream(uint64_t seed);
uint64_t rt_order_stream_of_repeat(uint64_t seed, uint64_t repeat);
/* Shares are of the samples that are there; a share above 0 gets one sample at least. */
bool rt_split_make(const RtData *data, double validation, double test, uint64_t seed,
                   RtSplit *split, RtError *error);
void rt_split_free(RtSplit *split);
/* Missing values of every set become the mean of the training rows' feature. */
bool rt_fill_missing(RtData *data, const RtSplit *split, int32_t real_size, RtError *error);

/* Copies samples order[from … from + count - 1] of a set (order NULL: in the set's order) to x
 * (reals) and target (int32_t or reals; NULL: not wanted); parallel NULL: by the caller alone. */
void rt_gather(const RtSet *set, const uint32_t *order, int64_t from, int64_t count,
               int32_t real_size, void *x, void *target, const RnParallel *parallel);

#endif
