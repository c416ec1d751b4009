/* SPDX-License-Identifier: Apache-2.0
 *
 * The target machine, the choice of instruction sets, and the optimiser.
 *
 * The machine itself names no CPU and no feature: what a function may use stands on the function,
 * so that no set's features leak into another's code.
 */
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/str.h"

#include <string.h>

static const char triple[] = "x86_64-pc-linux-gnu";

LLVMTargetMachineRef target_machine(Emitter *e)
{
    static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess,
                                                 LLVMCodeGenLevelDefault,
                                                 LLVMCodeGenLevelAggressive};
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &message) != 0) {
        BUG("emit", "no target: %s", message);
    }
    return LLVMCreateTargetMachine(target, triple, "x86-64", "", levels[e->options->optimisation],
                                   LLVMRelocPIC, LLVMCodeModelDefault);
}

/* The sanitizer's pass comes last: it instruments what is left after inlining. */
static const char *sanitizer_pass(const char *sanitize)
{
    if (sanitize == NULL) {
        return "";
    }
    return strcmp(sanitize, "address") == 0 ? ",asan" : ",tsan-module,function(tsan)";
}

void target_optimise(Emitter *e, LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    char *pipeline = str_format(e->arena, "default<O%d>%s", e->options->optimisation,
                                sanitizer_pass(e->options->sanitize));
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(module, pipeline, machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error != NULL) {
        char *message = LLVMGetErrorMessage(error);
        BUG("emit", "optimising failed: %s", message);
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
