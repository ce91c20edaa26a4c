/* judge_history_test.c: points of a store become a history: levels, machines, branches, values that cannot be judged.
 */
#include "harness/base/rng.h"
#include "harness/judge/history.h"
#include "reports/history_report.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { COUNT = 60, PROCESSES = 5 };

struct points {
    struct store_point points[COUNT];
    double values[COUNT][PROCESSES];
    char commits[COUNT][16];
    struct arena arena;
};

/* Level 1e6 ns, from run `at` on 5 % more. */
static void make_points(struct points *points, size_t at)
{
    struct rng rng;
    rng_seed(&rng, 3);
    memset(points, 0, sizeof *points);
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t p = 0; p < PROCESSES; p++)
            points->values[i][p] = 1e6 * (1 + 0.01 * rng_normal(&rng)) * (i >= at ? 1.05 : 1);
        snprintf(points->commits[i], sizeof points->commits[i], "%07zx", i * 1000 + 0x1000000);
        points->points[i] = (struct store_point){ .run_id = (int64_t)i + 1,
                                                  .started_ns = (int64_t)i * 86400000000000,
                                                  .commit = points->commits[i],
                                                  .branch = i % 2 ? "main" : "work",
                                                  .fingerprint = "aaaa",
                                                  .status = "complete",
                                                  .values = points->values[i],
                                                  .count = PROCESSES };
    }
}

static struct history build(struct points *points, size_t count, const struct history_options *options)
{
    struct history history = { .suite = "kernels", .name = "matmul/q4_0", .metric = "real_time", .unit = "ns" };
    history_build(&history, points->points, count, options, &points->arena);
    return history;
}

static void test_step(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    points.points[45].tag = "v2";
    points.points[10].tag = STORE_BASELINE_TAG;
    struct history history = build(&points, COUNT, NULL);
    assert_int_equal(history.count, COUNT);
    assert_int_equal(history.change_count, 1);
    const struct history_change *change = &history.changes[0];
    assert_int_equal(change->change.index, 40);
    assert_int_equal(change->verdict, JUDGE_REGRESSED);
    assert_string_equal(change->commit_before, points.commits[39]);
    assert_string_equal(change->commit_after, points.commits[40]);
    assert_true(change->interval.low < log(1.05) && change->interval.high > log(1.05));
    assert_true(change->interval.low > log(1.04) && change->interval.high < log(1.06));
    assert_true(fabs(change->after / change->before - 1.05) < 0.01);
    assert_int_equal(history.segment, 40);
    assert_true(fabs(history.median / 1.05e6 - 1) < 0.005);
    assert_true(history.noise < 0.01); /* a step of 5 % is none of it */
    assert_true(history.points[10].pinned && !history.points[45].pinned);
    assert_string_equal(history.points[45].tag, "v2");
    assert_true(history_regression(&history) > log(1.04));
    arena_release(&points.arena);
}

static void test_direction(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    struct history history = { .suite = "generate", .name = "decode", .metric = "tokens_per_second", .unit = "1/s" };
    history_build(&history, points.points, COUNT, NULL, &points.arena);
    assert_int_equal(history.change_count, 1);
    assert_int_equal(history.changes[0].verdict, JUDGE_IMPROVED);
    assert_true(history_regression(&history) == 0);
    arena_release(&points.arena);
}

/* Another machine is another history; the newest run says which one. */
static void test_machines_and_branches(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, COUNT);
    for (size_t i = 0; i < 25; i++)
        points.points[i].fingerprint = "bbbb";
    struct history history = build(&points, COUNT, NULL);
    assert_string_equal(history.machine, "aaaa");
    assert_int_equal(history.count, 35);
    assert_int_equal(history.others, 25);
    history = build(&points, COUNT, &(struct history_options){ .machine = "bbbb" });
    assert_int_equal(history.count, 25);
    history = build(&points, COUNT, &(struct history_options){ .branch = "main", .limit = 7 });
    assert_int_equal(history.count, 7);
    assert_string_equal(history.points[6].branch, "main");
    history = build(&points, COUNT, &(struct history_options){ .machine = "cccc" });
    assert_int_equal(history.count, 0);
    assert_true(isnan(history.noise) && history_regression(&history) == 0);
    arena_release(&points.arena);
}

/* Zero has no ratio; a run without the metric is no point; a pruned run has its summary. */
static void test_strange_points(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, COUNT);
    for (size_t p = 0; p < PROCESSES; p++) {
        points.values[3][p] = 0;
        points.values[4][p] = -5;
    }
    points.points[5].count = 0;
    points.points[6].count = 0;
    points.points[6].summary_count = 9;
    points.points[6].median = 1e6;
    points.points[6].low = 9e5;
    points.points[6].high = 11e5;
    struct history history = build(&points, COUNT, NULL);
    assert_int_equal(history.count, COUNT - 3);
    assert_int_equal(history.bad, 2);
    assert_int_equal(history.unknown, 1);
    assert_true(history.points[3].pruned && history.points[3].value == 1e6 && history.points[3].interval.low == 9e5);
    assert_int_equal(history.points[3].count, 9);
    history = build(&points, 1, NULL);
    assert_int_equal(history.count, 1);
    assert_int_equal(history.change_count, 0);
    assert_true(history.median > 0);
    history = build(&points, 0, NULL);
    assert_int_equal(history.count, 0);
    arena_release(&points.arena);
}

static void test_acknowledged(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    struct history history = build(&points, COUNT, NULL);
    struct gate_acknowledgement item = { .pattern = "^matmul/",
                                         .up_to = log(1.08),
                                         .reason = "rounding",
                                         .author = "A",
                                         .until = "2026-12-31",
                                         .until_ns = 100 };
    struct gate_acknowledgements all = { &item, 1 };
    history_acknowledge(&history, &all, 200, &points.arena);
    assert_null(history.changes[0].acknowledged);
    item.up_to = log(1.02);
    history_acknowledge(&history, &all, 50, &points.arena);
    assert_null(history.changes[0].acknowledged);
    item.up_to = log(1.08);
    item.commit = "ffff";
    history_acknowledge(&history, &all, 50, &points.arena);
    assert_null(history.changes[0].acknowledged);
    item.commit = NULL;
    history_acknowledge(&history, &all, 50, &points.arena);
    assert_string_equal(history.changes[0].acknowledged, "rounding (A, until 2026-12-31)");
    assert_true(history_regression(&history) == 0);
    arena_release(&points.arena);
}

/* The documents hold what is known, and hostile names break none of them. */
static void test_documents(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    struct history history = build(&points, COUNT, NULL);
    history.name = "a|b<\"c\",d";
    struct history_report report = { &history, 1, NULL };
    struct str out = { 0 };
    history_text(&report, &out);
    assert_non_null(strstr(out.data, "regressed"));
    assert_non_null(strstr(out.data, "▁"));
    str_clear(&out);
    history_markdown(&report, &out);
    assert_non_null(strstr(out.data, "a\\|b\\<"));
    str_clear(&out);
    history_csv(&report, &out);
    assert_non_null(strstr(out.data, "\"a|b<\"\"c\"\",d\""));
    size_t lines = 0;
    for (const char *p = out.data; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, COUNT + 1);
    str_clear(&out);
    history_json(&report, &out);
    assert_null(strstr(out.data, "nan"));
    assert_non_null(strstr(out.data, "\"verdict\": \"regressed\""));
    str_release(&out);
    arena_release(&points.arena);
}

/* ---- the environment ---- */

static const struct store_fact old_facts[] = { { "kernel", "Linux 6.1.0-13" },
                                               { "libc", "glibc 2.36" },
                                               { "mitigations", "5 of 14, hash a" },
                                               { "cpu_count", "4" },
                                               { "fingerprint_version", "2" } };
static const struct store_fact new_facts[] = { { "kernel", "Linux 6.6.2-1" },        { "libc", "glibc 2.36" },
                                               { "mitigations", "6 of 15, hash b" }, { "cpu_count", "4" },
                                               { "fingerprint_version", "3" },       { "microcode", "0x7" } };
static const struct store_machine old_machine = { 1, "aaaa", "1111", old_facts, 5 };
static const struct store_machine new_machine = { 2, "aaaa", "2222", new_facts, 6 };

static void test_environment(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    for (size_t i = 0; i < COUNT; i++)
        points.points[i].machine = i < 40 ? &old_machine : &new_machine;
    struct history history = build(&points, COUNT, NULL);
    assert_int_equal(history.count, COUNT);
    assert_int_equal(history.environments, 1);
    assert_string_equal(history.points[40].environment, "kernel 6.1.0-13 -> 6.6.2-1, mitigations changed");
    assert_string_equal(history.points[40].environment_brief, "kernel 6.6.2-1");
    assert_null(history.points[39].environment);
    assert_string_equal(history.changes[0].environment, history.points[40].environment);
    points.points[40].machine = &old_machine; /* the update came with the second run of the new level */
    history = build(&points, COUNT, NULL);
    assert_non_null(strstr(history.changes[0].environment, "one run later"));
    points.points[40].machine = points.points[39].machine = &new_machine;
    history = build(&points, COUNT, NULL);
    assert_non_null(strstr(history.changes[0].environment, "one run before"));
    points.points[38].machine = points.points[37].machine = &new_machine;
    history = build(&points, COUNT, NULL);
    assert_null(history.changes[0].environment);
    assert_int_equal(history.environments, 1);
    history = build(&points, COUNT, &(struct history_options){ .limit = 5 }); /* of runs that are shown */
    assert_int_equal(history.environments, 0);
    arena_release(&points.arena);
}

/* What is said of the machine that was left out: why it is another. */
static void test_other_hardware(void **state)
{
    (void)state;
    static const struct store_fact facts[] = { { "cpu_count", "2" }, { "kernel", "Linux 5" } };
    static const struct store_machine other = { 3, "bbbb", "3333", facts, 2 };
    struct points points;
    make_points(&points, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        points.points[i].machine = i < 20 ? &other : &new_machine;
        points.points[i].fingerprint = points.points[i].machine->key;
    }
    struct history history = build(&points, COUNT, NULL);
    assert_int_equal(history.others, 20);
    assert_string_equal(history.other_hardware, "cpu_count 2 -> 4");
    arena_release(&points.arena);
}

/* Runs of comparisons are no nights, unless they are asked for or somebody gave them a name. */
static void test_sides(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, COUNT);
    for (size_t i = 30; i < COUNT; i++) {
        points.points[i].is_side = true;
        points.points[i].fingerprint = "bbbb";
    }
    struct history history = build(&points, COUNT, NULL);
    assert_string_equal(history.machine, "aaaa");
    assert_int_equal(history.count, 30);
    assert_int_equal(history.sides, 30);
    assert_int_equal(history.others, 0);
    history = build(&points, COUNT, &(struct history_options){ .with_sides = true });
    assert_int_equal(history.count, 30);
    assert_string_equal(history.machine, "bbbb");
    points.points[35].tag = "v2";
    points.points[35].fingerprint = "aaaa";
    history = build(&points, COUNT, NULL);
    assert_int_equal(history.count, 31);
    history = build(&points, COUNT, &(struct history_options){ .branch = "main" });
    assert_int_equal(history.sides, 14);
    arena_release(&points.arena);
}

static void test_environment_documents(void **state)
{
    (void)state;
    struct points points;
    make_points(&points, 40);
    for (size_t i = 0; i < COUNT; i++)
        points.points[i].machine = i < 20 || i >= 40 ? &old_machine : &new_machine;
    struct history history = build(&points, COUNT, NULL);
    history.sides = 3;
    struct history_report report = { &history, 1, NULL };
    struct str out = { 0 };
    history_text(&report, &out);
    assert_non_null(strstr(out.data, "environment kernel 6.1.0-13 -> 6.6.2-1"));
    assert_non_null(strstr(out.data, "with it: kernel 6.6.2-1 -> 6.1.0-13"));
    assert_non_null(strstr(out.data, "3 runs of comparisons"));
    str_clear(&out);
    history_markdown(&report, &out);
    assert_non_null(strstr(out.data, "| environment | | | kernel 6.1.0-13 -\\> 6.6.2-1"));
    str_clear(&out);
    history_json(&report, &out);
    assert_non_null(strstr(out.data, "\"environment\": \"kernel 6.6.2-1 -"));
    assert_non_null(strstr(out.data, "\"environments\": 2"));
    str_clear(&out);
    history_csv(&report, &out);
    assert_non_null(strstr(out.data, "\"kernel 6.1.0-13 -> 6.6.2-1, mitigations changed\""));
    str_clear(&out);
    for (size_t i = 0; i < COUNT; i++) /* runners of a pool: no list of a hundred rows */
        points.points[i].machine = i % 2 ? &old_machine : &new_machine;
    history = build(&points, COUNT, NULL);
    history_text(&report, &out);
    assert_null(strstr(out.data, "  environment "));
    assert_non_null(strstr(out.data, "changed 59 times"));
    str_release(&out);
    arena_release(&points.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_machines_and_branches),
        cmocka_unit_test(test_strange_points),
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_other_hardware),
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_environment_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
