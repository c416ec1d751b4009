/* SPDX-License-Identifier: Apache-2.0
 *
 * What `standardize` learns from data: sums over all samples, then means and deviations.
 */
#include "embed/embed.h"

#include "core/moments.h"

#include <string.h>

/* Samples at a time; sums ascend along them whatever it is. */
enum { FIT_BATCH = 64 };

static int64_t features(void)
{
    int64_t count = 1;
    for (int32_t i = 0; i < rnet_program.input_rank; i++)
        count *= rnet_program.input_shape[i];
    return count;
}

size_t rne_fit_size(RnCall *call)
{
    size_t sums = 2 * (size_t)features() * sizeof(double), size;
    call->batch = FIT_BATCH;
    call->parallel = NULL;
    size = call->code->workspace_size(call);
    return size && !__builtin_add_overflow(size, sums, &size) ? size : 0;
}

static void store(const RnCall *call, int64_t count)
{
    int64_t layers, size = rnet_program.tensors[rnet_program.mean].size;
    char *params = call->params;
    void *means =
        params + call->code->tensor_offset(&rnet_program, call->config, rnet_program.mean, &layers);
    void *inverses = params + call->code->tensor_offset(&rnet_program, call->config,
                                                        rnet_program.inverse, &layers);
    for (int64_t i = 0; i < size; i++) {
        double mean, inverse;
        rn_standardize_from_sums(call->fit[i], call->fit[features() + i], count, &mean, &inverse);
        if (rnet_program.real_size == sizeof(float)) {
            ((float *)means)[i] = (float)mean;
            ((float *)inverses)[i] = (float)inverse;
        } else {
            ((double *)means)[i] = mean;
            ((double *)inverses)[i] = inverse;
        }
    }
}

static int add_samples(RnCall *call, const char *x, int64_t count)
{
    size_t each = (size_t)features() * (size_t)rnet_program.real_size;
    int status = RN_EMBED_OK;
    for (int64_t from = 0; from < count && status == RN_EMBED_OK; from += FIT_BATCH) {
        call->batch = count - from < FIT_BATCH ? count - from : FIT_BATCH;
        call->x = x + (size_t)from * each;
        status = rne_run(call);
    }
    return status;
}

int rne_fit(const void *config, void *params, const void *x, size_t count, void *workspace,
            const RnParallel *parallel)
{
    RnCall call;
    double values[RNE_PARAMS];
    int status = rne_open(&call, config, values, parallel);
    if (status != RN_EMBED_OK)
        return status;
    if (count < 1 || count > (size_t)INT64_MAX || !rne_is_aligned(workspace, RN_ALIGN))
        return RN_EMBED_BAD_ARGUMENT;
    size_t sums = 2 * (size_t)features() * sizeof(double);
    call.what = RN_FORWARD | RN_FIT | RN_FEWER; /* as rne_workspace_size does */
    size_t size = rne_fit_size(&call);
    if (!size)
        return RN_EMBED_BAD_CONFIG;
    call.what = RN_FORWARD | RN_FIT;
    call.params = params;
    call.workspace = workspace;
    call.fit = (double *)(void *)((char *)workspace + (size - sums));
    memset(call.fit, 0, sums);
    status = add_samples(&call, x, (int64_t)count);
    if (status != RN_EMBED_OK)
        return status;
    if (!rne_are_finite(call.fit, sums, sizeof(double))) /* nor was a number, or its square */
        return RN_EMBED_NOT_FINITE;
    store(&call, (int64_t)count);
    return RN_EMBED_OK;
}
