/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads cpuid and XGETBV by hand: a processor may have AVX-512 whose registers the system does not
 * save, and the levels of the psABI (x86-64-v3, v4), for which the code is compiled, hold more
 * than their names say.
 */
#include "lib/isa.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

typedef struct Leaf {
    uint32_t a, b, c, d;
} Leaf;

static Leaf read_leaf(uint32_t number)
{
    Leaf leaf = {0, 0, 0, 0};
    __get_cpuid_count(number, 0, &leaf.a, &leaf.b, &leaf.c, &leaf.d);
    return leaf;
}

/* Register files that the system saves: bit 1 xmm, 2 ymm, 5 to 7 mask registers and zmm. */
static uint64_t saved_registers(void)
{
    if (!(read_leaf(1).c & bit_OSXSAVE))
        return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool has_all(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

/* x86-64-v3 */
static bool has_avx2(void)
{
    return has_all(read_leaf(1).c, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE) &&
           has_all(read_leaf(7).b, bit_AVX2 | bit_BMI | bit_BMI2) &&
           has_all(read_leaf(0x80000001).c, bit_LZCNT) && (saved_registers() & 0x6) == 0x6;
}

/* x86-64-v4 */
static bool has_avx512(void)
{
    return has_avx2() && (saved_registers() & 0xe6) == 0xe6 &&
           has_all(read_leaf(7).b,
                   bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL);
}
#else
static bool has_avx2(void)
{
    return false;
}

static bool has_avx512(void)
{
    return false;
}
#endif

bool rt_isa_available(const char *isa)
{
    if (strcmp(isa, "baseline") == 0)
        return true;
    if (strcmp(isa, "avx2") == 0)
        return has_avx2();
    return strcmp(isa, "avx512") == 0 && has_avx512();
}

static const RnCode *find_code(const RnProgram *program, const char *isa)
{
    for (int32_t i = 0; i < program->code_count; i++)
        if (strcmp(program->codes[i].isa, isa) == 0)
            return &program->codes[i];
    return NULL;
}

static void list_codes(const RnProgram *program, char *text, size_t size)
{
    text[0] = '\0';
    for (int32_t i = 0; i < program->code_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", i ? ", " : "", program->codes[i].isa);
    }
}

static const RnCode *choose_wanted(const RnProgram *program, const char *wanted, RtError *error)
{
    const RnCode *code = find_code(program, wanted);
    char list[200];
    list_codes(program, list, sizeof list);
    if (!code)
        rt_fail(error, RT_USAGE, "RNET_ISA=%s: this program has code for %s", wanted, list);
    else if (!rt_isa_available(wanted)) {
        rt_fail(error, RT_USAGE, "RNET_ISA=%s: this machine cannot run it", wanted);
        code = NULL;
    }
    return code;
}

const RnCode *rt_isa_choose(const RnProgram *program, const char *wanted, RtError *error)
{
    if (wanted && *wanted)
        return choose_wanted(program, wanted, error);
    for (int32_t i = 0; i < program->code_count; i++)
        if (rt_isa_available(program->codes[i].isa))
            return &program->codes[i];
    char list[200];
    list_codes(program, list, sizeof list);
    rt_fail(error, RT_FAILED, "this machine can run none of the program's instruction sets (%s)",
            list);
    return NULL;
}
