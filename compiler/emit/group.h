/* SPDX-License-Identifier: Apache-2.0
 *
 * Internal to emit/: a group while its calls (group.c) and its epilogue (epilogue.c) are made.
 */
#ifndef RNET_EMIT_GROUP_H
#define RNET_EMIT_GROUP_H

#include "emit/llvm.h"

typedef struct GroupBuild {
    Emitter *e;
    LayerFrame *frame;
    const Block *block;
    const BlockPlan *plan;
    const Group *group;
    uint32_t number;
    LLVMBuilderRef outer; /* in the region's function; e->builder is inside */
    LLVMValueRef epilogue;
    LLVMValueRef row_base; /* outer: first row of this position, or NULL */
    VEC(LLVMValueRef) captures;
    LLVMValueRef context, row, lane, index;
    LLVMValueRef *registers; /* [nodes] vectors, inside */
} GroupBuild;

/* The block that the frame's function runs, and how (block.c). */
const Block *frame_block(const Emitter *e, const LayerFrame *frame);
const BlockPlan *frame_plan(const Emitter *e, const LayerFrame *frame);
/* Is the group left to the next one, to be made there? */
bool frame_leaves(const Emitter *e, const LayerFrame *frame, uint32_t group);

/* The value of a scalar tensor at the layer, one for all lanes: networks that differ in it want no
 * gradients of tensors. */
LLVMValueRef emit_factor(Emitter *e, const LayerFrame *frame, int32_t tensor);
/* Memory of the region's function, for as long as it runs. */
LLVMValueRef memory_at_entry(GroupBuild *b, LLVMTypeRef type, const char *name);
/* RnkEpilogue, as b->epilogue; what it wants from outside goes to b->captures. */
void emit_epilogue(GroupBuild *b);
/* RnkEpilogues: the same for a block of vectors; null where the epilogue is short. */
LLVMValueRef emit_finish(GroupBuild *b);

#endif
