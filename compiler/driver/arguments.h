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

/* Appends one word of the command line, or what @FILE stands for. In a file, words are divided by
 * white space; quotes of either kind hold white space, and a backslash holds the character after
 * it. Reports E_READ and E_USAGE. */
void arguments_add(Arena *arena, const char *word, Arguments *arguments, DiagSink *diag);

#endif
