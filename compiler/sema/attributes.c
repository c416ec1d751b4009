/* SPDX-License-Identifier: Apache-2.0
 *
 * The one place that matches the arguments of a call against what the callee takes.
 */
#include "sema/context.h"

typedef struct Slot {
    const char *name;
    bool positional, required;
} Slot;

static int read_slots(Context *ctx, const char *spec, Slot slots[ARGUMENTS_MAX])
{
    int count = 0;
    for (const char *p = spec; *p;) {
        size_t length = strcspn(p, " ");
        size_t name = strcspn(p, " ?=");
        Slot slot = {.name = str_copy(ctx->arena, p, name)};
        slot.positional = p[name] != '=';
        slot.required = name == length || (p[name] == '=' && name + 1 == length);
        slots[count++] = slot;
        p += length + (p[length] == ' ');
    }
    return count;
}

static int find_slot(const Slot *slots, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(slots[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static bool unknown_argument(Context *ctx, const Ast *call, const Ast *argument, const Slot *slots,
                             int count)
{
    const char *names[ARGUMENTS_MAX];
    Text known = {.arena = ctx->arena};
    text_append(&known, "%s", "");
    for (int i = 0; i < count; i++) {
        names[i] = slots[i].name;
        text_append(&known, "%s`%s`", i > 0 ? ", " : "", names[i]);
    }
    Diag *d = diag_report(ctx->diag, E_ARGUMENT, argument->name_span, "`%s` has no argument `%s`",
                          call->text, argument->text);
    const char *nearest = str_nearest(argument->text, names, (size_t)count);
    if (nearest != NULL) {
        diag_hint(ctx->diag, d, "did you mean `%s`?", nearest);
    } else if (count > 0) {
        diag_hint(ctx->diag, d, "it takes %s", known.data);
    } else {
        diag_hint(ctx->diag, d, "it takes none");
    }
    return false;
}

static bool extra_argument(Context *ctx, const Ast *call, const Ast *argument, const Slot *slots,
                           int count)
{
    int positional = 0;
    const char *by_name = NULL;
    for (int i = 0; i < count; i++) {
        positional += slots[i].positional;
        by_name = by_name == NULL && !slots[i].positional ? slots[i].name : by_name;
    }
    Diag *d = diag_report(ctx->diag, E_EXTRA_ARGUMENT, argument->span,
                          "`%s` takes %d argument%s by place, and this is one more", call->text,
                          positional, positional == 1 ? "" : "s");
    if (by_name != NULL) {
        diag_hint(ctx->diag, d, "the others are given by name, as in `%s = …`", by_name);
    }
    return false;
}

/* The slot of one argument, or -1 and a message. */
static int place_argument(Context *ctx, const Ast *call, const Ast *argument, const Slot *slots,
                          int count, int *position)
{
    if (argument->kind == AST_ARG) {
        int slot = find_slot(slots, count, argument->text);
        if (slot < 0) {
            unknown_argument(ctx, call, argument, slots, count);
        }
        return slot;
    }
    while (*position < count && !slots[*position].positional) {
        ++*position;
    }
    if (*position >= count) {
        extra_argument(ctx, call, argument, slots, count);
        return -1;
    }
    return (*position)++;
}

/* Of the calls whose arguments' names alone do not say what they want. */
static const char *example_of(const char *call, const char *argument)
{
    static const char *const examples[][3] = {
        {"csv", "target",
         "target = \"price\"`, a column of the header, or `target = \"5\"`, one by its number, "
         "from 1"},
        {"sgd", "lr", "sgd(lr = 0.01)`"},
        {"step", "every", "step(every = 10, factor = 0.1)`"},
        {"step", "factor", "step(every = 10, factor = 0.1)`"},
        {"fbm", "hurst", "fbm(hurst = 0.7)`"},
        {"gp", "length", "gp(rbf, length = 0.1)`"},
    };
    for (size_t i = 0; i < LENGTH(examples); i++) {
        if (str_equal(call, examples[i][0]) && str_equal(argument, examples[i][1])) {
            return examples[i][2];
        }
    }
    return NULL;
}

static bool check_required(Context *ctx, const Ast *call, const Slot *slots, int count,
                           const Ast *const *values)
{
    bool good = true;
    for (int i = 0; i < count; i++) {
        if (slots[i].required && values[i] == NULL) {
            Diag *d = diag_report(ctx->diag, E_MISSING_ARGUMENT, call->span,
                                  "`%s` wants its argument `%s`", call->text, slots[i].name);
            const char *example = example_of(call->text, slots[i].name);
            if (example != NULL) {
                diag_hint(ctx->diag, d, "write `%s", example);
            } else if (slots[i].positional) {
                diag_hint(ctx->diag, d, "write `%s(%s)`", call->text, slots[i].name);
            } else {
                diag_hint(ctx->diag, d, "write `%s(%s = …)`", call->text, slots[i].name);
            }
            good = false;
            break;
        }
    }
    return good;
}

bool bind_arguments(Context *ctx, const Ast *call, const char *spec,
                    const Ast *values[ARGUMENTS_MAX])
{
    Slot slots[ARGUMENTS_MAX];
    int count = read_slots(ctx, spec, slots);
    int position = 0;
    bool good = true;
    memset(values, 0, ARGUMENTS_MAX * sizeof *values);
    const Ast *argument = call->kind == AST_CALL ? call->first : NULL;
    for (; argument != NULL; argument = argument->next) {
        const Ast *value = argument->kind == AST_ARG ? argument->first : argument;
        if (value == NULL || value->kind == AST_ERROR) {
            good = false;
            continue;
        }
        int slot = place_argument(ctx, call, argument, slots, count, &position);
        if (slot < 0) {
            good = false;
        } else if (values[slot] != NULL) {
            Diag *d = diag_report(ctx->diag, E_DUPLICATE_ARGUMENT, argument->span,
                                  "the argument `%s` is given twice", slots[slot].name);
            diag_label(ctx->diag, d, values[slot]->span, "the first one is here");
            good = false;
        } else {
            values[slot] = value;
        }
    }
    return good && check_required(ctx, call, slots, count, values);
}
