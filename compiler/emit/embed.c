/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects to embed: the core, which executables find in the runtime library, and the interface,
 * both as bitcode. The interface's functions get the model's name; the object shows nothing else.
 */
#include "core/program.h"
#include "emit/join.h"
#include "emit/llvm.h"
#include "support/bug.h"
#include "support/str.h"

#include <string.h>

/* Functions of the interface by their names behind rne_, and which objects have them. */
static const struct {
    const char *name;
    RnEmbedWhen when;
} functions[] = {
#define X(name, when) {#name, RN_EMBED_##when},
    RN_EMBED_FUNCTIONS(X)
#undef X
};

static LLVMModuleRef read_bitcode(Emitter *e, const char *data, const char *end, const char *what)
{
    LLVMModuleRef module;
    LLVMMemoryBufferRef buffer =
        LLVMCreateMemoryBufferWithMemoryRangeCopy(data, (size_t)(end - data), what);
    if (LLVMParseBitcodeInContext2(e->context, buffer, &module) != 0) {
        BUG("emit", "%s cannot be read", what);
    }
    LLVMDisposeMemoryBuffer(buffer);
    return module;
}

static void link_module(Emitter *e, LLVMModuleRef module, const char *what)
{
    if (LLVMLinkModules2(e->module, module) != 0) {
        BUG("emit", "%s cannot be linked", what);
    }
}

/* Does a table of this program name this set's copy of the function? */
static bool is_named(Emitter *e, const char *isa, const char *function)
{
    for (int i = 0; i < CORE_ENTRIES; i++) {
        for (int s = 0; s < e->machine->count; s++) {
            const char *home = e->chosen[s] ? core_home(e, i, e->machine->sets[s].name) : NULL;
            if (home != NULL && strcmp(home, isa) == 0 &&
                strcmp(core_name(e, i, isa), function) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Marks for a sanitizer are those of the build that made the bitcode. */
static void clear_marks(LLVMValueRef function)
{
    static const char *const marks[] = {"sanitize_address", "sanitize_thread"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        unsigned kind = LLVMGetEnumAttributeKindForName(marks[i], strlen(marks[i]));
        LLVMRemoveEnumAttributeAtIndex(function, LLVMAttributeFunctionIndex, kind);
    }
}

/* Functions of the core that are the same for all sets: the least one's is called by all. */
static void share_functions(Emitter *e, const Isa *isa, LLVMModuleRef core)
{
    static const char *const shared[] = {"rn_pass_size", "rn_pass_open"};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        LLVMValueRef own = LLVMGetNamedFunction(core, core_function_name(e, shared[i], isa->name));
        if (own == NULL) {
            BUG("emit", "the core has no %s", shared[i]);
        }
        LLVMSetVisibility(own, LLVMHiddenVisibility);
        if (strcmp(isa->name, core_least(e)) != 0) {
            const char *name = core_function_name(e, shared[i], core_least(e));
            LLVMValueRef other = LLVMAddFunction(core, name, LLVMGlobalGetValueType(own));
            LLVMSetVisibility(other, LLVMHiddenVisibility);
            LLVMReplaceAllUsesWith(own, other);
            LLVMDeleteFunction(own);
        }
    }
}

static void adapt_core(Emitter *e, const Isa *isa, LLVMModuleRef core)
{
    share_functions(e, isa, core);
    for (LLVMValueRef f = LLVMGetFirstFunction(core); f; f = LLVMGetNextFunction(f)) {
        if (LLVMIsDeclaration(f)) {
            continue;
        }
        clear_marks(f);
        e_mark_sanitized(e, f);
        if (is_named(e, isa->name, LLVMGetValueName(f))) {
            LLVMSetVisibility(f, LLVMHiddenVisibility);
        } else if (LLVMGetVisibility(f) != LLVMHiddenVisibility) {
            LLVMSetLinkage(f, LLVMInternalLinkage);
            e_name_after_isa(e, f);
        }
    }
}

typedef VEC(LLVMValueRef) Functions;

/* The kernel of this name in the set's module, where one is left that the core can call. */
static LLVMValueRef kernel_for(const Emitter *e, LLVMValueRef function, const char *name)
{
    LLVMValueRef kernel = LLVMGetNamedFunction(e->module, name);
    bool own = !LLVMIsDeclaration(function) && LLVMGetLinkage(function) == LLVMInternalLinkage;
    bool fits = kernel && LLVMGlobalGetValueType(kernel) == LLVMGlobalGetValueType(function);
    return own && fits ? kernel : NULL;
}

/* Kernels that stand in the set's module as functions: the core calls those, not copies of its own.
 * They are visible until both modules are one. The passes of -O3 may have made constants of their
 * arguments, or changed how they are called. */
static Functions share_kernels(Emitter *e, LLVMModuleRef core)
{
    Functions shared = {0};
    LLVMValueRef next, first = LLVMGetFirstFunction(core);
    for (LLVMValueRef f = e->options->optimisation < 3 ? first : NULL; f; f = next) {
        next = LLVMGetNextFunction(f);
        const char *name = str_format(e->arena, "%s", LLVMGetValueName(f));
        LLVMValueRef kernel = kernel_for(e, f, name);
        if (kernel != NULL) {
            LLVMSetLinkage(kernel, LLVMExternalLinkage);
            LLVMSetValueName2(f, "", 0);
            LLVMReplaceAllUsesWith(f, LLVMAddFunction(core, name, LLVMGlobalGetValueType(f)));
            LLVMDeleteFunction(f);
            vec_push(e->arena, &shared, kernel);
        }
    }
    return shared;
}

/* The core comes optimised; what the word of uses makes constant goes, and what then is alike. */
static const char drop_unused[] =
    "globaldce,function(early-cse,sccp,simplifycfg,adce,simplifycfg),globaldce";

void embed_core(Emitter *e, const Isa *isa, LLVMTargetMachineRef machine)
{
    bool is_double = e->graph->is_double;
    LLVMModuleRef core =
        read_bitcode(e, isa->core[is_double], isa->core_end[is_double], "the core");
    LLVMSetTarget(core, LLVMGetTarget(e->module));
    LLVMSetDataLayout(core, LLVMGetDataLayoutStr(e->module));
    e_drop_keepers(core);
    define_uses(e, core);
    adapt_core(e, isa, core);
    target_run(core, machine, drop_unused);
    Functions shared = share_kernels(e, core);
    link_module(e, core, "the core");
    for (uint32_t i = 0; i < shared.count; i++) {
        LLVMSetLinkage(shared.items[i], LLVMInternalLinkage);
    }
    target_run(e->module, machine, "mergefunc,globaldce");
}

void embed_join(Arena *arena, EmitOutput *output)
{
    size_t size;
    const char *problem;
    char *bytes = join_objects(arena, output->parts, output->count, &size, &problem);
    if (bytes == NULL) {
        BUG("emit", "an object to be joined has %s", problem);
    }
    emit_dispose(output);
    LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(bytes, size, "object");
    output->parts[output->count++] =
        (EmitPart){buffer, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer)};
}

bool embed_has(const Graph *graph, const EmitOptions *options, RnEmbedWhen when)
{
    switch (when) {
    case RN_EMBED_ALWAYS:
        return true;
    case RN_EMBED_DRAWS:
        return !options->predict_only;
    case RN_EMBED_TRAINS:
        return !options->predict_only && graph->train != NULL;
    case RN_EMBED_FITS:
        return !options->predict_only && graph_standardize(graph) != NULL;
    case RN_EMBED_BAKED:
        return options->baked;
    case RN_EMBED_UNBAKED:
        return !options->baked || !options->predict_only;
    case RN_EMBED_ASKED:
        return options->asked;
    }
    BUG("emit", "no object has functions of kind %d", (int)when);
}

bool emit_has(const Graph *graph, const EmitOptions *options, RnEmbedWhen when)
{
    return !options->embed || embed_has(graph, options, when);
}

/* Is it a function of this object's interface? Its full name is NAME_ and what follows rne_. */
static bool is_shown(const Emitter *e, const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return embed_has(e->graph, e->options, functions[i].when);
        }
    }
    BUG("emit", "rne_%s is in no table", name);
}

static void show(Emitter *e, LLVMValueRef function)
{
    const char *name = LLVMGetValueName(function);
    if (strncmp(name, "rne_", 4) == 0 && LLVMGetVisibility(function) == LLVMDefaultVisibility &&
        is_shown(e, name + 4)) {
        char *full = str_format(e->arena, "%s_%s", e->graph->name, name + 4);
        LLVMSetValueName2(function, full, strlen(full));
    } else {
        LLVMSetVisibility(function, LLVMDefaultVisibility);
        LLVMSetLinkage(function, LLVMInternalLinkage);
    }
}

static void define_version(Emitter *e)
{
    const char *text = str_format(e->arena, "rnetc %s, interface %d, source %s",
                                  e->options->version, RN_EMBED_INTERFACE, e->options->source_hash);
    LLVMValueRef value = LLVMConstStringInContext2(e->context, text, strlen(text), 0);
    LLVMValueRef global = LLVMAddGlobal(e->module, LLVMTypeOf(value), "rnet_embed_version");
    LLVMSetInitializer(global, value);
    LLVMSetGlobalConstant(global, 1);
}

void embed_weights(Emitter *e, LLVMModuleRef module)
{
    LLVMValueRef place = LLVMGetNamedGlobal(module, "rnet_embed_weights");
    if (place == NULL || e->options->weights == NULL) {
        return;
    }
    LLVMValueRef bytes =
        LLVMConstStringInContext2(e->context, e->options->weights, e->options->weights_size, 1);
    LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(bytes), "weights");
    LLVMSetInitializer(global, bytes);
    LLVMSetGlobalConstant(global, 1);
    LLVMSetAlignment(global, RN_ALIGN);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    LLVMReplaceAllUsesWith(place, global);
    LLVMDeleteGlobal(place);
}

/* Before optimising: everything but the interface is internal, so what is not used goes. */
void embed_interface(Emitter *e)
{
    LLVMModuleRef interface =
        read_bitcode(e, e->machine->interface, e->machine->interface_end, "the interface");
    for (LLVMValueRef f = LLVMGetFirstFunction(interface); f; f = LLVMGetNextFunction(f)) {
        if (!LLVMIsDeclaration(f)) {
            e_mark_sanitized(e, f);
        }
    }
    define_version(e);
    define_uses(e, interface);
    link_module(e, interface, "the interface");
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
        if (!LLVMIsDeclaration(f) && LLVMGetLinkage(f) == LLVMExternalLinkage) {
            show(e, f);
        }
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(e->module); g; g = LLVMGetNextGlobal(g)) {
        if (!LLVMIsDeclaration(g) && LLVMGetLinkage(g) == LLVMExternalLinkage) {
            LLVMSetVisibility(g, LLVMDefaultVisibility);
            LLVMSetLinkage(g, LLVMInternalLinkage);
        }
    }
}
