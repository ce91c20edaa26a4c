/* change_points_test.c: where a history took a step: known steps in seeded noise, and histories that are too short,
 * constant, or not positive. */
#include "harness/base/rng.h"
#include "harness/stats/change_points.h"
#include "tests/support/history_noise.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { COUNT = 100 };

static size_t find(const double *values, size_t count, struct stats_change *changes)
{
    return stats_change_points(values, count, NULL, changes, NULL);
}

static void test_finds_steps(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    double values[COUNT];
    struct stats_change changes[COUNT];
    for (int kind = 0; kind < HISTORY_NOISE_COUNT; kind++)
        for (int i = 0; i < 20; i++) {
            history_make(&rng, (enum history_noise)kind, 0.01, 40, 0.15, values, COUNT);
            size_t count = find(values, COUNT, changes);
            assert_int_equal(count, 1);
            assert_in_range(changes[0].index, 37, 43);
            assert_true(fabs(changes[0].effect - log(1.15)) < 0.02);
            if (!(changes[0].p < 1e-4 && changes[0].separation > 0.7))
                fail_msg("%s: p %g, separation %g", history_noise_name((enum history_noise)kind), changes[0].p,
                         changes[0].separation);
        }
}

static void test_few_false_steps(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 6);
    double values[COUNT];
    struct stats_change changes[COUNT];
    for (int kind = 0; kind < HISTORY_NOISE_COUNT; kind++) {
        size_t alarms = 0;
        for (int i = 0; i < 400; i++) {
            history_make(&rng, (enum history_noise)kind, 0.01, COUNT, 0, values, COUNT);
            alarms += find(values, COUNT, changes);
        }
        assert_in_range(alarms, 0, 9); /* 400 times 0.01 are 4; the study counts more closely */
    }
}

static void test_small_steps(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    double values[COUNT];
    struct stats_change changes[COUNT];
    int found[2] = { 0 };
    for (int i = 0; i < 200; i++)
        for (int step = 0; step < 2; step++) {
            history_make(&rng, HISTORY_GAUSS, 0.01, 50, step == 0 ? 0.01 : 0.02, values, COUNT);
            for (size_t c = 0, count = find(values, COUNT, changes); c < count; c++)
                found[step] += changes[c].index >= 45 && changes[c].index <= 55;
        }
    assert_in_range(found[0], 90, 200);
    assert_in_range(found[1], 190, 200);
}

/* A level that comes and goes, and a step in the first and last values that can have one. */
static void test_several_steps(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 8);
    double values[400], levels[] = { 1, 1.05, 1, 0.9, 1.2 };
    const size_t begins[] = { 0, 20, 60, 200, 394 };
    history_make(&rng, HISTORY_GAUSS, 0.005, 400, 0, values, 400);
    for (size_t i = 0, level = 0; i < 400; i++) {
        level += level < 4 && i >= begins[level + 1];
        values[i] *= levels[level];
    }
    struct stats_change changes[400];
    double noise;
    assert_int_equal(stats_change_points(values, 400, NULL, changes, &noise), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(changes[i].index, begins[i + 1]);
    assert_true(noise > 0.004 && noise < 0.006); /* without the steps */
}

/* It gets slower by little every day: not one step, but not nothing. */
static void test_slope(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 10);
    double values[365];
    struct stats_change changes[365];
    history_make(&rng, HISTORY_GAUSS, 0.01, 365, 0, values, 365);
    for (size_t i = 0; i < 365; i++)
        values[i] *= 1 + 0.001 * (double)i;
    size_t count = find(values, 365, changes);
    assert_in_range(count, 4, 40);
    double whole = 0;
    for (size_t i = 0; i < count; i++)
        whole += changes[i].effect;
    assert_true(whole > log(1.25) && whole < log(1.4));
}

/* Counts of instructions: no noise at all. Steps below the floor do not count. */
static void test_without_noise(void **state)
{
    (void)state;
    double values[40], noise;
    struct stats_change changes[40];
    for (size_t i = 0; i < 40; i++)
        values[i] = i < 20 ? 1000 : 1020;
    assert_int_equal(stats_change_points(values, 40, NULL, changes, &noise), 1);
    assert_int_equal(changes[0].index, 20);
    assert_true(fabs(changes[0].effect - log(1.02)) < 1e-12 && noise == 0);
    for (size_t i = 20; i < 40; i++)
        values[i] = 1005;
    assert_int_equal(find(values, 40, changes), 0);
}

static void test_nothing_to_find(void **state)
{
    (void)state;
    double values[12] = { 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2 }, noise;
    struct stats_change changes[12];
    assert_int_equal(find(values, 0, changes), 0);
    assert_int_equal(stats_change_points(values, 1, NULL, changes, &noise), 0);
    assert_true(isnan(noise));
    for (size_t count = 2; count < 7; count++)
        assert_int_equal(find(values, count, changes), 0);
    values[3] = 0;
    assert_int_equal(stats_change_points(values, 12, NULL, changes, &noise), 0);
    assert_true(isnan(noise));
    values[3] = -1;
    assert_int_equal(find(values, 12, changes), 0);
    values[3] = NAN;
    assert_int_equal(find(values, 12, changes), 0);
    values[3] = INFINITY;
    assert_int_equal(find(values, 12, changes), 0);
}

/* Twice the values, or their inverses: the same steps. */
static void test_scale_and_direction(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 9);
    double values[COUNT], other[COUNT];
    struct stats_change changes[COUNT], others[COUNT];
    history_make(&rng, HISTORY_GAUSS, 0.01, 70, 0.03, values, COUNT);
    size_t count = find(values, COUNT, changes);
    assert_int_equal(count, 1);
    for (int inverse = 0; inverse < 2; inverse++) {
        for (size_t i = 0; i < COUNT; i++)
            other[i] = inverse ? 1 / values[i] : 1e-9 * values[i];
        assert_int_equal(find(other, COUNT, others), count);
        assert_int_equal(others[0].index, changes[0].index);
        assert_true(fabs(others[0].effect - (inverse ? -1 : 1) * changes[0].effect) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_steps),     cmocka_unit_test(test_few_false_steps),
        cmocka_unit_test(test_small_steps),     cmocka_unit_test(test_several_steps),
        cmocka_unit_test(test_slope),           cmocka_unit_test(test_without_noise),
        cmocka_unit_test(test_nothing_to_find), cmocka_unit_test(test_scale_and_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
