/* judge_study_test.c: the study of tests/study/false_alarms.c in small: the whole A/B judgement, blocks and looks
 * included, keeps its error rate on five kinds of noise, and finds what is there. */
#include "harness/judge/judge.h"
#include "harness/stats/multiple.h"
#include "tests/support/ab_study.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { COMPARISONS = 6 };

static void test_nothing_changed(void **state)
{
    (void)state;
    size_t tests = 0, alarms = 0, false_verdicts = 0, undecided = 0;
    for (int noise = 0; noise < STUDY_NOISE_COUNT; noise++) {
        struct study_verdicts counted = study_pipeline((enum study_noise)noise, 0, 0, 0, COMPARISONS, 21);
        tests += counted.tests;
        alarms += counted.alarms;
        false_verdicts += counted.regressed + counted.improved;
        undecided += noise == STUDY_BURSTS ? 0 : counted.undecided; /* they hide what they hide */
    }
    assert_int_equal(tests, COMPARISONS * STUDY_CASES * STUDY_NOISE_COUNT);
    assert_true(alarms <= stats_binomial_band(tests, JUDGE_ALPHA, 0.999).high);
    assert_true(false_verdicts <= 1);
    assert_true(undecided < tests / 8);
}

static void test_changes_are_found(void **state)
{
    (void)state;
    for (int noise = 0; noise < STUDY_NOISE_COUNT; noise++) {
        struct study_verdicts counted =
            study_pipeline((enum study_noise)noise, noise == STUDY_BURSTS ? 30 : 3, 3, 1, 2, 22);
        assert_int_equal(counted.tests, 6);
        assert_true(counted.regressed >= 5);
    }
}

/* Why pairs: the same processes one after the other look different where the machine drifts. */
static void test_order_matters(void **state)
{
    (void)state;
    size_t sequential = study_alarms(STUDY_DRIFT, STUDY_SEQUENTIAL, 0, 10, 200, 23);
    size_t pairs = study_alarms(STUDY_DRIFT, STUDY_ABBA, 0, 10, 200, 23);
    assert_true(sequential > 60);
    assert_true(pairs <= stats_binomial_band(200, JUDGE_ALPHA, 0.999).high);
    assert_true(study_alarms(STUDY_GAUSSIAN, STUDY_ABBA, 2, 10, 100, 24) > 85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_changes_are_found),
        cmocka_unit_test(test_order_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
