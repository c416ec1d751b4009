/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects to embed: the core, which executables find in the runtime library, and the interface,
 * both as bitcode. The interface's functions get the model's name; the object shows nothing else.
 */
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

static void link_bitcode(Emitter *e, const char *data, const char *end, const char *what)
{
    LLVMModuleRef module;
    LLVMMemoryBufferRef buffer =
        LLVMCreateMemoryBufferWithMemoryRangeCopy(data, (size_t)(end - data), what);
    if (LLVMParseBitcodeInContext2(e->context, buffer, &module) != 0) {
        BUG("emit", "%s cannot be read", what);
    }
    LLVMDisposeMemoryBuffer(buffer);
    if (LLVMLinkModules2(e->module, module) != 0) {
        BUG("emit", "%s cannot be linked", what);
    }
}

void embed_core(Emitter *e, const Isa *isa)
{
    bool is_double = e->graph->is_double;
    link_bitcode(e, isa->core[is_double], isa->core_end[is_double], "the core");
    e_drop_keepers(e->module);
    for (LLVMValueRef f = LLVMGetFirstFunction(e->module); f; f = LLVMGetNextFunction(f)) {
        if (!LLVMIsDeclaration(f) && LLVMGetLinkage(f) == LLVMInternalLinkage) {
            e_name_after_isa(e, f);
        }
    }
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
        return false;
    case RN_EMBED_UNBAKED:
        return true;
    }
    BUG("emit", "no object has functions of kind %d", (int)when);
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

/* Before optimising: everything but the interface is internal, so what is not used goes. */
void embed_interface(Emitter *e)
{
    define_version(e);
    link_bitcode(e, e->machine->interface, e->machine->interface_end, "the interface");
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
