/* SPDX-License-Identifier: Apache-2.0
 *
 * `rnetc fmt`: rewrites files in the canonical layout, or says which ones are not in it.
 */
#ifndef RNET_DRIVER_FMT_H
#define RNET_DRIVER_FMT_H

#include "driver/options.h"

/* Formats one file in place ("-": from standard input to standard output). *source is set for
 * rendering. False when it has errors, cannot be written, or differs under --check. */
bool format_file(Arena *arena, const Options *options, const char *path, DiagSink *diag,
                 const Source **source);

#endif
