/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole command lines on a network written by hand: exit statuses, the last line, resuming bit for
 * bit, signals, measured values in closed form.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_program.h"
#include "lib/cli.h"
#include "lib/file.h"
#include "lib/npy.h"
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

typedef struct Fixture {
    Scratch scratch;
    RnTrain train;
    RnProgram program;
    const char *out_path; /* NULL: a file that is read back */
    char output[8192], errors[8192];
} Fixture;

/* 60 rows whose class is the place of the greatest of the first three inputs. */
static void write_classes(const Scratch *scratch)
{
    char path[256], text[8192], *at = text;
    uint64_t stream = rn_stream("test data", 1, 0);
    at += sprintf(at, "a,b,c,d,y\n");
    for (uint64_t i = 0; i < 60; i++) {
        double x[4];
        for (uint64_t k = 0; k < 4; k++)
            x[k] = rn_uniform(stream, k, i);
        int best = x[0] > x[1] ? 0 : 1;
        at += sprintf(at, "%.6f,%.6f,%.6f,%.6f,%d\n", x[0], x[1], x[2], x[3],
                      x[best] > x[2] ? best : 2);
    }
    scratch_text(scratch_path(scratch, "t.csv", path), text);
}

static int set_up(void **state)
{
    Fixture *f = calloc(1, sizeof *f);
    f->scratch = scratch_make();
    f->train = fake_train("t.csv", RN_LOSS_CROSS_ENTROPY);
    f->program = fake_program(&f->train);
    write_classes(&f->scratch);
    if (chdir(f->scratch.folder) != 0)
        abort();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *f = *state;
    if (chdir("/") != 0)
        abort();
    scratch_remove(&f->scratch);
    free(f);
    return 0;
}

static void read_text(const char *path, char text[8192])
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, 8191, file)] = '\0';
    fclose(file);
}

/* Runs a command line in a child; its exit status. */
static int run_words(Fixture *f, const char *line)
{
    char copy[1024], *words[64] = {"fake"}, *rest;
    int count = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int out = open(f->out_path ? f->out_path : "out.txt", O_CREAT | O_TRUNC | O_WRONLY, 0600);
        int err = open("err.txt", O_CREAT | O_TRUNC | O_WRONLY, 0600);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        exit(rt_main(&f->program, count, words));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    f->output[0] = '\0';
    if (!f->out_path)
        read_text("out.txt", f->output);
    read_text("err.txt", f->errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void expect(Fixture *f, const char *line, int status)
{
    int got = run_words(f, line);
    if (got != status)
        fail_msg("%s: status %d, expected %d\n%s%s", line, got, status, f->output, f->errors);
}

static void assert_same_files(const char *a, const char *b)
{
    RtError error;
    RtFile x, y;
    assert_true(rt_file_read(a, SIZE_MAX, &x, &error));
    assert_true(rt_file_read(b, SIZE_MAX, &y, &error));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.bytes, y.bytes, x.size);
    rt_file_free(&x);
    rt_file_free(&y);
}

static double fact(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    return atof(at + strlen(key));
}

static void test_train_and_eval(void **state)
{
    Fixture *f = *state;
    expect(f, "train --data . --epochs 40 --save m.safetensors --log run.jsonl", RT_OK);
    const char *last = strrchr(f->output, '\n') - 1;
    while (last > f->output && last[-1] != '\n')
        last--;
    double accuracy = fact(last, "test_accuracy="), loss = fact(last, "test_loss=");
    assert_int_equal(strncmp(last, "test_accuracy=", 14), 0);
    assert_non_null(strstr(last, " seconds="));
    /* three classes that a linear network separates; chance is a third */
    assert_true(accuracy > 0.6);
    expect(f, "eval --data . --load m.safetensors", RT_OK);
    assert_true(fact(f->output, "test_accuracy=") == accuracy);
    assert_true(fact(f->output, "test_loss=") == loss);
    char log[8192];
    read_text("run.jsonl", log);
    int rows = 0;
    for (const char *at = log; (at = strstr(at, "\"kind\": \"epoch\"")) != NULL; at++)
        rows++;
    assert_int_equal(rows, 40);
}

/* 12 training samples are held out of 60: 48, of which 7 a step, so 7 steps an epoch with a short
 * one at the end. A run that is cut in the middle of an epoch ends with the same bytes. */
static void test_resume_bit_for_bit(void **state)
{
    Fixture *f = *state;
    expect(f, "train --data . --iterations 20 --save whole.safetensors", RT_OK);
    expect(f, "train --data . --iterations 11 --save part.safetensors", RT_OK);
    expect(f, "train --data . --iterations 20 --save part.safetensors --resume auto", RT_OK);
    assert_same_files("whole.safetensors", "part.safetensors");
    expect(f, "train --data . --iterations 20 --save other.safetensors --seed 3", RT_OK);
    RtError error;
    RtFile a, b;
    assert_true(rt_file_read("whole.safetensors", SIZE_MAX, &a, &error));
    assert_true(rt_file_read("other.safetensors", SIZE_MAX, &b, &error));
    assert_true(a.size != b.size || memcmp(a.bytes, b.bytes, a.size) != 0);
    rt_file_free(&a);
    rt_file_free(&b);
    expect(f, "train --data . --resume nowhere.safetensors", RT_BAD_DATA);
    expect(f, "train --data . --resume auto", RT_USAGE);
}

static void test_diverges(void **state)
{
    Fixture *f = *state;
    expect(f, "train --data . --iterations 2 --save m.safetensors", RT_OK);
    assert_int_equal(rename("m.safetensors", "good.safetensors"), 0);
    assert_int_equal(link("good.safetensors", "m.safetensors"), 0);
    expect(f, "train --data . --set lr=1e300 --save m.safetensors", RT_DIVERGED);
    assert_non_null(strstr(f->errors, "not finite"));
    assert_same_files("m.safetensors", "good.safetensors");
}

static int signal_at_five(const RnCall *call)
{
    int status = fake_run(call);
    if ((call->what & RN_UPDATE) && ((RnState *)call->state)->step == 5)
        raise(SIGTERM);
    return status;
}

static void test_signal(void **state)
{
    Fixture *f = *state;
    RnCode code = fake_codes[0];
    expect(f, "train --data . --iterations 20 --save whole.safetensors", RT_OK);
    code.run = signal_at_five;
    f->program.codes = &code;
    expect(f, "train --data . --iterations 20 --save m.safetensors", RT_STOPPED);
    assert_non_null(strstr(f->errors, "after step 5"));
    f->program.codes = fake_codes;
    expect(f, "train --data . --iterations 20 --save m.safetensors --resume auto", RT_OK);
    assert_same_files("whole.safetensors", "m.safetensors");
    f->program.codes = &code;
    expect(f, "train --data . --iterations 20", -SIGTERM); /* without --save: as usual */
}

static void write_npy(const char *path, int64_t width, const float *values, size_t count)
{
    char bytes[8192];
    size_t length = rt_npy_header(bytes, (int64_t)count / width, width, 4);
    memcpy(bytes + length, values, count * sizeof *values);
    scratch_write(path, bytes, length + count * sizeof *values);
}

/* Targets that are linear in the inputs: all but a rest of the variance is explained. */
static void test_regression(void **state)
{
    Fixture *f = *state;
    enum { ROWS = 100 };
    float x[ROWS * FAKE_IN], t[ROWS * FAKE_OUT];
    uint64_t stream = rn_stream("test data", 2, 0);
    for (int i = 0; i < ROWS * FAKE_IN; i++)
        x[i] = (float)rn_uniform(stream, 0, (uint64_t)i);
    for (int i = 0; i < ROWS; i++)
        for (int o = 0; o < FAKE_OUT; o++)
            t[i * FAKE_OUT + o] = x[i * FAKE_IN + o] - 2 * x[i * FAKE_IN + 3] + (float)o;
    write_npy("x.npy", FAKE_IN, x, ROWS * FAKE_IN);
    write_npy("t.npy", FAKE_OUT, t, ROWS * FAKE_OUT);
    f->train.loss.kind = RN_LOSS_MSE;
    expect(f, "train --data .", RT_BAD_DATA);
    assert_non_null(strstr(f->errors, "targets a sample: 1, outputs of the network: 3"));
    f->train.data = (RnData){.kind = RN_DATA_NPY, .images = "x.npy", .labels = "t.npy"};
    expect(f, "train --data . --epochs 60 --set lr=0.05", RT_OK);
    double rmse = fact(f->output, "test_rmse="), r2 = fact(f->output, "test_r2=");
    double loss = fact(f->output, "test_loss=");
    assert_true(r2 > 0.99 && r2 <= 1);
    /* four digits are printed of each */
    assert_true(fabs(rmse * rmse - loss) <= 1e-3 * loss + 1e-4);
}

static void test_full_output(void **state)
{
    Fixture *f = *state;
    f->out_path = "/dev/full";
    expect(f, "--help", RT_FAILED);
    assert_non_null(strstr(f->errors, "No space left on device"));
    expect(f, "train --data . --quiet", RT_FAILED);
    expect(f, "info", RT_FAILED);
    f->out_path = NULL;
    expect(f, "train --data . --quiet --log /dev/full", RT_FAILED);
    assert_non_null(strstr(f->errors, "/dev/full"));
}

static void test_predict(void **state)
{
    Fixture *f = *state;
    expect(f, "train --data . --epochs 3 --save m.safetensors", RT_OK);
    scratch_text("in.csv", "0.1,0.2,0.9,0.5\n0.9,0.2,0.1,0.5\n");
    expect(f, "predict --load m.safetensors --input in.csv", RT_OK);
    assert_int_equal(strncmp(f->output, "y_0,y_1,y_2,class\n", 18), 0);
    int lines = 0;
    for (const char *at = f->output; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 3);
    expect(f, "predict --load m.safetensors --input in.csv --output y.npy", RT_OK);
    expect(f, "predict --load m.safetensors --input y.npy", RT_BAD_DATA);
    assert_non_null(strstr(f->errors, "3 numbers a sample, but the network reads 4"));
    scratch_text("in.csv", "a,b,c,d\n0.1,0.2,0.9,nan\n");
    expect(f, "predict --load m.safetensors --input in.csv", RT_BAD_DATA);
    assert_non_null(strstr(f->errors, "line 2, column 4"));
    expect(f, "predict --input in.csv", RT_USAGE);
    expect(f, "predict --data . --load m.safetensors --output /dev/full/x", RT_FAILED);
}

static const RnMeasure measures[] = {
    {.text = "forward_ratio", .kind = RN_QUANTITY_FORWARD_RATIO, .region = 0, .tensor = -1},
    {.text = "forward_change", .kind = RN_QUANTITY_FORWARD_CHANGE, .region = 0, .tensor = -1},
    {.text = "log2(gradient_ratio)",
     .kind = RN_QUANTITY_GRADIENT_RATIO,
     .region = 0,
     .tensor = -1,
     .function = fake_log2},
    {.text = "gradient_change", .kind = RN_QUANTITY_GRADIENT_CHANGE, .region = -1, .tensor = -1},
    {.text = "jacobian_max", .kind = RN_QUANTITY_JACOBIAN_MAX, .region = 0, .tensor = -1},
};

/* ‖h_k‖ = 2^k and ‖p_k‖ = 3^(L-k), so with L = 5 the four are 32, 31, 5 log2 3 and 242. */
static void test_probe(void **state)
{
    Fixture *f = *state;
    RnProbe probe = {.data = {.kind = RN_DATA_GAUSSIAN}, .count = 5, .measures = measures};
    f->program.probe = &probe;
    expect(f, "probe --set L=5 --repeat 3", RT_OK);
    assert_true(fact(f->output, "forward_ratio ") == 32);
    assert_true(fact(f->output, "forward_change ") == 31);
    assert_true(fabs(fact(f->output, "log2(gradient_ratio) ") - 5 * log2(3)) < 1e-4);
    assert_true(fact(f->output, "gradient_change ") == 242);
    assert_non_null(strstr(f->output, "jacobian_max"));
    assert_non_null(strstr(f->output, "the network has no code for it"));
    probe.measures = measures + 4;
    probe.count = 1;
    expect(f, "probe", RT_FAILED);
    f->program.probe = NULL;
    expect(f, "probe --data . --layers-table", RT_OK);
    assert_non_null(strstr(f->output, "forward_ratio"));
    expect(f, "probe --data . --json", RT_OK);
    assert_null(strstr(f->output, "\"state_ratio\""));
    expect(f, "probe --data . --json --layers-table", RT_OK);
    assert_non_null(strstr(f->output, "\"state_ratio\""));
}

static double fake_thirty(const RnPlace *place)
{
    (void)place;
    return 30;
}

static double fake_four(const RnPlace *place)
{
    (void)place;
    return 4;
}

static void test_check(void **state)
{
    Fixture *f = *state;
    RnBound bound = {.measure = measures[0], .high = fake_four, .low = NULL, .high_strict = 1};
    RnCheck check = {.count = 1, .bounds = &bound};
    f->program.check = &check;
    expect(f, "check --data . --set L=1", RT_OK);
    assert_non_null(strstr(f->output, "holds"));
    expect(f, "check --data . --set L=2", RT_BROKEN); /* 4 < 4 */
    assert_non_null(strstr(f->output, "broken"));
    bound.high_strict = 0;
    expect(f, "check --data . --set L=2", RT_OK);
    bound = (RnBound){.measure = measures[0], .low = fake_thirty};
    expect(f, "check --data . --set L=2", RT_BROKEN);
    expect(f, "check --data . --set L=5", RT_OK);
    bound.measure = measures[4];
    expect(f, "check --data .", RT_FAILED);
    check.count = 0;
    expect(f, "check", RT_USAGE);
}

static void test_scores_of_a_checkpoint(void **state)
{
    Fixture *f = *state;
    const RnMeasure scores[] = {
        {.text = "test_accuracy", .kind = RN_QUANTITY_TEST_ACCURACY, .region = -1, .tensor = -1},
        {.text = "test_loss", .kind = RN_QUANTITY_TEST_LOSS, .region = -1, .tensor = -1}};
    RnProbe probe = {.count = 2, .measures = scores};
    f->program.probe = &probe;
    expect(f, "train --data . --save m.safetensors", RT_OK);
    double accuracy = fact(f->output, "test_accuracy=");
    expect(f, "probe --data . --load m.safetensors", RT_OK);
    assert_true(fabs(fact(f->output, "test_accuracy ") - accuracy) < 1e-4);
    expect(f, "probe --data .", RT_FAILED);
    probe.when = 2;
    expect(f, "probe --data .", RT_USAGE);
}

static void test_usage(void **state)
{
    Fixture *f = *state;
    const char *const bad[] = {"",
                               "fly",
                               "train --nosuch",
                               "train --epochs",
                               "train --epochs x",
                               "train --epochs=-1",
                               "train --epochs 1.5",
                               "train --load m",
                               "eval --save m",
                               "train extra",
                               "train --quiet=yes",
                               "train --threads 0",
                               "train --set M=1",
                               "train --set L=0",
                               "sweep phase",
                               "eval"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect(f, bad[i], RT_USAGE);
        assert_int_equal(strncmp(f->errors, "fake: error: ", 13), 0);
    }
    f->program.train = NULL;
    expect(f, "train", RT_USAGE);
    expect(f, "bench --repeat 2", RT_OK);
}

static void test_tells(void **state)
{
    Fixture *f = *state;
    expect(f, "--help", RT_OK);
    assert_non_null(strstr(f->output, "--resume"));
    expect(f, "eval --help", RT_OK);
    assert_null(strstr(f->output, "--resume"));
    expect(f, "--version", RT_OK);
    expect(f, "--describe", RT_OK);
    assert_non_null(strstr(f->output, "\"instruction_sets\""));
    expect(f, "info --set L=3", RT_OK);
    /* 3 matrices of 12, a bias of 3 */
    assert_non_null(strstr(f->output, "39 trained numbers"));
    expect(f, "info --json", RT_OK);
    expect(f, "bench --repeat 3 --json", RT_OK);
    const char *const keys[] = {"\"init_seconds\"", "\"forward_least_seconds\"", "\"step_seconds\"",
                                "\"peak_bytes\""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(strstr(f->output, keys[i]));
    expect(f, "train --data . --json", RT_OK);
    assert_int_equal(f->output[0], '{');
    expect(f, "train --data . --quiet", RT_OK);
    assert_ptr_equal(strchr(f->output, '\n'), f->output + strlen(f->output) - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_train_and_eval), TEST(test_resume_bit_for_bit),
        TEST(test_diverges),       TEST(test_signal),
        TEST(test_regression),     TEST(test_full_output),
        TEST(test_predict),        TEST(test_probe),
        TEST(test_check),          TEST(test_scores_of_a_checkpoint),
        TEST(test_usage),          TEST(test_tells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
