/* complexity_test.c: check 37: the fit of time to a curve. */
#include "tests/conformance/conformance.h"

enum curve { CONSTANT, LINEAR, N_LOG_N };

/* 42 ns times the curve; 3 ns of CPU time. */
static void measured(struct benchmark_state *state)
{
    int64_t n = benchmark_state_range(state, 0);
    enum curve curve = (enum curve)(intptr_t)benchmark_state_user_data(state);
    double steps = curve == CONSTANT ? 1 : curve == LINEAR ? (double)n : (double)n * log2((double)n);
    while (benchmark_state_keep_running(state)) {
        pass_time(3, 3, 3);
        benchmark_state_set_iteration_time(state, 42e-9 * steps);
    }
    benchmark_state_set_complexity_n(state, n);
    assert_int_equal(benchmark_state_complexity_n(state), n);
}

static double linear(int64_t n)
{
    return (double)n;
}

static void register_measured(enum curve curve, enum benchmark_complexity complexity)
{
    struct benchmark *family = benchmark_register("BM_c", measured, (void *)(intptr_t)curve);
    benchmark_use_manual_time(benchmark_iterations(family, 2));
    benchmark_range(benchmark_range_multiplier(family, 2), 1 << 10, 1 << 16);
    if (complexity == BENCHMARK_O_FUNCTION)
        benchmark_complexity_with(family, linear);
    else
        benchmark_complexity(family, complexity);
}

/* The curve as the console calls it. */
static void expect_fit(enum curve curve, enum benchmark_complexity complexity, const char *name)
{
    register_measured(curve, complexity);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    assert_int_equal(json_array_size(outcome.records), 9);
    char *line = mem_format(" 42.00 %-4s ", name);
    expect_contains(outcome.out, line);
    free(line);
    expect_match(outcome.out, "^BM_c/iterations:2/manual_time_RMS +0 %    ");
    json_t *big_o = record(&outcome, 7), *rms = record(&outcome, 8);
    assert_string_equal(text(big_o, "name"), "BM_c/iterations:2/manual_time_BigO");
    assert_string_equal(text(big_o, "run_name"), "BM_c/iterations:2/manual_time");
    assert_string_equal(text(big_o, "run_type"), "aggregate");
    assert_string_equal(text(big_o, "aggregate_name"), "BigO");
    assert_string_equal(text(big_o, "aggregate_unit"), "time");
    assert_string_equal(text(big_o, "big_o"), name);
    assert_string_equal(text(big_o, "time_unit"), "ns");
    assert_near(number(big_o, "real_coefficient"), 42, 1e-9);
    assert_true(number(big_o, "cpu_coefficient") > 0);
    assert_null(json_object_get(big_o, "real_time"));
    assert_string_equal(text(rms, "aggregate_name"), "RMS");
    assert_string_equal(text(rms, "aggregate_unit"), "percentage");
    assert_true(number(rms, "rms") >= 0);
    assert_null(json_object_get(rms, "time_unit"));
    outcome_release(&outcome);
}

static void check_37_fits(void **state)
{
    (void)state;
    expect_fit(LINEAR, BENCHMARK_O_N, "N");
    expect_fit(LINEAR, BENCHMARK_O_AUTO, "N");
    expect_fit(LINEAR, BENCHMARK_O_FUNCTION, "f(N)");
    expect_fit(CONSTANT, BENCHMARK_O_1, "(1)");
    expect_fit(CONSTANT, BENCHMARK_O_AUTO, "(1)");
    expect_fit(N_LOG_N, BENCHMARK_O_N_LOG_N, "NlgN");
    expect_fit(N_LOG_N, BENCHMARK_O_AUTO, "NlgN");
}

static void check_37_csv(void **state)
{
    (void)state;
    register_measured(LINEAR, BENCHMARK_O_N);
    struct outcome outcome = run_library("--benchmark_format=csv");
    expect_match(outcome.out, "^\"BM_c/iterations:2/manual_time_BigO\",,42,[0-9.e-]+,N,,,,,$");
    expect_match(outcome.out, "^\"BM_c/iterations:2/manual_time_RMS\",,[0-9.e-]+,[0-9.e-]+,,,,,,$");
    outcome_release(&outcome);
}

static void always_skips(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "not here");
}

/* Google Benchmark ends with a segmentation fault here. */
static void check_37_nothing_to_fit(void **state)
{
    (void)state;
    struct benchmark *family = benchmark_range(benchmark_register("BM_s", always_skips, NULL), 1, 64);
    benchmark_complexity(family, BENCHMARK_O_AUTO);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 3);
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_37_fits),
        cmocka_unit_test(check_37_csv),
        cmocka_unit_test(check_37_nothing_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
