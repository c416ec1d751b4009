/* SPDX-License-Identifier: Apache-2.0
 *
 * Loss and scores over a set, in double, by batches.
 */
#ifndef RNET_LIB_EVALUATE_H
#define RNET_LIB_EVALUATE_H

#include "lib/session.h"
#include "lib/split.h"

enum { RT_EVALUATION_BATCH = 256 };

/* Who wants to know how far an evaluation is: asked before each batch, and where it gives false,
 * with an error, the evaluation ends. */
typedef struct RtWatch {
    bool (*look)(void *context, int64_t done, int64_t count, RtError *error); /* or NULL */
    void *context;
} RtWatch;

/* Memory for gathered batches. */
typedef struct RtBuffers {
    RtBlock x, target, y, losses;
    int64_t batch;
    bool classes;
    RtWatch watch;
} RtBuffers;

size_t rt_buffers_size(const RtSession *session, int64_t batch);
bool rt_buffers_allocate(RtBuffers *buffers, const RtSession *session, int64_t batch, bool classes,
                         RtError *error);
void rt_buffers_free(RtBuffers *buffers);

typedef struct RtScore {
    int64_t count;
    double loss, accuracy; /* accuracy: of classes */
    double rmse, r2;       /* of regression; r2 over all outputs together */
} RtScore;

bool rt_evaluate(RtSession *session, RtBuffers *buffers, const RtSet *set, int32_t loss_kind,
                 RtScore *score, RtError *error);
/* Outputs that are the greatest at the label. */
int64_t rt_count_correct(const void *y, const int32_t *labels, int64_t count, int64_t outputs,
                         int32_t real_size);
/* Place of the greatest output; the first of equals. */
int64_t rt_greatest(const void *y, int64_t from, int64_t outputs, int32_t real_size);

#endif
