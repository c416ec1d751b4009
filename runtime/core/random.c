/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard normals in double: one alone, or whole blocks of sixteen.
 */
#include "core/random_math.h"

double rn_normal(uint64_t stream, uint64_t high, uint64_t index)
{
    RnDouble16 normal[2];
    uint64_t lane = index % RN_RANDOM_BLOCK;
    rn_normal_pairs(stream, high, index / RN_RANDOM_BLOCK * RN_RANDOM_LANES, normal);
    return normal[lane / RN_RANDOM_LANES][lane % RN_RANDOM_LANES];
}

void rn_normals(uint64_t stream, uint64_t high, uint64_t block, uint64_t blocks, double *out)
{
    enum { HALF = RN_RANDOM_LANES * sizeof(double) };
    for (uint64_t i = 0; i < blocks; i += 2, out += 2 * RN_RANDOM_BLOCK) {
        RnDouble16 normal[2];
        rn_normal_pairs(stream, high, (block + i) * RN_RANDOM_LANES, normal);
        const char *cosine = (const char *)&normal[0], *sine = (const char *)&normal[1];
        __builtin_memcpy(out, cosine, HALF);
        __builtin_memcpy(out + RN_RANDOM_LANES, sine, HALF);
        if (i + 1 == blocks)
            return;
        __builtin_memcpy(out + RN_RANDOM_BLOCK, cosine + HALF, HALF);
        __builtin_memcpy(out + RN_RANDOM_BLOCK + RN_RANDOM_LANES, sine + HALF, HALF);
    }
}
