/* SPDX-License-Identifier: Apache-2.0
 *
 * An executable's core does everything: the commands of the library ask for it.
 */
#include "core/uses.h"

const uint64_t rnet_uses = UINT64_MAX;
