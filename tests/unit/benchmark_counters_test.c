/* Counters: what each flag does to the value, their order, and the short form for people. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"

static void test_human_numbers(void **state)
{
    (void)state;
    const struct {
        double value;
        int base;
        const char *expected;
    } cases[] = {
        { 0, 1000, "0" },
        { 0, 1024, "0" },
        { 999, 1000, "999" },
        { 999, 1024, "999" },
        { 999.5, 1000, "0.9995k" },
        { 1000, 1000, "1k" },
        { 1000, 1024, "1000" },
        { 1024, 1000, "1.024k" },
        { 1024, 1024, "1Ki" },
        { 1023.5, 1024, "0.999512Ki" },
        { 1e6, 1000, "1M" },
        { 1e6, 1024, "976.562Ki" },
        { 1048576, 1000, "1.04858M" },
        { 1048576, 1024, "1Mi" },
        { 1e9, 1000, "1G" },
        { 1e9, 1024, "953.674Mi" },
        { 1073741824, 1000, "1.07374G" },
        { 1073741824, 1024, "1Gi" },
        { 0.0123, 1000, "0.0123" },
        { 0.01, 1000, "0.01" },
        { 0.00999, 1000, "9.99m" },
        { 1e-9, 1000, "1n" },
        { -1e-9, 1000, "-1n" },
        { 0.001, 1024, "1.024m" }, /* no i below 1 */
        { -1500, 1000, "-1.5k" },
        { 1e24, 1000, "1Y" },
        { 1e30, 1000, "1e+30" },
        { 1e-30, 1000, "1e-30" },
        { NAN, 1000, "nan" },
        { INFINITY, 1000, "inf" },
        { -INFINITY, 1024, "-inf" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buffer[64];
        benchmark_counters_human(buffer, sizeof buffer, cases[i].value, cases[i].base);
        if (strcmp(buffer, cases[i].expected) != 0)
            fail_msg("%g in base %d: '%s', expected '%s'", cases[i].value, cases[i].base, buffer, cases[i].expected);
    }
}

/* The probe of specs: 4 iterations of 0.5 s. */
static void probe(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 0.5);
    benchmark_state_set_counter(state, "rate", 1e6, BENCHMARK_COUNTER_RATE);
    benchmark_state_set_counter(state, "avgThreadsRate", 10, BENCHMARK_COUNTER_AVG_THREADS_RATE);
    benchmark_state_set_counter(state, "itInv", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT);
    benchmark_state_set_counter(state, "itInvRate", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT_RATE);
    benchmark_state_set_counter(state, "avgIt", 100, BENCHMARK_COUNTER_AVG_ITERATIONS);
    benchmark_state_set_counter(state, "avgItRate", 100, BENCHMARK_COUNTER_AVG_ITERATIONS_RATE);
    benchmark_state_set_counter(state, "invert", 1e4, BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "rateInvert", 1e6, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_counter(state, "twice", 1, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "twice", 7, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_add_counter(state, "twice", 2);
    benchmark_state_add_counter(state, "added", 0.5);
}

static void test_flags(void **state)
{
    (void)state;
    benchmark_use_manual_time(benchmark_iterations(benchmark_register("probe", probe, NULL), 4));
    struct outcome outcome = run_library("--benchmark_format=json");
    const struct {
        const char *name;
        double value;
    } expected[] = { { "rate", 5e5 }, { "avgThreadsRate", 5 }, { "itInv", 12 },    { "itInvRate", 6 },
                     { "avgIt", 25 }, { "avgItRate", 12.5 },   { "invert", 1e-4 }, { "rateInvert", 2e-6 },
                     { "twice", 9 },  { "added", 0.5 } };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_near(number(record(&outcome, 0), expected[i].name), expected[i].value, 1e-12);
    outcome_release(&outcome);

    benchmark_use_manual_time(benchmark_iterations(benchmark_register("probe", probe, NULL), 4));
    outcome = run_library("--benchmark_color=false");
    assert_non_null(strstr(outcome.out, " added=0.5 avgIt=25 avgItRate=12.5/s avgThreadsRate=5/s invert=100u itInv=12 "
                                        "itInvRate=6/s rate=500k/s rateInvert=2us twice=9\n"));
    outcome_release(&outcome);
}

static void test_map(void **state)
{
    (void)state;
    struct benchmark_counters counters = { 0 }, copy;
    const char *names[] = { "m", "a", "z", "B", "a2", "m" };
    for (size_t i = 0; i < 6; i++)
        benchmark_counters_at(&counters, names[i])->value += 1;
    assert_int_equal(counters.count, 5);
    const char *sorted[] = { "B", "a", "a2", "m", "z" }; /* by bytes */
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(counters.items[i].name, sorted[i]);
    assert_true(benchmark_counters_find(&counters, "m")->value == 2);
    assert_null(benchmark_counters_find(&counters, "b"));
    benchmark_counters_copy(&copy, &counters);
    assert_true(benchmark_counters_same_names(&copy, &counters));
    benchmark_counters_at(&copy, "new");
    assert_false(benchmark_counters_same_names(&copy, &counters));
    benchmark_counters_release(&copy);
    benchmark_counters_release(&counters);
}

static void count_iterations(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
    benchmark_state_set_counter(state, "iterations", 3, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "iterations_2", 3, BENCHMARK_COUNTER_PLAIN);
}

static void test_name_of_a_key(void **state)
{
    (void)state;
    benchmark_repetitions(benchmark_iterations(benchmark_register("b", count_iterations, NULL), 1), 2);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_string_equal(outcome.err, "b/iterations:1/repeats:2: counter \"iterations\": every JSON record has a key of "
                                     "that name; call it something else\n");
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_human_numbers),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_name_of_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
