/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV files: headers, quotes, columns by name and number, missing values, and the place of every
 * mistake.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/csv.h"
#include "lib/real.h"
#include "lib/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, RtCsvWanted wanted, RtTable *table, RtError *error)
{
    RtFile file = {(uint8_t *)(uintptr_t)text, strlen(text)};
    *table = (RtTable){0};
    if (!wanted.real_size)
        wanted.real_size = 8;
    return rt_csv_parse("t.csv", &file, &wanted, table, error);
}

static double value(const RtTable *table, int64_t row, int64_t column)
{
    return rt_real(table->values, row * table->features + column, 8);
}

static void test_reads(void **state)
{
    (void)state;
    RtError error;
    RtTable table;
    const char *text = "\xef\xbb\xbf"
                       "a, y ,\"b,\"\"c\"\"\",d\r\n1,2e1,\"3\",x\r\n\r\n-4, 5,6.5 ,\"y\ny\"\n";
    assert_true(parse(
        text,
        (RtCsvWanted){.target = "y", .skip = "d", .header = 1, .features = 2, .target_unit = 10},
        &table, &error));
    assert_int_equal(table.count, 2);
    assert_true(value(&table, 0, 0) == 1 && value(&table, 0, 1) == 3);
    assert_true(value(&table, 1, 0) == -4 && value(&table, 1, 1) == 6.5);
    assert_true(rt_real(table.targets, 0, 8) == 2 && rt_real(table.targets, 1, 8) == 0.5);
    rt_table_free(&table);
}

static void test_columns(void **state)
{
    (void)state;
    RtError error;
    RtTable table;
    /* by number, without a header; classes */
    assert_true(parse("1,0,3\n4,2,6", (RtCsvWanted){.target = "2", .features = 2, .classes = 3},
                      &table, &error));
    assert_int_equal(table.labels[1], 2);
    assert_true(value(&table, 1, 1) == 6);
    rt_table_free(&table);
    /* two columns to skip, one by number */
    assert_true(parse("a,b,c,d\n1,2,3,4\n",
                      (RtCsvWanted){.target = "d", .skip = "b, 3", .header = 1, .features = 1},
                      &table, &error));
    assert_true(value(&table, 0, 0) == 1);
    rt_table_free(&table);
    /* nothing between commas is nothing to skip; a column may be the target and skipped */
    assert_true(parse("a,b,d\n1,2,3\n",
                      (RtCsvWanted){.target = "d", .skip = " b,, 3,", .header = 1, .features = 1},
                      &table, &error));
    assert_true(value(&table, 0, 0) == 1);
    rt_table_free(&table);
    /* no target named: the last column; a header where there are words */
    assert_true(parse("a,b\n1,2\n", (RtCsvWanted){.header = -1, .features = 1}, &table, &error));
    assert_int_equal(table.count, 1);
    assert_true(rt_real(table.targets, 0, 8) == 2);
    rt_table_free(&table);
    /* names that are numbers, where somebody says so; names with gaps, where nobody does */
    RtCsvWanted named = {.target = "2", .header = 1, .features = 1};
    assert_true(parse("1,2\n3,4\n", named, &table, &error));
    assert_int_equal(table.count, 1);
    rt_table_free(&table);
    named.header_assumed = true;
    assert_true(parse("x,\n3,4\n", named, &table, &error));
    assert_int_equal(table.count, 1);
    rt_table_free(&table);
    /* inputs alone, with and without the target's column */
    RtCsvWanted inputs = {.target = "y", .header = -1, .features = 2, .inputs_only = true};
    assert_true(parse("a,y,b\n1,2,3\n", inputs, &table, &error));
    assert_true(value(&table, 0, 1) == 3 && !table.targets);
    rt_table_free(&table);
    inputs.skip = "id";
    assert_true(parse("a,y,b\n1,2,3\n", inputs, &table, &error));
    rt_table_free(&table);
    assert_true(parse("1,2\n", inputs, &table, &error));
    assert_true(value(&table, 0, 1) == 2);
    rt_table_free(&table);
    /* as wide as the inputs: by number the target may be meant, by name it is */
    inputs.target = "2";
    assert_true(parse("a,b\n1,2\n", inputs, &table, &error));
    assert_true(value(&table, 0, 1) == 2);
    rt_table_free(&table);
    inputs.target = "y";
    assert_false(parse("a,y\n1,2\n", inputs, &table, &error));
    assert_non_null(strstr(error.text, "1 of the 2 columns are inputs"));
    rt_table_free(&table);
    assert_false(parse("id,b\n1,2\n", inputs, &table, &error));
    rt_table_free(&table);
}

static void test_refuses(void **state)
{
    (void)state;
    RtCsvWanted plain = {.target = "y", .header = 1, .features = 1};
    RtCsvWanted classes = plain;
    classes.classes = 3;
    RtCsvWanted assumed = plain;
    assumed.target = "2";
    assumed.header_assumed = true;
    RtCsvWanted wide = plain, alone = plain;
    wide.features = 3;
    alone.features = 2;
    alone.inputs_only = true;
    const struct {
        const char *text;
        const RtCsvWanted *wanted;
        const char *message;
    } cases[] = {
        {"x,y\n1,2\n3\n", &plain, "line 3: 1 fields, but the first row has 2"},
        {"x,y\n1,2,3\n", &plain, "line 2, column 3: more fields"},
        {"x,y\n1,2\n\nnan,2\n", &plain, "line 4, column 1: 'nan' is not a finite number"},
        {"x,y\n1,inf\n", &plain, "line 2, column 2: 'inf' is not a finite number"},
        {"x,y\n1,1e999\n", &plain, "line 2, column 2: '1e999' is not a finite number"},
        {"x,y\none,1\n", &plain, "line 2, column 1: 'one' is not a number"},
        {"x,y\n1 2,1\n", &plain, "line 2, column 1: '1 2' is not a number"},
        {"x,y\n,1\n", &plain, "line 2, column 1: an empty field"},
        {"x,y\n1,\n", &plain, "line 2, column 2: the target is empty"},
        {"x,w,y\n1,2,3\n", &plain,
         "line 1: 2 of the 3 columns are inputs, but the network reads 1; skip = \"...\" leaves "
         "columns out; read as inputs: x, w"},
        {"x,y\n", &plain, "no rows after the header"},
        {"", &plain, "no rows"},
        {"\n\r\n\n", &plain, "no rows"},
        {"x,y\n1,0.5\n", &classes, "line 2, column 2: a class is a whole number from 0"},
        {"x,y\n1,-1\n", &classes, "line 2, column 2: a class is a whole number from 0"},
        {"x,y\n1,2\n\n1,3\n", &classes,
         "line 4, column 2: label 3, but the network has 3 outputs: expected 0 to 2"},
        {"\n5,1\n6,2\n", &assumed,
         "t.csv: line 2: the names of the columns are expected here, but no field is a name; "
         "header = false reads them as data, header = true as names"},
        {"1,,\n5,1,2\n", &assumed, "line 1: the names of the columns are expected here, but no"},
        {"x;y\n1;2\n", &plain,
         "t.csv: line 1: the fields seem to be separated by `;`; write commas between them, and a "
         "point in numbers"},
        {"x\ty\n1\t2\n", &plain, "line 1: the fields seem to be separated by tabs; write"},
        /* a name may hold what parts fields elsewhere */
        {"\"a;b\",c,z\n1,2,3\n", &plain, "t.csv: no column 'y' for the target; a column is"},
        {"\"a;b\",c,y\n1,2,3\n", &plain, "line 1: 2 of the 3 columns are inputs, but the network"},
        {"a;b,c,y\n1,2,3\n", &wide, "line 1: the fields seem to be separated by `;`; write"},
        {"a;b\n1;2\n", &alone, "line 1: the fields seem to be separated by `;`; write"},
        {"x,y\n1,5;2\n", &plain,
         "line 2, column 2: '5;2' is not a number; fields seem to be separated by `;`, not commas"},
        {"x,y\n1,\"2\n3,4\n", &classes, "line 2, column 2: the quote that begins here is never"},
        {"\"x,y\n1,2\n", &plain, "line 1, column 1: the quote that begins here is never closed"},
        {"x,y\n1,\"", &plain, "line 2, column 2: the quote that begins here is never closed"},
        {"x,y\n1,\"2\n3,\"4\"\n", &plain, "line 2, column 2: text behind the closing quote"},
        {"x,y\n\"1\"0,2\n", &plain, "line 2, column 1: text behind the closing quote"},
        {"\"x\n\",y\n\"1\n2\",2\n", &plain, "line 3, column 1: '1...' is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        RtError error;
        RtTable table;
        bool read = parse(cases[i].text, *cases[i].wanted, &table, &error);
        assert_false(read);
        assert_int_equal(error.status, RT_BAD_DATA);
        assert_non_null(strstr(error.text, cases[i].message));
        assert_non_null(strstr(error.text, "t.csv: "));
        rt_table_free(&table);
    }
}

static void assert_refused(const char *text, RtCsvWanted wanted, const char *message)
{
    RtError error;
    RtTable table;
    assert_false(parse(text, wanted, &table, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
    assert_string_equal(error.text, message);
}

/* A column that is not there, for the target or to skip; with the names that there are. */
static void test_no_column(void **state)
{
    (void)state;
    RtCsvWanted wanted = {.target = "y", .header = 1, .features = 1};
#define NAMED "; a column is named by the header or by its number, from 1; "
    assert_refused("x,z\n1,2\n", wanted,
                   "t.csv: no column 'y' for the target" NAMED "the columns are: x, z");
    wanted.skip = "z, q";
    assert_refused("x,z,y\n1,2,3\n", wanted,
                   "t.csv: no column 'q' to skip" NAMED "the columns are: x, z, y");
    wanted = (RtCsvWanted){.target = "9", .features = 1};
    assert_refused("1,2,3\n", wanted,
                   "t.csv: no column '9' for the target" NAMED "there are 3 columns");
    wanted = (RtCsvWanted){.target = "2", .skip = "3,4", .features = 1};
    assert_refused("1,2,3\n", wanted, "t.csv: no column '4' to skip" NAMED "there are 3 columns");
#undef NAMED
}

/* What to write instead depends on what the field is for. */
static void test_words(void **state)
{
    (void)state;
    RtCsvWanted wanted = {.target = "y", .header = 1, .features = 1};
    assert_refused("x,y\none,1\n", wanted,
                   "t.csv: line 2, column 1: 'one' is not a number; skip = \"...\" leaves a column "
                   "out");
    assert_refused("x,y\n1,one\n", wanted,
                   "t.csv: line 2, column 2: 'one' is not a number, as a target must be");
    wanted.classes = 3;
    assert_refused("x,y\n1,one\n", wanted,
                   "t.csv: line 2, column 2: 'one' is not a number; classes are whole numbers "
                   "from 0");
    wanted = (RtCsvWanted){.target = "2", .classes = 3, .features = 1};
    assert_refused("x,y\n1,2\n", wanted,
                   "t.csv: line 1, column 1: 'x' is not a number; header = true reads this line as "
                   "names");
    assert_refused("x,1\n1,2\n", wanted,
                   "t.csv: line 1, column 1: 'x' is not a number; skip = \"...\" leaves a column "
                   "out");
    assert_refused("1,2\nx,y\n", wanted,
                   "t.csv: line 2, column 1: 'x' is not a number; skip = \"...\" leaves a column "
                   "out");
}

static void test_many_columns(void **state)
{
    (void)state;
    const size_t most = (size_t)1 << 20;
    char *text = malloc(most + 1);
    RtError error;
    RtTable table;
    memset(text, ',', most);
    text[most] = '\0';
    assert_false(parse(text, (RtCsvWanted){.target = "1", .features = 1}, &table, &error));
    assert_string_equal(error.text, "t.csv: line 1, column 1048577: too many columns");
    rt_table_free(&table);
    free(text);
}

/* Bytes that a number must not lose: those behind a byte 0, and those of a long field. */
static void test_cut_fields(void **state)
{
    (void)state;
    static const char zero[] = "x,y\n1\0002,3\n";
    const RtFile file = {(uint8_t *)(uintptr_t)zero, sizeof zero - 1};
    const RtCsvWanted wanted = {.target = "y", .header = 1, .features = 1, .real_size = 8};
    RtError error;
    RtTable table = {0};
    assert_false(rt_csv_parse("t.csv", &file, &wanted, &table, &error));
    assert_non_null(strstr(error.text, "line 2, column 1: a byte 0"));
    char text[400];
    for (const char *c = " 1"; *c; c++) {
        sprintf(text, "x,y\n%0*d,3\n", 300, 0);
        memset(text + strlen("x,y\n"), *c, 299);
        assert_false(parse(text, wanted, &table, &error));
        assert_non_null(strstr(error.text, "line 2, column 1: a number of more than 255"));
    }
}

/* What a file holds is shown, but does not steer the terminal. */
static void test_control_bytes(void **state)
{
    (void)state;
    const RtCsvWanted wanted = {.target = "y", .header = 1, .features = 1, .real_size = 8};
    RtError error;
    RtTable table = {0};
    assert_false(parse("x,y\n\033[31mred\007\177,3\n", wanted, &table, &error));
    assert_non_null(strstr(error.text, "'?[31mred\?\?'"));
}

/* Lines count on behind a field of several ones. */
static void test_lines_in_fields(void **state)
{
    (void)state;
    RtCsvWanted wanted = {.target = "y", .skip = "note", .header = 1, .features = 1};
    RtError error;
    RtTable table;
    assert_false(parse("x,note,y\n1,\"a\nb\",2\n3,c,d\n", wanted, &table, &error));
    assert_non_null(strstr(error.text, "line 4, column 3: 'd' is not a number"));
    assert_true(parse("x,note,y\n1,\"a\nb\" ,2\r\n3,\"\"\"c\"\"\",4", wanted, &table, &error));
    assert_int_equal(table.count, 2);
    rt_table_free(&table);
}

/* Too large for a float, not for a double. */
static void test_float_range(void **state)
{
    (void)state;
    RtError error;
    RtTable table;
    RtCsvWanted wanted = {.target = "y", .header = 1, .features = 1, .real_size = 4};
    assert_false(parse("x,y\n1e39,2\n", wanted, &table, &error));
    assert_non_null(strstr(error.text, "not a finite number"));
    wanted.real_size = 8;
    assert_true(parse("x,y\n1e39,2\n", wanted, &table, &error));
    rt_table_free(&table);
}

/* Rows beyond the first allocation keep their values. */
static void test_many_rows(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    char *text = malloc(ROWS * 16), *at = text;
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d,%d\n", i, 2 * i);
    RtError error;
    RtTable table;
    assert_true(parse(text, (RtCsvWanted){.target = "2", .features = 1}, &table, &error));
    assert_int_equal(table.count, ROWS);
    for (int i = 0; i < ROWS; i++)
        assert_true(value(&table, i, 0) == i && rt_real(table.targets, i, 8) == 2 * i);
    rt_table_free(&table);
    free(text);
}

/* Missing values get the mean of the rows that are trained on, not of those held out. */
static void test_missing(void **state)
{
    (void)state;
    char text[2000], *at = text;
    for (int i = 0; i < 100; i++)
        at += i % 10 == 3 ? sprintf(at, ",0\n") : sprintf(at, "%d,0\n", i);
    RtError error;
    RtData data = {0};
    RtSplit split;
    assert_true(parse(text, (RtCsvWanted){.target = "2", .features = 1, .missing = true},
                      &data.train, &error));
    assert_true(isnan(value(&data.train, 3, 0)));
    assert_true(rt_split_make(&data, 0.2, 0.3, 1, &split, &error));
    double sum = 0, known = 0;
    for (int64_t i = 0; i < split.train.count; i++)
        if (split.train.index[i] % 10 != 3) {
            sum += split.train.index[i];
            known++;
        }
    assert_true(rt_fill_missing(&data, &split, 8, &error));
    assert_true(value(&data.train, 3, 0) == sum / known);
    assert_true(value(&data.train, 93, 0) == sum / known);
    assert_true(value(&data.train, 4, 0) == 4);
    rt_split_free(&split);
    rt_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),           cmocka_unit_test(test_columns),
        cmocka_unit_test(test_refuses),         cmocka_unit_test(test_float_range),
        cmocka_unit_test(test_many_rows),       cmocka_unit_test(test_missing),
        cmocka_unit_test(test_cut_fields),      cmocka_unit_test(test_control_bytes),
        cmocka_unit_test(test_lines_in_fields), cmocka_unit_test(test_no_column),
        cmocka_unit_test(test_words),           cmocka_unit_test(test_many_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
