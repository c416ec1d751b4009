/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of --dump=model, line by line, to a network.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LENGTH = 1 << 16 };

static char *copy_word(Cursor *cursor)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    char *copy = oracle_allocate(strlen(word) + 1, 1);
    strcpy(copy, word);
    return copy;
}

static void read_param(Oracle *o, Cursor *cursor)
{
    size_t size = sizeof *o->params;
    o->params = realloc(o->params, (size_t)(o->param_count + 1) * size);
    if (o->params == NULL) {
        exit(2);
    }
    FormulaParam *param = &o->params[o->param_count++];
    param->name = copy_word(cursor);
    read_expected(cursor, "default");
    param->value = read_number(cursor);
}

static void read_stack(Oracle *o, Cursor *cursor)
{
    long dims[4];
    Stack *stack = &o->stacks[read_integer(cursor) % STACKS_MAX];
    o->stack_count++;
    stack->name = copy_word(cursor);
    int rank = read_shape(cursor, dims);
    stack->size = 1;
    for (int i = 0; i < rank; i++) {
        stack->size *= dims[i];
    }
}

static void read_tensor_line(Oracle *o, Cursor *cursor)
{
    size_t size = sizeof *o->tensors;
    o->tensors = realloc(o->tensors, (size_t)(o->tensor_count + 1) * size);
    if (o->tensors == NULL) {
        exit(2);
    }
    NetTensor *t = &o->tensors[o->tensor_count++];
    memset(t, 0, size);
    read_integer(cursor);
    t->info.name = copy_word(cursor);
    t->info.role = copy_word(cursor);
    read_expected(cursor, "stack");
    t->stack = (int)read_integer(cursor);
    read_expected(cursor, "shared");
    t->shared = read_integer(cursor) != 0;
    read_expected(cursor, "dims");
    t->info.rank = read_shape(cursor, t->info.dims);
    t->info.size = 1;
    for (int i = 0; i < t->info.rank; i++) {
        t->info.size *= t->info.dims[i];
    }
    read_expected(cursor, "fan_in");
    t->fan_in = read_number(cursor);
    read_expected(cursor, "fan_out");
    t->fan_out = read_number(cursor);
    read_expected(cursor, "trainable");
    t->info.trainable = read_integer(cursor) != 0;
    read_expected(cursor, "absolute");
    t->info.absolute = read_integer(cursor) != 0;
}

static void read_law(Oracle *o, Cursor *cursor)
{
    NetTensor *t = &o->tensors[read_tensor(cursor, o)];
    t->info.law = copy_word(cursor);
    t->scale = read_formula(cursor);
}

static void read_correlation(Oracle *o, Cursor *cursor)
{
    NetTensor *t = &o->tensors[read_tensor(cursor, o)];
    char word[WORD_MAX];
    read_word(cursor, word);
    t->info.correlated = strcmp(word, "iid") != 0;
}

static void read_skip(Oracle *o, Cursor *cursor)
{
    static const char *const words[] = {"identity",    "none",     "haar", "cycle",
                                        "householder", "hadamard", "dense"};
    Stack *stack = &o->stacks[read_integer(cursor)];
    char word[WORD_MAX];
    read_word(cursor, word);
    for (int i = 0; i < (int)(sizeof words / sizeof *words); i++) {
        if (strcmp(word, words[i]) == 0) {
            stack->skip = (SkipKind)i;
        }
    }
    read_expected(cursor, "scale");
    stack->skip_scale = read_tensor(cursor, o);
    read_expected(cursor, "filter");
    stack->filter = read_tensor(cursor, o);
}

static Branch *read_branch_place(Oracle *o, Cursor *cursor)
{
    Stack *stack = &o->stacks[read_integer(cursor)];
    long number = read_integer(cursor);
    if (number >= BRANCHES_MAX) {
        read_fail(cursor, "too many branches");
    }
    stack->branch_count = (int)number + 1;
    return &stack->branches[number];
}

static void read_branch(Oracle *o, Cursor *cursor)
{
    Branch *branch = read_branch_place(o, cursor);
    read_expected(cursor, "learned");
    read_integer(cursor);
    read_expected(cursor, "alpha");
    branch->alpha = read_tensor(cursor, o);
}

static void read_item(Oracle *o, Cursor *cursor)
{
    char word[WORD_MAX];
    if (o->item_count == ITEMS_MAX) {
        read_fail(cursor, "too many items");
    }
    Item *item = &o->items[o->item_count++];
    read_word(cursor, word);
    if (strcmp(word, "stack") == 0) {
        item->stack = (int)read_integer(cursor);
    } else {
        item->node = read_node(cursor, o);
    }
}

static void read_setting(Oracle *o, Cursor *cursor)
{
    OptimizerSpec *spec = &o->optimizer;
    const struct {
        const char *key;
        char **value;
    } formulas[] = {{"rate", &spec->rate},       {"momentum", &spec->momentum},
                    {"beta1", &spec->beta1},     {"beta2", &spec->beta2},
                    {"epsilon", &spec->epsilon}, {"decay", &spec->decay},
                    {"clip", &spec->clip},       {"every", &spec->every},
                    {"factor", &spec->factor},   {"warmup", &spec->warmup}};
    char key[WORD_MAX], word[WORD_MAX];
    read_word(cursor, key);
    for (unsigned i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        if (strcmp(key, formulas[i].key) == 0) {
            *formulas[i].value = read_formula(cursor);
            return;
        }
    }
    read_word(cursor, word);
    if (strcmp(key, "loss") == 0) {
        o->cross_entropy = strcmp(word, "cross_entropy") == 0;
    } else if (strcmp(key, "optimizer") == 0) {
        snprintf(spec->kind, sizeof spec->kind, "%s", word);
    } else if (strcmp(key, "schedule") == 0) {
        snprintf(spec->schedule, sizeof spec->schedule, "%s", word);
    } else if (strcmp(key, "nesterov") == 0) {
        spec->nesterov = word[0] == '1';
    }
}

static void read_rule(Oracle *o, Cursor *cursor, const char *word)
{
    NetTensor *t = &o->tensors[read_tensor(cursor, o)];
    char **slot = strcmp(word, "rate") == 0      ? &t->rate
                  : strcmp(word, "epsilon") == 0 ? &t->epsilon
                                                 : &t->decay;
    *slot = read_formula(cursor);
}

static void read_size(Cursor *cursor, long *size)
{
    long dims[4];
    char word[WORD_MAX];
    read_word(cursor, word);
    int rank = read_shape(cursor, dims);
    *size = 1;
    for (int i = 0; i < rank; i++) {
        *size *= dims[i];
    }
}

static void read_stack_part(Oracle *o, Cursor *cursor, const char *word)
{
    if (strcmp(word, "depth") == 0) {
        Stack *stack = &o->stacks[read_integer(cursor)];
        stack->depth_formula = read_formula(cursor);
    } else if (strcmp(word, "skip_dense") == 0) {
        Stack *stack = &o->stacks[read_integer(cursor)];
        stack->skip_dense = read_node(cursor, o);
    } else if (strcmp(word, "branch_layer") == 0) {
        Branch *branch = read_branch_place(o, cursor);
        branch->layer = read_node(cursor, o);
    } else if (strcmp(word, "post") == 0) {
        Branch *branch = read_branch_place(o, cursor);
        branch->post = read_node(cursor, o);
    }
}

static void read_line(Oracle *o, Cursor *cursor)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    if (strcmp(word, "precision") == 0) {
        read_word(cursor, word);
        o->is_double = strcmp(word, "float64") == 0;
    } else if (strcmp(word, "param") == 0) {
        read_param(o, cursor);
    } else if (strcmp(word, "input") == 0) {
        read_size(cursor, &o->input_size);
    } else if (strcmp(word, "output") == 0) {
        read_size(cursor, &o->output_size);
    } else if (strcmp(word, "stack") == 0) {
        read_stack(o, cursor);
    } else if (strcmp(word, "tensor") == 0) {
        read_tensor_line(o, cursor);
    } else if (strcmp(word, "law") == 0) {
        read_law(o, cursor);
    } else if (strcmp(word, "correlation") == 0) {
        read_correlation(o, cursor);
    } else if (strcmp(word, "rate") == 0 || strcmp(word, "epsilon") == 0 ||
               strcmp(word, "decay") == 0) {
        read_rule(o, cursor, word);
    } else if (strcmp(word, "skip") == 0) {
        read_skip(o, cursor);
    } else if (strcmp(word, "branch") == 0) {
        read_branch(o, cursor);
    } else if (strcmp(word, "item") == 0) {
        read_item(o, cursor);
    } else if (strcmp(word, "train") == 0) {
        read_setting(o, cursor);
    } else {
        read_stack_part(o, cursor, word);
    }
}

Oracle *oracle_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return NULL;
    }
    Oracle *o = oracle_allocate(1, sizeof *o);
    char *line = oracle_allocate(LINE_MAX_LENGTH, 1);
    while (fgets(line, LINE_MAX_LENGTH, file) != NULL) {
        Cursor cursor = {line, line};
        read_line(o, &cursor);
    }
    free(line);
    fclose(file);
    return o;
}
