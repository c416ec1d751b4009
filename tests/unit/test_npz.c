/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of arrays, read back as a zip reader does: from the end to the directory, from there to
 * the members, each inflated and checked against its sum.
 */
#include "scratch.h"

#include "lib/file.h"
#include "lib/npy.h"
#include "lib/npz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include <cmocka.h>

static uint32_t get(const uint8_t *at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

/* Member of a directory entry, inflated: the bytes of an .npy file. */
static RtFile inflate_member(const RtFile *zip, const uint8_t *entry)
{
    uint32_t packed = get(entry + 20, 4), plain = get(entry + 24, 4), at = get(entry + 42, 4);
    const uint8_t *local = zip->bytes + at;
    RtFile file = {malloc(plain + 1), plain};
    assert_true(at + 30 + packed < zip->size && get(local, 4) == 0x04034b50);
    assert_memory_equal(local + 6, entry + 8, 22); /* the headers say the same */
    z_stream stream = {.next_in = (uint8_t *)local + 30 + get(local + 26, 2) + get(local + 28, 2),
                       .avail_in = packed,
                       .next_out = file.bytes,
                       .avail_out = plain};
    assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, plain);
    inflateEnd(&stream);
    assert_int_equal(crc32(0, file.bytes, plain), get(entry + 16, 4));
    file.bytes[plain] = 0;
    return file;
}

static void check_member(const RtFile *zip, const uint8_t *entry, const RtArray *array)
{
    RtError error;
    RtNpy npy;
    char name[64];
    snprintf(name, sizeof name, "%s.npy", array->name);
    assert_int_equal(get(entry, 4), 0x02014b50);
    assert_int_equal(get(entry + 28, 2), strlen(name));
    assert_memory_equal(entry + 46, name, strlen(name));
    RtFile file = inflate_member(zip, entry);
    assert_true(rt_npy_parse(name, &file, &npy, &error));
    assert_int_equal(npy.kind, array->whole ? 'i' : 'f');
    assert_int_equal(npy.item, 8);
    assert_int_equal(npy.rows, array->dims[0]);
    assert_int_equal(npy.width, array->rank == 2 ? array->dims[1] : 1);
    assert_int_equal((npy.data - file.bytes) % 64, 0);
    assert_memory_equal(npy.data, array->values, (size_t)(npy.rows * npy.width) * 8);
    free(file.bytes);
}

static void test_arrays_come_back(void **state)
{
    (void)state;
    enum { LONG = 20000 };
    static double ramp[LONG];
    const int64_t steps[] = {0, 10, 20};
    const double norms[] = {1, 0.5, -0.25, 3e300, 0, 7};
    for (int i = 0; i < LONG; i++)
        ramp[i] = i;
    const RtArray arrays[] = {{"step", true, 1, {3, 0}, steps},
                              {"block.state", false, 2, {3, 2}, norms},
                              {"block.update", false, 2, {100, 200}, ramp}};
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    RtFile zip;
    scratch_path(&scratch, "layers.npz", path);
    assert_true(rt_npz_write(path, arrays, 3, &error));
    assert_true(rt_file_read(path, 1 << 24, &zip, &error));
    const uint8_t *end = zip.bytes + zip.size - 22;
    assert_int_equal(get(end, 4), 0x06054b50);
    assert_int_equal(get(end + 10, 2), 3);
    assert_int_equal(get(end + 16, 4) + get(end + 12, 4), zip.size - 22);
    const uint8_t *entry = zip.bytes + get(end + 16, 4);
    for (int i = 0; i < 3; i++) {
        check_member(&zip, entry, &arrays[i]);
        entry += 46 + get(entry + 28, 2) + get(entry + 30, 2) + get(entry + 32, 2);
    }
    assert_ptr_equal(entry, end);
    rt_file_free(&zip);
    scratch_remove(&scratch);
}

static void test_what_is_too_large_leaves_no_file(void **state)
{
    (void)state;
    const double one = 1;
    const RtArray arrays[] = {{"huge", false, 2, {INT64_C(1) << 40, INT64_C(1) << 40}, &one}};
    Scratch scratch = scratch_make();
    char path[256];
    RtError error;
    scratch_path(&scratch, "layers.npz", path);
    assert_false(rt_npz_write(path, arrays, 1, &error));
    assert_false(rt_file_exists(path));
    scratch_path(&scratch, "nowhere/layers.npz", path);
    assert_false(rt_npz_write(path, arrays, 0, &error));
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrays_come_back),
                                       cmocka_unit_test(test_what_is_too_large_leaves_no_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
