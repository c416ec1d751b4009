/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing: a file appears whole, a link stays a link, a pipe stays a pipe. Reading: what may never
 * end is refused.
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

static void expect_refused(const char *path, size_t limit, const char *text)
{
    RtError error = {0};
    RtFile file;
    assert_false(rt_file_read(path, limit, &file, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
    assert_string_equal(error.text, text);
    assert_null(file.bytes);
}

static void test_refuses_devices(void **state)
{
    (void)state;
    expect_refused("/dev/zero", SIZE_MAX,
                   "/dev/zero: it is a device; a file or a pipe can be read");
    expect_refused("/dev/full", SIZE_MAX,
                   "/dev/full: it is a device; a file or a pipe can be read");
    expect_refused("/dev", SIZE_MAX, "/dev: Is a directory");
}

static void test_limits_files(void **state)
{
    (void)state;
    write_text("file", "hundred");
    expect_text("file", "hundred");
    expect_refused("file", 6, "file: more than the 6 bytes that can be read here");
    /* of a hole a whole read would take minutes */
    assert_int_equal(truncate("file", (off_t)1 << 40), 0);
    expect_refused("file", (size_t)1 << 39, "file: more than the 512.0 GiB that can be read here");
}

static void test_limits_pipes(void **state)
{
    (void)state;
    int ends[2];
    char path[32];
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "12345678", 8), 8);
    assert_int_equal(close(ends[1]), 0);
    char text[80];
    snprintf(text, sizeof text, "%s: more than the 7 bytes that can be read here", path);
    expect_refused(path, 7, text);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),        cmocka_unit_test(test_follows_links),
        cmocka_unit_test(test_keeps_pipes),     cmocka_unit_test(test_names_the_path),
        cmocka_unit_test(test_refuses_devices), cmocka_unit_test(test_limits_files),
        cmocka_unit_test(test_limits_pipes),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
