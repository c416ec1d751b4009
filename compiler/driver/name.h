/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that follow from the command line: the model's, the output's, the hash of the source.
 */
#ifndef RNET_DRIVER_NAME_H
#define RNET_DRIVER_NAME_H

#include "driver/options.h"

/* --prefix, or the input's stem with every other character turned into `_`. Reports E_MODEL_NAME
 * for a leading digit or a keyword of C or C++, which want --prefix; never NULL. */
const char *name_of_model(Arena *arena, const Options *options, DiagSink *diag);

/* Would C or C++ not take the word as a name? */
bool name_is_reserved(const char *name);

/* -o, or the input's stem with the ending of what is made (.s, .ll, .json, none;
 * a library is libSTEM.a or libSTEM.so). */
const char *name_output(Arena *arena, const Options *options);

/* 32 hexadecimal digits over the source and all -D. */
const char *name_hash(Arena *arena, const Source *source, const Options *options);

#endif
