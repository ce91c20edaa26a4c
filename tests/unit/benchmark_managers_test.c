/* Memory and profiler managers: which extra runs they cause, in which order, and what comes out. The limits of the
 * iteration count, and pinning. */
#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include <sched.h>

static struct str events;
static int64_t fails_after; /* calls; 0 = never */

static void note(const char *event)
{
    str_appendf(&events, "%s ", event);
}

static void expect_events(const char *expected)
{
    assert_string_equal(str_text(&events), expected);
    str_release(&events);
}

static void setup(struct benchmark_state *state)
{
    (void)state;
    note("setup");
}

static void teardown(struct benchmark_state *state)
{
    (void)state;
    note("teardown");
}

static void steady(struct benchmark_state *state)
{
    str_appendf(&events, "run:%d ", (int)benchmark_state_max_iterations(state));
    if (fails_after && --fails_after == 0)
        benchmark_state_skip_with_error(state, "broken");
    while (benchmark_state_keep_running(state))
        pass_time(100, 50, 80);
    note("end");
}

static void start(void *context)
{
    assert_string_equal(context, "memory");
    note("start");
}

static void stop(void *context, struct benchmark_memory_result *result)
{
    assert_string_equal(context, "memory");
    note("stop");
    assert_true(result->total_allocated_bytes == BENCHMARK_MEMORY_ABSENT);
    result->num_allocs = 42;
    result->max_bytes_used = 42000;
}

static void after_setup_start(void *context)
{
    (void)context;
    note("profile");
}

static void before_teardown_stop(void *context)
{
    (void)context;
    note("done");
}

static const struct benchmark_memory_manager memory = { start, stop, (void *)(uintptr_t) "memory" };
static const struct benchmark_profiler_manager profiler = { after_setup_start, before_teardown_stop, NULL };

static struct benchmark *register_steady(void)
{
    fails_after = 0;
    return benchmark_teardown(benchmark_setup(benchmark_register("steady", steady, NULL), setup), teardown);
}

static void test_order(void **state)
{
    (void)state;
    register_steady();
    benchmark_register_memory_manager(&memory);
    benchmark_register_profiler_manager(&profiler);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=0.000001s");
    expect_events("setup run:1 end teardown setup run:10 end teardown setup run:28 end teardown "
                  "setup start run:16 end stop teardown setup run:28 profile done end teardown ");
    outcome_release(&outcome);
}

static void test_few_iterations_and_threads(void **state)
{
    (void)state;
    benchmark_iterations(register_steady(), 4);
    benchmark_register_memory_manager(&memory);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_repetitions=2");
    expect_events("setup run:4 end teardown setup start run:4 end stop teardown "
                  "setup run:4 end teardown setup start run:4 end stop teardown ");
    outcome_release(&outcome);
}

/* What has failed has nothing to measure. */
static void test_failures(void **state)
{
    (void)state;
    benchmark_iterations(register_steady(), 4);
    benchmark_register_memory_manager(&memory);
    benchmark_register_profiler_manager(&profiler);
    fails_after = 1;
    struct outcome outcome = run_library("--benchmark_format=json");
    expect_events("setup run:4 end teardown ");
    outcome_release(&outcome);

    benchmark_iterations(register_steady(), 4);
    benchmark_register_memory_manager(&memory);
    fails_after = 2;
    outcome = run_library("--benchmark_format=json");
    expect_events("setup run:4 end teardown setup start run:4 end stop teardown ");
    assert_null(json_object_get(record(&outcome, 0), "allocs_per_iter"));
    assert_null(json_object_get(record(&outcome, 0), "error_occurred"));
    outcome_release(&outcome);
}

static void returns_early(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        if (fails_after && --fails_after == 0)
            return;
}

static void test_profiler_stops_after_an_early_return(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("x", returns_early, NULL), 4);
    benchmark_register_profiler_manager(&profiler);
    fails_after = 6;
    struct outcome outcome = run_library("--benchmark_format=json");
    expect_events("profile done ");
    outcome_release(&outcome);
}

/* ---- limits ---- */

static void expect_runs(const char *flags, const char *expected)
{
    struct outcome outcome = run_library(flags);
    struct str runs = { 0 };
    char *rest = mem_strdup(str_text(&events)), *copy = rest, *word;
    while ((word = strsep(&rest, " ")) != NULL)
        if (str_starts(word, "run:"))
            str_appendf(&runs, "%s ", word + 4);
    assert_string_equal(str_text(&runs), expected);
    assert_int_equal(number(record(&outcome, 0), "iterations"), atoi(strrchr(str_text(&events), ':') + 1));
    free(copy);
    str_release(&runs);
    str_release(&events);
    outcome_release(&outcome);
}

static void test_iteration_limits(void **state)
{
    (void)state;
    const char *flags = "--benchmark_format=json --benchmark_min_time=0.0001s";
    register_steady();
    expect_runs(flags, "1 10 100 1000 2800 ");
    benchmark_max_iterations(register_steady(), 500);
    expect_runs(flags, "1 10 100 500 ");
    benchmark_min_iterations(register_steady(), 5000);
    expect_runs(flags, "5000 ");
    register_steady();
    expect_runs("--benchmark_format=json --prony_max_iterations=5 --prony_min_iterations=7", "5 ");
    benchmark_max_iterations(register_steady(), 50); /* code before flag */
    expect_runs("--benchmark_format=json --prony_max_iterations=5", "1 10 50 ");
    benchmark_iterations(register_steady(), 7); /* fixed counts are fixed */
    expect_runs("--benchmark_format=json --prony_max_iterations=5", "7 ");
    register_steady();
    expect_runs("--benchmark_format=json --benchmark_dry_run --prony_min_iterations=5", "1 ");
}

/* 100 ns of wall time an iteration. The run of 1000 has cost 111,100 ns with all before it: 88,900 are left of 200,000,
 * less than it took. */
static void test_time_limit(void **state)
{
    (void)state;
    register_steady();
    expect_runs("--benchmark_format=json --prony_max_time=0.0002", "1 10 100 1000 ");
    benchmark_max_time(register_steady(), 0.0004); /* 288,900 left: 2,889 iterations */
    expect_runs("--benchmark_format=json", "1 10 100 1000 2889 ");
    benchmark_max_time(register_steady(), 1e-9);
    expect_runs("--benchmark_format=json", "1 ");
    benchmark_use_manual_time(benchmark_max_time(register_steady(), 0.0002)); /* no manual time at all */
    expect_runs("--benchmark_format=json", "1 10 100 1000 ");
}

static void test_limits_that_make_no_sense(void **state)
{
    (void)state;
    benchmark_min_iterations(benchmark_iterations(benchmark_register("a", steady, NULL), 5), 3);
    benchmark_iterations(benchmark_max_iterations(benchmark_register("b", steady, NULL), 5), 3);
    benchmark_max_iterations(benchmark_min_iterations(benchmark_register("c", steady, NULL), 5), 3);
    benchmark_max_iterations(benchmark_register("d", steady, NULL), 0);
    benchmark_max_time(benchmark_register("e", steady, NULL), -1);
    struct outcome outcome = run_library("--benchmark_format=json");
    const char *expected[] = { "a fixed iteration count and limits of it exclude each other",
                               "a fixed iteration count and limits of it exclude each other",
                               "at least 5 and at most 3 iterations exclude each other",
                               "a limit of 0 iterations: must be 1 or more", "maximum time -1 s: must be above 0" };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(text(record(&outcome, i), "error_message"), expected[i]);
    outcome_release(&outcome);
    outcome = run_library("--prony_max_iterations=-3");
    assert_int_equal(outcome.leftovers, 1);
    outcome_release(&outcome);
}

/* ---- pinning ---- */

static int cpus_seen[3];

static void note_cpu(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    cpus_seen[benchmark_state_thread_index(state)] = CPU_COUNT(&set) == 1 ? sched_getcpu() : -1;
}

static void test_cpus(void **state)
{
    (void)state;
    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    int first = 0, last;
    while (!CPU_ISSET((size_t)first, &before))
        first++;
    last = first;
    for (int cpu = first; cpu < CPU_SETSIZE; cpu++)
        last = CPU_ISSET((size_t)cpu, &before) ? cpu : last;
    benchmark_iterations(benchmark_threads(benchmark_register("x", note_cpu, NULL), 3), 1);
    char *flags = mem_format("--benchmark_format=json --prony_cpus=%d,%d-%d", last, first, first);
    struct outcome outcome = run_library(flags);
    assert_int_equal(cpus_seen[0], last);
    assert_int_equal(cpus_seen[1], first);
    assert_int_equal(cpus_seen[2], last);
    assert_string_equal(text(json_object_get(outcome.json, "context"), "prony_cpus"), strrchr(flags, '=') + 1);
    outcome_release(&outcome);
    free(flags);
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_EQUAL(&before, &after)); /* shut down, it leaves the caller as it was */
}

static void test_bad_cpus(void **state)
{
    (void)state;
    const char *flags[] = { "--prony_cpus=",   "--prony_cpus=x",  "--prony_cpus=0,",   "--prony_cpus=3-1",
                            "--prony_cpus=0-", "--prony_cpus=-1", "--prony_cpus=99999" };
    for (size_t i = 0; i < 7; i++) {
        struct outcome outcome = run_library(flags[i]);
        assert_int_equal(outcome.leftovers, 1);
        assert_non_null(strstr(outcome.err, "is no list of CPUs such as 0,2-3"));
        outcome_release(&outcome);
    }
    struct outcome outcome = run_library("--prony_cpus=1023");
    assert_non_null(strstr(outcome.err, "The value of flag --prony_cpus: this process may not run on CPU 1023.\n"));
    assert_int_equal(outcome.leftovers, 1);
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_few_iterations_and_threads),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_profiler_stops_after_an_early_return),
        cmocka_unit_test(test_iteration_limits),
        cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_limits_that_make_no_sense),
        cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_bad_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
