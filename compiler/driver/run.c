/* SPDX-License-Identifier: Apache-2.0
 *
 * `rnetc run`: objects to code of this process, and the runtime library's main on it.
 */
#include "driver/run.h"

#include "driver/compile.h"
#include "emit/jit.h"
#include "lib/cli.h"

#include <stdlib.h>
#include <string.h>

/* The functions of runtime/core; a table that the build writes. */
extern const JitSymbol rnet_core_symbols[];

struct Loaded {
    Jit *jit;
    const RnProgram *program;
};

/* RNET_ISA is the program's affair; one that it will refuse is no reason not to compile it. */
static const char *choose_cpu(const Options *options)
{
    static const char *const sets[] = {"baseline", "avx2", "avx512"};
    const char *wanted = getenv("RNET_ISA");
    for (size_t i = 0; wanted && !options->cpu && i < sizeof sets / sizeof *sets; i++) {
        if (strcmp(wanted, sets[i]) == 0) {
            return sets[i];
        }
    }
    return options->cpu ? options->cpu : "native";
}

Loaded *run_load(Arena *arena, const Options *options, DiagSink *diag, const Source **source)
{
    Options here = *options;
    EmitOutput objects;
    here.cpu = choose_cpu(options);
    if (!compile_in_memory(arena, &here, diag, source, &objects)) {
        return NULL;
    }
    Loaded *loaded = ARENA_NEW(arena, Loaded);
    loaded->jit = jit_open(arena, &objects, rnet_core_symbols, options->debug != 0, diag);
    emit_dispose(&objects);
    loaded->program = loaded->jit ? jit_address(loaded->jit, "rnet_program") : NULL;
    if (loaded->program == NULL) {
        jit_close(loaded->jit);
        return NULL;
    }
    return loaded;
}

int run_start(Arena *arena, Loaded *loaded, const Options *options)
{
    uint32_t count = options->words.count;
    char **argv = ARENA_ARRAY(arena, char *, count + 2);
    argv[0] = (char *)loaded->program->name;
    for (uint32_t i = 0; i < count; i++) {
        argv[i + 1] = (char *)options->words.items[i];
    }
    argv[count + 1] = NULL;
    int status = rt_main(loaded->program, (int)count + 1, argv);
    jit_close(loaded->jit);
    return status;
}
