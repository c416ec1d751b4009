/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical layout: what it does to small files, and that it changes no meaning.
 */
#include "support/diag.h"
#include "syntax/format.h"
#include "syntax/parse.h"
#include "syntax/print_ast.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"

static char *print(const Source *source)
{
    AstFile *file = parse_source(arena, interner_create(arena), source, sink);
    char *data = NULL;
    size_t size = 0;
    if (!file) {
        return NULL;
    }
    FILE *out = open_memstream(&data, &size);
    assert_non_null(out);
    ast_print_as(file, SPANS_HIDDEN, out);
    assert_int_equal(fclose(out), 0);
    return data;
}

static unsigned count_bytes(const Source *source, char byte)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < source->length; i++) {
        count += source->text[i] == byte;
    }
    return count;
}

/* The formatted text, after a proof that it means the same and is a fixed point. */
static const char *format(const Source *source)
{
    char *before = print(source);
    if (!before) {
        return NULL;
    }
    Text once = format_source(arena, source, sink);
    Source *formatted = source_from_text(arena, "once", once.data, once.length);
    char *after = print(formatted);
    assert_non_null(after);
    assert_string_equal(after, before);
    assert_int_equal(count_bytes(formatted, '#'), count_bytes(source, '#'));
    Text twice = format_source(arena, formatted, sink);
    assert_string_equal(twice.data, once.data);
    free(before);
    free(after);
    return once.data;
}

static void assert_format(const char *text, const char *expected)
{
    const char *formatted = format(source_from_text(arena, "t", text, strlen(text)));
    assert_non_null(formatted);
    assert_string_equal(formatted, expected);
}

static void statements_stand_in_columns(void **state)
{
    (void)state;
    assert_format("model{residual depth L{alpha depth^-beta;correlation iid\nskip identity}}",
                  "model {\n  residual depth L {\n    alpha       depth^-beta\n"
                  "    correlation iid\n    skip        identity\n  }\n}\n");
    assert_format("const d=1 \"one\"\nparam beta=-0.5 in -1 .. 4\n\nparam L = 3 in 1..5 \"x\"",
                  "const d    = 1   \"one\"\nparam beta = -0.5 in -1..4\n\n"
                  "param L = 3 in 1..5   \"x\"\n");
    assert_format("check { forward_ratio in 0.5..2\n loss<  1 }",
                  "check {\n  forward_ratio in 0.5 .. 2\n  loss < 1\n}\n");
}

static void blanks_follow_the_operators(void **state)
{
    (void)state;
    assert_format("const a=-b*-c/2^ - 3", "const a = -b * -c/2^-3\n");
    assert_format("const a = f( x ,k=1, )*(1-2 / 3)", "const a = f(x, k = 1,) * (1 - 2/3)\n");
    assert_format("model { W :dense( d*2 )->relu }", "model {\n  W: dense(d*2) -> relu\n}\n");
    assert_format("model { if a==1 { } else   if b { x } }",
                  "model {\n  if a == 1 { } else if b {\n    x\n  }\n}\n");
}

static void comments_survive(void **state)
{
    (void)state;
    assert_format("# one  \n\n\n\n  # two\nconst a = 1 # three\nconst bc = 22   # four",
                  "# one\n\n# two\nconst a  = 1   # three\nconst bc = 22  # four\n");
    assert_format("model { # a\n # b\n dense(1, # c\n 2) # d\n # e\n}\n# f\n",
                  "model {  # a\n  # b\n  dense(1,  # c\n      2)  # d\n  # e\n}\n# f\n");
    assert_format("model # a\n{ if a # b\n { x } # c\n # d\n else # e\n { y } }",
                  "model  # a\n{\n  if a  # b\n  {\n    x\n  }  # c\n      # d\n  else  # e\n  {\n"
                  "    y\n  }\n}\n");
}

static void empty_lines_are_kept_one_at_a_time(void **state)
{
    (void)state;
    assert_format("\n\nconst a = 1\n\n\n\nmodel {\n\n  a\n\n\n  b\n\n}\n\n\n",
                  "const a = 1\n\nmodel {\n  a\n\n  b\n}\n");
    assert_format("", "");
    assert_format("\n# only\n", "# only\n");
}

static void format_all(const char *pattern, unsigned least)
{
    glob_t found;
    unsigned formatted = 0;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        sink = diag_sink_create(arena);
        formatted += format(source_load(arena, found.gl_pathv[i], sink)) != NULL;
    }
    globfree(&found);
    assert_in_range(formatted, least, 10000);
}

static void formatting_changes_no_meaning(void **state)
{
    (void)state;
    format_all(RNET_SOURCE_DIR "/examples/*.rnet", 11);
    format_all(RNET_SOURCE_DIR "/tests/*/*.rnet", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statements_stand_in_columns),
        TEST(blanks_follow_the_operators),
        TEST(comments_survive),
        TEST(empty_lines_are_kept_one_at_a_time),
        TEST(formatting_changes_no_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
