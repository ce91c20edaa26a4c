/* managers_test.c: checks 42 to 46: managers, interleaving, locale, context. */
#include "tests/conformance/conformance.h"
#include <locale.h>

/* ---- 42, 43 ---- */

static struct str events;

static void expect_events(const char *expected)
{
    assert_string_equal(str_text(&events), expected);
    str_clear(&events);
}

static void setup(struct benchmark_state *state)
{
    (void)state;
    str_append(&events, "setup ");
}
static void teardown(struct benchmark_state *state)
{
    (void)state;
    str_append(&events, "teardown ");
}

static void traced(struct benchmark_state *state)
{
    str_appendf(&events, "%lld[ ", (long long)benchmark_state_max_iterations(state));
    brief(state);
    str_append(&events, "] ");
}

static void memory_start(void *context)
{
    (void)context;
    str_append(&events, "start ");
}

/* context: whether the optional results are set. */
static void memory_stop(void *context, struct benchmark_memory_result *result)
{
    str_append(&events, "stop ");
    result->num_allocs = 42;
    result->max_bytes_used = 42000;
    if (context) {
        result->total_allocated_bytes = 84000;
        result->net_heap_growth = -7;
    }
}

static struct outcome run_traced(int64_t iterations)
{
    struct benchmark *family = benchmark_register("BM_t", traced, NULL);
    benchmark_iterations(benchmark_teardown(benchmark_setup(family, setup), teardown), iterations);
    return run_library("--benchmark_format=json");
}

static void check_42_memory_manager(void **state)
{
    (void)state;
    struct benchmark_memory_manager manager = { memory_start, memory_stop, NULL };
    benchmark_register_memory_manager(&manager);
    struct outcome outcome = run_traced(1000);
    expect_events("setup 1000[ ] teardown setup start 16[ ] stop teardown ");
    json_t *run = record(&outcome, 0);
    assert_true(number(run, "iterations") == 1000);
    expect_contains(outcome.out, "\"allocs_per_iter\": 2.6250000000000000e+00,\n      \"max_bytes_used\": 42000");
    assert_null(json_object_get(run, "total_allocated_bytes"));
    assert_null(json_object_get(run, "net_heap_growth"));
    outcome_release(&outcome);

    manager.context = &manager;
    benchmark_register_memory_manager(&manager);
    outcome = run_traced(3);
    expect_events("setup 3[ ] teardown setup start 3[ ] stop teardown ");
    run = record(&outcome, 0);
    assert_true(number(run, "allocs_per_iter") == 14);
    assert_int_equal(json_integer_value(json_object_get(run, "total_allocated_bytes")), 84000);
    assert_int_equal(json_integer_value(json_object_get(run, "net_heap_growth")), -7);
    outcome_release(&outcome);
    benchmark_register_memory_manager(NULL);
}

static void profiler_start(void *context)
{
    str_appendf(&events, "%s-start ", (char *)context);
}
static void profiler_stop(void *context)
{
    str_appendf(&events, "%s-stop ", (char *)context);
}

/* Where there is a memory manager, too, its run comes first. */
static void check_43_profiler_manager(void **state)
{
    (void)state;
    const struct benchmark_profiler_manager profiler = { profiler_start, profiler_stop, (char *)(uintptr_t) "profile" };
    const struct benchmark_memory_manager memory = { memory_start, memory_stop, NULL };
    benchmark_register_profiler_manager(&profiler);
    struct outcome outcome = run_traced(100);
    expect_events("setup 100[ ] teardown setup 100[ profile-start profile-stop ] teardown ");
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
    benchmark_register_profiler_manager(&profiler);
    benchmark_register_memory_manager(&memory);
    outcome = run_traced(100);
    expect_events("setup 100[ ] teardown setup start 16[ ] stop teardown "
                  "setup 100[ profile-start profile-stop ] teardown ");
    outcome_release(&outcome);
    benchmark_register_memory_manager(NULL);
    benchmark_register_profiler_manager(NULL);
}

/* ---- 44 ---- */

static void named(struct benchmark_state *state)
{
    str_append_char(&events, *(const char *)benchmark_state_user_data(state));
    brief(state);
}

static void run_interleaved(const char *flag)
{
    str_clear(&events);
    benchmark_iterations(benchmark_register("BM_a", named, (char *)(uintptr_t) "a"), 1);
    benchmark_iterations(benchmark_register("BM_b", named, (char *)(uintptr_t) "b"), 1);
    char *flags = mem_format("--benchmark_format=json --benchmark_repetitions=100 %s", flag);
    struct outcome outcome = run_library(flags);
    assert_int_equal(json_array_size(outcome.records), 2 * 104);
    assert_int_equal(count_of(str_text(&events), "a"), 100);
    assert_int_equal(count_of(str_text(&events), "b"), 100);
    outcome_release(&outcome);
    free(flags);
}

static void check_44_interleaving(void **state)
{
    (void)state;
    run_interleaved("--benchmark_enable_random_interleaving=true --prony_seed=7");
    assert_true(count_of(str_text(&events), "ab") > 2 && count_of(str_text(&events), "ba") > 2);
    run_interleaved("--benchmark_enable_random_interleaving=false");
    assert_int_equal(count_of(str_text(&events), "ab"), 1);
    assert_int_equal(count_of(str_text(&events), "ba"), 0);
    str_release(&events);
}

/* ---- 45 ---- */

/* A locale with a decimal comma, made here: a test machine has none. */
static bool use_comma_locale(const char *directory)
{
    char *command = mem_format("localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", directory);
    int status = system(command);
    free(command);
    setenv("LOCPATH", directory, 1);
    return status == 0 && setlocale(LC_ALL, "de_DE.UTF-8") && strcmp(localeconv()->decimal_point, ",") == 0;
}

static void check_45_locale(void **state)
{
    (void)state;
    char directory[] = "/tmp/benchmark_locale_XXXXXX";
    assert_non_null(mkdtemp(directory));
    bool made = use_comma_locale(directory);
    char *remove_directory = mem_format("rm -rf %s", directory);
    assert_int_equal(system(remove_directory), 0);
    free(remove_directory);
    unsetenv("LOCPATH");
    if (!made)
        skip(); /* no localedef, or not the sources of that locale */
    char *formats[] = { (char *)(uintptr_t) "json", (char *)(uintptr_t) "csv", (char *)(uintptr_t) "console" };
    for (size_t i = 0; i < 3; i++) {
        add_manual("BM_l", brief, 4);
        char *flags = mem_format(
            "--benchmark_color=no --benchmark_min_time=0.5s --benchmark_format=%s --benchmark_out=%%OUT%%", formats[i]);
        struct outcome outcome = run_library(flags);
        assert_int_equal(outcome.leftovers, 0); /* the flags have a decimal point, too */
        expect_contains(outcome.file, "\"real_time\": 1.5000000000000000e+02,");
        expect_match(outcome.file, "\"load_avg\": \\[([0-9.]+,){2}[0-9.]+\\]");
        assert_null(strstr(outcome.out, ",0"));
        outcome_release(&outcome);
        free(flags);
    }
    setlocale(LC_ALL, "C");
}

/* ---- 46 ---- */

static void check_46_context(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "date",   "host_name", "executable",      "num_cpus",           "mhz_per_cpu",
        "caches", "load_avg",  "library_version", "library_build_type", "json_schema_version"
    };
    static const char *const optional[] = { "cpu_scaling_enabled", "aslr_enabled" };
    add_manual("BM_c", brief, 4);
    benchmark_add_custom_context("key", "value");
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    expect_match(outcome.err, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$");
    expect_match(outcome.err, "^Running \\./program$");
    expect_match(outcome.err, "^Run on \\([0-9]+ X [0-9.e+]+ MHz CPU s?\\)$");
    expect_match(outcome.err, "^Load Average: [0-9]+\\.[0-9]{2}, [0-9]+\\.[0-9]{2}, [0-9]+\\.[0-9]{2}$");
    expect_match(outcome.err, "^key: value$");
    json_t *context = json_object_get(outcome.json, "context");
    if (json_array_size(json_object_get(context, "caches"))) {
        expect_contains(outcome.err, "CPU Caches:\n");
        expect_match(outcome.err, "^  L[1-4] (Data|Instruction|Unified) [0-9]+ KiB( \\(x[0-9]+\\))?$");
    }
    void *member = json_object_iter(context);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        while (member && (strcmp(json_object_iter_key(member), optional[0]) == 0 ||
                          strcmp(json_object_iter_key(member), optional[1]) == 0))
            member = json_object_iter_next(context, member);
        assert_string_equal(json_object_iter_key(member), keys[i]);
        member = json_object_iter_next(context, member);
    }
    assert_string_equal(text(context, "key"), "value");
    assert_string_equal(text(context, "executable"), "./program");
    assert_true(number(context, "json_schema_version") == 1);
    assert_true(number(context, "num_cpus") == (double)sysconf(_SC_NPROCESSORS_ONLN));
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_42_memory_manager), cmocka_unit_test(check_43_profiler_manager),
        cmocka_unit_test(check_44_interleaving),   cmocka_unit_test(check_45_locale),
        cmocka_unit_test(check_46_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
