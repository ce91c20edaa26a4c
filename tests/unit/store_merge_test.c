/* store_merge_test.c: databases come together, twice is once, and nothing is half done; a pruned run keeps its
 * summaries, and everybody can still read it; check finds what is broken. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/summarize.h"
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], mine[96], theirs[96];
    struct store *store, *other;
    struct arena arena;
    struct error error;
};

static struct store *open_store(const char *path)
{
    struct store *store;
    struct error error;
    if (store_open(&store, path, false, &error) != 0)
        fail_msg("%s", error.text);
    return store;
}

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){ 0 };
    strcpy(f->directory, "/tmp/prony-merge-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->mine, sizeof f->mine, "%s/mine's.db", f->directory);
    snprintf(f->theirs, sizeof f->theirs, "%s/theirs.db", f->directory);
    f->store = open_store(f->mine);
    f->other = open_store(f->theirs);
}

static void remove_database(const char *path)
{
    const char *suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char *file = mem_format("%s%s", path, suffixes[i]);
        unlink(file);
        free(file);
    }
}

static void close_fixture(struct fixture *f)
{
    store_close(f->store);
    store_close(f->other);
    arena_release(&f->arena);
    remove_database(f->mine);
    remove_database(f->theirs);
    assert_int_equal(rmdir(f->directory), 0);
}

#define GOOD(call)                           \
    do {                                     \
        struct error good_error;             \
        struct error *error = &good_error;   \
        if ((call) != 0)                     \
            fail_msg("%s", good_error.text); \
    } while (0)

static int64_t count(struct store *store, const char *table)
{
    int64_t value;
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    GOOD(store_query_int(store, sql, &value, error));
    return value;
}

/* A run with a bit of everything. */
static int64_t add_run(struct store *store, const char *commit, const char *first_case, double time_ns)
{
    const struct store_fact build[] = { { "git_commit", commit } }, machine[] = { { "cpu", "a" } };
    const struct store_fact environment[] = { { "load", "1" } };
    struct store_run run = { "quick", "prony run", 7, "m1", machine, 1, build, 1, environment, 1, NULL, 0 };
    const double threads[] = { 1, 2 }, values[] = { 5, 6, 7 };
    struct store_metric metrics[] = {
        { .name = "tokens_per_second", .unit = "1/s", .value = 1e9 / time_ns },
        { .name = "cycles", .unit = "", .value = 3, .thread_values = threads, .thread_count = 2, .running_share = .5 },
        { .name = "energy", .unit = "J", .state = STORE_UNSUPPORTED, .reason = "no RAPL", .remedy = "buy one" },
    };
    struct store_span span = { "ffn", 3, 1, 10, 20, NAN, "matvec/q8_0" };
    struct store_course course = { "live_bytes", "B", values, values, 3 };
    struct store_check check = { "governor", "warn", "powersave", "slow", "performance" };
    struct store_failure failure = { "kernels", "killed", "oh", 0, 9 };
    int64_t id;
    GOOD(store_run_begin(store, &run, &id, error));
    for (int i = 0; i < 8; i++) {
        struct store_sample sample = { .suite = "kernels",
                                       .name = i % 2 ? "b" : first_case,
                                       .round = i / 2,
                                       .process = i / 2,
                                       .iterations = 10,
                                       .real_time_ns = time_ns + i,
                                       .cpu_time_ns = time_ns,
                                       .label = "fast",
                                       .output_digest = i == 6 ? "d2" : "d1",
                                       .metrics = metrics,
                                       .metric_count = 3,
                                       .values_ns = values,
                                       .value_count = 3,
                                       .spans = &span,
                                       .span_count = 1,
                                       .courses = &course,
                                       .course_count = 1 };
        GOOD(store_sample_add(store, id, &sample, 1, error));
    }
    struct store_sample failed = { .suite = "kernels",
                                   .name = "b",
                                   .process = 4,
                                   .status = STORE_SAMPLE_ERROR,
                                   .message = "wrong",
                                   .real_time_ns = NAN };
    GOOD(store_sample_add(store, id, &failed, 1, error));
    GOOD(store_checks_add(store, id, &check, 1, error));
    GOOD(store_failure_add(store, id, &failure, error));
    struct stacks *stacks = stacks_create();
    struct store_profile profile = { "kernels", "b", "b", "cpu", "cpu-clock", "ns", 99, 1000, 1, 0, 0, NULL };
    GOOD(store_profile_add(store, id, &profile, stacks, NULL, error));
    stacks_release(stacks);
    GOOD(store_run_end(store, id, "complete", error));
    return id;
}

static int64_t compare_runs(struct store *store, int64_t base, int64_t candidate)
{
    struct store_comparison comparison = { .kind = "ab", .base_run = base, .candidate_run = candidate };
    struct store_outcome outcome = { "kernels", "b", "real_time", .1, 0, .2, .01, NAN, 6, "regressed" };
    int64_t id;
    GOOD(store_comparison_add(store, &comparison, &id, error));
    GOOD(store_outcomes_add(store, id, &outcome, 1, error));
    return id;
}

static const char *const tables[] = { "run",         "run_fact",          "sample",     "sample_value",
                                      "sample_span", "sample_course",     "run_check",  "sample_thread_value",
                                      "failure",     "profile",           "comparison", "sample_distribution",
                                      "machine",     "machine_fact",      "build",      "build_fact",
                                      "run_tag",     "comparison_outcome" };

static void assert_sound(struct store *store)
{
    struct arena arena = { 0 };
    const char **problems;
    size_t problem_count;
    GOOD(store_check(store, &arena, &problems, &problem_count, error));
    if (problem_count)
        fail_msg("%s", problems[0]);
    arena_release(&arena);
}

static void test_merge(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct store_merge_result result;
    int64_t mine = add_run(f.store, "aaaa", "a", 100);
    int64_t base = add_run(f.other, "bbbb", "z", 200), candidate = add_run(f.other, "cccc", "a", 300);
    compare_runs(f.other, base, candidate);
    GOOD(store_tag_set(f.other, "theirs", base, "note", error));
    GOOD(store_merge(f.store, f.theirs, &result, error));
    assert_int_equal(result.runs_added, 2);
    assert_int_equal(result.comparisons_added, 1);
    assert_int_equal(result.tags_added, 1);
    GOOD(store_merge(f.store, f.theirs, &result, error)); /* twice is once */
    assert_int_equal(result.runs_added, 0);
    assert_int_equal(result.runs_known, 2);
    assert_int_equal(result.runs_differ, 0);
    assert_sound(f.store);
    /* And from here to there: then both hold the same. */
    GOOD(store_merge(f.other, f.mine, &result, error));
    assert_int_equal(result.runs_added, 1);
    assert_int_equal(result.runs_known, 2);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        assert_int_equal(count(f.store, tables[i]), count(f.other, tables[i]));
    assert_int_equal(count(f.store, "sample"), 27);
    assert_sound(f.other);
    struct store_case *cases;
    struct store_run_row run;
    size_t case_count;
    GOOD(store_run_find(f.store, "theirs", &f.arena, &run, error));
    GOOD(store_cases(f.store, run.id, &f.arena, &cases, &case_count, error));
    assert_int_equal(case_count, 2);
    assert_true(run.id != mine);
    for (size_t i = 0; i < case_count; i++) {
        assert_int_equal(cases[i].sample_count, 4);
        assert_int_equal(cases[i].span_count, 1);
        assert_string_equal(cases[i].spans[0].kernels, "matvec/q8_0");
        assert_int_equal(cases[i].course_count, 1);
        assert_int_equal(cases[i].value_count, 12);
        assert_int_equal(cases[i].metric_count, 3);
        assert_string_equal(cases[i].label, "fast");
    }
    close_fixture(&f);
}

static void test_merge_conflicts(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct store_merge_result result;
    int64_t mine = add_run(f.store, "aaaa", "a", 100);
    GOOD(store_merge(f.other, f.mine, &result, error));
    int64_t theirs = add_run(f.other, "bbbb", "a", 100);
    GOOD(store_tag_set(f.store, "baseline", mine, NULL, error));
    GOOD(store_tag_set(f.other, "baseline", theirs, NULL, error));
    GOOD(store_execute(f.other, "UPDATE run SET status = 'failed' WHERE id = 1", error));
    GOOD(store_merge(f.store, f.theirs, &result, error));
    assert_int_equal(result.tags_differ, 1);
    assert_int_equal(result.tags_added, 0);
    assert_int_equal(result.runs_differ, 1);
    struct store_run_row run;
    GOOD(store_run_find(f.store, "baseline", &f.arena, &run, error));
    assert_int_equal(run.id, mine);
    assert_string_equal(run.status, "complete");
    assert_int_equal(store_merge(f.store, f.mine, &result, &f.error), ERROR_USAGE);
    assert_non_null(strstr(f.error.text, "is this database itself"));
    assert_int_equal(store_merge(f.store, "/nowhere.db", &result, &f.error), ERROR_IO);
    assert_int_equal(store_merge(f.store, "tests/README.md", &result, &f.error), ERROR_FORMAT);
    add_run(f.store, "dddd", "a", 1); /* it still works after that */
    close_fixture(&f);
}

/* Dies at the n-th row that is written. */
static void die_later(void *left, int operation, const char *database, const char *table, sqlite3_int64 row)
{
    (void)operation;
    (void)database;
    (void)table;
    (void)row;
    if (--*(int *)left == 0)
        kill(getpid(), SIGKILL);
}

static void run_in_child(struct fixture *f, int rows, bool merge)
{
    store_close(f->store); /* SQLite's connections must not cross a fork */
    f->store = NULL;
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        struct store_merge_result result;
        if (store_open(&store, f->mine, false, NULL) != 0)
            _exit(3);
        sqlite3_update_hook(store->db, die_later, &rows);
        int code = merge ? store_merge(store, f->theirs, &result, NULL) : summarize_prune(store, 1, NULL);
        _exit(code == 0 ? 0 : 4);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    f->store = open_store(f->mine);
}

static void test_killed(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    add_run(f.store, "aaaa", "a", 100);
    add_run(f.other, "bbbb", "z", 200);
    store_close(f.other);
    f.other = NULL;
    for (int rows = 1; rows < 12; rows += 5) {
        run_in_child(&f, rows, true);
        assert_int_equal(count(f.store, "run"), 1);
        assert_int_equal(count(f.store, "sample"), 9);
        run_in_child(&f, rows, false);
        assert_int_equal(count(f.store, "sample"), 9);
        assert_int_equal(count(f.store, "summary"), 0);
    }
    assert_sound(f.store);
    f.other = open_store(f.theirs);
    close_fixture(&f);
}

/* No room for what is to be written: said, and nothing has happened. */
static void test_no_room(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct store_merge_result result;
    add_run(f.store, "aaaa", "a", 100);
    for (int i = 0; i < 20; i++)
        add_run(f.other, "bbbb", "z", 200 + i);
    struct rlimit old, tight = { 4096, 4096 };
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight.rlim_max = old.rlim_max;
    tight.rlim_cur = 200000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int code = store_merge(f.store, f.theirs, &result, &f.error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(code, ERROR_IO);
    assert_int_equal(result.runs_added, 0);
    assert_non_null(strstr(f.error.text, f.mine));
    assert_int_equal(count(f.store, "run"), 1);
    GOOD(store_merge(f.store, f.theirs, &result, error));
    assert_int_equal(result.runs_added, 20);
    close_fixture(&f);
}

static void test_prune(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t run = add_run(f.store, "aaaa", "a", 100), kept = add_run(f.store, "bbbb", "a", 200);
    struct store_case *before, *after;
    size_t count_before, count_after;
    GOOD(store_cases(f.store, run, &f.arena, &before, &count_before, error));
    GOOD(store_tag_set(f.store, "precious", run, NULL, error));
    assert_int_equal(summarize_prune(f.store, run, &f.error), ERROR_STATE);
    assert_non_null(strstr(f.error.text, "is tagged 'precious'"));
    GOOD(store_tag_remove(f.store, "precious", error));
    GOOD(summarize_prune(f.store, run, error));
    GOOD(summarize_prune(f.store, run, error)); /* nothing to do */
    assert_int_equal(count(f.store, "sample"), 9);
    assert_int_equal(count(f.store, "profile"), 1);
    assert_int_equal(count(f.store, "sample_span"), 8);
    GOOD(store_cases(f.store, run, &f.arena, &after, &count_after, error));
    assert_int_equal(count_after, count_before);
    for (size_t i = 0; i < count_after; i++) {
        assert_true(after[i].is_summary && !before[i].is_summary);
        assert_string_equal(after[i].name, before[i].name);
        assert_int_equal(after[i].sample_count, 1);
        assert_int_equal(after[i].summary_samples, 4);
        assert_int_equal(after[i].metric_count, 2); /* energy was never there */
        assert_int_equal(after[i].error_count, before[i].error_count);
        assert_int_equal(after[i].outputs_differ, before[i].outputs_differ);
        assert_string_equal(after[i].output_digest, "d1");
        assert_string_equal(after[i].label, "fast");
    }
    assert_float_equal(after[0].real_time_ns[0], 103, 0); /* of 100, 102, 104, 106 */
    for (size_t i = 0; i < after[0].summary_count; i++)
        if (str_equal(after[0].summaries[i].metric, "real_time")) {
            assert_int_equal(after[0].summaries[i].count, 4);
            assert_float_equal(after[0].summaries[i].maximum, 106, 0);
        }
    struct store_run_row row;
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)run);
    GOOD(store_run_find(f.store, id, &f.arena, &row, error));
    assert_true(row.pruned_ns > 0);
    assert_int_equal(row.sample_count, 9);
    struct store_point *points;
    const char *unit;
    size_t point_count;
    GOOD(store_history(f.store, "kernels", "a", "real_time", &f.arena, &points, &point_count, &unit, error));
    assert_int_equal(point_count, 2);
    assert_int_equal(points[0].count, 0);
    assert_int_equal(points[0].summary_count, 4);
    assert_float_equal(points[0].median, 103, 0);
    assert_int_equal(points[1].run_id, kept);
    GOOD(store_drop_unused(f.store, error));
    assert_sound(f.store);
    struct store_merge_result result;
    GOOD(store_merge(f.other, f.mine, &result, error)); /* summaries travel too */
    assert_int_equal(count(f.other, "summary"), count(f.store, "summary"));
    assert_int_equal(count(f.other, "summary_case"), 2);
    int64_t size_before, size_after;
    GOOD(store_vacuum(f.store, &size_before, &size_after, error));
    assert_true(size_after <= size_before);
    assert_sound(f.store);
    close_fixture(&f);
}

static void expect_problem(struct fixture *f, const char *sql, const char *what)
{
    const char **problems;
    size_t problem_count;
    GOOD(store_execute(f->store, "BEGIN", error));
    GOOD(store_execute(f->store, sql, error));
    GOOD(store_check(f->store, &f->arena, &problems, &problem_count, error));
    assert_true(problem_count > 0);
    if (!strstr(problems[0], what))
        fail_msg("'%s' does not say '%s'", problems[0], what);
    GOOD(store_execute(f->store, "ROLLBACK", error));
}

static void test_check(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    add_run(f.store, "aaaa", "a", 100);
    assert_sound(f.store);
    expect_problem(&f, "DELETE FROM suite_case WHERE name = 'b'", "that are not there");
    expect_problem(&f, "UPDATE run SET pruned_ns = 1", "1 runs are marked as pruned, but have samples");
    expect_problem(&f, "UPDATE run SET sample_count = 5", "1 runs have not as many samples as they say");
    expect_problem(&f, "UPDATE run SET ended_ns = NULL", "1 runs have ended, but not when");
    expect_problem(&f, "UPDATE sample SET status = 9", "CHECK constraint failed in sample");
    struct store_info info;
    GOOD(store_info(f.store, &info, error));
    assert_int_equal(info.runs, 1);
    assert_int_equal(info.samples, 9);
    assert_int_equal(info.schema, store_schema_version());
    assert_true(info.size_bytes > 4096);
    close_fixture(&f);
}

/* Nobody's rows may be added to a run that is not there, now that SQLite does not look. */
static void test_no_such_run(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct store_sample sample = { .suite = "k", .name = "a", .real_time_ns = 1, .cpu_time_ns = 1 };
    assert_int_equal(store_sample_add(f.store, 5, &sample, 1, &f.error), ERROR_STATE);
    assert_non_null(strstr(f.error.text, "there is no run 5"));
    struct store_comparison comparison = { .kind = "ab", .base_run = 5, .candidate_run = 6 };
    int64_t id;
    assert_int_equal(store_comparison_add(f.store, &comparison, &id, &f.error), ERROR_STATE);
    assert_int_equal(store_prune(f.store, 5, NULL, 0, &f.error), ERROR_STATE);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),       cmocka_unit_test(test_merge_conflicts), cmocka_unit_test(test_killed),
        cmocka_unit_test(test_no_room),     cmocka_unit_test(test_prune),           cmocka_unit_test(test_check),
        cmocka_unit_test(test_no_such_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
