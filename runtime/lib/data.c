/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the files of a data set, has them read, and checks that the network fits what came.
 */
#define _GNU_SOURCE
#include "lib/data.h"
#include "lib/csv.h"
#include "lib/npy.h"
#include "lib/real.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rt_data_name(int32_t kind)
{
    static const char *const names[] = {
#define X(tag, name) name,
        RN_DATA_KINDS(X)
#undef X
    };
    return kind >= 0 && kind < RN_DATA_COUNT ? names[kind] : "unknown";
}

void rt_table_free(RtTable *table)
{
    rt_file_free(&table->file);
    free(table->values);
    free(table->labels);
    free(table->targets);
    *table = (RtTable){0};
}

void rt_data_free(RtData *data)
{
    rt_table_free(&data->train);
    rt_table_free(&data->test);
}

/* ---- where the files lie ---- */

static void add_place(RtPlaces *places, const char *folder, int length, const char *inside)
{
    if (!folder || places->count == RT_PLACES)
        return;
    char *path = places->path[places->count];
    int used = snprintf(path, sizeof places->path[0], "%.*s%s%s", length, folder, inside ? "/" : "",
                        inside ? inside : "");
    if (used > 0 && (size_t)used < sizeof places->path[0])
        places->count++;
}

static void add_places(RtPlaces *places, const char *folder, int length, const char *inside)
{
    if (inside)
        add_place(places, folder, length, inside);
    add_place(places, folder, length, NULL);
}

void rt_places(const RtRequest *request, const char *kind_folder, RtPlaces *places)
{
    places->count = 0;
    const char *named[] = {request->folder, getenv("RNET_DATA")};
    for (int i = 0; i < 2; i++)
        if (named[i] && *named[i])
            add_places(places, named[i], (int)strlen(named[i]), kind_folder);
    const char *source = request->program->source_path ? request->program->source_path : "";
    const char *slash = strrchr(source, '/');
    if (slash == source)
        add_places(places, "/", 1, kind_folder);
    else if (slash)
        add_places(places, source, (int)(slash - source), kind_folder);
    else
        add_places(places, ".", 1, kind_folder);
    const char *system = "/usr/share/datasets";
    if (kind_folder)
        add_place(places, system, (int)strlen(system), kind_folder);
}

bool rt_data_find(const RtPlaces *places, const char *name, char path[1024])
{
    if (name[0] == '/') {
        snprintf(path, 1024, "%s", name);
        return rt_file_exists(path);
    }
    for (int i = 0; i < places->count; i++) {
        int used = snprintf(path, 1024, "%s/%s", places->path[i], name);
        if (used > 0 && used < 1024 && rt_file_exists(path))
            return true;
    }
    return false;
}

bool rt_data_missing(const RtPlaces *places, const char *name, const char *advice, RtError *error)
{
    char list[1200] = "";
    for (int i = 0; i < places->count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "\n  %s", places->path[i]);
    }
    return rt_fail(error, RT_BAD_DATA,
                   "no file %s%s%s%s; looked in%s\n--data DIR or RNET_DATA "
                   "name another folder",
                   name, *advice ? " (" : "", advice, *advice ? ")" : "", list);
}

/* ---- the kinds ---- */

static bool find_idx(const RtPlaces *places, const char *stem, const char *advice, char path[1024],
                     RtError *error)
{
    char packed[256];
    snprintf(packed, sizeof packed, "%s.gz", stem);
    return rt_data_find(places, stem, path) || rt_data_find(places, packed, path) ||
           rt_data_missing(places, packed, advice, error);
}

static bool load_idx_pair(const RtPlaces *places, const char *images, const char *labels,
                          const char *advice, RtTable *table, RtError *error)
{
    char path[1024];
    return find_idx(places, images, advice, path, error) && rt_idx_images(path, table, error) &&
           find_idx(places, labels, advice, path, error) && rt_idx_labels(path, table, error);
}

static bool load_mnist(const RtRequest *request, RtData *data, RtError *error)
{
    bool fashion = request->data->kind == RN_DATA_FASHION_MNIST;
    const char *advice = fashion ? "in Debian's package dataset-fashion-mnist"
                                 : "MNIST's four files, as their authors published them";
    RtPlaces places;
    rt_places(request, fashion ? "fashion-mnist" : "mnist", &places);
    return load_idx_pair(&places, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", advice,
                         &data->train, error) &&
           load_idx_pair(&places, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", advice,
                         &data->test, error);
}

static bool load_idx(const RtRequest *request, RtData *data, RtError *error)
{
    const RnData *want = request->data;
    RtPlaces places;
    rt_places(request, NULL, &places);
    return load_idx_pair(&places, want->images, want->labels, "", &data->train, error) &&
           (!want->test_images ||
            load_idx_pair(&places, want->test_images, want->test_labels, "", &data->test, error));
}

static bool load_csv(const RtRequest *request, RtData *data, RtError *error)
{
    const RnData *want = request->data;
    RtPlaces places;
    rt_places(request, NULL, &places);
    char path[1024];
    if (!rt_data_find(&places, want->path, path))
        return rt_data_missing(&places, want->path, "", error);
    RtCsvWanted wanted = {.target = want->target,
                          .skip = want->skip,
                          .header = want->header,
                          .header_assumed = !want->header_stated,
                          .missing = want->missing_mean,
                          .classes = request->classes ? request->outputs : 0,
                          .target_unit = want->target_unit,
                          .features = request->features,
                          .real_size = request->program->real_size};
    return rt_csv_load(path, &wanted, &data->train, error);
}

static bool load_npy_pair(const RtRequest *request, const char *inputs, const char *targets,
                          RtTable *table, RtError *error)
{
    RtPlaces places;
    rt_places(request, NULL, &places);
    char path[1024];
    int32_t real_size = request->program->real_size;
    if (!rt_data_find(&places, inputs, path))
        return rt_data_missing(&places, inputs, "", error);
    if (!rt_npy_inputs(path, real_size, table, error) || !targets)
        return !targets && table->count > 0;
    if (!rt_data_find(&places, targets, path))
        return rt_data_missing(&places, targets, "", error);
    return rt_npy_targets(path, real_size, request->classes, table, error);
}

static bool load_npy(const RtRequest *request, RtData *data, RtError *error)
{
    const RnData *want = request->data;
    const char *inputs = want->images ? want->images : want->path;
    return load_npy_pair(request, inputs, want->labels, &data->train, error) &&
           (!want->test_images ||
            load_npy_pair(request, want->test_images, want->test_labels, &data->test, error));
}

static bool load_kind(const RtRequest *request, RtData *data, RtError *error)
{
    switch (request->data->kind) {
    case RN_DATA_FASHION_MNIST:
    case RN_DATA_MNIST:
        return load_mnist(request, data, error);
    case RN_DATA_CIFAR10:
        return rt_cifar_load(request, data, error);
    case RN_DATA_IDX:
        return load_idx(request, data, error);
    case RN_DATA_CSV:
        return load_csv(request, data, error);
    case RN_DATA_NPY:
        return load_npy(request, data, error);
    default:
        return rt_synthetic_load(request, data, error);
    }
}

/* ---- does the network fit? ---- */

/* Labels as targets of a regression: 1 at the class, 0 elsewhere. */
static bool spread_labels(const RtRequest *request, RtTable *table, RtError *error)
{
    int32_t real_size = request->program->real_size;
    table->outputs = request->outputs;
    table->targets = calloc((size_t)table->count, (size_t)request->outputs * (size_t)real_size);
    if (!table->targets)
        return rt_fail(error, RT_FAILED, "%s: out of memory", table->source);
    for (int64_t i = 0; i < table->count; i++)
        rt_set_real(table->targets, i * table->outputs + table->labels[i], real_size, 1);
    free(table->labels);
    table->labels = NULL;
    return true;
}

static const char *targets_source(const RtTable *table)
{
    return *table->targets_source ? table->targets_source : table->source;
}

static bool check_labels(const RtRequest *request, RtTable *table, RtError *error)
{
    for (int64_t i = 0; i < table->count; i++)
        if (table->labels[i] < 0 || table->labels[i] >= request->outputs)
            return rt_fail(error, RT_BAD_DATA,
                           "%s: sample %lld: label %d, but the network has %lld outputs: expected "
                           "0 to %lld",
                           targets_source(table), (long long)i + 1, table->labels[i],
                           (long long)request->outputs, (long long)request->outputs - 1);
    return request->classes || spread_labels(request, table, error);
}

static bool check_table(const RtRequest *request, RtTable *table, RtError *error)
{
    if (table->features != request->features)
        return rt_fail(error, RT_BAD_DATA, "%s: %lld numbers a sample, but the network reads %lld",
                       table->source, (long long)table->features, (long long)request->features);
    if (table->labels)
        return check_labels(request, table, error);
    if (table->targets && request->classes)
        return rt_fail(error, RT_BAD_DATA,
                       "%s: the targets are numbers, %lld a sample, but the loss wants classes, a "
                       "whole number a sample",
                       targets_source(table), (long long)table->outputs);
    if (table->targets && table->outputs != request->outputs)
        return rt_fail(
            error, RT_BAD_DATA, "%s: targets a sample: %lld, outputs of the network: %lld",
            targets_source(table), (long long)table->outputs, (long long)request->outputs);
    return true;
}

bool rt_data_load(const RtRequest *request, RtData *data, RtError *error)
{
    *data = (RtData){0};
    if (load_kind(request, data, error) && check_table(request, &data->train, error) &&
        (data->test.count == 0 || check_table(request, &data->test, error)))
        return true;
    rt_data_free(data);
    return false;
}
