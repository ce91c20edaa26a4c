/* Console, colour, tabular, JSON and CSV output of fixed registrations, byte for byte, against the stored texts. The
 * clock stands still unless a benchmark moves it. PRONY_UPDATE_GOLDEN=1 rewrites the texts. */
#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

/* ---- registrations ---- */

static void basic(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(120, 110, 110);
        benchmark_state_set_iteration_time(state, 150e-9);
    }
}

static double last_value(const double *samples, size_t count)
{
    return samples[count - 1];
}

static double one_percent(const double *samples, size_t count)
{
    (void)samples, (void)count;
    return 0.01;
}

/* The time of one iteration in ns is the argument, divided by 1000. */
static void thousandths(struct benchmark_state *state)
{
    double ns = (double)benchmark_state_range(state, 0) / 1000;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, ns * 1e-9);
}

static void counters(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(500000000, 500000000, 500000000);
        benchmark_state_set_iteration_time(state, 0.5);
    }
    benchmark_state_set_counter(state, "foo", 1e6, BENCHMARK_COUNTER_RATE);
    benchmark_state_set_counter(state, "bar", 1e6, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "average_over_iterations", 100, BENCHMARK_COUNTER_AVG_ITERATIONS);
    benchmark_state_set_bytes_processed(state, 1 << 20);
    benchmark_state_set_items_processed(state, 150);
}

static void other_counters(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-6);
    benchmark_state_set_counter_base(state, "foo", 1536, BENCHMARK_COUNTER_PLAIN, 1024);
    benchmark_state_set_label(state, "a \"label\"\twith a tab");
}

static void fails(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "something \"quoted\"");
}

static void skips(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "not on this machine");
}

static void prony_values(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(1000, 1000, 1000);
        benchmark_state_add_value(state, 1000.5);
    }
    benchmark_state_set_output_digest(state, 0x0123456789abcdef);
}

static struct benchmark *register_manual(const char *name, benchmark_function *function, int64_t iterations)
{
    return benchmark_use_manual_time(benchmark_iterations(benchmark_register(name, function, NULL), iterations));
}

static void register_all(void)
{
    struct benchmark *repeated = benchmark_repetitions(register_manual("BM_repeated", basic, 5), 3);
    benchmark_compute_statistics(repeated, "", last_value, BENCHMARK_STATISTIC_TIME);
    benchmark_compute_statistics(repeated, "share", one_percent, BENCHMARK_STATISTIC_PERCENTAGE);
    const int64_t times[] = { 1, 999, 1000, 9990, 9999, 99900, 100000, 123400, 1234500, 9999999999000, 10000000000000 };
    struct benchmark *family = register_manual("BM_times", thousandths, 4);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        benchmark_arg(family, times[i]);
    benchmark_unit(register_manual("BM_seconds", counters, 4), BENCHMARK_SECOND);
    benchmark_unit(benchmark_arg_name(benchmark_arg(register_manual("BM_labelled", other_counters, 2), 3), "n"),
                   BENCHMARK_MICROSECOND);
    benchmark_register("BM_error", fails, NULL);
    benchmark_register("BM_skip", skips, NULL);
    benchmark_iterations(benchmark_register("BM_values", prony_values, NULL), 2);
}

/* ---- comparison ---- */

/* Drops what differs from run to run: the JSON context, and counts of the real scheduler and allocator. */
static char *without_noise(char *output)
{
    static const char *const noisy[] = { "\"prony_run_delay_ns\"", "\"prony_involuntary_switches\"",
                                         "\"prony_allocations\"", "\"prony_timer_cost_ns\"" };
    struct str kept = { 0 };
    char *start = strstr(output, "  \"benchmarks\": [\n"), *rest = start ? start : output, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        bool drop = false;
        for (size_t i = 0; i < sizeof noisy / sizeof noisy[0]; i++)
            drop = drop || strstr(line, noisy[i]);
        if (drop)
            continue;
        if (str_starts(line, "    }") && kept.length > 2 && kept.data[kept.length - 2] == ',') {
            kept.length -= 2; /* the comma before a dropped last member */
            str_append_char(&kept, '\n');
        }
        str_append(&kept, line);
        if (rest)
            str_append_char(&kept, '\n');
    }
    free(output);
    return str_take(&kept);
}

static void compare_with(const char *name, const char *got)
{
    char *path = mem_format("tests/golden/%s", name), *stored = NULL;
    size_t size;
    struct error error;
    if (getenv("PRONY_UPDATE_GOLDEN"))
        assert_int_equal(file_write(path, got, strlen(got), NULL), 0);
    if (file_read(path, &stored, &size, &error))
        fail_msg("%s", error.text);
    if (strcmp(stored, got) != 0) {
        size_t at = 0;
        while (stored[at] == got[at])
            at++;
        while (at > 0 && stored[at - 1] != '\n')
            at--;
        fail_msg("%s differs at byte %zu\n  stored: %.*s\n  now:    %.*s", path, at, (int)strcspn(stored + at, "\n"),
                 stored + at, (int)strcspn(got + at, "\n"), got + at);
    }
    free(stored);
    free(path);
}

static void compare_output(const char *flags, const char *name)
{
    register_all();
    struct outcome outcome = run_library(flags);
    outcome.out = without_noise(outcome.out);
    compare_with(name, outcome.out);
    outcome_release(&outcome);
}

static void test_console(void **state)
{
    (void)state;
    compare_output("--benchmark_color=no", "benchmark_console.txt");
}

static void test_color(void **state)
{
    (void)state;
    compare_output("--benchmark_color=yes", "benchmark_color.txt");
}

static void test_tabular(void **state)
{
    (void)state;
    compare_output("--benchmark_color=no --benchmark_counters_tabular", "benchmark_tabular.txt");
}

static void test_aggregates(void **state)
{
    (void)state;
    compare_output("--benchmark_color=no --benchmark_display_aggregates_only --benchmark_repetitions=2",
                   "benchmark_aggregates.txt");
}

static void test_json(void **state)
{
    (void)state;
    compare_output("--benchmark_format=json", "benchmark_json.json");
}

static void test_csv(void **state)
{
    (void)state;
    compare_output("--benchmark_format=csv", "benchmark_csv.csv");
}

/* The context of a machine that does not change. */
static void test_contexts(void **state)
{
    (void)state;
    struct benchmark_pair pairs[] = { { (char *)(uintptr_t) "key", (char *)(uintptr_t) "value" } };
    const struct benchmark_context context = {
        .date = "2026-11-21T08:15:30+01:00",
        .host = "bench-01",
        .executable = "./suite",
        .cpu_count = 8,
        .mhz = 3593.25,
        .scaling = 1,
        .aslr = 1,
        .caches = { { "Data", 1, 2, 32768 }, { "Unified", 3, 8, 16777216 } },
        .cache_count = 2,
        .load = { 0.5, 1.25, 12 },
        .load_count = 3,
        .custom = pairs,
        .custom_count = 1,
        .name_width = 10,
    };
    const char *formats[] = { "console", "json" };
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; i < 2; i++) {
        struct benchmark_reporter *reporter = benchmark_printer_create(formats[i], stream, stream);
        assert_true(reporter->ops->report_context(reporter, &context));
        if (reporter->ops->finalize)
            reporter->ops->finalize(reporter);
        benchmark_release_reporter(reporter);
    }
    fclose(stream);
    /* Debug builds say so, in a line of the console and a value of the JSON. */
    char *warning = strstr(text, "***WARNING*** Library was built as DEBUG. Timings may be affected.\n");
    if (warning)
        memmove(warning, strchr(warning, '\n') + 1, strlen(strchr(warning, '\n')));
    char *type = strstr(text, "\"debug\"");
    struct str normal = { 0 };
    str_append_bytes(&normal, text, type ? (size_t)(type - text) : strlen(text));
    if (type)
        str_appendf(&normal, "\"release\"%s", type + strlen("\"debug\""));
    compare_with("benchmark_context.txt", str_text(&normal));
    str_release(&normal);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console),    cmocka_unit_test(test_color), cmocka_unit_test(test_tabular),
        cmocka_unit_test(test_aggregates), cmocka_unit_test(test_json),  cmocka_unit_test(test_csv),
        cmocka_unit_test(test_contexts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
