/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing: a file appears whole, a link stays a link, a pipe stays a pipe.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int enter_scratch(void **state)
{
    char name[] = "/tmp/rnet-file-XXXXXX";
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state && chdir(*state) == 0 ? 0 : -1;
}

static int leave_scratch(void **state)
{
    unlink("link");
    unlink("file");
    unlink("pipe");
    int status = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
    free(*state);
    return status;
}

static void write_text(const char *path, const char *text)
{
    RtError error;
    RtWriter writer;
    assert_true(rt_writer_open(&writer, path, &error));
    assert_true(rt_writer_put(&writer, text, strlen(text), &error));
    assert_true(rt_writer_commit(&writer, &error));
}

static void expect_text(const char *path, const char *text)
{
    RtError error;
    RtFile file;
    assert_true(rt_file_read(path, 100, &file, &error));
    assert_string_equal((const char *)file.bytes, text);
    rt_file_free(&file);
}

static void test_replaces(void **state)
{
    (void)state;
    RtError error;
    RtWriter writer;
    write_text("file", "old");
    assert_true(rt_writer_open(&writer, "file", &error));
    assert_true(rt_writer_put(&writer, "half", 4, &error));
    rt_writer_abandon(&writer);
    expect_text("file", "old");
    write_text("file", "new");
    expect_text("file", "new");
}

static void test_follows_links(void **state)
{
    (void)state;
    struct stat status;
    write_text("file", "old");
    assert_int_equal(symlink("file", "link"), 0);
    write_text("link", "through");
    assert_true(lstat("link", &status) == 0 && S_ISLNK(status.st_mode));
    expect_text("file", "through");
}

static void test_keeps_pipes(void **state)
{
    (void)state;
    struct stat status;
    char got[8] = "";
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    write_text("pipe", "text");
    assert_int_equal(read(reader, got, sizeof got), 4);
    assert_string_equal(got, "text");
    close(reader);
    assert_true(lstat("pipe", &status) == 0 && S_ISFIFO(status.st_mode));
}

static void test_names_the_path(void **state)
{
    (void)state;
    RtError error;
    RtWriter writer;
    assert_false(rt_writer_open(&writer, "none/file", &error));
    assert_string_equal(error.text, "none/file: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_follows_links),
        cmocka_unit_test(test_keeps_pipes),
        cmocka_unit_test(test_names_the_path),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
