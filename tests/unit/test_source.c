/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources, places, and files written whole.
 */
#include "support/diag.h"
#include "support/fileio.h"
#include "support/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static Arena *arena;

static int create(void **state)
{
    (void)state;
    arena = arena_create();
    return arena ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void assert_place(const Source *source, uint32_t offset, uint32_t line, uint32_t column)
{
    Place place = source_place(source, offset);
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static void columns_count_characters(void **state)
{
    (void)state;
    const char text[] = "ab\n\xC3\xA9\xE6\x97\xA5x\r\n\xFFz\n";
    Source *source = source_from_text(arena, "t", text, sizeof text - 1);
    assert_int_equal(source->line_count, 4);
    assert_place(source, 0, 1, 1);
    assert_place(source, 2, 1, 3);
    assert_place(source, 3, 2, 1);
    assert_place(source, 5, 2, 2);
    assert_place(source, 8, 2, 3);
    assert_place(source, 12, 3, 2);
    assert_place(source, 14, 4, 1);
    assert_place(source, 1000, 4, 1);
}

static void byte_order_mark_is_dropped(void **state)
{
    (void)state;
    Source *source = source_from_text(arena, "t", "\xEF\xBB\xBFx", 4);
    assert_int_equal(source->length, 1);
    assert_string_equal(source->text, "x");
    source = source_from_text(arena, "t", "", 0);
    assert_int_equal(source->length, 0);
    assert_int_equal(source->line_count, 1);
    assert_place(source, 0, 1, 1);
}

static char *temporary_folder(void)
{
    char *folder = str_format(arena, "/tmp/rnet_source_XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static unsigned count_files(const char *folder)
{
    unsigned count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

static void files_are_written_whole(void **state)
{
    (void)state;
    char *folder = temporary_folder(), *path = str_format(arena, "%s/out", folder);
    const char *reason = NULL;
    size_t length = 0;
    struct stat info;
    assert_true(file_write(arena, path, "first\0x", 7, FILE_PLAIN, &reason));
    assert_memory_equal(file_read(arena, path, 100, &length, &reason), "first\0x", 8);
    assert_int_equal(length, 7);
    assert_true(file_write(arena, path, "2", 1, FILE_EXECUTABLE, &reason));
    assert_string_equal(file_read(arena, path, 100, &length, &reason), "2");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & S_IXUSR, S_IXUSR);
    assert_int_equal(count_files(folder), 1);
    unlink(path);
    rmdir(folder);
}

static void failed_writes_leave_nothing(void **state)
{
    (void)state;
    char *folder = temporary_folder();
    const char *reason = NULL;
    assert_false(file_write(arena, folder, "x", 1, FILE_PLAIN, &reason));
    assert_string_equal(reason, "it is a folder");
    char *missing = str_format(arena, "%s/no/out", folder);
    assert_false(file_write(arena, missing, "x", 1, FILE_PLAIN, &reason));
    assert_non_null(reason);
    reason = NULL;
    assert_false(file_write(arena, "/dev/full", "x", 1, FILE_PLAIN, &reason));
    assert_non_null(reason);
    assert_true(file_write(arena, "/dev/null", "x", 1, FILE_PLAIN, &reason));
    assert_int_equal(count_files(folder), 0);
    rmdir(folder);
}

static void links_survive(void **state)
{
    (void)state;
    char *folder = temporary_folder(), *path = str_format(arena, "%s/out", folder);
    char *target = str_format(arena, "%s/target", folder);
    const char *reason = NULL;
    struct stat info;
    assert_true(file_write(arena, target, "old", 3, FILE_PLAIN, &reason));
    assert_int_equal(symlink(target, path), 0);
    assert_true(file_write(arena, path, "new", 3, FILE_PLAIN, &reason));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    size_t length = 0;
    assert_string_equal(file_read(arena, target, 100, &length, &reason), "new");
    unlink(path);
    unlink(target);
    rmdir(folder);
}

static void unreadable_files_are_reported(void **state)
{
    (void)state;
    char *folder = temporary_folder(), *path = str_format(arena, "%s/long", folder);
    DiagSink *diag = diag_sink_create(arena);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fseek(file, 16 * 1024 * 1024, SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_null(source_load(arena, path, diag));
    assert_null(source_load(arena, folder, diag));
    assert_null(source_load(arena, "/no/such/file", diag));
    assert_int_equal(diag_error_count(diag), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(diag_get(diag, i)->id, E_READ);
    }
    assert_non_null(strstr(diag_get(diag, 0)->message, "longer than 16777216 bytes"));
    assert_int_equal(truncate(path, 16 * 1024 * 1024), 0);
    assert_non_null(source_load(arena, path, diag));
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_count_characters, create, destroy),
        cmocka_unit_test_setup_teardown(byte_order_mark_is_dropped, create, destroy),
        cmocka_unit_test_setup_teardown(files_are_written_whole, create, destroy),
        cmocka_unit_test_setup_teardown(failed_writes_leave_nothing, create, destroy),
        cmocka_unit_test_setup_teardown(links_survive, create, destroy),
        cmocka_unit_test_setup_teardown(unreadable_files_are_reported, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
