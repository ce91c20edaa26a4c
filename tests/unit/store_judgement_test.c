/* store_judgement_test.c: tags, comparisons with their outcomes, and histories come out as they went in. */
#include "harness/store/store_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    struct store *store;
    struct arena arena;
    struct error error;
};

static void open_fixture(struct fixture *fixture)
{
    *fixture = (struct fixture){ 0 };
    strcpy(fixture->directory, "/tmp/prony-judgement-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof fixture->path, "%s/p.db", fixture->directory);
    if (store_open(&fixture->store, fixture->path, false, &fixture->error) != 0)
        fail_msg("%s", fixture->error.text);
}

static void close_fixture(struct fixture *fixture)
{
    store_close(fixture->store);
    arena_release(&fixture->arena);
    unlink(fixture->path);
    assert_int_equal(rmdir(fixture->directory), 0);
}

static int64_t add_run(struct fixture *fixture, const char *branch, const char *commit, const char *machine)
{
    const struct store_fact build[] = { { "git_commit", commit }, { "git_branch", branch } };
    struct store_run run = {
        .plan = "quick", .command = "prony run", .seed = 1, .fingerprint = machine, .build = build, .build_count = 2
    };
    int64_t id;
    if (store_run_begin(fixture->store, &run, &id, &fixture->error) != 0)
        fail_msg("%s", fixture->error.text);
    return id;
}

static void end_run(struct fixture *fixture, int64_t run)
{
    assert_int_equal(store_run_end(fixture->store, run, "complete", NULL), 0);
}

static void add_sample(struct fixture *fixture, int64_t run, int process, int repetition, double time_ns)
{
    struct store_metric metric = { .name = "tokens_per_second", .unit = "1/s", .value = 1e9 / time_ns };
    struct store_sample sample = { .suite = "kernels",
                                   .name = "a",
                                   .round = process,
                                   .process = process,
                                   .repetition = repetition,
                                   .iterations = 10,
                                   .real_time_ns = time_ns,
                                   .cpu_time_ns = time_ns / 2,
                                   .metrics = &metric,
                                   .metric_count = 1 };
    if (store_sample_add(fixture->store, run, &sample, 1, &fixture->error) != 0)
        fail_msg("%s", fixture->error.text);
}

static void test_tags(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t first = add_run(&f, "main", "aaaa1111", "m"), second = add_run(&f, "main", "bbbb2222", "m");
    assert_int_equal(store_tag_set(f.store, "baseline", first, "before the rewrite", &f.error), 0);
    assert_int_equal(store_tag_set(f.store, "v1.0", first, NULL, &f.error), 0);
    assert_int_equal(store_tag_set(f.store, "baseline", second, NULL, &f.error), 0);
    struct store_tag *tags;
    size_t count;
    assert_int_equal(store_tags(f.store, &f.arena, &tags, &count, &f.error), 0);
    assert_int_equal(count, 2);
    assert_string_equal(tags[0].name, "baseline");
    assert_int_equal(tags[0].run_id, second);
    assert_null(tags[0].note);
    assert_true(tags[0].created_ns > 0);
    assert_int_equal(tags[1].run_id, first);
    const char *refused[] = { "",    "12", "99999999999999999999", "latest", "latest~1", "branch:x", "commit:y",
                              "a b", "-x" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(store_tag_set(f.store, refused[i], first, NULL, &f.error), ERROR_USAGE);
        assert_non_null(strstr(f.error.text, "cannot be a tag"));
    }
    assert_int_equal(store_tag_set(f.store, "x", 77, NULL, &f.error), ERROR_STATE);
    assert_non_null(strstr(f.error.text, "there is no run 77"));
    assert_int_equal(store_tag_remove(f.store, "v1.0", &f.error), 0);
    assert_int_equal(store_tag_remove(f.store, "v1.0", &f.error), ERROR_USAGE);
    assert_non_null(strstr(f.error.text, "there is no tag 'v1.0'"));
    close_fixture(&f);
}

static void test_find(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t old = add_run(&f, "main", "aaaa1111", "m"), branch = add_run(&f, "topic", "bbbb2222", "m");
    int64_t running = add_run(&f, "main", "aaaa1111", "m");
    end_run(&f, old);
    end_run(&f, branch);
    assert_int_equal(store_tag_set(f.store, "beef", old, NULL, &f.error), 0);
    const struct {
        const char *text;
        int64_t run;
    } found[] = { { "beef", old },       { "branch:topic", branch }, { "branch:main", old },     { "commit:aaaa", old },
                  { "latest", running }, { "latest~1", branch },     { "commit:bbbb22", branch } };
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        struct store_run_row row;
        if (store_run_find(f.store, found[i].text, &f.arena, &row, &f.error) != 0)
            fail_msg("%s", f.error.text);
        assert_int_equal(row.id, found[i].run);
    }
    const struct {
        const char *text, *message;
    } missing[] = { { "branch:nowhere", "there is no complete run of the branch nowhere" },
                    { "commit:cccc", "there is no complete run of a commit that starts with cccc" },
                    { "commit:a", "a commit is at least 4 digits" },
                    { "commit:zzzz", "a commit is at least 4 digits" },
                    { "nothing", "there is no run 'nothing' among 3" } };
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        struct store_run_row row;
        assert_int_equal(store_run_find(f.store, missing[i].text, &f.arena, &row, &f.error), ERROR_USAGE);
        if (!strstr(f.error.text, missing[i].message))
            fail_msg("%s", f.error.text);
    }
    close_fixture(&f);
}

static void test_comparisons(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t base = add_run(&f, "main", "aaaa1111", "m"), candidate = add_run(&f, "topic", "bbbb2222", "m");
    struct store_comparison in = { .kind = "ab",
                                   .base_run = base,
                                   .candidate_run = candidate,
                                   .base_name = "main",
                                   .candidate_name = "topic",
                                   .seed = UINT64_MAX,
                                   .look = 0,
                                   .look_count = 5 };
    int64_t id, same;
    assert_int_equal(store_comparison_add(f.store, &in, &id, &f.error), 0);
    assert_int_equal(store_comparison_look(f.store, id, 3, &f.error), 0);
    assert_int_equal(store_comparison_look(f.store, 99, 3, &f.error), ERROR_STATE);
    in.kind = "aa";
    in.identical_binaries = true;
    assert_int_equal(store_comparison_add(f.store, &in, &same, &f.error), 0);
    struct store_comparison *list, one;
    size_t count;
    assert_int_equal(store_comparisons(f.store, NULL, NULL, &f.arena, &list, &count, &f.error), 0);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].id, same);
    assert_true(list[0].identical_binaries);
    assert_int_equal(store_comparisons(f.store, "ab", "m", &f.arena, &list, &count, &f.error), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].look, 3);
    assert_int_equal(list[0].look_count, 5);
    assert_true(list[0].seed == UINT64_MAX);
    assert_string_equal(list[0].fingerprint, "m");
    assert_int_equal(strlen(list[0].uuid), 36);
    assert_int_equal(store_comparisons(f.store, "ab", "other", &f.arena, &list, &count, &f.error), 0);
    assert_int_equal(count, 0);
    bool found;
    assert_int_equal(store_comparison_of(f.store, base, candidate, &f.arena, &one, &found, &f.error), 0);
    assert_true(found);
    assert_string_equal(one.candidate_name, "topic");
    assert_int_equal(store_comparison_of(f.store, candidate, base, &f.arena, &one, &found, &f.error), 0);
    assert_false(found);
    close_fixture(&f);
}

static void test_outcomes(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t base = add_run(&f, "main", "aaaa1111", "m"), candidate = add_run(&f, "topic", "bbbb2222", "m");
    struct store_comparison in = { .kind = "aa", .base_run = base, .candidate_run = candidate };
    int64_t id;
    assert_int_equal(store_comparison_add(f.store, &in, &id, &f.error), 0);
    struct store_outcome outcomes[] = {
        { "kernels", "a", "real_time", .02, .01, .03, .004, .007, 12, "undecided" },
        { "kernels", "b", "real_time", NAN, NAN, NAN, NAN, NAN, 0, "new" },
    };
    assert_int_equal(store_outcomes_add(f.store, id, outcomes, 2, &f.error), 0);
    outcomes[0].verdict = "regressed"; /* a later look replaces the earlier one */
    assert_int_equal(store_outcomes_add(f.store, id, outcomes, 1, &f.error), 0);
    struct store_outcome *read;
    size_t count;
    assert_int_equal(store_outcomes(f.store, id, &f.arena, &read, &count, &f.error), 0);
    assert_int_equal(count, 2);
    assert_string_equal(read[0].verdict, "regressed");
    assert_string_equal(read[0].metric, "real_time");
    assert_float_equal(read[0].effect, .02, 0);
    assert_float_equal(read[0].noise, .007, 0);
    assert_int_equal(read[0].pairs, 12);
    assert_true(isnan(read[1].effect) && isnan(read[1].p));
    close_fixture(&f);
}

static struct store_point *history(struct fixture *f, const char *metric, size_t *count, const char **unit)
{
    struct store_point *points;
    if (store_history(f->store, "kernels", "a", metric, &f->arena, &points, count, unit, &f->error) != 0)
        fail_msg("%s", f->error.text);
    return points;
}

static void test_history(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t first = add_run(&f, "main", "aaaa1111", "m"), second = add_run(&f, "topic", "bbbb2222", "n");
    int64_t empty = add_run(&f, "main", "cccc3333", "m");
    const double times[] = { 100, 300, 200, 120 };
    for (int i = 0; i < 3; i++)
        add_sample(&f, first, 0, i, times[i]); /* repetitions of one process: their median */
    add_sample(&f, first, 1, 0, times[3]);
    add_sample(&f, second, 0, 0, 50);
    struct store_sample failed = {
        .suite = "kernels", .name = "a", .process = 1, .status = STORE_SAMPLE_ERROR, .message = "x", .real_time_ns = NAN
    };
    assert_int_equal(store_sample_add(f.store, second, &failed, 1, &f.error), 0);
    end_run(&f, second);
    assert_int_equal(store_tag_set(f.store, "zero", second, NULL, &f.error), 0);
    assert_int_equal(store_tag_set(f.store, "baseline", second, NULL, &f.error), 0);
    size_t count;
    const char *unit;
    struct store_point *points = history(&f, "real_time", &count, &unit);
    assert_int_equal(count, 2);
    assert_string_equal(unit, "ns");
    assert_int_equal(points[0].run_id, first);
    assert_int_equal(points[0].count, 2);
    assert_float_equal(points[0].values[0], 200, 0);
    assert_float_equal(points[0].values[1], 120, 0);
    assert_string_equal(points[0].commit, "aaaa1111");
    assert_string_equal(points[0].branch, "main");
    assert_string_equal(points[0].status, "running");
    assert_null(points[0].tag);
    assert_int_equal(points[1].count, 1);
    assert_string_equal(points[1].fingerprint, "n");
    assert_string_equal(points[1].tag, "baseline");
    assert_string_equal(points[1].status, "complete");
    points = history(&f, "cpu_time", &count, &unit);
    assert_float_equal(points[1].values[0], 25, 0);
    points = history(&f, "tokens_per_second", &count, &unit);
    assert_int_equal(count, 2);
    assert_string_equal(unit, "1/s");
    assert_float_equal(points[1].values[0], 2e7, 0);
    history(&f, "nothing", &count, &unit);
    assert_int_equal(count, 0);
    assert_true(empty > second);
    close_fixture(&f);
}

/* A metric of the counters pass; and where the timed samples have it too, theirs. */
static void test_history_of_a_pass(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t run = add_run(&f, "main", "aaaa1111", "m");
    struct store_metric metric = { .name = "instructions", .unit = "", .value = 1000 };
    struct store_sample sample = { .suite = "kernels",
                                   .name = "a",
                                   .process = 5,
                                   .real_time_ns = 1,
                                   .cpu_time_ns = 1,
                                   .metrics = &metric,
                                   .metric_count = 1,
                                   .pass = STORE_PASS_COUNTERS };
    assert_int_equal(store_sample_add(f.store, run, &sample, 1, &f.error), 0);
    size_t count;
    const char *unit;
    struct store_point *points = history(&f, "instructions", &count, &unit);
    assert_int_equal(count, 1);
    assert_float_equal(points[0].values[0], 1000, 0);
    history(&f, "real_time", &count, &unit);
    assert_int_equal(count, 0);
    sample.pass = STORE_PASS_TIMED;
    sample.process = 6;
    metric.value = 900;
    assert_int_equal(store_sample_add(f.store, run, &sample, 1, &f.error), 0);
    points = history(&f, "instructions", &count, &unit);
    assert_int_equal(points[0].count, 1);
    assert_float_equal(points[0].values[0], 900, 0);
    close_fixture(&f);
}

static void test_case_names(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    int64_t run = add_run(&f, "main", "aaaa1111", "m");
    const char *declared[] = { "never measured", "a" };
    assert_int_equal(store_cases_declare(f.store, "kernels", declared, 2, NULL), 0);
    add_sample(&f, run, 0, 0, 100);
    struct store_case *cases;
    size_t count;
    assert_int_equal(store_case_names(f.store, &f.arena, &cases, &count, &f.error), 0);
    assert_int_equal(count, 1);
    assert_string_equal(cases[0].suite, "kernels");
    assert_string_equal(cases[0].name, "a");
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),       cmocka_unit_test(test_find),    cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_outcomes),   cmocka_unit_test(test_history), cmocka_unit_test(test_history_of_a_pass),
        cmocka_unit_test(test_case_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
