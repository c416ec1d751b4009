/* SPDX-License-Identifier: Apache-2.0
 *
 * Relocatable objects into one, without a linker.
 */
#ifndef RNET_EMIT_JOIN_H
#define RNET_EMIT_JOIN_H

#include "emit/emit.h"

/* Bytes of one relocatable object with the sections of all, in their order. What several objects
 * want or one defines for the others becomes one symbol; hidden symbols become local. NULL where
 * one of them is not what LLVM writes, with the words that follow "an object to be joined has". */
char *join_objects(Arena *arena, const EmitPart *parts, int count, size_t *size,
                   const char **problem);

#endif
