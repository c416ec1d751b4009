/* SPDX-License-Identifier: Apache-2.0
 *
 * The machines that rnetc compiles for: their instruction sets, best first, the CPUs that run each
 * of them, and how a triple spells their names. What one machine has and another has not stands in
 * its row.
 */
#include "emit/llvm.h"

#include <string.h>

#define BITCODE(name) extern const char rnet_##name[], rnet_##name##_end[]
#define BITCODES(isa)                                                                              \
    BITCODE(kernels_##isa##_float);                                                                \
    BITCODE(kernels_##isa##_double);                                                               \
    BITCODE(core_##isa##_float);                                                                   \
    BITCODE(core_##isa##_double)
BITCODES(amx);
BITCODES(avx512);
BITCODES(avx2);
BITCODES(baseline);
BITCODES(neon);
BITCODES(rv64gc);
BITCODE(embed_x86_64);
BITCODE(embed_aarch64);
BITCODE(embed_riscv64);

/* clang-format off */
#define ISA_ROW(isa, matrix_unit, needs, cpus)                                                     \
    {#isa, matrix_unit, needs, cpus,                                                               \
     {rnet_kernels_##isa##_float, rnet_kernels_##isa##_double},                                    \
     {rnet_kernels_##isa##_float_end, rnet_kernels_##isa##_double_end},                            \
     {rnet_core_##isa##_float, rnet_core_##isa##_double},                                          \
     {rnet_core_##isa##_float_end, rnet_core_##isa##_double_end}}
/* clang-format on */
#define INTERFACE(machine)                                                                         \
    .interface = rnet_embed_##machine, .interface_end = rnet_embed_##machine##_end

/* By LLVM's name of the machine. */
#define INITIALISE(target)                                                                         \
    static void initialise_##target(void)                                                          \
    {                                                                                              \
        LLVMInitialize##target##TargetInfo();                                                      \
        LLVMInitialize##target##Target();                                                          \
        LLVMInitialize##target##TargetMC();                                                        \
        LLVMInitialize##target##AsmPrinter();                                                      \
        LLVMInitialize##target##AsmParser();                                                       \
    }
INITIALISE(X86)
INITIALISE(AArch64)
INITIALISE(RISCV)

/* clang-format off */
/* The first is the machine of the runtime library, hence of executables. */
static const Machine machines[] = {
    {.triple = "x86_64-pc-linux-gnu",
     .spellings = "x86_64 amd64",
     .cpu = "x86-64",
     .features = "",
     .initialise = initialise_X86,
     INTERFACE(x86_64),
     .count = 4,
     .sets = {ISA_ROW(avx512, false, "+avx512f +avx512bw +avx512dq +avx512vl +avx512cd +fma "
                      "+f16c +movbe +lzcnt +bmi +bmi2",
                      "x86-64-v4 skylake-avx512 cascadelake icelake-server sapphirerapids znver4 "
                      "znver5"),
              ISA_ROW(avx2, false, "+avx2 +fma +f16c +movbe +lzcnt +bmi +bmi2",
                      "x86-64-v3 haswell broadwell skylake znver1 znver2 znver3 alderlake"),
              ISA_ROW(baseline, false, "", "x86-64 x86-64-v2"),
              ISA_ROW(amx, true, "", "")}},
    {.triple = "aarch64-unknown-linux-gnu",
     .spellings = "aarch64 arm64",
     .cpu = "generic",
     .features = "",
     .initialise = initialise_AArch64,
     INTERFACE(aarch64),
     .count = 1,
     .sets = {ISA_ROW(neon, false, "",
                      "baseline generic armv8-a cortex-a53 cortex-a55 cortex-a57 cortex-a72 "
                      "cortex-a73 cortex-a76 cortex-x1 neoverse-n1 neoverse-n2 neoverse-v1 "
                      "neoverse-v2")}},
    /* Without features LLVM would pass doubles in whole registers, as for machines that compute
     * with them by software. */
    {.triple = "riscv64-unknown-linux-gnu",
     .spellings = "riscv64 riscv64gc",
     .cpu = "generic-rv64",
     .features = "+m,+a,+f,+d,+c",
     .abi = "lp64d",
     .initialise = initialise_RISCV,
     INTERFACE(riscv64),
     .count = 1,
     .sets = {ISA_ROW(rv64gc, false, "", "baseline generic-rv64 sifive-u54 sifive-u74")}},
};
/* clang-format on */

enum { MACHINES = sizeof machines / sizeof *machines };

/* Is one of the words of `list`, parted by blanks, the first `length` bytes of `text`? */
static bool has_word(const char *list, const char *text, size_t length)
{
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        if (size == length && strncmp(word, text, size) == 0) {
            return true;
        }
        word += size;
    }
    return false;
}

/* Is the first of the parts between commas the word? */
static bool begins_list(const char *parts, const char *word, size_t size)
{
    return strncmp(parts, word, size) == 0 && (parts[size] == ',' || parts[size] == '\0');
}

/* Are all words of `list` among the features, which LLVM parts by commas? */
static bool has_all(const char *features, const char *list)
{
    for (const char *word = list; *word; word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        const char *at = features;
        while (at != NULL && !begins_list(at, word, size)) {
            at = strchr(at, ',');
            at = at != NULL ? at + 1 : NULL;
        }
        if (at == NULL) {
            return false;
        }
        word += size;
    }
    return true;
}

/* What follows a machine's name: nothing, or a vendor or none, linux, and gnu or musl or none. */
static bool is_linux(const char *rest)
{
    static const char *const systems[] = {"", "-linux", "-linux-gnu", "-linux-musl"};
    static const char *const vendors[] = {"-unknown", "-pc", "-none", "-redhat", "-suse"};
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
        size_t length = strlen(vendors[i]);
        if (strncmp(rest, vendors[i], length) == 0 && rest[length] == '-') {
            rest += length;
            break;
        }
    }
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        if (strcmp(rest, systems[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void report_unknown_target(const char *triple, DiagSink *diag)
{
    Diag *d = diag_report(diag, E_UNKNOWN_TARGET, (Span){0}, "unknown target \"%s\"", triple);
    diag_hint(diag, d, "use x86_64-linux-gnu, aarch64-linux-gnu or riscv64-linux-gnu");
}

const Machine *machine_find(const char *triple, DiagSink *diag)
{
    if (triple == NULL) {
        return machines;
    }
    size_t length = strcspn(triple, "-");
    for (int i = 0; i < MACHINES; i++) {
        if (has_word(machines[i].spellings, triple, length) && is_linux(triple + length)) {
            return &machines[i];
        }
    }
    report_unknown_target(triple, diag);
    return NULL;
}

bool machine_is_host(const Machine *machine)
{
    return machine == machines;
}

/* The best set whose features this processor has; the last one needs none. */
static int isa_of_host(const Machine *machine)
{
    char *features = LLVMGetHostCPUFeatures();
    int isa = 0;
    while (!has_all(features, machine->sets[isa].needs)) {
        isa++;
    }
    LLVMDisposeMessage(features);
    return isa;
}

static int find_isa(const Machine *machine, const char *cpu)
{
    if (strcmp(cpu, "native") == 0 && machine_is_host(machine)) {
        return isa_of_host(machine);
    }
    for (int i = 0; i < machine->count; i++) {
        const Isa *isa = &machine->sets[i];
        if (strcmp(isa->name, cpu) == 0 || has_word(isa->cpus, cpu, strlen(cpu))) {
            return i;
        }
    }
    return -1;
}

static void report_unknown_cpu(const Machine *machine, const char *cpu, DiagSink *diag)
{
    Diag *d = diag_report(diag, E_UNKNOWN_CPU, (Span){0}, "unknown CPU \"%s\"", cpu);
    if (machine_is_host(machine)) {
        diag_hint(diag, d,
                  "use native, baseline, x86-64-v3, x86-64-v4 or amx; without --cpu a program "
                  "holds baseline, AVX2 and AVX-512 and picks when it starts");
    } else {
        diag_hint(diag, d, "for this target use one of: %s %s", machine->sets[0].name,
                  machine->sets[0].cpus);
    }
}

bool machine_choose(const Machine *machine, const char *cpu, bool chosen[ISA_MOST], DiagSink *diag)
{
    int isa = cpu != NULL ? find_isa(machine, cpu) : 0;
    if (isa < 0) {
        report_unknown_cpu(machine, cpu, diag);
        return false;
    }
    for (int i = 0; i < ISA_MOST; i++) {
        bool wanted = cpu == NULL ? !machine->sets[i].matrix_unit : i == isa;
        chosen[i] = i < machine->count && wanted;
    }
    return true;
}

/* A name that is unknown has been reported by the time that machine code is asked for. */
bool emit_runs_here(const EmitOptions *options)
{
    size_t length = options->target ? strcspn(options->target, "-") : 0;
    return options->target == NULL || has_word(machines[0].spellings, options->target, length);
}

bool emit_describe(const EmitOptions *options, DiagSink *diag, const char **triple,
                   const char *sets[EMIT_SETS])
{
    bool chosen[ISA_MOST];
    const Machine *machine = machine_find(options->target, diag);
    if (machine == NULL || !machine_choose(machine, options->cpu, chosen, diag)) {
        return false;
    }
    int count = 0;
    for (int i = 0; i < machine->count; i++) {
        if (chosen[i]) {
            sets[count++] = machine->sets[i].name;
        }
    }
    sets[count] = NULL;
    *triple = machine->triple;
    return true;
}
