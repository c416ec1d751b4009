/* SPDX-License-Identifier: Apache-2.0
 *
 * One table of options: each row says which field of Options it sets, and how.
 */
#include "driver/options.h"

#include "driver/arguments.h"
#include "support/str.h"

#include <stddef.h>
#include <string.h>

typedef enum OptionForm {
    FORM_FLAG,   /* sets an int field to `value` */
    FORM_TEXT,   /* takes an argument, kept as it is */
    FORM_CHOICE, /* takes one of `names`; the field becomes `value` + its index */
    FORM_DEFINE  /* -D */
} OptionForm;

typedef struct OptionRow {
    const char *name;
    OptionForm form;
    size_t field;
    int value;
    const char *const *names;
    const char *argument, *help;
} OptionRow;

static const char *const emit_names[] = {"exe",    "asm",    "llvm",     "obj", "header",
                                         "static", "shared", "manifest", NULL};
static const char *const dump_names[] = {"ast", "model", "graph", "plan", "llvm", NULL};
static const char *const colour_names[] = {"auto", "always", "never", NULL};
static const char *const format_names[] = {"text", "json", NULL};
static const char *const sanitizer_names[] = {"address", "thread", NULL};

#define FLAG(name, member, value, help)                                                            \
    {                                                                                              \
        name, FORM_FLAG, offsetof(Options, member), value, NULL, NULL, help                        \
    }
#define TEXT(name, member, argument, help)                                                         \
    {                                                                                              \
        name, FORM_TEXT, offsetof(Options, member), 0, NULL, argument, help                        \
    }
#define CHOICE(name, member, first, names, argument, help)                                         \
    {                                                                                              \
        name, FORM_CHOICE, offsetof(Options, member), first, names, argument, help                 \
    }

/* clang-format off: one row an option. */
static const OptionRow table[] = {
    TEXT("-o", output, "FILE", "write to FILE; - is standard output"),
    CHOICE("--emit", emit, 0, emit_names, "KIND",
           "exe (default), asm, llvm, obj, header, static, shared or manifest"),
    FLAG("-c", emit, EMIT_OBJECT, "write an object to embed, and its header"),
    TEXT("--header", header, "FILE", "where the header of an object goes; default: beside it"),
    TEXT("--manifest", manifest, "FILE", "with an object: also describe it, as JSON"),
    FLAG("--predict-only", predict_only, 1, "an object without what training needs"),
    TEXT("--weights", weights, "FILE", "make a checkpoint part of an object"),
    FLAG("--check", check_only, 1, "read and check the file, write nothing"),
    FLAG("--analyze", analyze, 1, "print what theory says of the network, and what it costs"),
    FLAG("--json", json, 1, "with --analyze: as JSON"),
    {"-D", FORM_DEFINE, 0, 0, NULL, "NAME=VALUE", "set a const, or the default of a param"},
    FLAG("-O0", optimise, 0, "do not optimise"),
    FLAG("-O1", optimise, 1, "optimise a little"),
    FLAG("-O2", optimise, 2, "optimise (default)"),
    FLAG("-O3", optimise, 3, "optimise more"),
    FLAG("-g", debug, 1, "line tables that point into the .rnet file"),
    TEXT("--target", target, "TRIPLE", "x86_64-, aarch64- or riscv64-linux-gnu: objects only"),
    TEXT("--cpu", cpu, "NAME", "a CPU, native, baseline or amx; default: pick when it starts"),
    FLAG("-fPIC", pic, 1, "position-independent code (always the case)"),
    TEXT("--prefix", prefix, "NAME", "the model's name, in place of the file's stem"),
    FLAG("-M", dependencies_only, 1, "write a make rule of dependencies, nothing else"),
    FLAG("-MD", dependencies, 1, "write a make rule of dependencies as well"),
    TEXT("-MF", dependency_file, "FILE", "where -M and -MD write"),
    TEXT("-MT", dependency_target, "NAME", "the target that the rule names"),
    CHOICE("--dump", dump, 1, dump_names, "STAGE", "print ast, model, graph, plan or llvm"),
    CHOICE("--sanitize", sanitizer, 1, sanitizer_names, "NAME", "address or thread, for tests"),
    FLAG("-Werror", werror, 1, "warnings are errors"),
    CHOICE("--color", colour, 0, colour_names, "WHEN", "auto (default), always or never"),
    CHOICE("--diagnostics", diag_format, 0, format_names, "FORM", "text (default) or json"),
    FLAG("-v", verbose, 1, "show the commands that are run"),
    FLAG("-save-temps", save_temps, 1, "keep the object beside the program, as OUTPUT.o"),
    FLAG("--time-report", time_report, 1, "print the time of each stage"),
    TEXT("--explain", explain, "CODE", "explain a diagnostic at length"),
    FLAG("--version", command, COMMAND_VERSION, "print the version"),
    FLAG("--help", command, COMMAND_HELP, "print this text"),
};
/* clang-format on */

enum { ROWS = sizeof table / sizeof *table };

typedef struct Reader {
    Arena *arena;
    Options *options;
    DiagSink *diag;
    const char *const *argv; /* [argc] what has not been expanded yet */
    int argc;
    Arguments arguments;
    unsigned next;
    const OptionRow *taken; /* the last one whose value looks like a source */
} Reader;

/* Words are expanded one by one: those behind `run FILE` are the program's. */
static bool has_word(Reader *r)
{
    for (; r->next == r->arguments.count && r->argc > 0; r->argc--) {
        arguments_add(r->arena, *r->argv++, &r->arguments, r->diag);
    }
    return r->next < r->arguments.count;
}

static const char *take_word(Reader *r)
{
    return r->arguments.items[r->next++];
}

static Diag *usage_error(Reader *r, const char *text, const char *subject)
{
    return diag_report(r->diag, E_USAGE, (Span){0, 0}, text, subject);
}

/* The row of `-o`, `--emit=x`, `-DX=1`, `-ofile`; *attached is what follows in the same word. */
static const OptionRow *find_row(const char *word, const char **attached)
{
    bool is_long = strncmp(word, "--", 2) == 0;
    size_t length = is_long ? strcspn(word, "=") : strlen(word);
    *attached = is_long && word[length] == '=' ? word + length + 1 : NULL;
    for (int i = 0; i < ROWS; i++) {
        if (strlen(table[i].name) == length && strncmp(table[i].name, word, length) == 0) {
            return &table[i];
        }
    }
    for (int i = 0; i < ROWS && !is_long; i++) {
        bool short_argument = strlen(table[i].name) == 2 && table[i].argument;
        if (short_argument && strncmp(table[i].name, word, 2) == 0) {
            *attached = word + 2;
            return &table[i];
        }
    }
    return NULL;
}

/* Options of the programs that rnetc makes, and what does the same here. */
static const char *hint_of_programs(const char *bare)
{
    static const char *const rows[][2] = {
        {"--set", "rnetc sets consts, and defaults of params, with `-D NAME=VALUE`"},
        {"--output", "rnetc writes to the file that `-o` names"},
        {"--load", "weights become part of an object with `--weights FILE`"},
        {"--describe",
         "`rnetc --emit=manifest` describes an object, `PROGRAM --describe` a program"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i][0], bare) == 0) {
            return rows[i][1];
        }
    }
    static const char *const programs[] = {
        "--seed",   "--threads", "--data",  "--epochs", "--save",       "--resume", "--log",
        "--layers", "--input",   "--batch", "--repeat", "--iterations", "--quiet"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (strcmp(programs[i], bare) == 0) {
            return "it is an option of the program: `rnetc run FILE.rnet COMMAND OPTION…`";
        }
    }
    return NULL;
}

static bool ends_in_rnet(const char *word)
{
    size_t length = strlen(word);
    return length > 5 && strcmp(word + length - 5, ".rnet") == 0;
}

/* Its value is no file to compile. */
static void skip_value(Reader *r, const char *word)
{
    if (!strchr(word, '=') && has_word(r) && !ends_in_rnet(r->arguments.items[r->next]) &&
        r->arguments.items[r->next][0] != '-') {
        take_word(r);
    }
}

static void report_unknown(Reader *r, const char *word)
{
    const char *names[ROWS];
    for (int i = 0; i < ROWS; i++) {
        names[i] = table[i].name;
    }
    const char *bare = str_copy(r->arena, word, strcspn(word, "="));
    /* Any two short options are one edit apart. */
    const char *nearest = strlen(bare) > 3 ? str_nearest(bare, names, ROWS) : NULL;
    const char *other = hint_of_programs(bare);
    Diag *diag = usage_error(r, "unknown option `%s`", word);
    if (other) {
        diag_hint(r->diag, diag, "%s", other);
        skip_value(r, word);
    } else if (nearest) {
        diag_hint(r->diag, diag, "did you mean `%s`?", nearest);
    } else {
        diag_hint(r->diag, diag, "`rnetc --help` lists the options");
    }
}

static void apply_define(Reader *r, const char *text)
{
    size_t length = strcspn(text, "=");
    if (text[length] != '=' || length == 0 || text[length + 1] == '\0') {
        usage_error(r, "`-D` wants NAME=VALUE, not `%s`", text);
        return;
    }
    Define define = {str_copy(r->arena, text, length), text + length + 1};
    vec_push(r->arena, &r->options->defines, define);
}

static void apply_choice(Reader *r, const OptionRow *row, const char *text)
{
    Text list = {.arena = r->arena};
    for (int i = 0; row->names[i]; i++) {
        if (strcmp(row->names[i], text) == 0) {
            *(int *)((char *)r->options + row->field) = row->value + i;
            return;
        }
        text_append(&list, "%s%s", i ? ", " : "", row->names[i]);
    }
    const char *whole = str_format(r->arena, "%s=%s", row->name, text);
    Diag *diag = usage_error(r, "unknown value in `%s`", whole);
    diag_hint(r->diag, diag, "`%s` takes one of: %s", row->name, list.data);
}

static void apply_row(Reader *r, const OptionRow *row, const char *text)
{
    switch (row->form) {
    case FORM_FLAG:
        *(int *)((char *)r->options + row->field) = row->value;
        break;
    case FORM_TEXT:
        *(const char **)((char *)r->options + row->field) = text;
        break;
    case FORM_CHOICE:
        apply_choice(r, row, text);
        break;
    case FORM_DEFINE:
        apply_define(r, text);
        break;
    }
}

static void read_row(Reader *r, const OptionRow *row, const char *attached)
{
    if (!row->argument && attached) {
        usage_error(r, "`%s` takes no value", row->name);
        return;
    }
    if (row->argument && !attached) {
        if (!has_word(r)) {
            Diag *diag = usage_error(r, "`%s` wants a value", row->name);
            diag_hint(r->diag, diag, "write `%s %s`", row->name, row->argument);
            return;
        }
        attached = take_word(r);
        r->taken = row->form == FORM_TEXT && ends_in_rnet(attached) ? row : r->taken;
    }
    if (row->argument && attached[0] == '\0') {
        usage_error(r, "the value of `%s` is empty", row->name);
        return;
    }
    apply_row(r, row, attached);
}

static void read_warning(Reader *r, const char *word)
{
    bool enabled = strncmp(word, "-Wno-", 5) != 0;
    const char *group = word + (enabled ? 2 : 5);
    if (!enabled && strcmp(group, "error") == 0) {
        r->options->werror = 0;
        return;
    }
    if (!diag_group_exists(group)) {
        usage_error(r, "there is no group of warnings named `%s`", group);
        return;
    }
    WarningSetting setting = {group, enabled};
    vec_push(r->arena, &r->options->warnings, setting);
}

static void keep_words(Reader *r)
{
    while (r->next < r->arguments.count) {
        vec_push(r->arena, &r->options->words, take_word(r));
    }
    for (; r->argc > 0; r->argc--) {
        vec_push(r->arena, &r->options->words, *r->argv++);
    }
}

static void read_file(Reader *r, const char *word)
{
    if (r->options->command == COMMAND_FMT) {
        vec_push(r->arena, &r->options->files, word);
    } else if (r->options->input) {
        Diag *diag = usage_error(r, "more than one file: `%s`", word);
        diag_hint(r->diag, diag, "one run compiles one .rnet file");
    } else {
        r->options->input = word;
        if (r->options->command == COMMAND_RUN) {
            keep_words(r);
        }
    }
}

static void read_word(Reader *r, const char *word)
{
    const char *attached = NULL;
    if (word[0] != '-' || strcmp(word, "-") == 0) {
        read_file(r, word);
        return;
    }
    const OptionRow *row = find_row(word, &attached);
    if (row) {
        read_row(r, row, attached);
    } else if (strncmp(word, "-W", 2) == 0 && word[2]) {
        read_warning(r, word);
    } else {
        report_unknown(r, word);
    }
}

static void read_command(Reader *r)
{
    const char *first = has_word(r) ? r->arguments.items[0] : "";
    if (strcmp(first, "fmt") == 0) {
        r->options->command = COMMAND_FMT;
        r->next = 1;
    } else if (strcmp(first, "run") == 0) {
        r->options->command = COMMAND_RUN;
        r->next = 1;
    }
}

/* `run` writes no file of the compiler's. */
static void refuse_outputs(Reader *r)
{
    const Options *o = r->options;
    const struct {
        bool given;
        const char *name;
    } outputs[] = {
        {o->output, "-o"},
        {o->emit != EMIT_EXE, "--emit"},
        {o->dump, "--dump"},
        {o->check_only, "--check"},
        {o->analyze, "--analyze"},
        {o->dependencies, "-M"},
        {o->sanitizer, "--sanitize"},
        {o->save_temps, "-save-temps"},
    };
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        if (outputs[i].given) {
            usage_error(r, "`%s` does not go with `rnetc run`", outputs[i].name);
        }
    }
}

static void check_weights(Reader *r)
{
    const Options *o = r->options;
    bool object = o->emit == EMIT_OBJECT || o->emit == EMIT_HEADER || o->emit == EMIT_STATIC ||
                  o->emit == EMIT_SHARED || o->emit == EMIT_MANIFEST;
    if (o->weights && !object) {
        Diag *diag = usage_error(r, "%s", "`--weights` makes weights part of an object");
        diag_hint(r->diag, diag, "add `-c`; an executable reads them with --load");
    }
}

static void check_manifest(Reader *r)
{
    int emit = r->options->emit;
    bool object = emit == EMIT_OBJECT || emit == EMIT_STATIC || emit == EMIT_SHARED;
    if (r->options->manifest && !object) {
        usage_error(r, "`--manifest` goes with %s", "-c, --emit=static or --emit=shared");
    }
}

static void finish(Reader *r)
{
    Options *o = r->options;
    check_manifest(r);
    if (o->explain && o->command == COMMAND_COMPILE) {
        o->command = COMMAND_EXPLAIN;
    }
    if (o->command == COMMAND_FMT) {
        o->format_check = o->check_only;
    }
    o->dependencies |= o->dependencies_only;
    if (o->command == COMMAND_RUN) {
        refuse_outputs(r);
    }
    check_weights(r);
    bool compiles = o->command == COMMAND_COMPILE || o->command == COMMAND_RUN;
    bool nothing = (compiles && !o->input) || (o->command == COMMAND_FMT && o->files.count == 0);
    if (nothing && diag_error_count(r->diag) == 0) {
        Diag *diag = usage_error(r, "%s", "no .rnet file is named");
        if (r->taken) {
            diag_note(r->diag, diag, "`%s` has taken `%s` as its %s", r->taken->name,
                      *(const char **)((char *)o + r->taken->field), r->taken->argument);
        }
        diag_hint(r->diag, diag, "usage: rnetc [OPTION…] FILE.rnet -o PROGRAM; see `rnetc --help`");
    }
}

bool options_parse(Arena *arena, int argc, const char *const *argv, Options *options,
                   DiagSink *diag)
{
    *options = (Options){.optimise = 2};
    Reader r = {.arena = arena, .options = options, .diag = diag, .argv = argv + 1};
    r.argc = argc - 1;
    bool files_only = false;
    read_command(&r);
    while (has_word(&r)) {
        const char *word = take_word(&r);
        if (files_only) {
            read_file(&r, word);
        } else if (strcmp(word, "--") == 0) {
            files_only = true;
        } else {
            read_word(&r, word);
        }
    }
    finish(&r);
    return diag_error_count(diag) == 0;
}

bool options_row(int index, OptionFacts *facts)
{
    if (index < 0 || index >= ROWS) {
        return false;
    }
    const OptionRow *row = &table[index];
    *facts = (OptionFacts){row->name, row->argument, row->help, row->names};
    return true;
}

void options_print_help(FILE *out)
{
    fputs("usage: rnetc [OPTION…] FILE.rnet -o PROGRAM\n"
          "       rnetc run [OPTION…] FILE.rnet COMMAND …\n"
          "       rnetc --analyze [--json] FILE.rnet\n"
          "       rnetc fmt [--check] FILE…\n"
          "       rnetc --explain CODE\n\n"
          "Compiles a description of a residual network into a program that trains and runs it.\n"
          "FILE may be -, for standard input; @FILE reads more arguments from FILE.\n\n",
          out);
    OptionFacts row;
    for (int i = 0; options_row(i, &row); i++) {
        const char *joint = !row.argument ? "" : row.name[1] == '-' ? "=" : " ";
        int width = fprintf(out, "  %s%s%s", row.name, joint, row.argument ? row.argument : "");
        fprintf(out, "%*s%s\n", width < 24 ? 24 - width : 1, "", row.help);
    }
    fputs("  -WGROUP, -Wno-GROUP   turn a group of warnings on or off; `all` is every group\n\n"
          "exit status: 0 done, 1 the file has errors or writing failed, 2 bad usage,\n"
          "70 a bug in rnetc\n",
          out);
}
