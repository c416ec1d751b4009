/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as text: the same as the C library's printf and strtod, character for character and bit
 * for bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/number.h"
#include "core/random.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double special[] = {0.0,
                                 -0.0,
                                 1,
                                 -1,
                                 0.1,
                                 0.5,
                                 1e15,
                                 1e16,
                                 1e17,
                                 123456789012345680.0,
                                 1e-4,
                                 1e-5,
                                 9.5e-5,
                                 99999999999999999.0,
                                 1.0 / 3,
                                 DBL_MAX,
                                 DBL_MIN,
                                 -DBL_MAX,
                                 DBL_EPSILON,
                                 5e-324,
                                 -5e-324,
                                 0x1p-1060,
                                 2.225073858507201e-308,
                                 1e22,
                                 1e23,
                                 8.41e21,
                                 9007199254740993.0,
                                 INFINITY,
                                 -INFINITY};
enum { SPECIALS = sizeof special / sizeof *special, RANDOM = 20000 };

static double number_at(uint64_t i)
{
    if (i < SPECIALS)
        return special[i];
    uint64_t bits = rn_bits(rn_stream("numbers", 1, 0), i, 0);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (i % 4 == 0)
        value = (double)(bits >> 40) / 1000; /* few digits, as people write them */
    return value == value ? value : 1;
}

static void assert_same_bits(double a, double b, const char *text)
{
    if (memcmp(&a, &b, sizeof a) != 0)
        fail_msg("'%s' is read as %a, expected %a", text, a, b);
}

static void test_writing(void **state)
{
    (void)state;
    char ours[RN_NUMBER_TEXT], theirs[64];
    for (uint64_t i = 0; i < SPECIALS + RANDOM; i++) {
        double value = number_at(i), back;
        snprintf(theirs, sizeof theirs, "%.17g", value);
        assert_int_equal(rn_write_decimal(value, ours), strlen(theirs));
        assert_string_equal(ours, theirs);
        assert_true(rn_read_real(ours, &back));
        assert_same_bits(back, value, ours);
        snprintf(theirs, sizeof theirs, "%a", value);
        assert_int_equal(rn_write_hexadecimal(value, ours), strlen(theirs));
        assert_string_equal(ours, theirs);
        assert_true(rn_read_real(ours, &back));
        assert_same_bits(back, value, ours);
    }
    rn_write_decimal((double)NAN, ours);
    assert_non_null(strstr(ours, "nan"));
}

static void test_counts(void **state)
{
    (void)state;
    char ours[RN_NUMBER_TEXT], theirs[64];
    static const uint64_t counts[] = {0, 9, 10, 99, 100, 18446744073709551615u};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        snprintf(theirs, sizeof theirs, "%" PRIu64, counts[i]);
        assert_int_equal(rn_write_count(counts[i], ours), strlen(theirs));
        assert_string_equal(ours, theirs);
    }
    uint64_t count;
    assert_true(rn_read_count("18446744073709551615", &count) && count == UINT64_MAX);
    assert_true(rn_read_count("007", &count) && count == 7);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1.0", "18446744073709551616", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rn_read_count(bad[i], &count));
}

/* Ties, near ties, long tails, extremes of the range and of the exponent. */
static void test_reading(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1",
        "+1.5",
        "-.5",
        "5.",
        "1e5",
        "1E+5",
        "1e-5",
        "00001e00001",
        "9007199254740993",
        "9007199254740992.99999999999999999999999999999999999",
        "9007199254740993.00000000000000000000000000000000001",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158079e308",
        "1.7976931348623159e308",
        "1e309",
        "1e-400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999999999999",
        "0.000000000000000000000000000000000000000000000000000000000000000000000001e72",
        "0x1p0",
        "0x.8p1",
        "0X1.8P-3",
        "0x1.00000000000008p0",
        "0x1.000000000000080000000000000000000000000000000000000000000000000000000001p0",
        "0x1.00000000000018p0",
        "0x1p-1074",
        "0x1p-1075",
        "0x1.8p-1075",
        "0x1.fffffffffffff8p1023",
        "0x1.fffffffffffff7fffp1023",
        "0x10000000000000000000000000000000000000000000000000000000000000000000000000001",
        "inf",
        "-Infinity",
        "INF"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        assert_true(rn_read_real(texts[i], &value));
        assert_same_bits(value, strtod(texts[i], NULL), texts[i]);
    }
}

/* The point halfway between two doubles, written in full, and a digit beyond it. */
static void test_halfway(void **state)
{
    (void)state;
    enum { DIGITS = 1100 };
    char text[DIGITS + 64];
    for (uint64_t i = 0; i < 400; i++) {
        double low = fabs(number_at(SPECIALS + 4 * i + 1)), value;
        if (!(low < 1e300))
            continue;
        long double half = ((long double)low + (long double)nextafter(low, INFINITY)) / 2;
        snprintf(text, sizeof text, "%.*Le", DIGITS, half);
        assert_true(rn_read_real(text, &value));
        assert_same_bits(value, strtod(text, NULL), text);
        char *exponent = strchr(text, 'e');
        exponent[-1] = '1';
        assert_true(rn_read_real(text, &value));
        assert_same_bits(value, strtod(text, NULL), text);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    " 1",  "1 ",    "-",       "+",     ".",   "e5",
                                        "1e",  "1e+", "1.2.3", "0x",      "0x.p1", "1p5", "0x1e+",
                                        "nan", "in",  "infx",  "infinit", "1,5",   "--1", "0x1p"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        if (rn_read_real(texts[i], &value))
            fail_msg("'%s' is read as %g", texts[i], value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_reading), cmocka_unit_test(test_halfway),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
