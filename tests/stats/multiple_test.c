/* multiple_test.c: many tests and many looks against SciPy and by simulation. */
#include "harness/base/rng.h"
#include "harness/stats/multiple.h"
#include "harness/stats/paired.h"
#include "harness/stats/special.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void assert_near(double actual, double wanted, double tolerance)
{
    if (!(fabs(actual - wanted) <= tolerance))
        fail_msg("%.15g, expected %.15g", actual, wanted);
}

static void test_q_values(void **state)
{
    (void)state;
    const double p[] = { 0.01, 0.02, NAN, 0.03, 0.04, 0.05, 0.5, 0.001, 0.9 };
    const double wanted[] = { 0.04, 0.0533333333333, NAN, 0.06, 0.064, 0.0666666666667, 0.571428571429, 0.008, 0.9 };
    double q[9];
    stats_q_values(p, 9, q);
    for (size_t i = 0; i < 9; i++) {
        if (isnan(wanted[i]))
            assert_true(isnan(q[i]));
        else
            assert_near(q[i], wanted[i], 1e-12);
    }
    /* What is rejected at a rate is what has a q of at most that rate. */
    bool rejected[9];
    for (double rate = 0.001; rate < 1; rate *= 1.3) {
        stats_benjamini_hochberg(p, 9, rate, rejected);
        for (size_t i = 0; i < 9; i++)
            assert_int_equal(rejected[i], q[i] <= rate);
    }
    stats_q_values(p, 0, q);
    const double ones[] = { 1, 1 };
    stats_q_values(ones, 2, q);
    assert_true(q[0] == 1 && q[1] == 1);
}

static void test_looks(void **state)
{
    (void)state;
    assert_near(stats_look_alpha(0.05, 0, 1), 0.05, 0);
    assert_near(stats_look_alpha(0.05, 0, 0), 0.05, 0);
    for (int count = 2; count <= 20; count++) {
        double sum = 0;
        for (int look = 0; look < count; look++) {
            assert_true(stats_look_alpha(0.05, look, count) > 0);
            sum += stats_look_alpha(0.05, look, count);
        }
        assert_near(sum, 0.05, 1e-15);
        assert_true(stats_look_alpha(0.05, count, count) == 0);
    }
    const double p[] = { 0.01, NAN, 0.02 };
    assert_near(stats_look_p(p, 0, 3, 0.05), 0.09, 1e-15);
    assert_near(stats_look_p(p, 1, 3, 0.05), 0.09, 1e-15);
    assert_near(stats_look_p(p, 2, 3, 0.05), 0.036, 1e-15);
    assert_near(stats_look_p(p, 0, 1, 0.05), 0.01, 0);
    const double none[] = { NAN, 0.9 };
    assert_true(isnan(stats_look_p(none, 0, 2, 0.05)));
    assert_near(stats_look_p(none, 1, 2, 0.05), 1, 0);
}

/* Four looks at growing samples without any change: without spending 12 % would be called changed. */
static void test_looks_hold(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 2);
    size_t alarms = 0, plain = 0;
    enum { RUNS = 1000, LOOKS = 4 };
    for (size_t run = 0; run < RUNS; run++) {
        double differences[16], p[LOOKS], smallest = 1;
        for (size_t i = 0; i < 16; i++)
            differences[i] = rng_normal(&rng);
        for (size_t look = 0; look < LOOKS; look++) {
            p[look] = stats_paired(differences, 10 + 2 * look, 0.95, run).p;
            smallest = fmin(smallest, p[look]);
        }
        alarms += stats_look_p(p, LOOKS - 1, LOOKS, 0.05) <= 0.05;
        plain += smallest <= 0.05;
    }
    struct stats_band band = stats_binomial_band(RUNS, 0.05, 0.999);
    assert_true(alarms <= band.high && alarms >= 10);
    assert_true(plain > band.high);
}

static void test_binomial(void **state)
{
    (void)state;
    static const struct {
        size_t hits, count;
        double confidence, low, high;
    } intervals[] = {
        { 0, 20, 0.95, 0, 0.16843347098309 },
        { 3, 120, 0.95, 0.0051855749581496, 0.071323194156905 },
        { 20, 20, 0.95, 0.83156652901691, 1 },
        { 5, 10, 0.99, 0.12831055393508, 0.87168944606492 },
        { 412, 10000, 0.99, 0.0362499686104, 0.046592250528221 },
    };
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct stats_interval interval =
            stats_binomial_interval(intervals[i].hits, intervals[i].count, intervals[i].confidence);
        assert_near(interval.low, intervals[i].low, 1e-10);
        assert_near(interval.high, intervals[i].high, 1e-10);
    }
    assert_true(isnan(stats_binomial_interval(0, 0, 0.95).low));
    assert_true(isnan(stats_binomial_interval(3, 2, 0.95).low));
    static const struct {
        size_t count;
        double probability, confidence;
        size_t low, high;
    } bands[] = {
        { 120, 0.05, 0.99, 1, 13 },
        { 20, 0.05, 0.99, 0, 4 },
        { 1, 0.5, 0.95, 0, 1 },
        { 1000, 0.05, 0.99, 33, 69 },
        { 50, 0.999, 0.9, 50, 50 },
        { 3000, 0.5, 0.99, 1429, 1571 },
        { 100000, 0.05, 0.99, 4823, 5178 },
        { 0, 0.05, 0.99, 0, 0 },
        { 10, 0, 0.99, 0, 0 },
        { 10, 1, 0.99, 10, 10 },
    };
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++) {
        struct stats_band band = stats_binomial_band(bands[i].count, bands[i].probability, bands[i].confidence);
        assert_int_equal(band.low, bands[i].low);
        assert_int_equal(band.high, bands[i].high);
    }
}

static void test_special(void **state)
{
    (void)state;
    assert_near(stats_normal_quantile(0.975), 1.95996398454005, 1e-12);
    assert_near(stats_normal_quantile(0.5), 0, 1e-12);
    assert_near(stats_normal_quantile(0.2), -0.841621233572914, 1e-12);
    assert_near(stats_normal_quantile(0.999), 3.09023230616781, 1e-12);
    assert_near(stats_normal_quantile(1e-10), -6.36134090240406, 1e-11);
    assert_near(stats_t_quantile(0.975, 5), 2.5705818366147395, 0.005);
    assert_near(stats_t_quantile(0.8, 9), 0.8834038596855205, 0.001);
    assert_near(stats_t_quantile(0.99, 5), 3.3649299989072747, 0.03);
    assert_near(stats_incomplete_beta(0.3, 2, 5), 0.579825, 1e-12);
    assert_near(stats_incomplete_beta(0.9, 40, 3.5), 0.275874890662896, 1e-12);
    assert_near(stats_incomplete_beta(1e-3, 0.5, 200), 0.472755892974764, 1e-12);
    assert_near(stats_incomplete_beta(0, 2, 5), 0, 0);
    assert_near(stats_incomplete_beta(1, 2, 5), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_q_values), cmocka_unit_test(test_looks),   cmocka_unit_test(test_looks_hold),
        cmocka_unit_test(test_binomial), cmocka_unit_test(test_special),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
