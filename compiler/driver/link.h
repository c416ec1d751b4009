/* SPDX-License-Identifier: Apache-2.0
 *
 * The last step: bytes into a file, or through the system's tools into an executable or library.
 */
#ifndef RNET_DRIVER_LINK_H
#define RNET_DRIVER_LINK_H

#include "driver/options.h"
#include "emit/emit.h"

/* Writes the bytes whole or not at all; "-" is standard output. Reports E_WRITE. */
bool link_write(Arena *arena, const char *path, const void *data, size_t size, DiagSink *diag);

/* What appears together with an object, just before it; path NULL: nothing does. */
typedef struct LinkHeader {
    const char *path, *text;
} LinkHeader;

/* Writes an object and its header, both or neither. Reports E_WRITE. */
bool link_object(Arena *arena, const char *path, const EmitPart *object, const LinkHeader *header,
                 DiagSink *diag);

/* Runs $CC (default cc; several words are split at blanks, no shell) on the objects and the
 * runtime library, which lies beside rnetc or in ../lib/rnet. Reports E_WRITE and E_LINK. */
bool link_program(Arena *arena, const Options *options, const char *path, const EmitOutput *output,
                  DiagSink *diag);

/* Makes an archive of the one object, as NAME.o, by $AR (default ar); or a shared object by $CC,
 * whose soname is the output's. What is not the interface stays hidden. The header appears with it
 * or not at all. Reports E_WRITE and E_LINK. */
bool link_library(Arena *arena, const Options *options, const char *path, const char *name,
                  const EmitOutput *output, const LinkHeader *header, DiagSink *diag);

#endif
