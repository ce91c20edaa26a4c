/* skips_test.c: checks 33 to 36: errors and skips. */
#include "tests/conformance/conformance.h"
#include <stdatomic.h>

/* What may not happen, seen on any thread. */
static atomic_int bodies_run, wrong_states;

/* ---- 33 ---- */

enum place { BEFORE_KEEP_RUNNING, BEFORE_BATCH, BEFORE_LOOP, INSIDE_KEEP_RUNNING, INSIDE_LOOP, PAUSED, AFTER, PLACES };

static void do_skip(struct benchmark_state *state, bool error)
{
    if (error) {
        benchmark_state_skip_with_error(state, "error %s", "message");
        benchmark_state_skip_with_error(state, "too late");
    } else {
        benchmark_state_skip_with_message(state, "error %s", "message");
        benchmark_state_skip_with_error(state, "too late");
    }
}

/* Loops in which nothing may run. */
static void skip_before(struct benchmark_state *state, enum place place)
{
    if (place == BEFORE_KEEP_RUNNING)
        while (benchmark_state_keep_running(state))
            bodies_run++;
    if (place == BEFORE_BATCH)
        while (benchmark_state_keep_running_batch(state, 10))
            bodies_run++;
    if (place == BEFORE_LOOP)
        BENCHMARK_LOOP(state)
    bodies_run++;
}

static void skip_at(struct benchmark_state *state, enum place place, bool error)
{
    bool first = true;
    switch (place) {
    case INSIDE_KEEP_RUNNING:
        while (benchmark_state_keep_running(state)) {
            bodies_run += !first;
            first = false;
            do_skip(state, error);
        }
        break;
    case INSIDE_LOOP:
        BENCHMARK_LOOP(state)
        {
            do_skip(state, error);
            break;
        }
        break;
    case PAUSED:
        while (benchmark_state_keep_running(state)) {
            benchmark_state_pause_timing(state);
            do_skip(state, error);
        }
        break;
    case AFTER:
        brief(state);
        do_skip(state, error);
        break;
    default: do_skip(state, error); skip_before(state, place);
    }
    if (benchmark_state_skipped(state) != (error ? BENCHMARK_SKIPPED_WITH_ERROR : BENCHMARK_SKIPPED_WITH_MESSAGE))
        wrong_states++;
}

/* Arguments: the place, and whether it is an error. Only thread 0 skips where the others can go on. */
static void skipping(struct benchmark_state *state)
{
    enum place place = (enum place)benchmark_state_range(state, 0);
    bool error = benchmark_state_range(state, 1) != 0;
    if (benchmark_state_thread_index(state) == 0 || benchmark_state_range(state, 2))
        skip_at(state, place, error);
    else
        brief(state);
}

static struct outcome run_skipping(bool error, bool all_threads)
{
    struct benchmark *family = benchmark_iterations(benchmark_register("BM_s", skipping, NULL), 10);
    for (int64_t place = 0; place < PLACES; place++)
        benchmark_args(family, (int64_t[]){ place, error, all_threads }, 3);
    benchmark_thread_range(family, 1, 8);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    assert_int_equal(json_array_size(outcome.records), PLACES * 4);
    assert_int_equal(bodies_run, 0);
    assert_int_equal(wrong_states, 0);
    return outcome;
}

static void check_33_errors(void **state)
{
    (void)state;
    for (int all_threads = 0; all_threads < 2; all_threads++) {
        struct outcome outcome = run_skipping(true, all_threads);
        for (size_t i = 0; i < PLACES * 4; i++) {
            assert_true(json_is_true(json_object_get(record(&outcome, i), "error_occurred")));
            assert_string_equal(text(record(&outcome, i), "error_message"), "error message");
            assert_true(number(record(&outcome, i), "real_time") == 0);
        }
        assert_int_equal(count_of(outcome.out, "ERROR OCCURRED: 'error message'\n"), PLACES * 4);
        outcome_release(&outcome);
    }
}

/* ---- 34 ---- */

static void check_34_messages(void **state)
{
    (void)state;
    for (int all_threads = 0; all_threads < 2; all_threads++) {
        struct outcome outcome = run_skipping(false, all_threads);
        for (size_t i = 0; i < PLACES * 4; i++) {
            assert_true(json_is_true(json_object_get(record(&outcome, i), "skipped")));
            assert_string_equal(text(record(&outcome, i), "skip_message"), "error message");
            assert_null(json_object_get(record(&outcome, i), "error_occurred"));
        }
        assert_int_equal(count_of(outcome.out, "SKIPPED: 'error message'\n"), PLACES * 4);
        outcome_release(&outcome);
    }
}

/* ---- 35, 36 ---- */

static void nothing(struct benchmark_state *state)
{
    (void)state;
}

static void check_35_no_loop(void **state)
{
    (void)state;
    benchmark_register("BM_n", nothing, NULL);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_true(json_is_true(json_object_get(record(&outcome, 0), "error_occurred")));
    assert_string_equal(text(record(&outcome, 0), "error_message"),
                        "The benchmark didn't run, nor was it explicitly skipped. Please call 'SkipWithXXX` in your "
                        "benchmark as appropriate.");
    outcome_release(&outcome);
}

static void error(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "message");
    brief(state);
}

static void freedom(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "\"freedom\"");
}

static void message(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "message");
}

/* Where user counters have columns, the rows of skipped cases are as long as the header here; there they are shorter.
 */
static void check_36_csv(void **state)
{
    (void)state;
    benchmark_register("BM_error", error, NULL);
    benchmark_register("\"freedom\"", freedom, NULL);
    benchmark_register("BM_skip", message, NULL);
    struct outcome outcome = run_library("--benchmark_format=csv");
    assert_string_equal(outcome.out,
                        "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
                        "error_occurred,error_message\n"
                        "\"BM_error\",,,,,,,,true,\"message\"\n"
                        "\"\"\"freedom\"\"\",,,,,,,,true,\"\"\"freedom\"\"\"\n"
                        "\"BM_skip\",,,,,,,,false,\"message\"\n");
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_33_errors),
        cmocka_unit_test(check_34_messages),
        cmocka_unit_test(check_35_no_loop),
        cmocka_unit_test(check_36_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
