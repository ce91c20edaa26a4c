/* Registration before main: every macro of benchmark.h, the names it gives, the order, and fixtures. All in one run,
 * because what was registered before main is gone after it. */
#include "tests/unit/benchmark_support.h"
#include <stdatomic.h>

static struct {
    _Atomic int set_ups, tear_downs, bodies;
    int captured;
} seen;

static void plain(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}
BENCHMARK(plain);
BENCHMARK_WITH(plain, benchmark_name(family, "renamed"); benchmark_range(family, 1, 8));

struct options {
    int size;
    const char *text;
};

static void capturing(struct benchmark_state *state)
{
    const struct options *options = benchmark_state_user_data(state);
    if (options)
        seen.captured += options->size + (int)strlen(options->text);
    while (benchmark_state_keep_running(state)) {}
}
BENCHMARK_CAPTURE(capturing, small, &((struct options){ 1, "x" }));
BENCHMARK_CAPTURE_WITH(capturing, large, &((struct options){ 100, "xx" }), benchmark_repetitions(family, 2));
BENCHMARK_NAMED(capturing, nothing);

#define DEFINE_SUM(type)                                  \
    static void sum_##type(struct benchmark_state *state) \
    {                                                     \
        type sum = 0;                                     \
        while (benchmark_state_keep_running(state)) {     \
            sum = (type)(sum + 1);                        \
            benchmark_do_not_optimize(sum);               \
        }                                                 \
    }
DEFINE_SUM(int)
DEFINE_SUM(double)
BENCHMARK_TEMPLATE(sum, int);
BENCHMARK_TEMPLATE_WITH(sum, double, benchmark_unit(family, BENCHMARK_MICROSECOND));

static void pair_int_char(struct benchmark_state *state)
{
    plain(state);
}
BENCHMARK_TEMPLATE2(pair, int, char);

/* ---- fixtures ---- */

static void set_up(struct benchmark_state *state)
{
    atomic_fetch_add(&seen.set_ups, 1);
    assert_true(benchmark_state_iterations(state) == 0);
    benchmark_state_set_fixture(state, mem_format("%d", benchmark_state_thread_index(state)));
    if (benchmark_state_range(state, 0) == 13 && benchmark_state_thread_index(state) == 0)
        benchmark_state_skip_with_error(state, "unlucky");
}

static void tear_down(struct benchmark_state *state)
{
    atomic_fetch_add(&seen.tear_downs, 1);
    free(benchmark_state_fixture(state));
}

static void method(struct benchmark_state *state)
{
    assert_int_equal(atoi(benchmark_state_fixture(state)), benchmark_state_thread_index(state));
    atomic_fetch_add(&seen.bodies, 1);
    while (benchmark_state_keep_running(state)) {}
}
static const struct benchmark_fixture Fixture = { "Fixture", set_up, tear_down };
BENCHMARK_FIXTURE_WITH(Fixture, method, benchmark_threads(benchmark_arg(benchmark_arg(family, 1), 13), 3));
static const struct benchmark_fixture Bare = { "Bare", NULL, NULL };
BENCHMARK_FIXTURE(Bare, plain);

static void test_macros(void **state)
{
    (void)state;
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=2x");
    const char *expected[] = { "plain",
                               "renamed/1",
                               "renamed/8",
                               "capturing/small",
                               "capturing/large/repeats:2",
                               "capturing/large/repeats:2",
                               "capturing/large/repeats:2_mean",
                               "capturing/large/repeats:2_median",
                               "capturing/large/repeats:2_stddev",
                               "capturing/large/repeats:2_cv",
                               "capturing/nothing",
                               "sum<int>",
                               "sum<double>",
                               "pair<int,char>",
                               "Fixture/method/1/threads:3",
                               "Fixture/method/13/threads:3",
                               "Bare/plain" };
    assert_int_equal(json_array_size(outcome.records), sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(text(record(&outcome, i), "name"), expected[i]);
    assert_int_equal(seen.captured, 2 + 2 * 102);
    assert_string_equal(text(record(&outcome, 12), "time_unit"), "us");
    assert_string_equal(text(record(&outcome, 15), "error_message"), "unlucky");
    assert_int_equal(seen.set_ups, 6); /* every thread of both cases */
    assert_int_equal(seen.tear_downs, 6);
    assert_int_equal(seen.bodies, 3 + 2); /* a skip in set_up spares the body of that thread, not the others' */
    outcome_release(&outcome);
}

static void test_clear(void **state)
{
    (void)state;
    benchmark_register("gone", plain, NULL);
    benchmark_clear_registered();
    benchmark_register("there", plain, NULL);
    benchmark_set_default_time_unit(BENCHMARK_SECOND);
    assert_int_equal(benchmark_default_time_unit(), BENCHMARK_SECOND);
    struct outcome outcome = run_library("--benchmark_format=json --benchmark_min_time=1x");
    assert_int_equal(json_array_size(outcome.records), 1);
    assert_string_equal(text(record(&outcome, 0), "name"), "there");
    assert_string_equal(text(record(&outcome, 0), "time_unit"), "s");
    outcome_release(&outcome);
}

static void test_created_lists(void **state)
{
    (void)state;
    struct benchmark_list range = benchmark_create_range(8, 128, 4), dense = benchmark_create_dense_range(1, 6, 2);
    struct benchmark_list none = benchmark_create_range(2, 1, 8), none_dense = benchmark_create_dense_range(1, 2, 0);
    assert_int_equal(range.count, 4);
    assert_memory_equal(range.values, ((int64_t[]){ 8, 16, 64, 128 }), 4 * sizeof(int64_t));
    assert_int_equal(dense.count, 3);
    assert_memory_equal(dense.values, ((int64_t[]){ 1, 3, 5 }), 3 * sizeof(int64_t));
    assert_int_equal(none.count + none_dense.count, 0);
    free((void *)(uintptr_t)range.values);
    free((void *)(uintptr_t)dense.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_macros),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_created_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
