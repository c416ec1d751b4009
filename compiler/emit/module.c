/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan to bytes: one module for each instruction set, the first with the tables; optimised,
 * checked and written each for itself as an object, or linked into one to be read as text.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/clock.h"
#include "support/str.h"

#include <string.h>

static double count_time(double *stage, double since)
{
    double until = clock_seconds();
    *stage += until - since;
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

/* Functions of all sets meet in one object, where tools tell them apart by their names. */
void e_name_after_isa(Emitter *e, LLVMValueRef function)
{
    const char *name = LLVMGetValueName(function);
    const char *ending = strrchr(name, '_');
    if (ending == NULL || strcmp(ending + 1, e->isa) != 0) {
        char *full = str_format(e->arena, "%s_%s", name, e->isa);
        LLVMSetValueName2(function, full, strlen(full));
    }
}

void e_drop_keepers(LLVMModuleRef module)
{
    static const char *const keepers[] = {"llvm.used", "llvm.compiler.used"};
    for (size_t i = 0; i < sizeof keepers / sizeof *keepers; i++) {
        LLVMValueRef used = LLVMGetNamedGlobal(module, keepers[i]);
        if (used != NULL) {
            LLVMDeleteGlobal(used);
        }
    }
}

/* Only the regions' table and the layouts stay visible; kernels are sanitized like emitted code. */
static void finish_kernels(Emitter *e)
{
    e_drop_keepers(e->module);
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
        if (!LLVMIsDeclaration(f)) {
            LLVMSetLinkage(f, LLVMInternalLinkage);
            e_name_after_isa(e, f);
            e_mark_sanitized(e, f);
        }
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(e->module); g; g = LLVMGetNextGlobal(g)) {
        if (!LLVMIsDeclaration(g) && LLVMGetVisibility(g) != LLVMHiddenVisibility) {
            LLVMSetLinkage(g, LLVMInternalLinkage);
        }
    }
}

static void drop_layouts(LLVMModuleRef module)
{
    LLVMValueRef next;
    for (LLVMValueRef g = LLVMGetFirstGlobal(module); g; g = next) {
        next = LLVMGetNextGlobal(g);
        if (strncmp(LLVMGetValueName(g), "rn_layout_", 10) == 0) {
            LLVMDeleteGlobal(g);
        }
    }
}

static bool is_first(const Emitter *e, const Isa *isa)
{
    int first = 0;
    while (!e->chosen[first]) {
        first++;
    }
    return isa == &e->machine->sets[first];
}

/* A module with what the regions use, in place of the whole: the linker reads a kernel that is
 * internal only where something calls it. */
static void keep_used(Emitter *e)
{
    const char *name = e->graph->name;
    LLVMModuleRef used = LLVMModuleCreateWithNameInContext(name, e->context);
    LLVMSetTarget(used, LLVMGetTarget(e->module));
    LLVMSetDataLayout(used, LLVMGetDataLayoutStr(e->module));
    LLVMSetSourceFileName(used, name, strlen(name));
    if (LLVMLinkModules2(used, e->module) != 0) {
        BUG("emit", "the kernels of %s cannot be linked", e->isa);
    }
    e->module = used;
}

static LLVMModuleRef build_isa(Emitter *e, const Isa *isa)
{
    uint32_t count = e->graph->regions.count;
    RegionFunctions *functions = ARENA_ARRAY(e->arena, RegionFunctions, count);
    emitter_open(e, isa);
    for (uint32_t i = 0; i < count; i++) {
        functions[i] = emit_region(e, i);
    }
    emit_region_code(e, functions);
    define_uses(e, e->module);
    finish_kernels(e);
    if (is_first(e, isa)) {
        emit_descriptor(e);
        if (e->options->embed) {
            embed_interface(e);
        }
    }
    emitter_close(e);
    drop_layouts(e->module);
    keep_used(e);
    return e->module;
}

static LLVMModuleRef build_all(Emitter *e)
{
    LLVMModuleRef all = NULL;
    for (int i = 0; i < e->machine->count; i++) {
        if (!e->chosen[i]) {
            continue;
        }
        const Isa *isa = &e->machine->sets[i];
        LLVMModuleRef module = build_isa(e, isa);
        if (all != NULL && LLVMLinkModules2(all, module) != 0) {
            BUG("emit", "the module of %s cannot be linked", isa->name);
        }
        all = all != NULL ? all : module;
    }
    return all;
}

/* Intrinsics and assembly are no calls, and static functions of the same features agree with their
 * callers. */
static bool agrees(LLVMValueRef caller, LLVMValueRef callee)
{
    static const char name[] = "target-features";
    if (!LLVMIsAFunction(callee)) {
        return LLVMIsAInlineAsm(callee) != NULL;
    }
    LLVMAttributeRef theirs =
        LLVMGetStringAttributeAtIndex(callee, LLVMAttributeFunctionIndex, name, sizeof name - 1);
    LLVMAttributeRef ours =
        LLVMGetStringAttributeAtIndex(caller, LLVMAttributeFunctionIndex, name, sizeof name - 1);
    return LLVMGetIntrinsicID(callee) != 0 ||
           (LLVMGetLinkage(callee) == LLVMInternalLinkage && theirs == ours);
}

static bool passes_vector(LLVMValueRef caller, LLVMValueRef call)
{
    if (agrees(caller, LLVMGetCalledValue(call))) {
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
                if (LLVMIsACallInst(i) && passes_vector(f, i)) {
                    BUG("emit", "%s passes a vector to a call", LLVMGetValueName(f));
                }
            }
        }
    }
}

static EmitPart write_part(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine)
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
    return (EmitPart){buffer, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer)};
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

/* Debuggers find their way out of functions of the kernels and the core by tables, which the
 * bitcode has for the runtime library; in objects nobody else wants them. */
static void drop_unwinding(LLVMModuleRef module)
{
    static const char name[] = "uwtable";
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        LLVMRemoveEnumAttributeAtIndex(f, LLVMAttributeFunctionIndex, kind);
    }
}

/* What LLVM says of its own work, as of a loop that it would rather not unroll, is nothing that a
 * user could change. */
static void hear(LLVMDiagnosticInfoRef message, void *unused)
{
    (void)unused;
    if (LLVMGetDiagInfoSeverity(message) == LLVMDSError) {
        BUG("emit", "%s", LLVMGetDiagInfoDescription(message));
    }
}

EmitPart emit_part(Emitter *e, const Isa *isa, double seconds[EMIT_STAGES])
{
    double time = clock_seconds();
    e->context = LLVMContextCreate();
    /* names of values are for people */
    LLVMContextSetDiscardValueNames(e->context, e->options->kind != OUTPUT_LLVM);
    LLVMContextSetDiagnosticHandler(e->context, hear, NULL);
    LLVMTargetMachineRef machine = target_machine(e);
    LLVMModuleRef module = isa != NULL ? build_isa(e, isa) : build_all(e);
    set_target(module, machine);
    verify(module, "as built");
    time = count_time(&seconds[EMIT_STAGE_BUILD], time);
    target_optimise(e, module, machine);
    verify(module, "after optimising");
    refuse_vector_calls(module);
    if (e->options->embed) {
        embed_core(e, isa, machine);
    }
    target_instrument(e, module, machine);
    embed_weights(e, module);
    if (!e->options->debug) {
        drop_unwinding(module);
    }
    time = count_time(&seconds[EMIT_STAGE_OPTIMISE], time);
    EmitPart part = write_part(e, module, machine);
    count_time(&seconds[EMIT_STAGE_WRITE], time);
    LLVMDisposeTargetMachine(machine);
    LLVMDisposeModule(module);
    LLVMContextDispose(e->context);
    return part;
}

/* Executables need the runtime library, which is the host's. */
static bool fits_kind(const Machine *machine, const EmitOptions *options, DiagSink *diag)
{
    if (options->kind != OUTPUT_OBJECT || options->embed || machine_is_host(machine)) {
        return true;
    }
    Diag *d = diag_report(diag, E_FOREIGN_EXECUTABLE, (Span){0},
                          "cannot make an executable for \"%s\"", options->target);
    diag_hint(diag, d, "write an object with `-c`, and link it with that machine's compiler");
    return false;
}

static bool fits_interface(const Graph *graph, const EmitOptions *options, DiagSink *diag)
{
    if (!options->embed || graph->param_count <= RN_EMBED_PARAMS) {
        return true;
    }
    Diag *d = diag_report(diag, E_EMBED_PARAMS, (Span){0},
                          "an object to embed takes at most %d params, and there are %u",
                          RN_EMBED_PARAMS, graph->param_count);
    diag_hint(diag, d, "make a `const` of each that never changes");
    return false;
}

bool emit_module(Arena *arena, const Plan *plan, const EmitOptions *options, DiagSink *diag,
                 EmitOutput *output)
{
    bool chosen[ISA_MOST];
    const Machine *machine = plan != NULL ? machine_find(options->target, diag) : NULL;
    if (machine == NULL || !machine_choose(machine, options->cpu, chosen, diag) ||
        !fits_kind(machine, options, diag) || !fits_interface(plan->graph, options, diag)) {
        return false;
    }
    Emitter e = {.arena = arena,
                 .plan = plan,
                 .graph = plan->graph,
                 .options = options,
                 .diag = diag,
                 .machine = machine,
                 .chosen = chosen};
    *output = (EmitOutput){0};
    target_initialise(machine, options->optimisation);
    if (options->kind == OUTPUT_OBJECT) {
        emit_objects(&e, output);
        if (options->embed) {
            embed_join(arena, output);
        }
    } else {
        output->parts[output->count++] = emit_part(&e, NULL, options->seconds);
    }
    return true;
}

void emit_dispose(EmitOutput *output)
{
    for (int i = 0; i < output->count; i++) {
        LLVMDisposeMemoryBuffer(output->parts[i].buffer);
    }
    *output = (EmitOutput){0};
}
