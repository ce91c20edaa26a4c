/* Cases on several threads: names, the barriers, sums, a skip or an early return in one thread only, runners of the
 * user's. What can go wrong here is a deadlock, so most tests are about threads that do not come to the barrier. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include <pthread.h>
#include <stdatomic.h>

static struct {
    _Atomic int arrived, early, setups, teardowns, in_set_up, in_tear_down, bodies, calls;
} seen;

static void forget(void)
{
    memset(&seen, 0, sizeof seen);
}

static void nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

/* ---- names ---- */

static void expect_list(const char *expected)
{
    struct outcome outcome = run_library("--benchmark_list_tests");
    assert_string_equal(outcome.out, expected);
    outcome_release(&outcome);
}

static void test_thread_counts_in_names(void **state)
{
    (void)state;
    benchmark_thread_range(benchmark_register("a", nothing, NULL), 1, 8);
    benchmark_dense_thread_range(benchmark_register("b", nothing, NULL), 1, 8, 3);
    benchmark_thread_range(benchmark_register("c", nothing, NULL), 3, 7);
    benchmark_threads(benchmark_threads(benchmark_register("d", nothing, NULL), 1), 1);
    struct benchmark *product = benchmark_dense_range(benchmark_register("p", nothing, NULL), 1, 2, 1);
    benchmark_threads(benchmark_threads(product, 2), 4);
    expect_list("a/threads:1\na/threads:2\na/threads:4\na/threads:8\nb/threads:1\nb/threads:4\nb/threads:7\n"
                "b/threads:8\nc/threads:3\nc/threads:4\nc/threads:7\nd/threads:1\nd/threads:1\n"
                "p/1/threads:2\np/1/threads:4\np/2/threads:2\np/2/threads:4\n");

    struct benchmark *all = benchmark_arg(benchmark_register("BM_all", nothing, NULL), 8);
    benchmark_threads(benchmark_repetitions(benchmark_iterations(all, 2), 2), 2);
    benchmark_use_manual_time(benchmark_measure_process_cpu_time(all));
    expect_list("BM_all/8/iterations:2/repeats:2/process_time/manual_time/threads:2\n");

    char *line = mem_format("e/threads:%ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    benchmark_thread_per_cpu(benchmark_register("e", nothing, NULL));
    expect_list(line);
    free(line);
}

static void test_many_inputs(void **state)
{
    (void)state;
    struct benchmark *family = benchmark_dense_range(benchmark_register("many", nothing, NULL), 1, 26, 1);
    benchmark_thread_range(family, 1, 8);
    struct outcome outcome = run_library("--benchmark_list_tests");
    assert_string_equal(outcome.err, "The number of inputs is very large. many will be repeated at least 104 times.\n");
    outcome_release(&outcome);
}

/* A forked child does not have the threads of the pool. */
static void test_runs_after_fork(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it ends children that start threads */
#endif
    benchmark_iterations(benchmark_threads(benchmark_register("threads", nothing, NULL), 2), 1);
    struct redirection out = redirect(STDOUT_FILENO), err = redirect(STDERR_FILENO);
    size_t before = benchmark_run_specified(), after = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        after = benchmark_run_specified();
        benchmark_shutdown();
        _exit(after == 1 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    after = benchmark_run_specified();
    benchmark_shutdown();
    free(restore(&out));
    free(restore(&err));
    assert_int_equal(before, 1);
    assert_int_equal(after, 1);
    assert_int_equal(status, 0);
}

static void call_the_library(struct benchmark_state *state)
{
    size_t matched = 0;
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
    if (benchmark_state_thread_index(state) > 0)
        return;
    if (benchmark_state_threads(state) > 1)
        matched = benchmark_run_specified_with(NULL, NULL, "inner");
    benchmark_clear_registered();
    benchmark_shutdown();
    benchmark_state_set_counter(state, "matched", (double)matched, BENCHMARK_COUNTER_PLAIN);
}

/* Nobody frees what the run still needs, and nobody waits for himself. */
static void test_library_called_inside_a_benchmark(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_threads(benchmark_register("outer", call_the_library, NULL), 2), 1);
    benchmark_iterations(benchmark_threads(benchmark_register("inner", nothing, NULL), 2), 1);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_filter=outer|inner");
    assert_int_equal(json_array_size(outcome.records), 2);
    assert_string_equal(outcome.err, "benchmark_run_specified: ignored, because a case on several threads is running\n"
                                     "benchmark_shutdown: ignored, because benchmark_run_specified has not returned\n");
    outcome_release(&outcome);
}

static void test_misuse(void **state)
{
    (void)state;
    benchmark_threads(benchmark_register("zero", nothing, NULL), 0);
    benchmark_thread_range(benchmark_register("range", nothing, NULL), 8, 1);
    benchmark_dense_thread_range(benchmark_register("stride", nothing, NULL), 1, 8, 0);
    benchmark_threads(benchmark_register("many", nothing, NULL), 2000);
    struct outcome outcome = run_library("--benchmark_format=json");
    const char *expected[] = { "0 threads: must be 1 or more", "thread range 8..1: the end is before the start",
                               "thread range stride 0: must be 1 or more",
                               "thread count 2000 is not between 1 and 1024" };
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(text(record(&outcome, i), "error_message"), expected[i]);
    outcome_release(&outcome);
}

/* ---- barriers and sums ---- */

static void meet(struct benchmark_state *state)
{
    int threads = benchmark_state_threads(state);
    assert_in_range(benchmark_state_thread_index(state), 0, threads - 1);
    if (benchmark_state_thread_index(state) == threads - 1)
        usleep(2000);
    atomic_fetch_add(&seen.arrived, 1);
    while (benchmark_state_keep_running(state)) {
        atomic_fetch_add(&seen.bodies, 1);
        if (atomic_load(&seen.arrived) != threads)
            atomic_fetch_add(&seen.early, 1);
        benchmark_state_set_iteration_time(state, 0.5);
    }
    if (atomic_load(&seen.bodies) != threads * 4) /* nobody leaves before all loops have ended */
        atomic_fetch_add(&seen.early, 1);
    benchmark_state_set_counter(state, "all", 1, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "average", 10, BENCHMARK_COUNTER_AVG_THREADS);
    benchmark_state_set_counter(state, "rate", 1e6, BENCHMARK_COUNTER_RATE);
    if (benchmark_state_thread_index(state) == 0)
        benchmark_state_set_counter_base(state, "first", 42, BENCHMARK_COUNTER_PLAIN, 1024);
}

static void setup(struct benchmark_state *state)
{
    assert_int_equal(benchmark_state_thread_index(state), 0);
    assert_true(benchmark_state_max_iterations(state) == 1);
    atomic_store(&seen.arrived, 0);
    atomic_store(&seen.bodies, 0);
    atomic_fetch_add(&seen.setups, 1);
}

static void teardown(struct benchmark_state *state)
{
    assert_int_equal(benchmark_state_thread_index(state), 0);
    atomic_fetch_add(&seen.teardowns, 1);
}

static void test_barriers_and_sums(void **state)
{
    (void)state;
    forget();
    struct benchmark *family = benchmark_dense_thread_range(benchmark_register("meet", meet, NULL), 1, 8, 1);
    benchmark_use_manual_time(benchmark_iterations(family, 4));
    benchmark_teardown(benchmark_setup(family, setup), teardown);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_repetitions=3");
    assert_int_equal(seen.early, 0);
    assert_int_equal(seen.setups, 8 * 3);
    assert_int_equal(seen.teardowns, 8 * 3);
    for (int threads = 1; threads <= 8; threads++) {
        const json_t *run = record(&outcome, (size_t)(threads - 1) * 7);
        assert_int_equal(number(run, "threads"), threads);
        assert_int_equal(number(run, "iterations"), 4 * threads);
        assert_near(number(run, "real_time"), 5e8, 1e-12);
        assert_near(number(run, "all"), threads, 1e-12);
        assert_near(number(run, "average"), 10, 1e-12);
        assert_near(number(run, "rate"), 5e5 * threads, 1e-12);
        assert_near(number(run, "first"), 42, 1e-12);
    }
    outcome_release(&outcome);
}

/* ---- skips, early returns ---- */

enum place { BEFORE, INSIDE, PAUSED, AFTER, RETURN_AT_ONCE, RETURN_INSIDE, SKIP_AND_RETURN };

struct misfit {
    int who; /* -1 = every thread */
    enum place where;
};

static void skip_somewhere(struct benchmark_state *state)
{
    const struct misfit *misfit = benchmark_state_user_data(state);
    bool odd = misfit->who < 0 || misfit->who == benchmark_state_thread_index(state);
    if (odd && misfit->where == RETURN_AT_ONCE)
        return;
    if (odd && (misfit->where == BEFORE || misfit->where == SKIP_AND_RETURN))
        benchmark_state_skip_with_error(state, "odd");
    if (odd && misfit->where == SKIP_AND_RETURN)
        return;
    while (benchmark_state_keep_running(state)) {
        if (odd && misfit->where == RETURN_INSIDE)
            return;
        if (odd && misfit->where == PAUSED)
            benchmark_state_pause_timing(state);
        if (odd && (misfit->where == INSIDE || misfit->where == PAUSED))
            benchmark_state_skip_with_error(state, "odd");
    }
    if (odd && misfit->where == AFTER)
        benchmark_state_skip_with_error(state, "odd");
}

static void test_one_thread_skips(void **state)
{
    (void)state;
    for (enum place where = BEFORE; where <= SKIP_AND_RETURN; where++) {
        for (int who = -1; who < 4; who++) {
            struct misfit misfit = { who, where };
            struct benchmark *family = benchmark_register("x", skip_somewhere, &misfit);
            benchmark_iterations(benchmark_threads(family, 4), 100);
            struct outcome outcome = run_library("--benchmark_format=json");
            assert_int_equal(json_array_size(outcome.records), 1);
            assert_true(json_is_true(json_object_get(record(&outcome, 0), "error_occurred")));
            const char *message = text(record(&outcome, 0), "error_message");
            if (where == RETURN_AT_ONCE)
                assert_true(str_starts(message, "The benchmark didn't run"));
            else if (where == RETURN_INSIDE)
                assert_string_equal(message, "The benchmark returned before its loop had ended.");
            else
                assert_string_equal(message, "odd");
            outcome_release(&outcome);
        }
    }
}

/* Thread 1 first, whatever the numbers of the others. */
static void skip_in_turn(struct benchmark_state *state)
{
    int index = benchmark_state_thread_index(state);
    while (atomic_load(&seen.arrived) != (index + 3) % 4)
        usleep(100);
    benchmark_state_set_label(state, "%d", index);
    if (index == 1)
        benchmark_state_skip_with_message(state, "%d", index);
    else
        benchmark_state_skip_with_error(state, "%d", index);
    atomic_fetch_add(&seen.arrived, 1);
}

static void label_in_turn(struct benchmark_state *state)
{
    int index = benchmark_state_thread_index(state);
    while (benchmark_state_keep_running(state)) {}
    while (atomic_load(&seen.arrived) != (index + 3) % 4)
        usleep(100);
    benchmark_state_set_label(state, "%d", index);
    atomic_fetch_add(&seen.arrived, 1);
}

static void test_first_message_last_label(void **state)
{
    (void)state;
    forget();
    benchmark_threads(benchmark_register("skip", skip_in_turn, NULL), 4);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_string_equal(text(record(&outcome, 0), "skip_message"), "1");
    outcome_release(&outcome);
    forget();
    benchmark_iterations(benchmark_threads(benchmark_register("label", label_in_turn, NULL), 4), 1);
    outcome = run_library("--benchmark_format=json");
    assert_string_equal(text(record(&outcome, 0), "label"), "0");
    outcome_release(&outcome);
}

/* ---- the user's threads ---- */

struct thread {
    pthread_t thread;
    void (*run)(void *context, int index);
    void *context;
    int index;
};

static void *call_run(void *argument)
{
    struct thread *thread = argument;
    thread->run(thread->context, thread->index);
    return NULL;
}

/* Index 0 on a thread of its own, too. user_data: the indices that it leaves out, counted from the end. */
static void spawn_all(void *user_data, int threads, void (*run)(void *context, int index), void *context)
{
    struct thread items[8];
    int count = threads - *(const int *)user_data;
    atomic_fetch_add(&seen.calls, 1);
    for (int i = 0; i < count; i++) {
        items[i] = (struct thread){ .run = run, .context = context, .index = i };
        assert_int_equal(pthread_create(&items[i].thread, NULL, call_run, &items[i]), 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(items[i].thread, NULL);
}

static void one_after_the_other(void *user_data, int threads, void (*run)(void *context, int index), void *context)
{
    (void)user_data;
    for (int i = -1; i <= threads; i++) /* two indices that do not exist */
        run(context, i);
}

static void run_nothing(void *user_data, int threads, void (*run)(void *context, int index), void *context)
{
    (void)user_data;
    (void)threads;
    (void)run;
    (void)context;
}

static void test_runner(void **state)
{
    (void)state;
    forget();
    int left_out = 0;
    struct benchmark *family = benchmark_thread_range(benchmark_register("meet", meet, NULL), 1, 8);
    benchmark_use_thread_runner(benchmark_iterations(family, 4), spawn_all, &left_out);
    benchmark_use_manual_time(benchmark_setup(family, setup));
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_repetitions=2");
    assert_int_equal(seen.early, 0);
    assert_int_equal(seen.calls, 4 * 2);
    assert_int_equal(number(record(&outcome, 3 * 6), "iterations"), 32);
    outcome_release(&outcome);
}

static void test_runner_with_too_few_threads(void **state)
{
    (void)state;
    const struct {
        benchmark_thread_runner *runner;
        int left_out;
        const char *message;
    } cases[] = { { spawn_all, 1, "the thread runner started 2 of 3 threads" },
                  { spawn_all, 2, "the thread runner started 1 of 3 threads" },
                  { one_after_the_other, 0, "the thread runner started 1 of 3 threads" },
                  { run_nothing, 0, "the thread runner started 0 of 3 threads" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int left_out = cases[i].left_out;
        struct benchmark *family = benchmark_threads(benchmark_register("x", nothing, NULL), 3);
        benchmark_use_thread_runner(benchmark_iterations(family, 4), cases[i].runner, &left_out);
        benchmark_team_set_start_limit(benchmark_registry_team(benchmark_registry_get()), 20000000);
        struct outcome outcome = run_library("--benchmark_format=json");
        assert_string_equal(text(record(&outcome, 0), "error_message"), cases[i].message);
        outcome_release(&outcome);
    }
}

/* ---- values and digests ---- */

static void values(struct benchmark_state *state)
{
    int index = benchmark_state_thread_index(state);
    int64_t i = 0;
    while (benchmark_state_keep_running(state))
        benchmark_state_add_value(state, (double)(1000 * index + i++));
    benchmark_state_set_output_digest(state, 7);
    benchmark_state_set_complexity_n(state, 5);
    assert_true(benchmark_state_complexity_n(state) == 5);
}

static void test_values(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_threads(benchmark_register("few", values, NULL), 3), 10);
    benchmark_iterations(benchmark_threads(benchmark_register("many", values, NULL), 3), 5000);
    struct outcome outcome = run_library("--benchmark_format=json");
    const json_t *few = json_object_get(record(&outcome, 0), "prony_values_ns");
    assert_int_equal(json_array_size(few), 30);
    for (size_t i = 0; i < 30; i++)
        assert_true(json_number_value(json_array_get(few, i)) == (double)(1000 * (i / 10) + i % 10));
    assert_int_equal(json_array_size(json_object_get(record(&outcome, 1), "prony_values_ns")), 3 * 1250);
    assert_int_equal(number(record(&outcome, 1), "prony_values_stride"), 4);
    assert_true(number(record(&outcome, 1), "prony_involuntary_switches") >= 0); /* of all threads */
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_counts_in_names),
        cmocka_unit_test(test_many_inputs),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_library_called_inside_a_benchmark),
        cmocka_unit_test(test_runs_after_fork),
        cmocka_unit_test(test_barriers_and_sums),
        cmocka_unit_test(test_one_thread_skips),
        cmocka_unit_test(test_first_message_last_label),
        cmocka_unit_test(test_runner),
        cmocka_unit_test(test_runner_with_too_few_threads),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
