/* SPDX-License-Identifier: Apache-2.0
 *
 * Man pages and shell completions from the tables of options: pages FORM TEMPLATE OUTPUT. A line of
 * the template that is one of the words below becomes the rows of its table in the form named; all
 * others are copied, with @VERSION@ replaced.
 *
 *   @OPTIONS@            options of rnetc
 *   @VALUES@             options of rnetc that take a value (bash)
 *   @COMMANDS@           commands of compiled programs (man)
 *   @PROGRAM_OPTIONS@    options of compiled programs (man)
 */
#include "driver/options.h"
#include "lib/cli.h"
#include "support/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 1024 };

static const struct {
    const char *name, *help;
} commands[] = {
#define X(tag, name, help) {name, help},
    RT_COMMANDS(X)
#undef X
};

/* ---- man ---- */

/* A hyphen that is typed, not one that hyphenates. */
static void man_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        fputs(*text == '-' ? "\\-" : *text == '\\' ? "\\e" : (char[]){*text, '\0'}, out);
    }
}

static void man_option(FILE *out, const char *name, const char *joint, const char *argument)
{
    fputs(".TP\n\\fB", out);
    man_text(out, name);
    fputs("\\fR", out);
    if (argument != NULL) {
        fprintf(out, "%s\\fI", joint);
        man_text(out, argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

static void man_help(FILE *out, const char *help)
{
    /* a period at the beginning of a line would be a request */
    fputs("\\&", out);
    man_text(out, help);
    fputs(".\n", out);
}

static void man_rnetc(FILE *out, const OptionFacts *row)
{
    man_option(out, row->name, row->name[1] == '-' ? "=" : " ", row->argument);
    man_help(out, row->help);
}

static void man_commands(FILE *out)
{
    for (int i = 0; i < RT_COMMAND_COUNT; i++) {
        man_option(out, commands[i].name, "", NULL);
        man_help(out, commands[i].help);
    }
}

/* Which commands take it, where not all do. */
static void man_goes(FILE *out, int index)
{
    int count = 0;
    for (int i = 0; i < RT_COMMAND_COUNT; i++) {
        count += rt_option_goes(index, (RtCommand)i);
    }
    if (count == RT_COMMAND_COUNT) {
        return;
    }
    fputs("Of", out);
    for (int i = 0; i < RT_COMMAND_COUNT; i++) {
        if (rt_option_goes(index, (RtCommand)i)) {
            fprintf(out, " \\fB%s\\fR%s", commands[i].name, --count ? "," : ".\n");
        }
    }
}

static void man_program_options(FILE *out)
{
    const char *name, *argument, *help;
    for (int i = 0; rt_option_row(i, &name, &argument, &help); i++) {
        man_option(out, name, " ", argument);
        man_help(out, help);
        man_goes(out, i);
    }
}

/* ---- shells ---- */

static void bash_option(FILE *out, const OptionFacts *row)
{
    fprintf(out, "        %s%s\n", row->name, row->argument && row->name[1] == '-' ? "=" : "");
}

/* The words that may follow, with blanks between them. */
static void choices(FILE *out, const OptionFacts *row)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        fprintf(out, "%s%s", i ? " " : "", row->choices[i]);
    }
}

static bool names_file(const char *argument)
{
    return strcmp(argument, "FILE") == 0;
}

/* An option with a value, and what the value may be. */
static void bash_value(FILE *out, const OptionFacts *row)
{
    if (row->argument == NULL) {
        return;
    }
    fprintf(out, "        %s) ", row->name);
    if (row->choices != NULL) {
        fputs("words='", out);
        choices(out, row);
        fputs("' ;;\n", out);
    } else {
        fputs(names_file(row->argument) ? "compopt -o default ;;\n" : ";;\n", out);
    }
}

/* Within single quotes: `quote` stands for one, and characters that mean something to the shell's
 * functions are marked. */
static void quoted(FILE *out, const char *text, const char *marked, const char *quote)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs(quote, out);
        } else {
            fprintf(out, "%s%c", strchr(marked, *text) ? "\\" : "", *text);
        }
    }
}

static void zsh_option(FILE *out, const OptionFacts *row)
{
    bool is_long = row->name[1] == '-';
    const char *joint = !row->argument ? "" : is_long ? "=" : strlen(row->name) == 2 ? "+" : "";
    fprintf(out, "    '*%s%s[", row->name, joint);
    quoted(out, row->help, "[]:\\", "'\\''");
    fputc(']', out);
    if (row->argument != NULL) {
        fprintf(out, ":%s:", row->argument);
        if (row->choices != NULL) {
            fputc('(', out);
            choices(out, row);
            fputc(')', out);
        } else {
            fputs(names_file(row->argument) ? "_files" : " ", out);
        }
    }
    fputs("'\n", out);
}

static void fish_option(FILE *out, const OptionFacts *row)
{
    const char *kind = row->name[1] == '-' ? "-l" : row->name[2] == '\0' ? "-s" : "-o";
    fprintf(out, "complete -c rnetc %s %s", kind, row->name + 1 + (row->name[1] == '-'));
    if (row->argument != NULL) {
        fputs(names_file(row->argument) ? " -r -F" : " -x", out);
    }
    if (row->choices != NULL) {
        fputs(" -a '", out);
        choices(out, row);
        fputc('\'', out);
    }
    fputs(" -d '", out);
    quoted(out, row->help, "\\", "\\'");
    fputs("'\n", out);
}

/* ---- templates ---- */

typedef void PrintOption(FILE *out, const OptionFacts *row);

static const struct {
    const char *name;
    PrintOption *option, *value;
} forms[] = {{"man", man_rnetc, NULL},
             {"bash", bash_option, bash_value},
             {"zsh", zsh_option, NULL},
             {"fish", fish_option, NULL}};
enum { FORMS = sizeof forms / sizeof *forms };

static void rows(FILE *out, PrintOption *print)
{
    OptionFacts row;
    for (int i = 0; print != NULL && options_row(i, &row); i++) {
        print(out, &row);
    }
}

static void copy_line(FILE *out, const char *line)
{
    static const char mark[] = "@VERSION@";
    const char *at;
    for (; (at = strstr(line, mark)) != NULL; line = at + strlen(mark)) {
        fprintf(out, "%.*s%s", (int)(at - line), line, RNET_VERSION);
    }
    fputs(line, out);
}

static void fill(FILE *template, FILE *out, int form)
{
    char line[LINE_MOST];
    while (fgets(line, sizeof line, template) != NULL) {
        if (strcmp(line, "@OPTIONS@\n") == 0) {
            rows(out, forms[form].option);
        } else if (strcmp(line, "@VALUES@\n") == 0) {
            rows(out, forms[form].value);
        } else if (strcmp(line, "@COMMANDS@\n") == 0) {
            man_commands(out);
        } else if (strcmp(line, "@PROGRAM_OPTIONS@\n") == 0) {
            man_program_options(out);
        } else {
            copy_line(out, line);
        }
    }
}

int main(int argc, char **argv)
{
    int form = 0;
    while (argc == 4 && form < FORMS && strcmp(argv[1], forms[form].name) != 0) {
        form++;
    }
    if (argc != 4 || form == FORMS) {
        fputs("usage: pages man|bash|zsh|fish TEMPLATE OUTPUT\n", stderr);
        return 2;
    }
    FILE *template = fopen(argv[2], "r"), *out = template ? fopen(argv[3], "w") : NULL;
    if (out == NULL) {
        perror("pages");
        return EXIT_FAILURE;
    }
    fill(template, out, form);
    bool failed = ferror(template) || ferror(out);
    failed |= fclose(out) != 0;
    fclose(template);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
