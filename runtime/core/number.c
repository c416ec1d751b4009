/* SPDX-License-Identifier: Apache-2.0
 *
 * Doubles are m * 2^e. Between 2^e and 10^e stand powers of five, and whole numbers of a few
 * thousand bits hold them exactly: no step rounds but the last.
 */
#include "core/number.h"

#include <string.h>

enum {
    /* A point halfway between doubles has at most 767 digits; behind them only "more" counts. */
    MOST_DIGITS = 780,
    /* 10^780 shifted so far that a division by the most fives leaves 66 bits */
    BIG_WORDS = 168,
    FIVES = 13, /* in the power of five that fits into a word */
    NINES = 9,  /* digits of the power of ten that does */
    MANTISSA = 53,
    LEAST_EXPONENT = -1074,
    FAR = 100000 /* an exponent that no text of a double has */
};
static const uint32_t FIVE_POWER = 1220703125, TEN_POWER = 1000000000;
static const uint64_t HIDDEN = (uint64_t)1 << (MANTISSA - 1);

/* ---- whole numbers ---- */

typedef struct Big {
    uint32_t word[BIG_WORDS]; /* least first */
    int count;                /* the last one is not zero */
} Big;

/* Most callers know that the product fits; for the rest a word beyond the end is dropped. */
static void multiply(Big *big, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->word[i] * factor;
        big->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && big->count < BIG_WORDS)
        big->word[big->count++] = (uint32_t)carry;
}

/* The remainder. */
static uint32_t divide(Big *big, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = big->count - 1; i >= 0; i--) {
        rest = rest << 32 | big->word[i];
        big->word[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (big->count > 0 && big->word[big->count - 1] == 0)
        big->count--;
    return (uint32_t)rest;
}

static void shift_left(Big *big, int bits)
{
    int words = bits / 32;
    if (big->count == 0)
        return;
    multiply(big, (uint32_t)1 << (bits % 32), 0);
    memmove(big->word + words, big->word, (size_t)big->count * sizeof *big->word);
    memset(big->word, 0, (size_t)words * sizeof *big->word);
    big->count += words;
}

static uint32_t five_to(int power)
{
    uint32_t product = 1;
    for (int i = 0; i < power; i++)
        product *= 5;
    return product;
}

static int bit_count(const Big *big)
{
    int bits = big->count * 32;
    while (bits > 0 && !(big->word[(bits - 1) / 32] >> ((bits - 1) % 32) & 1))
        bits--;
    return bits;
}

static uint64_t bit_at(const Big *big, int bit)
{
    return bit < big->count * 32 ? big->word[bit / 32] >> (bit % 32) & 1 : 0;
}

/* ---- writing ---- */

/* |value| = mantissa * 2^exponent; value is finite. */
static uint64_t take_apart(double value, int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int field = (int)(bits >> (MANTISSA - 1) & 0x7ff);
    uint64_t fraction = bits & (HIDDEN - 1);
    *exponent = field ? field + LEAST_EXPONENT - 1 : LEAST_EXPONENT;
    return field ? fraction | HIDDEN : fraction;
}

static bool is_negative(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63;
}

/* "inf" or "nan", with its sign; 0 for a finite value. */
static size_t write_special(double value, char *text)
{
    if (value - value == 0)
        return 0;
    size_t length = 0;
    if (is_negative(value))
        text[length++] = '-';
    memcpy(text + length, value == value ? "inf" : "nan", 4);
    return length + 3;
}

size_t rn_write_count(uint64_t count, char text[RN_NUMBER_TEXT])
{
    char reversed[RN_NUMBER_TEXT];
    size_t length = 0;
    do
        reversed[length++] = (char)('0' + count % 10);
    while ((count /= 10) != 0);
    for (size_t i = 0; i < length; i++)
        text[i] = reversed[length - 1 - i];
    text[length] = '\0';
    return length;
}

static size_t write_exponent(int exponent, size_t least_digits, char *text)
{
    char digits[RN_NUMBER_TEXT];
    size_t used = 0,
           length = rn_write_count((uint64_t)(exponent < 0 ? -exponent : exponent), digits);
    text[used++] = exponent < 0 ? '-' : '+';
    for (; least_digits > length; least_digits--)
        text[used++] = '0';
    memcpy(text + used, digits, length + 1);
    return used + length;
}

size_t rn_write_hexadecimal(double value, char text[RN_NUMBER_TEXT])
{
    size_t used = write_special(value, text);
    if (used)
        return used;
    int exponent;
    uint64_t mantissa = take_apart(value, &exponent), fraction = mantissa & (HIDDEN - 1);
    if (is_negative(value))
        text[used++] = '-';
    text[used++] = '0';
    text[used++] = 'x';
    text[used++] = mantissa & HIDDEN ? '1' : '0';
    if (fraction)
        text[used++] = '.';
    for (; fraction; fraction = fraction << 4 & (HIDDEN - 1))
        text[used++] = "0123456789abcdef"[fraction >> (MANTISSA - 5)];
    text[used++] = 'p';
    return used + write_exponent(mantissa ? exponent + MANTISSA - 1 : 0, 1, text + used);
}

/* Digits of m * 2^e without the point, and how many of them are behind it. */
static int write_digits(uint64_t mantissa, int exponent, char *digits, int *behind)
{
    char reversed[MOST_DIGITS + 2 * NINES];
    int count = 0;
    Big big = {{(uint32_t)mantissa, (uint32_t)(mantissa >> 32)}, mantissa >> 32 ? 2 : 1};
    *behind = exponent < 0 ? -exponent : 0;
    if (exponent > 0)
        shift_left(&big, exponent);
    for (int left = *behind; left > 0; left -= FIVES)
        multiply(&big, left < FIVES ? five_to(left) : FIVE_POWER, 0);
    while (big.count > 0) {
        uint32_t rest = divide(&big, TEN_POWER);
        for (int i = 0; i < NINES; i++, rest /= 10)
            reversed[count++] = (char)('0' + rest % 10);
    }
    while (count > 0 && reversed[count - 1] == '0')
        count--;
    for (int i = 0; i < count; i++)
        digits[i] = reversed[count - 1 - i];
    return count;
}

/* To `most` digits, ties to even; 1 where all were nines, so that the number has one more. */
static int round_digits(char *digits, int count, int most)
{
    bool above = false;
    for (int i = most + 1; i < count; i++)
        above |= digits[i] != '0';
    if (digits[most] < '5' || (digits[most] == '5' && !above && (digits[most - 1] - '0') % 2 == 0))
        return 0;
    int i = most - 1;
    for (; i >= 0 && digits[i] == '9'; i--)
        digits[i] = '0';
    if (i < 0)
        digits[0] = '1';
    else
        digits[i]++;
    return i < 0;
}

/* digits d.ddd * 10^exponent in the shorter of the two forms */
static size_t write_form(const char *digits, int count, int exponent, int most, char *text)
{
    size_t used = 0;
    bool scientific = exponent < -4 || exponent >= most;
    int ahead = scientific ? 1 : exponent + 1; /* of the point */
    if (ahead <= 0) {
        text[used++] = '0';
        text[used++] = '.';
        for (int i = ahead; i < 0; i++)
            text[used++] = '0';
    }
    for (int i = 0; i < count || i < ahead; i++) {
        if (i > 0 && i == ahead)
            text[used++] = '.';
        text[used++] = i < count ? digits[i] : '0';
    }
    text[used] = '\0';
    if (!scientific)
        return used;
    text[used++] = 'e';
    return used + write_exponent(exponent, 2, text + used);
}

size_t rn_write_decimal(double value, char text[RN_NUMBER_TEXT])
{
    enum { DIGITS = 17 };
    char digits[MOST_DIGITS + 2 * NINES];
    size_t used = write_special(value, text);
    if (used)
        return used;
    int exponent, behind;
    uint64_t mantissa = take_apart(value, &exponent);
    if (is_negative(value))
        text[used++] = '-';
    if (mantissa == 0)
        return used + write_form("0", 1, 0, DIGITS, text + used);
    int count = write_digits(mantissa, exponent, digits, &behind);
    int decimal = count - 1 - behind;
    if (count > DIGITS) {
        decimal += round_digits(digits, count, DIGITS);
        count = DIGITS;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return used + write_form(digits, count, decimal, DIGITS, text + used);
}

/* ---- reading ---- */

bool rn_read_count(const char *text, uint64_t *count)
{
    *count = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(*count, (uint64_t)10, count) ||
            __builtin_add_overflow(*count, (uint64_t)(*text - '0'), count))
            return false;
    return true;
}

/* big * 2^scale, a little more where `more`, as the bits of the nearest double. */
static uint64_t nearest(const Big *big, int scale, bool more)
{
    int bits = bit_count(big), top = bits - 1 + scale;
    if (bits == 0)
        return 0;
    if (top > 1023)
        return (uint64_t)0x7ff << (MANTISSA - 1);
    int places = top >= LEAST_EXPONENT + MANTISSA - 1 ? MANTISSA : top - LEAST_EXPONENT + 1;
    if (places < 0)
        return 0;
    int dropped = bits - places;
    uint64_t mantissa = 0;
    for (int i = bits - 1; i >= bits - places; i--)
        mantissa = mantissa << 1 | (i >= 0 ? bit_at(big, i) : 0);
    for (int i = 0; i < dropped - 1 && !more; i++)
        more = bit_at(big, i);
    if (dropped > 0 && bit_at(big, dropped - 1) && (more || (mantissa & 1)))
        mantissa++;
    /* the leading one of a normal number, and a carry, count the exponent up */
    uint64_t field = places == MANTISSA ? (uint64_t)(top + 1022) : 0;
    return (field << (MANTISSA - 1)) + mantissa;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 16;
}

/* "e-12" and the like, where the text has it; `at` behind it. */
static bool read_exponent(const char **at, char mark, int *exponent)
{
    *exponent = 0;
    if ((**at | 0x20) != mark)
        return true;
    ++*at;
    bool negative = **at == '-';
    *at += **at == '-' || **at == '+';
    if (digit_of(**at) > 9)
        return false;
    for (; digit_of(**at) <= 9; ++*at)
        *exponent = *exponent < FAR ? *exponent * 10 + digit_of(**at) : FAR;
    *exponent = negative ? -*exponent : *exponent;
    return true;
}

typedef struct Digits {
    Big big;
    int count;  /* significant ones in `big` */
    int behind; /* of the point, and what is left out counts against it */
    bool more;  /* was left out */
} Digits;

/* Digits with at most one point among them. */
static bool read_digits(const char **at, int base, int most, Digits *digits)
{
    bool any = false, point = false;
    for (; digit_of(**at) < base || (**at == '.' && !point); ++*at) {
        if (**at == '.') {
            point = true;
            continue;
        }
        int digit = digit_of(**at);
        any = true;
        if (digits->count < most) {
            multiply(&digits->big, (uint32_t)base, (uint32_t)digit);
            digits->count += digits->big.count > 0;
            digits->behind += point;
        } else {
            digits->more |= digit != 0;
            digits->behind -= !point;
        }
    }
    return any;
}

static bool read_hexadecimal(const char *at, uint64_t *bits)
{
    Digits digits = {.count = 0};
    int exponent;
    if (!read_digits(&at, 16, 64, &digits) || !read_exponent(&at, 'p', &exponent) || *at)
        return false;
    *bits = nearest(&digits.big, exponent - 4 * digits.behind, digits.more);
    return true;
}

static bool read_decimal(const char *at, uint64_t *bits)
{
    Digits digits = {.count = 0};
    int exponent, scale = 0;
    if (!read_digits(&at, 10, MOST_DIGITS, &digits) || !read_exponent(&at, 'e', &exponent) || *at)
        return false;
    exponent -= digits.behind;
    *bits = 0;
    if (digits.count == 0 || digits.count + exponent < -330) /* below half the least double */
        return true;
    if (digits.count + exponent > 310) {
        *bits = (uint64_t)0x7ff << (MANTISSA - 1);
        return true;
    }
    for (int left = exponent; left > 0; left -= FIVES)
        multiply(&digits.big, left < FIVES ? five_to(left) : FIVE_POWER, 0);
    if (exponent < 0) {
        scale = -exponent * 7 / 3 + 66; /* log2 of five is less than 7/3 */
        shift_left(&digits.big, scale);
        for (int left = -exponent; left > 0; left -= FIVES)
            digits.more |= divide(&digits.big, left < FIVES ? five_to(left) : FIVE_POWER) != 0;
    }
    *bits = nearest(&digits.big, exponent - scale, digits.more);
    return true;
}

static bool is_word(const char *text, const char *word)
{
    while (*word && (*text | 0x20) == *word) {
        text++;
        word++;
    }
    return !*word && !*text;
}

bool rn_read_real(const char *text, double *value)
{
    uint64_t bits = (uint64_t)0x7ff << (MANTISSA - 1), sign = (uint64_t)(*text == '-') << 63;
    text += *text == '-' || *text == '+';
    if (text[0] == '0' && (text[1] | 0x20) == 'x') {
        if (!read_hexadecimal(text + 2, &bits))
            return false;
    } else if (!is_word(text, "inf") && !is_word(text, "infinity") && !read_decimal(text, &bits)) {
        return false;
    }
    bits |= sign;
    memcpy(value, &bits, sizeof bits);
    return true;
}
