/* prony_spans: what a benchmark says about where its time went. */
#include "tests/unit/benchmark_support.h"

enum { ITERATIONS = 4, LAYERS = 3 };

/* As a suite does: once a layer, then once more for what is known by now. */
static void traced(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
    benchmark_state_add_span(state, &(struct benchmark_span){ "embed", -7, ITERATIONS, 8, NAN, INFINITY, "" });
    for (int i = 0; i < 2 * LAYERS; i++) {
        char name[] = "down\x01", kernels[] = "matvec/q8_0/rows:8";
        struct benchmark_span span = { name, i % LAYERS, ITERATIONS, 100.0 * (i + 1), 1e12 + 1, 3, kernels };
        benchmark_state_add_span(state, &span);
        memset(name, 0, sizeof name); /* it was copied */
    }
}

static const json_t *operations(const struct outcome *outcome, size_t index)
{
    const json_t *list = json_object_get(json_object_get(record(outcome, index), "prony_spans"), "operations");
    assert_true(json_is_array(list));
    return list;
}

static double number_of(const json_t *list, size_t index, const char *key)
{
    const json_t *value = json_object_get(json_array_get(list, index), key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void test_averages_of_an_iteration(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("traced", traced, NULL), ITERATIONS);
    struct outcome outcome = run_library("--benchmark_format=json");
    const json_t *list = operations(&outcome, 0);
    assert_int_equal(json_array_size(list), 1 + LAYERS);
    assert_string_equal(text(json_array_get(list, 0), "operation"), "embed");
    assert_null(json_object_get(json_array_get(list, 0), "layer"));
    assert_null(json_object_get(json_array_get(list, 0), "bytes"));
    assert_null(json_object_get(json_array_get(list, 0), "flops"));
    assert_null(json_object_get(json_array_get(list, 0), "kernels"));
    assert_near(number_of(list, 0, "time_ns"), 2, 0);
    assert_string_equal(text(json_array_get(list, 2), "operation"), "down\x01");
    assert_string_equal(text(json_array_get(list, 2), "kernels"), "matvec/q8_0/rows:8");
    assert_near(number_of(list, 2, "layer"), 1, 0);
    assert_near(number_of(list, 2, "calls"), 2, 0);
    assert_near(number_of(list, 2, "time_ns"), (200.0 + 500.0) / ITERATIONS, 0);
    assert_near(number_of(list, 2, "bytes"), (2e12 + 2) / ITERATIONS, 0);
    outcome_release(&outcome);
}

static void plain(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

static void test_absent_without_spans(void **state)
{
    (void)state;
    benchmark_register("plain", plain, NULL);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=10x");
    assert_null(json_object_get(record(&outcome, 0), "prony_spans"));
    outcome_release(&outcome);
}

/* Each trial, and each repetition, starts without spans; those of the threads of a case become one. */
static void test_repetitions_and_threads(void **state)
{
    (void)state;
    struct benchmark *family = benchmark_register("traced", traced, NULL);
    benchmark_threads(benchmark_iterations(family, ITERATIONS), 2);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_repetitions=2");
    for (size_t i = 0; i < 2; i++) {
        const json_t *list = operations(&outcome, i);
        assert_int_equal(json_array_size(list), 1 + LAYERS);
        assert_near(number_of(list, 3, "flops"), 2 * 2 * 3.0 / (2 * ITERATIONS), 0);
    }
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_averages_of_an_iteration),
        cmocka_unit_test(test_absent_without_spans),
        cmocka_unit_test(test_repetitions_and_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
