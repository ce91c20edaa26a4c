/* The ready memory manager and --prony_memory in a program that is linked with the counting malloc. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_allocations.h"

enum { BLOCK_BYTES = 100000, BIG_BYTES = 48 * 1024 * 1024 };

static void *volatile sink; /* keeps the compiler from removing a malloc and its free */
static void *leaks[64];
static size_t leak_count;

static void three_blocks(struct benchmark_state *state)
{
    void *volatile before = malloc(500);
    while (benchmark_state_keep_running(state)) {
        for (int i = 0; i < 2; i++) {
            sink = malloc(BLOCK_BYTES);
            free(sink);
        }
        sink = malloc(BLOCK_BYTES / 2);
        free(sink);
    }
    free(before);
}

static void leak(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        leaks[leak_count++] = malloc(1000);
}

static void big(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        sink = malloc(BIG_BYTES);
        memset(sink, 1, BIG_BYTES);
        free(sink);
    }
}

static void nothing(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

/* Runs the program in a child; its exit status, and what it said. */
static int run_child(const char *flags, char **err)
{
    struct redirection redirection = redirect(STDERR_FILENO), out = redirect(STDOUT_FILENO);
    pid_t child = fork();
    if (child == 0) {
        int argc = 2;
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t)flags, NULL };
        benchmark_initialize(&argc, argv);
        benchmark_run_specified();
        fflush(NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    free(restore(&out));
    *err = restore(&redirection);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void need_counting(void)
{
    char *err;
    if (probe_allocations_available())
        return;
    assert_null(benchmark_malloc_manager());
    benchmark_iterations(benchmark_register("BM", nothing, NULL), 1);
    assert_int_equal(run_child("--prony_memory", &err), 1);
    assert_non_null(strstr(err, "--prony_memory: allocations are not counted: the sanitizer"));
    free(err);
    benchmark_clear_registered();
    skip();
}

static void test_numbers(void **state)
{
    (void)state;
    need_counting();
    benchmark_iterations(benchmark_register("three", three_blocks, NULL), 20);
    benchmark_iterations(benchmark_register("leak", leak, NULL), 4);
    struct outcome outcome = run_library("--prony_memory --benchmark_format=json");
    json_t *three = record(&outcome, 0), *leaking = record(&outcome, 1);
    /* A run of 16 iterations, and the one block around the loop. */
    assert_near(number(three, "allocs_per_iter"), (3 * 16 + 1) / 16.0, 1e-9);
    assert_in_range((uint64_t)number(three, "max_bytes_used"), BLOCK_BYTES, BLOCK_BYTES + 2000);
    assert_in_range((uint64_t)number(three, "total_allocated_bytes"), 16 * BLOCK_BYTES * 5 / 2,
                    16 * BLOCK_BYTES * 5 / 2 + 5000);
    assert_true(number(three, "net_heap_growth") == 0);
    assert_in_range((uint64_t)number(leaking, "net_heap_growth"), 4000, 4200);
    assert_true(number(three, "prony_allocations") == 60); /* of the timed run: the loop alone */
    assert_true(number(three, "prony_peak_rss_bytes") > 100000);
    outcome_release(&outcome);
    while (leak_count)
        free(leaks[--leak_count]);
}

static void test_peak_is_the_case_s(void **state)
{
    (void)state;
    need_counting();
    benchmark_iterations(benchmark_register("big", big, NULL), 2);
    benchmark_iterations(benchmark_register("nothing", nothing, NULL), 2);
    struct outcome outcome = run_library("--prony_memory --benchmark_format=json");
    const json_t *second = json_object_get(record(&outcome, 1), "prony_peak_rss_bytes");
    if (second) /* a container may hold clear_refs back */
        assert_true(number(record(&outcome, 0), "prony_peak_rss_bytes") >
                    json_number_value(second) + BIG_BYTES * 3.0 / 4);
    outcome_release(&outcome);
}

static void test_only_when_asked(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("three", three_blocks, NULL), 20);
    struct outcome outcome = run_library("--benchmark_format=json");
    assert_null(json_object_get(record(&outcome, 0), "allocs_per_iter"));
    assert_null(json_object_get(record(&outcome, 0), "prony_peak_rss_bytes"));
    outcome_release(&outcome);
}

static void start_own(void *context)
{
    ++*(int *)context;
}

static void stop_own(void *context, struct benchmark_memory_result *result)
{
    (void)context;
    *result = (struct benchmark_memory_result){ 77, 88, BENCHMARK_MEMORY_ABSENT, BENCHMARK_MEMORY_ABSENT };
}

static void test_programs_own_manager_stays(void **state)
{
    (void)state;
    int starts = 0;
    struct benchmark_memory_manager own = { start_own, stop_own, &starts };
    benchmark_register_memory_manager(&own);
    benchmark_iterations(benchmark_register("three", three_blocks, NULL), 1);
    struct outcome outcome = run_library("--prony_memory --benchmark_format=json");
    assert_int_equal(starts, 1);
    assert_near(number(record(&outcome, 0), "allocs_per_iter"), 77, 0);
    outcome_release(&outcome);
}

static void test_by_hand(void **state)
{
    (void)state;
    struct benchmark_memory_result result;
    need_counting();
    const struct benchmark_memory_manager *manager = benchmark_malloc_manager();
    assert_non_null(manager);
    manager->start(manager->context);
    sink = malloc(3000);
    manager->stop(manager->context, &result);
    free(sink);
    assert_int_equal(result.num_allocs, 1);
    assert_in_range(result.max_bytes_used, 3000, 3100);
    assert_true(result.net_heap_growth == result.max_bytes_used &&
                result.total_allocated_bytes == result.max_bytes_used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),         cmocka_unit_test(test_peak_is_the_case_s),
        cmocka_unit_test(test_only_when_asked), cmocka_unit_test(test_programs_own_manager_stays),
        cmocka_unit_test(test_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
