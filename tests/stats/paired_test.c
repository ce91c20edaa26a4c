/* paired_test.c: estimates, intervals and p-values of pairs against NumPy and SciPy, which tried all flips and sorted
 * each of them; then how often they err, by simulation. */
#include "harness/base/rng.h"
#include "harness/stats/paired.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const double d1[] = { 0.3456 };
static const double d2[] = { 1.1891, 0.4773 };
static const double d5[] = { 4.0409, -0.5557, 2.4181, 1.4322, 1.5474 };
static const double d6[] = { 1.3482, 1.8253, 3.6637, 2.6591, 0.3586, 1.9948 };
static const double d7[] = { 0.1981, -0.3244, 0, 1.4204, 2.136, 1.1097, 0.4474 };
static const double d10[] = { 1.7531, 2.4765, -1.8533, 0.562, 1.7137, 2.0521, 1.3538, 2.1971, 0.99, 1.2513 };
static const double d12[] = { -0.2987, 0.2987, -0.2741, -0.4547, -0.4547, -0.9916,
                              0.0601,  1.3402, -0.4922, -0.6205, 0.4898,  0.3569 };
static const double d14[] = { -0.8383, -0.4366, -0.4611, 0.5484, -1.4126, 0.7111, -0.0572,
                              1.7936,  1.8568,  2.2923,  1.6675, 0.847,   1.7598, 2.4055 };
static const double d17[] = { -0.3028, 0.7428,  -1.1563, 1.1561, 1.6435, 0.0474, 0.9305, 0.7509, 0.1056,
                              -0.3624, -1.5326, 1.9104,  0.4524, 3.0223, 1.3262, 0.7778, -0.1574 };
static const double d19[] = { 1.3342, 2.6597, 2.5247, 0.7897, 1.002,  0.7726, 1.8697, 1.2439, 2.0469, -0.5473,
                              2.8665, 1.2036, 1.9804, 1.1634, 0.9209, 1.7631, 2.1245, 1.0975, 1.1472 };
static const double d20[] = { 0.0967, 0.475,  0.4182, 1.467,  0.9514, 1.3265, 2.043,  2.0579,  1.6752, 0.7492,
                              0.4451, 0.3852, 0.8561, 1.1486, 0.2277, 0.0655, 1.5057, -0.6517, 1.0229, 1.6258 };

/* n = 19 and 20 have so small a p that all flips follow the draws. */
static const struct {
    const double *differences;
    size_t count;
    double estimate, low, high, coverage, p, sign_p;
} expected[] = {
    { d1, 1, 0.3456, 0.3456, 0.3456, 0, 1, 1 },
    { d2, 2, 0.8332, 0.4773, 1.1891, 0.5, 0.5, 0.5 },
    { d5, 5, 1.7426, -0.5557, 4.0409, 0.9375, 0.125, 0.375 },
    { d6, 6, 1.9948, 0.3586, 3.6637, 0.96875, 0.03125, 0.03125 },
    { d7, 7, 0.68205, -0.06315, 1.62285, 0.953125, 0.09375, 0.21875 },
    { d10, 10, 1.5022, 0.1719, 1.9751, 0.951171875, 0.029296875, 0.021484375 },
    { d12, 12, -0.11315, -0.47345, 0.35985, 0.95751953125, 0.38037109375, 0.7744140625 },
    { d14, 14, 0.727, 0.04365, 1.62625, 0.950561523438, 0.0570068359375, 0.423950195312 },
    { d17, 17, 0.51805, -0.0986, 1.12835, 0.955230712891, 0.0750732421875, 0.143463134766 },
    { d19, 19, 1.48755, 1.0824, 1.8843, 0.950634002686, 7.62939453125e-06, 7.62939453125e-05 },
    { d20, 20, 0.90225, 0.52405, 1.24405, 0.951559066772, 0.00010871887207, 4.00543212891e-05 },
};

static void assert_near(double actual, double wanted, double tolerance, const char *what, size_t count)
{
    if (!(fabs(actual - wanted) <= tolerance))
        fail_msg("%s of %zu: %.12g, expected %.12g", what, count, actual, wanted);
}

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        size_t count = expected[i].count;
        struct stats_paired paired = stats_paired(expected[i].differences, count, 0.95, 1);
        assert_int_equal(paired.count, count);
        assert_near(paired.estimate, expected[i].estimate, 1e-12, "estimate", count);
        assert_near(paired.p, expected[i].p, 1e-10 * expected[i].p, "p", count);
        assert_near(paired.sign_p, expected[i].sign_p, 1e-10, "sign_p", count);
        assert_near(paired.p_minimum, fmin(1, 2 * pow(0.5, (double)count)), 1e-15, "p_minimum", count);
        assert_true(paired.exact);
        assert_near(paired.interval.coverage, expected[i].coverage, 1e-10, "coverage", count);
        if (expected[i].coverage > 0) {
            assert_near(paired.interval.low, expected[i].low, 1e-12, "low", count);
            assert_near(paired.interval.high, expected[i].high, 1e-12, "high", count);
        }
    }
}

static void test_nothing(void **state)
{
    (void)state;
    struct stats_paired paired = stats_paired(NULL, 0, 0.95, 1);
    assert_true(isnan(paired.estimate) && isnan(paired.p) && isnan(paired.sign_p));
    assert_true(paired.interval.coverage == 0 && paired.sign_interval.coverage == 0);
    const double zeros[30] = { 0 };
    for (size_t count = 1; count <= 30; count++) {
        paired = stats_paired(zeros, count, 0.95, 1);
        assert_true(paired.estimate == 0 && paired.p == 1 && paired.sign_p == 1);
        assert_false(paired.skewed || paired.bimodal);
    }
    assert_true(stats_paired_detectable(zeros, 5, 0.05, 0.8) == INFINITY);
}

/* More pairs than all flips can be tried of: the draws agree with the exact p, and with themselves. */
static void test_draws(void **state)
{
    (void)state;
    double differences[70];
    for (size_t i = 0; i < 70; i++)
        differences[i] = sin((double)i * 12.9898) + 0.1;
    struct stats_paired paired = stats_paired(differences, 20, 0.95, 7);
    assert_false(paired.exact);
    assert_near(paired.p, 0.152353286743, 0.015, "p", 20);
    assert_true(paired.p == stats_paired(differences, 20, 0.95, 7).p);
    assert_true(paired.p != stats_paired(differences, 20, 0.95, 8).p);
    /* Of up to 64 values by tables, of more one by one. A shift that nothing explains has the least p of the draws. */
    for (size_t count = 30; count <= 70; count += 8) {
        double p = stats_paired(differences, count, 0.95, 4).p;
        assert_near(stats_paired(differences, count, 0.95, 3).p, p, 0.08, "p", count);
        assert_true(p > 0.01 && p < 1);
        double shifted[70];
        for (size_t i = 0; i < count; i++)
            shifted[i] = differences[i] + 5;
        assert_near(stats_paired(shifted, count, 0.95, 3).p, 1 / 100001.0, 1e-12, "p", count);
    }
}

/* Many pairs go other ways than few: the same answers where the two meet. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static double values[MANY];
    struct rng rng;
    rng_seed(&rng, 13);
    for (size_t i = 0; i < MANY; i++)
        values[i] = rng_normal(&rng) + 0.05;
    for (size_t count = 399; count <= 403; count++) {
        struct stats_paired paired = stats_paired(values, count, 0.95, 1);
        assert_near(paired.estimate, stats_walsh_median(values, count), 1e-12, "estimate", count);
        assert_true(paired.interval.low < paired.estimate && paired.estimate < paired.interval.high);
        assert_near(paired.interval.high - paired.interval.low, 2 * 1.96 * 1.023 / sqrt((double)count), 0.02, "width",
                    count);
    }
    /* z = 1.58 for an untrimmed mean of such values without the shift's own luck; the flips must agree with the normal
     * approximation of the trimmed mean, whatever it is. */
    struct stats_paired many = stats_paired(values, MANY, 0.95, 1);
    static double sorted[MANY], winsorized[MANY];
    memcpy(sorted, values, sizeof sorted);
    stats_sort(sorted, MANY);
    double sum = 0;
    for (size_t i = 0; i < MANY; i++) {
        winsorized[i] = sorted[i < 200 ? 200 : i > 799 ? 799 : i];
        sum += i >= 200 && i < 800 ? sorted[i] : 0;
    }
    double z = sum / 600 / (stats_sd(winsorized, MANY) / (0.6 * sqrt(MANY))); /* Yuen 1974 */
    assert_near(many.p, erfc(fabs(z) / sqrt(2)), 0.25 * many.p + 0.01, "p", MANY);
    assert_false(many.exact);
    for (size_t i = 0; i < MANY; i++)
        values[i] = i % 3 ? 0 : 1; /* ties, and nothing but one sign */
    many = stats_paired(values, MANY, 0.95, 1);
    assert_true(many.p < 0.001 && many.estimate >= 0 && many.estimate <= 1);
}

/* One wild pair among ten does not hide what the others say; the mean would have p = 1. */
static void test_wild_pair(void **state)
{
    (void)state;
    double differences[] = { 1.1, 0.9, 1.2, 0.8, 1.0, 1.05, 0.95, 1.15, 0.85, -30 };
    struct stats_paired paired = stats_paired(differences, 10, 0.95, 1);
    assert_true(paired.p < 0.1);
    assert_true(paired.estimate > 0.8 && paired.estimate < 1.1);
}

/* Where nothing changed p <= alpha as often as alpha, an interval misses 0 as often as it says. */
static void test_null(void **state)
{
    (void)state;
    static const size_t counts[] = { 6, 10, 17, 24 };
    struct rng rng;
    rng_seed(&rng, 5);
    for (size_t k = 0; k < 4; k++) {
        size_t alarms = 0, misses = 0, flagged = 0;
        enum { RUNS = 400 };
        for (size_t run = 0; run < RUNS; run++) {
            double differences[24];
            for (size_t i = 0; i < counts[k]; i++)
                differences[i] = rng_normal(&rng);
            struct stats_paired paired = stats_paired(differences, counts[k], 0.95, run);
            alarms += paired.p <= 0.05;
            misses += paired.interval.low > 0 || paired.interval.high < 0;
            flagged += paired.skewed || paired.bimodal;
        }
        /* 99.9 % of Bin(400, 0.05) lie within 7..36 */
        assert_in_range(alarms, 4, 36);
        assert_in_range(misses, 4, 36);
        assert_true(flagged <= 16);
    }
}

static void test_shape(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    size_t modes = 0, skews = 0;
    for (size_t run = 0; run < 100; run++) {
        double modal[30], skewed[30];
        for (size_t i = 0; i < 30; i++) {
            modal[i] = rng_normal(&rng) + (i % 2 ? 7 : 0);
            skewed[i] = exp(1.5 * rng_normal(&rng));
        }
        modes += stats_paired(modal, 30, 0.95, run).bimodal;
        skews += stats_paired(skewed, 30, 0.95, run).skewed;
    }
    assert_true(modes >= 95);
    assert_true(skews >= 80);
}

/* A shift as large as what is called detectable is detected about as often as was asked for. */
static void test_detectable(void **state)
{
    (void)state;
    static const size_t counts[] = { 6, 10, 16 };
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t k = 0; k < 3; k++) {
        size_t found = 0, count = counts[k];
        double sum = 0, sample[16], other[16];
        for (size_t run = 0; run < 400; run++) {
            for (size_t i = 0; i < count; i++)
                sample[i] = rng_normal(&rng);
            sum += stats_paired_detectable(sample, count, 0.05, 0.8);
        }
        for (size_t run = 0; run < 400; run++) {
            for (size_t i = 0; i < count; i++)
                sample[i] = rng_normal(&rng) + sum / 400;
            found += stats_paired(sample, count, 0.95, run).p <= 0.05;
        }
        assert_in_range(found, 280, 360);
        sum = 0;
        found = 0;
        for (size_t run = 0; run < 800; run++) {
            double shift = run < 400 ? 0 : sum / 400;
            for (size_t i = 0; i < count; i++) {
                sample[i] = rng_normal(&rng);
                other[i] = rng_normal(&rng) + shift;
            }
            sum += run < 400 ? stats_shift_detectable(sample, count, other, count, 0.05, 0.8) : 0;
            found += run >= 400 && stats_mann_whitney(sample, count, other, count).p <= 0.05;
        }
        assert_in_range(found, 270, 365);
    }
    double ten[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
    assert_true(stats_paired_detectable(ten, 5, 0.05, 0.8) == INFINITY);
    assert_true(stats_paired_detectable(ten, 10, 0.001, 0.8) == INFINITY);
    assert_true(stats_shift_detectable(ten, 3, ten, 3, 0.05, 0.8) == INFINITY);
    assert_true(stats_shift_detectable(ten, 4, ten, 4, 0.05, 0.8) < INFINITY);
    /* More than half of them equal: the robust sd is 0, but something can be seen all the same. */
    double equal[] = { 0, 0, 0, 0, 0, 0, 1, 2 };
    assert_true(stats_paired_detectable(equal, 8, 0.05, 0.8) > 0.3);
}

static void test_sort_and_select(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 3);
    double values[300], sorted[300];
    for (size_t run = 0; run < 400; run++) {
        size_t count = 1 + (size_t)rng_below(&rng, 300), kinds = 1 + (size_t)rng_below(&rng, 400);
        double sum = 0, sorted_sum = 0;
        for (size_t i = 0; i < count; i++) {
            /* Sorted, rising and falling, with many equal ones, and wild. */
            double i_th = run % 4 == 0 ? (double)i : run % 4 == 1 ? -(double)i : (double)rng_below(&rng, kinds);
            values[i] = sorted[i] = i_th;
            sum += i_th;
        }
        stats_sort(sorted, count);
        for (size_t i = 0; i < count; i++) {
            sorted_sum += sorted[i];
            assert_true(i == 0 || sorted[i - 1] <= sorted[i]);
        }
        assert_true(sum == sorted_sum);
        size_t rank = (size_t)rng_below(&rng, count);
        assert_true(stats_select(values, count, rank) == sorted[rank]);
        for (size_t i = 0; i < count; i++)
            assert_true(i < rank ? values[i] <= sorted[rank] : values[i] >= sorted[rank]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_nothing),    cmocka_unit_test(test_draws),
        cmocka_unit_test(test_many),   cmocka_unit_test(test_wild_pair),  cmocka_unit_test(test_null),
        cmocka_unit_test(test_shape),  cmocka_unit_test(test_detectable), cmocka_unit_test(test_sort_and_select),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
