/* SPDX-License-Identifier: Apache-2.0
 *
 * The C and C++ header of an object to embed: what a host calls, and all that it has to know.
 */
#ifndef RNET_DRIVER_HEADER_H
#define RNET_DRIVER_HEADER_H

#include "driver/options.h"
#include "emit/emit.h"

/* The text of the header, a function of the network and the options. */
const char *header_text(Arena *arena, const Graph *graph, const EmitOptions *options);

/* The member of NAME_config that holds a param. */
const char *header_member(Arena *arena, const Graph *graph, const Param *param);

/* --header, or the output's path with the ending .h and without a library's `lib`; NULL: this kind
 * of output has no header, or no place is named and it goes to standard output, a pipe or a
 * device. */
const char *header_path(Arena *arena, const Options *options, const char *object);

#endif
