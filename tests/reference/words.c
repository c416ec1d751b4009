/* SPDX-License-Identifier: Apache-2.0
 *
 * Words, numbers, shapes and layer trees of the dump.
 */
#include "read.h"

#include <stdlib.h>
#include <string.h>

void read_fail(const Cursor *cursor, const char *what)
{
    fprintf(stderr, "oracle: %s at '%.40s' in the line\n%s\n", what, cursor->at, cursor->line);
    exit(2);
}

static void blanks(Cursor *cursor)
{
    while (*cursor->at == ' ') {
        cursor->at++;
    }
}

void read_word(Cursor *cursor, char word[WORD_MAX])
{
    blanks(cursor);
    size_t length = strcspn(cursor->at, " ()\n");
    if (length == 0 || length >= WORD_MAX) {
        read_fail(cursor, "no word");
    }
    memcpy(word, cursor->at, length);
    word[length] = 0;
    cursor->at += length;
}

void read_expected(Cursor *cursor, const char *wanted)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    if (strcmp(word, wanted) != 0) {
        read_fail(cursor, wanted);
    }
}

double read_number(Cursor *cursor)
{
    char word[WORD_MAX], *end;
    read_word(cursor, word);
    double value = strtod(word, &end);
    if (*end != 0) {
        read_fail(cursor, "no number");
    }
    return value;
}

long read_integer(Cursor *cursor)
{
    return (long)read_number(cursor);
}

int read_shape(Cursor *cursor, long dims[4])
{
    char word[WORD_MAX];
    read_word(cursor, word);
    int rank = 0;
    for (char *at = word + 1; word[0] == '[' && *at != ']' && rank < 4; rank++) {
        dims[rank] = strtol(at, &at, 10);
        at += *at == ',';
    }
    return rank;
}

char *read_formula(Cursor *cursor)
{
    blanks(cursor);
    size_t length = strcspn(cursor->at, "\n");
    if (length == 1 && cursor->at[0] == '-') {
        return NULL;
    }
    char *text = oracle_allocate(length + 1, 1);
    memcpy(text, cursor->at, length);
    return text;
}

static int find_tensor(const Oracle *o, const char *name)
{
    for (int i = 0; i < o->tensor_count; i++) {
        if (strcmp(o->tensors[i].info.name, name) == 0) {
            return i;
        }
    }
    return NO_TENSOR;
}

int read_tensor(Cursor *cursor, const Oracle *o)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    int tensor = find_tensor(o, word);
    if (tensor == NO_TENSOR && strcmp(word, "-") != 0) {
        read_fail(cursor, "unknown tensor");
    }
    return tensor;
}

static const struct {
    const char *name;
    NodeKind kind;
    Activation activation;
} kinds[] = {
    {"flatten", NODE_PASS, 0},
    {"reshape", NODE_PASS, 0},
    {"dropout", NODE_PASS, 0},
    {"linear", NODE_PASS, 0},
    {"dense", NODE_DENSE, 0},
    {"permute", NODE_PERMUTE, 0},
    {"standardize", NODE_STANDARDIZE, 0},
    {"layernorm", NODE_LAYERNORM, 0},
    {"rmsnorm", NODE_RMSNORM, 0},
    {"batchnorm", NODE_BATCHNORM, 0},
    {"seq", NODE_SEQ, 0},
    {"sum", NODE_SUM, 0},
    {"scale", NODE_SCALE, 0},
    {"relu", NODE_ACTIVATION, ACT_RELU},
    {"leaky_relu", NODE_ACTIVATION, ACT_LEAKY_RELU},
    {"tanh", NODE_ACTIVATION, ACT_TANH},
    {"sigmoid", NODE_ACTIVATION, ACT_SIGMOID},
    {"erf", NODE_ACTIVATION, ACT_ERF},
    {"gelu", NODE_ACTIVATION, ACT_GELU},
    {"silu", NODE_ACTIVATION, ACT_SILU},
    {"softplus", NODE_ACTIVATION, ACT_SOFTPLUS},
    {"sin", NODE_ACTIVATION, ACT_SIN},
};

static void read_kind(Cursor *cursor, Node *node)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, kinds[i].name) == 0) {
            node->kind = kinds[i].kind;
            node->activation = kinds[i].activation;
            return;
        }
    }
    read_fail(cursor, "unknown layer");
}

/* Sizes of a sample and of its last axis. */
static void read_size(Cursor *cursor, long *size, long *axis)
{
    long dims[4] = {1, 1, 1, 1};
    int rank = read_shape(cursor, dims);
    *size = 1;
    for (int i = 0; i < rank; i++) {
        *size *= dims[i];
    }
    *axis = rank > 0 ? dims[rank - 1] : 1;
}

/* Place of a part in Node.tensors. */
static int part_slot(const char *part)
{
    static const char *const parts[][NODE_TENSORS] = {{"weight", "bias"},
                                                      {"gain", "bias", "mean", "variance"},
                                                      {"mean", "inverse"},
                                                      {"index"},
                                                      {"by"}};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        for (int slot = 0; slot < NODE_TENSORS; slot++) {
            if (parts[i][slot] != NULL && strcmp(parts[i][slot], part) == 0) {
                return slot;
            }
        }
    }
    return -1;
}

/* "word=value". Only standardize has its mean first. */
static void read_attribute(Cursor *cursor, const Oracle *o, Node *node)
{
    char word[WORD_MAX];
    read_word(cursor, word);
    char *value = strchr(word, '=');
    if (value == NULL) {
        read_fail(cursor, "no attribute");
        return;
    }
    *value++ = 0;
    int slot =
        strcmp(word, "mean") == 0 ? (node->kind == NODE_STANDARDIZE ? 0 : 2) : part_slot(word);
    if (strcmp(word, "number") == 0) {
        node->number = strtod(value, NULL);
    } else if (slot >= 0) {
        node->tensors[slot] = find_tensor(o, value);
        if (node->tensors[slot] == NO_TENSOR) {
            read_fail(cursor, "unknown tensor");
        }
    } else if (strcmp(word, "stream") != 0) {
        read_fail(cursor, "unknown attribute");
    }
}

Node *read_node(Cursor *cursor, const Oracle *o)
{
    blanks(cursor);
    if (*cursor->at++ != '(') {
        read_fail(cursor, "no layer");
    }
    Node *node = oracle_allocate(1, sizeof *node);
    for (int i = 0; i < NODE_TENSORS; i++) {
        node->tensors[i] = NO_TENSOR;
    }
    read_kind(cursor, node);
    read_size(cursor, &node->in, &node->in_axis);
    read_size(cursor, &node->out, &node->out_axis);
    Node **tail = &node->first;
    for (blanks(cursor); *cursor->at != ')'; blanks(cursor)) {
        if (*cursor->at == '(') {
            *tail = read_node(cursor, o);
            tail = &(*tail)->next;
        } else {
            read_attribute(cursor, o, node);
        }
    }
    cursor->at++;
    return node;
}
