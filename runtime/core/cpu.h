/* SPDX-License-Identifier: Apache-2.0
 *
 * Can this processor run an instruction set's code? For programs and for objects to embed.
 *
 * Reads cpuid and XGETBV by hand: a processor may have AVX-512 whose registers the system does not
 * save, and the levels of the psABI (x86-64-v3, v4), for which the code is compiled, hold more
 * than their names say. And an object may want no symbol of a compiler's own library.
 */
#ifndef RNET_CORE_CPU_H
#define RNET_CORE_CPU_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

typedef struct RnLeaf {
    uint32_t a, b, c, d;
} RnLeaf;

static inline RnLeaf rn_read_leaf(uint32_t number)
{
    RnLeaf leaf = {0, 0, 0, 0};
    __get_cpuid_count(number, 0, &leaf.a, &leaf.b, &leaf.c, &leaf.d);
    return leaf;
}

/* Register files that the system saves: bit 1 xmm, 2 ymm, 5 to 7 mask registers and zmm,
 * 17 and 18 those of a matrix unit. */
static inline uint64_t rn_saved_registers(void)
{
    if (!(rn_read_leaf(1).c & bit_OSXSAVE))
        return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static inline int rn_has_all(uint32_t word, uint32_t bits)
{
    return (word & bits) == bits;
}

/* x86-64-v3 */
static inline int rn_has_avx2(void)
{
    return rn_has_all(rn_read_leaf(1).c, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE) &&
           rn_has_all(rn_read_leaf(7).b, bit_AVX2 | bit_BMI | bit_BMI2) &&
           rn_has_all(rn_read_leaf(0x80000001).c, bit_LZCNT) && (rn_saved_registers() & 0x6) == 0x6;
}

/* x86-64-v4 */
static inline int rn_has_avx512(void)
{
    return rn_has_avx2() && (rn_saved_registers() & 0xe6) == 0xe6 &&
           rn_has_all(rn_read_leaf(7).b,
                      bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL);
}

/* Registers of a matrix unit, 8 KB of them, belong to a process once it has asked the system, which
 * Linux has let it since 5.16. */
static inline int rn_ask_for_registers(void)
{
    enum { ARCH_PRCTL = 158, REQUEST = 0x1023, TILES = 18 };
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(ARCH_PRCTL), "D"(REQUEST), "S"(TILES)
                     : "rcx", "r11", "memory");
    return result == 0;
}

/* AVX-512, and a matrix unit for numbers of 8 bits of significand. */
static inline int rn_has_amx(void)
{
    const uint32_t amx_bf16 = 1u << 22, amx_tile = 1u << 24; /* compilers name them in two ways */
    return rn_has_avx512() && (rn_saved_registers() & 0x60000) == 0x60000 &&
           rn_has_all(rn_read_leaf(7).d, amx_bf16 | amx_tile) && rn_ask_for_registers();
}

static inline int rn_cpu_runs(const char *isa)
{
    if (strcmp(isa, "amx") == 0)
        return rn_has_amx();
    if (strcmp(isa, "baseline") == 0)
        return 1;
    if (strcmp(isa, "avx2") == 0)
        return rn_has_avx2();
    return strcmp(isa, "avx512") == 0 && rn_has_avx512();
}
#else
/* Code for other machines has one set, which all of them run. */
static inline int rn_cpu_runs(const char *isa)
{
    return isa != NULL;
}
#endif

#endif
