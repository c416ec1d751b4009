/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole files in, whole files out. Reading undoes gzip; writing goes to a file beside the wanted
 * one, which is synced and renamed, so that a name never holds half a file. Links are followed, and
 * devices and pipes are written to as they are.
 */
#ifndef RNET_LIB_FILE_H
#define RNET_LIB_FILE_H

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct RtFile {
    uint8_t *bytes; /* size of them, and a zero after them */
    size_t size;
} RtFile;

/* Reads a file or a pipe, packed by gzip or not; "-" is standard input. More than `limit` bytes are
 * an error, and so is a device, which may never end. */
bool rt_file_read(const char *path, size_t limit, RtFile *file, RtError *error);
void rt_file_free(RtFile *file);
bool rt_file_exists(const char *path);
/* A file that is there and keeps what is written: no folder, device or pipe. */
bool rt_file_keeps(const char *path);

typedef struct RtWriter {
    FILE *stream;
    char *path, *temporary; /* temporary: NULL where the path is a device or a pipe */
} RtWriter;

bool rt_writer_open(RtWriter *writer, const char *path, RtError *error);
bool rt_writer_put(RtWriter *writer, const void *bytes, size_t size, RtError *error);
/* Syncs and renames. After this or rt_writer_abandon the writer is closed. */
bool rt_writer_commit(RtWriter *writer, RtError *error);
void rt_writer_abandon(RtWriter *writer);
/* Can the file be written? Asked before hours of work; leaves nothing, and a pipe alone. */
bool rt_writer_try(const char *path, RtError *error);

#endif
