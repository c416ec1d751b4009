/* SPDX-License-Identifier: Apache-2.0
 *
 * What every function does first: the instruction set, the params, the pointers.
 */
#include "embed/embed.h"

#include "core/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Threads that come first at the same time all find the same. */
static const RnCode *choose(void)
{
    const char *wanted = getenv("RNET_ISA");
    int any = !wanted || !*wanted;
    for (int32_t i = 0; i < rnet_program.code_count; i++) {
        const RnCode *code = &rnet_program.codes[i];
        if ((any || strcmp(code->isa, wanted) == 0) && rn_cpu_runs(code->isa))
            return code;
    }
    return NULL;
}

const RnCode *rne_code(void)
{
    static const RnCode *_Atomic chosen;
    const RnCode *code = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!code) {
        code = choose();
        atomic_store_explicit(&chosen, code, memory_order_relaxed);
    }
    return code;
}

int rne_is_aligned(const void *pointer, size_t alignment)
{
    return pointer && ((uintptr_t)pointer & (alignment - 1)) == 0;
}

int rne_read_config(const void *config, double *values)
{
    const RneMember *members = config;
    if (config && !rne_is_aligned(config, sizeof *members))
        return 0;
    for (int32_t i = 0; i < rnet_program.param_count; i++) {
        const RnParam *param = &rnet_program.params[i];
        double value = param->value;
        if (members)
            value = param->integer ? (double)members[i].whole : members[i].number;
        /* written so that NaN fails */
        if (!(value >= param->low && value <= param->high))
            return 0;
        values[i] = value;
    }
    return 1;
}

int rne_open(RnCall *call, const void *config, double *values, const RnParallel *parallel)
{
    *call = (RnCall){
        .program = &rnet_program, .code = rne_code(), .config = values, .parallel = parallel};
    if (!call->code)
        return RN_EMBED_BAD_ISA;
    if (config && !rne_is_aligned(config, sizeof(RneMember)))
        return RN_EMBED_BAD_ARGUMENT;
    if (parallel &&
        (!rne_is_aligned(parallel, _Alignof(RnParallel)) || parallel->threads > RNE_MOST_THREADS))
        return RN_EMBED_BAD_ARGUMENT;
    return rne_read_config(config, values) ? RN_EMBED_OK : RN_EMBED_BAD_CONFIG;
}
