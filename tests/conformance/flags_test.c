/* flags_test.c: checks 14 to 20: flags and their environment. */
#include "tests/conformance/conformance.h"

static void register_brief(void)
{
    benchmark_register("BM_a", brief, NULL);
}

static struct outcome run_brief(const char *flags)
{
    register_brief();
    return run_library(flags);
}

/* ---- 14 ---- */

/* Told by whether the list comes. */
static void expect_truth(const char *value, bool truth)
{
    char *flags = mem_format("--benchmark_min_time=1x --benchmark_color=no --benchmark_list_tests%s", value);
    struct outcome outcome = run_brief(flags);
    if ((strcmp(outcome.out, "BM_a\n") == 0) != truth)
        fail_msg("%s should be %s", flags, truth ? "true" : "false");
    outcome_release(&outcome);
    free(flags);
}

static void expect_refused(const char *flag, const char *message)
{
    struct outcome outcome = run_brief(flag);
    char *expected = mem_format("%s./program: error: unrecognized command-line flag: %s\n", message, flag);
    assert_string_equal(outcome.err, expected);
    assert_string_equal(outcome.out, "");
    free(expected);
    outcome_release(&outcome);
}

static void check_14_values_and_usage(void **state)
{
    (void)state;
    const char *yes[] = { "", "=", "=1", "=t", "=T", "=y", "=Y", "=A", "=true", "=yes", "=on", "=2x" };
    const char *no[] = { "=0", "=f", "=F", "=n", "=N", "=false", "=FALSE", "=no", "=No", "=off", "=oFF", "=-" };
    for (size_t i = 0; i < 12; i++) {
        expect_truth(yes[i], true);
        expect_truth(no[i], false);
    }
    expect_refused("--benchmark_repetitions=two",
                   "The value of flag --benchmark_repetitions is expected to be a 32-bit "
                   "integer, but actually has value \"two\".\n");
    expect_refused("--v=2147483648", "The value of flag --v is expected to be a 32-bit integer, but actually has value "
                                     "\"2147483648\", which overflows.\n");
    expect_refused("--benchmark_min_warmup_time=0.5s",
                   "The value of flag --benchmark_min_warmup_time is expected to be "
                   "a double, but actually has value \"0.5s\".\n");
    struct exited exited = run_main("--benchmark_unknown=1", register_brief);
    assert_int_equal(exited.status, 1);
    assert_string_equal(exited.err, "./program: error: unrecognized command-line flag: --benchmark_unknown=1\n");
    exited_release(&exited);
    const char *usage[] = { "--help",
                            "--help=x",
                            "--benchmark_format=xml",
                            "--benchmark_out_format=xml",
                            "--benchmark_time_unit=h",
                            "--benchmark_color=" };
    for (size_t i = 0; i < sizeof usage / sizeof usage[0]; i++) {
        exited = run_main(usage[i], register_brief);
        assert_int_equal(exited.status, 0);
        assert_true(str_starts(exited.out, "benchmark [--benchmark_list_tests={true|false}]\n"));
        expect_contains(exited.out, "[--benchmark_color={auto|true|false}]\n");
        exited_release(&exited);
    }
}

/* ---- 15 ---- */

static void check_15_environment(void **state)
{
    (void)state;
    setenv("BENCHMARK_REPETITIONS", "3", 1);
    setenv("BENCHMARK_FORMAT", "json", 1);
    setenv("BENCHMARK_MIN_TIME", "2x", 1);
    struct outcome outcome = run_brief("");
    assert_int_equal(json_array_size(outcome.records), 3 + 4);
    assert_true(number(record(&outcome, 0), "iterations") == 2);
    outcome_release(&outcome);
    outcome = run_brief("--benchmark_repetitions=1");
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
    setenv("BENCHMARK_REPETITIONS", "many", 1);
    outcome = run_brief("");
    expect_contains(outcome.err, "Environment variable BENCHMARK_REPETITIONS is expected to be a 32-bit integer, but "
                                 "actually has value \"many\".\n");
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
    unsetenv("BENCHMARK_REPETITIONS");
    unsetenv("BENCHMARK_FORMAT");
    unsetenv("BENCHMARK_MIN_TIME");
}

/* ---- 16 ---- */

static int64_t calls, seen_max;
static void counting(struct benchmark_state *state)
{
    calls++;
    seen_max = benchmark_state_max_iterations(state);
    while (benchmark_state_keep_running(state))
        pass_time(3000000, 1000000, 7000000);
}

enum clock { CPU, REAL, PROCESS };
static double run_counting(const char *flag, int64_t iterations, enum clock clock)
{
    calls = 0;
    struct benchmark *family = benchmark_register("BM_c", counting, NULL);
    if (iterations)
        benchmark_iterations(family, iterations);
    if (clock == REAL)
        benchmark_use_real_time(family);
    if (clock == PROCESS)
        benchmark_measure_process_cpu_time(family);
    char *flags = mem_format("--benchmark_format=json %s", flag);
    struct outcome outcome = run_library(flags);
    double got = number(record(&outcome, 0), "iterations");
    bool bare = strcmp(flag, "--benchmark_min_time=0.7") == 0;
    assert_int_equal(count_of(outcome.err, "-- LOG(0): Value passed to --benchmark_min_time should have a suffix. Eg., "
                                           "`30s` for 30-seconds."),
                     bare);
    outcome_release(&outcome);
    free(flags);
    return got;
}

static void check_16_minimum_time(void **state)
{
    (void)state;
    assert_true(run_counting("--benchmark_min_time=4x", 0, CPU) == 4);
    assert_int_equal(calls, 1);
    assert_true(run_counting("--benchmark_min_time=4x", 42, CPU) == 42);
    assert_int_equal(calls, 1);
    assert_int_equal(seen_max, 42);
    /* 1, 10, 100 iterations are 0.1 s of the thread's CPU time, then 1.4 times what is missing. */
    assert_true(run_counting("--benchmark_min_time=0.7s", 0, CPU) == 980);
    assert_true(run_counting("--benchmark_min_time=0.7", 0, CPU) == 980);
    assert_true(run_counting("--benchmark_min_time=0.7s", 0, REAL) * 0.003 >= 0.7);
    assert_true(run_counting("--benchmark_min_time=0.7s", 0, PROCESS) * 0.007 >= 0.7);
}

/* ---- 17, 18 ---- */

static void check_17_dry_run(void **state)
{
    (void)state;
    calls = 0;
    benchmark_repetitions(benchmark_iterations(benchmark_register("BM_c", counting, NULL), 42), 3);
    benchmark_min_warmup_time(benchmark_min_time(benchmark_register("BM_t", counting, NULL), 2), 1);
    struct outcome outcome = run_library("--benchmark_dry_run --benchmark_format=json --benchmark_min_time=5x "
                                         "--benchmark_min_warmup_time=3");
    assert_int_equal(json_array_size(outcome.records), 2);
    assert_int_equal(calls, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(number(record(&outcome, i), "iterations") == 1);
        assert_true(number(record(&outcome, i), "repetitions") == 1);
    }
    assert_string_equal(text(record(&outcome, 0), "name"), "BM_c/iterations:42/repeats:3");
    assert_string_equal(text(record(&outcome, 1), "name"), "BM_t/min_time:2.000/min_warmup_time:1.000");
    assert_string_equal(text(json_object_get(outcome.json, "context"), "dry_run"), "true");
    outcome_release(&outcome);
}

static void check_18_repetitions(void **state)
{
    (void)state;
    static const char *const names[] = { "BM_a", "BM_a", "BM_a", "BM_a_mean", "BM_a_median", "BM_a_stddev", "BM_a_cv" };
    struct outcome outcome = run_brief("--benchmark_repetitions=3 --benchmark_format=json --benchmark_min_time=2x");
    assert_int_equal(json_array_size(outcome.records), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(text(record(&outcome, i), "name"), names[i]);
        assert_string_equal(text(record(&outcome, i), "run_name"), "BM_a");
        assert_true(number(record(&outcome, i), "repetitions") == 3);
    }
    outcome_release(&outcome);
}

/* ---- 19, 20 ---- */

/* Google Benchmark refuses a malformed pair without a reason; here a line before says it. */
static void check_19_context_pairs(void **state)
{
    (void)state;
    struct outcome outcome =
        run_brief("--benchmark_format=json --benchmark_min_time=1x --benchmark_context=zeta=1,beta=2 "
                  "--benchmark_context=beta=3,alpha=");
    json_t *context = json_object_get(outcome.json, "context");
    struct str keys = { 0 };
    for (void *at = json_object_iter_at(context, "json_schema_version"); at; at = json_object_iter_next(context, at))
        if (!str_starts(json_object_iter_key(at), "prony_"))
            str_appendf(&keys, "%s ", json_object_iter_key(at));
    assert_string_equal(str_text(&keys), "json_schema_version alpha beta zeta ");
    str_release(&keys);
    assert_string_equal(text(context, "beta"), "2");
    outcome_release(&outcome);
    const char *bad[] = { "--benchmark_context=alpha", "--benchmark_context=a=b=c", "--benchmark_context=a=b," };
    for (size_t i = 0; i < 3; i++) {
        struct exited exited = run_main(bad[i], register_brief);
        char *expected = mem_format("./program: error: unrecognized command-line flag: %s\n", bad[i]);
        assert_int_equal(exited.status, 1);
        expect_contains(exited.err, expected);
        exited_release(&exited);
        free(expected);
    }
}

static void check_20_output_file_and_verbosity(void **state)
{
    (void)state;
    struct outcome outcome = run_brief("--benchmark_out=%OUT% --benchmark_color=no --benchmark_min_time=1x --v=42");
    assert_int_equal(json_array_size(outcome.records), 1);
    expect_match(outcome.out, "^BM_a +10\\.0 ns +10\\.0 ns +1$");
    outcome_release(&outcome);
    struct exited exited = run_main("--benchmark_out=/nonexistent/file", register_brief);
    assert_int_equal(exited.status, 1);
    assert_string_equal(exited.err, "invalid file name: '/nonexistent/file'\n");
    exited_release(&exited);
    char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t) "--v=42", NULL };
    int argc = 2;
    benchmark_initialize(&argc, argv);
    assert_int_equal(argc, 1);
    assert_int_equal(benchmark_verbosity(), 42);
    benchmark_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_14_values_and_usage),
        cmocka_unit_test(check_15_environment),
        cmocka_unit_test(check_16_minimum_time),
        cmocka_unit_test(check_17_dry_run),
        cmocka_unit_test(check_18_repetitions),
        cmocka_unit_test(check_19_context_pairs),
        cmocka_unit_test(check_20_output_file_and_verbosity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
