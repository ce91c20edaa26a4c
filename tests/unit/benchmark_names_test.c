/* Case names, argument lists, and which cases a filter selects. */
#include "tests/unit/benchmark_support.h"
#include <limits.h>

static void nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

/* Lists with the flags and compares with the expected lines. */
static void expect_list(const char *flags, const char *expected)
{
    struct outcome outcome = run_library(flags);
    assert_string_equal(outcome.out, expected);
    outcome_release(&outcome);
}

static void test_arguments_in_names(void **state)
{
    (void)state;
    benchmark_register("BM_basic", nothing, NULL);
    benchmark_arg(benchmark_register("BM_arg", nothing, NULL), 3);
    benchmark_arg(benchmark_arg_name(benchmark_register("BM_name", nothing, NULL), "first"), 3);
    benchmark_args(
        benchmark_arg_names(benchmark_register("BM_names", nothing, NULL), (const char *[]){ "first", "", "third" }, 3),
        (int64_t[]){ 2, 5, 4 }, 3);
    benchmark_name(benchmark_arg(benchmark_register("BM_old", nothing, NULL), 7), "BM_custom_name");
    benchmark_arg(benchmark_register("BM_negative", nothing, NULL), INT64_MIN);
    expect_list("--benchmark_list_tests", "BM_basic\nBM_arg/3\nBM_name/first:3\nBM_names/first:2/5/third:4\n"
                                          "BM_custom_name/7\nBM_negative/-9223372036854775808\n");
}

static void test_settings_in_names(void **state)
{
    (void)state;
    struct benchmark *all = benchmark_register("BM_all", nothing, NULL);
    benchmark_iterations(benchmark_arg(all, 8), 2);
    benchmark_use_manual_time(benchmark_measure_process_cpu_time(benchmark_repetitions(all, 2)));
    benchmark_use_real_time(
        benchmark_min_warmup_time(benchmark_min_time(benchmark_register("BM_mintime", nothing, NULL), 0.0005), 0.0005));
    benchmark_min_time(benchmark_register("BM_tiny", nothing, NULL), 4e-5);
    benchmark_measure_process_cpu_time(benchmark_register("BM_process", nothing, NULL));
    benchmark_use_real_time(benchmark_measure_process_cpu_time(benchmark_register("BM_both", nothing, NULL)));
    /* Flags never change a name. */
    expect_list("--benchmark_list_tests --benchmark_min_time=3s --benchmark_repetitions=5",
                "BM_all/8/iterations:2/repeats:2/process_time/manual_time\n"
                "BM_mintime/min_time:0.001/min_warmup_time:0.001/real_time\n"
                "BM_tiny/min_time:0.000\nBM_process/process_time\nBM_both/process_time/real_time\n");
}

static void expect_range(int64_t lo, int64_t hi, int64_t multiplier, const char *expected)
{
    struct benchmark *family = benchmark_register("r", nothing, NULL);
    benchmark_range(benchmark_range_multiplier(family, multiplier), lo, hi);
    struct outcome outcome = run_library("--benchmark_list_tests");
    struct str values = { 0 };
    for (const char *c = outcome.out; *c; c++)
        if (*c == '\n')
            str_append_char(&values, ' ');
        else if (*c != 'r' && *c != '/')
            str_append_char(&values, *c);
    assert_string_equal(str_text(&values), expected);
    str_release(&values);
    outcome_release(&outcome);
}

static void test_ranges(void **state)
{
    (void)state;
    expect_range(-8, 8, 2, "-8 -4 -2 -1 0 1 2 4 8 ");
    expect_range(-30, 32, 5, "-30 -25 -5 -1 0 1 5 25 32 ");
    expect_range(-8, 8, 10, "-8 -1 0 1 8 ");
    expect_range(5, 15, 2, "5 8 15 ");
    expect_range(0, 2, 2, "0 1 2 ");
    expect_range(0, 0, 2, "0 ");
    expect_range(0, 1, 2, "0 1 ");
    expect_range(-1, 0, 2, "-1 0 ");
    expect_range(-8, 0, 2, "-8 -4 -2 -1 0 ");
    expect_range(-64, -2, 4, "-64 -16 -4 -2 ");
    expect_range(8, 512, 8, "8 64 512 ");
    expect_range(1, INT64_MAX, 1024,
                 "1 1024 1048576 1073741824 1099511627776 1125899906842624 1152921504606846976 9223372036854775807 ");
    expect_range(INT64_MIN, INT64_MAX, 1LL << 40,
                 "-9223372036854775808 -1099511627776 -1 0 1 1099511627776 9223372036854775807 ");
}

static void test_products_and_dense_ranges(void **state)
{
    (void)state;
    const struct benchmark_list lists[] = { { (int64_t[]){ 1, 2 }, 2 }, { (int64_t[]){ 10, 20 }, 2 } };
    benchmark_args_product(benchmark_register("p", nothing, NULL), lists, 2);
    benchmark_ranges(benchmark_register("q", nothing, NULL), (const int64_t[][2]){ { 1, 2 }, { 3, 3 } }, 2);
    benchmark_dense_range(benchmark_register("d", nothing, NULL), -2, 3, 2);
    benchmark_dense_range(benchmark_register("e", nothing, NULL), INT64_MAX - 1, INT64_MAX, 1);
    expect_list("--benchmark_list_tests", "p/1/10\np/2/10\np/1/20\np/2/20\nq/1/3\nq/2/3\nd/-2\nd/0\nd/2\n"
                                          "e/9223372036854775806\ne/9223372036854775807\n");
}

static void ten_arguments(struct benchmark *family)
{
    for (int64_t i = 0; i < 10; i++)
        benchmark_arg(family, i);
}

static void test_apply_and_many_inputs(void **state)
{
    (void)state;
    benchmark_apply(benchmark_register("a", nothing, NULL), ten_arguments);
    struct outcome outcome = run_library("--benchmark_list_tests --benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 10);
    outcome_release(&outcome);

    benchmark_dense_range(benchmark_register("many", nothing, NULL), 1, 101, 1);
    outcome = run_library("--benchmark_list_tests");
    assert_string_equal(outcome.err, "The number of inputs is very large. many will be repeated at least 101 times.\n");
    outcome_release(&outcome);
}

static void register_five(void)
{
    const char *names[] = { "NoPrefix", "BM_Foo", "BM_Bar", "BM_FooBar", "BM_FooBa" };
    for (size_t i = 0; i < 5; i++)
        benchmark_iterations(benchmark_register(names[i], nothing, NULL), 1);
}

static void test_filters(void **state)
{
    (void)state;
    const struct {
        const char *filter;
        size_t count;
    } cases[] = { { "Foo", 3 }, { "-Foo", 2 },    { "BM_.*", 4 }, { "-BM_.*", 1 }, { ".*", 5 },
                  { "-.*", 0 }, { "", 5 },        { "-", 0 },     { "monkey", 0 }, { "-monkey", 5 },
                  { "^N", 1 },  { ".*/it.*", 5 }, { "all", 5 },   { "Ba/", 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        register_five();
        char *flags = mem_format("--benchmark_filter=%s --benchmark_format=json", cases[i].filter);
        struct outcome outcome = run_library(flags);
        if (outcome.matched != cases[i].count || json_array_size(outcome.records) != cases[i].count)
            fail_msg("%s: %zu matched, expected %zu", flags, outcome.matched, cases[i].count);
        /* family_index counts families that have a selected case */
        for (size_t r = 0; r < cases[i].count; r++)
            assert_int_equal(number(record(&outcome, r), "family_index"), r);
        outcome_release(&outcome);
        free(flags);
    }
}

static void test_disabled(void **state)
{
    (void)state;
    benchmark_register("DISABLED_x", nothing, NULL);
    benchmark_register("y_DISABLED_x", nothing, NULL);
    expect_list("--benchmark_list_tests --benchmark_filter=.", "y_DISABLED_x\n");
}

static void test_no_match_and_bad_regex(void **state)
{
    (void)state;
    benchmark_register("x", nothing, NULL);
    struct outcome outcome = run_library("--benchmark_filter=monkey");
    assert_string_equal(outcome.err, "Failed to match any benchmarks against regex: monkey\n");
    assert_string_equal(outcome.out, "");
    assert_int_equal(outcome.status, 0);
    outcome_release(&outcome);

    outcome = run_library(""); /* nothing registered */
    assert_string_equal(outcome.err, "Failed to match any benchmarks against regex: .\n");
    outcome_release(&outcome);

    benchmark_register("x", nothing, NULL);
    outcome = run_library("--benchmark_filter=( --prony_exit_code");
    assert_true(str_starts(outcome.err, "Could not compile benchmark re: "));
    assert_string_equal(outcome.out, "");
    assert_int_equal(outcome.matched, 0);
    assert_int_equal(outcome.status, 1);
    outcome_release(&outcome);
}

static void test_list_formats(void **state)
{
    (void)state;
    benchmark_dense_range(benchmark_register("x\"y", nothing, NULL), 1, 2, 1);
    expect_list("--benchmark_list_tests=true --benchmark_format=csv", "name\n\"x\"\"y/1\"\n\"x\"\"y/2\"\n");
    benchmark_dense_range(benchmark_register("x", nothing, NULL), 1, 2, 1);
    expect_list(
        "--benchmark_list_tests --benchmark_format=json",
        "{\n  \"benchmarks\": [\n    {\n      \"name\": \"x/1\"\n    },\n    {\n      \"name\": \"x/2\"\n    }\n"
        "  ]\n}\n");
}

static void test_misuse_becomes_an_error_record(void **state)
{
    (void)state;
    benchmark_range(benchmark_register("range", nothing, NULL), 8, 1);
    benchmark_iterations(benchmark_register("zero", nothing, NULL), 0);
    benchmark_use_manual_time(benchmark_use_real_time(benchmark_register("clocks", nothing, NULL)));
    benchmark_args(benchmark_arg(benchmark_register("tuples", nothing, NULL), 1), (int64_t[]){ 1, 2 }, 2);
    struct outcome outcome = run_library("--benchmark_format=json --prony_exit_code=true");
    const char *expected[] = { "range 8..1: the end is before the start", "0 iterations: must be 1 or more",
                               "real time and manual time exclude each other",
                               "2 arguments here, 1 in the first tuple" };
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(text(record(&outcome, i), "error_message"), expected[i]);
    assert_int_equal(outcome.status, 1);
    outcome_release(&outcome);
}

static void loop_twice(struct benchmark_state *state)
{
    for (int i = 0; i < 2; i++)
        BENCHMARK_LOOP(state)
    benchmark_clobber_memory();
}

static void loop_in_loop(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        loop_twice(state);
}

static void empty_batch(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, benchmark_state_range(state, 0)))
        benchmark_clobber_memory();
}

static void odd_time(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, benchmark_state_range(state, 0) ? NAN : INFINITY);
}

static void no_counter_name(struct benchmark_state *state)
{
    nothing(state);
    benchmark_state_set_counter(state, NULL, 1, BENCHMARK_COUNTER_PLAIN);
}

static void no_text(struct benchmark_state *state)
{
    const char *volatile none = NULL;
    benchmark_state_set_label(state, none, 1);
    benchmark_state_skip_with_error(state, none, 1);
}

static double first(const double *samples, size_t count)
{
    return count ? samples[0] : 0;
}

/* None of these may crash, hang or pass for a measurement. */
static void test_nonsense_becomes_an_error_record(void **state)
{
    (void)state;
    const struct benchmark_fixture nameless = { 0 };
    const int64_t one = 1;
    static const int64_t many[65536];
    const struct benchmark_list lists[] = { { &one, 1 }, { NULL, 0 }, { many, 65536 }, { many, 65536 } };
    benchmark_register(NULL, nothing, NULL);
    benchmark_register("function", NULL, NULL);
    benchmark_name(benchmark_register("rename", nothing, NULL), NULL);
    benchmark_register_fixture(&nameless, "method", nothing, NULL);
    benchmark_apply(benchmark_register("apply", nothing, NULL), NULL);
    benchmark_unit(benchmark_register("unit", nothing, NULL), (enum benchmark_time_unit)99);
    benchmark_complexity(benchmark_register("complexity", nothing, NULL), (enum benchmark_complexity)99);
    benchmark_compute_statistics(benchmark_register("statistic", nothing, NULL), "s", NULL, BENCHMARK_STATISTIC_TIME);
    benchmark_compute_statistics(benchmark_register("statistic", nothing, NULL), NULL, first, BENCHMARK_STATISTIC_TIME);
    benchmark_args_product(benchmark_register("empty", nothing, NULL), lists, 2);
    benchmark_args_product(benchmark_register("product", nothing, NULL), lists + 2, 2);
    benchmark_dense_range(benchmark_register("dense", nothing, NULL), 0, INT64_MAX, 1);
    benchmark_min_time(benchmark_register("time", nothing, NULL), INFINITY);
    benchmark_min_warmup_time(benchmark_register("warm-up", nothing, NULL), INFINITY);
    benchmark_dense_thread_range(benchmark_register("threads", nothing, NULL), 1, INT_MAX, 1);
    benchmark_register("loops", loop_twice, NULL);
    benchmark_threads(benchmark_register("loops", loop_in_loop, NULL), 3);
    benchmark_arg(benchmark_register("batch", empty_batch, NULL), 0);
    benchmark_arg(benchmark_register("batch", empty_batch, NULL), INT64_MIN);
    benchmark_use_manual_time(benchmark_arg(benchmark_register("manual", odd_time, NULL), 0));
    benchmark_use_manual_time(benchmark_arg(benchmark_register("manual", odd_time, NULL), 1));
    benchmark_register("counter", no_counter_name, NULL);
    benchmark_register("text", no_text, NULL);
    benchmark_set_filter(NULL);
    struct outcome outcome = run_library("--benchmark_format=json");
    const char *expected[] = { "a benchmark without a name",
                               "no function",
                               "a benchmark without a name",
                               "a benchmark without a name",
                               "apply: no function",
                               "time unit 99: no such unit",
                               "complexity 99: no such complexity",
                               "a statistic without a function",
                               "a statistic without a name",
                               "list 1 of a product is empty",
                               "a product of too many arguments",
                               "dense range 0..9223372036854775807, step 1: too many values",
                               "minimum time inf s: must be above 0 and finite",
                               "warm-up time inf s: must be finite and not negative",
                               "2147483647 threads: must be 65536 or less",
                               "a second loop in one call of the benchmark",
                               "a second loop in one call of the benchmark",
                               "a batch of 0 iterations: must be 1 or more",
                               "a batch of -9223372036854775808 iterations: must be 1 or more",
                               "iteration time inf s: must be finite",
                               "iteration time nan s: must be finite",
                               "a counter without a name",
                               "" };
    size_t count = sizeof expected / sizeof expected[0];
    assert_int_equal(json_array_size(outcome.records), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(text(record(&outcome, i), "error_message"), expected[i]);
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_in_names),
        cmocka_unit_test(test_settings_in_names),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_products_and_dense_ranges),
        cmocka_unit_test(test_apply_and_many_inputs),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_disabled),
        cmocka_unit_test(test_no_match_and_bad_regex),
        cmocka_unit_test(test_list_formats),
        cmocka_unit_test(test_misuse_becomes_an_error_record),
        cmocka_unit_test(test_nonsense_becomes_an_error_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
