/* The loop, the search for the iteration count, repetitions, skips, hooks: on a clock that the test moves, so that
 * every number is exact. */
#include "tests/unit/benchmark_clock.h"
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

/* What the functions below saw. */
static struct {
    int64_t runs[64]; /* max_iterations of each call */
    int run_count, setups, teardowns, case_setups, case_teardowns, bodies;
} seen;

static void forget(void)
{
    memset(&seen, 0, sizeof seen);
}

static void note_run(struct benchmark_state *state)
{
    seen.runs[seen.run_count++ % 64] = benchmark_state_max_iterations(state);
}

/* 100 ns of wall time, 50 of the thread, 80 of the process an iteration. */
static void steady(struct benchmark_state *state)
{
    note_run(state);
    while (benchmark_state_keep_running(state))
        pass_time(100, 50, 80);
}

static void expect_runs(const int64_t *expected, int count)
{
    assert_int_equal(seen.run_count, count);
    for (int i = 0; i < count; i++)
        assert_true(seen.runs[i] == expected[i]);
}

static void test_search(void **state)
{
    (void)state;
    forget();
    benchmark_register("steady", steady, NULL);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=0.001s");
    /* 50 ns an iteration: ten times more until a tenth of 1 ms is exceeded, then 1.4 times what is needed. */
    expect_runs((int64_t[]){ 1, 10, 100, 1000, 10000, 28000 }, 6);
    assert_int_equal(number(record(&outcome, 0), "iterations"), 28000);
    assert_near(number(record(&outcome, 0), "real_time"), 100, 1e-12);
    assert_near(number(record(&outcome, 0), "cpu_time"), 50, 1e-12);
    outcome_release(&outcome);
}

static void test_driving_clock(void **state)
{
    (void)state;
    forget();
    benchmark_use_real_time(benchmark_register("real", steady, NULL));
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=0.001s");
    expect_runs((int64_t[]){ 1, 10, 100, 1000, 10000 }, 5);
    outcome_release(&outcome);

    benchmark_measure_process_cpu_time(benchmark_register("process", steady, NULL));
    outcome = run_library("--benchmark_format=json --benchmark_min_time=1x");
    assert_near(number(record(&outcome, 0), "cpu_time"), 80, 1e-12);
    outcome_release(&outcome);
}

static void waiting(struct benchmark_state *state)
{
    note_run(state);
    while (benchmark_state_keep_running(state))
        pass_time(1000000, 0, 0);
}

/* A benchmark that waits burns no CPU time: five times the minimum in real time is enough. */
static void test_real_time_limit(void **state)
{
    (void)state;
    forget();
    benchmark_register("waiting", waiting, NULL);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=0.002s");
    expect_runs((int64_t[]){ 1, 10 }, 2);
    outcome_release(&outcome);
}

static void test_fixed_iterations(void **state)
{
    (void)state;
    forget();
    benchmark_iterations(benchmark_register("code", steady, NULL), 42);
    benchmark_min_time(benchmark_register("flag", steady, NULL), 5);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=4x");
    expect_runs((int64_t[]){ 42, 4 }, 2); /* iterations in code beat the flag; the flag beats a minimum time in code */
    outcome_release(&outcome);
}

static void test_repetitions_reuse_the_count(void **state)
{
    (void)state;
    forget();
    benchmark_register("steady", steady, NULL);
    struct outcome outcome =
        run_library("--benchmark_format=json --benchmark_min_time=0.00001s --benchmark_repetitions=3");
    expect_runs((int64_t[]){ 1, 10, 100, 280, 280, 280 }, 6);
    assert_int_equal(json_array_size(outcome.records), 3 + 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(number(record(&outcome, i), "repetition_index"), i);
        assert_int_equal(number(record(&outcome, i), "repetitions"), 3);
        assert_string_equal(text(record(&outcome, i), "name"), "steady");
    }
    const char *aggregates[] = { "steady_mean", "steady_median", "steady_stddev", "steady_cv" };
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(text(record(&outcome, 3 + i), "name"), aggregates[i]);
    outcome_release(&outcome);
}

static void test_zero_repetitions(void **state)
{
    (void)state;
    benchmark_register("steady", steady, NULL);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_repetitions=0");
    assert_int_equal(json_array_size(outcome.records), 0);
    assert_true(json_is_array(outcome.records));
    outcome_release(&outcome);
}

/* Also without a minimum time in code, where Google Benchmark forgets it. */
static void test_warm_up(void **state)
{
    (void)state;
    forget();
    benchmark_min_warmup_time(benchmark_register("steady", steady, NULL), 4e-6);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=4x");
    expect_runs((int64_t[]){ 4, 40, 112, 4 }, 4);
    assert_int_equal(json_array_size(outcome.records), 1);
    outcome_release(&outcome);
}

static void test_dry_run(void **state)
{
    (void)state;
    forget();
    benchmark_repetitions(benchmark_iterations(benchmark_register("steady", steady, NULL), 42), 5);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_dry_run --benchmark_min_warmup_time=3");
    expect_runs((int64_t[]){ 1 }, 1);
    assert_int_equal(json_array_size(outcome.records), 1);
    assert_string_equal(text(record(&outcome, 0), "name"), "steady/iterations:42/repeats:5");
    assert_string_equal(text(json_object_get(outcome.json, "context"), "dry_run"), "true");
    outcome_release(&outcome);
}

static void test_predict(void **state)
{
    (void)state;
    double multiplier;
    assert_int_equal(benchmark_runner_predict(10, 0, 1, &multiplier), 100);
    assert_int_equal(benchmark_runner_predict(10, 0.5, 1, &multiplier), 28);
    assert_int_equal(benchmark_runner_predict(1, 0.99, 1, &multiplier), 2); /* at least one more */
    assert_true(benchmark_runner_predict(900000000000, 0.2, 1, &multiplier) == 1000000000000);
}

/* ---- loop forms ---- */

static void batches(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, 7))
        seen.bodies++;
    assert_false(benchmark_state_keep_running_batch(state, 7));
    assert_true(benchmark_state_iterations(state) == 14);
}

static void counted(struct benchmark_state *state)
{
    assert_true(benchmark_state_iterations(state) == 0);
    BENCHMARK_LOOP(state)
    {
        seen.bodies++;
        pass_time(1, 1, 1);
    }
    assert_true(benchmark_state_iterations(state) == 10);
}

static void test_loop_forms(void **state)
{
    (void)state;
    forget();
    benchmark_iterations(benchmark_register("batches", batches, NULL), 10);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(seen.bodies, 2);
    assert_int_equal(number(record(&outcome, 0), "iterations"), 14);
    outcome_release(&outcome);

    forget();
    benchmark_iterations(benchmark_register("counted", counted, NULL), 10);
    outcome = run_library("--benchmark_format=json");
    assert_int_equal(seen.bodies, 10);
    assert_int_equal(number(record(&outcome, 0), "iterations"), 10);
    outcome_release(&outcome);
}

static void loop_again(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
        seen.bodies++;
    }
    BENCHMARK_LOOP(state)
    {
        seen.bodies++;
    }
}

static void loop_inside(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        BENCHMARK_LOOP(state)
        {
            seen.bodies++;
        }
    }
}

/* Samples, whose array has room for one loop, make it worse than a wrong time. */
static void test_one_loop(void **state)
{
    (void)state;
    static const char *const flags[] = { "--benchmark_format=json", "--benchmark_format=json --prony_samples=3" };
    for (size_t i = 0; i < 2; i++) {
        forget();
        benchmark_iterations(benchmark_register("again", loop_again, NULL), 10);
        benchmark_iterations(benchmark_register("inside", loop_inside, NULL), 10);
        benchmark_iterations(benchmark_threads(benchmark_register("threads", loop_again, NULL), 1), 10);
        struct outcome outcome = run_library(flags[i]);
        for (size_t r = 0; r < 3; r++)
            assert_string_equal(text(record(&outcome, r), "error_message"),
                                "a second loop in one call of the benchmark");
        assert_int_equal(seen.bodies, 20);
        outcome_release(&outcome);
    }
}

static void pausing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass_time(10, 10, 10);
        benchmark_state_pause_timing(state);
        pass_time(1000, 1000, 1000);
        benchmark_state_resume_timing(state);
        pass_time(5, 5, 5);
    }
}

static void pausing_early(struct benchmark_state *state)
{
    benchmark_state_pause_timing(state);
    while (benchmark_state_keep_running(state)) {}
}

static void test_pauses(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("pausing", pausing, NULL), 3);
    benchmark_register("early", pausing_early, NULL);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_near(number(record(&outcome, 0), "real_time"), 15, 1e-12);
    assert_near(number(record(&outcome, 0), "cpu_time"), 15, 1e-12);
    assert_string_equal(text(record(&outcome, 1), "error_message"), "pause_timing: the timer is not running");
    outcome_release(&outcome);
}

static void manual(struct benchmark_state *state)
{
    note_run(state);
    while (benchmark_state_keep_running(state)) {
        benchmark_state_set_iteration_time(state, 100e-9);
        benchmark_state_set_iteration_time(state, 50e-9);
    }
    benchmark_state_set_bytes_processed(state, 364);
    benchmark_state_set_items_processed(state, 150);
}

static void test_manual_time(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_use_manual_time(benchmark_register("manual", manual, NULL)), 4);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_near(number(record(&outcome, 0), "real_time"), 150, 1e-12); /* set_iteration_time adds up */
    assert_near(number(record(&outcome, 0), "bytes_per_second"), 364 / 600e-9, 1e-12);
    assert_near(number(record(&outcome, 0), "items_per_second"), 150 / 600e-9, 1e-12);
    outcome_release(&outcome);
}

static void standing_still(struct benchmark_state *state)
{
    note_run(state);
    while (benchmark_state_keep_running(state)) {
        pass_time(1000000, 0, 0);
        benchmark_state_set_iteration_time(state, (double)benchmark_state_range(state, 0));
    }
}

/* Nothing or less, as Google Benchmark reports it; but the search ends with the real time. */
static void test_manual_time_does_not_grow(void **state)
{
    (void)state;
    for (int64_t seconds = -1; seconds <= 0; seconds++) {
        forget();
        benchmark_use_manual_time(benchmark_arg(benchmark_register("still", standing_still, NULL), seconds));
        struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=0.01s");
        assert_int_equal(number(record(&outcome, 0), "iterations"), 100); /* 0.1 s, after 1 and 10 */
        assert_int_equal(seen.run_count, 3);
        assert_true(number(record(&outcome, 0), "real_time") == (double)seconds * 1e9);
        outcome_release(&outcome);
    }
}

/* ---- skips ---- */

static void skip_before(struct benchmark_state *state)
{
    benchmark_state_skip_with_error(state, "bad %s", "luck");
    benchmark_state_skip_with_error(state, "second");
    while (benchmark_state_keep_running(state))
        seen.bodies++;
    while (benchmark_state_keep_running_batch(state, 10))
        seen.bodies++;
}

static void skip_before_counted(struct benchmark_state *state)
{
    benchmark_state_skip_with_message(state, "not here");
    BENCHMARK_LOOP(state)
    seen.bodies++;
}

static void skip_inside(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        seen.bodies++;
        benchmark_state_skip_with_error(state, "inside");
    }
}

static void skip_paused(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        benchmark_state_pause_timing(state);
        benchmark_state_skip_with_error(state, "paused");
        benchmark_state_resume_timing(state);
    }
}

static void skip_after(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
    benchmark_state_skip_with_error(state, "after");
}

static void never_loops(struct benchmark_state *state)
{
    (void)state;
}

static void leaves_early(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        if (++seen.bodies == 3)
            return;
}

static void wrong_argument(struct benchmark_state *state)
{
    int64_t value = benchmark_state_range(state, 1);
    while (benchmark_state_keep_running(state))
        seen.bodies += (int)value;
}

static void test_skips(void **state)
{
    (void)state;
    const struct {
        benchmark_function *function;
        const char *message;
        int bodies;
    } cases[] = { { skip_before, "bad luck", 0 },
                  { skip_inside, "inside", 1 },
                  { skip_paused, "paused", 0 },
                  { skip_after, "after", 0 },
                  { never_loops,
                    "The benchmark didn't run, nor was it explicitly skipped. Please call 'SkipWithXXX` in your "
                    "benchmark as appropriate.",
                    0 },
                  { leaves_early, "The benchmark returned before its loop had ended.", 3 },
                  { wrong_argument, "range(1): this benchmark has 0 arguments", 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget();
        benchmark_iterations(benchmark_register("x", cases[i].function, NULL), 10);
        struct outcome outcome = run_library("--benchmark_format=json");
        assert_int_equal(json_array_size(outcome.records), 1);
        assert_true(json_is_true(json_object_get(record(&outcome, 0), "error_occurred")));
        assert_string_equal(text(record(&outcome, 0), "error_message"), cases[i].message);
        assert_int_equal(seen.bodies, cases[i].bodies);
        assert_int_equal(outcome.status, 0); /* as Google Benchmark; see --prony_exit_code */
        outcome_release(&outcome);
    }
    forget();
    benchmark_register("x", skip_before_counted, NULL);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_true(json_is_true(json_object_get(record(&outcome, 0), "skipped")));
    assert_string_equal(text(record(&outcome, 0), "skip_message"), "not here");
    assert_null(json_object_get(record(&outcome, 0), "error_occurred"));
    assert_int_equal(seen.bodies, 0);
    outcome_release(&outcome);
}

/* The first repetition fails: its record stays, aggregates are over the others. */
static void fails_once(struct benchmark_state *state)
{
    if (seen.run_count++ == 0)
        benchmark_state_skip_with_error(state, "first");
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9 * seen.run_count);
}

static void test_aggregates_without_failed_repetitions(void **state)
{
    (void)state;
    forget();
    struct benchmark *family = benchmark_register("x", fails_once, NULL);
    benchmark_use_manual_time(benchmark_repetitions(benchmark_iterations(family, 5), 3));
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_int_equal(json_array_size(outcome.records), 3 + 4);
    assert_string_equal(text(record(&outcome, 0), "error_message"), "first");
    assert_near(number(record(&outcome, 3), "real_time"), 2.5, 1e-12);
    assert_int_equal(number(record(&outcome, 3), "iterations"), 2);
    assert_int_equal(number(record(&outcome, 3), "repetitions"), 3);
    outcome_release(&outcome);
}

/* ---- hooks ---- */

static void setup(struct benchmark_state *state)
{
    seen.setups++;
    assert_true(benchmark_state_max_iterations(state) == 1);
    assert_ptr_equal(benchmark_state_fixture(state), &seen);
}

static void teardown(struct benchmark_state *state)
{
    seen.teardowns++;
    assert_ptr_equal(benchmark_state_fixture(state), &seen);
}

static void case_setup(struct benchmark_state *state)
{
    seen.case_setups++;
    assert_ptr_equal(benchmark_state_user_data(state), (void *)seen.runs);
    benchmark_state_set_fixture(state, &seen);
    if (benchmark_state_range(state, 0) == 13)
        benchmark_state_skip_with_error(state, "unlucky");
}

static void case_teardown(struct benchmark_state *state)
{
    seen.case_teardowns++;
    assert_ptr_equal(benchmark_state_fixture(state), &seen);
}

static void test_hooks(void **state)
{
    (void)state;
    forget();
    struct benchmark *family = benchmark_register("x", steady, seen.runs);
    benchmark_arg(benchmark_arg(family, 1), 13);
    benchmark_teardown(benchmark_setup(family, setup), teardown);
    benchmark_teardown_case(benchmark_setup_case(family, case_setup), case_teardown);
    struct outcome outcome =
        run_library("--benchmark_format=json --benchmark_min_time=0.00001s --benchmark_repetitions=2");
    assert_int_equal(seen.run_count, 5); /* 1, 10, 100, 280, and 280 again */
    assert_int_equal(seen.setups, 5);
    assert_int_equal(seen.teardowns, 5);
    assert_int_equal(seen.case_setups, 2);
    assert_int_equal(seen.case_teardowns, 2);
    assert_string_equal(text(record(&outcome, json_array_size(outcome.records) - 1), "error_message"), "unlucky");
    outcome_release(&outcome);
}

static void record_order(struct benchmark_state *state)
{
    seen.runs[seen.run_count++ % 64] = benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state))
        pass_time(100, 50, 80);
}

static struct outcome run_two_interleaved(const char *flags)
{
    forget();
    struct benchmark *family = benchmark_register("x", record_order, NULL);
    benchmark_iterations(benchmark_repetitions(benchmark_arg(benchmark_arg(family, 1), 2), 20), 3);
    return run_library(flags);
}

static void test_interleaving(void **state)
{
    (void)state;
    struct outcome outcome = run_two_interleaved("--benchmark_format=json");
    for (int i = 0; i < 40; i++) /* without: strictly in order */
        assert_true(seen.runs[i] == (i < 20 ? 1 : 2));
    outcome_release(&outcome);

    outcome = run_two_interleaved("--benchmark_format=json --benchmark_enable_random_interleaving --prony_seed=5");
    int64_t first_order[40];
    int ones = 0, changes = 0;
    for (int i = 0; i < 40; i++) {
        first_order[i] = seen.runs[i];
        ones += seen.runs[i] == 1;
        changes += i > 0 && seen.runs[i] != seen.runs[i - 1];
    }
    assert_int_equal(seen.run_count, 40);
    assert_int_equal(ones, 20);
    assert_true(changes > 5);
    assert_int_equal(json_array_size(outcome.records), 2 * (20 + 4));
    for (size_t i = 0; i < 20; i++) /* a case's records stay together, repetitions counted as they ran */
        assert_int_equal(number(record(&outcome, i), "repetition_index"), i);
    assert_string_equal(text(json_object_get(outcome.json, "context"), "prony_interleaving_seed"), "5");
    outcome_release(&outcome);

    outcome = run_two_interleaved("--benchmark_format=json --benchmark_enable_random_interleaving --prony_seed=5");
    assert_memory_equal(seen.runs, first_order, sizeof first_order); /* the same seed, the same order */
    outcome_release(&outcome);
}

/* Each document has the seed of its own run. */
static void test_seed_of_every_run(void **state)
{
    (void)state;
    char seeds[2][64];
    for (int i = 0; i < 2; i++) {
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t) "--benchmark_format=json",
                         (char *)(uintptr_t) "--benchmark_enable_random_interleaving", NULL };
        int argc = 3;
        fake.wall_ns += 1000;
        struct redirection out = redirect(STDOUT_FILENO);
        benchmark_initialize(&argc, argv);
        benchmark_iterations(benchmark_register("x", record_order, NULL), 1);
        benchmark_run_specified();
        char *written = restore(&out);
        json_t *json = json_loads(written, 0, NULL);
        snprintf(seeds[i], sizeof seeds[i], "%s", text(json_object_get(json, "context"), "prony_interleaving_seed"));
        json_decref(json);
        free(written);
    }
    benchmark_shutdown();
    assert_string_not_equal(seeds[0], seeds[1]);
}

static char *file_path; /* of --benchmark_out while it grows */

static void read_own_file(struct benchmark_state *state)
{
    size_t size;
    char *text = NULL;
    while (benchmark_state_keep_running(state)) {}
    assert_int_equal(file_read(file_path, &text, &size, NULL), 0);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json); /* whole at any time, so also should the program die here */
    benchmark_state_set_counter(state, "so_far", (double)json_array_size(json_object_get(json, "benchmarks")),
                                BENCHMARK_COUNTER_PLAIN);
    json_decref(json);
    free(text);
}

static void test_file_is_whole_at_any_time(void **state)
{
    (void)state;
    char path[] = "/tmp/benchmark_whole_XXXXXX";
    close(mkstemp(path));
    file_path = path;
    struct benchmark *family = benchmark_register("x", read_own_file, NULL);
    benchmark_iterations(benchmark_dense_range(family, 1, 3, 1), 1);
    char *flags = mem_format("--benchmark_out=%s --benchmark_format=json", path);
    struct outcome outcome = run_library(flags);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(number(record(&outcome, i), "so_far"), i);
    size_t size;
    char *text = NULL;
    assert_int_equal(file_read(path, &text, &size, NULL), 0);
    assert_string_equal(strstr(text, "\"benchmarks\""), strstr(outcome.out, "\"benchmarks\""));
    free(text);
    free(flags);
    unlink(path);
    outcome_release(&outcome);
}

/* ---- beyond Google Benchmark ---- */

static void values(struct benchmark_state *state)
{
    double n = 0;
    while (benchmark_state_keep_running(state))
        benchmark_state_add_value(state, n++);
    benchmark_state_set_output_digest(state, 0xdeadbeef);
}

static void test_values(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("few", values, NULL), 3);
    benchmark_iterations(benchmark_register("many", values, NULL), 10000);
    struct outcome outcome = run_library("--benchmark_format=json");
    const json_t *few = json_object_get(record(&outcome, 0), "prony_values_ns");
    assert_int_equal(json_array_size(few), 3);
    assert_null(json_object_get(record(&outcome, 0), "prony_values_stride"));
    assert_string_equal(text(record(&outcome, 0), "prony_output_digest"), "00000000deadbeef");
    const json_t *many = json_object_get(record(&outcome, 1), "prony_values_ns");
    assert_int_equal(number(record(&outcome, 1), "prony_values_stride"), 4);
    assert_int_equal(json_array_size(many), 2500);
    for (size_t i = 0; i < 2500; i++) /* evenly over the whole run */
        assert_int_equal(json_number_value(json_array_get(many, i)), 4 * i);
    outcome_release(&outcome);
}

static void allocates(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        void *memory = malloc(10);
        benchmark_do_not_optimize(memory);
        free(memory);
        benchmark_state_pause_timing(state);
        memory = malloc(10);
        benchmark_do_not_optimize(memory);
        free(memory);
        benchmark_state_resume_timing(state);
    }
}

static void test_allocations(void **state)
{
    (void)state;
    uint64_t count;
    benchmark_iterations(benchmark_register("allocates", allocates, NULL), 5);
    struct outcome outcome = run_library("--benchmark_format=json");
    if (benchmark_allocation_count(&count))
        assert_int_equal(number(record(&outcome, 0), "prony_allocations"), 5);
    else
        assert_null(json_object_get(record(&outcome, 0), "prony_allocations"));
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_driving_clock),
        cmocka_unit_test(test_real_time_limit),
        cmocka_unit_test(test_fixed_iterations),
        cmocka_unit_test(test_repetitions_reuse_the_count),
        cmocka_unit_test(test_zero_repetitions),
        cmocka_unit_test(test_warm_up),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_loop_forms),
        cmocka_unit_test(test_one_loop),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_manual_time),
        cmocka_unit_test(test_manual_time_does_not_grow),
        cmocka_unit_test(test_skips),
        cmocka_unit_test(test_aggregates_without_failed_repetitions),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_interleaving),
        cmocka_unit_test(test_seed_of_every_run),
        cmocka_unit_test(test_file_is_whole_at_any_time),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
