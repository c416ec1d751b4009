/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of two machines, each with its own libm, against the oracle.
 *
 *     judge MODEL                  prints the tensors' names and counts, for the driver
 *     judge MODEL FILE FILE        MODEL is the text of --dump=model
 *
 * The oracle (tests/reference) computes outputs, loss and gradients in double from the tensors that
 * the first machine drew, and beside every number a bound by running error analysis: one rounding
 * of the network's precision for each operation of the program, NUM_FUNCTION_ULPS units in the last
 * place for each exp, log, tanh, erf, and what the operands' errors become. The GNU manual's table
 * of known maximum errors gives at most that for these functions in double on the machines here, so
 * the bound E holds for each machine, whichever libm it has. Both machines must have drawn the same
 * bits; then |a − oracle| ≤ E and |b − oracle| ≤ E, and by the triangle |a − b| ≤ 2E. The tables
 * show how much of E each machine, and of 2E their difference, has used.
 */
#include "../oracle/compare.h"
#include "oracle.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

enum { MACHINES = 2, RECORDS_MAX = 256 };

typedef struct Machine {
    Record records[RECORDS_MAX];
    int count;
    Comparison found;
} Machine;

typedef struct Judge {
    Oracle *oracle;
    Machine machines[MACHINES];
    Comparison apart; /* of the two from each other */
} Judge;

static void stop(const char *what, const char *name)
{
    fprintf(stderr, "judge: %s %s\n", what, name);
    exit(2);
}

static void read_machine(Machine *m, const char *path)
{
    FILE *file = open_records(path);
    while (m->count < RECORDS_MAX && read_record(file, &m->records[m->count])) {
        m->count++;
    }
    if (!feof(file)) {
        stop("too many records, or one of them is cut, in", path);
    }
    fclose(file);
}

static const Record *find(const Machine *m, const char *name, const char *part)
{
    char wanted[sizeof m->records->name];
    snprintf(wanted, sizeof wanted, "%s%s", name, part);
    for (int i = 0; i < m->count; i++) {
        if (strcmp(m->records[i].name, wanted) == 0) {
            return &m->records[i];
        }
    }
    stop("no record of", wanted);
    return NULL;
}

/* A record's numbers; there must be so many. Freed by the caller. */
static double *numbers(const Machine *m, const char *name, const char *part, long count)
{
    const Record *r = find(m, name, part);
    double *values = malloc((size_t)(count + 1) * sizeof *values);
    if (values == NULL || r->size != (size_t)count * r->each) {
        stop("another size of", r->name);
    }
    for (long i = 0; i < count; i++) {
        values[i] = record_number(r, (size_t)i);
    }
    return values;
}

static long tensor_count(const Judge *j, int t)
{
    OracleTensor tensor = oracle_tensor(j->oracle, t);
    return tensor.layers * tensor.size;
}

/* A table that follows from the config, which checkpoints do not have. */
static bool is_table(const OracleTensor *t)
{
    return !t->trainable && (strcmp(t->law, "formula") == 0 || strcmp(t->law, "constant") == 0);
}

/* By its formula in double, rounded once, as programs take it. */
static void set_table(Judge *j, int t)
{
    OracleTensor tensor = oracle_tensor(j->oracle, t);
    double *values = malloc((size_t)(tensor_count(j, t) + 1) * sizeof *values);
    for (long i = 0; values != NULL && i < tensor_count(j, t); i++) {
        double exact = oracle_formula(j->oracle, t, i / tensor.size);
        values[i] = oracle_is_double(j->oracle) ? exact : (double)(float)exact;
    }
    oracle_set_tensor(j->oracle, t, values);
    free(values);
}

/* Hands what the machines drew to the oracle. */
static void set_tensors(Judge *j)
{
    for (int t = 0; t < oracle_tensor_count(j->oracle); t++) {
        OracleTensor tensor = oracle_tensor(j->oracle, t);
        const char *name = tensor.name;
        long count = tensor_count(j, t);
        double *drawn[MACHINES];
        if (is_table(&tensor)) {
            set_table(j, t);
            continue;
        }
        for (int m = 0; m < MACHINES; m++) {
            drawn[m] = numbers(&j->machines[m], "value:", name, count);
        }
        compare_require(&j->apart,
                        memcmp(drawn[0], drawn[1], (size_t)count * sizeof *drawn[0]) == 0,
                        "the machines draw different numbers", name);
        oracle_set_tensor(j->oracle, t, drawn[0]);
        for (int m = 0; m < MACHINES; m++) {
            free(drawn[m]);
        }
    }
}

static void run_oracle(Judge *j)
{
    const Record *x = find(&j->machines[0], "x", "");
    long batch = (long)(x->size / x->each) / oracle_input_size(j->oracle);
    long each = oracle_is_classifier(j->oracle) ? 1 : oracle_output_size(j->oracle);
    double *inputs = numbers(&j->machines[0], "x", "", batch * oracle_input_size(j->oracle));
    double *target = numbers(&j->machines[0], "target", "", batch * each);
    OracleBatch all = {batch, inputs, target, false, false};
    OracleDoubts doubts = oracle_run(j->oracle, &all);
    compare_require(&j->apart, doubts.kinks == 0, "a kink is too near", "the batch");
    free(inputs);
    free(target);
}

static void judge(Judge *j, const char *name, const char *part, const Num *wanted, long count)
{
    double *values[MACHINES];
    Num *apart = malloc((size_t)(count + 1) * sizeof *apart);
    for (int m = 0; m < MACHINES; m++) {
        values[m] = numbers(&j->machines[m], name, part, count);
        compare(&j->machines[m].found, name, part, values[m], wanted, count);
    }
    for (long i = 0; apart != NULL && i < count; i++) {
        apart[i] = (Num){values[0][i], 2 * wanted[i].error};
    }
    if (apart != NULL) {
        compare(&j->apart, name, part, values[1], apart, count);
    }
    free(apart);
    for (int m = 0; m < MACHINES; m++) {
        free(values[m]);
    }
}

static void judge_all(Judge *j)
{
    Num loss = oracle_loss(j->oracle);
    const Record *y = find(&j->machines[0], "output", "");
    judge(j, "output", "", oracle_output(j->oracle), (long)(y->size / y->each));
    judge(j, "loss", "", &loss, 1);
    judge(j, "gradient-loss", "", &loss, 1);
    for (int t = 0; t < oracle_tensor_count(j->oracle); t++) {
        OracleTensor tensor = oracle_tensor(j->oracle, t);
        if (tensor.trainable) {
            judge(j, "gradient:", tensor.name, oracle_gradient(j->oracle, t), tensor_count(j, t));
        }
    }
}

static long conclude(Comparison *c, const char *title)
{
    compare_meaning(c);
    printf("%s\n", title);
    compare_print(c);
    return c->failures;
}

static void print_tensors(const Judge *j)
{
    for (int t = 0; t < oracle_tensor_count(j->oracle); t++) {
        OracleTensor tensor = oracle_tensor(j->oracle, t);
        if (!is_table(&tensor)) {
            printf("%s %ld\n", tensor.name, tensor_count(j, t));
        }
    }
}

int main(int argc, char **argv)
{
    static Judge j;
    if (argc != 2 && argc != 4) {
        return 2;
    }
    j.oracle = oracle_read(argv[1]);
    if (j.oracle == NULL) {
        return 2;
    }
    oracle_prepare(j.oracle);
    if (argc == 2) {
        print_tensors(&j);
        return 0;
    }
    long failures = 0;
    for (int m = 0; m < MACHINES; m++) {
        read_machine(&j.machines[m], argv[2 + m]);
    }
    set_tensors(&j);
    run_oracle(&j);
    judge_all(&j);
    for (int m = 0; m < MACHINES; m++) {
        failures += conclude(&j.machines[m].found, argv[2 + m]);
    }
    return failures + conclude(&j.apart, "the difference") > 0;
}
