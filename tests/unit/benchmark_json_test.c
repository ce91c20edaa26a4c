/* JSON is strict whatever a benchmark says: the parser of these tests accepts nothing else. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include <locale.h>

/* Registers under a name with every kind of character, and numbers that JSON cannot write. */
static void hostile(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
    benchmark_state_set_counter(state, "nan", NAN, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "inf", INFINITY, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "in\"f\n", -INFINITY, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "whole", 1234567, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_add_value(state, NAN);
    benchmark_state_add_value(state, 0.1);
    benchmark_state_set_label(state, "\x01\x1f\b\f\n\r\t\\\"/\xc3\xa4\xff\xed\xa0");
}

static void register_hostile(void)
{
    benchmark_use_manual_time(benchmark_iterations(benchmark_register("a\x02\"b", hostile, NULL), 2));
}

static void test_strict(void **state)
{
    (void)state;
    register_hostile();
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_context=k\x03=\"v\"");
    assert_non_null(outcome.json);
    const json_t *row = record(&outcome, 0);
    assert_string_equal(text(row, "name"), "a\x02\"b/iterations:2/manual_time");
    assert_true(json_is_null(json_object_get(row, "nan")));
    assert_true(json_is_null(json_object_get(row, "inf")));
    assert_true(json_is_null(json_object_get(row, "in\"f\n")));
    assert_string_equal(text(row, "label"), "\x01\x1f\b\f\n\r\t\\\"/\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    const json_t *values = json_object_get(row, "prony_values_ns");
    assert_true(json_is_null(json_array_get(values, 0)));
    assert_near(json_number_value(json_array_get(values, 1)), 0.1, 0);
    assert_string_equal(text(json_object_get(outcome.json, "context"), "k\x03"), "\"v\"");
    assert_non_null(
        strstr(outcome.out, "\"label\": \"\\u0001\\u001f\\b\\f\\n\\r\\t\\\\\\\"/\xc3\xa4\\ufffd\\ufffd\\ufffd\""));
    assert_non_null(strstr(outcome.out, "\"whole\": 1.2345670000000000e+06"));
    outcome_release(&outcome);
}

/* Keys in the order that readers know. */
static void test_order_of_keys(void **state)
{
    (void)state;
    register_hostile();
    struct outcome outcome = run_library("--benchmark_format=json");
    const char *record_keys[] = { "name",
                                  "family_index",
                                  "per_family_instance_index",
                                  "run_name",
                                  "run_type",
                                  "repetitions",
                                  "repetition_index",
                                  "threads",
                                  "iterations",
                                  "real_time",
                                  "cpu_time",
                                  "time_unit",
                                  "in\"f\n",
                                  "inf",
                                  "nan",
                                  "whole",
                                  "label",
                                  "prony_values_ns" };
    const char *key;
    json_t *value;
    size_t i = 0;
    json_object_foreach(record(&outcome, 0), key, value)
    {
        if (i < sizeof record_keys / sizeof record_keys[0])
            assert_string_equal(key, record_keys[i]);
        else
            assert_true(str_starts(key, "prony_"));
        i++;
    }
    const char *context_keys[] = { "date",        "host_name",           "executable",         "num_cpus",
                                   "mhz_per_cpu", "cpu_scaling_enabled", "aslr_enabled",       "caches",
                                   "load_avg",    "library_version",     "library_build_type", "json_schema_version" };
    i = 0;
    json_object_foreach(json_object_get(outcome.json, "context"), key, value)
    {
        if (!str_starts(key, "prony_"))
            assert_string_equal(key, context_keys[i++]);
    }
    assert_int_equal(i, sizeof context_keys / sizeof context_keys[0]);
    outcome_release(&outcome);
}

static void test_context(void **state)
{
    (void)state;
    register_hostile();
    struct outcome outcome = run_library("--benchmark_format=json");
    json_t *context = json_object_get(outcome.json, "context");
    int year, month, day, hour, minute, second, offset_hour, offset_minute, end = 0;
    char sign;
    const char *date = text(context, "date");
    assert_int_equal(sscanf(date, "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                            &sign, &offset_hour, &offset_minute, &end),
                     9);
    assert_int_equal(end, 25);
    assert_string_equal(text(context, "executable"), "./program");
    assert_true(number(context, "num_cpus") >= 1);
    assert_true(json_is_integer(json_object_get(context, "mhz_per_cpu")));
    assert_true(json_is_array(json_object_get(context, "caches")));
    assert_true(json_array_size(json_object_get(context, "load_avg")) <= 3);
    outcome_release(&outcome);
}

static void test_locale(void **state)
{
    (void)state;
    const char *locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8" };
    const char *set = NULL;
    for (size_t i = 0; i < 4 && !set; i++)
        set = setlocale(LC_ALL, locales[i]);
    if (!set) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    register_hostile();
    struct outcome outcome = run_library("--benchmark_format=json");
    setlocale(LC_ALL, "C");
    assert_non_null(outcome.json);
    assert_near(number(record(&outcome, 0), "real_time"), 1, 1e-12);
    outcome_release(&outcome);
}

static void see_locale(struct benchmark_state *state)
{
    size_t bytes = MB_CUR_MAX;
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
    benchmark_state_set_counter(state, "bytes", (double)bytes, BENCHMARK_COUNTER_AVG_THREADS);
}

static void see_locale_before(struct benchmark_state *state)
{
    if (MB_CUR_MAX < 4)
        benchmark_state_skip_with_error(state, "setup in another locale");
}

/* What is measured runs in the program's locale, on every thread. */
static void test_locale_of_benchmarks(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "C.UTF-8"))
        skip();
    for (int threads = 1; threads <= 2; threads++) {
        struct benchmark *family = benchmark_register("locale", see_locale, NULL);
        benchmark_iterations(benchmark_threads(family, threads), 1);
        benchmark_setup_case(benchmark_setup(family, see_locale_before), see_locale_before);
    }
    size_t bytes = MB_CUR_MAX;
    struct outcome outcome = run_library("--benchmark_format=json");
    bool kept = MB_CUR_MAX == bytes;
    setlocale(LC_ALL, "C");
    assert_true(kept);
    for (size_t i = 0; i < 2; i++)
        assert_near(number(record(&outcome, i), "bytes"), (double)bytes, 1e-12);
    outcome_release(&outcome);
}

static void skips(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "\"quoted\"");
}

static void test_csv_of_skips(void **state)
{
    (void)state;
    benchmark_register("BM_error", skips, NULL);
    struct outcome outcome = run_library("--benchmark_format=csv");
    assert_string_equal(outcome.out,
                        "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
                        "error_occurred,error_message\n\"BM_error\",,,,,,,,true,\"\"\"quoted\"\"\"\n");
    outcome_release(&outcome);
}

/* ---- the numbers' own digits against snprintf's ---- */

static void check_double(double value)
{
    char got[64], want[64];
    *benchmark_number_double(got, value) = 0;
    snprintf(want, sizeof want, "%.16e", value);
    if (strcmp(got, want) != 0)
        fail_msg("%a: %s is not %s", value, got, want);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void test_random_doubles(void **state)
{
    (void)state;
    uint64_t random = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&random);
        double any;
        memcpy(&any, &bits, sizeof any);
        if (isfinite(any))
            check_double(any);
        check_double((double)(next_random(&random) % 1000000) / (double)(1 + next_random(&random) % 1000));
    }
}

/* Powers of two and ten and their neighbours, ties, whole numbers, the ends of the range. */
static void test_chosen_doubles(void **state)
{
    (void)state;
    const double ends[] = {
        0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1, -1, 0.1, 1e17, 1e23
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        check_double(ends[i]);
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double power = ldexp(1, exponent);
        check_double(power);
        check_double(nextafter(power, 0));
        check_double(-nextafter(power, INFINITY));
        check_double(1.25 * power);
    }
    for (int exponent = -323; exponent < 309; exponent++) {
        char digits[16];
        snprintf(digits, sizeof digits, "1e%d", exponent);
        double power = strtod(digits, NULL);
        check_double(power);
        check_double(nextafter(power, 0));
        check_double(nextafter(power, INFINITY));
        check_double(7 * power);
    }
    /* 17 digits and a half behind them: to the even digit. */
    for (int i = 0; i < 2000; i++)
        check_double(2251799813685248.0 + 0.25 * (2 * i + 1));
}

static void test_integers(void **state)
{
    (void)state;
    const int64_t values[] = { 0, 1, 9, 10, 11, 99, 100, 101, 12345, -1, -100, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char got[BENCHMARK_NUMBER_SIZE], want[BENCHMARK_NUMBER_SIZE];
        *benchmark_number_int(got, values[i]) = 0;
        snprintf(want, sizeof want, "%lld", (long long)values[i]);
        assert_string_equal(got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_doubles),
        cmocka_unit_test(test_chosen_doubles),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_order_of_keys),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_locale_of_benchmarks),
        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_csv_of_skips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
