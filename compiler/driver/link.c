/* SPDX-License-Identifier: Apache-2.0
 *
 * Linking an executable: the object goes to a temporary beside the output, $CC makes another
 * temporary of it, and only a complete one gets the output's name.
 */
#include "driver/link.h"

#include "support/fileio.h"
#include "support/str.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef VEC(char *) Words;

static void report_write(DiagSink *diag, const char *path, const char *reason)
{
    diag_report(diag, E_WRITE, (Span){0}, "cannot write `%s`: %s", path, reason);
}

bool link_write(Arena *arena, const char *path, const void *data, size_t size, DiagSink *diag)
{
    const char *reason = NULL;
    if (file_write(arena, path, data, size, FILE_PLAIN, &reason)) {
        return true;
    }
    report_write(diag, path, reason);
    return false;
}

/* librnet_rt.a: beside a built rnetc, or where an installed one keeps it. */
static char *find_library(Arena *arena)
{
    static const char *const places[] = {"runtime/librnet_rt.a", "../lib/rnet/librnet_rt.a"};
    char exe[4096];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (length < 0) {
        return NULL;
    }
    exe[length] = '\0';
    *(strrchr(exe, '/') + 1) = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = str_format(arena, "%s%s", exe, places[i]);
        if (access(path, R_OK) == 0) {
            return path;
        }
    }
    return NULL;
}

static void add_words(Arena *arena, Words *words, const char *text)
{
    char *copy = str_copy(arena, text, strlen(text));
    char *rest = NULL;
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        vec_push(arena, words, word);
    }
}

static Words link_command(Arena *arena, const Options *options, const char *object,
                          const char *library, const char *output)
{
    static const char *const sanitizers[] = {[SANITIZE_NOTHING] = "",
                                             [SANITIZE_ADDRESS] = "-fsanitize=address",
                                             [SANITIZE_THREAD] = "-fsanitize=thread"};
    Words words = {0};
    const char *cc = getenv("CC");
    add_words(arena, &words, cc ? cc : "");
    if (words.count == 0) {
        add_words(arena, &words, "cc");
    }
    vec_push(arena, &words, (char *)"-o");
    vec_push(arena, &words, (char *)output);
    vec_push(arena, &words, (char *)object);
    vec_push(arena, &words, (char *)library);
    add_words(arena, &words, RNET_LINK_FLAGS);
    add_words(arena, &words, sanitizers[options->sanitizer]);
    vec_push(arena, &words, NULL);
    return words;
}

static void print_command(const Words *words)
{
    for (uint32_t i = 0; words->items[i] != NULL; i++) {
        fprintf(stderr, "%s%s", i ? " " : "", words->items[i]);
    }
    fputc('\n', stderr);
}

static bool run(const Options *options, const Words *words, DiagSink *diag)
{
    pid_t child;
    int status = 0;
    if (options->verbose) {
        print_command(words);
    }
    int error = posix_spawnp(&child, words->items[0], NULL, NULL, words->items, environ);
    if (error != 0) {
        Diag *d = diag_report(diag, E_LINK, (Span){0}, "cannot run `%s`: %s", words->items[0],
                              strerror(error));
        diag_hint(diag, d, "install a C compiler, or name one in the environment variable CC");
        return false;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        diag_report(diag, E_LINK, (Span){0}, "linking with `%s` failed", words->items[0]);
        return false;
    }
    return true;
}

static bool link_object(Arena *arena, const Options *options, const char *object, const char *path,
                        DiagSink *diag)
{
    const char *reason = NULL;
    const char *library = find_library(arena);
    if (library == NULL) {
        diag_report(diag, E_LINK, (Span){0}, "librnet_rt.a is not where rnetc is installed");
        return false;
    }
    char *temporary = file_temporary(arena, path, FILE_EXECUTABLE, &reason);
    if (temporary == NULL) {
        report_write(diag, path, reason);
        return false;
    }
    Words words = link_command(arena, options, object, library, temporary);
    if (!run(options, &words, diag)) {
        file_discard(temporary);
        return false;
    }
    if (!file_commit(arena, temporary, path, &reason)) {
        report_write(diag, path, reason);
        return false;
    }
    return true;
}

bool link_program(Arena *arena, const Options *options, const char *path, const void *object,
                  size_t size, DiagSink *diag)
{
    if (strcmp(path, "-") == 0) {
        diag_report(diag, E_USAGE, (Span){0}, "an executable cannot go to standard output");
        return false;
    }
    char *object_path = str_format(arena, "%s.o", path);
    if (options->save_temps) {
        return link_write(arena, object_path, object, size, diag) &&
               link_object(arena, options, object_path, path, diag);
    }
    const char *reason = NULL;
    char *temporary = file_temporary(arena, object_path, FILE_PLAIN, &reason);
    if (temporary == NULL) {
        report_write(diag, path, reason);
        return false;
    }
    bool linked = link_write(arena, temporary, object, size, diag) &&
                  link_object(arena, options, temporary, path, diag);
    file_discard(temporary);
    return linked;
}
