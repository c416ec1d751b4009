/* SPDX-License-Identifier: Apache-2.0
 *
 * One table of options; parsing, help and --describe read it.
 */
#include "lib/cli.h"
#include "lib/config.h"
#include "lib/nearest.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Kind { FLAG, TEXT, COUNT, SET } Kind;

enum {
#define X(tag, name, help) ON_##tag = 1 << RT_##tag,
    RT_COMMANDS(X)
#undef X
        ON_ALL = (1 << RT_COMMAND_COUNT) - 1,
    ON_LOADING = ON_EVAL | ON_PREDICT | ON_PROBE | ON_CHECK | ON_SWEEP | ON_BENCH | ON_INFO,
    ON_TRAINING = ON_TRAIN | ON_SWEEP
};

typedef struct Option {
    const char *name;
    const char *argument; /* NULL: a flag */
    Kind kind;
    int commands;
    size_t offset;
    const char *help;
} Option;

static const Option options_table[] = {
#define AT(field) offsetof(RtOptions, field)
    {"--set", "NAME=VALUE", SET, ON_ALL, 0, "give a param a value; may be repeated"},
    {"--seed", "N", COUNT, ON_ALL, AT(seed), "seed of weights, order and splits"},
    {"--threads", "N", COUNT, ON_ALL, AT(threads), "threads (default: all)"},
    {"--data", "DIR", TEXT, ON_ALL, AT(data), "folder to look for data in first"},
    {"--json", NULL, FLAG, ON_ALL, AT(json), "print the result as JSON"},
    {"--quiet", NULL, FLAG, ON_ALL, AT(quiet), "print the result only"},
    {"--epochs", "N", COUNT, ON_TRAINING, AT(epochs), "epochs, instead of the program's"},
    {"--iterations", "N", COUNT, ON_TRAINING, AT(iterations),
     "steps, instead of epochs; not with --epochs"},
    {"--save", "FILE", TEXT, ON_TRAIN, AT(save), "checkpoint to write (safetensors)"},
    {"--resume", "auto|FILE", TEXT, ON_TRAIN, AT(resume),
     "go on from a checkpoint; auto: from the one that --save names, if it is there"},
    {"--log", "FILE", TEXT, ON_TRAIN, AT(log), "JSON lines, or CSV where the name ends in .csv"},
    {"--log-every", "N", COUNT, ON_TRAIN, AT(log_every), "log every N-th step too"},
    {"--layers", "FILE", TEXT, ON_TRAIN, AT(layers),
     "norms of states, gradients and updates layer by layer (.npz)"},
    {"--load", "FILE", TEXT, ON_LOADING, AT(load), "checkpoint with the weights and params"},
    {"--input", "FILE", TEXT, ON_PREDICT, AT(input), "inputs: .csv or .npy, - for standard input"},
    {"--output", "FILE", TEXT, ON_PREDICT | ON_SWEEP, AT(output),
     "outputs: .csv or .npy; the table of a sweep (default: NAME.csv)"},
    {"--shard", "I/N", TEXT, ON_SWEEP, AT(shard), "run the I-th of N parts"},
    {"--merge", NULL, FLAG, ON_SWEEP, AT(merge),
     "join tables of parts: sweep NAME --merge FILE..."},
    {"--layers-table", NULL, FLAG, ON_PROBE, AT(layers_table), "norms layer by layer"},
    {"--batch", "N", COUNT, ON_BENCH, AT(batch), "samples a call (default: train's batch)"},
    {"--repeat", "N", COUNT, ON_BENCH | ON_PROBE | ON_CHECK | ON_SWEEP, AT(repeat),
     "draws of the weights, or timed calls"},
    {"--describe", NULL, FLAG, ON_ALL, AT(describe), "what this program is and takes, as JSON"},
    {"--help", NULL, FLAG, ON_ALL, AT(help), "this text"},
    {"--version", NULL, FLAG, ON_ALL, AT(version), "version of the compiler"},
#undef AT
};
enum { OPTIONS = sizeof options_table / sizeof *options_table };

static const char *const command_names[] = {
#define X(tag, name, help) name,
    RT_COMMANDS(X)
#undef X
};

static const char *const command_help[] = {
#define X(tag, name, help) help,
    RT_COMMANDS(X)
#undef X
};

bool rt_option_row(int index, const char **name, const char **argument, const char **help)
{
    if (index < 0 || index >= OPTIONS)
        return false;
    *name = options_table[index].name;
    *argument = options_table[index].argument;
    *help = options_table[index].help;
    return true;
}

bool rt_option_goes(int index, RtCommand command)
{
    return options_table[index].commands >> command & 1;
}

static bool has_block(const RnProgram *program)
{
    for (int32_t i = 0; i < program->region_count; i++)
        if (program->regions[i].depth)
            return true;
    return false;
}

bool rt_command_works(const RnProgram *program, RtCommand command)
{
    switch (command) {
    case RT_TRAIN:
    case RT_EVAL:
        return program->train != NULL;
    case RT_PROBE:
        return (program->probe && program->probe->count > 0) || has_block(program);
    case RT_CHECK:
        return program->check && program->check->count > 0;
    case RT_SWEEP:
        return program->sweep_count > 0;
    case RT_PREDICT:
    case RT_BENCH:
    case RT_INFO:
    case RT_COMMAND_COUNT:
        break;
    }
    return true;
}

bool rt_option_works(const RnProgram *program, int index)
{
    bool works = false;
    for (int i = 0; i < RT_COMMAND_COUNT; i++)
        works = works ||
                (rt_option_goes(index, (RtCommand)i) && rt_command_works(program, (RtCommand)i));
    return works;
}

/* "train, eval, predict": what the program has the blocks for. */
static const char *list_commands(const RnProgram *program, char text[160])
{
    *text = '\0';
    for (int i = 0; i < RT_COMMAND_COUNT; i++)
        if (rt_command_works(program, (RtCommand)i)) {
            size_t used = strlen(text);
            snprintf(text + used, 160 - used, "%s%s", used ? ", " : "", command_names[i]);
        }
    return text;
}

static bool find_command(const RnProgram *program, const char *word, RtCommand *command,
                         RtError *error)
{
    for (int i = 0; i < RT_COMMAND_COUNT; i++)
        if (strcmp(word, command_names[i]) == 0) {
            *command = (RtCommand)i;
            return true;
        }
    RtNearest nearest = {.word = word, .length = strlen(word)};
    char hint[80], list[160];
    for (int i = 0; i < RT_COMMAND_COUNT; i++)
        if (rt_command_works(program, (RtCommand)i))
            rt_nearest_offer(&nearest, command_names[i]);
    return rt_fail(error, RT_USAGE, "no command '%s'%s; the commands are: %s", word,
                   rt_nearest_text(&nearest, hint), list_commands(program, list));
}

/* "--name" or "--name=value": `value` is what stands behind the sign. */
static const Option *find_option(const char *word, const char **value)
{
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(options_table[i].name) == length &&
            strncmp(options_table[i].name, word, length) == 0) {
            *value = equals ? equals + 1 : NULL;
            return &options_table[i];
        }
    return NULL;
}

static bool store(const Option *option, const char *value, RtOptions *options, RtError *error)
{
    void *field = (char *)options + option->offset;
    double number;
    switch (option->kind) {
    case FLAG:
        *(int *)field = 1;
        return true;
    case TEXT:
        *(const char **)field = value;
        return *value || rt_fail(error, RT_USAGE, "%s: an empty value", option->name);
    case SET:
        options->sets[options->set_count++] = value;
        return true;
    case COUNT:
        if (!rt_parse_number(value, &number) || number < 0 || number != floor(number))
            return rt_fail(error, RT_USAGE, "%s '%s': expected a whole number from 0", option->name,
                           value);
        /* from 2^53 on a double stands for other numbers, too */
        if (number >= 0x1p53)
            return rt_fail(error, RT_USAGE, "%s %s: expected at most 9007199254740991",
                           option->name, value);
        *(double *)field = number;
        return true;
    }
    return true;
}

static bool fail_unknown(const char *word, RtError *error)
{
    RtNearest nearest = {.word = word, .length = strcspn(word, "=")};
    char hint[80];
    for (int i = 0; i < OPTIONS; i++)
        rt_nearest_offer(&nearest, options_table[i].name);
    return rt_fail(error, RT_USAGE, "no option %.*s%s%s", (int)nearest.length, word,
                   rt_nearest_text(&nearest, hint), nearest.name ? "" : "; --help lists them");
}

static bool parse_option(int argc, char **argv, int *at, RtOptions *options, int *seen,
                         RtError *error)
{
    const char *value;
    const Option *option = find_option(argv[*at], &value);
    if (!option)
        return fail_unknown(argv[*at], error);
    if (option->kind == FLAG && value)
        return rt_fail(error, RT_USAGE, "%s takes no value", option->name);
    if (option->kind != FLAG && !value) {
        if (*at + 1 >= argc)
            return rt_fail(error, RT_USAGE, "%s wants %s", option->name, option->argument);
        value = argv[++*at];
    }
    *seen |= option->commands == ON_ALL ? 0 : 1 << (option - options_table);
    return store(option, value, options, error);
}

/* An option that the command does not have is an error, not silence. */
static bool check_commands(const RtOptions *options, int seen, RtError *error)
{
    for (int i = 0; i < OPTIONS; i++)
        if ((seen >> i & 1) && !(options_table[i].commands >> options->command & 1))
            return rt_fail(error, RT_USAGE, "%s does not go with %s", options_table[i].name,
                           command_names[options->command]);
    /* as in the file */
    return options->epochs < 0 || options->iterations < 0 ||
           rt_fail(error, RT_USAGE,
                   "--epochs and --iterations exclude each other: either is the length of the run");
}

static bool parse_words(const RnProgram *program, int argc, char **argv, RtOptions *options,
                        RtError *error)
{
    char list[160];
    int words = 0, seen = 0;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            if (!parse_option(argc, argv, &i, options, &seen, error))
                return false;
        } else if (words == 0) {
            if (!find_command(program, argv[i], &options->command, error))
                return false;
            words++;
        } else if (words++ == 1 && options->command == RT_SWEEP) {
            options->sweep = argv[i];
        } else if (options->command == RT_SWEEP) {
            options->files[options->file_count++] = argv[i];
        } else {
            return rt_fail(error, RT_USAGE, "unexpected '%s'", argv[i]);
        }
    }
    if (options->help || options->version || options->describe)
        return true;
    if (words == 0)
        return rt_fail(error, RT_USAGE, "no command; the commands are: %s; --help says more",
                       list_commands(program, list));
    if (options->file_count && !options->merge)
        return rt_fail(error, RT_USAGE, "unexpected '%s'", options->files[0]);
    return check_commands(options, seen, error);
}

bool rt_options_parse(const RnProgram *program, int argc, char **argv, RtOptions *options,
                      RtError *error)
{
    _Static_assert(OPTIONS < 31, "seen has a bit for each option");
    *options = (RtOptions){.command = RT_COMMAND_COUNT,
                           .seed = -1,
                           .threads = -1,
                           .epochs = -1,
                           .iterations = -1,
                           .log_every = -1,
                           .batch = -1,
                           .repeat = -1};
    options->sets = calloc((size_t)argc + 1, sizeof *options->sets);
    options->files = calloc((size_t)argc + 1, sizeof *options->files);
    if (!options->sets || !options->files)
        return rt_fail(error, RT_FAILED, "out of memory");
    return parse_words(program, argc, argv, options, error);
}

void rt_options_free(RtOptions *options)
{
    free(options->sets);
    free(options->files);
    options->sets = options->files = NULL;
}

static void print_params(const RnProgram *program)
{
    if (program->param_count)
        printf("\nparams, for --set:\n");
    for (int32_t i = 0; i < program->param_count; i++) {
        const RnParam *p = &program->params[i];
        printf("  %-16s %-10g %g .. %g%s%s%s\n", p->name, p->value, p->low, p->high,
               p->integer ? ", whole" : "", p->doc ? "   " : "", p->doc ? p->doc : "");
    }
}

bool rt_print_help(const RnProgram *program, const RtOptions *options)
{
    printf("usage: %s COMMAND [OPTION]...\n\ncommands:\n", program->name);
    for (int i = 0; i < RT_COMMAND_COUNT; i++)
        if (rt_command_works(program, (RtCommand)i))
            printf("  %-24s %s\n", command_names[i], command_help[i]);
    printf("\noptions%s%s:\n", options->command < RT_COMMAND_COUNT ? " of " : "",
           options->command < RT_COMMAND_COUNT ? command_names[options->command] : "");
    for (int i = 0; i < OPTIONS; i++) {
        const Option *o = &options_table[i];
        if (options->command < RT_COMMAND_COUNT ? !rt_option_goes(i, options->command)
                                                : !rt_option_works(program, i))
            continue;
        char text[64];
        snprintf(text, sizeof text, "%s%s%s", o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-24s %s\n", text, o->help);
    }
    print_params(program);
    printf("\nexit status: 0 done, 1 failed, 2 bad usage, 3 diverged, 4 bad data, 5 a check was "
           "broken,\n75 stopped by a signal after a checkpoint\n");
    return fflush(stdout) == 0 && !ferror(stdout);
}

bool rt_print_version(const RnProgram *program)
{
    printf("%s (rnetc %s, source %.16s)\n", program->name, program->version, program->source_hash);
    return fflush(stdout) == 0 && !ferror(stdout);
}
