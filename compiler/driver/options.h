/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of rnetc as one plain struct.
 */
#ifndef RNET_DRIVER_OPTIONS_H
#define RNET_DRIVER_OPTIONS_H

#include "support/diag.h"
#include "support/vec.h"

#include <stdio.h>

typedef enum Command {
    COMMAND_COMPILE,
    COMMAND_RUN,
    COMMAND_FMT,
    COMMAND_EXPLAIN,
    COMMAND_VERSION,
    COMMAND_HELP
} Command;

/* ORDER emit_names, dump_names, … in options.c. */
typedef enum EmitWhat {
    EMIT_EXE,
    EMIT_ASM,
    EMIT_LLVM,
    EMIT_OBJECT,
    EMIT_HEADER,
    EMIT_STATIC,
    EMIT_SHARED,
    EMIT_MANIFEST
} EmitWhat;
typedef enum DumpWhat {
    DUMP_NOTHING,
    DUMP_AST,
    DUMP_MODEL,
    DUMP_GRAPH,
    DUMP_PLAN,
    DUMP_LLVM
} DumpWhat;
typedef enum ColourUse { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } ColourUse;
typedef enum DiagFormat { DIAG_TEXT, DIAG_JSON } DiagFormat;
typedef enum Sanitizer { SANITIZE_NOTHING, SANITIZE_ADDRESS, SANITIZE_THREAD } Sanitizer;

/* `-D width=128`: the text of the value is read by the front end. */
typedef struct Define {
    const char *name, *value;
} Define;

/* `-Wregime`, `-Wno-regime`. */
typedef struct WarningSetting {
    const char *group;
    bool enabled;
} WarningSetting;

typedef struct Options {
    int command;          /* Command */
    const char *input;    /* the .rnet file; "-" is standard input */
    const char *output;   /* -o, or NULL: named after the input */
    int emit;             /* EmitWhat */
    int dump;             /* DumpWhat */
    int check_only;       /* --check */
    int analyze, json;    /* --analyze, --json */
    int optimise;         /* 0 … 3 */
    int debug;            /* -g */
    int pic;              /* -fPIC */
    const char *target;   /* --target, or NULL: this machine */
    const char *cpu;      /* NULL: one object for all instruction sets; "native", "baseline", … */
    int sanitizer;        /* Sanitizer */
    const char *prefix;   /* --prefix, or NULL: the input's stem */
    const char *header;   /* --header, or NULL: beside the object */
    const char *manifest; /* --manifest, or NULL: none beside an object */
    const char *weights;  /* --weights: a checkpoint to make part of an object, or NULL */
    int predict_only;     /* --predict-only */
    VEC(Define) defines;
    VEC(WarningSetting) warnings;
    int werror;
    int dependencies_only;                           /* -M */
    int dependencies;                                /* -MD, or -M */
    const char *dependency_file, *dependency_target; /* -MF, -MT */
    int verbose, save_temps, time_report;
    int colour;       /* ColourUse */
    int diag_format;  /* DiagFormat */
    int format_check; /* fmt --check */
    const char *explain;
    VEC(const char *) files; /* of fmt */
    VEC(const char *) words; /* of run: what the program is given */
} Options;

/* Reports E_USAGE; false when it did. `argv` is not changed. */
bool options_parse(Arena *arena, int argc, const char *const *argv, Options *options,
                   DiagSink *diag);

void options_print_help(FILE *out);

/* One option as help, man page and completions show it; choices end with NULL, or are NULL. */
typedef struct OptionFacts {
    const char *name, *argument, *help;
    const char *const *choices;
} OptionFacts;

/* The option in place `index`; false behind the last. */
bool options_row(int index, OptionFacts *facts);

#endif
