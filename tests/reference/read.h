/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of a line of the dump, for the files that read it.
 */
#ifndef ORACLE_READ_H
#define ORACLE_READ_H

#include "network.h"

/* Text being read; errors end the program with the line. */
typedef struct Cursor {
    const char *at, *line;
} Cursor;

enum { WORD_MAX = 256 };

void read_fail(const Cursor *cursor, const char *what);
/* The next word, up to a blank or a bracket of a tree. */
void read_word(Cursor *cursor, char word[WORD_MAX]);
/* A word that must be there. */
void read_expected(Cursor *cursor, const char *word);
long read_integer(Cursor *cursor);
double read_number(Cursor *cursor);
/* "[28,28]" into dims; gives the rank. */
int read_shape(Cursor *cursor, long dims[4]);
/* The rest of the line: a formula, NULL for "-". */
char *read_formula(Cursor *cursor);
/* A tensor's name, or "-". */
int read_tensor(Cursor *cursor, const Oracle *o);
Node *read_node(Cursor *cursor, const Oracle *o);

#endif
