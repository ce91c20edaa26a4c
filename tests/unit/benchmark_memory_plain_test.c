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

static void test_flag_ends_the_program(void **state)
{
    (void)state;
    int status;
    struct redirection err = redirect(STDERR_FILENO);
    benchmark_iterations(benchmark_register("BM", allocate, NULL), 3);
    pid_t child = fork();
    if (child == 0) {
        int argc = 2;
        char *argv[] = { (char *)(uintptr_t) "./program", (char *)(uintptr_t) "--prony_memory", NULL };
        benchmark_initialize(&argc, argv);
        benchmark_run_specified();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    char *text = restore(&err);
    benchmark_clear_registered();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_string_equal(text, "--prony_memory: allocations are not counted: the program is not linked with "
                              "libprony_benchmark_malloc\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_absent),
        cmocka_unit_test(test_flag_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
