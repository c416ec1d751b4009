/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of IDX, CIFAR-10 and .npy files: what they read, and what they say about files that
 * are cut off anywhere, mislabelled or of another type.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_program.h"
#include "lib/config.h"
#include "lib/data.h"
#include "lib/npy.h"
#include "lib/real.h"
#include "scratch.h"

#include <zlib.h>

/* Three images of 2 × 2 and their labels. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0,  0,
                                 0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

static void test_idx_reads(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtTable table = {0};
    scratch_write(scratch_path(&scratch, "images", path), images, sizeof images);
    assert_true(rt_idx_images(path, &table, &error));
    assert_int_equal(table.count, 3);
    assert_int_equal(table.features, 4);
    assert_int_equal(table.bytes[11], 255);
    scratch_write(scratch_path(&scratch, "labels", path), labels, sizeof labels);
    assert_true(rt_idx_labels(path, &table, &error));
    assert_int_equal(table.labels[0], 2);
    assert_int_equal(table.labels[2], 1);
    rt_table_free(&table);
    scratch_remove(&scratch);
}

static void write_packed(const char *path, const void *bytes, size_t size)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void test_idx_reads_packed(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtTable table = {0};
    write_packed(scratch_path(&scratch, "images.gz", path), images, sizeof images);
    assert_true(rt_idx_images(path, &table, &error));
    assert_int_equal(table.bytes[11], 255);
    rt_table_free(&table);
    scratch_remove(&scratch);
}

static void test_packed_cut_off(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256], bytes[256];
    RtError error;
    write_packed(scratch_path(&scratch, "images.gz", path), images, sizeof images);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 1; cut < size; cut++) {
        RtTable table = {0};
        scratch_write(path, bytes, cut);
        assert_false(rt_idx_images(path, &table, &error));
        assert_int_equal(error.status, RT_BAD_DATA);
        assert_non_null(strstr(error.text, path));
    }
    scratch_remove(&scratch);
}

static void test_idx_cut_off(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    scratch_path(&scratch, "images", path);
    for (size_t cut = 0; cut < sizeof images; cut++) {
        RtTable table = {0};
        scratch_write(path, images, cut);
        assert_false(rt_idx_images(path, &table, &error));
        assert_int_equal(error.status, RT_BAD_DATA);
        assert_non_null(strstr(error.text, path));
    }
    scratch_remove(&scratch);
}

static void test_idx_wrong_kind(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtTable table = {.count = 3};
    scratch_write(scratch_path(&scratch, "labels", path), labels, sizeof labels);
    assert_false(rt_idx_images(path, &table, &error));
    assert_non_null(strstr(error.text, "byte 0: magic 0x00000801, expected 0x00000803"));
    scratch_write(path, images, sizeof images);
    assert_false(rt_idx_labels(path, &table, &error));
    assert_non_null(strstr(error.text, "expected 0x00000801"));
    scratch_write(path, labels, sizeof labels);
    table.count = 4;
    assert_false(rt_idx_labels(path, &table, &error));
    assert_non_null(strstr(error.text, "3 labels"));
    scratch_remove(&scratch);
}

/* Sizes whose product overflows must be seen before anything is allocated for them. */
static void test_idx_overflow(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtTable table = {0};
    uint8_t bytes[20] = {0, 0, 8, 4};
    memset(bytes + 4, 0xff, 16);
    scratch_write(scratch_path(&scratch, "images", path), bytes, sizeof bytes);
    assert_false(rt_idx_images(path, &table, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
    scratch_remove(&scratch);
}

static void test_idx_label_out_of_range(void **state)
{
    (void)state;
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtData data;
    uint8_t bad[sizeof labels];
    memcpy(bad, labels, sizeof bad);
    bad[9] = FAKE_OUT;
    scratch_write(scratch_path(&scratch, "images", path), images, sizeof images);
    scratch_write(scratch_path(&scratch, "labels", path), bad, sizeof bad);
    RnProgram program = fake_program(NULL);
    RnData want = {.kind = RN_DATA_IDX, .images = "images", .labels = "labels"};
    RtRequest request = {.program = &program,
                         .data = &want,
                         .folder = scratch.folder,
                         .features = FAKE_IN,
                         .outputs = FAKE_OUT,
                         .classes = true};
    assert_false(rt_data_load(&request, &data, &error));
    assert_non_null(strstr(error.text, "sample 2: label 3"));
    scratch_write(path, labels, sizeof labels);
    assert_true(rt_data_load(&request, &data, &error));
    rt_data_free(&data);
    request.classes = false; /* labels as targets: one number a class */
    assert_true(rt_data_load(&request, &data, &error));
    assert_int_equal(data.train.outputs, FAKE_OUT);
    assert_true(rt_real(data.train.targets, 2, 4) == 1 && rt_real(data.train.targets, 0, 4) == 0);
    rt_data_free(&data);
    request.features = 5;
    assert_false(rt_data_load(&request, &data, &error));
    assert_non_null(strstr(error.text, "4 numbers a sample, but the network reads 5"));
    scratch_remove(&scratch);
}

static void test_missing_file(void **state)
{
    (void)state;
    RtError error;
    RtData data;
    RnProgram program = fake_program(NULL);
    RnData want = {.kind = RN_DATA_CSV, .path = "no-such-file.csv", .target = "y"};
    RtRequest request = {.program = &program, .data = &want, .folder = "/nowhere"};
    assert_false(rt_data_load(&request, &data, &error));
    assert_int_equal(error.status, RT_BAD_DATA);
    assert_non_null(strstr(error.text, "no-such-file.csv"));
    assert_non_null(strstr(error.text, "/nowhere"));
    want.path = "/no-such-file.csv";
    assert_false(rt_data_load(&request, &data, &error));
}

static void test_cifar(void **state)
{
    (void)state;
    enum { RECORD = 3073 };
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtData data = {0};
    uint8_t *bytes = calloc(2, RECORD);
    assert_non_null(bytes);
    bytes[0] = 7;
    bytes[1] = 99;
    bytes[RECORD] = 3;
    bytes[2 * RECORD - 1] = 200;
    scratch_write(scratch_path(&scratch, "train_1.bin", path), bytes + RECORD, RECORD);
    scratch_write(scratch_path(&scratch, "test1000.bin", path), bytes, 2 * RECORD);
    scratch_write(scratch_path(&scratch, "train_0.bin", path), bytes, RECORD);
    RnProgram program = fake_program(NULL);
    RnData want = {.kind = RN_DATA_CIFAR10};
    RtRequest request = {.program = &program, .data = &want, .folder = scratch.folder};
    assert_true(rt_cifar_load(&request, &data, &error));
    assert_int_equal(data.train.count, 2);
    assert_int_equal(data.test.count, 2);
    assert_int_equal(data.train.labels[0], 7);
    assert_int_equal(data.train.labels[1], 3);
    assert_int_equal(data.train.bytes[0], 99);
    assert_int_equal(data.train.bytes[data.train.stride + 3071], 200);
    rt_data_free(&data);
    const size_t cuts[] = {0, 1, RECORD - 1, RECORD + 1, 2 * RECORD - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        RtTable table = {0};
        scratch_write(path, bytes, cuts[i]);
        assert_false(rt_cifar_file(path, &table, &error));
        assert_int_equal(error.status, RT_BAD_DATA);
    }
    free(bytes);
    scratch_remove(&scratch);
}

/* ---- .npy ---- */

static size_t make_npy(uint8_t *out, int version, const char *header, const void *data, size_t size)
{
    size_t start = version == 1 ? 10 : 12, length = strlen(header);
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (uint8_t)version;
    out[7] = 0;
    memset(out + 8, 0, 4);
    out[8] = (uint8_t)length;
    out[9] = (uint8_t)(length >> 8);
    memcpy(out + start, header, length);
    memcpy(out + start + length, data, size);
    return start + length + size;
}

static void test_npy_types(void **state)
{
    (void)state;
    const float f4[] = {1, -2, 3.5f, 4};
    const double f8[] = {1, -2, 3.5, 4};
    const int32_t i4[] = {1, -2, 3, 4};
    const int64_t i8[] = {1, -2, 3, 4};
    const uint8_t u1[] = {1, 2, 3, 4};
    const struct {
        const char *descr;
        const void *data;
        size_t size;
        double third;
    } cases[] = {{"<f4", f4, sizeof f4, 3.5},
                 {"<f8", f8, sizeof f8, 3.5},
                 {"<i4", i4, sizeof i4, 3},
                 {"<i8", i8, sizeof i8, 3},
                 {"|u1", u1, sizeof u1, 3}};
    Scratch scratch = scratch_make();
    char path[256], header[128];
    uint8_t bytes[256];
    scratch_path(&scratch, "x.npy", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int version = 1; version <= 3; version++) {
            RtError error;
            RtNpy npy;
            snprintf(header, sizeof header,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (2, 2), }\n",
                     cases[i].descr);
            size_t size = make_npy(bytes, version, header, cases[i].data, cases[i].size);
            scratch_write(path, bytes, size);
            assert_true(rt_npy_read(path, &npy, &error));
            assert_int_equal(npy.rows, 2);
            assert_int_equal(npy.width, 2);
            assert_true(rt_npy_value(&npy, 2) == cases[i].third);
            rt_file_free(&npy.file);
            for (size_t cut = 0; cut < size; cut++) {
                scratch_write(path, bytes, cut);
                assert_false(rt_npy_read(path, &npy, &error));
                assert_int_equal(error.status, RT_BAD_DATA);
            }
        }
    scratch_remove(&scratch);
}

static void test_npy_refuses(void **state)
{
    (void)state;
    const char *const headers[] = {
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'fortran_order': False, 'shape': (2, 2), }",
        "",
    };
    const float data[4] = {0};
    Scratch scratch = scratch_make();
    char path[256];
    uint8_t bytes[256];
    scratch_path(&scratch, "x.npy", path);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        RtError error;
        RtNpy npy;
        scratch_write(path, bytes, make_npy(bytes, 1, headers[i], data, sizeof data));
        assert_false(rt_npy_read(path, &npy, &error));
        assert_int_equal(error.status, RT_BAD_DATA);
        assert_non_null(strstr(error.text, path));
        assert_true(i > 0 || strstr(error.text, "type '>f4': expected"));
    }
    scratch_remove(&scratch);
}

static void test_npy_not_a_number(void **state)
{
    (void)state;
    const double data[] = {1, 2, 3, (double)NAN};
    Scratch scratch = scratch_make();
    char path[256];
    uint8_t bytes[256];
    RtError error;
    RtTable table = {0};
    size_t size = make_npy(bytes, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}",
                           data, sizeof data);
    scratch_write(scratch_path(&scratch, "x.npy", path), bytes, size);
    assert_false(rt_npy_inputs(path, 4, &table, &error));
    assert_non_null(strstr(error.text, "row 2, column 2"));
    scratch_remove(&scratch);
}

static void test_npy_header_round_trip(void **state)
{
    (void)state;
    char bytes[256];
    RtError error;
    RtNpy npy = {0};
    const float data[6] = {1, 2, 3, 4, 5, 6};
    size_t length = rt_npy_header(bytes, 3, 2, 4);
    assert_int_equal(length % 64, 0);
    memcpy(bytes + length, data, sizeof data);
    RtFile file = {(uint8_t *)bytes, length + sizeof data};
    assert_true(rt_npy_parse("x", &file, &npy, &error));
    assert_int_equal(npy.rows, 3);
    assert_true(rt_npy_value(&npy, 5) == 6);
}

/* ---- made data ---- */

static double fake_half(const RnPlace *place)
{
    (void)place;
    return -0.5;
}

static void test_rotation(void **state)
{
    (void)state;
    RtError error;
    RtData data, again;
    RnProgram program = fake_program(NULL);
    RnData want = {.kind = RN_DATA_ROTATION, .dim = 10, .train = 500, .test = 20};
    RtRequest request = {
        .program = &program, .data = &want, .features = 10, .outputs = 10, .seed = 5};
    assert_true(rt_data_load(&request, &data, &error));
    assert_true(rt_data_load(&request, &again, &error));
    assert_memory_equal(data.train.targets, again.train.targets, 500 * 10 * 4);
    double distance = 0, longest = 0;
    for (int64_t row = 0; row < 500; row++) {
        double length = 0;
        for (int64_t i = row * 10; i < row * 10 + 10; i++) {
            double x = rt_real(data.train.values, i, 4), y = rt_real(data.train.targets, i, 4);
            length += y * y;
            distance += (x - y) * (x - y);
        }
        longest = fmax(longest, fabs(length - 1));
    }
    /* ten squares of relative error 2^-23 at most */
    assert_true(longest < 10 * 0x1p-23);
    /* the identity's loss, 0.148 in a simulation that was not ours; over 500 samples its standard
     * error is below 0.01 */
    assert_true(fabs(distance / 5000 - 0.148) < 0.03);
    rt_data_free(&data);
    rt_data_free(&again);
}

static void test_gaussian_overlap(void **state)
{
    (void)state;
    enum { WIDTH = 20000 };
    RtError error;
    RnProgram program = fake_program(NULL);
    RnData want = {.kind = RN_DATA_GAUSSIAN, .overlap = fake_half};
    RtRequest request = {.program = &program, .data = &want, .features = WIDTH, .seed = 5};
    float *x = malloc(2 * WIDTH * sizeof *x);
    assert_non_null(x);
    assert_true(rt_synthetic_inputs(&request, 0, 2, x, &error));
    double overlap = 0, square = 0;
    for (int i = 0; i < WIDTH; i++) {
        overlap += (double)x[i] * (double)x[WIDTH + i] / (double)WIDTH;
        square += (double)x[i] * (double)x[i] / (double)WIDTH;
    }
    /* standard errors: √((1 + ρ²)/n) = 0.008 and √(2/n) = 0.01; five of them */
    assert_true(fabs(overlap + 0.5) < 0.04);
    assert_true(fabs(square - 1) < 0.05);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_reads),
        cmocka_unit_test(test_idx_reads_packed),
        cmocka_unit_test(test_packed_cut_off),
        cmocka_unit_test(test_idx_cut_off),
        cmocka_unit_test(test_idx_wrong_kind),
        cmocka_unit_test(test_idx_overflow),
        cmocka_unit_test(test_idx_label_out_of_range),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_cifar),
        cmocka_unit_test(test_npy_types),
        cmocka_unit_test(test_npy_refuses),
        cmocka_unit_test(test_npy_not_a_number),
        cmocka_unit_test(test_npy_header_round_trip),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_gaussian_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
