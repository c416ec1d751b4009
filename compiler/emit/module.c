/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan to bytes: one module for each instruction set, linked into one, given its tables,
 * optimised, checked and written.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/clock.h"
#include "support/str.h"

#include <string.h>

static double count_time(const Emitter *e, enum EmitStage stage, double since)
{
    double until = clock_seconds();
    if (e->options->seconds != NULL) {
        e->options->seconds[stage] += until - since;
    }
    return until;
}

static void verify(LLVMModuleRef module, const char *when)
{
    char *message = NULL;
    if (LLVMVerifyModule(module, LLVMReturnStatusAction, &message) != 0) {
        BUG("emit", "the module is broken %s: %s", when, message);
    }
    LLVMDisposeMessage(message);
}

/* The layout objects are the same in all modules: one of them reaches the main one. */
static LLVMLinkage linkage_of(const char *global)
{
    if (strncmp(global, "rnet_code_", 10) == 0) {
        return LLVMExternalLinkage;
    }
    return strncmp(global, "rn_layout_", 10) == 0 ? LLVMWeakODRLinkage : LLVMInternalLinkage;
}

/* Only the code table and the layouts stay visible; kernels are sanitized like emitted code. */
static void finish_kernels(Emitter *e)
{
    static const char *const keepers[] = {"llvm.used", "llvm.compiler.used"};
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++) {
        LLVMValueRef used = LLVMGetNamedGlobal(e->module, keepers[i]);
        if (used != NULL) {
            LLVMDeleteGlobal(used);
        }
    }
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
        if (!LLVMIsDeclaration(f)) {
            LLVMSetLinkage(f, LLVMInternalLinkage);
            e_mark_sanitized(e, f);
        }
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(e->module); g; g = LLVMGetNextGlobal(g)) {
        if (!LLVMIsDeclaration(g)) {
            LLVMSetLinkage(g, linkage_of(LLVMGetValueName(g)));
        }
    }
}

static void drop_layouts(LLVMModuleRef module)
{
    LLVMValueRef next;
    for (LLVMValueRef g = LLVMGetFirstGlobal(module); g; g = next) {
        next = LLVMGetNextGlobal(g);
        if (LLVMGetLinkage(g) == LLVMWeakODRLinkage) {
            LLVMDeleteGlobal(g);
        }
    }
}

static LLVMModuleRef build_isa(Emitter *e, const Isa *isa)
{
    uint32_t count = e->graph->regions.count;
    RegionFunctions *functions = ARENA_ARRAY(e->arena, RegionFunctions, count);
    emitter_open(e, isa);
    for (uint32_t i = 0; i < count; i++) {
        functions[i] = emit_region(e, i);
    }
    emit_code_table(e, functions);
    emitter_close(e);
    finish_kernels(e);
    return e->module;
}

static LLVMModuleRef build_main(Emitter *e, const bool chosen[ISA_COUNT])
{
    LLVMModuleRef main = LLVMModuleCreateWithNameInContext(e->graph->name, e->context);
    LLVMValueRef tables[ISA_COUNT];
    unsigned count = 0;
    for (int i = 0; i < ISA_COUNT; i++) {
        if (!chosen[i]) {
            continue;
        }
        if (LLVMLinkModules2(main, build_isa(e, &isa_table[i])) != 0) {
            BUG("emit", "the module of %s cannot be linked", isa_table[i].name);
        }
        char *name = str_format(e->arena, "rnet_code_%s", isa_table[i].name);
        tables[count++] = LLVMGetNamedGlobal(main, name);
    }
    e->module = main;
    e->builder = LLVMCreateBuilderInContext(e->context);
    emit_descriptor(e, emit_codes(e, tables, count), count);
    for (unsigned i = 0; i < count; i++) {
        LLVMDeleteGlobal(tables[i]);
    }
    drop_layouts(main);
    LLVMDisposeBuilder(e->builder);
    return main;
}

static bool passes_vector(LLVMValueRef call)
{
    LLVMValueRef callee = LLVMGetCalledValue(call);
    if (LLVMIsAFunction(callee) && LLVMGetIntrinsicID(callee) != 0) {
        return false;
    }
    bool found = LLVMGetTypeKind(LLVMTypeOf(call)) == LLVMVectorTypeKind;
    for (unsigned i = 0; i < LLVMGetNumArgOperands(call); i++) {
        LLVMTypeRef type = LLVMTypeOf(LLVMGetOperand(call, i));
        found |= LLVMGetTypeKind(type) == LLVMVectorTypeKind;
    }
    return found;
}

/* How a vector is passed by value depends on the callee's features: such a call could give wrong
 * numbers without a word, so there must be none. */
static void refuse_vector_calls(LLVMModuleRef module)
{
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b)) {
            for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i)) {
                if (LLVMIsACallInst(i) && passes_vector(i)) {
                    BUG("emit", "%s passes a vector to a call", LLVMGetValueName(f));
                }
            }
        }
    }
}

static void write_output(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine,
                         EmitOutput *output)
{
    LLVMMemoryBufferRef buffer;
    if (e->options->kind == OUTPUT_LLVM) {
        char *text = LLVMPrintModuleToString(module);
        buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "llvm");
        LLVMDisposeMessage(text);
    } else {
        char *message = NULL;
        LLVMCodeGenFileType type =
            e->options->kind == OUTPUT_OBJECT ? LLVMObjectFile : LLVMAssemblyFile;
        if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, type, &message, &buffer) != 0) {
            BUG("emit", "no machine code: %s", message);
        }
    }
    output->buffer = buffer;
    output->data = LLVMGetBufferStart(buffer);
    output->size = LLVMGetBufferSize(buffer);
}

static void set_target(LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    char *text = LLVMCopyStringRepOfTargetData(layout);
    LLVMSetTarget(module, triple);
    LLVMSetDataLayout(module, text);
    LLVMDisposeMessage(text);
    LLVMDisposeTargetData(layout);
    LLVMDisposeMessage(triple);
}

static void build_and_write(Emitter *e, const bool chosen[ISA_COUNT], EmitOutput *output)
{
    double time = clock_seconds();
    LLVMTargetMachineRef machine = target_machine(e);
    LLVMModuleRef module = build_main(e, chosen);
    set_target(module, machine);
    verify(module, "as built");
    time = count_time(e, EMIT_STAGE_BUILD, time);
    target_optimise(e, module, machine);
    verify(module, "after optimising");
    refuse_vector_calls(module);
    time = count_time(e, EMIT_STAGE_OPTIMISE, time);
    write_output(e, module, machine, output);
    count_time(e, EMIT_STAGE_WRITE, time);
    LLVMDisposeTargetMachine(machine);
    LLVMDisposeModule(module);
}

bool emit_module(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                 EmitOutput *output)
{
    bool chosen[ISA_COUNT];
    if (plan == NULL || !target_choose(options->cpu, chosen, diag)) {
        return false;
    }
    Emitter e = {
        .arena = arena, .plan = plan, .graph = plan->graph, .options = options, .diag = diag};
    e.context = LLVMContextCreate();
    build_and_write(&e, chosen, output);
    LLVMContextDispose(e.context);
    return true;
}

void emit_dispose(EmitOutput *output)
{
    LLVMDisposeMemoryBuffer(output->buffer);
    *output = (EmitOutput){0};
}
