/* import_test.c: results of other tools become runs with the right numbers; twice is once; what is damaged is refused
 * by name, place and reason, and leaves nothing behind. Fixtures: tests/imports. */
#include "harness/run/import.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/export.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96], file[96];
    struct store *store;
    struct arena arena;
    struct error error;
    struct import_ids ids;
    struct store_run_row run; /* of the last import: its last run */
    struct store_case *cases;
    size_t case_count;
};

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    strcpy(f->directory, "/tmp/prony-import-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/p.db", f->directory);
    snprintf(f->file, sizeof f->file, "%s/input", f->directory);
    if (store_open(&f->store, f->path, false, &f->error) != 0)
        fail_msg("%s", f->error.text);
}

static void close_fixture(struct fixture *f)
{
    store_close(f->store);
    arena_release(&f->arena);
    unlink(f->path);
    unlink(f->file);
    assert_int_equal(rmdir(f->directory), 0);
}

static void take(struct fixture *f, const char *path, const struct import_options *options)
{
    if (import_file(f->store, path, options, &f->arena, &f->ids, &f->error) != 0)
        fail_msg("%s", f->error.text);
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)f->ids.ids[f->ids.count - 1]);
    if (store_run_find(f->store, id, &f->arena, &f->run, &f->error) != 0 ||
        store_cases(f->store, f->run.id, &f->arena, &f->cases, &f->case_count, &f->error) != 0)
        fail_msg("%s", f->error.text);
}

static size_t count_runs(struct fixture *f)
{
    struct store_run_row *runs;
    size_t count;
    assert_int_equal(store_runs(f->store, 0, &f->arena, &runs, &count, &f->error), 0);
    return count;
}

static const struct store_case *find_case(const struct fixture *f, const char *suite, const char *name)
{
    for (size_t i = 0; i < f->case_count; i++)
        if (str_equal(f->cases[i].suite, suite) && str_equal(f->cases[i].name, name))
            return &f->cases[i];
    for (size_t i = 0; i < f->case_count; i++)
        print_message("there is: %s %s\n", f->cases[i].suite, f->cases[i].name);
    fail_msg("no case %s %s", suite, name);
    return NULL;
}

static double metric(const struct store_case *item, const char *name, size_t index)
{
    for (size_t i = 0; i < item->metric_count; i++)
        if (str_equal(item->metrics[i].name, name))
            return item->metrics[i].values[index];
    fail_msg("no metric %s", name);
    return NAN;
}

static const char *fact(const struct store_fact *facts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(facts[i].name, name))
            return facts[i].value;
    return "";
}

#define BUILD(name)       fact(f.run.build, f.run.build_count, name)
#define MACHINE(name)     fact(f.run.machine, f.run.machine_count, name)
#define ENVIRONMENT(name) fact(f.run.environment, f.run.environment_count, name)

static void test_gbench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/gbench.json", NULL);
    assert_string_equal(f.ids.format, "gbench");
    assert_true(f.run.started_ns == 1772362800000000000);
    assert_string_equal(f.run.status, "complete");
    assert_string_equal(MACHINE("num_cpus"), "4");
    assert_string_equal(BUILD("library_version"), "v1.8.3");
    assert_string_equal(ENVIRONMENT("host_name"), "bench1");
    assert_true(str_starts(ENVIRONMENT("import_repetitions"), "of one process"));
    const struct store_case *item = find_case(&f, "bench_sum", "BM_sum/64");
    assert_int_equal(item->sample_count, 2);
    assert_float_equal(item->real_time_ns[1], 1750, 1e-9);
    assert_float_equal(item->cpu_time_ns[0], 1250, 1e-9);
    assert_float_equal(metric(item, "bytes_per_second", 1), 9e8, 0);
    assert_int_equal(find_case(&f, "bench_sum", "BM_broken")->error_count, 1);
    take(&f, "tests/imports/gbench_aggregates.json", NULL);
    item = find_case(&f, "bench_sum", "BM_sum/64");
    assert_int_equal(item->sample_count, 1);
    assert_float_equal(item->real_time_ns[0], 1.5e6, 1e-9);
    assert_string_equal(item->label, "median of 9 repetitions");
    close_fixture(&f);
}

static void test_llama_bench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/llama_bench.json", NULL);
    assert_string_equal(f.ids.format, "llama-bench");
    assert_int_equal(f.ids.count, 1);
    assert_string_equal(BUILD("git_commit"), "abc1234");
    assert_string_equal(MACHINE("cpu_info"), "A CPU");
    assert_true(f.run.started_ns == 1769940000000000000 && f.run.ended_ns == 1769940010000000000);
    const struct store_case *item = find_case(&f, "llama-bench", "pp512/qwen2_1B_Q8_0/threads:8/type_v:q8_0");
    assert_int_equal(item->sample_count, 3);
    assert_float_equal(item->real_time_ns[2], 2.1e9, 0);
    assert_float_equal(metric(item, "tokens_per_second", 0), 269.5, 0);
    assert_true(isnan(item->cpu_time_ns[0]));
    find_case(&f, "llama-bench", "tg128/qwen2_1B_Q8_0/threads:8/depth:1024/type_v:q8_0");
    /* A line a test; the file was appended to by a second call, the first of which is known already. */
    take(&f, "tests/imports/llama_bench.jsonl", NULL);
    assert_int_equal(f.ids.count, 2);
    assert_int_equal(f.ids.known, 1);
    assert_int_equal(f.case_count, 1);
    take(&f, "tests/imports/llama_bench.sql", NULL);
    item = find_case(&f, "llama-bench", "pp512/it's_1B_Q8_0/threads:8/type_v:q8_0");
    assert_int_equal(item->sample_count, 1);
    assert_float_equal(item->real_time_ns[0], 2e9, 0);
    assert_string_equal(item->label, "average");
    close_fixture(&f);
}

static void test_gobench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/gobench.txt", NULL);
    assert_string_equal(f.ids.format, "gobench");
    assert_string_equal(BUILD("git_commit"), "89abcdef");
    assert_string_equal(BUILD("git_branch"), "topic");
    assert_string_equal(MACHINE("cpu"), "A CPU @ 3.00GHz");
    assert_int_equal(f.case_count, 2);
    const struct store_case *item = find_case(&f, "example.com/sum", "BenchmarkSum/n=64-4");
    assert_int_equal(item->sample_count, 2);
    assert_float_equal(item->real_time_ns[1], 1600, 0);
    assert_int_equal(item->iterations[0], 100000);
    assert_float_equal(metric(item, "bytes_per_second", 1), 4e7, 1e-6);
    assert_float_equal(metric(item, "bytes_per_operation", 0), 16, 0);
    assert_float_equal(metric(item, "allocations_per_operation", 0), 1, 0);
    /* A result without a time is not judged by one. */
    item = find_case(&f, "example.com/sum", "BenchmarkOdd-4");
    assert_int_equal(item->sample_count, 0);
    assert_float_equal(metric(item, "tokens_per_second", 0), 99.5, 0);
    close_fixture(&f);
}

static void test_hyperfine(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/hyperfine.json", NULL);
    assert_string_equal(f.ids.format, "hyperfine");
    assert_true(str_starts(ENVIRONMENT("import_date"), "that of the file"));
    const struct store_case *item = find_case(&f, "hyperfine", "./solve --n 1");
    assert_int_equal(item->sample_count, 2);
    assert_int_equal(item->error_count, 1);
    assert_string_equal(item->message, "exited with 3");
    assert_float_equal(item->real_time_ns[0], 1.9e8, 1e-6);
    assert_int_equal(item->processes[1], 1);
    assert_float_equal(metric(item, "peak_rss_bytes", 0), 1048576, 0);
    assert_float_equal(metric(item, "mean_user_ns", 0), 1.5e8, 1e-6);
    assert_int_equal(find_case(&f, "hyperfine", "./solve/threads:2")->sample_count, 1);
    assert_string_equal(find_case(&f, "hyperfine", "./solve/threads:1")->message, "killed by a signal");
    close_fixture(&f);
}

static void test_criterion(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/criterion", NULL);
    assert_string_equal(f.ids.format, "criterion");
    const struct store_case *item = find_case(&f, "criterion", "sum/1024");
    assert_int_equal(item->sample_count, 3); /* of one process: repetitions */
    assert_float_equal(item->real_time_ns[2], 99, 1e-9);
    assert_string_equal(item->label, "slope");
    assert_float_equal(metric(item, "criterion_slope_ns", 0), 100, 0);
    assert_int_equal(item->value_count, 3);
    assert_float_equal(item->values_ns[2], 99, 1e-9);
    assert_float_equal(metric(item, "bytes_per_second", 2), 1024e9 / 99, 1);
    take(&f, "tests/imports/criterion/sum/1024/new/sample.json", NULL); /* one of its files is the same content */
    assert_int_equal(f.ids.known, 1);
    take(&f, "tests/imports/cargo_criterion.json", NULL);
    item = find_case(&f, "criterion", "norm");
    assert_float_equal(metric(item, "criterion_typical_ns", 0), 100, 1e-9);
    assert_float_equal(item->values_ns[1], 110, 1e-9);
    assert_float_equal(metric(item, "elements_per_second", 0), 1e10, 1);
    close_fixture(&f);
}

static void test_pytest(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/pytest.json", NULL);
    assert_string_equal(f.ids.format, "pytest-benchmark");
    assert_string_equal(BUILD("git_branch"), "main");
    assert_string_equal(BUILD("git_dirty"), "false");
    assert_string_equal(MACHINE("cpu"), "A CPU");
    assert_true(f.run.started_ns == 1767323045500000000);
    const struct store_case *item = find_case(&f, "tests/test_fib.py", "test_fib[20]");
    assert_int_equal(item->sample_count, 3);
    assert_float_equal(item->real_time_ns[1], 1.5e6, 1e-6);
    assert_int_equal(item->iterations[0], 10);
    assert_int_equal(item->value_count, 3);
    assert_float_equal(item->values_ns[2], 3e6, 1e-6);
    assert_float_equal(metric(item, "tokens", 0), 5, 0);
    close_fixture(&f);
}

static void test_gh_action(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/data.js", NULL);
    assert_string_equal(f.ids.format, "github-action-benchmark");
    assert_int_equal(f.ids.count, 3);
    assert_true(f.run.started_ns == 1700086400000000000);
    struct store_point *points;
    size_t count;
    const char *unit;
    assert_int_equal(store_history(f.store, "C++", "BM_sum/64", "real_time", &f.arena, &points, &count, &unit, NULL),
                     0);
    assert_int_equal(count, 2);
    assert_float_equal(points[0].values[0], 183.5, 0);
    assert_string_equal(points[0].commit, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(store_history(f.store, "C++", "BM_sum/64", "cpu_time", &f.arena, &points, &count, &unit, NULL), 0);
    assert_float_equal(points[1].values[0], 188.25, 0);
    assert_int_equal(
        store_history(f.store, "Other", "t.py::test_x", "real_time", &f.arena, &points, &count, &unit, NULL), 0);
    assert_float_equal(points[0].values[0], 5e5, 1e-6);
    assert_int_equal(store_history(f.store, "Other", "size", "mib", &f.arena, &points, &count, &unit, NULL), 0);
    assert_float_equal(points[0].values[0], 12.5, 0);
    assert_string_equal(unit, "MiB");
    close_fixture(&f);
}

/* ---- what the tools really write (tests/imports/real) ---- */

static void test_real_hyperfine(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/hyperfine.json", NULL);
    assert_int_equal(f.case_count, 4); /* two commands of one name are two cases */
    const struct store_case *item = find_case(&f, "hyperfine", "head of 20/size:20");
    assert_int_equal(item->sample_count, 3);
    assert_float_equal(item->real_time_ns[1], 3.6e7, 1e-6);
    item = find_case(&f, "hyperfine", "head of 20/size:20/#2");
    assert_int_equal(item->error_count, 3);
    assert_string_equal(item->message, "exited with 1");
    assert_string_equal(ENVIRONMENT("import_repetitions"), ""); /* processes of their own */
    close_fixture(&f);
}

/* 45 rounds are 20 batches, 5 rounds are 5; what is not known of the commit is not there. */
static void test_real_pytest(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/pytest.json", NULL);
    assert_string_equal(BUILD("git_commit"), "");
    assert_string_equal(BUILD("git_branch"), "");
    assert_string_equal(BUILD("git_dirty"), "");
    const struct store_case *item = find_case(&f, "test_fib.py", "test_fib[5]");
    assert_int_equal(item->sample_count, 20);
    assert_int_equal(item->value_count, 45);
    assert_float_equal(item->real_time_ns[0], 1000, 1e-6);
    assert_float_equal(item->real_time_ns[19], 2000, 1e-6);
    assert_int_equal(item->processes[19], 19);
    assert_int_equal(find_case(&f, "test_fib.py", "TestGroup::test_join")->sample_count, 5);
    assert_true(str_starts(ENVIRONMENT("import_repetitions"), "of one process"));
    close_fixture(&f);
}

static void test_real_gbench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/gbench.json", NULL);
    assert_int_equal(f.case_count, 4); /* neither aggregates nor the complexity */
    const struct store_case *item = find_case(&f, "bench", "BM_sum/64");
    assert_int_equal(item->sample_count, 2);
    assert_float_equal(item->real_time_ns[1], 51, 1e-9);
    assert_float_equal(item->cpu_time_ns[1], 40, 1e-9);
    assert_float_equal(find_case(&f, "bench", "BM_ms/real_time/threads:2")->real_time_ns[0], 2.5e5, 1e-6);
    assert_string_equal(find_case(&f, "bench", "BM_broken")->message, "no such model");
    close_fixture(&f);
}

/* Failures have names without processors; a package's results come in pieces with -json. */
static void test_real_gobench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/gobench.txt", NULL);
    const struct store_case *item = find_case(&f, "example.com/sum", "BenchmarkFail-2");
    assert_int_equal(item->error_count, 1);
    assert_string_equal(item->message, "sum_test.go:12: no model");
    assert_float_equal(find_case(&f, "example.com/sum", "BenchmarkSum/n=64-2")->real_time_ns[1], 41.5, 1e-9);
    assert_float_equal(find_case(&f, "example.com/sum/other", "BenchmarkSum-2")->real_time_ns[0], .6919, 1e-9);
    item = find_case(&f, "example.com/sum", "BenchmarkMetric-2");
    assert_float_equal(metric(item, "loss", 0), .25, 0);
    assert_float_equal(metric(item, "tokens_per_second", 0), 123.5, 0);
    item = find_case(&f, "example.com/sum", "BenchmarkNoTime-2");
    assert_int_equal(item->sample_count, 0);
    take(&f, "tests/imports/real/gobench_json.txt", NULL);
    assert_string_equal(f.ids.format, "gobench");
    assert_float_equal(find_case(&f, "example.com/sum", "BenchmarkSum/n=64-2")->real_time_ns[0], 25, 1e-9);
    assert_float_equal(find_case(&f, "example.com/sum/other", "BenchmarkSum")->real_time_ns[0], 25, 1e-9);
    item = find_case(&f, "example.com/sum", "BenchmarkFail");       /* with two -cpu: which of them is unknown */
    assert_string_equal(item->message, "sum_test.go:11: no model"); /* before its line, with -v */
    static const char skipped[] = "BenchmarkX-2 \t 10 \t 2 ns/op\nBenchmarkSkip\n    x_test.go:1: no gpu\n"
                                  "--- SKIP: BenchmarkSkip\nPASS\n";
    assert_int_equal(file_write(f.file, skipped, sizeof skipped - 1, NULL), 0);
    take(&f, f.file, NULL);
    assert_string_equal(find_case(&f, "go", "BenchmarkSkip-2")->message, "x_test.go:1: no gpu");
    close_fixture(&f);
}

static void test_real_criterion(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/criterion", NULL);
    const struct store_case *item = find_case(&f, "criterion", "flat/slow");
    assert_int_equal(item->sample_count, 20);
    assert_float_equal(item->real_time_ns[19], 119, 1e-9);
    assert_float_equal(metric(item, "criterion_mean_ns", 0), 110, 0);
    assert_float_equal(metric(item, "elements_per_second", 0), 5e7, 1e-3);
    close_fixture(&f);
}

static void test_real_llama_bench(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    static const char *const files[] = { "llama_bench.json", "llama_bench.sql", "llama_bench.csv" };
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "tests/imports/real/%s", files[i]);
        take(&f, path, NULL);
        assert_string_equal(BUILD("git_commit"), ""); /* "unknown" */
        const struct store_case *item = find_case(&f, "llama-bench", "pp16/qwen2_?B_Q8_0/threads:1");
        assert_int_equal(item->sample_count, i == 0 ? 3 : 1);
        assert_float_equal(item->real_time_ns[0], i == 0 ? 1.9e7 : 2e7, 0);
        assert_float_equal(metric(item, "tokens_per_second", 0), i == 0 ? 842 : 800, .2);
    }
    assert_float_equal(find_case(&f, "llama-bench", "tg8/qwen2_\"?B\"_Q8_0/threads:1")->real_time_ns[0], 4e7, 0);
    close_fixture(&f);
}

static struct store_case *cases_of(struct fixture *f, const char *suite, size_t *count)
{
    for (size_t i = 0; i < f->ids.count; i++) {
        struct store_case *cases;
        assert_int_equal(store_cases(f->store, f->ids.ids[i], &f->arena, &cases, count, NULL), 0);
        if (str_equal(cases[0].suite, suite))
            return cases;
    }
    fail_msg("no entry of %s", suite);
    return NULL;
}

/* The extractors' own ways: repetitions under one name, aggregates and complexities as benches, 0 for a failure, and a
 * Go benchmark's further values as benches of their own. */
static void test_real_gh_action(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    take(&f, "tests/imports/real/data.js", NULL);
    assert_int_equal(f.ids.count, 10); /* five suites at two commits */
    f.cases = cases_of(&f, "C++", &f.case_count);
    assert_int_equal(f.case_count, 2);
    assert_int_equal(find_case(&f, "C++", "BM_sum/64")->sample_count, 2);
    assert_int_equal(find_case(&f, "C++", "BM_broken")->error_count, 2);
    f.cases = cases_of(&f, "Go", &f.case_count);
    const struct store_case *item = find_case(&f, "Go", "BenchmarkAlloc (example.com/sum)");
    assert_float_equal(item->real_time_ns[1], 64, 0);
    assert_float_equal(metric(item, "bytes_per_operation", 0), 64, 0);
    assert_float_equal(metric(item, "allocations_per_operation", 0), 1, 0);
    assert_int_equal(f.case_count, 2);
    f.cases = cases_of(&f, "JS", &f.case_count);
    assert_float_equal(f.cases[0].real_time_ns[0], 1e9 / 1431759, 1e-9);
    f.cases = cases_of(&f, "Custom", &f.case_count);
    assert_float_equal(metric(find_case(&f, "Custom", "throughput"), "tokens_per_second", 0), 41.5, 0);
    close_fixture(&f);
}

static const char *const all_files[] = { "gbench.json",
                                         "gbench_aggregates.json",
                                         "llama_bench.json",
                                         "llama_bench.sql",
                                         "gobench.txt",
                                         "hyperfine.json",
                                         "criterion",
                                         "pytest.json",
                                         "data.js",
                                         "llama_bench.jsonl",
                                         "cargo_criterion.json",
                                         "real/hyperfine.json",
                                         "real/pytest.json",
                                         "real/gbench.json",
                                         "real/gobench.txt",
                                         "real/gobench_json.txt",
                                         "real/criterion",
                                         "real/llama_bench.json",
                                         "real/llama_bench.csv",
                                         "real/llama_bench.sql",
                                         "real/data.js" };
enum { FILE_COUNT = sizeof all_files / sizeof all_files[0] };

static void test_twice_is_once(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < FILE_COUNT; i++) {
            char path[128];
            snprintf(path, sizeof path, "tests/imports/%s", all_files[i]);
            size_t before = count_runs(&f);
            take(&f, path, NULL);
            assert_int_equal(count_runs(&f) - before, round ? 0 : f.ids.count - f.ids.known);
        }
    const char **problems;
    size_t count;
    assert_int_equal(store_check(f.store, &f.arena, &problems, &count, NULL), 0);
    assert_int_equal(count, 0);
    close_fixture(&f);
}

static void test_options(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct import_options options = {
        .branch = "mine", .commit = "cafe", .date = "2025-01-02", .machine = "big box", .suite = "ours"
    };
    take(&f, "tests/imports/pytest.json", &options);
    assert_string_equal(BUILD("git_branch"), "mine");
    assert_string_equal(BUILD("git_commit"), "cafe");
    assert_string_equal(MACHINE("name"), "big box");
    assert_true(f.run.started_ns == 1735776000000000000);
    const char *fingerprint = f.run.fingerprint;
    find_case(&f, "ours", "test_fib[20]");
    take(&f, "tests/imports/hyperfine.json", &options); /* another format of the same machine */
    assert_string_equal(f.run.fingerprint, fingerprint);
    options = (struct import_options){ .machine = "0123456789abcdef", .format = "gobench" };
    take(&f, "tests/imports/gobench.txt", &options);
    assert_string_equal(f.run.fingerprint, "0123456789abcdef");
    options = (struct import_options){ .date = "yesterday" };
    assert_int_equal(import_file(f.store, "tests/imports/gbench.json", &options, &f.arena, &f.ids, &f.error),
                     ERROR_USAGE);
    options = (struct import_options){ .format = "morse" };
    assert_int_equal(import_file(f.store, "tests/imports/gbench.json", &options, &f.arena, &f.ids, &f.error),
                     ERROR_USAGE);
    options = (struct import_options){ .format = "hyperfine" };
    assert_int_equal(import_file(f.store, "tests/imports/gbench.json", &options, &f.arena, &f.ids, &f.error),
                     ERROR_FORMAT);
    assert_non_null(strstr(f.error.text, "gbench.json (hyperfine): no \"results\" list"));
    close_fixture(&f);
}

static void expect_refusal(struct fixture *f, const char *text, size_t length, const char *message)
{
    assert_int_equal(file_write(f->file, text, length, &f->error), 0);
    size_t before = count_runs(f);
    if (import_file(f->store, f->file, NULL, &f->arena, &f->ids, &f->error) == 0)
        fail_msg("accepted: %.60s", text);
    if (!strstr(f->error.text, f->file) || !strstr(f->error.text, message))
        fail_msg("'%s' does not say '%s'", f->error.text, message);
    assert_int_equal(count_runs(f), before);
}

static void test_damage(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    const struct {
        const char *text, *message;
    } cases[] = {
        { "", "is empty" },
        { " \n\n", "is empty" },
        { "hello\n", "none of the formats" },
        { "{}", "none of the formats" },
        { "[1, 2, 3]", "none of the formats" },
        { "{\"results\": [{\"command\": \"x\", \"mean\": 1, \"times\": [1, \"a\"]}]}", "x: time 2 is not a time" },
        { "{\"results\": [{\"command\": \"x\", \"mean\": 1}, {}]}", "result 2 has no command" },
        { "BenchmarkX-2 100 12 ns/op 7\n", "line 1: BenchmarkX-2: '7' is no value with a unit" },
        { "pkg: a\nBenchmarkX-2 100 twelve ns/op\n", "line 2" },
        { "BenchmarkX-2 99999999999999999999 12 ns/op\n", "no count of iterations" },
        { "build_commit,avg_ns,\"avg_ts", "row 0: damaged or cut off" },
        { "build_commit,avg_ns,avg_ts\n\"a\",\"1\"", "row 1: damaged or cut off" },
        { "build_commit,avg_ns,avg_ts\n\"a\",\"1\",\"2", "row 1: damaged or cut off" },
        { "INSERT INTO t (build_commit, avg_ts) VALUES ('a', ", "line 1: an INSERT that is damaged" },
        { "INSERT INTO t (build_commit, avg_ts) VALUES ('a', '1');", "record 1 is not a test" },
        { "[{\"build_commit\": \"a\", \"avg_ts\": 1, \"avg_ns\": 0}]", "a time of 0 ns" },
        { "{\"machine_info\": {}, \"commit_info\": {}, \"benchmarks\": [{\"name\": \"a\"}]}", "benchmark 1 has no" },
        { "{\"machine_info\": {}, \"commit_info\": {}, \"benchmarks\": [{\"name\": \"a\", \"stats\": {\"mean\": 1, "
          "\"data\": [null]}}]}",
          "a: its times are not all numbers" },
        { "window.BENCHMARK_DATA = {\"repoUrl\": \"\", \"entries\": {\"a\": [{\"commit\": {\"id\": \"c\"}, "
          "\"benches\": [{\"name\": \"x\"}]}]}}",
          "commit c: a: a bench without" },
        { "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[1],\"measured_values\":[]}\n",
          "a: 1 iteration counts, but 0 times" },
        { "{\"reason\":\"benchmark-complete\",\"id\":\"a\",\"iteration_count\":[-1e300],\"measured_values\":[-1]}\n",
          "a: sample 1 is not a time" },
        { "{\"context\": {}, \"benchmarks\": []}", "holds no results" },
        { "{\"prony_export\": 1, \"schema\": 99, \"tables\": {}}", "made by a newer prony" },
        { "{\"prony_export\": 1, \"schema\": 3}", "no \"tables\"" },
        { "{\"prony_export\": 1, \"schema\": 3, \"tables\": {\"run\": {\"columns\": [\"id\"], \"rows\": [[1, 2]]}}}",
          "table run, row 1" },
        { "{\"prony_export\": 1, \"schema\": 3, \"tables\": {\"run\\\"; DROP TABLE run\": {\"columns\": [\"id\"], "
          "\"rows\": []}}}",
          "no table with columns" },
        { "{\"prony_export\": 1, \"schema\": 3, \"tables\": {\"sample_distribution\": {\"columns\": [\"sample_id\", "
          "\"count\", \"values_ns\"], \"rows\": [[1, 1, {\"hex\": \"0011223344556677\"}]]}}}",
          "refer to rows of sample" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refusal(&f, cases[i].text, strlen(cases[i].text), cases[i].message);
    assert_int_equal(import_file(f.store, "/nowhere/x", NULL, &f.arena, &f.ids, &f.error), ERROR_IO);
    assert_non_null(strstr(f.error.text, "/nowhere/x: No such file"));
    assert_int_equal(import_file(f.store, f.directory, NULL, &f.arena, &f.ids, &f.error), ERROR_FORMAT);
    assert_non_null(strstr(f.error.text, "no benchmark was found"));
    close_fixture(&f);
}

static void expect_fault(struct fixture *f, const char *path, const char *message)
{
    struct import_input *input = NULL;
    if (import_open(&input, path, NULL, &f->error) == 0)
        fail_msg("%s was accepted", path);
    assert_null(input);
    if (!strstr(f->error.text, message))
        fail_msg("'%s' does not say '%s'", f->error.text, message);
}

/* What is no text is said in words, without reading it to an end that it may not have. */
static void test_kinds(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    expect_fault(&f, "/dev/zero", "/dev/zero: is no text: it has zero bytes");
    expect_fault(&f, "/dev/null", "/dev/null: is empty");
    expect_fault(&f, f.path, "prony db merge");
    const struct {
        const char *text;
        size_t length;
        const char *message;
    } cases[] = {
        { "\x1f\x8b\x08\x00\x00", 5, "gzip -dc" },
        { "\xff\xfe"
          "B\0e\0",
          6, "iconv" },
        { "{\"results\": []}\0", 16, "zero bytes" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refusal(&f, cases[i].text, cases[i].length, cases[i].message);
    assert_int_equal(truncate(f.file, (off_t)3 << 30), 0); /* has no blocks */
    expect_fault(&f, f.file, "3072 MiB; at most 256 MiB");
    assert_int_equal(file_write(f.file,
                                "\xef\xbb\xbf"
                                "BenchmarkX 1 2 ns/op\n",
                                24, NULL),
                     0);
    take(&f, f.file, NULL);
    assert_string_equal(f.ids.format, "gobench");
    close_fixture(&f);
}

/* A pipe can be read once: asking whether it is a file to import takes nothing from it. */
static void test_pipe(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    assert_int_equal(mkfifo(f.file, 0600), 0);
    assert_true(import_is_file(f.file)); /* at once, though nobody writes */
    int pair[2];
    char name[40];
    static const char text[] = "BenchmarkX-2 100 12 ns/op\n";
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(write(pair[1], text, sizeof text - 1), sizeof text - 1);
    close(pair[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", pair[0]);
    assert_true(import_is_file(name));
    take(&f, name, NULL);
    assert_float_equal(f.cases[0].real_time_ns[0], 12, 0);
    close(pair[0]);
    close_fixture(&f);
}

/* Files of one process each are one run of many; nothing of them is stored when one does not belong. */
static void test_join(void **state)
{
    (void)state;
    struct fixture f;
    struct import_input *inputs[3];
    open_fixture(&f);
    static const char other[] = "pkg: example.com/sum\ngoos: linux\ngoarch: amd64\ncpu: A CPU @ 3.00GHz\n"
                                "BenchmarkSum/n=64-4 1 2000 ns/op\nBenchmarkSum/n=64-4 1 2100 ns/op\n";
    assert_int_equal(file_write(f.file, other, sizeof other - 1, NULL), 0);
    const char *paths[] = { "tests/imports/gobench.txt", f.file, "tests/imports/hyperfine.json" };
    for (size_t i = 0; i < 3; i++)
        if (import_open(&inputs[i], paths[i], NULL, &f.error) != 0)
            fail_msg("%s", f.error.text);
    assert_int_equal(import_join(inputs[0], inputs[2], &f.error), ERROR_USAGE);
    assert_non_null(strstr(f.error.text, "is hyperfine, the first file is gobench"));
    assert_int_equal(import_join(inputs[0], inputs[0], &f.error), ERROR_USAGE);
    assert_non_null(strstr(f.error.text, "a process counts once"));
    if (import_join(inputs[0], inputs[1], &f.error) != 0)
        fail_msg("%s", f.error.text);
    assert_int_equal(import_join(inputs[0], inputs[1], &f.error), ERROR_USAGE);
    assert_int_equal(import_write(inputs[0], f.store, &f.arena, &f.ids, &f.error), 0);
    assert_int_equal(f.ids.count, 1);
    assert_int_equal(store_cases(f.store, f.ids.ids[0], &f.arena, &f.cases, &f.case_count, &f.error), 0);
    const struct store_case *item = find_case(&f, "example.com/sum", "BenchmarkSum/n=64-4");
    assert_int_equal(item->sample_count, 4);
    assert_int_equal(item->processes[1], 0);
    assert_int_equal(item->processes[3], 1);
    for (size_t i = 0; i < 3; i++)
        import_close(inputs[i]);
    close_fixture(&f);
}

/* Cut at many places, a file is refused by name, or what is left is whole by itself (lines). */
static void test_cut(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        char path[128];
        char *text;
        size_t size;
        snprintf(path, sizeof path, "tests/imports/%s", all_files[i]);
        if (str_ends(all_files[i], "criterion"))
            continue;
        assert_int_equal(file_read(path, &text, &size, &f.error), 0);
        bool lines = strstr(path, ".txt") || strstr(path, ".jsonl") || strstr(path, ".sql") || strstr(path, ".csv");
        for (size_t part = 1; part < 8; part++) {
            size_t length = size * part / 8;
            assert_int_equal(file_write(f.file, text, length, &f.error), 0);
            int code = import_file(f.store, f.file, NULL, &f.arena, &f.ids, &f.error);
            if (code == 0 && !lines)
                fail_msg("%s was accepted when cut after %zu of %zu bytes", path, length, size);
            if (code != 0)
                assert_non_null(strstr(f.error.text, f.file));
        }
        free(text);
    }
    close_fixture(&f);
}

/* What is beyond all numbers was not measured, and what we export of it is JSON. */
static void test_infinite_time(void **state)
{
    (void)state;
    static const char text[] =
        "{\"context\": {}, \"benchmarks\": [{\"name\": \"a_median\", \"run_name\": \"a\", \"run_type\": "
        "\"aggregate\", \"aggregate_name\": \"median\", \"real_time\": 1, \"cpu_time\": 1e308, \"time_unit\": \"s\"}]}";
    struct fixture f, g;
    open_fixture(&f);
    open_fixture(&g);
    assert_int_equal(file_write(f.file, text, strlen(text), NULL), 0);
    take(&f, f.file, NULL);
    assert_true(isnan(f.cases[0].cpu_time_ns[0]));
    assert_int_equal(export_write(f.store, f.path, 0, "json", f.file, &f.error), 0);
    take(&g, f.file, NULL);
    assert_int_equal(g.case_count, 1);
    close_fixture(&f);
    close_fixture(&g);
}

/* Our own export comes back as the same run, in another database too. */
static void test_round_trip(void **state)
{
    (void)state;
    struct fixture f, g;
    open_fixture(&f);
    open_fixture(&g);
    take(&f, "tests/imports/criterion", NULL);
    take(&f, "tests/imports/gbench.json", NULL);
    assert_int_equal(export_write(f.store, f.path, f.run.id, "json", f.file, &f.error), 0);
    take(&g, f.file, NULL);
    assert_string_equal(g.ids.format, "prony");
    assert_int_equal(g.ids.count, 1);
    assert_int_equal(g.ids.known, 0);
    assert_string_equal(g.run.uuid, f.run.uuid);
    assert_string_equal(g.run.fingerprint, f.run.fingerprint);
    assert_int_equal(g.run.environment_count, f.run.environment_count);
    assert_int_equal(g.case_count, f.case_count);
    assert_float_equal(g.cases[0].real_time_ns[1], f.cases[0].real_time_ns[1], 0);
    assert_float_equal(metric(&g.cases[0], "bytes_per_second", 0), 1e9, 0);
    take(&f, f.file, NULL); /* back home: it is there already */
    assert_int_equal(f.ids.known, 1);
    /* Everything: nothing is lost on the way there and back. */
    char *first, *second;
    size_t sizes[2];
    assert_int_equal(export_write(f.store, f.path, 0, "json", f.file, &f.error), 0);
    take(&g, f.file, NULL);
    assert_int_equal(count_runs(&g), 2);
    assert_int_equal(export_write(f.store, f.path, 0, "csv", f.file, &f.error), 0);
    assert_int_equal(export_write(g.store, g.path, 0, "csv", g.file, &g.error), 0);
    assert_int_equal(file_read(f.file, &first, &sizes[0], NULL), 0);
    assert_int_equal(file_read(g.file, &second, &sizes[1], NULL), 0);
    assert_true(sizes[0] > 200);
    assert_int_equal(sizes[0], sizes[1]); /* numbers of runs differ, rows do not */
    free(first);
    free(second);
    close_fixture(&f);
    close_fixture(&g);
}

static void test_dates(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t seconds;
    } good[] = { { "1970-01-01", 0 },
                 { "2000-02-29T12:00:00Z", 951825600 },
                 { "2026-11-21T20:56:36+01:00", 1795290996 },
                 { "2026-11-21 20:56:36 -0230", 1795303596 },
                 { "2026-11-21T20:56", 1795294560 },
                 { "2026-11-21T20:56:36.250", 1795294596 } };
    const char *bad[] = {
        "", "yesterday", "2026-13-01", "2026-1-1", "2026-11-21T25:00:00", "2026-11-21X", "2026-11-21T20:56:36+1"
    };
    int64_t ns;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(import_parse_date(good[i].text, &ns));
        assert_true(ns / 1000000000 == good[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(import_parse_date(bad[i], &ns));
    assert_false(import_parse_date(NULL, &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gbench),         cmocka_unit_test(test_llama_bench),
        cmocka_unit_test(test_gobench),        cmocka_unit_test(test_hyperfine),
        cmocka_unit_test(test_criterion),      cmocka_unit_test(test_infinite_time),
        cmocka_unit_test(test_pytest),         cmocka_unit_test(test_gh_action),
        cmocka_unit_test(test_twice_is_once),  cmocka_unit_test(test_options),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_cut),
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_dates),
        cmocka_unit_test(test_real_hyperfine), cmocka_unit_test(test_real_pytest),
        cmocka_unit_test(test_real_gbench),    cmocka_unit_test(test_real_gobench),
        cmocka_unit_test(test_real_criterion), cmocka_unit_test(test_real_llama_bench),
        cmocka_unit_test(test_real_gh_action), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_pipe),           cmocka_unit_test(test_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
