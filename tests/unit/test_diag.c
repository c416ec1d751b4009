/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink, and both renderers.
 */
#include "support/diag_render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena_fixture.h"

static const char *render(const Source *source, bool colour)
{
    Text text = {.arena = arena};
    text_append_bytes(&text, "", 0);
    diag_render_text(&text, source, sink, (DiagStyle){NULL, colour});
    return text.data;
}

static void one_mistake_is_reported_once(void **state)
{
    (void)state;
    diag_report(sink, E_SYNTAX, (Span){1, 2}, "first");
    diag_report(sink, E_SYNTAX, (Span){1, 2}, "the same place");
    diag_report(sink, E_STRING, (Span){1, 2}, "another mistake");
    diag_report(sink, E_USAGE, (Span){0, 0}, "no place");
    diag_report(sink, E_USAGE, (Span){0, 0}, "no place");
    diag_report(sink, E_USAGE, (Span){0, 0}, "no place, other words");
    assert_int_equal(diag_error_count(sink), 4);
    assert_int_equal(diag_count(sink), 4);
    assert_string_equal(diag_get(sink, 0)->message, "first");
    assert_null(diag_get(sink, 4));
}

static void warnings_obey_their_groups(void **state)
{
    (void)state;
    assert_true(diag_group_exists("regime"));
    assert_true(diag_group_exists("all"));
    assert_false(diag_group_exists("syntax"));
    diag_set_group(sink, "regime", false);
    Diag *ignored = diag_report(sink, W_IDENTITY, (Span){1, 2}, "off");
    diag_label(sink, ignored, (Span){3, 4}, "no one sees this");
    diag_hint(sink, ignored, "nor this");
    assert_int_equal(diag_count(sink), 0);
    diag_set_group(sink, "all", true);
    diag_report(sink, W_IDENTITY, (Span){1, 2}, "on");
    assert_int_equal(diag_warning_count(sink), 1);
    assert_int_equal(diag_error_count(sink), 0);
    diag_set_warnings_as_errors(sink, true);
    assert_int_equal(diag_report(sink, W_IDENTITY, (Span){3, 4}, "error")->severity,
                     SEVERITY_ERROR);
    assert_int_equal(diag_error_count(sink), 1);
}

static void a_flood_is_counted_but_not_kept(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        diag_report(sink, E_SYNTAX, (Span){i, i + 1}, "%u", i);
    }
    diag_report(sink, W_IDENTITY, (Span){1, 2}, "a warning still fits");
    assert_int_equal(diag_error_count(sink), 10000);
    assert_int_equal(diag_count(sink), 201);
    Source *source = source_from_text(arena, "f", "x", 1);
    assert_non_null(strstr(render(source, false), "\nrnetc: 9800 more messages are not shown\n"));
}

static void labels_and_remarks_are_shown(void **state)
{
    (void)state;
    Source *source = source_from_text(arena, "f.rnet", "one\ntwo three\n", 14);
    Diag *diag = diag_report(sink, E_SYNTAX, (Span){8, 13}, "wrong \"%s\"", "three");
    diag_label(sink, diag, (Span){0, 3}, "because of this");
    diag_label(sink, diag, (Span){0, 1}, "and of its beginning");
    diag_note(sink, diag, "a note");
    diag_hint(sink, diag, "a hint");
    assert_string_equal(render(source, false), "f.rnet:2:5: error: wrong \"three\" [E0101]\n"
                                               "  2 | two three\n"
                                               "    |     ^^^^^\n"
                                               "  1 | one\n"
                                               "    | --- because of this\n"
                                               "    | - and of its beginning\n"
                                               "  note: a note\n"
                                               "  help: a hint\n");
    assert_non_null(strstr(render(source, true), "\033[1;31merror: "));
}

/* Whatever the line holds, what is printed fits into 100 columns and hides control characters. */
static void long_lines_are_clipped(void **state)
{
    (void)state;
    char text[3000];
    for (unsigned i = 0; i < sizeof text; i++) {
        text[i] = "a\033\x9B(b"[i % 5];
    }
    Source *source = source_from_text(arena, "f", text, sizeof text);
    diag_report(sink, E_SYNTAX, (Span){1500, 2900}, "long");
    diag_report(sink, E_SYNTAX, (Span){2999, 3000}, "at the end");
    diag_report(sink, E_SYNTAX, (Span){1, 2}, "at the beginning");
    const char *shown = render(source, false);
    assert_null(strchr(shown, '\033'));
    for (const char *line = shown; *line; line = strchr(line, '\n') + 1) {
        unsigned columns = 0;
        for (const char *c = line; *c != '\n'; c++) {
            columns += (*c & 0xC0) != 0x80;
        }
        assert_in_range(columns, 0, 100);
    }
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    Source *source = source_from_text(arena, "a\"b\xFF", "x\ny", 3);
    Diag *diag = diag_report(sink, E_SYNTAX, (Span){2, 3}, "a \\ and \n and \xC3\xA9");
    diag_label(sink, diag, (Span){0, 1}, "here");
    diag_report(sink, W_IDENTITY, (Span){0, 0}, "w");
    Text text = {.arena = arena};
    diag_render_json(&text, source, sink, (DiagStyle){NULL, false});
    assert_string_equal(
        text.data,
        "{\"severity\":\"error\",\"code\":\"E0101\",\"slug\":\"syntax\",\"message\":"
        "\"a \\\\ and \\u000a and \xC3\xA9\",\"file\":\"a\\\"b\\ufffd\",\"line\":2,\"column\":1,"
        "\"end_line\":2,\"end_column\":2,\"offset\":2,\"length\":1,\"labels\":[{\"line\":1,"
        "\"column\":1,\"end_line\":1,\"end_column\":2,\"offset\":0,\"length\":1,\"text\":\"here\"}]"
        "}"
        "\n{\"severity\":\"warning\",\"code\":\"W0901\",\"group\":\"regime\",\"message\":\"w\","
        "\"file\":\"a\\\"b\\ufffd\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_mistake_is_reported_once, create, destroy),
        cmocka_unit_test_setup_teardown(warnings_obey_their_groups, create, destroy),
        cmocka_unit_test_setup_teardown(a_flood_is_counted_but_not_kept, create, destroy),
        cmocka_unit_test_setup_teardown(labels_and_remarks_are_shown, create, destroy),
        cmocka_unit_test_setup_teardown(long_lines_are_clipped, create, destroy),
        cmocka_unit_test_setup_teardown(json_is_one_object_a_line, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
