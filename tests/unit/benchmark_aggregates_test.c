/* Aggregates of repetitions: the statistics themselves, and what becomes of times, counters and labels. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

static void test_statistics(void **state)
{
    (void)state;
    const double six[] = { 1, 2, 5, 10, 10, 14 }, five[] = { 10, 2, 5, 1, 10 };
    const double spread[] = { 2.5, 2.4, 3.3, 4.2, 5.1 };
    assert_near(benchmark_aggregates_mean(six, 6), 7, 1e-12);
    assert_near(benchmark_aggregates_median(five, 5), 5, 0);
    assert_near(benchmark_aggregates_median(six, 6), 7.5, 1e-12);
    assert_near(benchmark_aggregates_median(six, 2), 1.5, 1e-12);
    assert_near(benchmark_aggregates_stddev(spread, 5), 1.151086443322134, 1e-12);
    assert_near(benchmark_aggregates_cv(spread, 5), 0.32888184094918121, 1e-12);
    assert_true(benchmark_aggregates_stddev(spread, 1) == 0);
    assert_true(benchmark_aggregates_cv((double[]){ -1, 1 }, 2) == 0);
    /* A small spread on a large mean, where a difference of squares would lose everything. */
    assert_near(benchmark_aggregates_stddev((double[]){ 1e9 + 1, 1e9 + 2, 1e9 + 3 }, 3), 1, 1e-9);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of all kinds of lists, against sorting. */
static void test_median(void **state)
{
    (void)state;
    double samples[300], sorted[300];
    uint64_t random = 88172645463325252;
    for (size_t count = 1; count <= 300; count++) {
        for (int kind = 0; kind < 5; kind++) {
            for (size_t i = 0; i < count; i++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                const double values[] = { (double)(random % 1000000), (double)(random % 3), (double)i,
                                          (double)(count - i), 5 };
                samples[i] = values[kind];
            }
            memcpy(sorted, samples, count * sizeof *sorted);
            qsort(sorted, count, sizeof *sorted, compare_doubles);
            double want = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
            assert_near(benchmark_aggregates_median(samples, count), want, 0);
        }
    }
    const double broken[] = { NAN, 1, NAN, NAN, 2, NAN, NAN }; /* no answer, but an end */
    benchmark_aggregates_median(broken, 7);
    benchmark_aggregates_median(broken, 6);
}

static int repetition;

/* Repetition n takes n ns an iteration; label and counters differ as told. */
static void counting(struct benchmark_state *state)
{
    repetition++;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9 * repetition);
    benchmark_state_set_counter(state, "n", 10.0 * repetition, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter_base(state, "always", 5, BENCHMARK_COUNTER_RATE, 1024);
    if (repetition > 2)
        benchmark_state_set_counter(state, "late", 3, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_label(state, "%s", benchmark_state_user_data(state) ? "same" : repetition > 2 ? "b" : "a");
}

static double last(const double *samples, size_t count)
{
    return samples[count - 1];
}

static double hundredth(const double *samples, size_t count)
{
    (void)samples, (void)count;
    return 0.01;
}

static struct benchmark *register_counting(void *label, int repetitions)
{
    repetition = 0;
    struct benchmark *family = benchmark_register("x", counting, label);
    return benchmark_repetitions(benchmark_use_manual_time(benchmark_iterations(family, 2)), repetitions);
}

static void test_times_and_counters(void **state)
{
    (void)state;
    struct benchmark *family = register_counting(&repetition, 4);
    benchmark_compute_statistics(family, "last", last, BENCHMARK_STATISTIC_TIME);
    benchmark_compute_statistics(family, "share", hundredth, BENCHMARK_STATISTIC_PERCENTAGE);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 4 + 6);
    const double expected[] = { 2.5, 2.5, 1.2909944487358056, 0.51639777949432225, 4, 0.01 };
    for (size_t i = 0; i < 6; i++) {
        const json_t *row = record(&outcome, 4 + i);
        assert_near(number(row, "real_time"), expected[i], 1e-12);
        assert_int_equal(number(row, "iterations"), 4);
        assert_null(json_object_get(row, "repetition_index"));
        assert_string_equal(text(row, "run_type"), "aggregate");
        assert_string_equal(text(row, "run_name"), "x/iterations:2/repeats:4/manual_time");
        assert_string_equal(text(row, "aggregate_unit"), i == 3 || i == 5 ? "percentage" : "time");
        assert_string_equal(text(row, "label"), "same");
    }
    assert_near(number(record(&outcome, 4), "n"), 25, 1e-12);
    assert_near(number(record(&outcome, 4), "late"), 3, 1e-12);
    assert_near(number(record(&outcome, 8), "n"), 40, 1e-12);
    assert_string_equal(text(record(&outcome, 8), "name"), "x/iterations:2/repeats:4/manual_time_last");
    outcome_release(&outcome);
}

static void test_different_labels_vanish(void **state)
{
    (void)state;
    register_counting(NULL, 3);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_string_equal(text(record(&outcome, 0), "label"), "a");
    assert_string_equal(text(record(&outcome, 3), "label"), "(absent)");
    outcome_release(&outcome);
}

static void test_what_is_shown(void **state)
{
    (void)state;
    const struct {
        int repetitions;
        int mode; /* 1 report only, 2 display only, 3 report(false) */
        const char *flags;
        size_t display, file; /* rows */
    } cases[] = {
        { 3, 0, "", 7, 7 },
        { 3, 1, "", 4, 4 },
        { 1, 1, "", 1, 1 }, /* no aggregates: the plain row */
        { 3, 2, "", 4, 7 },
        { 3, 0, "--benchmark_report_aggregates_only", 4, 4 },
        { 3, 0, "--benchmark_display_aggregates_only", 4, 7 },
        { 3, 3, "--benchmark_report_aggregates_only", 7, 7 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct benchmark *family = register_counting(NULL, cases[i].repetitions);
        if (cases[i].mode == 1 || cases[i].mode == 3)
            benchmark_report_aggregates_only(family, cases[i].mode == 1);
        if (cases[i].mode == 2)
            benchmark_display_aggregates_only(family, true);
        char *flags = mem_format("--benchmark_out=%%OUT%% %s", cases[i].flags);
        struct outcome outcome = run_library(flags);
        size_t lines = 0;
        for (const char *c = outcome.out; *c; c++)
            lines += *c == '\n';
        if (lines != 3 + cases[i].display || json_array_size(outcome.records) != cases[i].file)
            fail_msg("case %zu: %zu lines, %zu records", i, lines, json_array_size(outcome.records));
        free(flags);
        outcome_release(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics),         cmocka_unit_test(test_median),
        cmocka_unit_test(test_times_and_counters), cmocka_unit_test(test_different_labels_vanish),
        cmocka_unit_test(test_what_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
