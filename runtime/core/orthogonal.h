/* SPDX-License-Identifier: Apache-2.0
 *
 * Random orthogonal matrices: the Q of a normal matrix's QR decomposition, with R's signs fixed, so
 * that Q has the Haar measure; and random reflections.
 */
#ifndef RNET_CORE_ORTHOGONAL_H
#define RNET_CORE_ORTHOGONAL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of scratch for a rows × columns matrix; 0 on overflow. */
size_t rn_orthogonal_size(int64_t rows, int64_t columns);

/* Draws a matrix [rows, columns] whose shorter side is orthonormal. Its entry (i, j) is
 * result[i · step[0] + j · step[1]], inside scratch. */
const double *rn_orthogonal_draw(uint64_t stream, uint64_t high, const int64_t shape[2],
                                 double *scratch, int64_t step[2]);

#endif
