/* SPDX-License-Identifier: Apache-2.0
 *
 * Standard normals in double: one alone, or whole blocks of sixteen.
 */
#include "core/random_math.h"

RN_INLINE void draw_block(uint64_t stream, uint64_t high, uint64_t block, RnDouble8 normal[2])
{
    RnDouble8 u[2];
    rn_uniform16(stream, high, block, u);
    rn_box_muller8(u, normal);
}

double rn_normal(uint64_t stream, uint64_t high, uint64_t index)
{
    RnDouble8 normal[2];
    draw_block(stream, high, index / RN_RANDOM_BLOCK, normal);
    uint64_t lane = index % RN_RANDOM_BLOCK;
    return normal[lane / RN_RANDOM_LANES][lane % RN_RANDOM_LANES];
}

void rn_normals(uint64_t stream, uint64_t high, uint64_t block, uint64_t blocks, double *out)
{
    for (uint64_t i = 0; i < blocks; i++) {
        RnDouble8 normal[2];
        draw_block(stream, high, block + i, normal);
        __builtin_memcpy(out + i * RN_RANDOM_BLOCK, normal, sizeof normal);
    }
}
