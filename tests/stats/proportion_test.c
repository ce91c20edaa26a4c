/* proportion_test.c: proportions against exact fractions (Python's fractions and math.erfc), Benjamini-Hochberg against
 * the example of their paper and by simulation. */
#include "harness/base/rng.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void assert_p(uint64_t k1, uint64_t n1, uint64_t k2, uint64_t n2, double expected, bool exact)
{
    struct stats_proportions result = stats_proportions(k1, n1, k2, n2);
    if (!(fabs(result.p - expected) <= 1e-9) || result.exact != exact)
        fail_msg("%.17g, expected %.17g", result.p, expected);
}

static void test_proportions(void **state)
{
    (void)state;
    assert_p(1, 9, 6, 8, 0.015220074043603456, true);
    assert_p(8, 9, 2, 8, 0.015220074043603456, true);
    assert_p(0, 2490, 5, 2400, 0.028417745523983493, true);
    assert_p(2490, 2490, 2395, 2400, 0.028417745523983493, true);
    assert_p(3, 1000, 3, 1000, 1, true);
    assert_p(100, 2490, 150, 2400, 0.00039157876691065413, false);
    assert_p(300, 4000, 450, 3800, 7.928050488859728e-11, false);
    assert_p(30, 400, 45, 380, 0.0513169053563601, true);
    assert_p(500, 1000, 500, 1000, 1, false);
    assert_p(0, 10, 0, 20, 1, false);
    assert_p(10, 10, 20, 20, 1, false);
    assert_true(fabs(stats_proportions(1, 4, 1, 2).difference - 0.25) < 1e-15);
    assert_true(isnan(stats_proportions(0, 0, 1, 2).p));
    assert_true(isnan(stats_proportions(0, 5, 3, 2).p));
    assert_true(stats_proportions(0, UINT64_MAX / 2, UINT64_MAX / 4, UINT64_MAX / 2).p == 0);
}

static void test_benjamini_hochberg(void **state)
{
    (void)state;
    /* Table of Benjamini, Hochberg 1995, section 3.2: four are rejected at 5 %. Here in another order, with a NaN. */
    const double p[] = { 0.0344, 0.0001, 0.6528, 0.0004, 1.0000, 0.0019, 0.7590, 0.0095,
                         0.0201, 0.0278, NAN,    0.0298, 0.4262, 0.3240, 0.5719, 0.0459 };
    bool rejected[16];
    assert_int_equal(stats_benjamini_hochberg(p, 16, 0.05, rejected), 4);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(rejected[i], p[i] <= 0.0095);
    assert_int_equal(stats_benjamini_hochberg(p, 0, 0.05, rejected), 0);
    /* A larger p that is small enough for its rank takes the ones before it along. */
    const double step_up[] = { 0.04, 0.045, 0.05 };
    assert_int_equal(stats_benjamini_hochberg(step_up, 3, 0.05, rejected), 3);
}

/* Two recordings of the same program: a share of all such comparisons, not more than the rate, shows anything. */
static void test_no_false_alarms(void **state)
{
    (void)state;
    enum { FAMILIES = 300, FUNCTIONS = 20, SAMPLES = 400 };
    struct rng rng;
    rng_seed(&rng, 11);
    int alarms = 0;
    for (int family = 0; family < FAMILIES; family++) {
        uint64_t hits[2][FUNCTIONS] = { { 0 } };
        double p[FUNCTIONS];
        bool rejected[FUNCTIONS];
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < SAMPLES; i++) {
                double u = rng_uniform(&rng);
                hits[side][(int)(u * u * FUNCTIONS)]++; /* some are rare */
            }
        for (int i = 0; i < FUNCTIONS; i++)
            p[i] = stats_proportions(hits[0][i], SAMPLES, hits[1][i], SAMPLES).p;
        alarms += stats_benjamini_hochberg(p, FUNCTIONS, 0.05, rejected) > 0;
    }
    assert_in_range(alarms, 3, 24); /* 5 % of 300 is 15 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proportions),
        cmocka_unit_test(test_benjamini_hochberg),
        cmocka_unit_test(test_no_false_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
