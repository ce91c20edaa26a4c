/* threads_test.c: checks 38 to 41: threads, clocks, batches and pauses. */
#include "tests/conformance/conformance.h"
#include <stdatomic.h>

/* ---- 38: who is busy for 50 ms of every iteration: the benchmark's own thread, a helper that it waits for, or both
 * ---- */

enum busy { MAIN = 1, WORKER = 2, BOTH = 3 };
enum { BUSY_NS = 50000000, SPAWN_NS = 1000 };

/* The clocks as such threads move them: a helper burns no CPU time of this thread, but of the process. */
static void busy(struct benchmark_state *state)
{
    int64_t who = benchmark_state_range(state, 0), threads = benchmark_state_threads(state);
    int64_t own_ns = who & MAIN ? BUSY_NS : SPAWN_NS;
    while (benchmark_state_keep_running(state)) {
        pass_time(BUSY_NS, own_ns, threads * (own_ns + (who & WORKER ? BUSY_NS : 0)));
        benchmark_state_set_iteration_time(state, BUSY_NS / 1e9);
    }
    benchmark_state_set_counter(state, "invtime", 1, BENCHMARK_COUNTER_RATE);
}

enum driver { CPU_TIME, REAL_TIME, MANUAL_TIME };

static void register_busy(enum busy who, enum driver driver, bool process, int threads)
{
    struct benchmark *family = benchmark_iterations(benchmark_register("BM_b", busy, NULL), 1);
    benchmark_threads(benchmark_arg(family, who), threads);
    if (driver == REAL_TIME)
        benchmark_use_real_time(family);
    if (driver == MANUAL_TIME)
        benchmark_use_manual_time(family);
    if (process)
        benchmark_measure_process_cpu_time(family);
}

static void expect_busy(enum busy who, enum driver driver, bool process, int threads)
{
    register_busy(who, driver, process, threads);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_time_unit=ms");
    json_t *run = record(&outcome, 0);
    double own_ms = who & MAIN ? 50 : 0.001, cpu_ms = own_ms;
    if (process)
        cpu_ms = threads * (own_ms + (who & WORKER ? 50 : 0));
    assert_near(number(run, "real_time"), 50, 1e-12);
    assert_near(number(run, "cpu_time"), cpu_ms, 1e-9);
    assert_true(number(run, "iterations") == threads);
    assert_near(number(run, "invtime"), threads / ((driver == CPU_TIME ? cpu_ms : 50) / 1e3), 1e-9);
    outcome_release(&outcome);
}

static void check_38_internal_threading(void **state)
{
    (void)state;
    for (enum busy who = MAIN; who <= BOTH; who++)
        for (enum driver driver = CPU_TIME; driver <= MANUAL_TIME; driver++)
            for (int process = 0; process < 2; process++)
                for (int threads = 1; threads <= 2; threads++)
                    expect_busy(who, driver, process, threads);
}

/* ---- 39 ---- */

static atomic_int arrived, left, early_starts, early_ends, calls, setups, teardowns, wrong_hooks;

static void group(struct benchmark_state *state)
{
    calls++;
    arrived++;
    while (benchmark_state_keep_running(state)) {
        early_starts += arrived != benchmark_state_threads(state);
        if (benchmark_state_iterations(state) == benchmark_state_max_iterations(state))
            left++;
    }
    early_ends += left != benchmark_state_threads(state);
}

static void group_setup(struct benchmark_state *state)
{
    setups++;
    wrong_hooks += benchmark_state_thread_index(state) != 0 || benchmark_state_max_iterations(state) != 1;
    wrong_hooks += arrived != left; /* the group of before is complete */
    arrived = left = 0;
}

static void group_teardown(struct benchmark_state *state)
{
    teardowns++;
    wrong_hooks += benchmark_state_thread_index(state) != 0 || left != benchmark_state_threads(state);
}

static void expect_calls(int hook_calls, int function_calls)
{
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(setups, hook_calls);
    assert_int_equal(teardowns, hook_calls);
    assert_int_equal(calls, function_calls);
    assert_int_equal(early_starts, 0);
    assert_int_equal(early_ends, 0);
    assert_int_equal(wrong_hooks, 0);
    setups = teardowns = calls = arrived = left = 0;
    outcome_release(&outcome);
}

static struct benchmark *register_group(void)
{
    struct benchmark *family = benchmark_iterations(benchmark_register("BM_g", group, NULL), 100);
    return benchmark_teardown(benchmark_setup(family, group_setup), group_teardown);
}

static struct benchmark *four_arguments(struct benchmark *family)
{
    for (int64_t arg = 1; arg <= 7; arg += 2)
        benchmark_arg(family, arg);
    return family;
}

static void check_39_barrier_and_hooks(void **state)
{
    (void)state;
    four_arguments(register_group());
    expect_calls(4, 4);
    benchmark_threads(benchmark_threads(benchmark_threads(register_group(), 5), 10), 15);
    expect_calls(3, 30);
    benchmark_repetitions(four_arguments(register_group()), 4);
    expect_calls(16, 16);
}

/* ---- 40, 41 ---- */

static int bodies, refusals;
static void batches(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, 7)) {
        pass_time(70, 70, 70);
        bodies++;
    }
    refusals += !benchmark_state_keep_running_batch(state, 7);
    assert_int_equal(benchmark_state_iterations(state), 14);
}

static void check_40_batches(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("BM_b", batches, NULL), 10);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_true(number(record(&outcome, 0), "iterations") == 14);
    assert_true(number(record(&outcome, 0), "real_time") == 10);
    assert_int_equal(bodies, 2);
    assert_int_equal(refusals, 1);
    outcome_release(&outcome);
}

static void pausing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(10, 8, 12);
        benchmark_state_pause_timing(state);
        pass_time(10000000, 9000000, 11000000);
        benchmark_state_resume_timing(state);
    }
}

/* Left by its end and by a jump. */
static void pausing_a_scope(struct benchmark_state *state)
{
    int64_t turn = 0;
    while (benchmark_state_keep_running(state)) {
        pass_time(10, 8, 12);
        BENCHMARK_SCOPED_PAUSE(state);
        pass_time(10000000, 9000000, 11000000);
        if (turn++ % 2)
            continue;
        pass_time(1000000, 900000, 1100000);
    }
}

static void check_41_pauses(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        bool process = variant % 2;
        struct benchmark *family =
            benchmark_iterations(benchmark_register("BM_p", variant < 2 ? pausing : pausing_a_scope, NULL), 50);
        if (process)
            benchmark_measure_process_cpu_time(family);
        struct outcome outcome = run_library("--benchmark_format=json");
        assert_near(number(record(&outcome, 0), "real_time"), 10, 1e-12);
        assert_near(number(record(&outcome, 0), "cpu_time"), process ? 12 : 8, 1e-12);
        outcome_release(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_38_internal_threading),
        cmocka_unit_test(check_39_barrier_and_hooks),
        cmocka_unit_test(check_40_batches),
        cmocka_unit_test(check_41_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
