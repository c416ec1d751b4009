/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of a sweep as a CSV file. While the sweep runs, rows are appended as their cells come;
 * a stop may tear the last one, which then counts as not written. Whatever else in a file is not
 * what this program writes makes it a file of somebody else, which is left alone.
 */
#define _GNU_SOURCE
#include "lib/config.h"
#include "lib/sweep.h"
#include "lib/sweep_draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of 10⁷ cells with some hundred bytes each. */
static const size_t most_bytes = (size_t)1 << 36;

bool rt_rows_open(RtRows *rows, const RtGrid *grid, int64_t draws, uint64_t hash, RtError *error)
{
    *rows = (RtRows){.grid = grid, .draws = draws, .hash = hash};
    rows->keeps_draws = grid->sweep->plot.kind == RN_PLOT_HISTOGRAM;
    rows->text = calloc((size_t)grid->cells, sizeof *rows->text);
    rows->parts = calloc((size_t)grid->cells, sizeof *rows->parts);
    return (rows->text && rows->parts) ||
           rt_fail(error, RT_FAILED, "out of memory for %lld cells", (long long)grid->cells);
}

void rt_rows_free(RtRows *rows)
{
    for (int64_t i = 0; rows->text && i < rows->grid->cells; i++)
        free(rows->text[i]);
    for (int64_t i = 0; rows->parts && i < rows->grid->cells; i++)
        rt_draws_drop(rows, i);
    free(rows->text);
    free(rows->parts);
    if (rows->stream)
        fclose(rows->stream);
    *rows = (RtRows){0};
}

/* ---- writing ---- */

static void put_name(FILE *out, const char *text, const char *suffix)
{
    if (!strpbrk(text, ",\"\n")) {
        fprintf(out, "%s%s", text, suffix);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, "%s%c", *text == '"' ? "\"" : "", *text == '\n' ? ' ' : *text);
    fprintf(out, "%s\"", suffix);
}

/* The two lines at the beginning. */
static void put_head(const RtRows *rows, FILE *out)
{
    const RtGrid *grid = rows->grid;
    const RnProbe *settings = &grid->sweep->settings;
    fprintf(out, "# rnet sweep %s of %s, settings %016llx\n", grid->sweep->name,
            grid->program->name, (unsigned long long)rows->hash);
    for (int a = 0; a < grid->axis_count; a++)
        fprintf(out, "%s%s", a ? "," : "", grid->axes[a].name);
    for (int i = 0; i < settings->count; i++) {
        static const char *const suffixes[] = {"", "_error", "_count", "_draws"};
        for (int k = 0; k < (rows->keeps_draws ? 4 : 3); k++) {
            fputc(',', out);
            put_name(out, settings->measures[i].text, suffixes[k]);
        }
    }
    fputc('\n', out);
}

static char *head_text(const RtRows *rows)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    put_head(rows, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void put_result(const RtRows *rows, const RtMeasured *result, FILE *out)
{
    char mean[RT_NUMBER_TEXT], spread[RT_NUMBER_TEXT];
    fprintf(out, ",%s,%s,%lld", rt_exact_text(result->mean, mean),
            rt_exact_text(result->error, spread), (long long)result->finite);
    for (int64_t d = 0; rows->keeps_draws && d < result->draws; d++)
        fprintf(out, "%c%s", d ? ' ' : ',', rt_exact_text(result->values[d], mean));
}

static char *row_text(const RtRows *rows, int64_t cell, const RtMeasured *results)
{
    const RtGrid *grid = rows->grid;
    char *text = NULL, number[RT_NUMBER_TEXT];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (int a = 0; a < grid->axis_count; a++)
        fprintf(out, "%s%s", a ? "," : "",
                rt_exact_text(grid->axes[a].values[rt_grid_place(grid, cell, a)], number));
    for (int i = 0; i < grid->sweep->settings.count; i++)
        put_result(rows, &results[i], out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

bool rt_rows_write(const RtRows *rows, const char *path, RtError *error)
{
    RtWriter writer;
    char *head = head_text(rows);
    if (!head)
        return rt_fail(error, RT_FAILED, "%s: out of memory", path);
    bool good = rt_writer_open(&writer, path, error);
    bool opened = good;
    good = good && rt_writer_put(&writer, head, strlen(head), error);
    for (int64_t i = 0; good && i < rows->grid->cells; i++)
        if (rows->text[i])
            good = rt_writer_put(&writer, rows->text[i], strlen(rows->text[i]), error) &&
                   rt_writer_put(&writer, "\n", 1, error);
    good = good && rt_draws_write(rows, &writer, error);
    free(head);
    if (opened && !good)
        rt_writer_abandon(&writer);
    return good && rt_writer_commit(&writer, error);
}

bool rt_rows_begin(RtRows *rows, const char *path, RtError *error)
{
    if (!rt_rows_write(rows, path, error))
        return false;
    rows->path = path;
    rows->stream = fopen(path, "ae");
    return rows->stream || rt_fail_errno(error, RT_FAILED, "%s", path);
}

static bool close_stream(RtRows *rows, RtError *error)
{
    FILE *stream = rows->stream;
    rows->stream = NULL;
    return !stream || fclose(stream) == 0 || rt_fail_errno(error, RT_FAILED, "%s", rows->path);
}

bool rt_rows_keep(RtRows *rows, RtError *error)
{
    return close_stream(rows, error) && rt_rows_begin(rows, rows->path, error);
}

bool rt_rows_add(RtRows *rows, int64_t cell, const RtMeasured *results, RtError *error)
{
    if (!rows->stream) /* another thread could not write */
        return rt_fail(error, RT_FAILED, "%s: not written", rows->path);
    char *text = row_text(rows, cell, results);
    if (!text)
        return rt_fail(error, RT_FAILED, "%s: out of memory", rows->path);
    rows->text[cell] = text;
    rows->done++;
    rt_draws_drop(rows, cell);
    fprintf(rows->stream, "%s\n", text);
    if (fflush(rows->stream) == 0 && !ferror(rows->stream))
        return true;
    return rt_fail_errno(error, RT_FAILED, "%s", rows->path);
}

bool rt_rows_end(RtRows *rows, RtError *error)
{
    return close_stream(rows, error) && rt_rows_write(rows, rows->path, error);
}

/* ---- reading ---- */

bool rt_read_exact(const char **at, char end, double *value)
{
    char text[RT_NUMBER_TEXT];
    const char *stop = strchr(*at, end);
    if (!stop || stop - *at >= RT_NUMBER_TEXT || stop == *at)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(stop - *at), *at);
    char *rest, again[RT_NUMBER_TEXT];
    *value = strtod(text, &rest);
    *at = stop + (end != '\0');
    return !*rest && strcmp(rt_exact_text(*value, again), text) == 0;
}

static char field_end(const RtRows *rows, int field)
{
    const RtGrid *grid = rows->grid;
    int each = rows->keeps_draws ? 4 : 3;
    return field == grid->axis_count + each * grid->sweep->settings.count - 1 ? '\0' : ',';
}

/* Behind the draws, which blanks separate. */
static bool skip_draws(const char **at, char end)
{
    const char *stop = strchrnul(*at, end);
    double value;
    for (;;) {
        const char *blank = memchr(*at, ' ', (size_t)(stop - *at));
        if (!rt_read_exact(at, blank ? ' ' : end, &value))
            return false;
        if (!blank)
            return true;
    }
}

static bool parse_row(const RtRows *rows, const char *text, int64_t *cell)
{
    const RtGrid *grid = rows->grid;
    double values[RT_AXES], number;
    int field = 0;
    for (; field < grid->axis_count; field++)
        if (!rt_read_exact(&text, field_end(rows, field), &values[field]))
            return false;
    for (int i = 0; i < grid->sweep->settings.count; i++) {
        for (int k = 0; k < 3; k++, field++)
            if (!rt_read_exact(&text, field_end(rows, field), &number))
                return false;
        if (rows->keeps_draws && !skip_draws(&text, field_end(rows, field++)))
            return false;
    }
    *cell = rt_grid_find(grid, values);
    return *cell >= 0;
}

static bool add_line(RtRows *rows, const char *path, int64_t line, const char *text, RtError *error)
{
    int64_t cell;
    bool draw = rt_draws_is_line(text), parsed = false;
    if (draw && !rt_draws_read(rows, text, &parsed, error))
        return false;
    if (parsed)
        return true;
    if (draw || !parse_row(rows, text, &cell))
        return rt_fail(error, RT_BAD_DATA, "%s: line %lld: this is no row of the sweep %s", path,
                       (long long)line, rows->grid->sweep->name);
    if (rows->text[cell])
        return strcmp(rows->text[cell], text) == 0 ||
               rt_fail(error, RT_BAD_DATA, "%s: line %lld: another row for a cell that is there",
                       path, (long long)line);
    rows->text[cell] = strdup(text);
    rows->done++;
    return rows->text[cell] || rt_fail(error, RT_FAILED, "%s: out of memory", path);
}

static bool refuse(const RtRows *rows, const char *path, const char *bytes, RtError *error)
{
    const char *name = rows->grid->sweep->name;
    char line[256];
    snprintf(line, sizeof line, "# rnet sweep %s of %s, ", name, rows->grid->program->name);
    if (strncmp(bytes, line, strlen(line)) == 0)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: it belongs to another source or to other settings; move it away, or "
                       "name another table with --output",
                       path);
    return rt_fail(error, RT_BAD_DATA, "%s: this is no table of the sweep %s", path, name);
}

static bool read_lines(RtRows *rows, const char *path, char *at, RtError *error)
{
    for (int64_t line = 3; *at; line++) {
        char *end = strchr(at, '\n');
        if (!end)
            return true;
        *end = '\0';
        if (!add_line(rows, path, line, at, error))
            return false;
        at = end + 1;
    }
    return true;
}

bool rt_rows_read(RtRows *rows, const char *path, RtError *error)
{
    RtFile file;
    char *head = head_text(rows);
    bool good = head || rt_fail(error, RT_FAILED, "%s: out of memory", path);
    if (!good || !rt_file_read(path, most_bytes, &file, error)) {
        free(head);
        return false;
    }
    char *bytes = (char *)file.bytes;
    size_t length = strlen(head);
    if (strlen(bytes) != file.size)
        good = rt_fail(error, RT_BAD_DATA, "%s: this is no text", path);
    else if (file.size >= length && strncmp(bytes, head, length) == 0)
        good = read_lines(rows, path, bytes + length, error);
    else if (strncmp(bytes, head, file.size) != 0)
        good = refuse(rows, path, bytes, error);
    free(head);
    rt_file_free(&file);
    return good;
}

/* ---- columns ---- */

static const char *skip_fields(const char *text, int count)
{
    while (count-- > 0)
        text = strchr(text, ',') + 1;
    return text;
}

static const char *quantity_text(const RtRows *rows, int64_t cell, int measure)
{
    int each = rows->keeps_draws ? 4 : 3;
    return skip_fields(rows->text[cell], rows->grid->axis_count + each * measure);
}

void rt_rows_column(const RtRows *rows, int measure, double *mean, double *error, int64_t *finite)
{
    for (int64_t i = 0; i < rows->grid->cells; i++) {
        mean[i] = error[i] = (double)NAN;
        finite[i] = 0;
        if (!rows->text[i])
            continue;
        const char *text = quantity_text(rows, i, measure);
        mean[i] = strtod(text, NULL);
        error[i] = strtod(skip_fields(text, 1), NULL);
        finite[i] = strtoll(skip_fields(text, 2), NULL, 10);
    }
}

int64_t rt_rows_draws(const RtRows *rows, int64_t cell, int measure, double *values, int64_t most)
{
    if (!rows->keeps_draws || !rows->text[cell])
        return 0;
    const char *text = skip_fields(quantity_text(rows, cell, measure), 3);
    int64_t count = 0;
    for (char *end; count < most; text = end + 1) {
        values[count++] = strtod(text, &end);
        if (*end != ' ')
            break;
    }
    return count;
}
