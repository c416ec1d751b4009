/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run tells: progress on standard output, rows of a log, and the last line.
 */
#ifndef RNET_LIB_REPORT_H
#define RNET_LIB_REPORT_H

#include "lib/cli.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

double rt_seconds(void); /* of a clock that only goes forward */

typedef struct RtProgress {
    bool shown, terminal;
    double start, drawn;  /* seconds */
    int64_t steps_before; /* done before this run, by the one it resumes */
    int drawn_length;
} RtProgress;

/* NaN for what there is not. */
typedef struct RtRow {
    int64_t epoch, epochs, step, steps; /* of the run */
    int64_t epoch_step, epoch_steps, batch;
    double rate, train_loss, train_accuracy, validation_loss, validation_accuracy, seconds;
} RtRow;

void rt_progress_start(RtProgress *progress, const RtOptions *options, int64_t steps_before);
/* On a terminal at most ten times a second; elsewhere not at all. */
void rt_progress_step(RtProgress *progress, const RtRow *row);
void rt_progress_epoch(RtProgress *progress, const RtRow *row);
/* "testing 3072/10000", likewise; rt_progress_clear takes the line away. */
void rt_progress_score(RtProgress *progress, const char *what, int64_t done, int64_t count);
void rt_progress_clear(RtProgress *progress);

/* JSON lines, or CSV where the name ends in .csv; `append` when a run is resumed. Keys of a row:
 * kind ("step" or "epoch"), epoch, step, rate, train_loss, train_accuracy, validation_loss,
 * validation_accuracy, seconds; what there is not is left out, or empty. */
typedef struct RtLog {
    double before; /* seconds of the rows that are there already */
    FILE *stream;
    const char *path;
    bool csv;
} RtLog;
bool rt_log_open(RtLog *log, const char *path, bool append, RtError *error);
bool rt_log_row(RtLog *log, const char *kind, const RtRow *row, RtError *error);
bool rt_log_close(RtLog *log, RtError *error);

/* The last line: key=value pairs, or one JSON object. */
enum { RT_FACTS = 16 };
typedef struct RtFacts {
    const char *key[RT_FACTS];
    double value[RT_FACTS];
    int count;
} RtFacts;
void rt_fact(RtFacts *facts, const char *key, double value);
bool rt_facts_print(const RtFacts *facts, bool json, RtError *error);
/* "40 s", "12 min", "3.5 h" */
void rt_time_text(double seconds, char text[40]);
bool rt_flush_output(RtError *error);
/* Prints and frees it. */
bool rt_print_json(cJSON *root, RtError *error);

#endif
