/* benchmark_samples_test.c: samples within a run: how iterations are split, what the clock gives for each, what is made
 * of them. */
#include "tests/unit/benchmark_support.h"
#include "tests/unit/benchmark_clock.h"
#include "harness/benchmark/internal.h"

static struct benchmark_calibration calibration = { .is_done = true, .ns_per_tick = 0.5 };
static struct benchmark_measurement measurement;
static struct benchmark_state loop;

static void begin(int64_t iterations, int limit, bool has_tsc)
{
    benchmark_measurement_reset(&measurement);
    memset(&fake, 0, sizeof fake);
    fake.has_tsc = has_tsc;
    calibration.ns_per_tick = has_tsc ? 0.5 : 0;
    measurement.calibration = &calibration;
    measurement.samples.limit = limit;
    loop = (struct benchmark_state){ .max_iterations = iterations, .threads = 1, .measurement = &measurement };
}

static void assert_samples(const double *want, size_t count)
{
    assert_int_equal(measurement.samples.count, count);
    for (size_t i = 0; i < count; i++)
        assert_near(measurement.samples.values_ns[i], want[i], 1e-12);
}

static void test_every_iteration(void **state)
{
    (void)state;
    for (int has_tsc = 0; has_tsc < 2; has_tsc++) {
        int i = 0;
        begin(5, 100, has_tsc);
        while (benchmark_state_keep_running(&loop)) {
            i++;
            assert_int_equal(benchmark_state_iterations(&loop), i);
            pass_time(100 * i, 100 * i, 0);
        }
        assert_int_equal(benchmark_state_iterations(&loop), 5);
        assert_int_equal(i, 5);
        assert_samples((const double[]){ 100, 200, 300, 400, 500 }, 5);
        assert_int_equal(measurement.real_ns, 1500);
    }
}

static void test_equal_chunks(void **state)
{
    (void)state;
    begin(10, 4, true); /* 3 + 3 + 3 + 1 */
    for (int i = 0; benchmark_state_keep_running(&loop); i++)
        pass_time(100 * i, 0, 0);
    assert_samples((const double[]){ 100, 400, 700, 900 }, 4);
    begin(10, 4, true);
    int turns = 0;
    BENCHMARK_LOOP(&loop)
    {
        pass_time(100 * turns++, 0, 0);
    }
    assert_int_equal(turns, 10);
    assert_int_equal(benchmark_state_iterations(&loop), 10);
    assert_samples((const double[]){ 100, 400, 700, 900 }, 4);
}

/* Whatever the numbers: every iteration is handed out once, and there are never more samples than asked for. */
static void test_counts(void **state)
{
    (void)state;
    for (int64_t iterations = 1; iterations < 60; iterations++)
        for (int limit = 1; limit < 20; limit++) {
            int64_t turns = 0, batches = 0;
            begin(iterations, limit, true);
            while (benchmark_state_keep_running(&loop))
                turns++;
            assert_int_equal(turns, iterations);
            assert_in_range(measurement.samples.count, 1, limit);
            begin(iterations, limit, true);
            turns = 0;
            BENCHMARK_LOOP(&loop)
            {
                turns++;
            }
            assert_int_equal(turns, iterations);
            begin(iterations, limit, true);
            while (benchmark_state_keep_running_batch(&loop, 7)) {
                batches++;
                assert_int_equal(benchmark_state_iterations(&loop), 7 * batches);
                pass_time(70, 0, 0);
            }
            assert_int_equal(batches, (iterations + 6) / 7);
            assert_int_equal(benchmark_state_iterations(&loop), 7 * batches);
            assert_in_range(measurement.samples.count, 1, limit);
            for (size_t i = 0; i < measurement.samples.count; i++)
                assert_near(measurement.samples.values_ns[i], 10, 1e-12);
        }
}

/* Pauses, exact and cheap ones, do not count; neither does one that spans the boundary of two samples. */
/* The first chunk of as many iterations as there are. */
static void test_most_iterations(void **state)
{
    (void)state;
    begin(INT64_MAX, 10, true);
    assert_true(benchmark_state_keep_running(&loop));
    assert_true(loop.remaining == INT64_MAX / 10 && loop.later == INT64_MAX - INT64_MAX / 10 - 1);
    benchmark_state_skip_with_message(&loop, "it would take years");
}

/* The thread moved to a CPU whose counter is a little behind. */
static void test_counter_goes_back(void **state)
{
    (void)state;
    begin(3, 3, true);
    for (int i = 0; benchmark_state_keep_running(&loop); i++)
        pass_time(i == 1 ? -5 : 100, 0, 0);
    assert_samples((const double[]){ 100, 0, 100 }, 3);
}

static void test_pauses(void **state)
{
    (void)state;
    for (int has_tsc = 0; has_tsc < 2; has_tsc++) {
        begin(20, 10, has_tsc);
        while (benchmark_state_keep_running(&loop)) {
            pass_time(100, 100, 0);
            benchmark_state_pause_timing(&loop);
            pass_time(1000, 1000, 0);
            benchmark_state_resume_timing(&loop);
        }
        assert_int_equal(measurement.samples.count, 10);
        for (size_t i = 0; i < 10; i++)
            assert_near(measurement.samples.values_ns[i], 100, 1e-12);
    }
    begin(4, 4, true);
    while (benchmark_state_keep_running(&loop)) {
        if (benchmark_state_iterations(&loop) == 3)
            benchmark_state_resume_timing(&loop);
        pass_time(100, 100, 0);
        if (benchmark_state_iterations(&loop) == 2) {
            benchmark_state_pause_timing(&loop);
            pass_time(1000, 1000, 0);
        }
    }
    assert_samples((const double[]){ 100, 100, 100, 100 }, 4);
    assert_int_equal(measurement.real_ns, 400);
}

static void test_skip(void **state)
{
    (void)state;
    begin(10, 5, true);
    int turns = 0;
    while (benchmark_state_keep_running(&loop))
        if (++turns == 3)
            benchmark_state_skip_with_error(&loop, "enough");
    assert_int_equal(turns, 3);
    assert_int_equal(measurement.samples.count, 1);
    begin(10, 5, true);
    benchmark_state_skip_with_error(&loop, "at once");
    while (benchmark_state_keep_running(&loop))
        turns++;
    assert_int_equal(turns, 3);
    assert_int_equal(measurement.samples.count, 0);
}

static void test_manual_time(void **state)
{
    (void)state;
    begin(4, 2, true);
    measurement.samples.is_manual = true;
    for (int i = 0; benchmark_state_keep_running(&loop); i++) {
        pass_time(5, 5, 5);
        benchmark_state_set_iteration_time(&loop, i * 1e-6);
    }
    assert_int_equal(measurement.samples.count, 2);
    assert_near(measurement.samples.values_ns[0], 500, 1e-9);
    assert_near(measurement.samples.values_ns[1], 2500, 1e-9);
}

static void test_summary(void **state)
{
    (void)state;
    double values_ns[200];
    struct benchmark_samples samples = { .values_ns = values_ns, .count = 200, .chunk = 3 };
    struct benchmark_sample_summary summary;
    for (int i = 0; i < 200; i++)
        values_ns[i] = 200 - i; /* 1..200 */
    benchmark_samples_summarize(&samples, &summary);
    assert_int_equal(summary.count, 200);
    assert_int_equal(summary.batch_iterations, 3);
    assert_near(summary.min_ns, 1, 0);
    assert_near(summary.p50_ns, 100, 0);
    assert_near(summary.p90_ns, 180, 0);
    assert_near(summary.p99_ns, 198, 0);
    assert_near(summary.max_ns, 200, 0);
    samples.count = 1;
    benchmark_samples_summarize(&samples, &summary);
    assert_near(summary.p99_ns, 1, 0);
    samples.count = 0;
    benchmark_samples_summarize(&samples, &summary);
    assert_int_equal(summary.count, 0);
}

static void test_threads_append(void **state)
{
    (void)state;
    double values_ns[3] = { 7, 8, 9 };
    struct benchmark_samples all = { 0 }, part = { .values_ns = values_ns, .count = 3, .chunk = 5 };
    benchmark_samples_append(&all, &part);
    benchmark_samples_append(&all, &part);
    part.count = 0;
    benchmark_samples_append(&all, &part);
    assert_int_equal(all.count, 6);
    assert_int_equal(all.chunk, 5);
    assert_near(all.values_ns[5], 9, 0);
    free(all.values_ns);
}

static void ten(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass_time(10, 10, 10);
}

/* Not asked for: none; the same iterations and times with and without. */
static void test_records(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        benchmark_iterations(benchmark_register("flag", ten, NULL), 1000);
        benchmark_samples(benchmark_iterations(benchmark_register("code", ten, NULL), 1000), 5);
        benchmark_samples(benchmark_register("wrong", ten, NULL), -1);
        struct outcome outcome =
            run_library(on ? "--benchmark_format=json --prony_samples=10" : "--benchmark_format=json");
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(number(record(&outcome, i), "iterations"), 1000);
            assert_near(number(record(&outcome, i), "real_time"), 10, 1e-12);
        }
        assert_string_equal(text(record(&outcome, 2), "error_message"), "-1 samples: must not be negative");
        outcome_release(&outcome);
    }
    struct outcome outcome = run_library("--prony_samples=-1");
    assert_int_equal(outcome.leftovers, 1);
    outcome_release(&outcome);
}

static int tear_down(void **state)
{
    (void)state;
    benchmark_measurement_reset(&measurement);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_iteration),
        cmocka_unit_test(test_equal_chunks),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_most_iterations),
        cmocka_unit_test(test_counter_goes_back),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_manual_time),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_threads_append),
        cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests_name("benchmark_samples", tests, NULL, tear_down);
}
