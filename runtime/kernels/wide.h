/* SPDX-License-Identifier: Apache-2.0
 *
 * rnk_large_product, as the instruction set makes it.
 */
#ifndef RNET_KERNELS_WIDE_H
#define RNET_KERNELS_WIDE_H

#if RNK_MATRIX_UNIT
#include "kernels/unit.h"
#else
#include "kernels/packed.h"
#endif

#endif
