/* SPDX-License-Identifier: Apache-2.0
 *
 * From the command line to a command, and from its result to an exit status.
 */
#include "lib/cli.h"
#include "lib/commands.h"
#include "lib/outputs.h"

#include <stdio.h>

static bool run_command(const RnProgram *program, const RtOptions *options, RtError *error)
{
    static bool (*const commands[])(const RnProgram *, const RtOptions *, RtError *) = {
        [RT_TRAIN] = rt_train, [RT_EVAL] = rt_eval,   [RT_PREDICT] = rt_predict,
        [RT_PROBE] = rt_probe, [RT_CHECK] = rt_check, [RT_SWEEP] = rt_sweep,
        [RT_BENCH] = rt_bench, [RT_INFO] = rt_info,
    };
    if (options->help || options->version) {
        bool printed = options->help ? rt_print_help(program, options) : rt_print_version(program);
        return printed || rt_fail_errno(error, RT_FAILED, "standard output");
    }
    if (options->describe)
        return rt_describe(program, error);
    return rt_outputs_check(program, options, error) &&
           commands[options->command](program, options, error);
}

int rt_main(const RnProgram *program, int argc, char **argv)
{
    RtOptions options;
    RtError error = {0};
    if (argc < 1) {
        fprintf(stderr, "%s: no command line\n", program->name);
        return RT_USAGE;
    }
    bool good = rt_options_parse(program, argc, argv, &options, &error) &&
                run_command(program, &options, &error);
    rt_options_free(&options);
    if (good)
        return RT_OK;
    fflush(stdout);
    fprintf(stderr, "%s: %s%s\n", program->name,
            error.status == RT_STOPPED ? "" : "error: ", error.text);
    return error.status;
}
