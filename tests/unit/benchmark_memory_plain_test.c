/* A program without the counting malloc: nothing is counted, and everything says so. The Makefile leaves it out of
 * programs that are called *_plain_test. */
#include "tests/unit/benchmark_support.h"
#include "harness/probe/probe_allocations.h"

static void *volatile sink;

static void allocate(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        sink = malloc(10);
        free(sink);
    }
}

static void test_counts_are_absent(void **state)
{
    (void)state;
    uint64_t count;
    assert_false(benchmark_allocation_count(&count));
    assert_int_equal(count, 0);
    assert_null(benchmark_malloc_manager());
    assert_string_equal(probe_allocations_problem(),
                        "allocations are not counted: the program is not linked with libprony_benchmark_malloc");
    benchmark_iterations(benchmark_register("BM", allocate, NULL), 3);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_null(json_object_get(record(&outcome, 0), "prony_allocations"));
    outcome_release(&outcome);
}

/* Heap numbers are absent with the reason; what the kernel tells is there. */
static void test_memory_run_says_what_it_cannot_count(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("BM", allocate, NULL), 32);
    struct outcome outcome = run_library("--prony_memory --prony_growth=32 --benchmark_format=json");
    json_t *found = record(&outcome, 0), *counters = json_object_get(found, "prony_counters");
    static const char *const absent[] = { "heap_allocations_per_operation", "heap_allocated_bytes", "heap_peak_bytes",
                                          "heap_growth_bytes", "mapped_bytes" };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        const json_t *counter = json_object_get(counters, absent[i]);
        char key[64];
        snprintf(key, sizeof key, "prony_%s", absent[i]);
        assert_null(json_object_get(found, key));
        assert_string_equal(json_string_value(json_object_get(counter, "state")), "unsupported");
        assert_string_equal(json_string_value(json_object_get(counter, "reason")),
                            "allocations are not counted: the program is not linked with libprony_benchmark_malloc");
    }
    assert_string_equal(text(json_object_get(counters, "heap_peak_bytes"), "remedy"),
                        "link the program with -lprony_benchmark_malloc");
    assert_null(json_object_get(found, "allocs_per_iter"));
    assert_true(number(found, "prony_page_faults_per_operation") >= 0);
    assert_true(number(found, "prony_resident_anonymous_bytes") > 4096);
    assert_non_null(json_object_get(found, "prony_mapped_growth_bytes"));
    assert_string_equal(json_string_value(json_object_get(found, "prony_growth")), "steady");
    assert_string_equal(json_string_value(json_object_get(found, "prony_growth_of")), "rss_bytes");
    assert_null(json_object_get(json_object_get(found, "prony_courses"), "live_bytes"));
    assert_string_equal(outcome.err, "--prony_memory: allocations are not counted: the program is not linked with "
                                     "libprony_benchmark_malloc\n");
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_absent),
        cmocka_unit_test(test_memory_run_says_what_it_cannot_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
