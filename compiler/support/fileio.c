/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing whole files over POSIX calls, every return value checked.
 */
#define _XOPEN_SOURCE 700

#include "support/fileio.h"

#include "support/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024 };

static const char *reason_of_errno(Arena *arena)
{
    const char *words = strerror(errno);
    return str_copy(arena, words, strlen(words));
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* One read call into the text's free end; 0 at the end of the file, -1 on an error. */
static ssize_t read_some(int fd, Text *text)
{
    char step[READ_STEP];
    ssize_t got;
    do {
        got = read(fd, step, sizeof step);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        text_append_bytes(text, step, (size_t)got);
    }
    return got;
}

static bool read_all(Arena *arena, int fd, size_t limit, Text *text, const char **reason)
{
    text_append_bytes(text, "", 0);
    for (;;) {
        ssize_t got = read_some(fd, text);
        if (got < 0) {
            *reason = reason_of_errno(arena);
            return false;
        }
        if (text->length > limit) {
            *reason = str_format(arena, "the file is longer than %zu bytes", limit);
            return false;
        }
        if (got == 0) {
            return true;
        }
    }
}

char *file_read(Arena *arena, const char *path, size_t limit, size_t *length, const char **reason)
{
    bool standard = is_standard(path);
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *reason = reason_of_errno(arena);
        return NULL;
    }
    Text text = {.arena = arena};
    bool done = read_all(arena, fd, limit, &text, reason);
    if (!standard) {
        close(fd);
    }
    *length = text.length;
    return done ? text.data : NULL;
}

static bool write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, data, length);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        if (wrote > 0) {
            data += wrote;
            length -= (size_t)wrote;
        }
    }
    return true;
}

bool file_is_special(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

/* Written to, so that the link survives. */
const char *file_resolve(Arena *arena, const char *path)
{
    char *target = realpath(path, NULL);
    if (!target) {
        return path;
    }
    const char *kept = str_copy(arena, target, strlen(target));
    free(target);
    return kept;
}

static mode_t permissions(FileMode mode)
{
    mode_t mask = umask(0);
    umask(mask);
    return (mode == FILE_EXECUTABLE ? 0777 : 0666) & ~mask;
}

char *file_temporary(Arena *arena, const char *path, FileMode mode, const char **reason)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        *reason = "it is a folder";
        return NULL;
    }
    if (file_is_special(path)) {
        *reason = "it is a device or a pipe";
        return NULL;
    }
    char *name = str_format(arena, "%s.XXXXXX", file_resolve(arena, path));
    int fd = mkstemp(name);
    if (fd < 0) {
        *reason = reason_of_errno(arena);
        return NULL;
    }
    if (fchmod(fd, permissions(mode)) != 0 || close(fd) != 0) {
        *reason = reason_of_errno(arena);
        unlink(name);
        return NULL;
    }
    return name;
}

static bool sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool synced = fsync(fd) == 0;
    int error = errno;
    bool closed = close(fd) == 0;
    if (!synced) {
        errno = error;
    }
    return synced && closed;
}

bool file_commit(Arena *arena, const char *temporary, const char *path, const char **reason)
{
    if (!sync_file(temporary) || rename(temporary, file_resolve(arena, path)) != 0) {
        *reason = reason_of_errno(arena);
        unlink(temporary);
        return false;
    }
    return true;
}

typedef enum Aside { ASIDE, ASIDE_NOTHING, ASIDE_FAILED } Aside;

/* Out of the way under another name, from where it can come back. Without hard links its name is
 * free for a moment. */
static Aside set_aside(const char *path, const char *aside)
{
    if (link(path, aside) == 0) {
        return ASIDE;
    }
    if (errno == ENOENT) {
        return ASIDE_NOTHING;
    }
    return rename(path, aside) == 0 ? ASIDE : ASIDE_FAILED;
}

static bool rename_both(const FilePending both[2], const char *const places[2], const char *aside,
                        int *failed)
{
    Aside before = set_aside(places[0], aside);
    for (*failed = 0; *failed < 2 && before != ASIDE_FAILED; ++*failed) {
        if (rename(both[*failed].temporary, places[*failed]) != 0) {
            break;
        }
    }
    int error = errno;
    if (*failed < 2 && before == ASIDE) {
        rename(aside, places[0]);
    } else if (*failed == 1) {
        unlink(places[0]);
    }
    unlink(aside);
    errno = error;
    return *failed == 2;
}

bool file_commit_both(Arena *arena, const FilePending both[2], const char **failed,
                      const char **reason)
{
    const char *places[] = {file_resolve(arena, both[0].path), file_resolve(arena, both[1].path)};
    int bad = !sync_file(both[0].temporary) ? 0 : !sync_file(both[1].temporary) ? 1 : 2;
    if (bad == 2 &&
        rename_both(both, places, str_format(arena, "%s.old", both[0].temporary), &bad)) {
        return true;
    }
    *reason = reason_of_errno(arena);
    *failed = both[bad].path;
    unlink(both[0].temporary);
    unlink(both[1].temporary);
    return false;
}

void file_discard(const char *temporary)
{
    unlink(temporary);
}

bool file_fill(Arena *arena, const char *path, const void *data, size_t length, const char **reason)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        *reason = reason_of_errno(arena);
        return false;
    }
    bool wrote = write_all(fd, data, length);
    if (!wrote) {
        *reason = reason_of_errno(arena);
    }
    if (close(fd) != 0 && wrote) {
        *reason = reason_of_errno(arena);
        wrote = false;
    }
    return wrote;
}

bool file_write(Arena *arena, const char *path, const void *data, size_t length, FileMode mode,
                const char **reason)
{
    if (is_standard(path)) {
        if (fflush(stdout) != 0 || !write_all(STDOUT_FILENO, data, length)) {
            *reason = reason_of_errno(arena);
            return false;
        }
        return true;
    }
    if (file_is_special(path)) {
        return file_fill(arena, path, data, length, reason);
    }
    const char *temporary = file_temporary(arena, path, mode, reason);
    if (!temporary) {
        return false;
    }
    if (!file_fill(arena, temporary, data, length, reason)) {
        file_discard(temporary);
        return false;
    }
    return file_commit(arena, temporary, path, reason);
}
