/* Nights against their history: simulated series with known steps, and how often nothing is called a regression. */
#include "harness/base/rng.h"
#include "harness/judge/gate_history.h"
#include "harness/stats/recent_step.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { LONGEST = 64 };
static const struct gate_history_options rules = { .recent = 7, .least_points = 6 };

enum kind { GAUSS, CORRELATED, SPIKES, LOGNORMAL };

/* Relative noise of 1 %. */
static void simulate(double *values, size_t count, enum kind kind, struct rng *rng)
{
    double last = 0;
    for (size_t i = 0; i < count; i++) {
        double z = rng_normal(rng);
        if (kind == CORRELATED)
            z = last = 0.4 * last + sqrt(1 - 0.16) * z;
        if (kind == SPIKES && rng_uniform(rng) < 0.05)
            z += 8 * rng_uniform(rng);
        values[i] = exp(0.01 * (kind == LOGNORMAL ? exp(0.8 * z) - 1.38 : z));
    }
}

/* One case; the judged run is the last value. pinned: index of the baseline, or SIZE_MAX. updated: where the kernel
 * changed, 0 = nowhere. */
static struct compare_metric judge_updated(const double *values, size_t count, size_t pinned, size_t updated,
                                           const char **reason, struct arena *arena)
{
    struct history_point points[LONGEST] = { 0 };
    struct store_case stored = { .suite = "s", .name = "a", .sample_count = 3 };
    struct compare_case item = { .suite = "s", .name = "a", .base = &stored, .candidate = &stored };
    struct comparison comparison = { .cases = &item, .case_count = 1 };
    for (size_t i = 0; i + 1 < count; i++)
        points[i] = (struct history_point){ .run_id = (int64_t)i + 1,
                                            .started_ns = (int64_t)i + 1,
                                            .value = values[i],
                                            .commit = i % 2 ? "odd" : "even",
                                            .environment = updated && i == updated ? "kernel 6.1 -> 6.6" : NULL,
                                            .pinned = i == pinned };
    struct history history = { .points = points, .count = count - 1 };
    comparison.candidate.id = (int64_t)count;
    comparison.candidate.started_ns = (int64_t)count;
    item.time =
        (struct compare_metric){ .name = "real_time", .candidate = { .count = 3, .median = values[count - 1] } };
    gate_history_apply(&comparison, &history, &rules, arena);
    if (reason)
        *reason = item.reason;
    assert_int_equal(comparison.verdicts[item.verdict], 1);
    return item.time;
}

static struct compare_metric judge(const double *values, size_t count, size_t pinned, const char **reason,
                                   struct arena *arena)
{
    return judge_updated(values, count, pinned, 0, reason, arena);
}

/* Share of series of which some night of 30 calls a regression. */
static double false_alarms(enum kind kind, int series)
{
    struct rng rng;
    double values[LONGEST];
    int alarms = 0;
    rng_seed(&rng, 7 + (uint64_t)kind);
    for (int s = 0; s < series; s++) {
        struct arena arena = { 0 };
        bool alarm = false;
        simulate(values, 40, kind, &rng);
        for (size_t night = 10; night <= 40 && !alarm; night++)
            alarm = judge(values, night, SIZE_MAX, NULL, &arena).verdict == JUDGE_REGRESSED;
        alarms += alarm;
        arena_release(&arena);
    }
    return (double)alarms / series;
}

static void test_false_alarms(void **state)
{
    (void)state;
    static const double most[] = { [GAUSS] = 0.01, [CORRELATED] = 0.05, [SPIKES] = 0.03, [LOGNORMAL] = 0.04 };
    for (enum kind kind = GAUSS; kind <= LOGNORMAL; kind++) {
        double rate = false_alarms(kind, 200);
        print_message("false alarms in 30 nights, noise %d: %.3f of the cases\n", kind, rate);
        assert_true(rate <= most[kind]);
    }
}

/* Share of steps that are called when `nights` runs were behind them. */
static double power(double step, size_t nights, enum kind kind)
{
    struct rng rng;
    double values[LONGEST];
    int found = 0, series = 200;
    rng_seed(&rng, 99);
    for (int s = 0; s < series; s++) {
        struct arena arena = { 0 };
        simulate(values, 30 + nights, kind, &rng);
        for (size_t i = 30; i < 30 + nights; i++)
            values[i] *= 1 + step;
        found += judge(values, 30 + nights, SIZE_MAX, NULL, &arena).verdict == JUDGE_REGRESSED;
        arena_release(&arena);
    }
    return (double)found / series;
}

static void test_power(void **state)
{
    (void)state;
    static const double steps[] = { 0.02, 0.03, 0.05 };
    for (size_t i = 0; i < 3; i++)
        print_message("step of %.0f %%, noise of 1 %%: %.2f after 3 nights, %.2f after 5, %.2f after 7\n",
                      100 * steps[i], power(steps[i], 3, GAUSS), power(steps[i], 5, GAUSS), power(steps[i], 7, GAUSS));
    assert_true(power(0.05, 3, GAUSS) >= 0.85);
    assert_true(power(0.05, 5, SPIKES) >= 0.9);
    /* Never before the third. */
    assert_true(power(0.5, 2, GAUSS) == 0);
}

static void test_words(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct rng rng;
    double values[LONGEST];
    const char *reason;
    rng_seed(&rng, 3);
    simulate(values, LONGEST, GAUSS, &rng);
    for (size_t i = 0; i < LONGEST; i++)
        values[i] = exp(0.2 * log(values[i])); /* 0.2 % */
    assert_int_equal(judge(values, 6, SIZE_MAX, &reason, &arena).verdict, JUDGE_UNDECIDED);
    assert_string_equal(reason, "insufficient: 5 earlier runs on this level of this machine, 6 needed");
    assert_int_equal(judge(values, 20, SIZE_MAX, &reason, &arena).verdict, JUDGE_EQUIVALENT);
    assert_string_equal(reason, "within the level of 19 earlier runs");
    values[19] *= 1.05;
    assert_int_equal(judge(values, 20, SIZE_MAX, &reason, &arena).verdict, JUDGE_UNDECIDED);
    assert_non_null(strstr(reason, "seen in 1 run: measure again"));
    for (size_t i = 20; i < LONGEST; i++)
        values[i] *= 1.05;
    struct compare_metric metric = judge(values, 22, SIZE_MAX, &reason, &arena);
    assert_int_equal(metric.verdict, JUDGE_REGRESSED);
    assert_string_equal(metric.since, "odd");
    assert_true(metric.interval.low < log(1.05) && log(1.05) < metric.interval.high);
    assert_non_null(strstr(reason, "between even and odd, seen in 3 runs"));
    /* News for seven runs, then the level. */
    assert_int_equal(judge(values, 26, SIZE_MAX, &reason, &arena).verdict, JUDGE_REGRESSED);
    assert_int_equal(judge(values, 30, SIZE_MAX, &reason, &arena).verdict, JUDGE_EQUIVALENT);
    /* Pinned behind the step: accepted, and the new level is learned. */
    assert_int_equal(judge(values, 24, 21, &reason, &arena).verdict, JUDGE_UNDECIDED);
    assert_string_equal(reason, "insufficient: 4 earlier runs on this level of this machine, 6 needed");
    assert_int_equal(judge(values, 28, 21, &reason, &arena).verdict, JUDGE_EQUIVALENT);
    arena_release(&arena);
}

/* A step with an update of the kernel is nobody's regression yet; one elsewhere is. */
static void test_updated_kernel(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct rng rng;
    double values[40];
    const char *reason;
    rng_seed(&rng, 5);
    simulate(values, 35, GAUSS, &rng);
    for (size_t i = 30; i < 35; i++)
        values[i] *= 1.1;
    assert_int_equal(judge(values, 35, SIZE_MAX, &reason, &arena).verdict, JUDGE_REGRESSED);
    for (size_t at = 29; at <= 31; at++) {
        struct compare_metric metric = judge_updated(values, 35, SIZE_MAX, at, &reason, &arena);
        assert_int_equal(metric.verdict, JUDGE_UNDECIDED);
        assert_non_null(strstr(reason, "with it kernel 6.1 -> 6.6: that or the commits"));
        assert_string_equal(metric.step->environment, "kernel 6.1 -> 6.6");
    }
    assert_int_equal(judge_updated(values, 35, SIZE_MAX, 27, &reason, &arena).verdict, JUDGE_REGRESSED);
    assert_null(strstr(reason, "kernel"));
    for (size_t i = 30; i < 35; i++)
        values[i] /= 1.21;
    assert_int_equal(judge_updated(values, 35, SIZE_MAX, 30, &reason, &arena).verdict, JUDGE_IMPROVED);
    arena_release(&arena);
}

static void test_faster_and_back_again(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct rng rng;
    double values[LONGEST];
    rng_seed(&rng, 4);
    simulate(values, LONGEST, GAUSS, &rng);
    for (size_t i = 20; i < 24; i++)
        values[i] *= 0.9;
    assert_int_equal(judge(values, 24, SIZE_MAX, NULL, &arena).verdict, JUDGE_IMPROVED);
    /* What went back to where it was is no regression. */
    assert_int_not_equal(judge(values, 27, SIZE_MAX, NULL, &arena).verdict, JUDGE_REGRESSED);
    arena_release(&arena);
}

/* Three runs far beyond a short, wild level: the interval is clear of the floor, but luck does that too often. */
static void test_small_p_is_needed(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const double level[] = { 1.00, 1.05, 0.96, 1.03, 0.98, 1.01 }, wild[] = { 1.38, 1.42, 1.40 };
    double values[9];
    memcpy(values, level, sizeof level);
    memcpy(values + 6, wild, sizeof wild);
    struct compare_metric metric = judge(values, 9, SIZE_MAX, NULL, &arena);
    assert_true(metric.p > GATE_HISTORY_P && metric.p < 0.01);
    assert_true(metric.interval.low > metric.floor);
    assert_int_equal(metric.verdict, JUDGE_UNDECIDED);
    /* The same runs behind a calm level. */
    for (size_t i = 0; i < 6; i++)
        values[i] = exp(0.2 * log(level[i]));
    metric = judge(values, 9, SIZE_MAX, NULL, &arena);
    assert_true(metric.p <= GATE_HISTORY_P);
    assert_int_equal(metric.verdict, JUDGE_REGRESSED);
    arena_release(&arena);
}

/* Whoever pins the first run of the new level has accepted the step to it, and the level is learned from there on. */
static void test_pinned_at_the_step(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const char *reason;
    double values[LONGEST];
    for (size_t i = 0; i < LONGEST; i++)
        values[i] = (1 + 0.0005 * (double)(i * 7 % 5)) * (i < 20 ? 1 : 1.05);
    assert_int_equal(judge(values, 27, SIZE_MAX, &reason, &arena).verdict, JUDGE_REGRESSED);
    assert_non_null(strstr(reason, "seen in 7 runs"));
    struct compare_metric metric = judge(values, 27, 20, &reason, &arena);
    assert_int_equal(metric.verdict, JUDGE_EQUIVALENT);
    assert_int_equal(metric.base.count, 6);
    /* The run before the step was pinned: nobody has accepted it. */
    assert_int_equal(judge(values, 27, 19, &reason, &arena).verdict, JUDGE_REGRESSED);
    arena_release(&arena);
}

static void test_recent_step(void **state)
{
    (void)state;
    const double few[] = { 1, 2 }, steady[] = { 0, 0, 0, 0, 0, 0 },
                 up[] = { 0, 0.1, -0.1, 0.05, -0.05, 0, 5, 5.1, 4.9 };
    assert_true(isnan(stats_recent_step(few, 2, 3, 3).effect));
    assert_false(stats_recent_step(steady, 6, 3, 3).apart);
    struct stats_recent_step step = stats_recent_step(up, 9, 5, 3);
    assert_true(step.apart && step.count == 3 && step.p < 1e-4);
    assert_true(fabs(step.effect - 5) < 1e-12);
    assert_true(step.interval.low < 5 && step.interval.high > 5 && step.interval.low > 4);
    step = stats_recent_step(up, 8, 5, 3);
    assert_true(step.apart && step.count == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recent_step),           cmocka_unit_test(test_words),
        cmocka_unit_test(test_faster_and_back_again), cmocka_unit_test(test_small_p_is_needed),
        cmocka_unit_test(test_pinned_at_the_step),    cmocka_unit_test(test_updated_kernel),
        cmocka_unit_test(test_false_alarms),          cmocka_unit_test(test_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
