/* SPDX-License-Identifier: Apache-2.0
 *
 * A network is one file, and another where weights are baked.
 */
#include "driver/dependencies.h"

#include "driver/header.h"
#include "driver/link.h"
#include "driver/name.h"
#include "support/fileio.h"
#include "support/str.h"

#include <string.h>

/* Blanks and dollar signs as make wants them. */
static void append_name(Text *text, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == ' ' || *name == '#') {
            text_append_bytes(text, "\\", 1);
        } else if (*name == '$') {
            text_append_bytes(text, "$", 1);
        }
        text_append_bytes(text, name, 1);
    }
}

/* What make would have made: for standard output and devices, the file that would stand there. */
static const char *made(Arena *arena, const Options *options, const char *output)
{
    if (strcmp(output, "-") != 0 && !file_is_special(output)) {
        return output;
    }
    Options usual = *options;
    usual.output = NULL;
    return name_output(arena, &usual);
}

bool dependencies_write(Arena *arena, const Options *options, const char *output, DiagSink *diag)
{
    if (!options->dependencies && !options->dependencies_only) {
        return true;
    }
    const char *written = output;
    output = made(arena, options, output);
    Text text = {.arena = arena};
    append_name(&text, options->dependency_target ? options->dependency_target : output);
    const char *header = header_path(arena, options, written);
    if (header != NULL && options->dependency_target == NULL) {
        text_append_bytes(&text, " ", 1);
        append_name(&text, header);
    }
    text_append_bytes(&text, ": ", 2);
    append_name(&text, options->input);
    if (options->weights != NULL) {
        text_append_bytes(&text, " ", 1);
        append_name(&text, options->weights);
    }
    text_append_bytes(&text, "\n", 1);
    const char *path = options->dependency_file;
    if (path == NULL) {
        path = options->dependencies_only ? "-" : str_format(arena, "%s.d", output);
    }
    return link_write(arena, path, text.data, text.length, diag);
}
