/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress lines and results.
 */
#include "lib/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double rt_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* 0.8790, or 1.23e-05 where four digits would say too little. */
static const char *rt_number_text(double value, char text[40])
{
    bool short_enough = value == 0 || (fabs(value) >= 0.01 && fabs(value) < 1e6);
    snprintf(text, 40, short_enough ? "%.4f" : "%.4g", value);
    return text;
}

void rt_progress_start(RtProgress *progress, const RtOptions *options, int64_t steps_before)
{
    double now = rt_seconds();
    *progress = (RtProgress){.shown = !options->quiet && !options->json,
                             .terminal = isatty(STDOUT_FILENO),
                             .start = now,
                             .drawn = now,
                             .steps_before = steps_before};
}

void rt_time_text(double seconds, char text[40])
{
    if (seconds < 90)
        snprintf(text, 40, "%.0f s", seconds);
    else if (seconds < 5400)
        snprintf(text, 40, "%.0f min", seconds / 60);
    else
        snprintf(text, 40, "%.1f h", seconds / 3600);
}

/* "epoch 2/5  step 120/469  loss 0.4312  accuracy 0.8412" */
static int format_row(const RtRow *row, char *text, size_t size)
{
    char loss[40];
    int used = snprintf(text, size, "epoch %lld/%lld  step %lld/%lld  loss %s",
                        (long long)row->epoch, (long long)row->epochs, (long long)row->epoch_step,
                        (long long)row->epoch_steps, rt_number_text(row->train_loss, loss));
    if (!isnan(row->train_accuracy))
        used += snprintf(text + used, size - (size_t)used, "  accuracy %.4f", row->train_accuracy);
    if (!isnan(row->validation_loss))
        used += snprintf(text + used, size - (size_t)used, "  validation loss %s",
                         rt_number_text(row->validation_loss, loss));
    if (!isnan(row->validation_accuracy))
        used +=
            snprintf(text + used, size - (size_t)used, " accuracy %.4f", row->validation_accuracy);
    return used;
}

static void format_speed(const RtProgress *progress, const RtRow *row, char *text, size_t size)
{
    double seconds = rt_seconds() - progress->start;
    double steps = (double)(row->step - progress->steps_before);
    if (seconds <= 0 || steps <= 0)
        return;
    char left[40];
    rt_time_text(seconds / steps * (double)(row->steps - row->step), left);
    snprintf(text, size, "  %.0f samples/s  %s left", steps * (double)row->batch / seconds, left);
}

static void draw_text(RtProgress *progress, const char *text, const char *end)
{
    int length = (int)strlen(text);
    /* spaces over what is left of a longer line before */
    int spaces =
        progress->terminal && progress->drawn_length > length ? progress->drawn_length - length : 0;
    printf("%s%s%*s%s", progress->terminal ? "\r" : "", text, spaces, "", end);
    fflush(stdout);
    progress->drawn_length = *end ? 0 : length;
}

static void draw(RtProgress *progress, const RtRow *row, const char *end)
{
    char text[400];
    int used = format_row(row, text, sizeof text);
    format_speed(progress, row, text + used, sizeof text - (size_t)used);
    draw_text(progress, text, end);
}

/* Is it time to redraw the line of a terminal? */
static bool is_due(RtProgress *progress)
{
    if (!progress->shown || !progress->terminal)
        return false;
    double now = rt_seconds();
    if (now - progress->drawn < 0.1)
        return false;
    progress->drawn = now;
    return true;
}

void rt_progress_step(RtProgress *progress, const RtRow *row)
{
    if (is_due(progress))
        draw(progress, row, "");
}

void rt_progress_score(RtProgress *progress, const char *what, int64_t done, int64_t count)
{
    char text[100];
    if (!is_due(progress))
        return;
    snprintf(text, sizeof text, "%s %lld/%lld", what, (long long)done, (long long)count);
    draw_text(progress, text, "");
}

void rt_progress_clear(RtProgress *progress)
{
    if (progress->drawn_length > 0)
        draw_text(progress, "", "\r");
}

void rt_progress_epoch(RtProgress *progress, const RtRow *row)
{
    if (progress->shown)
        draw(progress, row, "\n");
}

void rt_fact(RtFacts *facts, const char *key, double value)
{
    if (facts->count == RT_FACTS)
        return;
    facts->key[facts->count] = key;
    facts->value[facts->count++] = value;
}

bool rt_flush_output(RtError *error)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return rt_fail_errno(error, RT_FAILED, "standard output");
}

bool rt_facts_print(const RtFacts *facts, bool json, RtError *error)
{
    char text[40];
    for (int i = 0; i < facts->count; i++) {
        double value = facts->value[i];
        bool seconds = strcmp(facts->key[i], "seconds") == 0;
        if (json && isfinite(value))
            printf("%s\"%s\": %.17g", i ? ", " : "{", facts->key[i], value);
        else if (json)
            printf("%s\"%s\": null", i ? ", " : "{", facts->key[i]);
        else if (seconds)
            printf("%sseconds=%.1f", i ? " " : "", value);
        else
            printf("%s%s=%s", i ? " " : "", facts->key[i], rt_number_text(value, text));
    }
    printf(json ? "}\n" : "\n");
    return rt_flush_output(error);
}

bool rt_print_json(cJSON *root, RtError *error)
{
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return rt_fail(error, RT_FAILED, "out of memory for the result");
    printf("%s\n", text);
    free(text);
    return rt_flush_output(error);
}
