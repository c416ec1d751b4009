/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: read whole, or written whole. An output appears under its name complete or not at all:
 * bytes go to a temporary in the same folder, which is synced and then renamed.
 */
#ifndef RNET_SUPPORT_FILEIO_H
#define RNET_SUPPORT_FILEIO_H

#include "support/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* All bytes of the file, NUL-terminated; "-" is standard input. NULL with the reason in words when
 * it cannot be read, is a folder, or is longer than `limit`. */
char *file_read(Arena *arena, const char *path, size_t limit, size_t *length, const char **reason);

/* A device, a pipe or the like, which a rename would replace. */
bool file_is_special(const char *path);
/* Where a symbolic link leads to in the end; the path itself where nothing is there yet. */
const char *file_resolve(Arena *arena, const char *path);

typedef enum FileMode { FILE_PLAIN, FILE_EXECUTABLE } FileMode;

/* Writes the bytes under that name; "-" writes to standard output, a device is written directly.
 * False with the reason in words; then nothing is left behind. */
bool file_write(Arena *arena, const char *path, const void *data, size_t length, FileMode mode,
                const char **reason);

/* For outputs that another program writes: an empty file beside `path` to write to, then either
 * file_commit (sync, rename) or file_discard. NULL with the reason. */
char *file_temporary(Arena *arena, const char *path, FileMode mode, const char **reason);
bool file_commit(Arena *arena, const char *temporary, const char *path, const char **reason);
/* Two of them at once: where one cannot be had, what was under both names before stays. False with
 * the path that failed; both temporaries are gone in any case. */
typedef struct FilePending {
    const char *temporary, *path;
} FilePending;
bool file_commit_both(Arena *arena, const FilePending both[2], const char **failed,
                      const char **reason);
void file_discard(const char *temporary);
/* Writes the bytes into an existing file, for a program that reads them soon: not synced. */
bool file_fill(Arena *arena, const char *path, const void *data, size_t length,
               const char **reason);

#endif
