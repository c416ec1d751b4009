/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line as a struct, and --explain. Mistaken command lines are golden cases.
 */
#include "driver/explain.h"
#include "driver/options.h"
#include "support/fileio.h"
#include "support/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena_fixture.h"

static Options options;

/* Words divided by one blank. */
static bool parse(const char *line)
{
    const char *words[40] = {"rnetc"};
    int count = 1;
    char *text = str_copy(arena, line, strlen(line)), *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    sink = diag_sink_create(arena);
    return options_parse(arena, count, words, &options, sink);
}

static void defaults_are_those_of_the_page(void **state)
{
    (void)state;
    assert_true(parse("model.rnet"));
    assert_int_equal(options.command, COMMAND_COMPILE);
    assert_string_equal(options.input, "model.rnet");
    assert_null(options.output);
    assert_int_equal(options.emit, EMIT_EXE);
    assert_int_equal(options.optimise, 2);
    assert_null(options.cpu);
    assert_int_equal(options.dump, DUMP_NOTHING);
    assert_int_equal(options.colour, COLOUR_AUTO);
}

static void values_may_be_attached_or_apart(void **state)
{
    (void)state;
    assert_true(parse("-oa -Dx=1 -D y=a=b --emit asm --cpu=native --dump=plan -O3 -O1 -"));
    assert_string_equal(options.output, "a");
    assert_string_equal(options.input, "-");
    assert_int_equal(options.defines.count, 2);
    assert_string_equal(options.defines.items[0].name, "x");
    assert_string_equal(options.defines.items[0].value, "1");
    assert_string_equal(options.defines.items[1].value, "a=b");
    assert_int_equal(options.emit, EMIT_ASM);
    assert_string_equal(options.cpu, "native");
    assert_int_equal(options.dump, DUMP_PLAN);
    assert_int_equal(options.optimise, 1);
    assert_true(parse("--emit=llvm --sanitize=thread --color=never --diagnostics=json -o - -- -x"));
    assert_int_equal(options.emit, EMIT_LLVM);
    assert_int_equal(options.sanitizer, SANITIZE_THREAD);
    assert_int_equal(options.colour, COLOUR_NEVER);
    assert_int_equal(options.diag_format, DIAG_JSON);
    assert_string_equal(options.output, "-");
    assert_string_equal(options.input, "-x");
}

static void flags_set_their_fields(void **state)
{
    (void)state;
    assert_true(parse("--check -g -fPIC -v -save-temps --time-report -MD -MF d -MT t a.rnet"));
    assert_true(options.check_only && options.debug && options.pic && options.verbose);
    assert_true(options.save_temps && options.time_report && options.dependencies);
    assert_false(options.dependencies_only);
    assert_string_equal(options.dependency_file, "d");
    assert_string_equal(options.dependency_target, "t");
    assert_true(parse("-M --prefix net -Wno-regime -Wall -Werror a.rnet"));
    assert_true(options.dependencies && options.dependencies_only && options.werror);
    assert_string_equal(options.prefix, "net");
    assert_int_equal(options.warnings.count, 2);
    assert_false(options.warnings.items[0].enabled);
    assert_true(options.warnings.items[1].enabled);
}

static void commands_are_told_apart(void **state)
{
    (void)state;
    assert_true(parse("fmt --check a.rnet b.rnet"));
    assert_int_equal(options.command, COMMAND_FMT);
    assert_true(options.format_check);
    assert_int_equal(options.files.count, 2);
    assert_true(parse("--explain E0101"));
    assert_int_equal(options.command, COMMAND_EXPLAIN);
    assert_true(parse("--version"));
    assert_int_equal(options.command, COMMAND_VERSION);
    assert_true(parse("--help"));
    assert_int_equal(options.command, COMMAND_HELP);
    assert_false(parse(""));
    assert_int_equal(diag_get(sink, 0)->id, E_USAGE);
}

static void words_behind_the_file_are_the_programs(void **state)
{
    (void)state;
    assert_true(parse("run -O1 -g a.rnet train -O3 --check @nowhere b.rnet"));
    assert_int_equal(options.command, COMMAND_RUN);
    assert_string_equal(options.input, "a.rnet");
    assert_int_equal(options.optimise, 1);
    assert_false(options.check_only);
    assert_int_equal(options.words.count, 5);
    assert_string_equal(options.words.items[0], "train");
    assert_string_equal(options.words.items[3], "@nowhere");
    assert_false(parse("run -o x a.rnet"));
    assert_int_equal(diag_get(sink, 0)->id, E_USAGE);
    assert_false(parse("run"));
    assert_int_equal(diag_get(sink, 0)->id, E_USAGE);
}

static void files_of_arguments_are_read(void **state)
{
    (void)state;
    char *path = str_format(arena, "/tmp/rnet_options_XXXXXX");
    const char text[] = "--check\n \"a b.rnet\" -D 'x=1 2' -D y\\ z=3\r\n";
    const char *reason = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(file_write(arena, path, text, sizeof text - 1, FILE_PLAIN, &reason));
    assert_true(parse(str_format(arena, "@%s -g", path)));
    unlink(path);
    assert_true(options.check_only && options.debug);
    assert_string_equal(options.input, "a b.rnet");
    assert_string_equal(options.defines.items[0].value, "1 2");
    assert_string_equal(options.defines.items[1].name, "y z");
}

static const char *explain(const char *code)
{
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    assert_non_null(out);
    bool found = explain_code(arena, code, out, sink);
    assert_int_equal(fclose(out), 0);
    const char *text = found ? str_copy(arena, data, size) : NULL;
    free(data);
    return text;
}

static void every_code_is_explained(void **state)
{
    (void)state;
    for (int id = DIAG_NONE + 1; id < DIAG_COUNT; id++) {
        const char *code = diag_code((DiagId)id), *text = explain(code);
        assert_non_null(text);
        const char *heading = str_format(arena, "%s %s\n", code, diag_slug((DiagId)id));
        assert_int_equal(strncmp(text, heading, strlen(heading)), 0);
        assert_non_null(strstr(text, "\nMistaken:\n"));
        assert_non_null(strstr(text, "\nRight:\n"));
        assert_null(strstr(text, "\n## "));
    }
    assert_non_null(explain("e0101"));
    assert_null(explain("E9999"));
    assert_null(explain(""));
}

static void help_names_every_option(void **state)
{
    (void)state;
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    assert_non_null(out);
    options_print_help(out);
    assert_int_equal(fclose(out), 0);
    static const char *const names[] = {"-o FILE",    "--emit=", "--check", "-D NAME=VALUE",
                                        "-O3",        "--cpu=",  "-fPIC",   "-MD",
                                        "--explain=", "-WGROUP"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_non_null(strstr(data, names[i]));
    }
    for (const char *line = data; *line; line = strchr(line, '\n') + 1) {
        assert_in_range(strcspn(line, "\n"), 0, 100);
    }
    free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_those_of_the_page),
        TEST(values_may_be_attached_or_apart),
        TEST(flags_set_their_fields),
        TEST(commands_are_told_apart),
        TEST(words_behind_the_file_are_the_programs),
        TEST(files_of_arguments_are_read),
        TEST(every_code_is_explained),
        TEST(help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
