/* The gate on hand-written comparisons: every rule is seen to pass and to fail. */
#include "harness/judge/gate_internal.h"
#include "harness/probe/probe_metrics.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CASES = 3 };

/* A comparison of three cases of one suite, made to order. */
struct bench {
    struct arena arena;
    struct store_case stored[CASES];
    struct compare_case cases[CASES], *members[CASES];
    struct compare_group group;
    struct comparison comparison;
    struct store_fact commit;
    struct gate gate;
};

static struct compare_metric measured(const char *name, const char *unit, double effect, double reach, double base)
{
    struct compare_metric metric = { .name = name,
                                     .unit = unit,
                                     .effect = effect,
                                     .interval = { effect - reach, effect + reach, 0.95 },
                                     .p = 0.001,
                                     .q = 0.002,
                                     .floor = JUDGE_FLOOR,
                                     .noise = NAN };
    metric.base = (struct stats_summary){ .count = 12, .median = base, .minimum = 0.9 * base, .maximum = 1.1 * base };
    metric.candidate = metric.base;
    metric.candidate.median = base * exp(effect);
    double low = effect - reach, high = effect + reach;
    metric.verdict = low > JUDGE_FLOOR                            ? JUDGE_REGRESSED
                     : high < -JUDGE_FLOOR                        ? JUDGE_IMPROVED
                     : low >= -JUDGE_FLOOR && high <= JUDGE_FLOOR ? JUDGE_EQUIVALENT
                                                                  : JUDGE_UNDECIDED;
    return metric;
}

static void set_time(struct bench *bench, int i, double effect, double reach)
{
    bench->cases[i].time = measured("real_time", "ns", effect, reach, 1e6);
    bench->cases[i].verdict = bench->cases[i].time.verdict;
}

/* Three cases that are the same on both sides; the group has no number of its own until a test gives it one. */
static struct bench *make(void)
{
    static const char *const names[CASES] = { "matmul/a", "matmul/b", "peak/c" };
    struct bench *bench = calloc(1, sizeof *bench);
    for (int i = 0; i < CASES; i++) {
        bench->stored[i] = (struct store_case){ .suite = "kernels", .name = names[i], .sample_count = 12 };
        bench->cases[i] = (struct compare_case){
            .suite = "kernels", .name = names[i], .base = &bench->stored[i], .candidate = &bench->stored[i]
        };
        bench->members[i] = &bench->cases[i];
        set_time(bench, i, 0, 0.002);
    }
    bench->group =
        (struct compare_group){ .suite = "kernels", .operation = "", .cases = bench->members, .count = CASES };
    bench->group.time = measured("real_time", "ns", NAN, 0, 1e6);
    bench->commit = (struct store_fact){ "git_commit", "3f2ab1c4" };
    bench->comparison = (struct comparison){
        .cases = bench->cases, .case_count = CASES, .groups = &bench->group, .group_count = 1, .paired = true
    };
    bench->comparison.candidate.build = &bench->commit;
    bench->comparison.candidate.build_count = 1;
    return bench;
}

static void drop(struct bench *bench)
{
    arena_release(&bench->arena);
    free(bench);
}

/* 2026-06-01 */
#define NOW_NS (INT64_C(1780272000) * 1000000000)

static enum gate_status judge_all(struct bench *bench, const char *policy, const char *excuses,
                                  const struct calibration *calibration)
{
    const struct gate_policy *rules;
    struct gate_acknowledgements read = { 0 };
    struct error error;
    if (gate_policy_parse(&rules, "x.policy", policy, strlen(policy), &bench->arena, &error) != 0 ||
        (excuses && gate_acknowledgements_parse(&read, "ack", excuses, strlen(excuses), &bench->arena, &error) != 0))
        fail_msg("%s", error.text);
    const struct gate_input input = { .policy = rules,
                                      .acknowledgements = &read,
                                      .comparisons = &bench->comparison,
                                      .comparison_count = 1,
                                      .calibration = calibration,
                                      .now_ns = NOW_NS };
    gate_judge(&bench->gate, &input, &bench->arena);
    return bench->gate.status;
}

static enum gate_status judge(struct bench *bench, const char *policy)
{
    return judge_all(bench, policy, NULL, NULL);
}

static void expect_text(const struct bench *bench, size_t index, const char *text)
{
    assert_true(index < bench->gate.count);
    if (strcmp(bench->gate.findings[index].text, text) != 0)
        fail_msg("'%s' instead of '%s'", bench->gate.findings[index].text, text);
}

/* ---- budgets ---- */

static void test_nothing_changed(void **state)
{
    (void)state;
    struct bench *bench = make();
    assert_int_equal(judge(bench, ""), GATE_PASS);
    assert_int_equal(bench->gate.count, 0);
    assert_int_equal(bench->gate.judged, CASES);
    assert_string_equal(bench->gate.line, "gate: pass: 3 cases judged (policy x.policy)");
    drop(bench);
}

static void test_relative_budget(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, log(1.05), 0.01);
    assert_int_equal(judge(bench, ""), GATE_REGRESSED);
    expect_text(bench, 0, "matmul/a: real_time +5.0 % [+4.0, +6.1], budget 1.0 %");
    assert_int_equal(judge(bench, "budget = real_time 3 %"), GATE_REGRESSED);
    /* The interval reaches into the budget: a case of its own that could be either. */
    assert_int_equal(judge(bench, "budget = real_time 5 %"), GATE_UNDECIDED);
    assert_int_equal(judge(bench, "budget = real_time 7 %"), GATE_PASS);
    assert_int_equal(judge(bench, "budget = real_time none"), GATE_COULD_NOT_RUN);
    /* Faster is never over budget. */
    set_time(bench, 0, log(0.8), 0.01);
    assert_int_equal(judge(bench, ""), GATE_PASS);
    drop(bench);
}

static void test_absolute_budget(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, log(1.05), 0.01); /* of 1 ms: 50 us */
    assert_int_equal(judge(bench, "budget = real_time +20 us"), GATE_REGRESSED);
    expect_text(bench, 0, "matmul/a: real_time +5.0 % [+4.0, +6.1], that is +50 us, budget +20 us");
    assert_int_equal(judge(bench, "budget = real_time +70 us"), GATE_PASS);
    /* Both: what exceeds both counts. */
    assert_int_equal(judge(bench, "budget = real_time 2 %, +70 us"), GATE_PASS);
    assert_int_equal(judge(bench, "budget = real_time 2 %, +20 us"), GATE_REGRESSED);
    drop(bench);
}

static void test_other_metrics(void **state)
{
    (void)state;
    struct bench *bench = make();
    struct compare_metric metrics[] = { measured("peak_rss_bytes", "B", log(1.5), 0.01, 100e6),
                                        measured("tokens_per_second", "1/s", log(0.9), 0.01, 50),
                                        measured("callgrind_instructions", "", log(1.005), 0, 1e6) };
    metrics[1].higher_is_better = true;
    metrics[1].verdict = JUDGE_REGRESSED;
    metrics[2].exact = true;
    bench->cases[0].metrics = metrics;
    bench->cases[0].metric_count = 3;
    assert_int_equal(judge(bench, ""), GATE_PASS); /* nobody asked for memory; instructions may grow by 1 % */
    assert_int_equal(judge(bench, "budget = peak_rss_bytes +10 MB"), GATE_REGRESSED);
    assert_int_equal(judge(bench, "budget = peak_rss_bytes +60 MB"), GATE_PASS);
    assert_int_equal(judge(bench, "budget = tokens_per_second 5 %"), GATE_REGRESSED);
    assert_int_equal(judge(bench, "budget = tokens_per_second 15 %"), GATE_PASS);
    assert_int_equal(judge(bench, "budget = callgrind_instructions 0.2 %"), GATE_REGRESSED);
    /* None before, some now: no ratio, and still a regression. */
    metrics[0] = (struct compare_metric){ .name = "allocations",
                                          .unit = "",
                                          .effect = NAN,
                                          .exact = true,
                                          .base = { .count = 3 },
                                          .candidate = { .count = 3, .minimum = 2, .maximum = 2, .median = 2 } };
    assert_int_equal(judge(bench, "budget = allocations 0 %"), GATE_REGRESSED);
    drop(bench);
}

static bool warns(const struct bench *bench, const char *text)
{
    for (size_t i = 0; i < bench->gate.warning_count; i++)
        if (strstr(bench->gate.warnings[i], text))
            return true;
    return false;
}

/* A budget that no metric has would pass for ever, and nobody would know. */
static void test_misspelt_metrics(void **state)
{
    (void)state;
    struct bench *bench = make();
    struct store_series load = { .name = "load_ms" }, delay = { .name = "run_delay_ns" };
    bench->stored[0].metrics = &load;
    bench->stored[0].metric_count = 1;
    bench->stored[1].metrics = &delay;
    bench->stored[1].metric_count = 1;
    assert_int_equal(judge(bench, "# why\nbudget = real_tme 2 %"), GATE_PASS);
    assert_true(warns(bench, "x.policy:2: no case has a metric 'real_tme', so its budget never applies; did you mean "
                             "real_time?"));
    judge(bench, "budget = lod_ms none");
    assert_true(warns(bench, "did you mean load_ms?"));
    judge(bench, "budget = calgrind_instructions 1 %");
    assert_true(warns(bench, "did you mean callgrind_instructions?"));
    judge(bench, "budget = quux 1 %");
    assert_true(warns(bench, "no case has a metric 'quux', so its budget never applies"));
    judge(bench, "budget = run_delay_ns 1 %");
    assert_true(warns(bench, "run_delay_ns says how well something was measured"));
    /* Where the case has it; what only other nights measure; a rule without cases has its own warning. */
    judge(bench, "[rule a]\ncase = /a$\nbudget = load_ms 2 %");
    assert_int_equal(bench->gate.warning_count, 0);
    judge(bench, "[rule a]\ncase = /b$\nbudget = load_ms 2 %");
    assert_true(warns(bench, "x.policy:3: no case of this rule has a metric 'load_ms'"));
    judge(bench, "budget = peak_rss_bytes 2 %");
    assert_int_equal(bench->gate.warning_count, 0);
    judge(bench, "[rule x]\ncase = none\nbudget = quux 2 %");
    assert_int_equal(bench->gate.warning_count, 1);
    size_t count;
    const struct probe_metric *counters = probe_metric_list(&count);
    for (size_t i = 0; i < count; i++)
        if (!gate_metric_is_known(counters[i].name))
            fail_msg("%s is no typing error", counters[i].name);
    /* Of targets the finding says it. */
    assert_int_equal(judge(bench, "target = lod_ms < 500"), GATE_UNDECIDED);
    expect_text(bench, 0, "all cases: lod_ms < 500: not measured; did you mean load_ms?");
    drop(bench);
}

static void test_rules_by_suite_and_case(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 2, log(1.3), 0.01);
    assert_int_equal(judge(bench, ""), GATE_REGRESSED);
    assert_int_equal(judge(bench, "[rule a]\ncase = ^peak/\nbudget = real_time 50 %"), GATE_PASS);
    assert_int_equal(judge(bench, "[rule a]\ncase = ^peak/\nbudget = real_time none"), GATE_PASS);
    assert_int_equal(bench->gate.judged, 2);
    assert_int_equal(judge(bench, "[rule a]\nsuite = layers\nbudget = real_time none"), GATE_REGRESSED);
    assert_int_equal(bench->gate.warning_count, 1); /* a rule that matches nothing */
    assert_string_equal(bench->gate.warnings[0], "x.policy:1: no case matches this rule");
    /* The last rule that says something is obeyed. */
    assert_int_equal(judge(bench, "[rule a]\nbudget = real_time none\n[rule b]\ncase = c$\nbudget = real_time 2 %"),
                     GATE_REGRESSED);
    assert_int_equal(judge(bench, "[rule a]\ncase = ^peak/\nregressed = warn"), GATE_PASS);
    assert_int_equal(bench->gate.count, 1);
    assert_int_equal(bench->gate.findings[0].verdict, JUDGE_REGRESSED);
    drop(bench);
}

/* ---- what is open ---- */

static void test_undecided(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, 0.02, 0.05);
    assert_int_equal(judge(bench, ""), GATE_UNDECIDED);
    assert_int_equal(judge(bench, "undecided = warn"), GATE_PASS);
    assert_int_equal(bench->gate.count, 1);
    assert_int_equal(judge(bench, "undecided = pass"), GATE_PASS);
    assert_int_equal(bench->gate.count, 0);
    assert_int_equal(judge(bench, "undecided = fail"), GATE_REGRESSED);
    /* A suite that is decided as a whole: an open case counts, unless the policy says otherwise. */
    bench->group.time = measured("real_time", "ns", 0.001, 0.004, 1e6);
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_PASS);
    assert_int_equal(bench->gate.findings[0].verdict, JUDGE_UNDECIDED);
    assert_int_equal(judge(bench, ""), GATE_UNDECIDED);
    /* The suite itself is open. */
    bench->group.time = measured("real_time", "ns", 0.02, 0.05, 1e6);
    assert_int_equal(judge(bench, ""), GATE_UNDECIDED);
    assert_null(bench->gate.findings[0].name);
    drop(bench);
}

static void test_a_suite_is_slower_than_its_cases_can_tell(void **state)
{
    (void)state;
    struct bench *bench = make();
    for (int i = 0; i < CASES; i++)
        set_time(bench, i, 0.03, 0.05);
    bench->group.time = measured("real_time", "ns", 0.03, 0.01, 1e6);
    assert_int_equal(judge(bench, ""), GATE_REGRESSED);
    expect_text(bench, 0, "all of it (3 cases): real_time +3.0 % [+2.0, +4.1], budget 1.0 %");
    assert_int_equal(judge(bench, "budget = real_time 6 %\nundecided_case = warn"), GATE_PASS);
    drop(bench);
}

/* What stepped in the history, and could neither be confirmed nor refuted, leaves the night open, whatever its suite
 * says.
 */
static void test_an_open_step_counts(void **state)
{
    (void)state;
    struct bench *bench = make();
    struct compare_step step = { .again = COMPARE_REFUTED };
    bench->group.time = measured("real_time", "ns", 0, 0.002, 1e6);
    set_time(bench, 0, log(1.02), 0.03);
    bench->cases[0].time.step = &step;
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_PASS);
    step.again = COMPARE_OPEN;
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_UNDECIDED);
    /* The same of an operation in a suite that was judged. */
    struct compare_group groups[2] = { bench->group, bench->group };
    groups[1].operation = "matmul";
    groups[1].count = 2;
    groups[1].time = measured("real_time", "ns", log(1.02), 0.03, 1e6);
    bench->comparison.groups = groups;
    bench->comparison.group_count = 2;
    bench->cases[0].time.step = NULL;
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_PASS);
    groups[1].time.step = &step;
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_UNDECIDED);
    drop(bench);
}

/* Neither side has a number of it: it did not pass. */
static void test_a_case_that_failed_on_both_sides_is_open(void **state)
{
    (void)state;
    struct bench *bench = make();
    struct compare_case *broken = &bench->cases[2];
    broken->verdict = JUDGE_UNDECIDED;
    broken->reason = "failed on both sides: boom";
    broken->time = (struct compare_metric){ .verdict = JUDGE_UNDECIDED };
    assert_int_equal(judge(bench, ""), GATE_UNDECIDED);
    assert_int_equal(bench->gate.judged, 2);
    expect_text(bench, 0, "peak/c: failed on both sides: boom");
    assert_int_equal(judge(bench, "undecided_case = warn"), GATE_PASS);
    assert_int_equal(bench->gate.count, 1);
    assert_int_equal(judge(bench, "[rule known]\ncase = ^peak/\nbudget = real_time none"), GATE_PASS);
    assert_int_equal(bench->gate.count, 0);
    drop(bench);
}

static void test_insufficient(void **state)
{
    (void)state;
    struct bench *bench = make();
    for (int i = 0; i < CASES; i++) {
        set_time(bench, i, 0.02, 0.05);
        bench->cases[i].time.reason = "insufficient: 3 pairs, 6 needed";
    }
    assert_int_equal(judge(bench, ""), GATE_UNDECIDED);
    assert_int_equal(bench->gate.count, 1); /* one for all of them */
    expect_text(bench, 0, "3 cases: insufficient: 3 pairs, 6 needed");
    assert_int_equal(judge(bench, "insufficient = warn"), GATE_PASS);
    assert_int_equal(judge(bench, "insufficient = refuse"), GATE_COULD_NOT_RUN);
    drop(bench);
}

/* ---- what is no time ---- */

static void test_events(void **state)
{
    (void)state;
    struct bench *bench = make();
    bench->cases[0].verdict = JUDGE_WRONG;
    bench->cases[0].reason = "another result: error 0.4";
    assert_int_equal(judge(bench, ""), GATE_REGRESSED);
    expect_text(bench, 0, "matmul/a: another result: error 0.4");
    assert_int_equal(bench->gate.findings[0].kind, GATE_OUTPUT);
    assert_int_equal(judge(bench, "wrong = warn"), GATE_PASS);
    bench->cases[0].verdict = JUDGE_FAILED;
    bench->cases[0].reason = NULL;
    assert_int_equal(judge(bench, "missing = pass"), GATE_REGRESSED);
    assert_int_equal(judge(bench, "failed = undecided"), GATE_UNDECIDED);
    bench->cases[0].candidate = NULL;
    assert_int_equal(judge(bench, ""), GATE_REGRESSED);
    expect_text(bench, 0, "matmul/a: not measured on the candidate");
    assert_int_equal(judge(bench, "missing = warn"), GATE_PASS);
    bench->cases[0] = (struct compare_case){
        .suite = "kernels", .name = "new", .candidate = &bench->stored[0], .verdict = JUDGE_NEW
    };
    assert_int_equal(judge(bench, ""), GATE_PASS);
    assert_int_equal(bench->gate.judged, 2);
    assert_int_equal(judge(bench, "new = fail"), GATE_REGRESSED);
    drop(bench);
}

static void test_nothing_is_not_a_pass(void **state)
{
    (void)state;
    struct bench *bench = make();
    assert_int_equal(judge(bench, "minimum_cases = 4"), GATE_COULD_NOT_RUN);
    expect_text(bench, 0, "only 3 cases were judged, the policy wants 4");
    bench->comparison.case_count = 0;
    bench->comparison.group_count = 0;
    assert_int_equal(judge(bench, ""), GATE_COULD_NOT_RUN);
    assert_int_equal(bench->gate.judged, 0);
    /* All cases are new: nothing is shared. */
    drop(bench);
    bench = make();
    for (int i = 0; i < CASES; i++)
        bench->cases[i].verdict = JUDGE_NEW;
    assert_int_equal(judge(bench, ""), GATE_COULD_NOT_RUN);
    drop(bench);
}

static void test_other_machine_and_identical_code(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, log(1.5), 0.01);
    bench->comparison.machines_differ = true;
    bench->comparison.machine_difference = "cpu: a -> b";
    assert_int_equal(judge(bench, ""), GATE_COULD_NOT_RUN);
    expect_text(bench, 1, "the runs were measured on different machines: cpu: a -> b");
    assert_int_equal(judge(bench, "other_machine = warn"), GATE_REGRESSED);
    bench->comparison.machines_differ = false;
    bench->comparison.identical_binaries = true;
    assert_int_equal(judge(bench, ""), GATE_PASS);
    drop(bench);
}

static void test_out_of_band(void **state)
{
    (void)state;
    struct bench *bench = make();
    struct calibration calibration = { .tests = 100, .alarms = 30, .band = { 0, 12 }, .out_of_band = true };
    assert_int_equal(judge_all(bench, "", NULL, &calibration), GATE_PASS);
    assert_int_equal(bench->gate.warning_count, 1);
    assert_non_null(strstr(bench->gate.warnings[0], "30 of 100 A/A tests"));
    assert_int_equal(judge_all(bench, "out_of_band = undecided", NULL, &calibration), GATE_UNDECIDED);
    calibration.out_of_band = false;
    assert_int_equal(judge_all(bench, "out_of_band = fail", NULL, &calibration), GATE_PASS);
    assert_int_equal(bench->gate.warning_count, 0);
    drop(bench);
}

/* ---- acknowledgements ---- */

#define EXCUSE(more) "[acknowledge]\nreason = rounding\nauthor = Ada\n" more

static void test_acknowledged(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, log(1.05), 0.01);
    assert_int_equal(judge_all(bench, "", EXCUSE("case = ^matmul/\nup_to = 6 %\nuntil = 2026-12-31"), NULL), GATE_PASS);
    assert_int_equal(bench->gate.count, 1);
    assert_string_equal(bench->gate.findings[0].acknowledged_by, "Ada");
    assert_string_equal(bench->gate.findings[0].outcome, "acknowledged");
    assert_string_equal(bench->cases[0].acknowledged, "rounding");
    assert_string_equal(bench->gate.line, "gate: pass: 3 cases judged, 1 acknowledged (policy x.policy)");
    /* Less than this, others, another suite, another metric, another commit. */
    static const char *const useless[] = {
        EXCUSE("case = ^matmul/\nup_to = 4 %\nuntil = 2026-12-31"),
        EXCUSE("case = ^peak/\nup_to = 6 %\nuntil = 2026-12-31"),
        EXCUSE("case = .\nsuite = layers\nup_to = 6 %\nuntil = 2026-12-31"),
        EXCUSE("case = .\nmetric = cpu_time\nup_to = 6 %\nuntil = 2026-12-31"),
        EXCUSE("case = .\nmetric = output\nup_to = 6 %\nuntil = 2026-12-31"),
        EXCUSE("case = .\ncommit = aaaa\nup_to = 6 %\nuntil = 2026-12-31"),
        EXCUSE("case = .\nup_to = 6 %\nuntil = 2026-05-31"),
    };
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
        assert_int_equal(judge_all(bench, "", useless[i], NULL), GATE_REGRESSED);
    assert_string_equal(bench->gate.warnings[0],
                        "ack:1: the acknowledgement of . by Ada has expired on 2026-05-31 and excuses nothing");
    assert_non_null(strstr(bench->gate.findings[0].text, "(acknowledged by Ada until 2026-05-31 only)"));
    /* Its last day, and its commit. */
    assert_int_equal(judge_all(bench, "", EXCUSE("case = .\ncommit = 3f2a\nup_to = 6 %\nuntil = 2026-06-01"), NULL),
                     GATE_PASS);
    drop(bench);
}

static void test_acknowledged_output_and_suite(void **state)
{
    (void)state;
    struct bench *bench = make();
    bench->cases[0].verdict = JUDGE_WRONG;
    /* An excuse for time is none for another output. */
    assert_int_equal(judge_all(bench, "", EXCUSE("case = .\nup_to = 90 %\nuntil = 2026-12-31"), NULL), GATE_REGRESSED);
    assert_int_equal(judge_all(bench, "", EXCUSE("case = .\nmetric = output\nuntil = 2026-12-31"), NULL), GATE_PASS);
    /* The suite is slower because of cases that somebody answers for. */
    set_time(bench, 0, log(1.2), 0.01);
    bench->group.time = measured("real_time", "ns", 0.06, 0.01, 1e6);
    assert_int_equal(judge_all(bench, "", EXCUSE("case = a$\nup_to = 25 %\nuntil = 2026-12-31"), NULL), GATE_PASS);
    set_time(bench, 1, log(1.2), 0.01);
    assert_int_equal(judge_all(bench, "", EXCUSE("case = a$\nup_to = 25 %\nuntil = 2026-12-31"), NULL), GATE_REGRESSED);
    drop(bench);
}

/* ---- targets ---- */

static void give_load(struct bench *bench, double *values, int *processes, size_t count, struct store_series *series)
{
    for (size_t i = 0; i < count; i++)
        processes[i] = (int)i;
    *series = (struct store_series){
        .name = "load_ms", .unit = "", .values = values, .processes = processes, .count = count
    };
    bench->stored[0].metrics = series;
    bench->stored[0].metric_count = 1;
}

static void test_targets(void **state)
{
    (void)state;
    struct bench *bench = make();
    double values[] = { 400, 410, 420, 430, 440, 450, 460, 600 };
    int processes[8];
    struct store_series series;
    give_load(bench, values, processes, 8, &series);
    assert_int_equal(judge(bench, "target = load_ms < 500"), GATE_PASS);
    assert_string_equal(bench->gate.findings[0].outcome, "met");
    assert_string_equal(bench->gate.findings[0].unit, "ms");
    expect_text(bench, 0, "matmul/a: load_ms < 500: met, it is 435 ms");
    assert_int_equal(judge(bench, "target = load_ms < 300"), GATE_REGRESSED);
    assert_string_equal(bench->gate.findings[0].outcome, "missed");
    assert_int_equal(judge(bench, "target = load_ms < 300\nmissed = warn"), GATE_PASS);
    /* The interval reaches the target: neither met nor missed. */
    assert_int_equal(judge(bench, "target = load_ms < 430"), GATE_UNDECIDED);
    /* Other ways to say it. */
    assert_int_equal(judge(bench, "target = load_ms < 0.5 s"), GATE_PASS);
    assert_int_equal(judge(bench, "target = load_s < 0.5"), GATE_PASS);
    assert_int_equal(judge(bench, "target = load_s < 0.3"), GATE_REGRESSED);
    assert_int_equal(judge(bench, "target = load_ms < 5 MB"), GATE_UNDECIDED);
    assert_string_equal(bench->gate.findings[0].outcome, "another unit");
    assert_int_equal(judge(bench, "target = load_ms >= 400"), GATE_PASS);
    /* Nobody measured it. */
    assert_int_equal(judge(bench, "target = ttft_ms < 300"), GATE_UNDECIDED);
    assert_string_equal(bench->gate.findings[0].outcome, "not measured");
    assert_int_equal(judge(bench, "target = ttft_ms < 300\nunmeasured = fail"), GATE_REGRESSED);
    drop(bench);
}

static void test_tiers(void **state)
{
    (void)state;
    struct bench *bench = make();
    double values[] = { 450 };
    int processes[1];
    struct store_series series;
    give_load(bench, values, processes, 1, &series);
    static const char tiers[] =
        "[targets functional]\ntarget = load_ms < 2000\n[targets usable]\ntarget = load_ms < 500\n"
        "[targets competitive]\ntarget = load_ms < 300\ntarget = ttft_ms < 5\n"
        "[targets optimized]\ntarget = load_ms < 1000\n";
    char text[512] = "";
    assert_int_equal(judge(bench, tiers), GATE_PASS); /* tiers are shown, not wanted */
    assert_true(bench->gate.tiers[0].reached && bench->gate.tiers[1].reached);
    assert_false(bench->gate.tiers[2].reached);
    assert_false(bench->gate.tiers[3].reached); /* its own target is met, but one below is not */
    assert_int_equal(bench->gate.tiers[2].count, 2);
    assert_int_equal(bench->gate.tiers[2].unknown, 1);
    assert_int_equal(bench->gate.tiers[3].met, 1);
    assert_string_equal(bench->gate.tiers[3].name, "optimized");
    strcat(strcpy(text, "tier = usable\n"), tiers);
    assert_int_equal(judge(bench, text), GATE_PASS);
    strcat(strcpy(text, "tier = competitive\n"), tiers);
    assert_int_equal(judge(bench, text), GATE_REGRESSED);
    drop(bench);
}

/* ---- order ---- */

static void test_failures_come_first(void **state)
{
    (void)state;
    struct bench *bench = make();
    set_time(bench, 0, 0.02, 0.05);
    set_time(bench, 1, log(1.05), 0.01);
    set_time(bench, 2, log(1.5), 0.01);
    assert_int_equal(judge(bench, "unmeasured = undecided"), GATE_REGRESSED);
    assert_int_equal(bench->gate.count, 3);
    assert_string_equal(bench->gate.findings[0].name, "peak/c");
    assert_string_equal(bench->gate.findings[1].name, "matmul/b");
    assert_string_equal(bench->gate.findings[2].name, "matmul/a");
    assert_string_equal(bench->gate.line, "gate: regressed: 3 cases judged, 2 failed, 1 undecided (policy x.policy)");
    assert_string_equal(gate_status_name(GATE_COULD_NOT_RUN), "could not run");
    drop(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_relative_budget),
        cmocka_unit_test(test_absolute_budget),
        cmocka_unit_test(test_other_metrics),
        cmocka_unit_test(test_misspelt_metrics),
        cmocka_unit_test(test_rules_by_suite_and_case),
        cmocka_unit_test(test_undecided),
        cmocka_unit_test(test_a_suite_is_slower_than_its_cases_can_tell),
        cmocka_unit_test(test_an_open_step_counts),
        cmocka_unit_test(test_a_case_that_failed_on_both_sides_is_open),
        cmocka_unit_test(test_insufficient),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_nothing_is_not_a_pass),
        cmocka_unit_test(test_other_machine_and_identical_code),
        cmocka_unit_test(test_out_of_band),
        cmocka_unit_test(test_acknowledged),
        cmocka_unit_test(test_acknowledged_output_and_suite),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_tiers),
        cmocka_unit_test(test_failures_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
