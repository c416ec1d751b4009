/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of a run: a row is flushed as soon as it is written, so that a killed run leaves whole
 * rows behind.
 */
#include "lib/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TAIL = 1024 }; /* bytes: longer than a row */

static bool ends_in(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static bool check(RtLog *log, RtError *error)
{
    if (fflush(log->stream) == 0 && !ferror(log->stream))
        return true;
    return rt_fail_errno(error, RT_FAILED, "%s", log->path);
}

/* The end of a file, whole lines or not, as text; empty where there is no such file. */
static void read_tail(const char *path, char text[TAIL])
{
    struct stat status;
    text[0] = '\0';
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
    if (!file)
        return;
    off_t from = status.st_size > TAIL - 1 ? status.st_size - (TAIL - 1) : 0;
    if (fseeko(file, from, SEEK_SET) == 0)
        text[fread(text, 1, TAIL - 1, file)] = '\0';
    fclose(file);
}

/* Seconds of the last whole row, which stand at its end; 0 where there is none. */
static double last_seconds(const RtLog *log, char *tail)
{
    char *end = strrchr(tail, '\n');
    if (!end)
        return 0;
    *end = '\0';
    const char *line = strrchr(tail, '\n');
    const char *at = strrchr(line ? line : tail, log->csv ? ',' : ':');
    double value = at ? strtod(at + 1, NULL) : 0;
    return isfinite(value) && value > 0 ? value : 0;
}

bool rt_log_open(RtLog *log, const char *path, bool append, RtError *error)
{
    *log = (RtLog){.path = path, .csv = path && ends_in(path, ".csv")};
    if (!path)
        return true;
    char tail[TAIL] = "";
    if (append)
        read_tail(path, tail);
    log->stream = fopen(path, append ? "ae" : "we");
    if (!log->stream)
        return rt_fail_errno(error, RT_FAILED, "%s", path);
    if (*tail && tail[strlen(tail) - 1] != '\n')
        fputc('\n', log->stream); /* a sudden end has torn the last row */
    log->before = last_seconds(log, tail);
    if (log->csv && ftell(log->stream) == 0)
        fprintf(log->stream, "kind,epoch,step,rate,train_loss,train_accuracy,validation_loss,"
                             "validation_accuracy,seconds\n");
    return check(log, error);
}

static void put_number(const RtLog *log, const char *key, double value)
{
    if (log->csv && isnan(value))
        fprintf(log->stream, ",");
    else if (log->csv)
        fprintf(log->stream, ",%.9g", value);
    else if (isfinite(value))
        fprintf(log->stream, ", \"%s\": %.9g", key, value);
}

bool rt_log_row(RtLog *log, const char *kind, const RtRow *row, RtError *error)
{
    if (!log->stream)
        return true;
    fprintf(log->stream,
            log->csv ? "%s,%lld,%lld"
                     : "{\"kind\": \"%s\", \"epoch\": %lld, "
                       "\"step\": %lld",
            kind, (long long)row->epoch, (long long)row->step);
    put_number(log, "rate", row->rate);
    put_number(log, "train_loss", row->train_loss);
    put_number(log, "train_accuracy", row->train_accuracy);
    put_number(log, "validation_loss", row->validation_loss);
    put_number(log, "validation_accuracy", row->validation_accuracy);
    put_number(log, "seconds", log->before + row->seconds);
    fprintf(log->stream, log->csv ? "\n" : "}\n");
    return check(log, error);
}

bool rt_log_close(RtLog *log, RtError *error)
{
    FILE *stream = log->stream;
    log->stream = NULL;
    if (!stream || fclose(stream) == 0)
        return true;
    return rt_fail_errno(error, RT_FAILED, "%s", log->path);
}
