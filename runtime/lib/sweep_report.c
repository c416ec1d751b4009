/* SPDX-License-Identifier: Apache-2.0
 *
 * What a finished sweep tells: each quantity's range, its power laws, its best cells, and the files
 * that were written.
 */
#include "lib/config.h"
#include "lib/fit.h"
#include "lib/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Report {
    const RtRows *rows;
    const RtOptions *options;
    int64_t draws;
    const char *stem;
    cJSON *quantities; /* with --json, else NULL */
    bool shown;        /* as text */
} Report;

static void put_number(cJSON *object, const char *key, double value)
{
    if (!object)
        return;
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

/* "beta=0.5 H=0.7": where a cell stands, but on axis `except`. */
static void put_place(const RtSurface *surface, int64_t cell, int except, FILE *out)
{
    char number[RT_NUMBER_TEXT];
    for (int i = 0; i < surface->axis_count; i++)
        if (i != except && surface->grid->axes[surface->axes[i]].count > 1)
            fprintf(out, " %s=%s", surface->grid->axes[surface->axes[i]].name,
                    rt_exact_text(rt_surface_value(surface, cell, i), number));
}

static void put_json_place(cJSON *object, const RtSurface *surface, int64_t cell, int except)
{
    for (int i = 0; object && i < surface->axis_count; i++)
        if (i != except)
            put_number(object, surface->grid->axes[surface->axes[i]].name,
                       rt_surface_value(surface, cell, i));
}

/* ---- range ---- */

static void report_range(const Report *report, const RtSurface *surface, cJSON *row)
{
    int64_t least = -1, greatest = -1, finite = 0;
    char left_out[128];
    for (int64_t i = 0; i < surface->cells; i++) {
        double value = surface->mean[i];
        if (!isfinite(value))
            continue;
        finite++;
        least = least < 0 || value < surface->mean[least] ? i : least;
        greatest = greatest < 0 || value > surface->mean[greatest] ? i : greatest;
    }
    put_number(row, "least", least < 0 ? (double)NAN : surface->mean[least]);
    put_number(row, "greatest", greatest < 0 ? (double)NAN : surface->mean[greatest]);
    put_number(row, "finite", (double)finite);
    put_number(row, "cells_left_out", surface->reduced < 0 ? 0 : (double)surface->lost_cells);
    put_number(row, "draws_left_out", (double)surface->lost_draws);
    if (!report->shown)
        return;
    printf("%-32s", surface->measure->text);
    if (finite == 0) {
        printf(" nowhere finite\n");
        return;
    }
    printf(" %.6g", surface->mean[least]);
    put_place(surface, least, -1, stdout);
    printf(" .. %.6g", surface->mean[greatest]);
    put_place(surface, greatest, -1, stdout);
    if (finite < surface->cells)
        printf("  (%lld of %lld cells finite)", (long long)finite, (long long)surface->cells);
    rt_surface_left_out(surface, surface->reduced >= 0, left_out);
    if (*left_out)
        printf("  (%s)", left_out);
    printf("\n");
}

/* ---- power laws ---- */

static void report_fit(const Report *report, const RtSurface *surface, int64_t cell, int axis,
                       const RtFit *fit, cJSON *fits)
{
    const char *name = surface->grid->axes[surface->axes[axis]].name;
    if (fits) {
        cJSON *row = cJSON_CreateObject();
        put_json_place(row, surface, cell, axis);
        put_number(row, "slope", fit->slope);
        put_number(row, "standard_error", fit->error);
        put_number(row, "points", (double)fit->points);
        cJSON_AddItemToArray(fits, row);
    }
    if (!report->shown)
        return;
    printf("  ~ %s^%.4f", name, fit->slope);
    if (isfinite(fit->error))
        printf(" +- %.2g", fit->error);
    printf("  (%lld points)", (long long)fit->points);
    put_place(surface, cell, axis, stdout);
    printf("\n");
}

/* One law along the fitted axis for every place on the other axes. */
static bool report_fits(const Report *report, const RtSurface *surface, cJSON *row, RtError *error)
{
    int fitted = surface->grid->sweep->fit;
    int axis = fitted < 0 ? -1 : rt_surface_axis(surface, fitted);
    if (axis < 0)
        return true;
    cJSON *fits = row ? cJSON_AddArrayToObject(row, "power") : NULL;
    int64_t count = surface->grid->axes[fitted].count, stride = 1;
    for (int i = axis + 1; i < surface->axis_count; i++)
        stride *= surface->grid->axes[surface->axes[i]].count;
    double *y = calloc((size_t)count, sizeof *y);
    if (!y)
        return rt_fail(error, RT_FAILED, "out of memory for the fit");
    for (int64_t cell = 0; cell < surface->cells; cell++) {
        if (rt_surface_place(surface, cell, axis) != 0)
            continue;
        for (int64_t i = 0; i < count; i++)
            y[i] = surface->mean[cell + i * stride];
        RtFit fit = rt_fit_power(surface->grid->axes[fitted].values, y, count);
        report_fit(report, surface, cell, axis, &fit, fits);
    }
    free(y);
    return true;
}

/* ---- best … over ---- */

static bool write_best(const Report *report, const RtSurface *surface, char path[1200],
                       RtError *error)
{
    const RtAxis *axes = surface->grid->axes;
    char name[128], number[RT_NUMBER_TEXT];
    RtWriter writer;
    rt_quantity_name(surface, name);
    snprintf(path, 1200, "%s-best_%s.csv", report->stem, name);
    if (!rt_writer_open(&writer, path, error))
        return false;
    for (int i = 0; i < surface->axis_count; i++)
        fprintf(writer.stream, "%s,", axes[surface->axes[i]].name);
    fprintf(writer.stream, "%s,%s_error,%s\n", name, name, axes[surface->reduced].name);
    for (int64_t cell = 0; cell < surface->cells; cell++) {
        for (int i = 0; i < surface->axis_count; i++)
            fprintf(writer.stream, "%s,",
                    rt_exact_text(rt_surface_value(surface, cell, i), number));
        fprintf(writer.stream, "%s,", rt_exact_text(surface->mean[cell], number));
        fprintf(writer.stream, "%s,", rt_exact_text(surface->error[cell], number));
        fprintf(writer.stream, "%s\n", rt_exact_text(surface->best[cell], number));
    }
    if (!ferror(writer.stream))
        return rt_writer_commit(&writer, error);
    rt_fail_errno(error, RT_FAILED, "%s", path);
    rt_writer_abandon(&writer);
    return false;
}

/* ---- all ---- */

static void tell_file(const Report *report, cJSON *row, const char *path)
{
    if (report->shown)
        printf("  %s\n", path);
    cJSON *files = row ? cJSON_GetObjectItem(row, "files") : NULL;
    if (row && !files)
        files = cJSON_AddArrayToObject(row, "files");
    if (files)
        cJSON_AddItemToArray(files, cJSON_CreateString(path));
}

static bool report_surface(const Report *report, const RtSurface *surface, int measure,
                           RtError *error)
{
    char path[1200];
    cJSON *row = NULL;
    if (report->quantities) {
        row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "quantity", surface->measure->text);
        cJSON_AddItemToArray(report->quantities, row);
    }
    report_range(report, surface, row);
    if (!report_fits(report, surface, row, error))
        return false;
    if (surface->reduced >= 0) {
        if (!write_best(report, surface, path, error))
            return false;
        tell_file(report, row, path);
    }
    if (!rt_sweep_plot(report->rows, surface, measure, report->draws, report->stem, path, error))
        return false;
    if (*path)
        tell_file(report, row, path);
    return true;
}

bool rt_sweep_report(const RtRows *rows, const RtOptions *options, int64_t draws, const char *stem,
                     RtError *error)
{
    cJSON *root = options->json ? cJSON_CreateObject() : NULL;
    Report report = {rows, options, draws, stem, NULL, !options->json};
    if (root) {
        cJSON_AddStringToObject(root, "sweep", rows->grid->sweep->name);
        cJSON_AddStringToObject(root, "table", rows->path);
        cJSON_AddNumberToObject(root, "cells", (double)rows->grid->cells);
        report.quantities = cJSON_AddArrayToObject(root, "quantities");
    }
    bool good = true;
    for (int i = 0; good && i < rows->grid->sweep->settings.count; i++) {
        RtSurface surface;
        good = rt_surface_make(&surface, rows, i, error);
        if (good) {
            good = report_surface(&report, &surface, i, error);
            rt_surface_free(&surface);
        }
    }
    if (good && root)
        return rt_print_json(root, error);
    cJSON_Delete(root);
    if (good && report.shown)
        printf("%-32s %s\n", "table", rows->path);
    return good && rt_flush_output(error);
}
