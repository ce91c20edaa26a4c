/* names_test.c: checks 1 to 10: names and registration. */
#include "tests/conformance/conformance.h"

/* ---- 8: the macros ---- */

static int capture_value = 7;
static void BM_captured(struct benchmark_state *state)
{
    assert_int_equal(*(int *)benchmark_state_user_data(state), 7);
    brief(state);
}
static void BM_named(struct benchmark_state *state)
{
    brief(state);
}
static void BM_typed_int(struct benchmark_state *state)
{
    brief(state);
}
static void BM_typed_int_char(struct benchmark_state *state)
{
    brief(state);
}
static void Method(struct benchmark_state *state)
{
    brief(state);
}
static const struct benchmark_fixture fixture = { "Fixture", NULL, NULL },
                                      typed_fixture = { "Fixture<int>", NULL, NULL };
BENCHMARK_CAPTURE_WITH(BM_captured, some_case, &capture_value, benchmark_iterations(family, 1));
BENCHMARK_NAMED(BM_named, other_case);
BENCHMARK_TEMPLATE(BM_typed, int);
BENCHMARK_TEMPLATE2_WITH(BM_typed, int, char, benchmark_arg(family, 3));
BENCHMARK_FIXTURE(fixture, Method);
BENCHMARK_FIXTURE_WITH(typed_fixture, Method, benchmark_arg(family, 2));

/* The macros registered before main: this check comes first. Case names of captures, template instances, fixtures. */
static void check_08_captures_templates_fixtures(void **state)
{
    (void)state;
    expect_names("BM_captured/some_case/iterations:1\nBM_named/other_case\nBM_typed<int>\nBM_typed<int,char>/3\n"
                 "Fixture/Method\nFixture<int>/Method/2\n");
}

/* ---- 1 to 5 ---- */

static void check_01_plain_function(void **state)
{
    (void)state;
    static const char *const keys[] = { "name",
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
                                        "time_unit" };
    benchmark_register("BM_basic", brief, NULL);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=2x");
    json_t *run = record(&outcome, 0);
    assert_string_equal(text(run, "name"), "BM_basic");
    assert_string_equal(text(run, "run_name"), "BM_basic");
    assert_string_equal(text(run, "run_type"), "iteration");
    assert_string_equal(text(run, "time_unit"), "ns");
    assert_true(number(run, "family_index") == 0 && number(run, "per_family_instance_index") == 0);
    assert_true(number(run, "repetitions") == 1 && number(run, "repetition_index") == 0);
    assert_true(number(run, "threads") == 1 && number(run, "iterations") == 2);
    size_t at = 0;
    const char *key;
    json_t *value;
    json_object_foreach(run, key, value)
    {
        if (at < sizeof keys / sizeof keys[0])
            assert_string_equal(key, keys[at++]);
        else
            assert_true(str_starts(key, "prony_"));
    }
    assert_int_equal(at, sizeof keys / sizeof keys[0]);
    outcome_release(&outcome);
}

static void check_02_arguments(void **state)
{
    (void)state;
    benchmark_arg(benchmark_register("BM_arg", brief, NULL), 3);
    benchmark_arg(benchmark_arg_name(benchmark_register("BM_arg_name", brief, NULL), "first"), 3);
    struct benchmark *family = benchmark_register("BM_arg_names", brief, NULL);
    benchmark_args(family, (int64_t[]){ 2, 5, 4 }, 3);
    benchmark_arg_names(family, (const char *[]){ "first", "", "third" }, 3);
    benchmark_threads(benchmark_iterations(benchmark_arg(benchmark_register("", brief, NULL), 1), 2), 1);
    benchmark_min_time(benchmark_register("", brief, NULL), 1); /* empty parts are dropped */
    expect_names("BM_arg/3\nBM_arg_name/first:3\nBM_arg_names/first:2/5/third:4\n1/iterations:2/threads:1\n"
                 "min_time:1.000\n");
}

static void check_03_name_replaces_the_function(void **state)
{
    (void)state;
    benchmark_name(benchmark_register("BM_function", brief, NULL), "BM_custom_name");
    benchmark_name(benchmark_args(benchmark_register("BM_args", brief, NULL), (int64_t[]){ 1, 2 }, 2), "BM_after_args");
    expect_names("BM_custom_name\nBM_after_args/1/2\n");
}

static void check_04_everything_in_a_name(void **state)
{
    (void)state;
    struct benchmark *family = benchmark_arg(benchmark_register("BM_all", brief, NULL), 8);
    benchmark_threads(benchmark_use_manual_time(benchmark_measure_process_cpu_time(family)), 2);
    benchmark_repetitions(benchmark_iterations(family, 2), 2);
    expect_names("BM_all/8/iterations:2/repeats:2/process_time/manual_time/threads:2\n");
}

static void check_05_minimum_times(void **state)
{
    (void)state;
    benchmark_min_time(benchmark_register("BM_min", brief, NULL), 0.0005);
    benchmark_min_warmup_time(benchmark_min_time(benchmark_register("BM_warm", brief, NULL), 2), 0.0005);
    benchmark_register("BM_flags", brief, NULL);
    struct outcome outcome = run_library("--benchmark_list_tests --benchmark_min_time=3s --benchmark_repetitions=5 "
                                         "--benchmark_min_warmup_time=1 --benchmark_time_unit=ms");
    assert_string_equal(outcome.out, "BM_min/min_time:0.001\nBM_warm/min_time:2.000/min_warmup_time:0.001\nBM_flags\n");
    outcome_release(&outcome);
}

/* ---- 6 ---- */

static void expect_range(int64_t lo, int64_t hi, int64_t multiplier, const char *expected)
{
    benchmark_range(benchmark_range_multiplier(benchmark_register("r", brief, NULL), multiplier), lo, hi);
    struct outcome outcome = run_library("--benchmark_list_tests");
    for (char *c = outcome.out; *c; c++)
        *c = *c == '\n' || *c == 'r' ? ' ' : *c;
    struct str values = { 0 };
    for (char *rest = outcome.out, *word; (word = strsep(&rest, " /")) != NULL;)
        if (word[0])
            str_appendf(&values, "%s ", word);
    assert_string_equal(str_text(&values), expected);
    str_release(&values);
    outcome_release(&outcome);
}

static void check_06_argument_generators(void **state)
{
    (void)state;
    expect_range(-8, 8, 2, "-8 -4 -2 -1 0 1 2 4 8 ");
    expect_range(-30, 32, 5, "-30 -25 -5 -1 0 1 5 25 32 ");
    expect_range(-8, 8, 10, "-8 -1 0 1 8 ");
    expect_range(5, 15, 2, "5 8 15 ");
    expect_range(0, 2, 2, "0 1 2 ");
    expect_range(1, INT64_MAX, 1024,
                 "1 1024 1048576 1073741824 1099511627776 1125899906842624 1152921504606846976 "
                 "9223372036854775807 ");
    expect_range(INT64_MIN, INT64_MAX, 1LL << 40,
                 "-9223372036854775808 -1099511627776 -1 0 1 1099511627776 "
                 "9223372036854775807 ");
    benchmark_dense_range(benchmark_register("d", brief, NULL), -2, 3, 2);
    benchmark_ranges(benchmark_register("s", brief, NULL), (const int64_t[][2]){ { 1, 2 }, { 3, 4 } }, 2);
    const struct benchmark_list lists[] = { { (int64_t[]){ 1, 2 }, 2 }, { (int64_t[]){ 10, 20 }, 2 } };
    benchmark_args_product(benchmark_register("p", brief, NULL), lists, 2);
    expect_names("d/-2\nd/0\nd/2\ns/1/3\ns/2/3\ns/1/4\ns/2/4\np/1/10\np/2/10\np/1/20\np/2/20\n");
}

/* ---- 7 ---- */

static void check_07_thread_ranges(void **state)
{
    (void)state;
    benchmark_thread_range(benchmark_register("r", brief, NULL), 1, 8);
    benchmark_dense_thread_range(benchmark_register("d", brief, NULL), 1, 8, 3);
    benchmark_thread_per_cpu(benchmark_register("c", brief, NULL));
    char *expected = mem_format("r/threads:1\nr/threads:2\nr/threads:4\nr/threads:8\n"
                                "d/threads:1\nd/threads:4\nd/threads:7\nd/threads:8\nc/threads:%ld\n",
                                sysconf(_SC_NPROCESSORS_ONLN));
    expect_names(expected);
    free(expected);
    /* Argument tuples vary slower than thread counts. */
    benchmark_thread_range(benchmark_arg(benchmark_arg(benchmark_register("a", brief, NULL), 5), 6), 1, 2);
    expect_names("a/5/threads:1\na/5/threads:2\na/6/threads:1\na/6/threads:2\n");
}

/* ---- 9, 10 ---- */

static void check_09_disabled(void **state)
{
    (void)state;
    const char *flags[] = { "--benchmark_list_tests --benchmark_filter=.",
                            "--benchmark_filter=. --benchmark_color=no" };
    for (size_t i = 0; i < 2; i++) {
        add_brief("DISABLED_BM_never");
        add_brief("BM_DISABLED_runs");
        struct outcome outcome = run_library(flags[i]);
        assert_int_equal(outcome.matched, 1);
        assert_null(strstr(outcome.out, "never"));
        expect_contains(outcome.out, "BM_DISABLED_runs");
        outcome_release(&outcome);
    }
}

static void ten_arguments(struct benchmark *family)
{
    for (int64_t i = 0; i < 10; i++)
        benchmark_arg(family, i);
}

static void check_10_apply_and_large_families(void **state)
{
    (void)state;
    benchmark_apply(benchmark_register("a", brief, NULL), ten_arguments);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=1x");
    assert_int_equal(json_array_size(outcome.records), 10);
    assert_string_equal(text(record(&outcome, 9), "name"), "a/9");
    assert_true(number(record(&outcome, 9), "per_family_instance_index") == 9);
    assert_null(strstr(outcome.err, "very large"));
    outcome_release(&outcome);

    benchmark_dense_range(benchmark_register("many", brief, NULL), 1, 101, 1);
    outcome = run_library("--benchmark_list_tests");
    assert_string_equal(outcome.err, "The number of inputs is very large. many will be repeated at least 101 times.\n");
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_08_captures_templates_fixtures), /* first: see there */
        cmocka_unit_test(check_01_plain_function),
        cmocka_unit_test(check_02_arguments),
        cmocka_unit_test(check_03_name_replaces_the_function),
        cmocka_unit_test(check_04_everything_in_a_name),
        cmocka_unit_test(check_05_minimum_times),
        cmocka_unit_test(check_06_argument_generators),
        cmocka_unit_test(check_07_thread_ranges),
        cmocka_unit_test(check_09_disabled),
        cmocka_unit_test(check_10_apply_and_large_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
