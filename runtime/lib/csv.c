/* SPDX-License-Identifier: Apache-2.0
 *
 * Parses a CSV file in one walk: a scanner yields fields, the first row settles what the columns
 * are for, every further row becomes numbers.
 */
#include "lib/csv.h"
#include "lib/memory.h"
#include "lib/real.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELD = 256, SHOWN = 80, COLUMNS = 1 << 20, FIRST_ROWS = 1024 };

typedef enum Use { USE_FEATURE, USE_TARGET, USE_SKIP } Use;

typedef struct Scanner {
    const char *path;
    const char *at, *end;
    int64_t line, column; /* of the field last read, from 1 */
    char text[FIELD];     /* the field, cut to FIELD - 1 bytes */
    bool row_ends;        /* after the field */
    bool cut;             /* the field was longer */
    int64_t breaks;       /* line ends inside quotes of this row */
    const char *problem;  /* of the field, or NULL */
} Scanner;

typedef struct Parse {
    const RtCsvWanted *wanted;
    RtTable *table;
    Scanner scan, first; /* `first`: where the first row begins */
    Use *uses;           /* [columns] */
    int64_t columns, features, capacity;
    bool has_target, named; /* `named`: the first row holds the columns' names */
    bool known;             /* one of these is the target's, or one to skip */
} Parse;

static void put(Scanner *scan, size_t *length, char c)
{
    if (c == '\0')
        scan->problem = "a byte 0, which no text holds";
    if (*length < FIELD - 1)
        scan->text[(*length)++] = c;
    else
        scan->cut = true;
}

/* Up to and over the closing quote; two quotes stand for one. */
static void scan_quoted(Scanner *scan, size_t *length)
{
    for (scan->at++; scan->at < scan->end; scan->at++) {
        if (*scan->at == '"') {
            scan->at++;
            if (scan->at == scan->end || *scan->at != '"')
                return;
        }
        scan->breaks += *scan->at == '\n';
        put(scan, length, *scan->at);
    }
    scan->problem = "the quote that begins here is never closed";
}

/* Between a closing quote and the end of the field blanks are all that may stand. */
static void scan_behind_quote(Scanner *scan)
{
    for (; scan->at < scan->end && *scan->at != ',' && *scan->at != '\n'; scan->at++)
        if (!isspace((unsigned char)*scan->at) && !scan->problem)
            scan->problem = "text behind the closing quote; a quote inside a field is written \"\"";
}

static void trim(char *text)
{
    size_t length = strlen(text), start = 0;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    while (start < length && isspace((unsigned char)text[start]))
        start++;
    memmove(text, text + start, length - start);
    text[length - start] = '\0';
}

/* Reads the field at `at`, up to and over its comma or line end. */
static void scan_field(Scanner *scan)
{
    size_t length = 0;
    scan->cut = false;
    scan->problem = NULL;
    if (scan->at < scan->end && *scan->at == '"') {
        scan_quoted(scan, &length);
        scan_behind_quote(scan);
    }
    while (scan->at < scan->end && *scan->at != ',' && *scan->at != '\n')
        put(scan, &length, *scan->at++);
    scan->text[length] = '\0';
    trim(scan->text);
    scan->row_ends = scan->at >= scan->end || *scan->at == '\n';
    if (scan->at < scan->end)
        scan->at++;
}

/* Passes over blank lines; false at the end of the file. */
static bool start_row(Scanner *scan)
{
    while (scan->at < scan->end && (*scan->at == '\n' || *scan->at == '\r')) {
        scan->line += *scan->at == '\n';
        scan->at++;
    }
    scan->column = scan->breaks = 0;
    return scan->at < scan->end;
}

static void next_field(Scanner *scan)
{
    scan->column++;
    scan_field(scan);
}

static bool fail_at(const Scanner *scan, const char *what, RtError *error)
{
    return rt_fail(error, RT_BAD_DATA, "%s: line %lld, column %lld: %s", scan->path,
                   (long long)scan->line, (long long)scan->column, what);
}

/* next_field, where the field is well formed. */
static bool read_next(Scanner *scan, RtError *error)
{
    next_field(scan);
    return !scan->problem || fail_at(scan, scan->problem, error);
}

static void end_row(Scanner *scan)
{
    scan->line += 1 + scan->breaks;
}

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && !*end;
}

/* What seems to part the fields, where it is not commas; or NULL. */
static const char *other_separator(const char *text)
{
    return strchr(text, ';') ? "`;`" : strchr(text, '\t') ? "tabs" : NULL;
}

/* ---- what the columns are for ---- */

/* The next of "a, b, 3"; false behind the last. */
static bool next_item(const char **list, char item[FIELD])
{
    if (!*list || !**list)
        return false;
    size_t length = strcspn(*list, ",");
    snprintf(item, FIELD, "%.*s", (int)length, *list);
    trim(item);
    *list += length + ((*list)[length] == ',');
    return true;
}

/* Whether the item says the column at this place, by its name or number; 0: by its name alone. */
static bool is_column(const char *item, const char *name, int64_t column)
{
    char *end;
    long long number = strtoll(item, &end, 10);
    return (name && strcmp(item, name) == 0) || (column > 0 && *item && !*end && number == column);
}

static bool is_listed(const char *list, const char *name, int64_t column)
{
    char item[FIELD];
    while (next_item(&list, item))
        if (is_column(item, name, column))
            return true;
    return false;
}

static bool add_column(Parse *parse, const char *name, RtError *error)
{
    int64_t column = parse->columns + 1;
    if (column > COLUMNS)
        return fail_at(&parse->scan, "too many columns", error);
    if (parse->columns % 64 == 0) {
        Use *uses = realloc(parse->uses, (size_t)(parse->columns + 64) * sizeof *uses);
        if (!uses)
            return rt_fail(error, RT_FAILED, "%s: out of memory for the columns", parse->scan.path);
        parse->uses = uses;
    }
    Use use = USE_FEATURE;
    /* one target alone: its name may hold commas, so it is not a list */
    const char *target = parse->wanted->target, *skip = parse->wanted->skip;
    parse->known |= (target && is_column(target, name, 0)) || is_listed(skip, name, 0);
    if (target && !parse->has_target && is_column(target, name, column)) {
        use = USE_TARGET;
        parse->has_target = true;
    } else if (is_listed(skip, name, column)) {
        use = USE_SKIP;
    }
    parse->uses[parse->columns++] = use;
    parse->named = name != NULL;
    return true;
}

/* "INTRO a, b, c" of the names from `header` on, as far as they fit. */
static void list_columns(const Parse *parse, Scanner header, const char *intro, bool inputs_only,
                         char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", intro);
    int64_t i = 0;
    for (; i < parse->columns && used + sizeof header.text < size; i++) {
        next_field(&header);
        if (!inputs_only || parse->uses[i] == USE_FEATURE)
            used += (size_t)snprintf(text + used, size - used, " %s,", header.text);
    }
    snprintf(text + used - 1, size - used + 1, "%s", i < parse->columns ? ", ..." : "");
}

static bool fail_column(const Parse *parse, const char *item, const char *purpose, RtError *error)
{
    char names[500];
    if (parse->named)
        list_columns(parse, parse->first, "; the columns are:", false, names, sizeof names);
    else
        snprintf(names, sizeof names, "; there are %lld columns", (long long)parse->columns);
    return rt_fail(error, RT_BAD_DATA,
                   "%s: no column '%.200s' %s; a column is named by the header or by its number, "
                   "from 1%s",
                   parse->scan.path, item, purpose, names);
}

/* Of the file that is learned from: one to predict from may lack what is skipped. */
static bool check_skipped(const Parse *parse, RtError *error)
{
    const char *list = parse->wanted->inputs_only ? NULL : parse->wanted->skip;
    char item[FIELD];
    while (next_item(&list, item)) {
        Scanner row = parse->first;
        bool found = !*item;
        for (int64_t column = 1; !found && column <= parse->columns; column++) {
            next_field(&row);
            found = is_column(item, parse->named ? row.text : NULL, column);
        }
        if (!found)
            return fail_column(parse, item, "to skip", error);
    }
    return true;
}

static bool settle_target(Parse *parse, RtError *error)
{
    const RtCsvWanted *wanted = parse->wanted;
    if (!wanted->target && !wanted->inputs_only) {
        int64_t last = parse->columns;
        while (last > 0 && parse->uses[last - 1] == USE_SKIP)
            last--;
        parse->has_target = last > 0;
        if (last > 0)
            parse->uses[last - 1] = USE_TARGET;
    }
    if (!parse->has_target && !wanted->inputs_only)
        return fail_column(parse, wanted->target ? wanted->target : "", "for the target", error);
    parse->has_target = parse->has_target && !wanted->inputs_only;
    parse->features = 0;
    for (int64_t i = 0; i < parse->columns; i++)
        parse->features += parse->uses[i] == USE_FEATURE;
    return check_skipped(parse, error);
}

/* `header`: where the names begin, or NULL. */
static bool check_features(const Parse *parse, const Scanner *header, RtError *error)
{
    const RtCsvWanted *wanted = parse->wanted;
    char target[200] = "", names[500] = "";
    if (parse->features == wanted->features)
        return true;
    if (header && parse->features > 0)
        list_columns(parse, *header, "; read as inputs:", true, names, sizeof names);
    if (wanted->inputs_only && wanted->target)
        snprintf(target, sizeof target, "; the target '%.100s' may be left out", wanted->target);
    return rt_fail(error, RT_BAD_DATA,
                   "%s: line %lld: %lld of the %lld columns are inputs, but the network reads "
                   "%lld%s%s%s%s",
                   parse->scan.path, (long long)parse->scan.line, (long long)parse->features,
                   (long long)parse->columns, (long long)wanted->features,
                   wanted->inputs_only ? ", in the order of its training data" : "", target,
                   !wanted->inputs_only && parse->features > wanted->features
                       ? "; skip = \"...\" leaves columns out"
                       : "",
                   names);
}

/* Where inputs alone are wanted, a row as wide as they are has no target and nothing to skip,
 * unless its names say so. */
static void forget_columns(Parse *parse)
{
    bool fits = parse->columns == parse->wanted->features;
    if (!parse->wanted->inputs_only || !fits || parse->known)
        return;
    for (int64_t i = 0; i < parse->columns; i++)
        parse->uses[i] = USE_FEATURE;
    parse->has_target = false;
}

typedef struct FirstRow {
    bool numbers, names;   /* it has fields that are numbers; others that are not empty */
    const char *separator; /* what may part its fields in place of commas; or NULL */
} FirstRow;

static bool look_at_row(Scanner scan, FirstRow *row, RtError *error)
{
    do {
        if (!read_next(&scan, error))
            return false;
        row->numbers = row->numbers || is_number(scan.text);
        row->names = row->names || (*scan.text && !is_number(scan.text));
        row->separator = row->separator ? row->separator : other_separator(scan.text);
    } while (!scan.row_ends);
    return true;
}

/* Numbers are data, unless somebody says that they are names: else a row would be lost. */
static bool check_header(const Parse *parse, const FirstRow *row, RtError *error)
{
    if (!parse->wanted->header_assumed || row->names || !row->numbers)
        return true;
    return rt_fail(error, RT_BAD_DATA,
                   "%s: line %lld: the names of the columns are expected here, but no field is a "
                   "name; header = false reads them as data, header = true as names",
                   parse->scan.path, (long long)parse->scan.line);
}

/* Names may hold separators: to blame one, fields must be too few without it. */
static bool lacks_columns(const Parse *parse)
{
    return parse->columns < parse->wanted->features + !parse->wanted->inputs_only;
}

static bool fail_separator(const Parse *parse, const char *separator, RtError *error)
{
    return rt_fail(error, RT_BAD_DATA,
                   "%s: line %lld: the fields seem to be separated by %s; write commas between "
                   "them, and a point in numbers",
                   parse->scan.path, (long long)parse->scan.line, separator);
}

/* Reads the first row for its columns, and leaves the scanner on the first row of data. */
static bool read_columns(Parse *parse, RtError *error)
{
    Scanner start = parse->scan;
    FirstRow row = {0};
    if (!look_at_row(start, &row, error) || !check_header(parse, &row, error))
        return false;
    bool header = parse->wanted->header > 0 || (parse->wanted->header < 0 && row.names);
    do {
        next_field(&parse->scan);
        if (!add_column(parse, header ? parse->scan.text : NULL, error))
            return false;
    } while (!parse->scan.row_ends);
    if (!header)
        parse->scan = start;
    forget_columns(parse);
    bool good = settle_target(parse, error) && check_features(parse, header ? &start : NULL, error);
    if (!good && row.separator && lacks_columns(parse))
        return fail_separator(parse, row.separator, error);
    if (header)
        end_row(&parse->scan);
    return good;
}

/* ---- rows ---- */

static bool grow_rows(Parse *parse, RtError *error)
{
    RtTable *table = parse->table;
    int64_t wanted = parse->capacity ? parse->capacity * 2 : FIRST_ROWS;
    size_t size = (size_t)parse->wanted->real_size, bytes;
    bool good = rt_bytes(wanted, parse->features, size, &bytes);
    void *values = good ? realloc(table->values, bytes ? bytes : 1) : NULL;
    table->values = values ? values : table->values;
    good = values != NULL;
    if (good && parse->has_target && parse->wanted->classes) {
        int32_t *labels = realloc(table->labels, (size_t)wanted * sizeof *labels);
        table->labels = labels ? labels : table->labels;
        good = labels != NULL;
    } else if (good && parse->has_target) {
        void *targets = realloc(table->targets, (size_t)wanted * size);
        table->targets = targets ? targets : table->targets;
        good = targets != NULL;
    }
    if (!good)
        return rt_fail(error, RT_FAILED, "%s: out of memory for %lld rows", parse->scan.path,
                       (long long)wanted);
    parse->capacity = wanted;
    return true;
}

/* "'text' is …", of a long field its beginning, of several lines the first. */
static bool fail_text(const Scanner *scan, const char *is, RtError *error)
{
    char what[SHOWN + 100];
    int shown = (int)strcspn(scan->text, "\r\n");
    shown = shown < SHOWN ? shown : SHOWN;
    snprintf(what, sizeof what, "'%.*s%s' %s", shown, scan->text, scan->text[shown] ? "..." : "",
             is);
    return fail_at(scan, what, error);
}

/* A first row of words alone, where somebody said that there are no names. */
static bool lacks_header(const Parse *parse)
{
    FirstRow row = {0};
    RtError ignored;
    return parse->wanted->header == 0 && parse->table->count == 0 &&
           look_at_row(parse->first, &row, &ignored) && !row.numbers;
}

static bool fail_number(const Parse *parse, bool target, RtError *error)
{
    const Scanner *scan = &parse->scan;
    const char *separator = other_separator(scan->text);
    char is[SHOWN];
    if (separator) {
        snprintf(is, sizeof is, "is not a number; fields seem to be separated by %s, not commas",
                 separator);
        return fail_text(scan, is, error);
    }
    if (lacks_header(parse))
        return fail_text(scan, "is not a number; header = true reads this line as names", error);
    if (target)
        return fail_text(scan,
                         parse->wanted->classes
                             ? "is not a number; classes are whole numbers from 0"
                             : "is not a number, as a target must be",
                         error);
    return fail_text(scan, "is not a number; skip = \"...\" leaves a column out", error);
}

static bool read_value(const Parse *parse, bool target, double *value, RtError *error)
{
    const Scanner *scan = &parse->scan;
    char *end;
    if (!*scan->text && !scan->cut) {
        *value = (double)NAN;
        if (parse->wanted->missing && !target)
            return true;
        return fail_at(scan,
                       target ? "the target is empty"
                              : "an empty field; missing = mean in data fills them",
                       error);
    }
    *value = strtod(scan->text, &end);
    if (scan->cut)
        return fail_at(scan, "a number of more than 255 characters", error);
    if (*end)
        return fail_number(parse, target, error);
    return (isfinite(*value) &&
            (parse->wanted->real_size == 8 || fabs(*value) <= 0x1.fffffep127)) ||
           fail_text(scan, "is not a finite number", error);
}

static bool store_target(Parse *parse, double value, RtError *error)
{
    RtTable *table = parse->table;
    if (parse->wanted->classes == 0) {
        double unit = parse->wanted->target_unit;
        rt_set_real(table->targets, table->count, parse->wanted->real_size,
                    value / (unit != 0 ? unit : 1));
        return true;
    }
    if (value != floor(value) || value < 0 || value > INT32_MAX)
        return fail_at(&parse->scan, "a class is a whole number from 0", error);
    if (value >= (double)parse->wanted->classes) {
        char what[SHOWN + 100];
        snprintf(what, sizeof what,
                 "label %.0f, but the network has %lld outputs: expected 0 to %lld", value,
                 (long long)parse->wanted->classes, (long long)parse->wanted->classes - 1);
        return fail_at(&parse->scan, what, error);
    }
    table->labels[table->count] = (int32_t)value;
    return true;
}

static bool read_field(Parse *parse, int64_t *feature, RtError *error)
{
    Use use = parse->uses[parse->scan.column - 1];
    if (use == USE_SKIP || (use == USE_TARGET && !parse->has_target))
        return true;
    double value;
    if (!read_value(parse, use == USE_TARGET, &value, error))
        return false;
    if (use == USE_TARGET)
        return store_target(parse, value, error);
    rt_set_real(parse->table->values, parse->table->count * parse->features + (*feature)++,
                parse->wanted->real_size, value);
    return true;
}

static bool read_row(Parse *parse, RtError *error)
{
    if (parse->table->count == parse->capacity && !grow_rows(parse, error))
        return false;
    int64_t feature = 0;
    do {
        if (!read_next(&parse->scan, error))
            return false;
        if (parse->scan.column > parse->columns)
            return fail_at(&parse->scan, "more fields than in the first row", error);
        if (!read_field(parse, &feature, error))
            return false;
    } while (!parse->scan.row_ends);
    if (parse->scan.column < parse->columns)
        return rt_fail(error, RT_BAD_DATA, "%s: line %lld: %lld fields, but the first row has %lld",
                       parse->scan.path, (long long)parse->scan.line, (long long)parse->scan.column,
                       (long long)parse->columns);
    parse->table->count++;
    end_row(&parse->scan);
    return true;
}

static bool read_rows(Parse *parse, RtError *error)
{
    if (!start_row(&parse->scan))
        return rt_fail(error, RT_BAD_DATA, "%s: no rows", parse->scan.path);
    parse->first = parse->scan;
    if (!read_columns(parse, error))
        return false;
    while (start_row(&parse->scan))
        if (!read_row(parse, error))
            return false;
    return parse->table->count > 0 ||
           rt_fail(error, RT_BAD_DATA, "%s: no rows after the header", parse->scan.path);
}

bool rt_csv_parse(const char *path, const RtFile *file, const RtCsvWanted *wanted, RtTable *table,
                  RtError *error)
{
    const char *text = (const char *)file->bytes;
    size_t mark = file->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    Parse parse = {.wanted = wanted,
                   .table = table,
                   .scan = {.path = path, .at = text + mark, .end = text + file->size, .line = 1}};
    snprintf(table->source, sizeof table->source, "%s", path);
    bool good = read_rows(&parse, error);
    free(parse.uses);
    table->features = parse.features;
    table->outputs = 1;
    if (!good)
        rt_table_free(table);
    return good;
}

bool rt_csv_load(const char *path, const RtCsvWanted *wanted, RtTable *table, RtError *error)
{
    RtFile file;
    if (!rt_file_read(path, rt_memory_left(""), &file, error))
        return false;
    bool good = rt_csv_parse(path, &file, wanted, table, error);
    rt_file_free(&file);
    return good;
}
