/* SPDX-License-Identifier: Apache-2.0
 *
 * The target machine, the choice of instruction sets, and the optimiser.
 *
 * The machine itself names no CPU and no feature: what a function may use stands on the function,
 * so that no set's features leak into another's code.
 */
#include "emit/llvm.h"
#include "support/bug.h"

#include <string.h>

static const char triple[] = "x86_64-pc-linux-gnu";

/* Strength reduction takes a third of the time in machine code, for loops that are a few percent
 * faster at most: not at -O1. LLVM has one switch for a process. */
static void switch_off_strength_reduction(void)
{
    static const char *const arguments[] = {"rnetc", "-disable-lsr"};
    LLVMParseCommandLineOptions(sizeof arguments / sizeof *arguments, arguments, NULL);
}

static bool is_initialised(void)
{
    LLVMTargetRef target;
    char *message = NULL;
    bool unknown = LLVMGetTargetFromTriple(triple, &target, &message) != 0;
    LLVMDisposeMessage(message);
    return !unknown;
}

void target_initialise(int optimisation)
{
    if (is_initialised()) {
        return;
    }
    if (optimisation == 1) {
        switch_off_strength_reduction();
    }
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
}

LLVMTargetMachineRef target_machine(Emitter *e)
{
    static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess,
                                                 LLVMCodeGenLevelDefault,
                                                 LLVMCodeGenLevelAggressive};
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &message) != 0) {
        BUG("emit", "no target: %s", message);
    }
    return LLVMCreateTargetMachine(target, triple, "x86-64", "", levels[e->options->optimisation],
                                   LLVMRelocPIC, LLVMCodeModelDefault);
}

/* LLVM's own pipelines simplify every kernel, called or not, and then all that a kernel holds for
 * sizes which the network does not have. These stages do as little as gives the same inner loops;
 * the kernels come simplified from the build, and vectorised by hand. */

/* Kernels into the functions that call them; what nothing calls goes before and after. */
static const char inline_kernels[] = "globaldce,always-inline,globaldce";
/* Sizes are constants now, so remainders of loops become known, and most of the code dead. Then
 * micro-tiles are unrolled, and their arrays become registers: gvn finds the bounds that went
 * through memory. */
static const char fix_sizes[] =
    "function(sroa,early-cse,sccp,simplifycfg,loop(indvars),sccp,simplifycfg,gvn,"
    "loop(loop-unroll-full),sroa,early-cse,sccp,simplifycfg)";
/* Epilogues into the code that is left, and what each of them then has in common. */
static const char inline_epilogues[] =
    "always-inline,globaldce,"
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(licm),gvn,dse,instcombine<no-verify-fixpoint>,simplifycfg)";

static void run_passes(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *passes)
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
    run_passes(module, machine, inline_kernels);
    run_passes(module, machine, fix_sizes);
    hold_epilogues(module, false);
    run_passes(module, machine, inline_epilogues);
}

/* -O0 only inlines what must be; -O3 adds all that LLVM has; the sanitizer's pass comes last, as it
 * instruments what is left. */
void target_optimise(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    int level = e->options->optimisation;
    const char *sanitize = e->options->sanitize;
    if (level > 0) {
        specialise(module, machine);
    }
    if (level == 0 || level == 3) {
        run_passes(module, machine, level == 0 ? "default<O0>" : "default<O3>");
    }
    if (sanitize != NULL) {
        bool address = strcmp(sanitize, "address") == 0;
        run_passes(module, machine, address ? "asan" : "tsan-module,function(tsan)");
    }
}

/* CPUs by the set that they run. */
static const struct {
    const char *cpu, *isa;
} known_cpus[] = {
    {"baseline", "baseline"},  {"x86-64", "baseline"},       {"x86-64-v2", "baseline"},
    {"avx2", "avx2"},          {"x86-64-v3", "avx2"},        {"haswell", "avx2"},
    {"broadwell", "avx2"},     {"skylake", "avx2"},          {"znver1", "avx2"},
    {"znver2", "avx2"},        {"znver3", "avx2"},           {"alderlake", "avx2"},
    {"avx512", "avx512"},      {"x86-64-v4", "avx512"},      {"skylake-avx512", "avx512"},
    {"cascadelake", "avx512"}, {"icelake-server", "avx512"}, {"sapphirerapids", "avx512"},
    {"znver4", "avx512"},      {"znver5", "avx512"},
};

static const char *isa_of_host(void)
{
    char *features = LLVMGetHostCPUFeatures();
    const char *isa = "baseline";
    if (strstr(features, "+avx512f") && strstr(features, "+avx512bw") &&
        strstr(features, "+avx512dq") && strstr(features, "+avx512vl") &&
        strstr(features, "+avx512cd")) {
        isa = "avx512";
    } else if (strstr(features, "+avx2") && strstr(features, "+fma") && strstr(features, "+bmi2")) {
        isa = "avx2";
    }
    LLVMDisposeMessage(features);
    return isa;
}

bool target_choose(const char *cpu, bool chosen[ISA_COUNT], DiagSink *diag)
{
    const char *isa = NULL;
    if (cpu != NULL && strcmp(cpu, "native") == 0) {
        isa = isa_of_host();
    }
    for (size_t i = 0; cpu && isa == NULL && i < sizeof known_cpus / sizeof *known_cpus; i++) {
        if (strcmp(known_cpus[i].cpu, cpu) == 0) {
            isa = known_cpus[i].isa;
        }
    }
    if (cpu != NULL && isa == NULL) {
        Diag *d = diag_report(diag, E_UNKNOWN_CPU, (Span){0}, "unknown CPU \"%s\"", cpu);
        diag_hint(diag, d,
                  "use native, baseline, x86-64-v3, x86-64-v4, or leave --cpu out: the "
                  "program then holds all three and picks when it starts");
        return false;
    }
    for (int i = 0; i < ISA_COUNT; i++) {
        chosen[i] = isa == NULL || strcmp(isa_table[i].name, isa) == 0;
    }
    return true;
}
