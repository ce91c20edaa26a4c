/* Text helpers: what strict parsers must refuse, and human numbers at their thresholds. */
#include "harness/base/str.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_append_grows(void **state)
{
    (void)state;
    struct str str = { 0 };
    assert_string_equal(str_text(&str), "");
    for (int i = 0; i < 1000; i++)
        str_appendf(&str, "%d,", i);
    assert_int_equal(str.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_true(str_starts(str.data, "0,1,2,"));
    assert_true(str_ends(str.data, "998,999,"));
    char *taken = str_take(&str);
    assert_null(str.data);
    free(taken);
}

static void test_integers_are_strict(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_true(str_parse_i64("-9223372036854775808", &value));
    assert_true(value == INT64_MIN);
    const char *bad[] = { "", " 1", "1 ", "1x", "0x10", "9223372036854775808", "abc", "-" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_parse_i64(bad[i], &value));
    uint64_t natural;
    assert_true(str_parse_u64("18446744073709551615", &natural));
    assert_false(str_parse_u64("-1", &natural));
}

static void test_floats_are_strict(void **state)
{
    (void)state;
    double value;
    assert_true(str_parse_f64("1e-3", &value));
    assert_true(fabs(value - 1e-3) < 1e-18);
    const char *bad[] = { "", "nan", "inf", "1e999", "1.5x", "--1" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_parse_f64(bad[i], &value));
}

static void test_units(void **state)
{
    (void)state;
    uint64_t bytes;
    assert_true(str_parse_bytes("2.5M", &bytes) && bytes == 2621440);
    assert_true(str_parse_bytes("4KiB", &bytes) && bytes == 4096);
    assert_false(str_parse_bytes("4X", &bytes));
    assert_false(str_parse_bytes("-1k", &bytes));
    assert_false(str_parse_bytes("99999999999999G", &bytes));
    double seconds;
    assert_true(str_parse_duration("250ms", &seconds) && fabs(seconds - 0.25) < 1e-12);
    assert_true(str_parse_duration("2h", &seconds) && fabs(seconds - 7200) < 1e-12);
    assert_false(str_parse_duration("5 s", &seconds));
    assert_false(str_parse_duration("s", &seconds));
}

static void test_human_numbers(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(str_bytes(buffer, sizeof buffer, 1023), "1023 B");
    assert_string_equal(str_bytes(buffer, sizeof buffer, 1024), "1.00 KiB");
    assert_string_equal(str_bytes(buffer, sizeof buffer, 1.5 * 1024 * 1024 * 1024), "1.50 GiB");
    assert_string_equal(str_duration(buffer, sizeof buffer, 1.234e-3), "1.23 ms");
    assert_string_equal(str_duration(buffer, sizeof buffer, 999.6e-6), "1.00 ms");
    assert_string_equal(str_duration(buffer, sizeof buffer, 0), "0 s");
    assert_string_equal(str_duration(buffer, sizeof buffer, 150), "2 min 30 s");
    assert_string_equal(str_si(buffer, sizeof buffer, 12.34e9, "flop/s"), "12.3 Gflop/s");
    assert_string_equal(str_si(buffer, sizeof buffer, 999.6, ""), "1.00 k");
    assert_string_equal(str_si(buffer, sizeof buffer, 5, ""), "5.00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_grows),      cmocka_unit_test(test_integers_are_strict),
        cmocka_unit_test(test_floats_are_strict), cmocka_unit_test(test_units),
        cmocka_unit_test(test_human_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
