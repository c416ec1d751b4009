/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole files, by zlib one way and stdio the other.
 */
#define _GNU_SOURCE
#include "lib/file.h"
#include "lib/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* MOST_OF_PIPE: what is longer is better kept in a file, and some pipes never end. */
enum { FIRST_SIZE = 1 << 16, PIECE = 1 << 24, MOST_OF_PIPE = 1 << 30 };

static bool grow(RtFile *file, size_t *capacity, const char *path, RtError *error)
{
    size_t wanted = *capacity ? *capacity + *capacity / 2 : FIRST_SIZE;
    uint8_t *bytes = realloc(file->bytes, wanted + 1);
    if (!bytes)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    file->bytes = bytes;
    *capacity = wanted;
    return true;
}

static bool fail_limit(const char *path, size_t limit, RtError *error)
{
    char text[32];
    return rt_fail(error, RT_BAD_DATA, "%s: more than the %s that can be read here", path,
                   rt_memory_text(limit, text));
}

static bool read_all(gzFile stream, const char *path, size_t limit, RtFile *file, RtError *error)
{
    size_t capacity = 0;
    for (;;) {
        if (file->size == capacity && !grow(file, &capacity, path, error))
            return false;
        size_t room = capacity - file->size;
        int got = gzread(stream, file->bytes + file->size, room > PIECE ? PIECE : (unsigned)room);
        if (got < 0) {
            int number;
            const char *reason = gzerror(stream, &number);
            return number == Z_ERRNO ? rt_fail_errno(error, RT_FAILED, "%s", path)
                                     : rt_fail(error, RT_BAD_DATA,
                                               "%s: packed data is damaged after %zu bytes: %s",
                                               path, file->size, reason);
        }
        file->size += (size_t)got;
        file->bytes[file->size] = 0;
        if (file->size > limit)
            return fail_limit(path, limit, error);
        if (got == 0)
            return true;
    }
}

/* Files, and pipes up to a limit of their own; a device may never end, and a terminal is one that
 * somebody types at. */
static bool check_input(int descriptor, const char *path, size_t *limit, RtError *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return rt_fail_errno(error, RT_BAD_DATA, "%s", path);
    if (S_ISREG(status.st_mode))
        return (uintmax_t)status.st_size <= *limit || fail_limit(path, *limit, error);
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return rt_fail_errno(error, RT_BAD_DATA, "%s", path);
    }
    *limit = *limit < MOST_OF_PIPE ? *limit : MOST_OF_PIPE;
    return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(descriptor) ||
           rt_fail(error, RT_BAD_DATA, "%s: it is a device; a file or a pipe can be read", path);
}

static int open_input(const char *path, size_t *limit, RtError *error)
{
    int descriptor = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        rt_fail_errno(error, RT_BAD_DATA, "%s", path);
    } else if (!check_input(descriptor, path, limit, error)) {
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

bool rt_file_read(const char *path, size_t limit, RtFile *file, RtError *error)
{
    *file = (RtFile){0};
    int descriptor = open_input(path, &limit, error);
    if (descriptor < 0)
        return false;
    gzFile stream = gzdopen(descriptor, "r");
    if (!stream) {
        close(descriptor);
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    }
    bool done = read_all(stream, path, limit, file, error);
    /* a stream that ends early shows only here */
    int closed = gzclose(stream);
    if (done && closed != Z_OK)
        done = rt_fail(error, RT_BAD_DATA, "%s: packed data ends early, after %zu bytes", path,
                       file->size);
    if (!done)
        rt_file_free(file);
    return done;
}

void rt_file_free(RtFile *file)
{
    free(file->bytes);
    *file = (RtFile){0};
}

bool rt_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool rt_file_keeps(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static void writer_free(RtWriter *writer)
{
    free(writer->path);
    free(writer->temporary);
    *writer = (RtWriter){0};
}

/* A device or a pipe, which a rename would replace by a file. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* The file that a link leads to: the link itself stays. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : strdup(path);
}

bool rt_writer_open(RtWriter *writer, const char *path, RtError *error)
{
    bool special = is_special(path);
    *writer = (RtWriter){.path = special ? strdup(path) : resolve(path)};
    if (!writer->path || (!special && asprintf(&writer->temporary, "%s.part-%ld", writer->path,
                                               (long)getpid()) < 0)) {
        free(writer->path);
        *writer = (RtWriter){0};
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    }
    writer->stream = fopen(special ? writer->path : writer->temporary, "wbe");
    if (writer->stream)
        return true;
    rt_fail_errno(error, RT_FAILED, "%s", path);
    writer_free(writer);
    return false;
}

bool rt_writer_put(RtWriter *writer, const void *bytes, size_t size, RtError *error)
{
    if (fwrite(bytes, 1, size, writer->stream) == size)
        return true;
    return rt_fail_errno(error, RT_FAILED, "%s", writer->path);
}

/* A rename is safe against a crash when the folder is synced as well. */
static bool sync_folder(const char *path, RtError *error)
{
    char *copy = strdup(path);
    if (!copy)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (folder < 0)
        return rt_fail_errno(error, RT_FAILED, "%s: its folder", path);
    /* some file systems cannot sync a folder and say EINVAL */
    bool synced = fsync(folder) == 0 || errno == EINVAL;
    if (!synced)
        rt_fail_errno(error, RT_FAILED, "%s: its folder", path);
    close(folder);
    return synced;
}

bool rt_writer_commit(RtWriter *writer, RtError *error)
{
    bool special = !writer->temporary;
    bool flushed = fflush(writer->stream) == 0 && (special || fsync(fileno(writer->stream)) == 0);
    int number = errno;
    bool closed = fclose(writer->stream) == 0;
    if (flushed && !closed)
        number = errno;
    writer->stream = NULL;
    errno = number;
    if (!flushed || !closed || (!special && rename(writer->temporary, writer->path) != 0)) {
        rt_fail_errno(error, RT_FAILED, "%s", writer->path);
        rt_writer_abandon(writer);
        return false;
    }
    bool synced = special || sync_folder(writer->path, error);
    writer_free(writer);
    return synced;
}

void rt_writer_abandon(RtWriter *writer)
{
    if (writer->stream)
        fclose(writer->stream);
    if (writer->temporary)
        unlink(writer->temporary);
    writer_free(writer);
}

bool rt_writer_try(const char *path, RtError *error)
{
    struct stat status;
    RtWriter writer;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return true;
    if (!rt_writer_open(&writer, path, error))
        return false;
    rt_writer_abandon(&writer);
    return true;
}
