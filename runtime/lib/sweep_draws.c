/* SPDX-License-Identifier: Apache-2.0
 *
 * Draws of cells that are not whole yet. In the table of a sweep that was stopped they stand below
 * the rows, a comment each: the cell's place in the grid, the draw, a value for each quantity.
 *
 *     # cell 4 draw 17: 0.744973254168816 1.25
 */
#include "lib/sweep_draws.h"
#include "lib/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool rt_draws_open(RtRows *rows, int64_t cell, RtError *error)
{
    RtDraws *part = &rows->parts[cell];
    if (part->values)
        return true;
    size_t quantities = (size_t)rows->grid->sweep->settings.count, draws = (size_t)rows->draws;
    size_t values;
    if (!__builtin_mul_overflow(quantities + 1, draws, &values)) {
        part->values = calloc(values, sizeof *part->values);
        part->there = calloc(draws, sizeof *part->there);
    }
    if (part->values && part->there)
        return true;
    rt_draws_drop(rows, cell);
    return rt_fail(error, RT_FAILED, "out of memory for %lld draws", (long long)rows->draws);
}

void rt_draws_drop(RtRows *rows, int64_t cell)
{
    free(rows->parts[cell].values);
    free(rows->parts[cell].there);
    rows->parts[cell] = (RtDraws){0};
}

bool rt_draws_has(const RtRows *rows, int64_t cell, int64_t draw)
{
    return rows->parts[cell].there && rows->parts[cell].there[draw];
}

void rt_draws_put(RtRows *rows, int64_t cell, int64_t draw, const double *values)
{
    RtDraws *part = &rows->parts[cell];
    for (int i = 0; i < rows->grid->sweep->settings.count; i++)
        part->values[i * rows->draws + draw] = values[i];
    part->there[draw] = true;
}

int64_t rt_draws_of(const RtRows *rows, int64_t cell)
{
    int64_t count = 0;
    for (int64_t draw = 0; rows->parts[cell].there && draw < rows->draws; draw++)
        count += rows->parts[cell].there[draw];
    return count;
}

int64_t rt_draws_count(const RtRows *rows)
{
    int64_t count = 0;
    for (int64_t cell = 0; cell < rows->grid->cells; cell++)
        count += rt_draws_of(rows, cell);
    return count;
}

/* ---- as text ---- */

static void put_draw(const RtRows *rows, int64_t cell, int64_t draw, FILE *out)
{
    const double *values = rows->parts[cell].values;
    char number[RT_NUMBER_TEXT];
    fprintf(out, "# cell %lld draw %lld:", (long long)cell, (long long)draw);
    for (int i = 0; i < rows->grid->sweep->settings.count; i++)
        fprintf(out, " %s", rt_exact_text(values[i * rows->draws + draw], number));
    fputc('\n', out);
}

bool rt_draws_write(const RtRows *rows, RtWriter *writer, RtError *error)
{
    for (int64_t cell = 0; cell < rows->grid->cells; cell++)
        for (int64_t draw = 0; draw < rows->draws && rows->parts[cell].there; draw++)
            if (rows->parts[cell].there[draw])
                put_draw(rows, cell, draw, writer->stream);
    return !ferror(writer->stream) || rt_fail_errno(error, RT_FAILED, "%s", rows->path);
}

static bool parse_place(const char **at, const char *word, char end, int64_t most, int64_t *place)
{
    size_t length = strlen(word);
    char *stop;
    if (strncmp(*at, word, length) != 0 || (*at)[length] < '0' || (*at)[length] > '9')
        return false;
    *place = strtoll(*at + length, &stop, 10);
    *at = stop + 1;
    return *stop == end && *place < most;
}

bool rt_draws_is_line(const char *text)
{
    return strncmp(text, "# cell ", 7) == 0;
}

bool rt_draws_read(RtRows *rows, const char *text, bool *parsed, RtError *error)
{
    int64_t cell, draw;
    int quantities = rows->grid->sweep->settings.count;
    double *values = calloc((size_t)quantities + 1, sizeof *values);
    if (!values)
        return rt_fail(error, RT_FAILED, "out of memory for a draw");
    *parsed = parse_place(&text, "# cell ", ' ', rows->grid->cells, &cell) &&
              parse_place(&text, "draw ", ':', rows->draws, &draw) && *text++ == ' ';
    for (int i = 0; *parsed && i < quantities; i++)
        *parsed = rt_read_exact(&text, i + 1 < quantities ? ' ' : '\0', &values[i]);
    bool wanted = *parsed && !rows->text[cell], good = !wanted || rt_draws_open(rows, cell, error);
    if (wanted && good)
        rt_draws_put(rows, cell, draw, values);
    free(values);
    return good;
}
