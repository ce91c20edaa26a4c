/* counters_test.c: checks 29 to 32: user counters. */
#include "tests/conformance/conformance.h"

/* ---- 29 ---- */

static void probe(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 0.5);
    benchmark_state_set_counter(state, "h", 1e6, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "g", 1e4, BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "f", 100, BENCHMARK_COUNTER_AVG_ITERATIONS_RATE);
    benchmark_state_set_counter(state, "e", 100, BENCHMARK_COUNTER_AVG_ITERATIONS);
    benchmark_state_set_counter(state, "d", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT_RATE);
    benchmark_state_set_counter(state, "c", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT);
    benchmark_state_set_counter(state, "b", 10, BENCHMARK_COUNTER_AVG_THREADS_RATE);
    benchmark_state_set_counter(state, "B", 10, BENCHMARK_COUNTER_AVG_THREADS);
    benchmark_state_set_counter(state, "a", 1e6, BENCHMARK_COUNTER_RATE);
}

static void one_more(struct benchmark_state *state)
{
    probe(state);
    benchmark_state_set_counter(state, "a_longer_name", 1, BENCHMARK_COUNTER_PLAIN);
}

/* The values for one and two threads that take 0.5 s for each of 4 iterations; Google Benchmark printed them. */
static void check_29_flags(void **state)
{
    (void)state;
    static const char *const names[] = { "B", "a", "b", "c", "d", "e", "f", "g", "h" };
    static const double values[2][9] = { { 10, 5e5, 5, 12, 6, 25, 12.5, 1e-4, 2e-6 },
                                         { 10, 1e6, 5, 48, 24, 25, 12.5, 5e-5, 1e-6 } };
    for (int threads = 1; threads <= 2; threads++)
        benchmark_threads(add_manual("BM_p", probe, 4), threads);
    struct outcome outcome = run_library("--benchmark_color=no --benchmark_out=%OUT%");
    for (size_t t = 0; t < 2; t++) {
        size_t at = 0;
        void *member = json_object_iter_at(record(&outcome, t), "time_unit");
        while (at < 9 && (member = json_object_iter_next(record(&outcome, t), member)) != NULL) {
            assert_string_equal(json_object_iter_key(member), names[at]); /* sorted */
            assert_near(json_number_value(json_object_iter_value(member)), values[t][at++], 1e-14);
        }
        assert_int_equal(at, 9);
    }
    expect_match(outcome.out, "threads:1 .* 4 B=10 a=500k/s b=5/s c=12 d=6/s e=25 f=12\\.5/s g=100u h=2us$");
    expect_match(outcome.out, "threads:2 .* 8 B=10 a=1M/s b=5/s c=48 d=24/s e=25 f=12\\.5/s g=50u h=1us$");
    outcome_release(&outcome);
}

static void check_29_tabular(void **state)
{
    (void)state;
    add_manual("BM_p", probe, 4);
    add_manual("BM_p", probe, 4);
    benchmark_repetitions(add_manual("BM_q", one_more, 4), 2);
    struct outcome outcome =
        run_library("--benchmark_color=no --benchmark_counters_tabular --benchmark_format=console");
    assert_int_equal(count_of(outcome.out, "Iterations"), 2); /* the set changed once */
    expect_match(outcome.out,
                 "Iterations          B          a          b          c          d          e          f  "
                 "        g          h$");
    expect_match(outcome.out, "Iterations          B          a a_longer_name          b ");
    expect_match(outcome.out,
                 "^BM_p.* 4         10     500k/s        5/s         12        6/s         25     12\\.5/s  "
                 "     100u        2us$");
    expect_match(outcome.out, "_cv .* 2      0\\.00%      0\\.00%         0\\.00%");
    outcome_release(&outcome);
}

/* ---- 30 ---- */

static void thousandths(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-9);
    double value = (double)benchmark_state_range(state, 0);
    benchmark_state_set_counter(state, "si", value, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter_base(state, "iec", value, BENCHMARK_COUNTER_PLAIN, 1024);
}

static void check_30_human_numbers(void **state)
{
    (void)state;
    const struct {
        int64_t value;
        const char *expected;
    } cases[] = {
        { 0, " iec=0 si=0\n" },
        { 999, " iec=999 si=999\n" },
        { 1000, " iec=1000 si=1k\n" },
        { 1024, " iec=1Ki si=1.024k\n" },
        { 1000000, " iec=976.562Ki si=1M\n" },
        { 1048576, " iec=1Mi si=1.04858M\n" },
        { 1000000000, " iec=953.674Mi si=1G\n" },
        { 1073741824, " iec=1Gi si=1.07374G\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        benchmark_arg(add_manual("BM_h", thousandths, 1), cases[i].value);
    struct outcome outcome = run_library("--benchmark_color=no");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_contains(outcome.out, cases[i].expected);
    outcome_release(&outcome);
}

/* ---- 31 ---- */

static void bytes_and_items(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pass_time(9000000, 2000000, 5000000);
    benchmark_state_set_bytes_processed(state, 364);
    benchmark_state_set_items_processed(state, 150);
    benchmark_state_set_label(state, "label");
}

static void check_31_bytes_and_items(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++)
        benchmark_threads(benchmark_iterations(benchmark_register("BM_b", bytes_and_items, NULL), 5), threads);
    struct outcome outcome = run_library("--benchmark_format=csv --benchmark_out=%OUT%");
    for (size_t i = 0; i < 2; i++) { /* seconds: the CPU time of one thread */
        assert_near(number(record(&outcome, i), "bytes_per_second"), 364 * (double)(i + 1) / 0.01, 1e-3);
        assert_near(number(record(&outcome, i), "items_per_second"), 150 * (double)(i + 1) / 0.01, 1e-3);
    }
    expect_contains(outcome.out, "\"BM_b/iterations:5/threads:1\",5,9e+06,2e+06,ns,36400,15000,\"label\",,\n");
    expect_contains(outcome.out, "\"BM_b/iterations:5/threads:2\",10,9e+06,2e+06,ns,72800,30000,\"label\",,\n");
    assert_true(str_starts(outcome.out,
                           "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,"
                           "label,error_occurred,error_message\n"));
    outcome_release(&outcome);
}

/* ---- 32 ---- */

static void first_thread_counts(struct benchmark_state *state)
{
    brief(state);
    if (benchmark_state_thread_index(state) == 0)
        benchmark_state_set_counter(state, "once", 5, BENCHMARK_COUNTER_PLAIN);
}

static void check_32_counter_of_one_thread(void **state)
{
    (void)state;
    benchmark_threads(add_manual("BM_o", first_thread_counts, 4), 3);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_true(number(record(&outcome, 0), "once") == 5);
    assert_int_equal(count_of(outcome.out, "\"once\""), 1);
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_29_flags),
        cmocka_unit_test(check_29_tabular),
        cmocka_unit_test(check_30_human_numbers),
        cmocka_unit_test(check_31_bytes_and_items),
        cmocka_unit_test(check_32_counter_of_one_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
