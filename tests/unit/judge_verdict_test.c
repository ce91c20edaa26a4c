/* judge_verdict_test.c: one metric's numbers become a verdict: floor, q, CPU time; and what a budget makes of it. */
#include "harness/judge/compare_internal.h"
#include "harness/judge/gate_internal.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct compare_metric make_metric(double low, double high, double p, double q)
{
    struct compare_metric metric = { .floor = 0.01, .p = p, .q = q };
    metric.effect = (low + high) / 2;
    metric.interval.low = low;
    metric.interval.high = high;
    metric.interval.coverage = 0.95;
    return metric;
}

static enum judge_verdict verdict_between(struct comparison *comparison, double low, double high, double p, double q)
{
    struct arena arena = { 0 };
    struct compare_context context = { .comparison = comparison, .confidence = 0.95, .arena = &arena };
    struct compare_metric metric = make_metric(low, high, p, q);
    compare_judge_metric(&context, &metric);
    arena_release(&arena);
    return metric.verdict;
}

static enum judge_verdict verdict_of(double low, double high, double p, double q)
{
    struct comparison comparison = { 0 };
    return verdict_between(&comparison, low, high, p, q);
}

static void test_floor_and_q(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(0.02, 0.03, 1e-4, 1e-3), JUDGE_REGRESSED);
    assert_int_equal(verdict_of(-0.03, -0.02, 1e-4, 1e-3), JUDGE_IMPROVED);
    assert_int_equal(verdict_of(0.02, 0.03, 0.01, 0.2), JUDGE_UNDECIDED); /* one of many */
    assert_int_equal(verdict_of(0.009, 0.03, 1e-4, 1e-3), JUDGE_UNDECIDED);
    assert_int_equal(verdict_of(-0.03, -0.009, 1e-4, 1e-3), JUDGE_UNDECIDED);
    assert_int_equal(verdict_of(-0.03, 0.005, 0.2, 0.3), JUDGE_UNDECIDED);
    assert_int_equal(verdict_of(-0.009, 0.009, 0.9, 0.9), JUDGE_EQUIVALENT);
    assert_int_equal(verdict_of(0.002, 0.009, 1e-4, 1e-3), JUDGE_EQUIVALENT);
}

/* Imported repetitions of one process can show that nothing changed, but no change: processes differ by themselves. */
static void test_one_process(void **state)
{
    (void)state;
    struct store_fact fact = { "import_repetitions", "of one process" };
    for (int side = 0; side < 2; side++) {
        struct comparison comparison = { 0 };
        struct store_run_row *run = side ? &comparison.candidate : &comparison.base;
        run->environment = &fact;
        run->environment_count = 1;
        assert_int_equal(verdict_between(&comparison, 0.02, 0.03, 1e-4, 1e-3), JUDGE_UNDECIDED);
        assert_int_equal(verdict_between(&comparison, -0.03, -0.02, 1e-4, 1e-3), JUDGE_UNDECIDED);
        assert_int_equal(verdict_between(&comparison, 0.002, 0.009, 1e-4, 1e-3), JUDGE_EQUIVALENT);
    }
}

static enum judge_verdict after_cpu(double effect, double cpu, double delay_base, double delay_candidate)
{
    struct arena arena = { 0 };
    struct compare_context context = { .arena = &arena };
    struct compare_metric time = { .effect = effect, .verdict = effect > 0 ? JUDGE_REGRESSED : JUDGE_IMPROVED };
    compare_check_with_cpu(&context, &time, cpu, delay_base, delay_candidate);
    arena_release(&arena);
    return time.verdict;
}

static void test_cpu(void **state)
{
    (void)state;
    assert_int_equal(after_cpu(0.1, 0.09, 0.5, 0.5), JUDGE_REGRESSED);
    assert_int_equal(after_cpu(0.1, -0.09, 0.5, 0.5), JUDGE_UNDECIDED);
    assert_int_equal(after_cpu(-0.1, -0.09, 0.5, 0.5), JUDGE_IMPROVED);
    assert_int_equal(after_cpu(-0.1, 0.09, 0.5, 0.5), JUDGE_UNDECIDED);
    assert_int_equal(after_cpu(0.1, 0.01, 0.5, 0.5), JUDGE_UNDECIDED);
    assert_int_equal(after_cpu(0.1, -0.09, 0.001, 0.001), JUDGE_REGRESSED); /* nobody waited */
    assert_int_equal(after_cpu(0.1, -0.09, 0.001, 0.5), JUDGE_UNDECIDED);
    assert_int_equal(after_cpu(0.1, -0.09, 0.5, 0.001), JUDGE_UNDECIDED);
}

static void test_budget(void **state)
{
    (void)state;
    struct gate_budget budget = { .metric = "m", .relative = log1p(0.05), .absolute = { .value = 10 } };
    struct compare_metric metric = make_metric(0.02, 0.03, 1e-4, 1e-3);
    metric.name = "m";
    metric.base.median = 100;
    assert_true(fabs(gate_budget_limit(&budget, &metric) - log(1.1)) < 1e-12);
    metric.higher_is_better = true; /* may fall from 100 to 90 */
    assert_true(fabs(gate_budget_limit(&budget, &metric) + log(0.9)) < 1e-12);
    budget.absolute.value = 100;
    assert_true(isinf(gate_budget_limit(&budget, &metric)));
    /* A budget below what the comparison can tell does not make what it calls no change undecided. */
    metric = make_metric(-0.005, 0.008, 0.5, 0.5);
    metric.verdict = JUDGE_UNDECIDED;
    assert_int_equal(gate_budget_verdict(&metric, 0.002), JUDGE_EQUIVALENT);
    metric.interval.high = 0.011;
    assert_int_equal(gate_budget_verdict(&metric, 0.002), JUDGE_UNDECIDED);
    assert_int_equal(gate_budget_verdict(&metric, 0.02), JUDGE_EQUIVALENT);
    /* "Faster" that fresh pairs did not confirm is no proof of "not slower"; what they say is. */
    metric = make_metric(-0.05, -0.03, 1e-4, 1e-3);
    metric.verdict = JUDGE_UNDECIDED;
    metric.confirmation.state = COMPARE_UNMEASURED;
    assert_int_equal(gate_budget_verdict(&metric, 0), JUDGE_UNDECIDED);
    metric.confirmation = (struct compare_confirmation){
        .state = COMPARE_FRESH_DIFFERS, .pairs = 10, .effect = 0.02, .interval = { -0.01, 0.05, 0.95 }
    };
    assert_int_equal(gate_budget_verdict(&metric, 0), JUDGE_UNDECIDED);
    metric.confirmation.interval = (struct stats_interval){ -0.006, 0.005, 0.95 };
    assert_int_equal(gate_budget_verdict(&metric, 0), JUDGE_EQUIVALENT);
    metric.confirmation.interval = (struct stats_interval){ NAN, NAN, 0.5 };
    assert_int_equal(gate_budget_verdict(&metric, 0), JUDGE_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floor_and_q),
        cmocka_unit_test(test_one_process),
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
