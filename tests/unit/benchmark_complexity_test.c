/* Complexity: the fit, its records in every format, and the families that have nothing to fit. Manual time makes the
 * numbers exact; the thread's clock stands still. */
#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

/* Takes 42 n ns, or what the function of user data says. */
static void grows(struct benchmark_state *state)
{
    benchmark_complexity_function **function = benchmark_state_user_data(state);
    int64_t n = benchmark_state_range(state, 0);
    double ns = function ? (*function)(n) : 42.0 * (double)n;
    while (benchmark_state_keep_running(state)) {
        pass_time(2 * n, n, n);
        benchmark_state_set_iteration_time(state, ns * 1e-9);
    }
    benchmark_state_set_complexity_n(state, n);
    benchmark_state_set_label(state, "label %lld", (long long)n);
}

static struct benchmark *register_family(const char *name, benchmark_function *function, void *user_data)
{
    struct benchmark *family = benchmark_register(name, function, user_data);
    benchmark_range_multiplier(benchmark_use_manual_time(benchmark_iterations(family, 4)), 2);
    return benchmark_range(family, 2, 64);
}

static double square(int64_t n)
{
    return (double)n * (double)n;
}
static double cube(int64_t n)
{
    return square(n) * (double)n;
}
static double linear(int64_t n)
{
    return 3.0 * (double)n;
}
static double logarithm(int64_t n)
{
    return 5 * log2((double)n);
}
static double n_log_n(int64_t n)
{
    return (double)n * log2((double)n);
}
static double constant(int64_t n)
{
    (void)n;
    return 7;
}

static void test_linear(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", grows, NULL), BENCHMARK_O_N);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 6 + 2);
    const json_t *big_o = record(&outcome, 6), *rms = record(&outcome, 7);
    assert_string_equal(text(big_o, "name"), "BM/iterations:4/manual_time_BigO");
    assert_string_equal(text(big_o, "run_name"), "BM/iterations:4/manual_time");
    assert_string_equal(text(big_o, "run_type"), "aggregate");
    assert_string_equal(text(big_o, "aggregate_name"), "BigO");
    assert_string_equal(text(big_o, "aggregate_unit"), "time");
    assert_string_equal(text(big_o, "big_o"), "N");
    assert_string_equal(text(big_o, "label"), "label 2");
    assert_near(number(big_o, "real_coefficient"), 42, 1e-12);
    assert_near(number(big_o, "cpu_coefficient"), 1, 1e-12);
    assert_null(json_object_get(big_o, "iterations"));
    assert_null(json_object_get(big_o, "repetition_index"));
    assert_int_equal(number(big_o, "per_family_instance_index"), 0);
    assert_string_equal(text(rms, "name"), "BM/iterations:4/manual_time_RMS");
    assert_string_equal(text(rms, "aggregate_unit"), "percentage");
    assert_true(fabs(number(rms, "rms")) < 1e-12);
    assert_null(json_object_get(rms, "real_time"));
    outcome_release(&outcome);
}

/* Auto finds what the times were made from. */
static void test_auto(void **state)
{
    (void)state;
    const struct {
        benchmark_complexity_function *function;
        const char *name;
        double coefficient;
    } cases[] = { { constant, "(1)", 7 }, { logarithm, "lgN", 5 }, { linear, "N", 3 },
                  { n_log_n, "NlgN", 1 }, { square, "N^2", 1 },    { cube, "N^3", 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        benchmark_complexity_function *function = cases[i].function;
        benchmark_complexity(register_family("BM", grows, &function), BENCHMARK_O_AUTO);
        struct outcome outcome = run_library("--benchmark_format=json");
        assert_string_equal(text(record(&outcome, 6), "big_o"), cases[i].name);
        assert_near(number(record(&outcome, 6), "real_coefficient"), cases[i].coefficient, 1e-9);
        outcome_release(&outcome);
    }
}

/* Of a line through the origin that does not fit: t = 7 for n = 2 and 4 gives c = 42/20 and residuals 2.8 and -1.4. */
static void test_residual(void **state)
{
    (void)state;
    static benchmark_complexity_function *function = constant;
    struct benchmark *family = benchmark_register("BM", grows, &function);
    benchmark_use_manual_time(benchmark_iterations(benchmark_arg(benchmark_arg(family, 2), 4), 3));
    benchmark_unit(benchmark_complexity(family, BENCHMARK_O_N), BENCHMARK_MICROSECOND);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_out=%OUT% --benchmark_out_format=csv");
    outcome.json = json_loads(outcome.out, 0, NULL);
    outcome.records = json_object_get(outcome.json, "benchmarks");
    assert_near(number(record(&outcome, 2), "real_coefficient"), 2.1, 1e-12);
    assert_string_equal(text(record(&outcome, 2), "time_unit"), "ns"); /* although the family is in us */
    assert_true(number(record(&outcome, 3), "rms") < 1e-12);           /* the thread's clock does fit */
    const char *row = strstr(outcome.file, "_RMS\",");
    double rms;
    assert_non_null(row);
    assert_int_equal(sscanf(row, "_RMS\",,%lf", &rms), 1);
    assert_near(rms, sqrt((2.8 * 2.8 + 1.4 * 1.4) / 2) / 7 / 1e6, 1e-5);
    outcome_release(&outcome);
}

static void test_console_and_csv(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", grows, NULL), BENCHMARK_O_N);
    benchmark_complexity_with(register_family("BM2", grows, NULL), square);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT% --benchmark_out_format=csv");
    assert_non_null(
        strstr(outcome.out, "\nBM/iterations:4/manual_time_BigO      42.00 N          1.00 N     label 2\n"));
    assert_non_null(
        strstr(outcome.out, "\nBM/iterations:4/manual_time_RMS          0 %             0 %     label 2\n"));
    assert_non_null(strstr(outcome.out, " f(N) "));
    assert_non_null(strstr(outcome.file, "\n\"BM/iterations:4/manual_time_BigO\",,42,1,N,,,\"label 2\",,\n"));
    assert_non_null(strstr(outcome.file, "\n\"BM/iterations:4/manual_time_RMS\",,"));
    outcome_release(&outcome);
    benchmark_complexity(register_family("BM", grows, NULL), BENCHMARK_O_N);
    outcome = run_library("--benchmark_color=yes --benchmark_filter=BM");
    assert_non_null(strstr(outcome.out, "\033[0;34mBM/iterations:4/manual_time_BigO"));
    outcome_release(&outcome);
}

static bool has_big_o(const struct outcome *outcome)
{
    for (size_t i = 0; i < json_array_size(outcome->records); i++)
        if (json_object_get(record(outcome, i), "aggregate_name"))
            return true;
    return false;
}

static void skips(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "always");
}

/* Google Benchmark crashes here. */
static void test_all_skipped(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", skips, NULL), BENCHMARK_O_AUTO);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 6);
    assert_false(has_big_o(&outcome));
    outcome_release(&outcome);
}

static void skips_small(struct benchmark_state *state)
{
    if (benchmark_state_range(state, 0) < 16)
        benchmark_state_skip_with_message(state, "too small");
    else
        grows(state);
}

static void test_some_skipped(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", skips_small, NULL), BENCHMARK_O_N);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_near(number(record(&outcome, 6), "real_coefficient"), 42, 1e-12);
    assert_int_equal(number(record(&outcome, 6), "per_family_instance_index"), 3); /* the first that ran */
    outcome_release(&outcome);
    benchmark_complexity(register_family("BM", skips_small, NULL), BENCHMARK_O_N);
    outcome = run_library("--benchmark_format=json --benchmark_filter=BM/(2|64)/");
    assert_false(has_big_o(&outcome)); /* one point makes no line */
    outcome_release(&outcome);
}

static void forgets_n(struct benchmark_state *state)
{
    grows(state);
    benchmark_state_set_complexity_n(state, 0);
}

static void test_without_n(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", forgets_n, NULL), BENCHMARK_O_N);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_false(has_big_o(&outcome));
    assert_int_equal(json_array_size(outcome.records), 6);
    assert_non_null(strstr(outcome.err,
                           "BM/iterations:4/manual_time: no complexity: n of BM/2/iterations:4/manual_time "
                           "is not above 0"));
    outcome_release(&outcome);
    static benchmark_complexity_function *function = constant;
    benchmark_complexity(register_family("BM", forgets_n, &function), BENCHMARK_O_1); /* n does not matter to it */
    outcome = run_library("--benchmark_format=json");
    assert_near(number(record(&outcome, 6), "real_coefficient"), 7, 1e-12);
    outcome_release(&outcome);
}

/* Behind the family's last case whatever the order, and once. */
static void test_interleaved(void **state)
{
    (void)state;
    for (int seed = 1; seed < 6; seed++) {
        benchmark_repetitions(benchmark_complexity(register_family("A", grows, NULL), BENCHMARK_O_N), 2);
        benchmark_complexity(register_family("B", grows, NULL), BENCHMARK_O_N);
        char *flags =
            mem_format("--benchmark_format=json --benchmark_enable_random_interleaving --prony_seed=%d", seed);
        struct outcome outcome = run_library(flags);
        assert_int_equal(json_array_size(outcome.records), 6 * (2 + 4) + 2 + 6 + 2);
        size_t left[2] = { 12, 6 }, found = 0;
        for (size_t i = 0; i < json_array_size(outcome.records); i++) {
            const json_t *row = record(&outcome, i);
            size_t family = text(row, "name")[0] == 'A' ? 0 : 1;
            if (strcmp(text(row, "run_type"), "iteration") == 0)
                left[family]--;
            if (strcmp(text(row, "aggregate_name"), "BigO") == 0) {
                assert_int_equal(left[family], 0);
                assert_near(number(row, "real_coefficient"), 42, 1e-12);
                found++;
            }
        }
        assert_int_equal(found, 2);
        outcome_release(&outcome);
        free(flags);
    }
}

/* Aggregates only, without repetitions: BigO and RMS are the aggregates. */
static void test_aggregates_only(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", grows, NULL), BENCHMARK_O_N);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_report_aggregates_only");
    assert_int_equal(json_array_size(outcome.records), 5 + 2); /* the last case's row is left out for them */
    outcome_release(&outcome);
}

static void test_misuse(void **state)
{
    (void)state;
    benchmark_complexity(register_family("BM", grows, NULL), BENCHMARK_O_FUNCTION);
    benchmark_complexity_with(register_family("BM2", grows, NULL), NULL);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 12);
    for (size_t i = 0; i < 12; i++)
        assert_non_null(strstr(text(record(&outcome, i), "error_message"), "complexity"));
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),          cmocka_unit_test(test_auto),
        cmocka_unit_test(test_residual),        cmocka_unit_test(test_console_and_csv),
        cmocka_unit_test(test_all_skipped),     cmocka_unit_test(test_some_skipped),
        cmocka_unit_test(test_without_n),       cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_aggregates_only), cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
