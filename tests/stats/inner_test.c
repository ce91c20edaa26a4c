/* inner_test.c: the parts of the statistics that no public function shows alone: the rank test of a step, flips of many
 * pairs, the test of the newest values. Expected numbers are from the formulas by hand, or from the slow way. */
#include "harness/base/rng.h"
#include "harness/stats/change_points.h"
#include "harness/stats/recent_step.h"
#include "harness/stats/sign_flip.h"
#include "harness/stats/stats.h"
#include "harness/stats/step.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_step_exact(void **state)
{
    (void)state;
    const double before[] = { 1, 2, 3, 4, 5 }, after[] = { 6, 7, 8, 9, 10 };
    struct stats_step step = stats_step(before, 5, after, 5, 0);
    assert_true(fabs(step.p - 2.0 / 252) < 1e-9); /* 2 of the 252 ways to choose 5 of 10 */
    assert_true(fabs(step.separation - 1) < 1e-12);
    assert_true(fabs(step.error - sqrt(2.0 / 5)) < 1e-12);
    /* Variance of a mean of 5 with correlation 1/2: 3 - (1 - 1/32) / (5 / 4) = 2.225 times that of independent values.
     */
    step = stats_step(before, 5, after, 5, 0.5);
    assert_true(fabs(step.error - sqrt(2 * 2.225 / 5)) < 1e-12);
    assert_true(fabs(step.p - 0.0750) < 5e-4);
}

static void test_step_ties(void **state)
{
    (void)state;
    double before[13], after[13];
    for (int i = 0; i < 13; i++) {
        before[i] = i < 10 ? 1 : 2;
        after[i] = i < 3 ? 1 : 2;
    }
    /* U = 39, variance 169 / 12 (27 - 4368 / 650), continuity 1/2. */
    double z = (84.5 - 39 - 0.5) / sqrt(169.0 / 12 * (27 - 4368.0 / 650));
    assert_true(fabs(stats_step(before, 13, after, 13, 0).p - erfc(z / sqrt(2))) < 1e-9);
}

/* Large samples make any difference certain: the overlap must be small, too. */
static void test_separation(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static double values[COUNT];
    struct stats_change changes[COUNT];
    struct stats_change_options options = stats_change_defaults;
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < COUNT; i++)
        values[i] = 100 * exp(0.05 * (rng_normal(&rng) + (i < COUNT / 2 ? 0 : 0.4)));
    assert_int_equal(stats_change_points(values, COUNT, NULL, changes, NULL), 0);
    options.separation = 0;
    assert_int_equal(stats_change_points(values, COUNT, &options, changes, NULL), 1);
    assert_true(changes[0].separation < stats_change_defaults.separation);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double trimmed_sum(double *values, size_t count)
{
    double sum = 0;
    qsort(values, count, sizeof *values, by_value);
    for (size_t i = count / 5; i < count - count / 5; i++)
        sum += values[i];
    return sum;
}

/* More values than a word has bits: the same draws, each sorted and trimmed. */
static void test_many_flips(void **state)
{
    (void)state;
    enum { MOST = 400, DRAWS = 1000 };
    static const size_t counts[] = { 65, 70, 100, 131, 300, MOST };
    double sorted[MOST], flipped[MOST];
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        size_t count = counts[c], hits = 0;
        struct rng rng;
        rng_seed(&rng, c);
        for (size_t i = 0; i < count; i++)
            sorted[i] = rng_normal(&rng);
        double shift = 0.5 / sqrt((double)count) - stats_mean(sorted, count);
        for (size_t i = 0; i < count; i++)
            sorted[i] += shift;
        double seen = fabs(trimmed_sum(sorted, count));
        double sizes[MOST];
        for (size_t i = 0; i < count; i++)
            sizes[i] = -fabs(sorted[i]);
        qsort(sizes, count, sizeof *sizes, by_value);
        rng_seed(&rng, 17);
        for (int draw = 0; draw < DRAWS; draw++) {
            uint64_t word = 0;
            for (size_t i = 0; i < count; i++) {
                word = i % 64 == 0 ? rng_next(&rng) : word >> 1;
                flipped[i] = word & 1 ? sizes[i] : -sizes[i];
            }
            hits += fabs(trimmed_sum(flipped, count)) >= seen - 1e-9;
        }
        bool exact;
        assert_true(hits >= 100); /* else the answer would come from more draws */
        assert_true(fabs(stats_sign_flip_p(sorted, count, 17, &exact) - (1.0 + (double)hits) / (1 + DRAWS)) < 1e-12);
        assert_false(exact);
    }
}

/* The interval and the test say the same of a single look. */
static void test_recent_interval(void **state)
{
    (void)state;
    double logs[14] = { 0.3, -0.8, 1.1, -0.2, 0.7, -1.2, 0.1, 0.9, -0.6, -0.3 };
    int sides[2] = { 0, 0 };
    for (int i = 0; i < 60; i++) {
        for (int k = 10; k < 14; k++)
            logs[k] = 0.05 * i;
        struct stats_recent_step step = stats_recent_step_of(logs, 14, 4);
        assert_int_equal(step.interval.low > 0 || step.interval.high < 0, step.p < 0.05);
        sides[step.p < 0.05]++;
    }
    assert_true(sides[0] > 0 && sides[1] > 0);
}

/* Of twenty values before, two may lie as far as the newest, three may not. */
static void test_recent_outliers(void **state)
{
    (void)state;
    double logs[23];
    for (int wild = 0; wild < 5; wild++) {
        for (int i = 0; i < 23; i++)
            logs[i] = i >= 20 ? 5 : i % 2 ? 0.1 : -0.1;
        for (int i = 0; i < wild; i++)
            logs[4 * i] = 6;
        assert_int_equal(stats_recent_step_of(logs, 23, 3).apart, wild <= 2);
    }
}

/* Whoever tries five lengths and takes the best must pay for five. */
static void test_recent_lengths(void **state)
{
    (void)state;
    double logs[15] = { 0.3, -0.8, 1.1, -0.2, 0.7, -1.2, 0.1, 0.9, -0.6, -0.3, 4, 4.1, 4.2, 4.3, 4.4 };
    struct stats_recent_step step = stats_recent_step(logs, 15, 5, 3);
    assert_int_equal(step.count, 5);
    assert_true(step.p > 0 && step.p < 0.05);
    assert_true(fabs(step.p / stats_recent_step_of(logs, 15, 5).p - 5) < 1e-9);
}

/* A drift on both sides of a step to a third: to the rank test alone it is a slow movement, of which nothing is sure. A
 * single wild value, or two, is none. */
static void test_leap(void **state)
{
    (void)state;
    double values[] = { 45.2, 44.7, 43.7, 41.4, 36.3, 39.0, 39.8, 44.7, 13.3, 14.7, 11.6, 11.1, 12.8, 14.0,
                        12.4, 14.1, 13.7, 13.3, 15.9, 14.3, 21.7, 20.2, 18.6, 15.2, 16.5, 16.2, 18.8, 16.0 };
    enum { COUNT = sizeof values / sizeof values[0] };
    struct stats_change changes[COUNT];
    struct stats_change_options options = stats_change_defaults;
    double noise;
    assert_int_equal(stats_change_points(values, COUNT, NULL, changes, &noise), 1);
    assert_int_equal(changes[0].index, 8);
    assert_true(changes[0].p < options.p_limit && noise < 0.2);
    options.leap = INFINITY;
    assert_int_equal(stats_change_points(values, COUNT, &options, changes, NULL), 0);
    options.leap = 0;
    assert_int_equal(stats_change_points(values, COUNT, &options, changes, NULL), 0);
    for (int i = 0; i < COUNT; i++)
        values[i] = 100 + i % 5;
    values[10] = values[11] = 400;
    assert_int_equal(stats_change_points(values, COUNT, NULL, changes, NULL), 0);
    /* six against three cannot be sure, however far apart */
    for (int i = 0; i < 9; i++)
        values[i] = i < 6 ? 100 + i % 5 : 400;
    assert_int_equal(stats_change_points(values, 9, NULL, changes, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leap),
        cmocka_unit_test(test_step_exact),
        cmocka_unit_test(test_step_ties),
        cmocka_unit_test(test_separation),
        cmocka_unit_test(test_many_flips),
        cmocka_unit_test(test_recent_interval),
        cmocka_unit_test(test_recent_outliers),
        cmocka_unit_test(test_recent_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
