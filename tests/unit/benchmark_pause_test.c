/* benchmark_pause_test.c: what a pause takes off real and CPU time, on a clock that stands still unless told: exact and
 * cheap pauses, the change between them, and what is said about their error. */
#include "tests/unit/benchmark_support.h"
#include "tests/unit/benchmark_clock.h"
#include "harness/benchmark/internal.h"

/* Every iteration: work of 1000 ns on the CPU, then a pause of so much wall and CPU time. */
struct pause {
    int64_t wall_ns, cpu_ns;
};

struct seen {
    double real_ns, cpu_ns, error_ns;
    int64_t cheap;
};

static void reset_clock(bool has_tsc)
{
    memset(&fake, 0, sizeof fake);
    fake.has_tsc = has_tsc;
}

/* One run of count iterations; pauses[i % pause_count] in iteration i. */
static struct seen run_pauses(const struct pause *pauses, size_t pause_count, int64_t count, bool process_cpu)
{
    struct benchmark_calibration calibration = { .is_done = true, .ns_per_tick = clock_tsc_calibrate(1) };
    struct benchmark_measurement measurement = { .calibration = &calibration, .process_cpu = process_cpu };
    struct benchmark_state state = { .max_iterations = count, .threads = 1, .measurement = &measurement };
    for (size_t i = 0; benchmark_state_keep_running(&state); i++) {
        pass_time(1000, 1000, 1000);
        benchmark_state_pause_timing(&state);
        pass_time(pauses[i % pause_count].wall_ns, pauses[i % pause_count].cpu_ns, pauses[i % pause_count].cpu_ns);
        benchmark_state_resume_timing(&state);
    }
    assert_int_equal(state.skipped, BENCHMARK_NOT_SKIPPED);
    struct seen seen = { (double)measurement.real_ns, (double)measurement.cpu_ns,
                         benchmark_timer_pause_error_ns(&measurement), measurement.pauses.cheap_count };
    benchmark_measurement_reset(&measurement);
    return seen;
}

static void test_short_pauses_become_cheap(void **state)
{
    (void)state;
    const struct pause steady = { 500, 500 };
    reset_clock(true);
    fake.read_ns = 540;
    struct seen seen = run_pauses(&steady, 1, 1000, false);
    assert_int_equal(seen.cheap, 996);
    /* One reading of the CPU clock is in the CPU time of the window; none of the pauses' is left. */
    assert_near(seen.real_ns, 1000 * 1000, 1e-12);
    assert_near(seen.cpu_ns, 1000 * 1000 + 540, 1e-12);
    assert_true(seen.error_ns < 0.001 * seen.cpu_ns);
}

static void test_exact_without_counter(void **state)
{
    (void)state;
    const struct pause steady = { 500, 500 };
    reset_clock(false);
    fake.read_ns = 540;
    struct seen seen = run_pauses(&steady, 1, 1000, false);
    assert_int_equal(seen.cheap, 0);
    assert_near(seen.real_ns, 1000 * 1000, 1e-12);
    assert_near(seen.cpu_ns, 1000 * 1000 + 540, 1e-12);
    assert_true(fpclassify(seen.error_ns) == FP_ZERO);
}

static void test_process_time_is_exact(void **state)
{
    (void)state;
    const struct pause steady = { 500, 1500 }; /* two other threads work on */
    reset_clock(true);
    struct seen seen = run_pauses(&steady, 1, 100, true);
    assert_int_equal(seen.cheap, 0);
    assert_near(seen.real_ns, 100 * 1000, 1e-12);
    assert_near(seen.cpu_ns, 100 * 1000, 1e-12);
}

static void test_sleeping_pauses_stay_exact(void **state)
{
    (void)state;
    const struct pause sleep = { 10000000, 1000 }, nap = { 10000, 1000 };
    reset_clock(true);
    struct seen seen = run_pauses(&sleep, 1, 50, false);
    assert_int_equal(seen.cheap, 0);
    assert_near(seen.real_ns, 50 * 1000, 1e-12);
    assert_near(seen.cpu_ns, 50 * 1000, 1e-12);
    seen = run_pauses(&nap, 1, 50, false); /* short, but off the CPU */
    assert_int_equal(seen.cheap, 0);
    assert_near(seen.cpu_ns, 50 * 1000, 1e-12);
}

/* A cheap pause in which the thread sleeps after all: real time is exact, CPU time as good as it is said to be. */
static void test_a_long_pause_among_short_ones(void **state)
{
    (void)state;
    struct pause pauses[100];
    for (size_t i = 0; i < 100; i++)
        pauses[i] = (struct pause){ 500, 500 };
    for (int64_t cpu_ns = 0; cpu_ns <= 5000000; cpu_ns += 1000000) {
        pauses[50] = (struct pause){ 5000000, cpu_ns };
        reset_clock(true);
        struct seen seen = run_pauses(pauses, 100, 100, false);
        assert_int_equal(seen.cheap, 100 - 4 - 4); /* it is cheap itself, the four after it are exact */
        assert_near(seen.real_ns, 100 * 1000, 1e-12);
        assert_true(fabs(seen.cpu_ns - 100 * 1000) <= seen.error_ns + 1);
        assert_true(fabs(seen.cpu_ns - 100 * 1000) <= 1);
    }
}

/* The thread moved to a CPU whose counter is a little behind. */
static void test_counter_goes_back(void **state)
{
    (void)state;
    struct pause pauses[100];
    for (size_t i = 0; i < 100; i++)
        pauses[i] = (struct pause){ 500, 500 };
    pauses[50] = (struct pause){ -5, -5 };
    reset_clock(true);
    struct seen seen = run_pauses(pauses, 100, 100, false);
    assert_near(seen.real_ns, 100 * 1000 - 5, 1e-12);
    assert_near(seen.cpu_ns, 100 * 1000 - 5, 1e-12);
}

/* Preempted now and then in short pauses, which nobody can see: the stated error covers it. */
static void test_error_covers_hidden_naps(void **state)
{
    (void)state;
    struct pause pauses[100];
    for (size_t i = 0; i < 100; i++)
        pauses[i] = (struct pause){ 500, 500 };
    pauses[50] = (struct pause){ 15000, 500 };
    reset_clock(true);
    struct seen seen = run_pauses(pauses, 100, 100, false);
    assert_near(seen.real_ns, 100 * 1000, 1e-12);
    assert_near(seen.cpu_ns, 100 * 1000 - 14500, 1e-12);
    assert_true(seen.error_ns >= 14500);
    assert_true(seen.error_ns < 2 * 14500);
}

/* The timed part sleeps, and short pauses are cheap: CPU time is right, and the error is no longer than the pauses. */
static void test_sleep_in_the_timed_part(void **state)
{
    (void)state;
    struct benchmark_calibration calibration = { .is_done = true, .ns_per_tick = 0.5 };
    struct benchmark_measurement measurement = { .calibration = &calibration };
    struct benchmark_state loop = { .max_iterations = 100, .threads = 1, .measurement = &measurement };
    reset_clock(true);
    while (benchmark_state_keep_running(&loop)) {
        pass_time(100000, 100, 100);
        benchmark_state_pause_timing(&loop);
        pass_time(300, 300, 300);
        benchmark_state_resume_timing(&loop);
    }
    assert_int_equal(measurement.real_ns, 100 * 100000);
    assert_int_equal(measurement.cpu_ns, 100 * 100);
    assert_true(benchmark_timer_pause_error_ns(&measurement) >= 0);
    assert_true(benchmark_timer_pause_error_ns(&measurement) < 1.01 * 96 * 300);
}

/* The loop, a skip or a question for the time may come in the middle of a cheap pause. */
static void test_ends_inside_a_pause(void **state)
{
    (void)state;
    struct benchmark_calibration calibration = { .is_done = true, .ns_per_tick = 0.5 };
    for (int kind = 0; kind < 3; kind++) {
        struct benchmark_measurement measurement = { .calibration = &calibration };
        struct benchmark_state loop = { .max_iterations = 10, .threads = 1, .measurement = &measurement };
        reset_clock(true);
        for (int i = 0; benchmark_state_keep_running(&loop); i++) {
            pass_time(1000, 1000, 1000);
            benchmark_state_pause_timing(&loop);
            pass_time(700, 700, 700);
            if (kind == 0 && i == 9)
                continue; /* ends paused */
            if (kind == 1 && i == 9)
                benchmark_state_skip_with_message(&loop, "enough");
            if (kind == 2) {
                assert_near(benchmark_state_real_seconds(&loop), (i + 1) * 1000e-9, 1e-9);
                assert_near(benchmark_state_cpu_seconds(&loop), (i + 1) * 1000e-9, 1e-9);
                pass_time(700, 700, 700);
            }
            benchmark_state_resume_timing(&loop);
        }
        assert_int_equal(measurement.real_ns, 10 * 1000);
        assert_int_equal(measurement.cpu_ns, 10 * 1000);
        assert_true(measurement.pauses.cheap_count >= 6);
        benchmark_measurement_reset(&measurement);
    }
}

static void pausing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(20, 20, 20);
        benchmark_state_pause_timing(state);
        pass_time(1000, 1000, 1000);
        benchmark_state_resume_timing(state);
    }
}

/* Through the whole library, on all three clocks. */
static void test_records(void **state)
{
    (void)state;
    reset_clock(true);
    benchmark_iterations(benchmark_register("thread", pausing, NULL), 1000);
    benchmark_use_real_time(benchmark_iterations(benchmark_register("real", pausing, NULL), 1000));
    benchmark_measure_process_cpu_time(benchmark_iterations(benchmark_register("process", pausing, NULL), 1000));
    struct outcome outcome = run_library("--benchmark_format=json");
    for (size_t i = 0; i < 3; i++) {
        assert_near(number(record(&outcome, i), "real_time"), 20, 1e-12);
        assert_near(number(record(&outcome, i), "cpu_time"), 20, 1e-12);
    }
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_pauses_become_cheap),     cmocka_unit_test(test_exact_without_counter),
        cmocka_unit_test(test_process_time_is_exact),         cmocka_unit_test(test_sleeping_pauses_stay_exact),
        cmocka_unit_test(test_a_long_pause_among_short_ones), cmocka_unit_test(test_counter_goes_back),
        cmocka_unit_test(test_error_covers_hidden_naps),      cmocka_unit_test(test_sleep_in_the_timed_part),
        cmocka_unit_test(test_ends_inside_a_pause),           cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests_name("benchmark_pause", tests, NULL, NULL);
}
