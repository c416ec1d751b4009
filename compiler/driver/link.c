/* SPDX-License-Identifier: Apache-2.0
 *
 * Linking an executable or a library: the objects go to temporaries beside the output, $CC or $AR
 * makes another temporary of them, and only a complete one gets the output's name.
 */
#include "driver/link.h"

#include "driver/stop.h"
#include "support/fileio.h"
#include "support/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef VEC(char *) Words;

static void report_write(DiagSink *diag, const char *path, const char *reason)
{
    diag_report(diag, E_WRITE, (Span){0}, "cannot write `%s`: %s", path, reason);
}

/* Standard output, a pipe or a device may keep a writer waiting, and has no temporary. */
static bool has_temporary(const char *path)
{
    struct stat info;
    return strcmp(path, "-") != 0 && (stat(path, &info) != 0 || S_ISREG(info.st_mode));
}

bool link_write(Arena *arena, const char *path, const void *data, size_t size, DiagSink *diag)
{
    const char *reason = NULL;
    sigset_t before;
    bool held = has_temporary(path);
    if (held) {
        stop_hold(&before);
    }
    bool written = file_write(arena, path, data, size, FILE_PLAIN, &reason);
    if (held) {
        stop_release(&before);
    }
    if (!written) {
        report_write(diag, path, reason);
    }
    return written;
}

/* A temporary with those bytes beside `path`; NULL after an error. */
static char *fill_temporary(Arena *arena, const char *path, const void *data, size_t size,
                            DiagSink *diag)
{
    const char *reason = NULL;
    char *temporary = file_temporary(arena, path, FILE_PLAIN, &reason);
    if (temporary != NULL && file_fill(arena, temporary, data, size, &reason)) {
        return temporary;
    }
    if (temporary != NULL) {
        file_discard(temporary);
    }
    report_write(diag, path, reason);
    return NULL;
}

static bool commit_alone(Arena *arena, const char *temporary, const char *path, DiagSink *diag)
{
    const char *reason = NULL;
    bool done = file_commit(arena, temporary, path, &reason);
    if (!done) {
        report_write(diag, path, reason);
    }
    return done;
}

static bool write_header(Arena *arena, const LinkHeader *header, DiagSink *diag)
{
    return header->path == NULL ||
           link_write(arena, header->path, header->text, strlen(header->text), diag);
}

/* The header first: a build that is killed in between makes both again. */
static bool commit_pair(Arena *arena, const LinkHeader *header, const char *temporary,
                        const char *path, DiagSink *diag)
{
    const char *reason = NULL, *failed = NULL;
    if (header->path == NULL || !has_temporary(header->path)) {
        if (write_header(arena, header, diag)) {
            return commit_alone(arena, temporary, path, diag);
        }
        file_discard(temporary);
        return false;
    }
    char *text = fill_temporary(arena, header->path, header->text, strlen(header->text), diag);
    const FilePending both[] = {{text, header->path}, {temporary, path}};
    if (text != NULL && file_commit_both(arena, both, &failed, &reason)) {
        return true;
    }
    if (text != NULL) {
        report_write(diag, failed, reason);
    } else {
        file_discard(temporary);
    }
    return false;
}

static bool write_pair(Arena *arena, const char *path, const EmitPart *object,
                       const LinkHeader *header, DiagSink *diag)
{
    char *temporary = fill_temporary(arena, path, object->data, object->size, diag);
    return temporary != NULL && commit_pair(arena, header, temporary, path, diag);
}

bool link_object(Arena *arena, const char *path, const EmitPart *object, const LinkHeader *header,
                 DiagSink *diag)
{
    bool plain = header->path == NULL || has_temporary(header->path);
    if (!plain || !has_temporary(path)) {
        return link_write(arena, path, object->data, object->size, diag) &&
               write_header(arena, header, diag);
    }
    sigset_t before;
    stop_hold(&before);
    bool done = write_pair(arena, path, object, header, diag);
    stop_release(&before);
    return done;
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

/* Files to link; temporaries unless the user keeps them. */
typedef struct Objects {
    const char *paths[EMIT_PARTS];
    int count;
} Objects;

/* The words of an environment variable, or of the usual command. */
static Words tool(Arena *arena, const char *variable, const char *usual)
{
    Words words = {0};
    const char *text = getenv(variable);
    add_words(arena, &words, text ? text : "");
    if (words.count == 0) {
        add_words(arena, &words, usual);
    }
    return words;
}

/* For another machine the usual command is the one of its cross compiler. */
static Words command(Arena *arena, const Options *options, const char *output,
                     const Objects *objects)
{
    const char *target = options->target;
    Words words = tool(arena, "CC", target ? str_format(arena, "%s-gcc", target) : "cc");
    vec_push(arena, &words, (char *)"-o");
    vec_push(arena, &words, (char *)output);
    for (int i = 0; i < objects->count; i++) {
        vec_push(arena, &words, (char *)objects->paths[i]);
    }
    return words;
}

static const char *const sanitizers[] = {[SANITIZE_NOTHING] = "",
                                         [SANITIZE_ADDRESS] = "-fsanitize=address",
                                         [SANITIZE_THREAD] = "-fsanitize=thread"};

static Words link_command(Arena *arena, const Options *options, const Objects *objects,
                          const char *library, const char *output)
{
    Words words = command(arena, options, output, objects);
    vec_push(arena, &words, (char *)library);
    add_words(arena, &words, RNET_LINK_FLAGS);
    add_words(arena, &words, sanitizers[options->sanitizer]);
    vec_push(arena, &words, NULL);
    return words;
}

/* One object of several. */
static Words merge_command(Arena *arena, const Options *options, const Objects *objects,
                           const char *output)
{
    Words words = command(arena, options, output, objects);
    add_words(arena, &words, "-r -nostdlib");
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

static void hint_tool(const Options *options, const char *program, Diag *d, DiagSink *diag)
{
    if (options->target != NULL &&
        strncmp(program, options->target, strlen(options->target)) == 0) {
        diag_hint(diag, d,
                  "install the cross compiler of %s, or name one in the environment variable CC",
                  options->target);
        return;
    }
    diag_hint(diag, d,
              "install a C compiler and binutils, or name them in the environment variables CC "
              "and AR");
}

static bool run(const Options *options, const Words *words, DiagSink *diag)
{
    int status = 0;
    if (options->verbose) {
        print_command(words);
    }
    int error = stop_run(words->items, &status);
    if (error != 0) {
        Diag *d = diag_report(diag, E_LINK, (Span){0}, "cannot run `%s`: %s", words->items[0],
                              strerror(error));
        hint_tool(options, words->items[0], d, diag);
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        diag_report(diag, E_LINK, (Span){0}, "linking with `%s` failed", words->items[0]);
        return false;
    }
    return true;
}

/* What a command makes of the objects appears under `path`, complete or not at all; without a
 * library it is one object of them. */
static bool link_objects(Arena *arena, const Options *options, const Objects *objects,
                         const char *library, const char *path, DiagSink *diag)
{
    const char *reason = NULL;
    char *temporary = file_temporary(arena, path, library ? FILE_EXECUTABLE : FILE_PLAIN, &reason);
    if (temporary == NULL) {
        report_write(diag, path, reason);
        return false;
    }
    Words words = library ? link_command(arena, options, objects, library, temporary)
                          : merge_command(arena, options, objects, temporary);
    if (!run(options, &words, diag)) {
        file_discard(temporary);
        return false;
    }
    return commit_alone(arena, temporary, path, diag);
}

static void discard_objects(const Objects *objects)
{
    for (int i = 0; i < objects->count; i++) {
        file_discard(objects->paths[i]);
    }
}

/* Into temporaries beside `path`, which the caller discards, also after an error. */
static bool write_objects(Arena *arena, const char *path, const EmitOutput *output,
                          Objects *objects, DiagSink *diag)
{
    for (int i = 0; i < output->count; i++) {
        const EmitPart *part = &output->parts[i];
        char *temporary = fill_temporary(arena, path, part->data, part->size, diag);
        if (temporary == NULL) {
            return false;
        }
        objects->paths[objects->count++] = temporary;
    }
    return true;
}

/* The compiler would take such a name for an option, or for a file of arguments. */
static const char *plain_name(Arena *arena, const char *path)
{
    return path[0] == '-' || path[0] == '@' ? str_format(arena, "./%s", path) : path;
}

/* The objects of the instruction sets as one that stays. */
static bool keep_object(Arena *arena, const Options *options, const EmitOutput *output,
                        const char *path, DiagSink *diag)
{
    Objects objects = {0};
    if (output->count == 1) {
        return link_write(arena, path, output->parts[0].data, output->parts[0].size, diag);
    }
    bool done = write_objects(arena, path, output, &objects, diag) &&
                link_objects(arena, options, &objects, NULL, path, diag);
    discard_objects(&objects);
    return done;
}

static bool make_program(Arena *arena, const Options *options, const char *path,
                         const EmitOutput *output, DiagSink *diag)
{
    char *object = str_format(arena, "%s.o", path);
    const char *library = find_library(arena);
    Objects objects = {0};
    if (library == NULL) {
        diag_report(diag, E_LINK, (Span){0}, "librnet_rt.a is not where rnetc is installed");
        return false;
    }
    /* the program is linked as it is without, since a linker orders constants by their objects */
    if (options->save_temps && !keep_object(arena, options, output, object, diag)) {
        return false;
    }
    bool done = write_objects(arena, object, output, &objects, diag) &&
                link_objects(arena, options, &objects, library, path, diag);
    discard_objects(&objects);
    return done;
}

/* ---- libraries ---- */

/* A folder beside `path` in which a library is made: members of an archive keep their names. */
typedef struct Workshop {
    char *folder, *object, *library;
} Workshop;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void close_workshop(const Workshop *shop)
{
    unlink(shop->object);
    unlink(shop->library);
    rmdir(shop->folder);
}

static bool open_workshop(Arena *arena, const char *path, const char *name,
                          const EmitOutput *output, Workshop *shop, DiagSink *diag)
{
    const char *reason = NULL;
    if (!has_temporary(path)) { /* it would be replaced by the library */
        report_write(diag, path, "it is no ordinary file");
        return false;
    }
    shop->folder = str_format(arena, "%s.XXXXXX", file_resolve(arena, path));
    if (mkdtemp(shop->folder) == NULL) {
        report_write(diag, path, strerror(errno));
        return false;
    }
    shop->object = str_format(arena, "%s/%s.o", shop->folder, name);
    shop->library = str_format(arena, "%s/library", shop->folder);
    const EmitPart *part = &output->parts[0];
    if (!file_write(arena, shop->object, part->data, part->size, FILE_PLAIN, &reason)) {
        report_write(diag, path, reason);
        close_workshop(shop);
        return false;
    }
    return true;
}

/* D: no times and owners, so that the same object gives the same archive. */
static Words archive_command(Arena *arena, const Workshop *shop)
{
    Words words = tool(arena, "AR", "ar");
    add_words(arena, &words, "rcsD");
    vec_push(arena, &words, shop->library);
    vec_push(arena, &words, shop->object);
    vec_push(arena, &words, NULL);
    return words;
}

/* Without a sanitizer, whose runtime the program brings, nothing may stay undefined. */
static Words share_command(Arena *arena, const Options *options, const Workshop *shop,
                           const char *path)
{
    const Objects objects = {.paths = {shop->object}, .count = 1};
    Words words = command(arena, options, shop->library, &objects);
    add_words(arena, &words, "-shared -lm -Xlinker -soname -Xlinker");
    vec_push(arena, &words, (char *)base_name(path));
    add_words(arena, &words,
              options->sanitizer == SANITIZE_NOTHING ? "-Xlinker -z -Xlinker defs"
                                                     : sanitizers[options->sanitizer]);
    vec_push(arena, &words, NULL);
    return words;
}

static bool make_library(Arena *arena, const Options *options, const char *path, const char *name,
                         const EmitOutput *output, const LinkHeader *header, DiagSink *diag)
{
    Workshop shop;
    if (!open_workshop(arena, path, name, output, &shop, diag)) {
        return false;
    }
    Words words = options->emit == EMIT_STATIC ? archive_command(arena, &shop)
                                               : share_command(arena, options, &shop, path);
    bool done = run(options, &words, diag) && commit_pair(arena, header, shop.library, path, diag);
    close_workshop(&shop);
    return done;
}

/* ---- both ---- */

bool link_program(Arena *arena, const Options *options, const char *path, const EmitOutput *output,
                  DiagSink *diag)
{
    if (strcmp(path, "-") == 0) {
        diag_report(diag, E_USAGE, (Span){0}, "an executable cannot go to standard output");
        return false;
    }
    sigset_t before;
    stop_hold(&before);
    bool done = make_program(arena, options, plain_name(arena, path), output, diag);
    stop_release(&before);
    return done;
}

bool link_library(Arena *arena, const Options *options, const char *path, const char *name,
                  const EmitOutput *output, const LinkHeader *header, DiagSink *diag)
{
    if (strcmp(path, "-") == 0) {
        diag_report(diag, E_USAGE, (Span){0}, "a library cannot go to standard output");
        return false;
    }
    sigset_t before;
    stop_hold(&before);
    bool done = make_library(arena, options, plain_name(arena, path), name, output, header, diag);
    stop_release(&before);
    return done;
}
