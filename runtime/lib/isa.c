/* SPDX-License-Identifier: Apache-2.0
 *
 * The best instruction set of a program that the processor runs, or the one that is asked for.
 */
#include "lib/isa.h"

#include "core/cpu.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool rt_isa_available(const char *isa)
{
    return rn_cpu_runs(isa);
}

static const RnCode *find_code(const RnProgram *program, const char *isa)
{
    for (int32_t i = 0; i < program->code_count; i++)
        if (strcmp(program->codes[i].isa, isa) == 0)
            return &program->codes[i];
    return NULL;
}

static void list_codes(const RnProgram *program, char *text, size_t size)
{
    text[0] = '\0';
    for (int32_t i = 0; i < program->code_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", i ? ", " : "", program->codes[i].isa);
    }
}

static const RnCode *choose_wanted(const RnProgram *program, const char *wanted, RtError *error)
{
    const RnCode *code = find_code(program, wanted);
    char list[200];
    list_codes(program, list, sizeof list);
    if (!code)
        rt_fail(error, RT_USAGE, "RNET_ISA=%s: this program has code for %s", wanted, list);
    else if (!rt_isa_available(wanted)) {
        rt_fail(error, RT_USAGE, "RNET_ISA=%s: this machine cannot run it", wanted);
        code = NULL;
    }
    return code;
}

const RnCode *rt_isa_choose(const RnProgram *program, const char *wanted, RtError *error)
{
    if (wanted && *wanted)
        return choose_wanted(program, wanted, error);
    for (int32_t i = 0; i < program->code_count; i++)
        if (rt_isa_available(program->codes[i].isa))
            return &program->codes[i];
    char list[200];
    list_codes(program, list, sizeof list);
    rt_fail(error, RT_FAILED, "this machine can run none of the program's instruction sets (%s)",
            list);
    return NULL;
}
