/* SPDX-License-Identifier: Apache-2.0
 *
 * Line tables: each region's functions are subprograms of the .rnet file, each group stands at its
 * op's place.
 */
#include "emit/llvm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Version 5 has one index of names an object, and linkers put several of them behind each other,
 * which debuggers complain of. */
enum { DEBUG_INFO_VERSION = 3, DWARF_VERSION = 4 };

static void set_flag(Emitter *e, const char *key, unsigned value)
{
    LLVMAddModuleFlag(e->module, LLVMModuleFlagBehaviorWarning, key, strlen(key),
                      LLVMValueAsMetadata(LLVMConstInt(e->t_i32, value, 0)));
}

/* Debuggers look for the source from where it was compiled. */
static void open_unit(Emitter *e)
{
    const char *path = e->graph->source->path;
    char *folder = getcwd(NULL, 0);
    const char *from = folder ? folder : ".";
    e->debug = LLVMCreateDIBuilder(e->module);
    e->debug_file = LLVMDIBuilderCreateFile(e->debug, path, strlen(path), from, strlen(from));
    e->debug_unit = LLVMDIBuilderCreateCompileUnit(
        e->debug, LLVMDWARFSourceLanguageC, e->debug_file, "rnetc", 5, e->options->optimisation > 0,
        "", 0, 0, "", 0, LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
    free(folder);
}

void debug_open(Emitter *e)
{
    e->debug = NULL;
    e->debug_scope = NULL;
    if (!e->options->debug) {
        return;
    }
    open_unit(e);
    set_flag(e, "Debug Info Version", DEBUG_INFO_VERSION);
    set_flag(e, "Dwarf Version", DWARF_VERSION);
}

void debug_function(Emitter *e, LLVMValueRef function, const char *name, Span span)
{
    if (e->debug == NULL) {
        return;
    }
    unsigned line = source_place(e->graph->source, span.begin).line;
    LLVMMetadataRef type =
        LLVMDIBuilderCreateSubroutineType(e->debug, e->debug_file, NULL, 0, LLVMDIFlagZero);
    e->debug_scope = LLVMDIBuilderCreateFunction(e->debug, e->debug_unit, name, strlen(name), "", 0,
                                                 e->debug_file, line, type, 1, 1, line,
                                                 LLVMDIFlagZero, e->options->optimisation > 0);
    LLVMSetSubprogram(function, e->debug_scope);
    LLVMSetCurrentDebugLocation2(
        e->builder, LLVMDIBuilderCreateDebugLocation(e->context, line, 1, e->debug_scope, NULL));
}

void debug_close(Emitter *e)
{
    if (e->debug != NULL) {
        LLVMDIBuilderFinalize(e->debug);
        LLVMDisposeDIBuilder(e->debug);
    }
}
