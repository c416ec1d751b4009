/* SPDX-License-Identifier: Apache-2.0
 *
 * rnetc: command line → options → work → exit status.
 */
#include "driver/compile.h"
#include "driver/explain.h"
#include "driver/fmt.h"
#include "driver/options.h"
#include "driver/run.h"
#include "support/bug.h"
#include "support/diag_render.h"
#include "support/version.h"

#include <stdlib.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_ERRORS = 1, EXIT_USAGE = 2 };

static bool wants_colour(const Options *options)
{
    const char *no_colour = getenv("NO_COLOR");
    if (options->colour != COLOUR_AUTO) {
        return options->colour == COLOUR_ALWAYS;
    }
    return !(no_colour && no_colour[0]) && isatty(STDERR_FILENO);
}

static void render(Arena *arena, const Options *options, const Source *source, const DiagSink *diag)
{
    Text text = {.arena = arena};
    DiagStyle style = {NULL, wants_colour(options)};
    text_append_bytes(&text, "", 0);
    if (options->diag_format == DIAG_JSON) {
        diag_render_json(&text, source, diag, style);
    } else {
        diag_render_text(&text, source, diag, style);
    }
    fflush(stdout);
    fwrite(text.data, 1, text.length, stderr);
}

static void set_warnings(const Options *options, DiagSink *diag)
{
    for (uint32_t i = 0; i < options->warnings.count; i++) {
        diag_set_group(diag, options->warnings.items[i].group, options->warnings.items[i].enabled);
    }
    diag_set_warnings_as_errors(diag, options->werror);
}

/* Each file has its own sink: places belong to one source. */
static int format_files(Arena *arena, const Options *options)
{
    bool done = true;
    for (uint32_t i = 0; i < options->files.count; i++) {
        const Source *source = NULL;
        DiagSink *diag = diag_sink_create(arena);
        done &= format_file(arena, options, options->files.items[i], diag, &source);
        render(arena, options, source, diag);
    }
    return done ? EXIT_DONE : EXIT_ERRORS;
}

/* What the compiler has to say comes before the program's own output. */
static int run_in_memory(Arena *arena, const Options *options, DiagSink *diag)
{
    const Source *source = NULL;
    set_warnings(options, diag);
    Loaded *loaded = run_load(arena, options, diag, &source);
    render(arena, options, source, diag);
    return loaded ? run_start(arena, loaded, options) : EXIT_ERRORS;
}

static int run(Arena *arena, const Options *options, DiagSink *diag)
{
    const Source *source = NULL;
    int status = EXIT_DONE;
    switch ((Command)options->command) {
    case COMMAND_HELP:
        options_print_help(stdout);
        break;
    case COMMAND_VERSION:
        printf("rnetc %s\n", RNET_VERSION);
        break;
    case COMMAND_EXPLAIN:
        status = explain_code(arena, options->explain, stdout, diag) ? EXIT_DONE : EXIT_USAGE;
        break;
    case COMMAND_FMT:
        return format_files(arena, options);
    case COMMAND_RUN:
        return run_in_memory(arena, options, diag);
    case COMMAND_COMPILE:
        set_warnings(options, diag);
        status = compile(arena, options, diag, &source) ? EXIT_DONE : EXIT_ERRORS;
        break;
    }
    render(arena, options, source, diag);
    return status;
}

int main(int argc, char **argv)
{
    Arena *arena = arena_create();
    if (!arena) {
        bug_out_of_memory();
    }
    DiagSink *diag = diag_sink_create(arena);
    Options options;
    int status = EXIT_USAGE;
    if (options_parse(arena, argc, (const char *const *)argv, &options, diag)) {
        status = run(arena, &options, diag);
    } else {
        render(arena, &options, NULL, diag);
    }
    arena_destroy(arena);
    if (options.command != COMMAND_RUN && (fflush(stdout) != 0 || ferror(stdout))) {
        fputs("rnetc: error: cannot write to standard output [E0002]\n", stderr);
        status = status == EXIT_DONE ? EXIT_ERRORS : status;
    }
    return status;
}
