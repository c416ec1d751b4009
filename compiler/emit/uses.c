/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program can ask of the core (core/uses.h), as a constant in each of its modules.
 */
#include "core/uses.h"

#include "core/program.h"
#include "emit/llvm.h"

static uint64_t bit(int number)
{
    return UINT64_C(1) << number;
}

static bool has_momentum(const Optimizer *optimizer)
{
    bool knows = optimizer->kind == RN_OPTIMIZER_SGD || optimizer->kind == RN_OPTIMIZER_RMSPROP;
    const Expr *momentum = optimizer->momentum;
    bool zero = momentum == NULL || (expr_is_number(momentum) && momentum->number == 0);
    return knows && !zero;
}

static uint64_t uses_of_training(const Train *train)
{
    return RN_BACKWARD | RN_UPDATE | RN_TRAINING | bit(RN_USES_LOSS + train->loss.kind) |
           bit(RN_USES_OPTIMIZER + train->optimizer.kind) |
           bit(has_momentum(&train->optimizer) ? RN_USES_MOMENTUM : RN_USES_PLAIN) |
           (train->clip != NULL ? bit(RN_USES_CLIP) : 0);
}

static uint64_t optimizer_bits(void)
{
    uint64_t kinds = (bit(RN_OPTIMIZER_COUNT) - 1) << RN_USES_OPTIMIZER;
    return kinds | bit(RN_USES_MOMENTUM) | bit(RN_USES_PLAIN);
}

/* What the program draws: everything, or what it makes again after a load. */
static uint64_t uses_of_laws(const Graph *graph, bool all)
{
    uint64_t uses = 0;
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        const Tensor *tensor = graph->tensors[i];
        if (!all && tensor->role != RN_ROLE_DERIVED) {
            continue;
        }
        bool iid = tensor->correlation.kind == RN_CORRELATION_IID ||
                   tensor->correlation.kind == RN_CORRELATION_CONSTANT;
        uses |= bit(RN_USES_LAW + tensor->law.kind) | (iid ? 0 : bit(RN_USES_PATHS));
    }
    return uses;
}

static uint64_t uses_of_states(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->graph->regions.count; i++) {
        if (plan->regions[i].remakes) {
            return bit(RN_USES_REMADE);
        }
    }
    return 0;
}

static uint64_t uses_of(const Emitter *e)
{
    const EmitOptions *options = e->options;
    const Train *train = e->graph->train;
    /* an executable's core is another module, which has all; kernels ask for the optimiser alone */
    if (!options->embed) {
        return ~optimizer_bits() | (train != NULL ? uses_of_training(train) : 0);
    }
    uint64_t uses = RN_FORWARD | bit(RN_USES_SINGLE);
    uses |= uses_of_laws(e->graph, embed_has(e->graph, options, RN_EMBED_DRAWS));
    if (embed_has(e->graph, options, RN_EMBED_TRAINS)) {
        uses |= uses_of_training(e->graph->train) | uses_of_states(e->plan);
    }
    return uses | (embed_has(e->graph, options, RN_EMBED_FITS) ? RN_FIT : 0);
}

void define_uses(Emitter *e, LLVMModuleRef module)
{
    LLVMValueRef word = LLVMGetNamedGlobal(module, "rnet_uses");
    if (word != NULL) {
        LLVMSetInitializer(word, e_i64(e, (int64_t)uses_of(e)));
        LLVMSetGlobalConstant(word, 1);
        LLVMSetLinkage(word, LLVMInternalLinkage);
    }
}

bool uses_theory(const Emitter *e)
{
    return (uses_of(e) & bit(RN_USES_LAW + RN_LAW_OPTIMAL)) != 0;
}
