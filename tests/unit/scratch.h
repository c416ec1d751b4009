/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder for the files of one test, removed with all that is in it.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Scratch {
    char folder[64];
} Scratch;

static inline Scratch scratch_make(void)
{
    Scratch scratch;
    snprintf(scratch.folder, sizeof scratch.folder, "/tmp/rnet-test-XXXXXX");
    if (!mkdtemp(scratch.folder))
        abort();
    return scratch;
}

/* Path of a file in the folder, in `path`. */
static inline const char *scratch_path(const Scratch *scratch, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", scratch->folder, name);
    return path;
}

static inline void scratch_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static inline void scratch_text(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

static int scratch_unlink(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

static inline void scratch_remove(const Scratch *scratch)
{
    nftw(scratch->folder, scratch_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
