/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares every output with everything that is read.
 */
#define _GNU_SOURCE
#include "lib/outputs.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST_OUTPUTS = 4 };

typedef struct Named {
    const char *option, *path; /* path: NULL where the option is not given */
} Named;

/* `word` stands for something else than a file of that name. */
static const char *unless(const char *path, const char *word, const char *instead)
{
    return path && strcmp(path, word) == 0 ? instead : path;
}

/* The table of a sweep is not among them: one that is no such table is refused as it is read. */
static void list_outputs(const RtOptions *options, Named outputs[MOST_OUTPUTS])
{
    const Named all[MOST_OUTPUTS] = {
        {"--save", options->save},
        {"--log", options->log},
        {"--layers", options->layers},
        {"--output", options->command == RT_SWEEP ? NULL : unless(options->output, "-", NULL)}};
    memcpy(outputs, all, sizeof all);
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool stat_folder(const char *path, struct stat *status)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    if (length >= sizeof folder)
        return false;
    memcpy(folder, path, length);
    folder[length] = '\0';
    return stat(length ? folder : ".", status) == 0;
}

/* Files that are not there yet are one when folder and name are. Devices and pipes keep nothing
 * that could be lost. */
static bool is_same(const char *a, const char *b)
{
    struct stat first, second;
    if (!a || !b)
        return false;
    bool there = stat(a, &first) == 0;
    if (there != (stat(b, &second) == 0))
        return false;
    if (there)
        return S_ISREG(first.st_mode) && same_inode(&first, &second);
    return strcmp(basename(a), basename(b)) == 0 && stat_folder(a, &first) &&
           stat_folder(b, &second) && same_inode(&first, &second);
}

static bool refuse(const Named *output, const char *what, RtError *error)
{
    return rt_fail(error, RT_USAGE, "%s %s: it is %s; name another output", output->option,
                   output->path, what);
}

static bool check_folder(const Named *output, RtError *error)
{
    struct stat status;
    return stat(output->path, &status) != 0 || !S_ISDIR(status.st_mode) ||
           rt_fail(error, RT_USAGE, "%s %s: it is a folder; name a file, such as %s%sFILE",
                   output->option, output->path, output->path,
                   output->path[strlen(output->path) - 1] == '/' ? "" : "/");
}

/* --save may name what --resume does: that is how a run goes on. */
static bool check_inputs(const RnProgram *program, const RtOptions *options, const Named *output,
                         RtError *error)
{
    bool saves = output->path == options->save;
    const struct {
        const char *path, *what;
    } inputs[] = {{options->load, "the checkpoint that --load reads"},
                  {saves ? NULL : unless(options->resume, "auto", NULL),
                   "the checkpoint that --resume reads"},
                  {unless(options->input, "-", "/dev/stdin"), "the file that --input reads"},
                  {program->source_path, "the source of this program"},
                  {"/proc/self/exe", "this program itself"}};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (is_same(output->path, inputs[i].path))
            return refuse(output, inputs[i].what, error);
    return true;
}

bool rt_outputs_check(const RnProgram *program, const RtOptions *options, RtError *error)
{
    Named outputs[MOST_OUTPUTS];
    list_outputs(options, outputs);
    for (int i = 0; i < MOST_OUTPUTS; i++) {
        if (!outputs[i].path)
            continue;
        if (!check_folder(&outputs[i], error) ||
            !check_inputs(program, options, &outputs[i], error))
            return false;
        for (int other = 0; other < i; other++)
            if (is_same(outputs[i].path, outputs[other].path))
                return rt_fail(error, RT_USAGE, "%s %s: %s names it too; name another output",
                               outputs[i].option, outputs[i].path, outputs[other].option);
    }
    return true;
}

bool rt_outputs_check_data(const RtOptions *options, const RtData *data, RtError *error)
{
    Named outputs[MOST_OUTPUTS];
    const char *files[] = {data->train.source, data->train.targets_source, data->test.source,
                           data->test.targets_source};
    list_outputs(options, outputs);
    for (int i = 0; i < MOST_OUTPUTS; i++)
        for (size_t file = 0; outputs[i].path && file < sizeof files / sizeof *files; file++)
            if (*files[file] && is_same(outputs[i].path, files[file]))
                return refuse(&outputs[i], "a file of the data", error);
    return true;
}
