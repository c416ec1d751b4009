/* SPDX-License-Identifier: Apache-2.0
 *
 * test_init_path.c with reals in double.
 */
#define RNK_REAL double
#include "test_init_path.c"
