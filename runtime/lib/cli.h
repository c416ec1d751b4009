/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of a compiled program.
 */
#ifndef RNET_LIB_CLI_H
#define RNET_LIB_CLI_H

#include "core/program.h"
#include "lib/error.h"

/* X(TAG, name, what it does) */
#define RT_COMMANDS(X)                                                                             \
    X(TRAIN, "train", "train the network")                                                         \
    X(EVAL, "eval", "loss and accuracy of a trained network on the test data")                     \
    X(PREDICT, "predict", "outputs for given inputs")                                              \
    X(PROBE, "probe", "measure what the probe block names")                                        \
    X(CHECK, "check", "compare measured quantities with the check block's bounds")                 \
    X(SWEEP, "sweep", "measure on a grid of params: sweep NAME")                                   \
    X(BENCH, "bench", "time a forward pass and a training step")                                   \
    X(INFO, "info", "what this network is: params, tensors, memory")

typedef enum RtCommand {
#define X(tag, name, help) RT_##tag,
    RT_COMMANDS(X)
#undef X
        RT_COMMAND_COUNT
} RtCommand;

typedef struct RtOptions {
    RtCommand command;
    int help, version, describe, json, quiet, layers_table, merge;
    const char *data, *load, *save, *resume, *log, *layers, *input, *output, *sweep, *shard;
    const char **sets; /* the values of --set, in order */
    int set_count;
    const char **files; /* words behind the sweep's name: tables to merge */
    int file_count;
    double seed, threads, epochs, iterations, log_every, batch, repeat; /* -1: not given */
} RtOptions;

/* `argv` must outlive the options. Messages name the commands that the program has blocks for. */
bool rt_options_parse(const RnProgram *program, int argc, char **argv, RtOptions *options,
                      RtError *error);
void rt_options_free(RtOptions *options);
/* Both return false when writing to standard output failed. */
bool rt_print_help(const RnProgram *program, const RtOptions *options);
bool rt_print_version(const RnProgram *program);
/* Name and help of option `index` for --describe; false behind the last. */
bool rt_option_row(int index, const char **name, const char **argument, const char **help);
/* May option `index` be given to the command? */
bool rt_option_goes(int index, RtCommand command);
/* Has the program the block that the command works with? And one of the commands that take option
 * `index`? */
bool rt_command_works(const RnProgram *program, RtCommand command);
bool rt_option_works(const RnProgram *program, int index);

/* The whole program: parses, runs, prints what went wrong; the exit status. */
int rt_main(const RnProgram *program, int argc, char **argv);

#endif
