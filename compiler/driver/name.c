/* SPDX-License-Identifier: Apache-2.0
 *
 * Names from paths, and the hash that ties checkpoints and logs to a source.
 */
#include "driver/name.h"

#include "support/str.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Of C and C++, and words that compilers define. */
static const char *const keywords[] = {
    "alignas",   "alignof",   "and",           "and_eq",       "asm",
    "auto",      "bitand",    "bitor",         "bool",         "break",
    "case",      "catch",     "char",          "char16_t",     "char32_t",
    "char8_t",   "class",     "co_await",      "co_return",    "co_yield",
    "compl",     "concept",   "const",         "const_cast",   "consteval",
    "constexpr", "constinit", "continue",      "decltype",     "default",
    "delete",    "do",        "double",        "dynamic_cast", "else",
    "enum",      "explicit",  "export",        "extern",       "false",
    "float",     "for",       "friend",        "goto",         "i386",
    "if",        "inline",    "int",           "linux",        "long",
    "mutable",   "namespace", "new",           "noexcept",     "not",
    "not_eq",    "nullptr",   "operator",      "or",           "or_eq",
    "private",   "protected", "public",        "register",     "reinterpret_cast",
    "requires",  "restrict",  "return",        "short",        "signed",
    "sizeof",    "static",    "static_assert", "static_cast",  "struct",
    "switch",    "template",  "this",          "thread_local", "throw",
    "true",      "try",       "typedef",       "typeid",       "typename",
    "typeof",    "union",     "unix",          "unsigned",     "using",
    "virtual",   "void",      "volatile",      "wchar_t",      "while",
    "xor",       "xor_eq",
};

bool name_is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (strcmp(keywords[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static char *stem(Arena *arena, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return str_copy(arena, "model", 5);
    }
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    return str_copy(arena, base, length);
}

/* Why this cannot be the name of a model, or NULL. */
static const char *find_fault(Arena *arena, const char *name)
{
    if (strlen(name) > NAME_LIMIT) {
        return str_format(arena, "it has more than %d bytes", NAME_LIMIT);
    }
    if (name_is_reserved(name)) {
        return "it is a keyword of C or C++";
    }
    bool begins = *name != '\0' && !isdigit((unsigned char)*name);
    return begins ? NULL : "it does not begin with a letter";
}

const char *name_of_model(Arena *arena, const Options *options, DiagSink *diag)
{
    char *name = options->prefix ? str_copy(arena, options->prefix, strlen(options->prefix))
                                 : stem(arena, options->input);
    for (char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_') {
            *p = '_';
        }
    }
    const char *fault = find_fault(arena, name);
    if (fault) {
        Diag *d =
            diag_report(diag, E_MODEL_NAME, (Span){0}, "`%.*s%s` cannot be the name of a model: %s",
                        NAME_LIMIT, name, strlen(name) > NAME_LIMIT ? "…" : "", fault);
        diag_hint(diag, d, "give it another one with --prefix NAME");
    }
    return name;
}

const char *name_output(Arena *arena, const Options *options)
{
    static const char *const endings[] = {
        [EMIT_EXE] = "",       [EMIT_ASM] = ".s",        [EMIT_LLVM] = ".ll",
        [EMIT_OBJECT] = ".o",  [EMIT_HEADER] = ".h",     [EMIT_STATIC] = ".a",
        [EMIT_SHARED] = ".so", [EMIT_MANIFEST] = ".json"};
    bool library = options->emit == EMIT_STATIC || options->emit == EMIT_SHARED;
    if (options->output != NULL) {
        return options->output;
    }
    return str_format(arena, "%s%s%s", library ? "lib" : "", stem(arena, options->input),
                      endings[options->emit]);
}

/* FNV-1a of 64 bits from two starting values: enough to notice that a source is another one. */
static uint64_t hash(uint64_t h, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        h = (h ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    }
    return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

const char *name_hash(Arena *arena, const Source *source, const Options *options)
{
    uint64_t halves[2] = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)};
    for (int i = 0; i < 2; i++) {
        halves[i] = hash(halves[i], source->text, source->length);
        for (uint32_t k = 0; k < options->defines.count; k++) {
            const Define *define = &options->defines.items[k];
            halves[i] = hash(halves[i], define->name, strlen(define->name));
            halves[i] = hash(halves[i], define->value, strlen(define->value));
        }
    }
    return str_format(arena, "%016llx%016llx", (unsigned long long)halves[0],
                      (unsigned long long)halves[1]);
}
