/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of the command line with every @FILE replaced by the words in that file.
 */
#ifndef RNET_DRIVER_ARGUMENTS_H
#define RNET_DRIVER_ARGUMENTS_H

#include "support/diag.h"
#include "support/vec.h"

typedef struct Arguments {
    const char **items;
    uint32_t count, capacity;
} Arguments;

/* argv[0] is left out. In a file, words are divided by white space; quotes of either kind hold
 * white space, and a backslash holds the character after it. Reports E_READ and E_USAGE. */
void arguments_expand(Arena *arena, int argc, const char *const *argv, Arguments *arguments,
                      DiagSink *diag);

#endif
