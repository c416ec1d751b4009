/* SPDX-License-Identifier: Apache-2.0
 *
 * A recursive reader over the bracketed form: every operation has its own parentheses, so there is
 * no precedence to know.
 */
#include "formula.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    const char *at, *text;
    const FormulaPlace *place;
} Reader;

static double read_operand(Reader *reader);

static void fail(const Reader *reader, const char *what)
{
    fprintf(stderr, "oracle: %s at '%s' in the formula '%s'\n", what, reader->at, reader->text);
    exit(2);
}

static void blanks(Reader *reader)
{
    while (*reader->at == ' ') {
        reader->at++;
    }
}

static void expect(Reader *reader, char wanted)
{
    blanks(reader);
    if (*reader->at != wanted) {
        fail(reader, "unexpected text");
    }
    reader->at++;
}

static double leaf(const Reader *reader, const char *name)
{
    const FormulaPlace *p = reader->place;
    for (int i = 0; i < p->param_count; i++) {
        if (strcmp(name, p->params[i].name) == 0) {
            return p->params[i].value;
        }
    }
    const struct {
        const char *name;
        double value;
    } words[] = {{"depth", p->depth},
                 {"layer", p->layer},
                 {"fan_in", p->fan_in},
                 {"fan_out", p->fan_out},
                 {"base", p->base}};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(name, words[i].name) == 0) {
            return words[i].value;
        }
    }
    fail(reader, "unknown name");
    return 0;
}

static double call(Reader *reader, const char *name)
{
    expect(reader, '(');
    double a = read_operand(reader), b = 0;
    blanks(reader);
    if (*reader->at == ',') {
        reader->at++;
        b = read_operand(reader);
    }
    expect(reader, ')');
    if (strcmp(name, "sqrt") == 0) {
        return sqrt(a);
    } else if (strcmp(name, "exp") == 0) {
        return exp(a);
    } else if (strcmp(name, "log") == 0) {
        return log(a);
    } else if (strcmp(name, "log10") == 0) {
        return log10(a);
    } else if (strcmp(name, "abs") == 0) {
        return fabs(a);
    } else if (strcmp(name, "min") == 0) {
        return fmin(a, b);
    } else if (strcmp(name, "max") == 0) {
        return fmax(a, b);
    }
    fail(reader, "unknown function");
    return 0;
}

static double read_word(Reader *reader)
{
    char name[64];
    size_t length = 0;
    while ((isalnum((unsigned char)*reader->at) || *reader->at == '_') &&
           length + 1 < sizeof name) {
        name[length++] = *reader->at++;
    }
    name[length] = 0;
    return *reader->at == '(' ? call(reader, name) : leaf(reader, name);
}

static double apply(const Reader *reader, const char *symbol, double a, double b)
{
    static const char *const symbols[] = {
        "+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">="};
    const double values[] = {
        a + b, a - b, a * b, a / b, pow(a, b), a == b, a != b, a<b, a <= b, a> b, a >= b};
    for (unsigned i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        if (strcmp(symbol, symbols[i]) == 0) {
            return values[i];
        }
    }
    fail(reader, "unknown operator");
    return 0;
}

static double read_bracket(Reader *reader)
{
    expect(reader, '(');
    if (reader->at[0] == '-' && !isdigit((unsigned char)reader->at[1])) {
        reader->at++;
        double value = -read_operand(reader);
        expect(reader, ')');
        return value;
    }
    double a = read_operand(reader);
    blanks(reader);
    char symbol[3] = {0};
    for (int i = 0; i < 2 && *reader->at != 0 && strchr("+-*/^=!<>", *reader->at) != NULL; i++) {
        symbol[i] = *reader->at++;
    }
    double value = apply(reader, symbol, a, read_operand(reader));
    expect(reader, ')');
    return value;
}

static double read_operand(Reader *reader)
{
    blanks(reader);
    if (*reader->at == '(') {
        return read_bracket(reader);
    }
    if (isalpha((unsigned char)*reader->at) || *reader->at == '_') {
        return read_word(reader);
    }
    char *end;
    double value = strtod(reader->at, &end);
    if (end == reader->at) {
        fail(reader, "no number");
    }
    reader->at = end;
    return value;
}

double formula_evaluate(const char *text, const FormulaPlace *place)
{
    Reader reader = {text, text, place};
    double value = read_operand(&reader);
    blanks(&reader);
    if (*reader.at != 0) {
        fail(&reader, "text left over");
    }
    return value;
}
