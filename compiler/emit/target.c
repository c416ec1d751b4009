/* SPDX-License-Identifier: Apache-2.0
 *
 * The target machine, and the optimiser.
 *
 * A target machine names no feature that not all sets have: what a function may use stands on the
 * function, so that no set's features leak into another's code.
 */
#include "emit/llvm.h"
#include "support/bug.h"

#include <string.h>

/* Kernels are written in the order that suits their registers: a scheduler before registers are
 * given out would move loads up until sums spill. Strength reduction takes a third of the time in
 * machine code, for loops that are a few percent faster at most: not at -O1. LLVM has one switch
 * each for a process. */
static void set_switches(int optimisation)
{
    static const char *const arguments[] = {"rnetc", "-enable-misched=false", "-disable-lsr"};
    int count = sizeof arguments / sizeof *arguments;
    LLVMParseCommandLineOptions(optimisation == 1 ? count : count - 1, arguments, NULL);
}

static bool is_initialised(const Machine *machine)
{
    LLVMTargetRef target;
    char *message = NULL;
    bool unknown = LLVMGetTargetFromTriple(machine->triple, &target, &message) != 0;
    LLVMDisposeMessage(message);
    return !unknown;
}

void target_initialise(const Machine *machine, int optimisation)
{
    if (is_initialised(machine)) {
        return;
    }
    set_switches(optimisation);
    machine->initialise();
}

static LLVMTargetMachineOptionsRef machine_options(const Machine *machine, int optimisation)
{
    static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess,
                                                 LLVMCodeGenLevelDefault,
                                                 LLVMCodeGenLevelAggressive};
    LLVMTargetMachineOptionsRef options = LLVMCreateTargetMachineOptions();
    LLVMTargetMachineOptionsSetCPU(options, machine->cpu);
    LLVMTargetMachineOptionsSetFeatures(options, machine->features);
    if (machine->abi != NULL) {
        LLVMTargetMachineOptionsSetABI(options, machine->abi);
    }
    LLVMTargetMachineOptionsSetCodeGenOptLevel(options, levels[optimisation]);
    LLVMTargetMachineOptionsSetRelocMode(options, LLVMRelocPIC);
    LLVMTargetMachineOptionsSetCodeModel(options, LLVMCodeModelDefault);
    return options;
}

LLVMTargetMachineRef target_machine(Emitter *e)
{
    LLVMTargetRef target;
    char *message = NULL;
    const Machine *machine = e->machine;
    if (LLVMGetTargetFromTriple(machine->triple, &target, &message) != 0) {
        BUG("emit", "no target: %s", message);
    }
    LLVMTargetMachineOptionsRef options = machine_options(machine, e->options->optimisation);
    LLVMTargetMachineRef made =
        LLVMCreateTargetMachineWithOptions(target, machine->triple, options);
    LLVMDisposeTargetMachineOptions(options);
    return made;
}

/* LLVM's own pipelines simplify every kernel, called or not, and then all that a kernel holds for
 * sizes which the network does not have. These stages do as little as gives the same inner loops;
 * the kernels come simplified from the build, and vectorised by hand. */

/* Kernels into the functions that call them; what nothing calls goes before and after. */
static const char inline_kernels[] = "globaldce,always-inline,globaldce";
/* Sizes are constants now, so remainders of loops become known, and most of the code dead. Then
 * micro-tiles are unrolled, and their arrays become registers. */
static const char fix_sizes[] =
    "function(sroa,early-cse,sccp,simplifycfg,loop(loop-unroll-full),sroa,early-cse,simplifycfg)";
/* Epilogues into the code that is left, and what each of them then has in common: it lies in one
 * block or in one that dominates, so early-cse finds as much as gvn would, and sooner. Their
 * addresses become those of the row above and a step, and constants a part of the instruction. */
static const char inline_epilogues[] =
    "always-inline,globaldce,"
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(licm),early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "slsr,separate-const-offset-from-gep,early-cse)";

void target_run(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *passes)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, passes, machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error != NULL) {
        char *message = LLVMGetErrorMessage(error);
        BUG("emit", "optimising failed: %s", message);
    }
}

/* Epilogues, by their names. While held back they are not inlined. */
static void hold_epilogues(LLVMModuleRef module, bool held)
{
    unsigned always = LLVMGetEnumAttributeKindForName("alwaysinline", 12);
    unsigned never = LLVMGetEnumAttributeKindForName("noinline", 8);
    LLVMContextRef context = LLVMGetModuleContext(module);
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        if (strncmp(LLVMGetValueName(f), "epilogue_", 9) != 0) {
            continue;
        }
        LLVMRemoveEnumAttributeAtIndex(f, LLVMAttributeFunctionIndex, held ? always : never);
        LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                                LLVMCreateEnumAttribute(context, held ? never : always, 0));
    }
}

static void specialise(LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    hold_epilogues(module, true);
    target_run(module, machine, inline_kernels);
    target_run(module, machine, fix_sizes);
    hold_epilogues(module, false);
    target_run(module, machine, inline_epilogues);
}

/* -O0 only inlines what must be; -O3 adds all that LLVM has; the sanitizer's pass comes last, as it
 * instruments what is left. */
void target_optimise(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    int level = e->options->optimisation;
    if (level > 0) {
        specialise(module, machine);
    }
    if (level == 0 || level == 3) {
        target_run(module, machine, level == 0 ? "default<O0>" : "default<O3>");
    }
}

/* LLVM's names for what gcc's runtime, as its own, finds by the names of C. */
static void call_plain_copies(LLVMModuleRef module)
{
    static const char *const names[] = {"__tsan_memcpy", "__tsan_memmove", "__tsan_memset"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *plain = names[i] + strlen("__tsan_");
        LLVMValueRef watched = LLVMGetNamedFunction(module, names[i]);
        LLVMValueRef known = LLVMGetNamedFunction(module, plain);
        if (watched != NULL && known != NULL) {
            LLVMReplaceAllUsesWith(watched, known);
            LLVMDeleteFunction(watched);
        } else if (watched != NULL) {
            LLVMSetValueName2(watched, plain, strlen(plain));
        }
    }
}

void target_instrument(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    const char *sanitize = e->options->sanitize;
    if (sanitize != NULL) {
        bool address = strcmp(sanitize, "address") == 0;
        target_run(module, machine, address ? "asan" : "tsan-module,function(tsan)");
        call_plain_copies(module);
    }
}
