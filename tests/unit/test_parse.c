/* SPDX-License-Identifier: Apache-2.0
 *
 * Source to Ast: the trees of small programs, the limits, and bytes that were never a program.
 */
#include "support/diag_render.h"
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

static AstFile *parse_bytes(const char *text, size_t length)
{
    Source *source = source_from_text(arena, "t", text, length);
    return parse_source(arena, interner_create(arena), source, sink);
}

/* The tree without places, on one line with single blanks. */
static const char *print(const AstFile *file)
{
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    assert_non_null(out);
    ast_print_as(file, SPANS_HIDDEN, out);
    assert_int_equal(fclose(out), 0);
    Text text = {.arena = arena};
    text_append_bytes(&text, "", 0);
    for (const char *c = data; *c; c++) {
        bool blank = *c == ' ' || *c == '\n';
        if (!blank || (c[1] != ' ' && c[1] != '\n' && c[1] != '\0')) {
            text_append_bytes(&text, blank ? " " : c, 1);
        }
    }
    free(data);
    return text.data;
}

static void assert_tree(const char *text, const char *tree)
{
    AstFile *file = parse_bytes(text, strlen(text));
    assert_non_null(file);
    assert_string_equal(print(file), str_format(arena, "(file %s)", tree));
}

static void assert_value(const char *expression, const char *tree)
{
    assert_tree(str_format(arena, "const x = %s", expression),
                str_format(arena, "(const x %s)", tree));
}

static void operators_bind_as_the_page_says(void **state)
{
    (void)state;
    assert_value("1 - 2 - 3", "(binary - (binary - (number 1) (number 2)) (number 3))");
    assert_value("2^3^4", "(binary ^ (number 2) (binary ^ (number 3) (number 4)))");
    assert_value("-2^-x", "(negate (binary ^ (number 2) (negate (name x))))");
    assert_value("1/2*3", "(binary * (binary / (number 1) (number 2)) (number 3))");
    assert_value("a + b * c < d",
                 "(binary < (binary + (name a) (binary * (name b) (name c))) (name d))");
    assert_value("a == b -> c", "(binary -> (binary == (name a) (name b)) (name c))");
    assert_value("W: d(1)^2", "(binary ^ (label W (call d (number 1))) (number 2))");
    assert_value("W: V: d", "(label W (label V (name d)))");
    assert_value("(1 + 2) * 3", "(binary * (binary + (number 1) (number 2)) (number 3))");
    assert_value("f(a, k = 1, true,)", "(call f (name a) (arg k (number 1)) (bool true))");
    assert_value("x[28, 28,]", "(index x (number 28) (number 28))");
    assert_value("[\"s\", 1e-3]", "(list (string \"s\") (number 1e-3))");
}

static void statements_become_nodes(void **state)
{
    (void)state;
    assert_tree("param L = 5 in 1..10 \"d\"",
                "(param L doc=\"d\" (number 5) (in (range (number 1) (number 10))))");
    assert_tree("model { residual r depth L { init W: he * 2; alpha 1 } dense(1) }",
                "(block model (body (block residual name=r (depth (name L)) (body "
                "(statement init label=W (binary * (name he) (number 2))) "
                "(statement alpha (number 1)))) (layers (call dense (number 1)))))");
    assert_tree("train { if a == 1 { seed 1 } else if b { seed 2 } else { seed 3 } }",
                "(block train (body (if (binary == (name a) (number 1)) "
                "(body (statement seed (number 1))) (otherwise (if (name b) "
                "(body (statement seed (number 2))) (otherwise (block else "
                "(body (statement seed (number 3))))))))))");
    assert_tree("check { a in 0 .. 1; b < 2 }",
                "(block check (body (in (name a) (range (number 0) (number 1))) "
                "(binary < (name b) (number 2))))");
    assert_tree("sweep s { measure best f(q) over x, r }",
                "(block sweep name=s (body (statement measure "
                "(over (call f (name q)) (name x)) (name r))))");
}

/* Every newline that the page calls ignored, and one that is not. */
static void newlines_end_statements(void **state)
{
    (void)state;
    assert_tree("const a = (1\n + 2)\nconst b = 1 +\n\n# c\n 2",
                "(const a (binary + (number 1) (number 2))) "
                "(const b (binary + (number 1) (number 2)))");
    assert_tree("model\n{\n a\n # c\n\n -> b\n}", "(block model (body (layers (binary -> (name a) "
                                                  "(name b)))))");
    assert_tree("model { if a { b }\n # c\n else\n { d } }",
                "(block model (body (if (name a) (body (layers (name b))) (otherwise "
                "(block else (body (layers (name d))))))))");
    assert_tree("model { a\n b }", "(block model (body (layers (name a)) (layers (name b))))");
    assert_tree("probe { measure a,\r\n b }",
                "(block probe (body (statement measure (name a) (name b))))");
}

static void keywords_are_names_elsewhere(void **state)
{
    (void)state;
    assert_tree("sweep s { repeat in [1]; measure best, over }",
                "(block sweep name=s (body (in (name repeat) (list (number 1))) "
                "(statement measure (name best) (name over))))");
    assert_tree("model { alpha: depth(in) -> over }",
                "(block model (body (layers (binary -> (label alpha (call depth (name in))) "
                "(name over)))))");
    assert_tree("model { residual init depth depth { skip (1 - a) * init } }",
                "(block model (body (block residual name=init (depth (name depth)) (body "
                "(statement skip (binary * (binary - (number 1) (name a)) (name init)))))))");
}

static void spans_cover_what_was_written(void **state)
{
    (void)state;
    const char text[] = "model {\n  residual depth L { init W: (he) * 2 }\n}\n";
    AstFile *file = parse_bytes(text, strlen(text));
    const Ast *model = file->declarations, *residual = model->body, *init = residual->body;
    assert_int_equal(model->span.end, strlen(text) - 1);
    assert_memory_equal(text + init->span.begin, "init W: (he) * 2 }", 18);
    assert_int_equal(init->span.end - init->span.begin, 16);
    assert_memory_equal(text + init->name_span.begin, "W:", 2);
    assert_memory_equal(text + init->first->span.begin, "(he) * 2 ", 9);
    assert_int_equal(init->first->span.end, init->span.end);
    assert_memory_equal(text + residual->depth->span.begin, "L {", 3);
}

static char *repeat(const char *part, size_t count)
{
    Text text = {.arena = arena};
    text_append_bytes(&text, "", 0);
    for (size_t i = 0; i < count; i++) {
        text_append(&text, "%s", part);
    }
    return text.data;
}

/* `before` n times, a middle, `after` n times. */
static AstFile *parse_nested(const char *before, size_t n, const char *middle, const char *after)
{
    const char *text = str_format(arena, "%s%s%s", repeat(before, n), middle, repeat(after, n));
    return parse_bytes(text, strlen(text));
}

static void nesting_is_limited(void **state)
{
    (void)state;
    static const struct {
        const char *before, *middle, *after;
    } forms[] = {{"(", "1", ")"},  {"-", "1", ""},  {"2^", "1", ""},     {"a: ", "b", ""},
                 {"f(", "x", ")"}, {"[", "1", "]"}, {"(1 -> ", "2", ")"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *middle = forms[i].middle, *after = forms[i].after;
        const char *before = forms[i].before;
        const char *deep = str_format(arena, "const a = %s%s", repeat(before, 100), middle);
        const char *text = str_format(arena, "%s%s", deep, repeat(after, 100));
        assert_non_null(parse_bytes(text, strlen(text)));
        text = str_format(arena, "const a = %s%s%s", repeat(before, 100000), middle,
                          repeat(after, 100000));
        sink = diag_sink_create(arena);
        assert_null(parse_bytes(text, strlen(text)));
        assert_int_equal(diag_error_count(sink), 1);
        assert_int_equal(diag_get(sink, 0)->id, E_NESTING);
        sink = diag_sink_create(arena);
    }
    assert_null(parse_nested("model {\n", 100000, "", "}\n"));
    assert_null(parse_nested("{", 100000, "", "}"));
}

static void chains_count_once(void **state)
{
    (void)state;
    const char *text = str_format(arena, "const a = 1%s", repeat(" + 1 - 2", 500));
    assert_non_null(parse_bytes(text, strlen(text)));
    text = str_format(arena, "const a = 1%s", repeat(" * 2", 100000));
    assert_null(parse_bytes(text, strlen(text)));
    assert_int_equal(diag_get(sink, 0)->id, E_NESTING);
}

static void every_example_parses(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(RNET_SOURCE_DIR "/examples/*.rnet", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 11);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Source *source = source_load(arena, found.gl_pathv[i], sink);
        assert_non_null(parse_source(arena, interner_create(arena), source, sink));
        assert_int_equal(diag_count(sink), 0);
    }
    globfree(&found);
}

/* xorshift64: the mutations are the same in every run. */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Flips, cuts, copies and inserts signs of the language. */
static size_t mutate(char *text, size_t length, size_t capacity, uint64_t *random)
{
    static const char signs[] = "{}()[]\n;,:=<>+-*/^.\"# 0eE\xFF\0inover";
    size_t at = next_random(random) % (length + 1);
    size_t count = next_random(random) % 20;
    switch (next_random(random) % 4) {
    case 0:
        if (at < length) {
            text[at] = (char)next_random(random);
        }
        return length;
    case 1:
        count = count < length - at ? count : length - at;
        memmove(text + at, text + at + count, length - at - count);
        return length - count;
    case 2:
        if (length + count <= capacity && at + count <= length) {
            memmove(text + at + count, text + at, length - at);
            return length + count;
        }
        return length;
    default:
        if (length < capacity) {
            memmove(text + at + 1, text + at, length - at);
            text[at] = signs[next_random(random) % (sizeof signs - 1)];
            return length + 1;
        }
        return length;
    }
}

static void check_mutation(const char *text, size_t length)
{
    Source *source = source_from_text(arena, "t", text, length);
    AstFile *file = parse_source(arena, interner_create(arena), source, sink);
    assert_true(file ? diag_count(sink) == 0 : diag_error_count(sink) > 0);
    Text shown = {.arena = arena};
    diag_render_text(&shown, source, sink, (DiagStyle){NULL, false});
    for (unsigned i = 0; i < diag_count(sink); i++) {
        Span span = diag_get(sink, i)->span;
        assert_true(span.begin <= span.end && span.end <= length);
    }
}

static void mutated_examples_give_diagnostics(void **state)
{
    (void)state;
    enum { RUNS = 4000, CAPACITY = 4096 };
    glob_t found;
    uint64_t random = 0x9E3779B97F4A7C15u;
    assert_int_equal(glob(RNET_SOURCE_DIR "/examples/*.rnet", 0, NULL, &found), 0);
    unsigned refused = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        Arena *outer = arena;
        arena = arena_create();
        sink = diag_sink_create(arena);
        Source *source = source_load(arena, found.gl_pathv[run % found.gl_pathc], sink);
        char text[CAPACITY];
        assert_true(source->length < CAPACITY);
        memcpy(text, source->text, source->length);
        size_t length = source->length;
        for (uint64_t edits = 1 + next_random(&random) % 8; edits > 0; edits--) {
            length = mutate(text, length, CAPACITY, &random);
        }
        check_mutation(text, length);
        refused += diag_error_count(sink) > 0;
        arena_destroy(arena);
        arena = outer;
    }
    globfree(&found);
    assert_in_range(refused, RUNS / 10, RUNS - 1);
}

/* Every prefix of a file ends in the middle of something else. */
static void every_prefix_ends_well(void **state)
{
    (void)state;
    Source *source = source_load(arena, RNET_SOURCE_DIR "/examples/normalization_free.rnet", sink);
    for (uint32_t length = 0; length <= source->length; length++) {
        ArenaMark mark = arena_mark(arena);
        sink = diag_sink_create(arena);
        check_mutation(source->text, length);
        arena_release(arena, mark);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operators_bind_as_the_page_says),
        TEST(statements_become_nodes),
        TEST(newlines_end_statements),
        TEST(keywords_are_names_elsewhere),
        TEST(spans_cover_what_was_written),
        TEST(nesting_is_limited),
        TEST(chains_count_once),
        TEST(every_example_parses),
        TEST(mutated_examples_give_diagnostics),
        TEST(every_prefix_ends_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
