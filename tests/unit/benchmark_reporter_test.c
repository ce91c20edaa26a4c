/* Reporters of the caller's own (reporter.h alone is enough for them), and what the library's own ones make of results
 * that only some programs have: memory, samples, counter states, late CSV columns. */
#include "harness/benchmark/reporter.h"
#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

static void works(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 150e-9);
}

static void fails(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "no luck");
}

static void register_three(void)
{
    benchmark_repetitions(benchmark_use_manual_time(benchmark_iterations(benchmark_register("A", works, NULL), 5)), 2);
    benchmark_register("B", fails, NULL);
    benchmark_use_manual_time(benchmark_iterations(benchmark_register("C", works, NULL), 3));
}

/* As run_library, with reporters. path: of --benchmark_out, or NULL. */
static struct outcome run_with(struct benchmark_reporter *display, struct benchmark_reporter *file, const char *filter,
                               const char *flag, const char *path)
{
    struct outcome outcome = { 0 };
    char *out_flag = path ? mem_format("--benchmark_out=%s", path) : NULL;
    char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t)flag, out_flag, NULL };
    int argc = path ? 3 : 2;
    struct redirection out = redirect(STDOUT_FILENO), err = redirect(STDERR_FILENO);
    benchmark_initialize(&argc, argv);
    outcome.matched = benchmark_run_specified_with(display, file, filter);
    outcome.status = benchmark_exit_status();
    benchmark_shutdown();
    outcome.err = restore(&err);
    outcome.out = restore(&out);
    free(out_flag);
    return outcome;
}

/* ---- a reporter that remembers what it was told ---- */

struct memory {
    struct str calls;
    bool go;
};

static bool remember_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    struct memory *memory = reporter->context;
    assert_string_equal(context->executable, "./program");
    str_append(&memory->calls, "context\n");
    return memory->go;
}

static void remember_config(struct benchmark_reporter *reporter, double min_time_seconds, bool explicit_iterations,
                            int64_t iterations)
{
    struct memory *memory = reporter->context;
    str_appendf(&memory->calls, "config %g %d %lld\n", min_time_seconds, explicit_iterations, (long long)iterations);
}

static void remember_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct memory *memory = reporter->context;
    for (size_t i = 0; i < count; i++) {
        char name[64];
        size_t length = benchmark_run_name(&runs[i], name, sizeof name);
        assert_int_equal(length, strlen(name));
        str_appendf(&memory->calls, "%s %g%s\n", name, benchmark_run_real_time(&runs[i]),
                    runs[i].skipped ? " skipped" : "");
    }
}

static void remember_end(struct benchmark_reporter *reporter)
{
    struct memory *memory = reporter->context;
    str_append(&memory->calls, "end\n");
}

static const struct benchmark_reporter_ops remembering = { .report_context = remember_context,
                                                           .report_runs_config = remember_config,
                                                           .report_runs = remember_runs,
                                                           .finalize = remember_end };

static const char *const remembered = "context\n"
                                      "config 0.5 1 5\n"
                                      "A/iterations:5/repeats:2/manual_time 150\n"
                                      "A/iterations:5/repeats:2/manual_time 150\n"
                                      "A/iterations:5/repeats:2/manual_time_mean 150\n"
                                      "A/iterations:5/repeats:2/manual_time_median 150\n"
                                      "A/iterations:5/repeats:2/manual_time_stddev 0\n"
                                      "A/iterations:5/repeats:2/manual_time_cv 0\n"
                                      "config 0.5 0 1\n"
                                      "B 0 skipped\n"
                                      "config 0.5 1 3\n"
                                      "C/iterations:3/manual_time 150\n"
                                      "end\n";

static void test_display(void **state)
{
    (void)state;
    struct memory memory = { .go = true };
    struct benchmark_reporter display = { .ops = &remembering, .context = &memory };
    register_three();
    struct outcome outcome = run_with(&display, NULL, NULL, "--v=0", NULL);
    assert_int_equal(outcome.matched, 3);
    assert_string_equal(str_text(&memory.calls), remembered);
    assert_string_equal(outcome.out, "");
    outcome_release(&outcome);
    str_clear(&memory.calls);
    register_three();
    outcome = run_with(&display, NULL, "^C", "--benchmark_filter=A", NULL); /* the argument beats the flag */
    assert_int_equal(outcome.matched, 1);
    assert_non_null(strstr(str_text(&memory.calls), "C/iterations"));
    assert_null(strstr(str_text(&memory.calls), "A/iterations"));
    outcome_release(&outcome);
    str_release(&memory.calls);
}

static void test_stop(void **state)
{
    (void)state;
    struct memory memory = { .go = false };
    struct benchmark_reporter display = { .ops = &remembering, .context = &memory };
    register_three();
    struct outcome outcome = run_with(&display, NULL, NULL, "--v=0", NULL);
    assert_int_equal(outcome.matched, 3);
    assert_string_equal(str_text(&memory.calls), "context\nend\n");
    outcome_release(&outcome);
    str_release(&memory.calls);
}

static void test_nothing_implemented(void **state)
{
    (void)state;
    static const struct benchmark_reporter_ops nothing = { 0 };
    struct benchmark_reporter display = { .ops = &nothing };
    register_three();
    struct outcome outcome = run_with(&display, NULL, "all", "--v=0", NULL);
    assert_int_equal(outcome.matched, 3);
    assert_string_equal(outcome.out, "");
    outcome_release(&outcome);
    register_three();
    outcome = run_with(&display, NULL, NULL, "--benchmark_list_tests", NULL);
    assert_string_equal(outcome.out, "A/iterations:5/repeats:2/manual_time\nB\nC/iterations:3/manual_time\n");
    outcome_release(&outcome);
}

/* ---- a reporter that writes TAP (testanything.org), as display and as file ---- */

static void tap_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    int *number = reporter->context;
    for (size_t i = 0; i < count; i++) {
        const struct benchmark_run *run = &runs[i];
        if (run->aggregate_name)
            continue;
        const char *verdict = run->skipped == BENCHMARK_SKIPPED_WITH_ERROR ? "not ok" : "ok";
        fprintf(reporter->out, "%s %d - %s", verdict, ++*number, run->run_name);
        if (run->skipped)
            fprintf(reporter->out, " # %s\n", run->skip_message);
        else
            fprintf(reporter->out, " # %g %s\n", benchmark_run_real_time(run), benchmark_unit_name(run->unit));
    }
}

static void tap_end(struct benchmark_reporter *reporter)
{
    const int *number = reporter->context;
    fprintf(reporter->out, "1..%d\n", *number);
}

static const struct benchmark_reporter_ops tap = { .report_runs = tap_runs, .finalize = tap_end };
static const char *const tap_text = "ok 1 - A/iterations:5/repeats:2/manual_time # 150 ns\n"
                                    "ok 2 - A/iterations:5/repeats:2/manual_time # 150 ns\n"
                                    "not ok 3 - B # no luck\n"
                                    "ok 4 - C/iterations:3/manual_time # 150 ns\n"
                                    "1..4\n";

static void test_tap(void **state)
{
    (void)state;
    int number = 0;
    struct benchmark_reporter display = { .ops = &tap, .context = &number };
    register_three();
    struct outcome outcome = run_with(&display, NULL, NULL, "--v=0", NULL);
    assert_string_equal(outcome.out, tap_text);
    outcome_release(&outcome);
}

static void test_file(void **state)
{
    (void)state;
    int number = 0;
    char path[] = "/tmp/benchmark_out_XXXXXX", *written;
    size_t size;
    struct benchmark_reporter file = { .ops = &tap, .context = &number };
    close(mkstemp(path));
    register_three();
    struct outcome outcome = run_with(NULL, &file, NULL, "--benchmark_format=json", path);
    assert_int_equal(file_read(path, &written, &size, NULL), 0);
    assert_string_equal(written, tap_text);
    assert_null(file.out);
    outcome.json = json_loads(outcome.out, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(json_object_get(outcome.json, "benchmarks")), 8);
    free(written);
    unlink(path);
    outcome_release(&outcome);
}

/* The process ends, so a child does it. */
static void test_file_without_out(void **state)
{
    (void)state;
    int number = 0, status;
    struct benchmark_reporter file = { .ops = &tap, .context = &number };
    struct redirection err = redirect(STDERR_FILENO);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = { (char *)(uintptr_t) "./program", NULL };
        int argc = 1;
        atexit(benchmark_shutdown);
        benchmark_initialize(&argc, argv);
        benchmark_run_specified_with(NULL, &file, NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    char *text = restore(&err);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_non_null(
        strstr(text, "A custom file reporter was provided but --benchmark_out=<file> was not specified.\n"));
    free(text);
}

/* ---- a reporter around the library's own ---- */

static bool wrapped_context(struct benchmark_reporter *reporter, const struct benchmark_context *context)
{
    struct benchmark_reporter *inner = reporter->context;
    return inner->ops->report_context(inner, context);
}

/* Leaves aggregates out. */
static void wrapped_runs(struct benchmark_reporter *reporter, const struct benchmark_run *runs, size_t count)
{
    struct benchmark_reporter *inner = reporter->context;
    if (!runs[0].aggregate_name)
        inner->ops->report_runs(inner, runs, count);
}

static void test_wrapped(void **state)
{
    (void)state;
    static const struct benchmark_reporter_ops ops = { .report_context = wrapped_context, .report_runs = wrapped_runs };
    struct benchmark_reporter *inner = benchmark_create_default_display_reporter();
    struct benchmark_reporter display = { .ops = &ops, .context = inner };
    register_three();
    struct outcome outcome = run_with(&display, NULL, NULL, "--v=0", NULL);
    assert_non_null(strstr(outcome.out, "\nA/iterations:5/repeats:2/manual_time "));
    assert_non_null(strstr(outcome.out, "\nB "));
    assert_null(strstr(outcome.out, "_mean"));
    benchmark_release_reporter(inner);
    benchmark_release_reporter(NULL);
    outcome_release(&outcome);
}

/* ---- the library's own reporters with made-up records ---- */

static const struct benchmark_context no_context = { .executable = "x", .name_width = 10 };

/* What a format makes of two batches of records. file: it may be written anew. */
static char *print(const char *format, bool tabular, bool file, const struct benchmark_run *const *batches,
                   const size_t *counts, size_t batch_count)
{
    char *result = NULL;
    size_t size;
    FILE *out = tmpfile(), *talk = tmpfile();
    struct benchmark_reporter *reporter = benchmark_printer_create(format, out, talk);
    benchmark_printer_of(reporter)->tabular = tabular;
    benchmark_printer_of(reporter)->keep_complete = file;
    reporter->ops->report_context(reporter, &no_context);
    for (size_t i = 0; i < batch_count; i++)
        reporter->ops->report_runs(reporter, batches[i], counts[i]);
    if (reporter->ops->finalize)
        reporter->ops->finalize(reporter);
    benchmark_release_reporter(reporter);
    fflush(out);
    size = (size_t)lseek(fileno(out), 0, SEEK_END);
    result = mem_alloc(size + 1);
    assert_int_equal(pread(fileno(out), result, size, 0), size);
    fclose(out);
    fclose(talk);
    return result;
}

static char *print_one(const char *format, bool tabular, const struct benchmark_run *run)
{
    return print(format, tabular, false, &run, &(size_t){ 1 }, 1);
}

static const struct benchmark_run plain = { .run_name = "M", .threads = 1, .iterations = 1, .real_seconds = 1e-9 };

static struct benchmark_run with_memory(void)
{
    struct benchmark_run run = plain;
    run.has_memory = true;
    run.allocs_per_iter = 10.5;
    run.memory = (struct benchmark_memory_result){ 42, 42000, BENCHMARK_MEMORY_ABSENT, -7 };
    return run;
}

static void test_memory(void **state)
{
    (void)state;
    struct benchmark_run run = with_memory();
    char *text = print_one("json", false, &run);
    assert_non_null(strstr(text, "\"time_unit\": \"ns\",\n"
                                 "      \"allocs_per_iter\": 1.0500000000000000e+01,\n"
                                 "      \"max_bytes_used\": 42000,\n"
                                 "      \"net_heap_growth\": -7\n"));
    free(text);
    text = print_one("console", false, &run);
    assert_non_null(strstr(text, " UserCounters...\n"));
    assert_non_null(strstr(text, " 1 allocs_per_iter=10.5 max_bytes_used=41.0156Ki net_heap_growth=-7\n"));
    free(text);
    text = print_one("console", true, &run);
    assert_non_null(strstr(text, "Iterations allocs_per_iter max_bytes_used net_heap_growth\n"));
    assert_non_null(strstr(text, " 1            10.5      41.0156Ki              -7\n"));
    free(text);
    text = print_one("csv", false, &run);
    assert_non_null(strstr(text, "error_message,allocs_per_iter,max_bytes_used,total_allocated_bytes,net_heap_growth\n"
                                 "\"M\",1,1,0,ns,,,,,,10.5,42000,,-7\n"));
    free(text);
    run.memory.total_allocated_bytes = 77;
    text = print_one("json", false, &run);
    assert_non_null(strstr(text, "\"total_allocated_bytes\": 77,\n      \"net_heap_growth\": -7\n"));
    free(text);
}

/* Tabular: an aggregate without memory results does not need a header of its own. */
static void test_memory_and_aggregates(void **state)
{
    (void)state;
    struct benchmark_run runs[2] = { with_memory(), plain };
    runs[1].aggregate_name = "mean";
    const struct benchmark_run *batch = runs;
    char *text = print("console", true, false, &batch, &(size_t){ 2 }, 1);
    const char *header = strstr(text, "Benchmark ");
    assert_non_null(header);
    assert_null(strstr(header + 1, "Benchmark "));
    free(text);
}

static void test_extra_keys(void **state)
{
    (void)state;
    char name[] = "CYCLES", other[] = "CACHE\"MISSES", reason[] = "no \"PMU\"";
    struct benchmark_counter_report reports[] = {
        { .name = name, .state = BENCHMARK_COUNTER_SCALED, .running_share = 0.5 },
        { .name = other, .state = BENCHMARK_COUNTER_UNSUPPORTED, .reason = reason }
    };
    struct benchmark_run run = plain;
    run.samples = (struct benchmark_sample_summary){ 100, 8, 1.5, 2, 2.25, 3, NAN };
    run.emptiness = BENCHMARK_LOOP_DELETED;
    run.has_timer_cost = true;
    run.timer_cost_ns = 571.26;
    run.pause_count = 12;
    run.pause_error_ns = 0.04;
    run.has_peak_rss = true;
    run.peak_rss_bytes = 1 << 20;
    run.counter_reports = reports;
    run.counter_report_count = 2;
    char *printed = print_one("json", false, &run);
    json_t *json = json_loads(printed, JSON_REJECT_DUPLICATES, NULL);
    const json_t *row = json_array_get(json_object_get(json, "benchmarks"), 0);
    const json_t *samples = json_object_get(row, "prony_samples"), *counters = json_object_get(row, "prony_counters");
    assert_int_equal(number(samples, "count"), 100);
    assert_int_equal(number(samples, "batch_iterations"), 8);
    assert_near(number(samples, "min_ns"), 1.5, 0);
    assert_near(number(samples, "p50_ns"), 2, 0);
    assert_near(number(samples, "p90_ns"), 2.25, 0);
    assert_near(number(samples, "p99_ns"), 3, 0);
    assert_true(json_is_null(json_object_get(samples, "max_ns")));
    assert_string_equal(text(row, "prony_empty_loop"), "deleted");
    assert_near(number(row, "prony_timer_cost_ns"), 571.3, 1e-12);
    assert_int_equal(number(row, "prony_pauses"), 12);
    assert_true(fabs(number(row, "prony_pause_error_ns")) < 1e-12);
    assert_int_equal(number(row, "prony_peak_rss_bytes"), 1 << 20);
    assert_string_equal(text(json_object_get(counters, "CYCLES"), "state"), "scaled");
    assert_near(number(json_object_get(counters, "CYCLES"), "running_share"), 0.5, 0);
    assert_string_equal(text(json_object_get(counters, "CACHE\"MISSES"), "reason"), "no \"PMU\"");
    json_decref(json);
    free(printed);

    printed = print_one("json", false, &plain); /* nothing measured, nothing said */
    assert_null(strstr(printed, "prony_"));
    free(printed);
}

/* ---- CSV: counters that the first batch did not have ---- */

static void test_csv_late_counters(void **state)
{
    (void)state;
    struct benchmark_run first[2] = { plain, plain }, second = plain, third = plain;
    struct benchmark_counter b = { (char *)(uintptr_t) "b", 1, 0, 1000 };
    struct benchmark_counter ab[] = { { (char *)(uintptr_t) "a", 2, 0, 1000 },
                                      { (char *)(uintptr_t) "b", 3, 0, 1000 } };
    struct benchmark_counter z = { (char *)(uintptr_t) "z\"", 4, 0, 1000 };
    first[0].counters = (struct benchmark_counters){ &b, 1, 1 };
    first[1].label = (char *)(uintptr_t) "two\nlines";
    second.counters = (struct benchmark_counters){ ab, 2, 2 };
    third.counters = (struct benchmark_counters){ &z, 1, 1 };
    const struct benchmark_run *batches[] = { first, &second, &third };
    const size_t counts[] = { 2, 1, 1 };
    char *file = print("csv", false, true, batches, counts, 3);
    assert_string_equal(file, "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
                              "error_occurred,error_message,\"b\",\"a\",\"z\"\"\"\n"
                              "\"M\",1,1,0,ns,,,,,,1,,\n"
                              "\"M\",1,1,0,ns,,,\"two\nlines\",,,,,\n"
                              "\"M\",1,1,0,ns,,,,,,3,2,\n"
                              "\"M\",1,1,0,ns,,,,,,,,4\n");
    free(file);
    struct redirection err = redirect(STDERR_FILENO);
    char *stream = print("csv", false, false, batches, counts, 3);
    char *talk = restore(&err);
    assert_non_null(strstr(stream, "error_message,\"b\"\n"));
    assert_non_null(strstr(stream, "\n\"M\",1,1,0,ns,,,,,,3\n\"M\",1,1,0,ns,,,,,,\n"));
    assert_string_equal(talk, "counter a of M is not in the CSV: its columns are those of the first benchmark\n");
    free(stream);
    free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_display),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_nothing_implemented),
        cmocka_unit_test(test_tap),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_without_out),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_and_aggregates),
        cmocka_unit_test(test_extra_keys),
        cmocka_unit_test(test_csv_late_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
