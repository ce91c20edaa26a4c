/* Which steps of a history are measured again, against which commit, and what the pairs make of them: by hand-written
 * comparisons. */
#include "harness/judge/gate_confirm.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { CASES = 4 };

/* A suite of four cases, each of which stepped. */
struct bench {
    struct arena arena;
    struct store_case stored;
    struct compare_case cases[CASES], *members[CASES];
    struct compare_step steps[CASES + 1]; /* the last is the group's */
    struct compare_group group;
    struct comparison comparison;
    struct gate_finding findings[CASES + 1];
    struct gate gate;
    struct gate_confirm confirm;
};

static struct compare_metric measured(double effect, double reach)
{
    return (struct compare_metric){ .name = "real_time",
                                    .effect = effect,
                                    .interval = { effect - reach, effect + reach, 0.95 },
                                    .candidate.count = 12,
                                    .base.count = 12,
                                    .pairs = 12,
                                    .floor = JUDGE_FLOOR };
}

static void make(struct bench *bench)
{
    static const char *const names[CASES] = { "a", "b", "c", "d" };
    *bench = (struct bench){ .stored = { .suite = "s", .sample_count = 12 } };
    for (int i = 0; i < CASES; i++) {
        bench->steps[i] = (struct compare_step){
            .good = "good", .bad = "bad", .good_run = 9, .level_ns = 1, .good_ns = 9, .runs = 3, .words = "step"
        };
        bench->cases[i] = (struct compare_case){
            .suite = "s", .name = names[i], .base = &bench->stored, .candidate = &bench->stored
        };
        bench->cases[i].time = measured(0.05, 0.01);
        bench->cases[i].time.step = &bench->steps[i];
        bench->cases[i].verdict = bench->cases[i].time.verdict = JUDGE_REGRESSED;
        bench->members[i] = &bench->cases[i];
        bench->findings[i] = (struct gate_finding){
            .kind = GATE_BUDGET, .status = GATE_REGRESSED, .source = &bench->cases[i], .measure = &bench->cases[i].time
        };
    }
    bench->group = (struct compare_group){ .suite = "s", .operation = "", .cases = bench->members, .count = CASES };
    bench->group.time = measured(0.05, 0.01);
    bench->group.time.verdict = JUDGE_REGRESSED;
    bench->steps[CASES] = bench->steps[0];
    bench->group.time.step = &bench->steps[CASES];
    bench->findings[CASES] =
        (struct gate_finding){ .kind = GATE_BUDGET, .status = GATE_REGRESSED, .measure = &bench->group.time };
    bench->comparison =
        (struct comparison){ .cases = bench->cases, .case_count = CASES, .groups = &bench->group, .group_count = 1 };
    bench->gate = (struct gate){ .findings = bench->findings, .count = CASES };
}

static void plan(struct bench *bench)
{
    gate_confirm_plan(&bench->confirm, &bench->comparison, &bench->gate, &bench->arena);
}

static void test_who_is_measured(void **state)
{
    (void)state;
    struct bench bench;
    make(&bench);
    bench.findings[0].status = GATE_PASS; /* acknowledged, or only warned of */
    bench.cases[1].time.step = NULL;      /* no step: too few runs */
    bench.findings[2].measure = &bench.cases[2].cpu;
    bench.findings[3].status = GATE_UNDECIDED;
    plan(&bench);
    assert_int_equal(bench.confirm.count, 1);
    assert_int_equal(bench.confirm.pairs[0].count, 1);
    assert_ptr_equal(bench.confirm.pairs[0].cases[0], &bench.cases[3]);
    bench.gate.count = 0;
    plan(&bench);
    assert_int_equal(bench.confirm.count, 0);
    arena_release(&bench.arena);
}

/* a stepped after run 5, b after run 7, on a level that was there at 5; c after run 9, on a level that began at 8. */
static void test_as_few_builds_as_can_be(void **state)
{
    (void)state;
    struct bench bench;
    make(&bench);
    bench.steps[0] = (struct compare_step){ .good = "five", .good_run = 5, .level_ns = 1, .good_ns = 5, .words = "" };
    bench.steps[1] = (struct compare_step){ .good = "seven", .good_run = 7, .level_ns = 5, .good_ns = 7, .words = "" };
    bench.steps[2] = (struct compare_step){ .good = "nine", .good_run = 9, .level_ns = 8, .good_ns = 9, .words = "" };
    bench.steps[3] = (struct compare_step){ .good = NULL, .good_run = 9, .level_ns = 8, .good_ns = 9, .words = "" };
    plan(&bench);
    assert_int_equal(bench.confirm.count, 3);
    assert_string_equal(bench.confirm.pairs[0].good, "five");
    assert_int_equal(bench.confirm.pairs[0].count, 2);
    /* Of a run that knows no commit nothing can be built: it takes nobody else with it. */
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(bench.confirm.pairs[i].count, 1);
        assert_true(bench.confirm.pairs[i].cases[0] == &bench.cases[bench.confirm.pairs[i].good ? 2 : 3]);
    }
    arena_release(&bench.arena);
}

static struct comparison again_of(struct bench *bench, struct compare_case *cases)
{
    for (int i = 0; i < CASES; i++) {
        cases[i] = bench->cases[i];
        cases[i].time = measured(0, 0.002);
        cases[i].verdict = cases[i].time.verdict = JUDGE_EQUIVALENT;
    }
    return (struct comparison){ .cases = cases, .case_count = CASES };
}

static void test_what_the_pairs_say(void **state)
{
    (void)state;
    struct bench bench;
    struct compare_case cases[CASES];
    make(&bench);
    plan(&bench);
    struct comparison again = again_of(&bench, cases);
    cases[0].time = measured(0.04, 0.005);
    cases[0].verdict = JUDGE_REGRESSED;
    cases[2].time = measured(0.01, 0.02);
    cases[2].verdict = JUDGE_UNDECIDED;
    cases[3].time.pairs = 0; /* not reached */
    gate_confirm_apply(&bench.comparison, &bench.confirm.pairs[0], &again, &bench.arena);
    static const enum judge_verdict verdicts[] = { JUDGE_REGRESSED, JUDGE_EQUIVALENT, JUDGE_UNDECIDED,
                                                   JUDGE_REGRESSED };
    static const enum compare_again answers[] = { COMPARE_CONFIRMED, COMPARE_REFUTED, COMPARE_OPEN, COMPARE_NOT_AGAIN };
    for (int i = 0; i < CASES; i++) {
        assert_int_equal(bench.cases[i].verdict, verdicts[i]);
        assert_int_equal(bench.cases[i].time.verdict, verdicts[i]);
        assert_int_equal(bench.steps[i].again, answers[i]);
    }
    /* By the numbers of the pairs; the step keeps those of the history. */
    assert_true(bench.cases[0].time.effect == 0.04 && bench.cases[3].time.effect == 0.05);
    assert_string_equal(bench.cases[0].reason, "step; confirmed, measured in turns: +4.1 % [+3.6, +4.6]");
    assert_non_null(strstr(bench.cases[1].reason, "step, but measured in turns the commits do not differ: +0.0 %"));
    assert_int_equal(bench.comparison.verdicts[JUDGE_REGRESSED], 2);
    assert_int_equal(bench.comparison.verdict, JUDGE_REGRESSED);
    assert_string_equal(gate_confirm_line(&bench.confirm.pairs[0], &bench.arena),
                        "1 confirmed, 1 not confirmed, 1 undecided, 1 not measured");
    arena_release(&bench.arena);
}

static void test_failures_and_same_code(void **state)
{
    (void)state;
    struct bench bench;
    struct compare_case cases[CASES];
    make(&bench);
    plan(&bench);
    struct comparison again = again_of(&bench, cases);
    cases[0].verdict = JUDGE_FAILED; /* whatever it is, it is not what the history saw */
    cases[0].reason = "timed out";
    cases[1].verdict = JUDGE_WRONG; /* commits may differ in what they answer: the time counts here */
    cases[1].time = measured(0.05, 0.01);
    cases[1].time.verdict = JUDGE_REGRESSED;
    cases[2].identical = true;
    again.case_count = 3; /* d is gone */
    gate_confirm_apply(&bench.comparison, &bench.confirm.pairs[0], &again, &bench.arena);
    assert_int_equal(bench.cases[0].verdict, JUDGE_UNDECIDED);
    assert_string_equal(bench.cases[0].reason, "step; could not be measured again: timed out");
    assert_true(bench.cases[0].time.effect == 0.05);
    assert_int_equal(bench.cases[1].verdict, JUDGE_REGRESSED);
    assert_int_equal(bench.cases[2].verdict, JUDGE_EQUIVALENT);
    assert_non_null(strstr(bench.cases[2].reason, "both commits build the same code"));
    assert_int_equal(bench.cases[3].verdict, JUDGE_REGRESSED);
    gate_confirm_refute(&bench.comparison, &bench.confirm.pairs[0], "it is Tuesday", &bench.arena);
    assert_int_equal(bench.comparison.verdicts[JUDGE_EQUIVALENT], CASES);
    assert_non_null(strstr(bench.cases[3].reason, "but it is Tuesday"));
    arena_release(&bench.arena);
}

/* A suite that stepped as a whole: its cases are measured, and say what became of it. */
static void test_groups(void **state)
{
    (void)state;
    struct bench bench;
    struct compare_case cases[CASES], *members[CASES];
    make(&bench);
    for (int i = 0; i < CASES; i++) {
        members[i] = &cases[i];
        bench.findings[i] = bench.findings[CASES];
        bench.cases[i].time.step = NULL;
        bench.cases[i].time.verdict = bench.cases[i].verdict = JUDGE_UNDECIDED;
    }
    bench.cases[1].time.effect = -0.01; /* got faster: it cannot explain the step */
    bench.gate = (struct gate){ .findings = bench.findings, .count = 1 };
    plan(&bench);
    assert_int_equal(bench.confirm.pairs[0].group_count, 1);
    assert_int_equal(bench.confirm.pairs[0].count, 3);
    struct comparison again = again_of(&bench, cases);
    struct compare_group group = { .suite = "s", .operation = "", .cases = members, .count = CASES };
    group.time = measured(NAN, 0); /* too few blocks to say anything of the suite */
    again.groups = &group;
    again.group_count = 1;
    gate_confirm_apply(&bench.comparison, &bench.confirm.pairs[0], &again, &bench.arena);
    assert_int_equal(bench.group.time.verdict, JUDGE_EQUIVALENT);
    assert_int_equal(bench.steps[CASES].again, COMPARE_REFUTED);
    assert_int_equal(bench.cases[0].verdict, JUDGE_UNDECIDED); /* it had no step: nothing to refute */
    cases[2].verdict = cases[2].time.verdict = JUDGE_REGRESSED;
    cases[2].time = measured(0.06, 0.01);
    gate_confirm_apply(&bench.comparison, &bench.confirm.pairs[0], &again, &bench.arena);
    assert_int_equal(bench.group.time.verdict, JUDGE_REGRESSED);
    assert_int_equal(bench.cases[2].verdict, JUDGE_REGRESSED);
    assert_string_equal(bench.cases[2].reason, "its suite stepped; measured in turns: +6.2 % [+5.1, +7.3]");
    arena_release(&bench.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_measured),
        cmocka_unit_test(test_as_few_builds_as_can_be),
        cmocka_unit_test(test_what_the_pairs_say),
        cmocka_unit_test(test_failures_and_same_code),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
