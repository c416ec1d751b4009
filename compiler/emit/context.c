/* SPDX-License-Identifier: Apache-2.0
 *
 * The Emitter: opening an instruction set's module from its kernels, and the shorthands.
 */
#include "emit/llvm.h"
#include "support/bug.h"

#include <stdio.h>
#include <string.h>

static void set_types(Emitter *e)
{
    e->t_void = LLVMVoidTypeInContext(e->context);
    e->t_ptr = LLVMPointerTypeInContext(e->context, 0);
    e->t_i32 = LLVMInt32TypeInContext(e->context);
    e->t_i64 = LLVMInt64TypeInContext(e->context);
    e->t_double = LLVMDoubleTypeInContext(e->context);
    e->t_real = e->graph->is_double ? e->t_double : LLVMFloatTypeInContext(e->context);
    e->t_vector = LLVMVectorType(e->t_real, 16);
}

/* Their bodies are read when something asks for them; the module owns the buffer. */
static bool read_kernels(Emitter *e, const Isa *isa)
{
    const char *data = isa->bitcode[e->graph->is_double];
    size_t size = (size_t)(isa->bitcode_end[e->graph->is_double] - data);
    LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(data, size, "kernels");
    return LLVMGetBitcodeModuleInContext2(e->context, buffer, &e->module) == 0;
}

void emitter_open(Emitter *e, const Isa *isa)
{
    set_types(e);
    e->isa = isa->name;
    e->on_unit = isa->matrix_unit && !e->graph->is_double;
    if (!read_kernels(e, isa)) {
        BUG("emit", "the kernels of %s cannot be read", isa->name);
    }
    e->builder = LLVMCreateBuilderInContext(e->context);
    e->model_function = e_kernel(e, "rnk_map");
    debug_open(e);
}

void emitter_close(Emitter *e)
{
    debug_close(e);
    LLVMDisposeBuilder(e->builder);
    e->builder = NULL;
}

LLVMValueRef e_kernel(Emitter *e, const char *name)
{
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
    if (function == NULL) {
        BUG("emit", "there is no kernel %s", name);
    }
    return function;
}

LLVMValueRef e_call_kernel(Emitter *e, const char *name, LLVMValueRef *args, unsigned count)
{
    LLVMValueRef function = e_kernel(e, name);
    LLVMTypeRef type = LLVMGlobalGetValueType(function);
    if (LLVMCountParamTypes(type) != count) {
        BUG("emit", "kernel %s takes %u arguments, not %u", name, LLVMCountParamTypes(type), count);
    }
    return LLVMBuildCall2(e->builder, type, function, args, count, "");
}

static void copy_attribute(Emitter *e, LLVMValueRef to, const char *name)
{
    LLVMAttributeRef attribute = LLVMGetStringAttributeAtIndex(
        e->model_function, LLVMAttributeFunctionIndex, name, (unsigned)strlen(name));
    if (attribute != NULL) {
        LLVMAddAttributeAtIndex(to, LLVMAttributeFunctionIndex, attribute);
    }
}

void e_attribute(Emitter *e, LLVMValueRef function, LLVMAttributeIndex at, const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(function, at, LLVMCreateEnumAttribute(e->context, kind, 0));
}

LLVMValueRef e_function(Emitter *e, const char *name, LLVMTypeRef type)
{
    static const char *const same_in_an_isa[] = {"target-cpu", "target-features",
                                                 "min-legal-vector-width", "prefer-vector-width"};
    LLVMValueRef function = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    for (size_t i = 0; i < sizeof same_in_an_isa / sizeof *same_in_an_isa; i++) {
        copy_attribute(e, function, same_in_an_isa[i]);
    }
    e_attribute(e, function, LLVMAttributeFunctionIndex, "nounwind");
    return function;
}

void e_mark_sanitized(Emitter *e, LLVMValueRef function)
{
    if (e->options->sanitize != NULL) {
        bool address = strcmp(e->options->sanitize, "address") == 0;
        e_attribute(e, function, LLVMAttributeFunctionIndex,
                    address ? "sanitize_address" : "sanitize_thread");
    }
}

LLVMValueRef e_i64(Emitter *e, int64_t value)
{
    return LLVMConstInt(e->t_i64, (unsigned long long)value, 1);
}

LLVMValueRef e_real(Emitter *e, double value)
{
    return LLVMConstReal(e->t_real, value);
}

LLVMValueRef e_offset(Emitter *e, LLVMValueRef p, LLVMValueRef index, const char *name)
{
    return LLVMBuildInBoundsGEP2(e->builder, e->t_real, p, &index, 1, name);
}

void e_place(Emitter *e, Span span)
{
    if (e->debug_scope == NULL || span.end == 0) {
        return;
    }
    Place place = source_place(e->graph->source, span.begin);
    LLVMSetCurrentDebugLocation2(
        e->builder, LLVMDIBuilderCreateDebugLocation(e->context, place.line, place.column,
                                                     e->debug_scope, NULL));
}

static LLVMValueRef next_counter(Emitter *e, const Loop *loop)
{
    LLVMValueRef one = e_i64(e, 1);
    return LLVMBuildNSWAdd(e->builder, loop->counter, one, "count.next");
}

Loop e_loop_begin(Emitter *e, LLVMValueRef function, LLVMValueRef from, LLVMValueRef to,
                  bool descending, const char *name)
{
    char label[64];
    Loop loop = {.descending = descending};
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    snprintf(label, sizeof label, "%s.head", name);
    loop.head = LLVMAppendBasicBlockInContext(e->context, function, label);
    snprintf(label, sizeof label, "%s.body", name);
    loop.body = LLVMAppendBasicBlockInContext(e->context, function, label);
    snprintf(label, sizeof label, "%s.exit", name);
    loop.exit = LLVMAppendBasicBlockInContext(e->context, function, label);
    LLVMValueRef count = LLVMBuildSub(e->builder, to, from, "count");
    LLVMBuildBr(e->builder, loop.head);
    LLVMPositionBuilderAtEnd(e->builder, loop.head);
    loop.counter = LLVMBuildPhi(e->builder, e->t_i64, "counter");
    LLVMValueRef zero = e_i64(e, 0);
    LLVMAddIncoming(loop.counter, &zero, &before, 1);
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, loop.counter, count, "more");
    LLVMBuildCondBr(e->builder, more, loop.body, loop.exit);
    LLVMPositionBuilderAtEnd(e->builder, loop.body);
    if (descending) {
        LLVMValueRef last = LLVMBuildSub(e->builder, to, e_i64(e, 1), "last");
        loop.index = LLVMBuildSub(e->builder, last, loop.counter, name);
    } else {
        loop.index = LLVMBuildAdd(e->builder, from, loop.counter, name);
    }
    return loop;
}

void e_loop_end(Emitter *e, Loop *loop)
{
    LLVMValueRef next = next_counter(e, loop);
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
    LLVMAddIncoming(loop->counter, &next, &latch, 1);
    LLVMBuildBr(e->builder, loop->head);
    LLVMPositionBuilderAtEnd(e->builder, loop->exit);
}
