/* benchmark_callgrind_test.c: which turns of a loop callgrind would count, seen outside valgrind, where its marks do
 * nothing; and that the flag asks for valgrind. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

static struct benchmark_measurement measurement;
static struct benchmark_state loop;

static void begin(int64_t iterations, bool may_add_turn)
{
    benchmark_measurement_reset(&measurement);
    measurement.callgrind.is_on = true;
    measurement.callgrind.may_add_turn = may_add_turn;
    loop = (struct benchmark_state){ .max_iterations = iterations, .threads = 1, .measurement = &measurement };
}

/* Outside the loop nothing is counted, whatever happened in it. */
static void assert_counted(int64_t counted, int64_t iterations)
{
    assert_false(measurement.callgrind.is_collecting);
    assert_int_equal(measurement.callgrind.counted, counted);
    assert_int_equal(benchmark_state_iterations(&loop), iterations);
    assert_int_equal(loop.skipped, BENCHMARK_NOT_SKIPPED);
}

static void test_second_turn(void **state)
{
    int turn = 0;
    (void)state;
    begin(1, true);
    while (benchmark_state_keep_running(&loop))
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    assert_int_equal(turn, 2);
    assert_counted(1, 2);
    begin(1, true);
    turn = 0;
    BENCHMARK_LOOP(&loop)
    {
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    }
    assert_int_equal(turn, 2);
    assert_counted(1, 2);
}

static void test_own_count(void **state)
{
    int turn = 0;
    (void)state;
    begin(5, false);
    while (benchmark_state_keep_running(&loop))
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    assert_int_equal(turn, 5);
    assert_counted(4, 5);
    begin(1, false); /* nothing to spare for a first turn: the runner has called the function before */
    while (benchmark_state_keep_running(&loop))
        assert_true(measurement.callgrind.is_collecting);
    assert_counted(1, 1);
}

static void test_batches(void **state)
{
    int turn = 0;
    (void)state;
    begin(1, true);
    while (benchmark_state_keep_running_batch(&loop, 100))
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    assert_int_equal(turn, 2);
    assert_counted(100, 200);
    begin(250, false);
    turn = 0;
    while (benchmark_state_keep_running_batch(&loop, 100))
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    assert_int_equal(turn, 3);
    assert_counted(200, 300);
}

static void test_pauses(void **state)
{
    int turn = 0;
    (void)state;
    begin(3, false);
    while (benchmark_state_keep_running(&loop)) {
        benchmark_state_pause_timing(&loop);
        assert_false(measurement.callgrind.is_collecting);
        benchmark_state_resume_timing(&loop);
        assert_int_equal(measurement.callgrind.is_collecting, turn++ > 0);
    }
    assert_counted(2, 3);
}

static void test_skip(void **state)
{
    int turn = 0;
    (void)state;
    begin(5, false);
    while (benchmark_state_keep_running(&loop))
        if (++turn == 3)
            benchmark_state_skip_with_error(&loop, "no more");
    assert_false(measurement.callgrind.is_collecting);
    assert_int_equal(measurement.callgrind.counted, 0);
}

static void nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

static void test_without_valgrind(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        benchmark_register("nothing", nothing, NULL);
        run_library("--prony_callgrind");
        _exit(77);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_second_turn), cmocka_unit_test(test_own_count),
                                        cmocka_unit_test(test_batches),     cmocka_unit_test(test_pauses),
                                        cmocka_unit_test(test_skip),        cmocka_unit_test(test_without_valgrind) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
