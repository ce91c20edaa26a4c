/* number.c: numbers as the JSON needs them, many times faster than snprintf.
 *
 * "%.16e" of v = m * 2^e: with k = floor(log10(v)) the 17 digits are N = round(v * 10^(16-k)). The power of ten is
 * 10^j * 10^(19i) with j from 0 to 18: m * 10^j is exact in 128 bits, and 10^(19i) comes from a table, cut off after
 * 128 bits. So the product of 256 bits is too small by less than 2^128, which leaves more than 60 known bits behind the
 * point. Where those do not decide how to round, snprintf does (about once in 10^18 numbers). */
#include "harness/benchmark/internal.h"
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* 10^(19i) is (high * 2^64 + low) * 2^exponent, rounded down; exact for i = 0, 1, 2. */
struct power {
    uint64_t high, low;
    int exponent;
};
enum { POWER_STEP = 19, POWER_FIRST = -16 };
static const struct power powers[] = {
    { 0x8c71dcd9ba0b4925, 0x9ff0c08b7f1d0b14, -1137 }, { 0x9845418c345644d6, 0x830a13896b78aaa9, -1074 },
    { 0xa5178fff668ae0b6, 0x626e974dbe39a872, -1011 }, { 0xb2fe3f0b8599ef07, 0x861fa7e6dcb4aa15, -948 },
    { 0xc21094364dfb5636, 0x985915fc12f542e4, -885 },  { 0xd267caa862a12d66, 0xd072df63c324fd7b, -822 },
    { 0xe41f3d6a7377eeca, 0x20caba5f1d9e4a93, -759 },  { 0xf7549530e188c128, 0xd12bee59e68ef47c, -696 },
    { 0x8613fd0145877585, 0xbd06742ce95f5f36, -632 },  { 0x915e2486ef32cd60, 0x0ace1474dc1d122e, -569 },
    { 0x9d9ba7832936edc0, 0xd54b944b84aa4c0d, -506 },  { 0xaae103b5fcd2a881, 0xd652bdc29f26a119, -443 },
    { 0xb94470938fa89bce, 0xf808e40e8d5b3e69, -380 },  { 0xc8de047564d20a8b, 0xf245825a5a445275, -317 },
    { 0xd9c7dced53c72255, 0x96e7bd358c904a21, -254 },  { 0xec1e4a7db69561a5, 0x2b31e9e3d06c32e5, -191 },
    { 0x8000000000000000, 0x0000000000000000, -127 },  { 0x8ac7230489e80000, 0x0000000000000000, -64 },
    { 0x96769950b50d88f4, 0x1314448000000000, -1 },    { 0xa321f2d7226895c7, 0xaff72d52192b6a0d, 62 },
    { 0xb0de65388cc8ada8, 0x3b25a55f43294bcb, 125 },   { 0xbfc2ef456ae276e8, 0x9e3fedd8c321a67e, 188 },
    { 0xcfe87f7cef46ff16, 0xe612641865679a63, 251 },   { 0xe16a1dc9d8545e94, 0xf4296dd6fef3d67a, 314 },
    { 0xf46518c2ef5b8cd1, 0x7eb258665fc25d69, 377 },   { 0x847c9b5d7c2e09b7, 0x69956135febada11, 441 },
    { 0x8fa475791a569d10, 0xf96e017d694487bc, 504 },   { 0x9bbcc7a142b17ccb, 0x88a66076400bb691, 567 },
    { 0xa8d9d1535ce3b396, 0x7f1839a741a14d0d, 630 },   { 0xb7118682dbb66a77, 0x3fbc8c33221dc2a1, 693 },
    { 0xc67bb4597ce2ce48, 0xb143c6053edcd0d5, 756 },   { 0xd732290fbacaf133, 0xa97c177947ad4095, 819 },
    { 0xe950df20247c83fd, 0x47c6b82ef32a2069, 882 },   { 0xfcf62c1dee382c42, 0x46729e03dd9ed7b5, 945 },
};

static const uint64_t tens[POWER_STEP] = { 1,
                                           10,
                                           100,
                                           1000,
                                           10000,
                                           100000,
                                           1000000,
                                           10000000,
                                           100000000,
                                           1000000000,
                                           10000000000,
                                           100000000000,
                                           1000000000000,
                                           10000000000000,
                                           100000000000000,
                                           1000000000000000,
                                           10000000000000000,
                                           100000000000000000,
                                           1000000000000000000 };

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

/* ---- integers ---- */

char *benchmark_number_int(char *buffer, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    while (rest >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + rest % 100 * 2, 2);
        rest /= 100;
    }
    if (rest >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + rest * 2, 2);
    } else {
        digits[--at] = (char)('0' + rest);
    }
    if (value < 0)
        digits[--at] = '-';
    memcpy(buffer, digits + at, sizeof digits - at);
    return buffer + (sizeof digits - at);
}

/* ---- doubles ---- */

static void multiply(uint128 a, uint128 b, uint128 *high, uint128 *low)
{
    uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a, b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
    uint128 low_part = (uint128)a0 * b0, middle = (uint128)a1 * b0, other = (uint128)a0 * b1;
    middle += low_part >> 64; /* cannot overflow: (2^64 - 1)^2 + 2^64 < 2^128 */
    uint128 carried = other + (uint64_t)middle;
    *high = (uint128)a1 * b1 + (middle >> 64) + (carried >> 64);
    *low = (carried << 64) | (uint64_t)low_part;
}

static int leading_zeros(uint128 value)
{
    uint64_t high = (uint64_t)(value >> 64);
    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)value);
}

/* v * 10^power for v = mantissa * 2^exponent: the whole part, and how it is to be rounded. */
enum rounding { ROUND_DOWN, ROUND_UP, ROUND_UNDECIDED };
static uint64_t scale(uint64_t mantissa, int exponent, int power, enum rounding *rounding)
{
    int step = (power >= 0 ? power : power - (POWER_STEP - 1)) / POWER_STEP; /* rounded down */
    const struct power *coarse = &powers[step - POWER_FIRST];
    bool exact = step >= 0 && step <= 2;
    uint128 x = (uint128)mantissa * tens[power - step * POWER_STEP], high, low;
    int shift = leading_zeros(x);
    multiply(x << shift, (uint128)coarse->high << 64 | coarse->low, &high, &low);
    int point = shift - exponent - coarse->exponent - 128; /* bits of high behind the point */
    uint64_t whole = (uint64_t)(high >> point);
    uint128 fraction = high & (((uint128)1 << point) - 1), half = (uint128)1 << (point - 1);
    if (exact && fraction == half && low == 0)
        *rounding = whole % 2 ? ROUND_UP : ROUND_DOWN; /* a tie goes to the even digit */
    else if (fraction >= half)
        *rounding = ROUND_UP;
    else
        *rounding = exact || fraction + 2 <= half ? ROUND_DOWN : ROUND_UNDECIDED;
    return whole;
}

static void write_eight(char *buffer, uint32_t value)
{
    uint32_t high = value / 10000, low = value % 10000;
    memcpy(buffer, pairs + high / 100 * 2, 2);
    memcpy(buffer + 2, pairs + high % 100 * 2, 2);
    memcpy(buffer + 4, pairs + low / 100 * 2, 2);
    memcpy(buffer + 6, pairs + low % 100 * 2, 2);
}

static char *write_parts(char *at, uint64_t digits, int exponent)
{
    uint64_t high = digits / 100000000;
    at[0] = (char)('0' + high / 100000000);
    at[1] = '.';
    write_eight(at + 2, (uint32_t)(high % 100000000));
    write_eight(at + 10, (uint32_t)(digits % 100000000));
    at[18] = 'e';
    at[19] = exponent < 0 ? '-' : '+';
    at += 20;
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (size >= 100)
        *at++ = (char)('0' + size / 100);
    memcpy(at, pairs + size % 100 * 2, 2);
    return at + 2;
}

/* floor(log10(v)), or one less: log2(1 + f) >= f. */
static int estimate_exponent(uint64_t mantissa, int exponent)
{
    int top = 63 - __builtin_clzll(mantissa);
    double fraction = (double)(mantissa << (63 - top) << 1) * 0x1p-64;
    double log10_below = (exponent + top + fraction) * 0.30102999566398;
    int truncated = (int)log10_below;
    return truncated - (log10_below < truncated);
}

char *benchmark_number_double(char *buffer, double value)
{
    const uint64_t lowest = 10000000000000000; /* of 17 digits */
    uint64_t bits, digits = 0;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((1ull << 52) - 1);
    int exponent = (int)(bits >> 52 & 2047);
    if (exponent == 2047 || bits << 1 == 0)
        return buffer + snprintf(buffer, BENCHMARK_NUMBER_SIZE, "%.16e", value);
    if (exponent)
        mantissa |= 1ull << 52;
    else
        exponent = 1;
    exponent -= 1075;

    int k = estimate_exponent(mantissa, exponent);
    enum rounding rounding = ROUND_UNDECIDED;
    for (;;) {
        digits = scale(mantissa, exponent, 16 - k, &rounding);
        if (rounding == ROUND_UNDECIDED)
            return buffer + snprintf(buffer, BENCHMARK_NUMBER_SIZE, "%.16e", value);
        if (digits < lowest) {
            k--;
            continue;
        }
        digits += rounding == ROUND_UP;
        if (digits <= 10 * lowest)
            break;
        k++;
    }
    if (digits == 10 * lowest) { /* 9.99... became 10 */
        digits = lowest;
        k++;
    }
    if (bits >> 63)
        *buffer++ = '-';
    return write_parts(buffer, digits, k);
}
