/* SPDX-License-Identifier: Apache-2.0
 *
 * Code of this process through LLVM's ORC. The objects are those that a linker would get, so that
 * what they compute is the same to the bit.
 */
#include "emit/jit.h"

#include "emit/llvm.h"
#include "support/str.h"

#include <string.h>

struct Jit {
    Arena *arena;
    DiagSink *diag;
    LLVMOrcLLJITRef engine;
    const char *reason; /* the first that ORC gave for a failure, or NULL */
};

/* ORC tells its reasons here, and the caller only that something failed. */
static void note_reason(void *context, LLVMErrorRef error)
{
    Jit *jit = context;
    char *message = LLVMGetErrorMessage(error);
    if (jit->reason == NULL) {
        jit->reason = str_copy(jit->arena, message, strlen(message));
    }
    LLVMDisposeErrorMessage(message);
}

/* True, and reported, where there is an error. */
static bool failed(Jit *jit, LLVMErrorRef error)
{
    if (error == LLVMErrorSuccess) {
        return false;
    }
    note_reason(jit, error);
    diag_report(jit->diag, E_LINK, (Span){0}, "the code cannot be loaded: %s", jit->reason);
    return true;
}

static LLVMErrorRef define(Jit *jit, const JitSymbol *given)
{
    LLVMOrcJITDylibRef library = LLVMOrcLLJITGetMainJITDylib(jit->engine);
    size_t count = 0;
    while (given != NULL && given[count].name != NULL) {
        count++;
    }
    if (count == 0) {
        return LLVMErrorSuccess;
    }
    LLVMOrcCSymbolMapPair *pairs = ARENA_ARRAY(jit->arena, LLVMOrcCSymbolMapPair, count);
    LLVMJITSymbolFlags exported = {LLVMJITSymbolGenericFlagsExported, 0};
    for (size_t i = 0; i < count; i++) {
        LLVMOrcExecutorAddress address = (LLVMOrcExecutorAddress)(uintptr_t)given[i].address;
        pairs[i] = (LLVMOrcCSymbolMapPair){LLVMOrcLLJITMangleAndIntern(jit->engine, given[i].name),
                                           {address, exported}};
    }
    LLVMOrcMaterializationUnitRef symbols = LLVMOrcAbsoluteSymbols(pairs, count);
    LLVMErrorRef error = LLVMOrcJITDylibDefine(library, symbols);
    if (error != LLVMErrorSuccess) {
        LLVMOrcDisposeMaterializationUnit(symbols);
    }
    return error;
}

static LLVMErrorRef add_object(Jit *jit, const EmitPart *part)
{
    LLVMMemoryBufferRef copy =
        LLVMCreateMemoryBufferWithMemoryRangeCopy(part->data, part->size, "object");
    return LLVMOrcLLJITAddObjectFile(jit->engine, LLVMOrcLLJITGetMainJITDylib(jit->engine), copy);
}

static bool fill(Jit *jit, const EmitOutput *objects, const JitSymbol *given, bool debug)
{
    if (debug && failed(jit, LLVMOrcLLJITEnableDebugSupport(jit->engine))) {
        return false;
    }
    if (failed(jit, define(jit, given))) {
        return false;
    }
    for (int i = 0; i < objects->count; i++) {
        if (failed(jit, add_object(jit, &objects->parts[i]))) {
            return false;
        }
    }
    return true;
}

Jit *jit_open(Arena *arena, const EmitOutput *objects, const JitSymbol *given, bool debug,
              DiagSink *diag)
{
    Jit *jit = ARENA_NEW(arena, Jit);
    *jit = (Jit){.arena = arena, .diag = diag};
    if (failed(jit, LLVMOrcCreateLLJIT(&jit->engine, NULL))) {
        return NULL;
    }
    LLVMOrcExecutionSessionSetErrorReporter(LLVMOrcLLJITGetExecutionSession(jit->engine),
                                            note_reason, jit);
    if (!fill(jit, objects, given, debug)) {
        jit_close(jit);
        return NULL;
    }
    return jit;
}

void *jit_address(Jit *jit, const char *name)
{
    LLVMOrcExecutorAddress address = 0;
    if (failed(jit, LLVMOrcLLJITLookup(jit->engine, &address, name))) {
        return NULL;
    }
    return (void *)(uintptr_t)address;
}

void jit_close(Jit *jit)
{
    if (jit != NULL) {
        LLVMConsumeError(LLVMOrcDisposeLLJIT(jit->engine));
    }
}
