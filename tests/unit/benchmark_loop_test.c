/* benchmark_loop_test.c: the three forms of the loop hand out what they should, whatever happens inside; what is said
 * of a loop with nothing in it; what an empty window costs. On the machine's own clocks: nothing here depends on how
 * long anything takes, but for what a compiler deletes taking almost no time. */
#include "tests/unit/benchmark_support.h"
#include "harness/base/clock.h"
#include "harness/benchmark/internal.h"

static struct benchmark_measurement measurement;
static struct benchmark_state loop;

static void begin(int64_t iterations)
{
    benchmark_measurement_reset(&measurement);
    loop = (struct benchmark_state){ .max_iterations = iterations, .threads = 1, .measurement = &measurement };
    assert_int_equal(benchmark_state_iterations(&loop), 0);
}

static void test_counts(void **state)
{
    (void)state;
    for (int64_t iterations = 1; iterations < 50; iterations++) {
        int64_t turns = 0;
        begin(iterations);
        while (benchmark_state_keep_running(&loop))
            turns++;
        assert_int_equal(turns, iterations);
        assert_int_equal(benchmark_state_iterations(&loop), iterations);
        assert_false(benchmark_state_keep_running(&loop)); /* and stays ended */
        turns = 0;
        begin(iterations);
        BENCHMARK_LOOP(&loop)
        {
            turns++;
        }
        assert_int_equal(turns, iterations);
        assert_int_equal(benchmark_state_iterations(&loop), iterations);
        for (int64_t batch = 1; batch < 10; batch++) {
            turns = 0;
            begin(iterations);
            while (benchmark_state_keep_running_batch(&loop, batch))
                turns++;
            assert_int_equal(turns, (iterations + batch - 1) / batch);
            assert_int_equal(benchmark_state_iterations(&loop), turns * batch);
        }
    }
}

static void test_skips(void **state)
{
    (void)state;
    int turns = 0;
    begin(10);
    while (benchmark_state_keep_running(&loop))
        if (++turns == 3)
            benchmark_state_skip_with_error(&loop, "third");
    assert_int_equal(turns, 3);
    turns = 0;
    begin(10);
    while (benchmark_state_keep_running_batch(&loop, 2))
        if (++turns == 3)
            benchmark_state_skip_with_message(&loop, "third");
    assert_int_equal(turns, 3);
    turns = 0;
    begin(10);
    BENCHMARK_LOOP(&loop)
    {
        if (++turns == 3) {
            benchmark_state_skip_with_error(&loop, "third");
            break;
        }
    }
    assert_int_equal(turns, 3);
    begin(10);
    benchmark_state_skip_with_error(&loop, "before");
    BENCHMARK_LOOP(&loop)
    {
        fail_msg("the loop of a skipped run was entered");
    }
    assert_string_equal(measurement.skip_message, "before");
}

/* ---- empty loops ---- */

static void test_judgement(void **state)
{
    (void)state;
    const double cycle_ns = 0.27;
    /* Two cycles of work and more are never called empty; one cycle may be. */
    assert_int_equal(benchmark_calibration_judge(2 * cycle_ns, cycle_ns, 1e9, 1), BENCHMARK_LOOP_FULL);
    assert_int_equal(benchmark_calibration_judge(2 * cycle_ns, cycle_ns, 1e9, 500), BENCHMARK_LOOP_FULL);
    assert_int_equal(benchmark_calibration_judge(2 * cycle_ns, cycle_ns, 1e9, 1000), BENCHMARK_LOOP_DELETED);
    assert_int_equal(benchmark_calibration_judge(1.02 * cycle_ns, cycle_ns, 1e9, 1), BENCHMARK_LOOP_INDISTINGUISHABLE);
    assert_int_equal(benchmark_calibration_judge(cycle_ns, cycle_ns, 1e9, 8), BENCHMARK_LOOP_INDISTINGUISHABLE);
    assert_int_equal(benchmark_calibration_judge(cycle_ns, cycle_ns, 1e9, 1000), BENCHMARK_LOOP_DELETED);
    assert_int_equal(benchmark_calibration_judge(cycle_ns / 100, cycle_ns, 1e9, 1), BENCHMARK_LOOP_DELETED);
    /* Too few turns to say, or a clock that stands still. */
    assert_int_equal(benchmark_calibration_judge(cycle_ns, cycle_ns, 100, 1000), BENCHMARK_LOOP_FULL);
    assert_int_equal(benchmark_calibration_judge(0, 0, 1e9, 1), BENCHMARK_LOOP_FULL);
}

/* The result of the inner loop is not used, so compilers delete it. */
static void deleted(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, 1000)) {
        int sum = 0;
        for (int i = 0; i < 1000; i++)
            sum += i;
        (void)sum;
    }
}

static void used(struct benchmark_state *state)
{
    unsigned value = 1;
    while (benchmark_state_keep_running_batch(state, 1000))
        for (unsigned i = 0; i < 1000; i++) {
            value = value * 3 + i;
            benchmark_make_opaque(value);
        }
}

static void test_deleted_body_is_told(void **state)
{
    (void)state;
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    bool told = false;
    for (int i = 0; i < 20 && !told; i++) { /* another program may have had the CPU */
        benchmark_iterations(benchmark_register("deleted", deleted, NULL), 1000000000);
        struct outcome outcome = run_library("--benchmark_format=json");
        told = strcmp(text(record(&outcome, 0), "prony_empty_loop"), "deleted") == 0;
        if (told)
            assert_non_null(strstr(outcome.err, ": nothing is left of the loop's body"));
        outcome_release(&outcome);
    }
    assert_true(told);
#else
    (void)deleted; /* sanitizers keep what can be deleted */
#endif
    benchmark_iterations(benchmark_register("used", used, NULL), 20000000);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_null(json_object_get(record(&outcome, 0), "prony_empty_loop"));
    assert_null(strstr(outcome.err, "nothing is left"));
    outcome_release(&outcome);
}

/* ---- clocks ---- */

static void test_calibration(void **state)
{
    (void)state;
    struct benchmark_calibration calibration;
    benchmark_calibration_measure(&calibration);
    assert_true(calibration.is_done);
    assert_true(calibration.real_ns >= 0 && calibration.cpu_ns >= 0);
    assert_true((calibration.ns_per_tick > 0) == clock_tsc_available());
    if (!clock_tsc_available())
        return;
    /* The counter goes forward and, over a while, as fast as the clock. */
    int64_t start_ns = clock_wall_ns();
    uint64_t start = clock_tsc(), before = start;
    while (clock_wall_ns() - start_ns < 20000000) {
        uint64_t now = clock_tsc();
        assert_true(now >= before);
        before = now;
    }
    double tsc_ns = (double)(clock_tsc() - start) * calibration.ns_per_tick;
    double wall_ns = (double)(clock_wall_ns() - start_ns);
    assert_true(tsc_ns <= wall_ns * 1.01 && tsc_ns >= 20000000 * 0.99);
}

static void test_context(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("used", used, NULL), 1000);
    struct outcome outcome = run_library("--benchmark_format=json");
    const json_t *context = json_object_get(outcome.json, "context");
    assert_true(strspn(text(context, "prony_clock_real_ns"), "0123456789") > 0);
    assert_true(strspn(text(context, "prony_clock_cpu_ns"), "0123456789") > 0);
    assert_true(number(record(&outcome, 0), "prony_timer_cost_ns") >= 0);
    outcome_release(&outcome);
    benchmark_register("used", used, NULL);
    outcome = run_library("--benchmark_list_tests=true");
    assert_string_equal(outcome.out, "used\n");
    assert_string_equal(outcome.err, "");
    outcome_release(&outcome);
    benchmark_iterations(benchmark_register("used", used, NULL), 1000);
    outcome = run_library(""); /* the console is as it always was */
    assert_null(strstr(outcome.err, "prony_clock"));
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
        cmocka_unit_test(test_counts),      cmocka_unit_test(test_skips),
        cmocka_unit_test(test_judgement),   cmocka_unit_test(test_deleted_body_is_told),
        cmocka_unit_test(test_calibration), cmocka_unit_test(test_context),
    };
    return cmocka_run_group_tests_name("benchmark_loop", tests, NULL, tear_down);
}
