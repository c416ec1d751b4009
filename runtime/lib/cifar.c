/* SPDX-License-Identifier: Apache-2.0
 *
 * CIFAR-10's binary version: records of a label byte and 3072 bytes, planes of red, green and blue.
 * Training files are data_batch_*.bin or train_*.bin, the test files test*.bin, read in the order
 * of their names.
 */
#define _GNU_SOURCE
#include "lib/data.h"
#include "lib/memory.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 3072, RECORD = PIXELS + 1 };

/* Adds a file's records to the table's bytes. */
static bool append_file(const char *path, RtTable *table, RtError *error)
{
    RtFile file;
    if (!rt_file_read(path, rt_memory_left(""), &file, error))
        return false;
    bool good = true;
    if (file.size == 0 || file.size % RECORD != 0)
        good =
            rt_fail(error, RT_BAD_DATA, "%s: byte %zu: the file ends inside a record of %d bytes",
                    path, file.size, RECORD);
    uint8_t *bytes = good ? realloc(table->file.bytes, table->file.size + file.size) : NULL;
    if (good && !bytes)
        good = rt_fail(error, RT_FAILED, "%s: out of memory", path);
    if (good) {
        memcpy(bytes + table->file.size, file.bytes, file.size);
        table->file = (RtFile){bytes, table->file.size + file.size};
        snprintf(table->source, sizeof table->source, "%s", path);
    }
    rt_file_free(&file);
    return good;
}

static bool split_records(RtTable *table, RtError *error)
{
    table->count = (int64_t)(table->file.size / RECORD);
    table->features = PIXELS;
    table->stride = RECORD;
    table->bytes = table->file.bytes + 1;
    table->labels = malloc((size_t)table->count * sizeof *table->labels);
    if (!table->labels)
        return rt_fail(error, RT_FAILED, "%s: out of memory", table->source);
    for (int64_t i = 0; i < table->count; i++)
        table->labels[i] = table->file.bytes[i * RECORD];
    return true;
}

bool rt_cifar_file(const char *path, RtTable *table, RtError *error)
{
    if (append_file(path, table, error) && split_records(table, error))
        return true;
    rt_table_free(table);
    return false;
}

static bool is_train(const char *name)
{
    return fnmatch("data_batch_*.bin", name, 0) == 0 || fnmatch("train_*.bin", name, 0) == 0;
}

static bool is_test(const char *name)
{
    return fnmatch("test*.bin", name, 0) == 0;
}

static int select_train(const struct dirent *entry)
{
    return is_train(entry->d_name);
}

static int select_test(const struct dirent *entry)
{
    return is_test(entry->d_name);
}

/* In the order of bytes, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Reads the chosen files of a folder; `count` is left 0 when there are none. */
static bool read_folder(const char *folder, int (*select)(const struct dirent *), RtTable *table,
                        RtError *error)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, select, compare_names);
    bool good = true;
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        good = good && append_file(path, table, error);
        free(names[i]);
    }
    free(names);
    return good && (count <= 0 || split_records(table, error));
}

bool rt_cifar_load(const RtRequest *request, RtData *data, RtError *error)
{
    RtPlaces places;
    rt_places(request, "cifar10", &places);
    for (int i = 0; i < places.count; i++) {
        if (!read_folder(places.path[i], select_train, &data->train, error))
            return false;
        if (data->train.count)
            return read_folder(places.path[i], select_test, &data->test, error);
    }
    return rt_data_missing(&places, "data_batch_*.bin or train_*.bin",
                           "CIFAR-10 in its binary version, unpacked", error);
}
