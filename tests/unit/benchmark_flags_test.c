/* Flags and their environment: what counts as true, what malformed values say, what stays in argv. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

static void nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
}

static struct outcome run_one(const char *flags)
{
    benchmark_use_manual_time(benchmark_register("x", nothing, NULL));
    return run_library(flags);
}

static void test_truth(void **state)
{
    (void)state;
    const char *yes[] = { "", "1", "t", "y", "T", "A", "true", "yes", "on", "2x", "offf", "00" };
    const char *no[] = { "0", "f", "F", "n", "N", "false", "FALSE", "no", "No", "off", "OFF", "-", "." };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (!benchmark_flags_is_true(yes[i]))
            fail_msg("'%s' should be true", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (benchmark_flags_is_true(no[i]))
            fail_msg("'%s' should be false", no[i]);
}

/* A malformed value is said on stderr, and the argument is reported as unrecognized. */
static void expect_refused(const char *flag, const char *message)
{
    struct outcome outcome = run_one(flag);
    char *expected =
        mem_format("%s%s./program: error: unrecognized command-line flag: %s\n", message, message[0] ? "\n" : "", flag);
    assert_string_equal(outcome.err, expected);
    assert_int_equal(outcome.leftovers, 1);
    free(expected);
    outcome_release(&outcome);
}

static void test_malformed_values(void **state)
{
    (void)state;
    expect_refused("--benchmark_repetitions=three",
                   "The value of flag --benchmark_repetitions is expected to be a 32-bit integer, but actually has "
                   "value \"three\".");
    expect_refused("--benchmark_repetitions=",
                   "The value of flag --benchmark_repetitions is expected to be a 32-bit integer, but actually has "
                   "value \"\".");
    expect_refused("--benchmark_repetitions=3000000000",
                   "The value of flag --benchmark_repetitions is expected to be a 32-bit integer, but actually has "
                   "value \"3000000000\", which overflows.");
    expect_refused("--benchmark_min_warmup_time=0.5s",
                   "The value of flag --benchmark_min_warmup_time is expected to be a double, but actually has value "
                   "\"0.5s\".");
    expect_refused("--benchmark_foo", "");
    expect_refused("--benchmark_filters=x", "");
    expect_refused("--benchmark_filter", ""); /* a text needs its "=" */
    expect_refused("-benchmark_filter=x", "");
    expect_refused("x", "");
    const char *refused[] = { "--benchmark_min_time=abc",
                              "--benchmark_min_time=0x",
                              "--benchmark_min_time=-5x",
                              "--benchmark_min_time=5.5x",
                              "--benchmark_min_time=-1s",
                              "--benchmark_min_time=1m",
                              "--benchmark_min_time=nan",
                              "--benchmark_repetitions=-1",
                              "--benchmark_context=a",
                              "--benchmark_context=a=b=c",
                              "--benchmark_context=a=b,c",
                              "--benchmark_context=a=b,",
                              "--benchmark_min_warmup_time=-1",
                              "--benchmark_min_warmup_time=inf",
                              "--benchmark_min_time=99999999999999999999x",
                              "--prony_seed=-1" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct outcome outcome = run_one(refused[i]);
        if (outcome.leftovers != 1 || outcome.matched != 0)
            fail_msg("%s was accepted", refused[i]);
        outcome_release(&outcome);
    }
}

static void test_min_time_forms(void **state)
{
    (void)state;
    struct outcome outcome = run_one("--benchmark_min_time=0.000000700s --benchmark_format=json");
    assert_true(number(record(&outcome, 0), "iterations") >= 700);
    assert_string_equal(strstr(outcome.err, "LOG(0)") ? "notice" : "", "");
    outcome_release(&outcome);

    outcome = run_one("--benchmark_min_time=0.0000007 --benchmark_format=json");
    assert_true(number(record(&outcome, 0), "iterations") >= 700);
    assert_non_null(strstr(outcome.err, "-- LOG(0): Value passed to --benchmark_min_time should have a suffix. Eg., "
                                        "`30s` for 30-seconds.\n"));
    outcome_release(&outcome);

    outcome = run_one("--benchmark_min_time=5s --benchmark_min_time=17x --benchmark_format=json");
    assert_int_equal(number(record(&outcome, 0), "iterations"), 17); /* the last one wins */
    outcome_release(&outcome);
}

static void test_environment(void **state)
{
    (void)state;
    setenv("BENCHMARK_MIN_TIME", "3x", 1);
    setenv("BENCHMARK_FORMAT", "json", 1);
    struct outcome outcome = run_one("");
    assert_int_equal(number(record(&outcome, 0), "iterations"), 3);
    outcome_release(&outcome);

    outcome = run_one("--benchmark_min_time=4x"); /* the command line wins */
    assert_int_equal(number(record(&outcome, 0), "iterations"), 4);
    outcome_release(&outcome);

    setenv("BENCHMARK_REPETITIONS", "many", 1);
    outcome = run_one("");
    assert_non_null(strstr(outcome.err, "Environment variable BENCHMARK_REPETITIONS is expected to be a 32-bit "
                                        "integer, but actually has value \"many\".\n"));
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
    unsetenv("BENCHMARK_MIN_TIME");
    unsetenv("BENCHMARK_FORMAT");
    unsetenv("BENCHMARK_REPETITIONS");
}

/* Every flag of ours has a default in the environment, so that prony run steers our suites without flags that other
 * programs would refuse. */
static void test_environment_of_prony_flags(void **state)
{
    (void)state;
    setenv("PRONY_MIN_ITERATIONS", "7", 1);
    setenv("PRONY_MAX_ITERATIONS", "7", 1);
    setenv("PRONY_SAMPLES", "7", 1);
    struct outcome outcome = run_one("--benchmark_format=json");
    assert_int_equal(number(record(&outcome, 0), "iterations"), 7);
    assert_int_equal(number(json_object_get(record(&outcome, 0), "prony_samples"), "count"), 7);
    outcome_release(&outcome);
    outcome = run_one("--benchmark_format=json --prony_max_iterations=9 --prony_min_iterations=9");
    assert_int_equal(number(record(&outcome, 0), "iterations"), 9); /* the command line wins */
    outcome_release(&outcome);
    unsetenv("PRONY_MIN_ITERATIONS");
    unsetenv("PRONY_MAX_ITERATIONS");

    setenv("PRONY_SAMPLES", "many", 1);
    outcome = run_one("--benchmark_format=json");
    assert_non_null(strstr(outcome.err, "Environment variable PRONY_SAMPLES is expected to be a 32-bit integer, but "
                                        "actually has value \"many\".\n"));
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
    unsetenv("PRONY_SAMPLES");
}

/* What the program sets before benchmark_initialize is stronger than the environment, and it can ask, too. */
static void test_environment_before_initialize(void **state)
{
    (void)state;
    setenv("BENCHMARK_FILTER", "environment", 1);
    setenv("V", "3", 1);
    benchmark_shutdown();
    assert_string_equal(benchmark_filter(), "environment");
    assert_int_equal(benchmark_verbosity(), 3);
    benchmark_set_filter("program");
    int argc = 0;
    benchmark_initialize(&argc, NULL);
    assert_string_equal(benchmark_filter(), "program");
    benchmark_shutdown();
    unsetenv("BENCHMARK_FILTER");
    unsetenv("V");
}

static void test_context_pairs(void **state)
{
    (void)state;
    struct outcome outcome = run_one("--benchmark_context=zoo=1,ant=2 --benchmark_context=zoo=3,bee= "
                                     "--benchmark_format=json --benchmark_min_time=1x");
    json_t *context = json_object_get(outcome.json, "context");
    assert_string_equal(text(context, "zoo"), "1"); /* the first value stays */
    assert_string_equal(text(context, "ant"), "2");
    assert_string_equal(text(context, "bee"), "");
    assert_non_null(strstr(outcome.out, "\"json_schema_version\": 1,\n    \"ant\": \"2\",\n    \"bee\": \"\",\n    "
                                        "\"prony_clock_cpu_ns\": "));
    assert_non_null(strstr(outcome.out, "\",\n    \"zoo\": \"1\"\n  },"));
    outcome_release(&outcome);

    outcome = run_one("--benchmark_context= --benchmark_format=json --benchmark_min_time=1x"); /* no pair at all */
    assert_int_equal(outcome.leftovers, 0);
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);

    setenv("BENCHMARK_CONTEXT", "a=1,a=2", 1);
    outcome = run_one("--benchmark_context=b=1 --benchmark_format=json --benchmark_min_time=1x");
    assert_non_null(strstr(outcome.err, "Environment variable BENCHMARK_CONTEXT is expected to contain unique keys but "
                                        "key \"a\" was repeated.\n"));
    assert_string_equal(text(json_object_get(outcome.json, "context"), "a"), "(absent)");
    outcome_release(&outcome);
    setenv("BENCHMARK_CONTEXT", "a=variable", 1);
    outcome = run_one("--benchmark_context=a=flag --benchmark_format=json --benchmark_min_time=1x");
    assert_string_equal(text(json_object_get(outcome.json, "context"), "a"), "variable");
    outcome_release(&outcome);
    unsetenv("BENCHMARK_CONTEXT");

    outcome = run_one("--benchmark_dry_run --benchmark_context=dry_run=x --benchmark_format=json");
    assert_string_equal(outcome.err,
                        "Failed to add custom context \"dry_run\" as it already exists with value \"true\"\n");
    assert_string_equal(text(json_object_get(outcome.json, "context"), "dry_run"), "true");
    outcome_release(&outcome);

    benchmark_add_custom_context("k", "first");
    struct redirection err = redirect(STDERR_FILENO);
    benchmark_add_custom_context("k", "second");
    char *said = restore(&err);
    assert_string_equal(said, "Failed to add custom context \"k\" as it already exists with value \"first\"\n");
    free(said);
    benchmark_shutdown();
}

static void test_time_unit(void **state)
{
    (void)state;
    benchmark_use_manual_time(benchmark_register("default", nothing, NULL));
    benchmark_unit(benchmark_use_manual_time(benchmark_register("own", nothing, NULL)), BENCHMARK_MILLISECOND);
    struct outcome outcome = run_library("--benchmark_time_unit=us --benchmark_format=json --benchmark_min_time=10x");
    assert_string_equal(text(record(&outcome, 0), "time_unit"), "us");
    assert_near(number(record(&outcome, 0), "real_time"), 1e-3, 1e-12);
    assert_string_equal(text(record(&outcome, 1), "time_unit"), "ms");
    assert_near(number(record(&outcome, 1), "real_time"), 1e-6, 1e-12);
    outcome_release(&outcome);
}

static void test_output_file(void **state)
{
    (void)state;
    struct outcome outcome = run_one("--benchmark_out=%OUT% --benchmark_min_time=1x");
    assert_non_null(outcome.json);
    assert_true(str_starts(outcome.out, "-----")); /* the console stays */
    outcome_release(&outcome);

    outcome = run_one("--benchmark_out=%OUT% --benchmark_out_format=csv --benchmark_min_time=1x");
    assert_non_null(strstr(outcome.file, "\nname,iterations,"));
    assert_non_null(strstr(outcome.file, "Running ./program\n")); /* the context goes into the file, too */
    outcome_release(&outcome);

    outcome = run_one("--benchmark_out=%OUT% --benchmark_list_tests");
    assert_string_equal(outcome.file, "");
    assert_string_equal(outcome.out, "x/manual_time\n");
    outcome_release(&outcome);
}

/* Runs in a child, because it exits; gives its stdout and stderr. */
static int exit_status_of(const char *flag, char **out, char **err)
{
    struct redirection out_file = redirect(STDOUT_FILENO), err_file = redirect(STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t)flag, NULL };
        benchmark_iterations(benchmark_register("x", nothing, NULL), 1);
        fflush(NULL);
        setenv("PRONY_KEEP_ASLR", "1", 1); /* this is the test program, not a benchmark */
        exit(benchmark_main(2, argv));
    }
    int status;
    waitpid(child, &status, 0);
    *err = restore(&err_file);
    *out = restore(&out_file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_exits(void **state)
{
    (void)state;
    const struct {
        const char *flag;
        int status;
        const char *out, *err; /* their starts */
    } cases[] = {
        { "--help", 0, "benchmark [--benchmark_list_tests={true|false}]\n          [--benchmark_filter=<regex>]\n",
          "" },
        { "--help=me", 0, "benchmark [", "" },
        { "--benchmark_format=xml", 0, "benchmark [",
          "The value of flag --benchmark_format is expected to be console, json or csv, but actually has value "
          "\"xml\".\n" },
        { "--benchmark_out_format=xml", 0, "benchmark [", "The value of flag --benchmark_out_format is expected" },
        { "--benchmark_time_unit=h", 0, "benchmark [", "The value of flag --benchmark_time_unit is expected" },
        { "--benchmark_color=", 0, "benchmark [", "The value of flag --benchmark_color is expected" },
        { "--benchmark_out=/nonexistent/file", 1, "", "invalid file name: '/nonexistent/file'\n" },
        { "--benchmark_out=/dev/full", 1, "", "" },
        { "--bad", 1, "", "./program: error: unrecognized command-line flag: --bad\n" },
        { "--benchmark_filter=nothing", 0, "", "Failed to match" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out, *err;
        int status = exit_status_of(cases[i].flag, &out, &err);
        if (status != cases[i].status || !str_starts(out, cases[i].out) || !str_starts(err, cases[i].err))
            fail_msg("%s: status %d, stdout '%.80s', stderr '%.80s'", cases[i].flag, status, out, err);
        free(out);
        free(err);
    }
}

/* --prony_exit_code, here as a variable: whatever kept something from being measured. */
static void test_exit_code(void **state)
{
    (void)state;
    const struct {
        const char *flag;
        int status;
    } cases[] = { { "--benchmark_filter=x", 0 },
                  { "--benchmark_filter=nothing", 1 },
                  { "--benchmark_filter=(", 1 },
                  { "--benchmark_list_tests", 0 } };
    setenv("PRONY_EXIT_CODE", "1", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out, *err;
        assert_int_equal(exit_status_of(cases[i].flag, &out, &err), cases[i].status);
        free(out);
        free(err);
    }
    unsetenv("PRONY_EXIT_CODE");
}

static void test_verbosity(void **state)
{
    (void)state;
    char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t) "--v=42", NULL };
    int argc = 2;
    benchmark_initialize(&argc, argv);
    assert_int_equal(argc, 1);
    assert_int_equal(benchmark_verbosity(), 42);
    benchmark_shutdown();
    struct outcome outcome = run_one("--v=3 --benchmark_min_time=0.0000007s");
    assert_non_null(strstr(outcome.err, "-- LOG(2): Running x/manual_time for 1\n"));
    assert_non_null(strstr(outcome.err, "-- LOG(3): Next iters: 10, 10\n"));
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_malformed_values),
        cmocka_unit_test(test_min_time_forms),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_environment_of_prony_flags),
        cmocka_unit_test(test_environment_before_initialize),
        cmocka_unit_test(test_context_pairs),
        cmocka_unit_test(test_time_unit),
        cmocka_unit_test(test_output_file),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_exit_code),
        cmocka_unit_test(test_verbosity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
