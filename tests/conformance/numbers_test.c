/* numbers_test.c: checks 21 to 28 and 48: times, aggregates, units, labels. */
#include "tests/conformance/conformance.h"
#include "harness/benchmark/internal.h"

/* ---- 21, 22 ---- */

static double last_value(const double *samples, size_t count)
{
    return samples[count - 1];
}
static double one_percent(const double *samples, size_t count)
{
    (void)samples, (void)count;
    return 0.01;
}

static void check_21_user_statistic(void **state)
{
    (void)state;
    static const char *const rows[] = { " +150 ns ",       " +150 ns ",        " +150 ns ",
                                        "_mean +150 ns ",  "_median +150 ns ", "_stddev +0\\.000 ns ",
                                        "_cv +0\\.00 % +", "_ +150 ns " };
    struct benchmark *family = benchmark_repetitions(add_manual("BM_u", brief, 5), 3);
    benchmark_compute_statistics(family, "", last_value, BENCHMARK_STATISTIC_TIME);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    char *rest = outcome.out;
    for (size_t i = 0; i < 3; i++)
        strsep(&rest, "\n"); /* the header */
    for (size_t i = 0; i < 8; i++) {
        char *pattern = mem_format("^BM_u/iterations:5/repeats:3/manual_time%s", rows[i]);
        expect_match(strsep(&rest, "\n"), pattern);
        free(pattern);
    }
    assert_string_equal(rest, "");
    assert_int_equal(json_array_size(outcome.records), 8);
    assert_int_equal(count_of(outcome.file, "\"real_time\": 1.5000000000000000e+02,"), 6);
    assert_string_equal(text(record(&outcome, 7), "name"), "BM_u/iterations:5/repeats:3/manual_time_");
    assert_string_equal(text(record(&outcome, 7), "aggregate_name"), "");
    assert_string_equal(text(record(&outcome, 7), "aggregate_unit"), "time");
    outcome_release(&outcome);
}

static void check_22_percentage_statistic(void **state)
{
    (void)state;
    for (int csv = 0; csv < 2; csv++) {
        struct benchmark *family = benchmark_repetitions(add_manual("BM_u", brief, 5), 3);
        benchmark_compute_statistics(family, "share", one_percent, BENCHMARK_STATISTIC_PERCENTAGE);
        struct outcome outcome = run_library(csv ? "--benchmark_format=csv --benchmark_out=%OUT%"
                                                 : "--benchmark_color=no --benchmark_out=%OUT%");
        if (csv)
            expect_contains(outcome.out, "\"BM_u/iterations:5/repeats:3/manual_time_share\",3,0.01,0.01,,,,,,\n");
        else
            expect_match(outcome.out, "manual_time_share +1\\.00 % +1\\.00 % +3$");
        json_t *share = record_named(&outcome, "BM_u/iterations:5/repeats:3/manual_time_share");
        assert_string_equal(text(share, "aggregate_unit"), "percentage");
        assert_true(number(share, "real_time") == 0.01);
        expect_contains(outcome.file, "\"real_time\": 1.0000000000000000e-02,\n      \"cpu_time\": "
                                      "1.0000000000000000e-02,\n");
        outcome_release(&outcome);
    }
}

/* ---- 23 ---- */

static int repetition;
static void growing(struct benchmark_state *state)
{
    repetition++;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, repetition * 1e-9);
}

static void check_23_growing_repetitions(void **state)
{
    (void)state;
    repetition = 0;
    benchmark_repetitions(add_manual("BM_g", growing, 1), 4);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    expect_match(outcome.out, "_mean +2\\.50 ns ");
    expect_match(outcome.out, "_median +2\\.50 ns ");
    expect_match(outcome.out, "_stddev +1\\.29 ns ");
    expect_match(outcome.out, "_cv +51\\.64 % ");
    assert_near(number(record(&outcome, 6), "real_time"), 1.2909944487358056, 1e-12);
    assert_near(number(record(&outcome, 7), "real_time"), 0.51639777949432222, 1e-12);
    outcome_release(&outcome);
    repetition = 0;
    benchmark_repetitions(add_manual("BM_g", growing, 1), 3);
    outcome = run_library("--benchmark_format=json");
    assert_string_equal(text(record(&outcome, 4), "aggregate_name"), "median");
    assert_near(number(record(&outcome, 4), "real_time"), 2, 1e-12);
    outcome_release(&outcome);
}

/* ---- 24, 25 ---- */

static void check_24_aggregates_only(void **state)
{
    (void)state;
    const struct {
        int repetitions;
        bool report_only;
        size_t rows, records; /* on the console, in the file */
    } cases[] = { { 1, true, 1, 1 }, { 1, false, 1, 1 }, { 3, true, 4, 4 }, { 3, false, 4, 7 } };
    for (size_t i = 0; i < 4; i++) {
        struct benchmark *family = benchmark_repetitions(add_manual("BM_x", brief, 2), cases[i].repetitions);
        if (cases[i].report_only)
            benchmark_report_aggregates_only(family, true);
        else
            benchmark_display_aggregates_only(family, true);
        struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
        assert_int_equal(count_of(outcome.out, "BM_x"), cases[i].rows);
        assert_int_equal(json_array_size(outcome.records), cases[i].records);
        outcome_release(&outcome);
    }
}

static void first_fails(struct benchmark_state *state)
{
    if (repetition++ == 0)
        benchmark_state_skip_with_error(state, "the first");
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
    benchmark_state_set_label(state, "label");
}

static void check_25_first_repetition_fails(void **state)
{
    (void)state;
    repetition = 0;
    benchmark_repetitions(add_manual("BM_f", first_fails, 8), 3);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 3 + 4);
    assert_string_equal(text(record(&outcome, 0), "error_message"), "the first");
    for (size_t i = 1; i < 7; i++) {
        assert_null(json_object_get(record(&outcome, i), "error_occurred"));
        assert_true(number(record(&outcome, i), "iterations") == (i < 3 ? 8 : 2));
        assert_true(number(record(&outcome, i), "repetitions") == 3);
        assert_string_equal(text(record(&outcome, i), "label"), "label");
    }
    assert_near(number(record(&outcome, 3), "real_time"), 1, 1e-12);
    outcome_release(&outcome);
}

/* ---- 26, 27 ---- */

static void a_second(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1);
}

static void check_26_units(void **state)
{
    (void)state;
    static const char *const names[] = { "ns", "us", "ms", "s" };
    static const double factors[] = { 1e9, 1e6, 1e3, 1 };
    for (enum benchmark_time_unit unit = BENCHMARK_NANOSECOND; unit <= BENCHMARK_SECOND; unit++)
        benchmark_unit(add_manual("BM_unit", a_second, 2), unit);
    add_manual("BM_default", a_second, 2);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_time_unit=ms");
    for (size_t i = 0; i < 5; i++) {
        size_t unit = i < 4 ? i : 2;
        assert_string_equal(text(record(&outcome, i), "time_unit"), names[unit]);
        assert_true(number(record(&outcome, i), "real_time") == factors[unit]);
    }
    outcome_release(&outcome);
}

static void thousandths(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, (double)benchmark_state_range(state, 0) / 1000 * 1e-9);
}

static void check_27_time_formats(void **state)
{
    (void)state;
    const struct {
        int64_t thousandths;
        const char *expected;
    } cases[] = { { 1, "     0.001 ns" },
                  { 999, "     0.999 ns" },
                  { 1000, "      1.00 ns" },
                  { 9990, "      9.99 ns" },
                  { 9999, "     10.00 ns" },
                  { 99900, "      99.9 ns" },
                  { 99990, "     100.0 ns" },
                  { 123400, "       123 ns" },
                  { 1234600, "      1235 ns" },
                  { 9999999999000, "9999999999 ns" },
                  { 10000000000000, "1.0000e+10 ns" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        benchmark_arg(add_manual("BM_t", thousandths, 1), cases[i].thousandths);
    struct outcome outcome = run_library("--benchmark_color=no");
    char *rest = outcome.out;
    for (size_t i = 0; i < 3; i++)
        strsep(&rest, "\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_contains(strsep(&rest, "\n"), cases[i].expected);
    outcome_release(&outcome);
}

/* ---- 28 ---- */

static void labelled(struct benchmark_state *state)
{
    repetition++;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
    benchmark_state_set_counter(state, "c", 3, BENCHMARK_COUNTER_PLAIN);
    if (benchmark_state_range(state, 0))
        benchmark_state_set_label(state, "label %d", repetition);
    else
        benchmark_state_set_label(state, "same");
}

static void check_28_labels(void **state)
{
    (void)state;
    repetition = 0;
    struct benchmark *family = benchmark_repetitions(add_manual("BM_l", labelled, 1), 2);
    benchmark_arg(benchmark_arg(family, 0), 1);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    expect_match(outcome.out, "^BM_l/1/.* 1 c=3 label 3$"); /* last in the line */
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(text(record(&outcome, i), "label"), "same");
        assert_string_equal(text(record(&outcome, 6 + i), "label"), i == 0   ? "label 3"
                                                                    : i == 1 ? "label 4"
                                                                             : "(absent)");
    }
    outcome_release(&outcome);
}

/* ---- 48 ---- */

static void check_48_statistics(void **state)
{
    (void)state;
    assert_near(benchmark_aggregates_mean((double[]){ 1, 2, 5, 10, 10, 14 }, 6), 7, 1e-15);
    assert_true(benchmark_aggregates_median((double[]){ 1, 2, 5, 10, 10 }, 5) == 5);
    const double samples[] = { 2.5, 2.4, 3.3, 4.2, 5.1 };
    assert_near(benchmark_aggregates_stddev(samples, 5), 1.151086443322134, 1e-14);
    assert_near(benchmark_aggregates_cv(samples, 5), 0.32888184094918121, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_21_user_statistic),
        cmocka_unit_test(check_22_percentage_statistic),
        cmocka_unit_test(check_23_growing_repetitions),
        cmocka_unit_test(check_24_aggregates_only),
        cmocka_unit_test(check_25_first_repetition_fails),
        cmocka_unit_test(check_26_units),
        cmocka_unit_test(check_27_time_formats),
        cmocka_unit_test(check_28_labels),
        cmocka_unit_test(check_48_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
