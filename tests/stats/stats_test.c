/* stats_test.c: harness/stats against values computed elsewhere: Python's statistics module, full enumeration of all
 * C(N, n) choices with exact fractions, published tables, and simulation. */
#include "harness/base/rng.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("got %.17g, expected %.17g", value, expected);
}

static const double wild[] = { 9.3, 1.2, 4.4, 4.5, 7.7, 2.1, 100.0, 3.3, 4.0 };

static void test_moments(void **state)
{
    (void)state;
    assert_near(stats_mean(wild, COUNT(wild)), 15.166666666666666, 1e-14);
    assert_near(stats_sd(wild, COUNT(wild)), 31.913711786628642, 1e-14);
    assert_near(stats_cv(wild, COUNT(wild)), 31.913711786628642 / 15.166666666666666, 1e-14);
    assert_near(stats_geometric_mean(wild, COUNT(wild)), 5.5145819233750215, 1e-14);
    const double shifted[] = { 1e15 + 4, 1e15 + 7, 1e15 + 13, 1e15 + 16 };
    assert_near(stats_sd(shifted, 4), sqrt(30), 1e-14);
}

static void test_quantiles(void **state)
{
    (void)state;
    assert_near(stats_quantile(wild, COUNT(wild), 0.05), 1.56, 1e-14);
    assert_near(stats_quantile(wild, COUNT(wild), 0.25), 3.3, 1e-14);
    assert_near(stats_median(wild, COUNT(wild)), 4.4, 1e-14);
    assert_near(stats_quantile(wild, COUNT(wild), 0.75), 7.7, 1e-14);
    assert_near(stats_quantile(wild, COUNT(wild), 0), 1.2, 0);
    assert_near(stats_quantile(wild, COUNT(wild), 1), 100, 0);
    assert_near(stats_mad(wild, COUNT(wild)), 2.3, 1e-14);
    assert_near(stats_robust_sd(wild, COUNT(wild)), 2.3 * 1.4826022185056018, 1e-14);
    assert_near(stats_walsh_median(wild, COUNT(wild)), 4.9, 1e-14);
    const double even[] = { 4, 1, 3, 2 };
    assert_near(stats_median(even, 4), 2.5, 0);
    assert_near(stats_quantile(even, 4, 0.9), 3.7, 1e-14);
}

static void test_nothing_is_nan(void **state)
{
    (void)state;
    const double one[] = { 7 };
    assert_true(isnan(stats_mean(one, 0)));
    assert_true(isnan(stats_median(one, 0)));
    assert_true(isnan(stats_quantile(one, 1, 1.5)));
    assert_true(isnan(stats_sd(one, 1)));
    assert_true(isnan(stats_robust_sd(one, 1)));
    assert_true(isnan(stats_walsh_median(one, 0)));
    assert_true(isnan(stats_shift(one, 1, one, 0, 0.95).estimate));
    assert_true(isnan(stats_mann_whitney(one, 0, one, 1).p));
    const double zero[] = { 0, 1 };
    assert_true(isnan(stats_geometric_mean(zero, 2)));
    struct stats_interval interval = stats_median_interval(one, 1, 0.95);
    assert_true(isnan(interval.low) && isnan(interval.high) && interval.coverage == 0);
    struct stats_summary summary = stats_summarize(NULL, 0, 0.95);
    assert_true(summary.count == 0 && isnan(summary.median) && isnan(summary.minimum));
}

/* Ranks and coverages of Hahn, Meeker, table A.3 style, recomputed with exact fractions. */
static void test_median_interval(void **state)
{
    (void)state;
    static const struct {
        size_t count, rank;
        double coverage;
    } expected[] = { { 2, 1, 0.5 },
                     { 5, 1, 0.9375 },
                     { 6, 1, 0.96875 },
                     { 10, 2, 0.978515625 },
                     { 20, 6, 0.9586105346679688 },
                     { 100, 40, 0.9647997997822951 },
                     { 1000, 469, 0.9537088026395019 } };
    double values[1000];
    for (size_t i = 0; i < COUNT(expected); i++) {
        size_t n = expected[i].count;
        for (size_t v = 0; v < n; v++)
            values[v] = (double)(n - v); /* descending: the function sorts a copy */
        struct stats_interval interval = stats_median_interval(values, n, 0.95);
        assert_near(interval.low, (double)expected[i].rank, 0);
        assert_near(interval.high, (double)(n + 1 - expected[i].rank), 0);
        assert_near(interval.coverage, expected[i].coverage, 1e-10);
        assert_near(values[0], (double)n, 0);
    }
}

static void test_mann_whitney(void **state)
{
    (void)state;
    const double a[] = { 12.1, 11.9, 12.4, 12.0, 12.2, 11.8 };
    const double b[] = { 12.3, 12.9, 12.5, 13.1, 12.6, 12.7, 12.45 };
    struct stats_mann_whitney test = stats_mann_whitney(a, COUNT(a), b, COUNT(b));
    assert_true(test.exact);
    assert_near(test.u, 41, 0);
    assert_near(test.p, 0.002331002331002331, 1e-12);
    assert_near(test.p_minimum, 0.0011655011655011655, 1e-12);

    const double c[] = { 1, 2, 2, 3, 5, 5, 5, 8 }, d[] = { 2, 4, 5, 6, 8, 8, 9 };
    test = stats_mann_whitney(c, COUNT(c), d, COUNT(d));
    assert_near(test.u, 41.5, 0);
    assert_near(test.p, 0.13115773115773116, 1e-12);
    assert_near(test.p_minimum, 0.0012432012432012432, 1e-12);

    const double same[] = { 3, 3, 3 };
    assert_near(stats_mann_whitney(same, 3, same, 3).p, 1, 0);
}

/* The normal approximation takes over above 60 values; the two must agree where they meet. */
static void test_mann_whitney_approximation(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    double x[31], y[31];
    for (size_t i = 0; i < 31; i++) {
        x[i] = rng_normal(&rng);
        y[i] = rng_normal(&rng) + 0.5;
    }
    struct stats_mann_whitney exact = stats_mann_whitney(x, 30, y, 30);
    x[30] = x[0]; /* ties, one more value a side */
    y[30] = y[0];
    struct stats_mann_whitney normal = stats_mann_whitney(x, 31, y, 31);
    assert_true(exact.exact && !normal.exact);
    assert_near(normal.p, exact.p, 0.02);
    assert_true(normal.p_minimum < exact.p_minimum && normal.p_minimum > 0);
}

static void test_shift(void **state)
{
    (void)state;
    const double a[] = { 12.1, 11.9, 12.4, 12.0, 12.2, 11.8 };
    const double b[] = { 12.3, 12.9, 12.5, 13.1, 12.6, 12.7, 12.45 };
    struct stats_shift shift = stats_shift(a, COUNT(a), b, COUNT(b), 0.95);
    assert_near(shift.estimate, 0.575, 1e-12);
    assert_near(shift.interval.low, 0.25, 1e-12);
    assert_near(shift.interval.high, 0.9, 1e-12);
    assert_near(shift.interval.coverage, 0.965034965034965, 1e-12);
    /* Three against three: 95 % is out of reach, all differences hold 1 - 2/20 = 90 %. */
    shift = stats_shift(a, 3, b, 3, 0.95);
    assert_near(shift.interval.coverage, 0.9, 1e-12);
    assert_near(shift.interval.low, 12.3 - 12.4, 1e-12);
    assert_near(shift.interval.high, 12.9 - 11.9, 1e-12);
    assert_near(stats_shift(a, 1, b, 1, 0.95).interval.coverage, 0, 0);
}

static void test_outliers(void **state)
{
    (void)state;
    bool marks[10];
    assert_int_equal(stats_mark_outliers(wild, COUNT(wild), 3.5, marks), 1);
    for (size_t i = 0; i < COUNT(wild); i++)
        assert_int_equal(marks[i], wild[i] == 100.0);
    /* MAD 0: the mean absolute deviation takes over. */
    const double flat[] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 9 };
    assert_int_equal(stats_mark_outliers(flat, COUNT(flat), 3.5, marks), 1);
    const double equal[] = { 5, 5, 5 };
    assert_int_equal(stats_mark_outliers(equal, 3, 3.5, NULL), 0);
}

static void test_summary_ignores_absent_values(void **state)
{
    (void)state;
    const double values[] = { 3, NAN, 1, 2, INFINITY, 5, 4, 6 };
    struct stats_summary summary = stats_summarize(values, COUNT(values), 0.95);
    assert_int_equal(summary.count, 6);
    assert_near(summary.median, 3.5, 0);
    assert_near(summary.minimum, 1, 0);
    assert_near(summary.maximum, 6, 0);
    assert_near(summary.interval.coverage, 0.96875, 1e-12);
}

/* How often the interval holds the truth: 2,000 draws, band of four binomial standard errors. */
static void check_coverage(double covered, double draws, double coverage)
{
    double error = 4 * sqrt(coverage * (1 - coverage) / draws);
    if (fabs(covered / draws - coverage) > error)
        fail_msg("covered %.4f, claimed %.4f", covered / draws, coverage);
}

static void test_coverage_by_simulation(void **state)
{
    (void)state;
    enum { DRAWS = 2000 };
    struct rng rng;
    rng_seed(&rng, 20261121);
    double x[11], y[9], median_covered = 0, shift_covered = 0, median_claim = 0, shift_claim = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        for (size_t i = 0; i < COUNT(x); i++)
            x[i] = exp(rng_normal(&rng)); /* skewed: median 1 */
        for (size_t i = 0; i < COUNT(y); i++)
            y[i] = exp(rng_normal(&rng)) + 2;
        struct stats_interval median = stats_median_interval(x, COUNT(x), 0.95);
        struct stats_interval shift = stats_shift(x, COUNT(x), y, COUNT(y), 0.95).interval;
        median_covered += median.low <= 1 && 1 <= median.high;
        shift_covered += shift.low <= 2 && 2 <= shift.high;
        median_claim = median.coverage;
        shift_claim = shift.coverage;
    }
    check_coverage(median_covered, DRAWS, median_claim);
    check_coverage(shift_covered, DRAWS, shift_claim);
}

/* Above 60 values the ranks of the shift's interval come from the normal approximation. */
static void test_shift_coverage_of_large_samples(void **state)
{
    (void)state;
    enum { DRAWS = 500, N = 35 };
    struct rng rng;
    rng_seed(&rng, 11);
    double x[N], y[N], covered = 0, claim = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = exp(rng_normal(&rng));
            y[i] = exp(rng_normal(&rng)) - 1;
        }
        struct stats_interval shift = stats_shift(x, N, y, N, 0.95).interval;
        covered += shift.low <= -1 && -1 <= shift.high;
        claim = shift.coverage;
    }
    assert_true(claim >= 0.95 && claim < 0.955);
    check_coverage(covered, DRAWS, claim);
}

/* ---- courses ---- */

enum { COURSE = 32 };

static struct stats_growth judge(const double *values)
{
    double operations[COURSE];
    for (size_t i = 0; i < COURSE; i++)
        operations[i] = 10 * (double)i;
    return stats_judge_growth(operations, values, COURSE, 128, 4096);
}

static void test_trends(void **state)
{
    (void)state;
    const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 1, 3, 5, 700, 9, 11 };
    assert_near(stats_theil_sen(x, y, 6), 2, 1e-14);
    assert_true(isnan(stats_theil_sen(x, y, 1)));
    const double up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }; /* S = 45, variance 125: z = 44 / 11.1803 */
    assert_near(stats_rising_p(up, 10), 4.155e-5, 1e-3);
    const double ties[] = { 1, 1, 2, 2, 3, 3, 4, 4 }; /* S = 24, variance (8 7 21 - 4 (2 1 9)) / 18 = 61.33 */
    assert_near(stats_rising_p(ties, 8), 0.5 * erfc(23 / sqrt(2 * 184.0 / 3)), 1e-12);
    const double flat[] = { 5, 5, 5, 5, 5, 5, 5, 5 };
    assert_true(stats_rising_p(flat, 8) == 1);
    assert_true(isnan(stats_rising_p(flat, 2)));
}

static void test_growth(void **state)
{
    (void)state;
    double leak[COURSE], cache[COURSE], step[COURSE], noise[COURSE], doubling[COURSE];
    struct rng rng;
    rng_seed(&rng, 7);
    size_t wrong = 0;
    for (size_t i = 0; i < COURSE; i++) {
        leak[i] = 160 * (double)i;
        cache[i] = fmin(1000 * (double)i, 9000);
        step[i] = i < 24 ? 0 : 2097152;
        doubling[i] = exp2(floor(log2((double)i + 1))) * 100;
    }
    assert_int_equal(judge(leak).verdict, STATS_GROWING);
    assert_near(judge(leak).slope, 16, 1e-12);
    assert_int_equal(judge(cache).verdict, STATS_SETTLING);
    assert_true(judge(cache).slope == 0);
    assert_int_not_equal(judge(step).verdict, STATS_GROWING);
    assert_int_equal(judge(doubling).verdict, STATS_STEADY); /* 1600 bytes that came by doubling */
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < COURSE; i++)
            noise[i] = 100000 * rng_uniform(&rng);
        wrong += judge(noise).verdict == STATS_GROWING;
    }
    assert_true(wrong < 15); /* one in a hundred at most, by the test for a trend alone */
    const double few[] = { 0, 1, 2 };
    assert_true(isnan(stats_judge_growth(few, few, 3, 1, 1).slope));
    assert_string_equal(stats_growth_name(STATS_SETTLING), "settling");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_nothing_is_nan),
        cmocka_unit_test(test_median_interval),
        cmocka_unit_test(test_mann_whitney),
        cmocka_unit_test(test_mann_whitney_approximation),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_summary_ignores_absent_values),
        cmocka_unit_test(test_coverage_by_simulation),
        cmocka_unit_test(test_shift_coverage_of_large_samples),
        cmocka_unit_test(test_trends),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
