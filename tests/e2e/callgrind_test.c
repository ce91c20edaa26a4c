/* callgrind_test.c: cases of the kernels suite under the real valgrind. Skipped where valgrind is missing, and in
 * variants that it cannot run (sanitizers). */
#include "harness/base/mem.h"
#include "harness/run/callgrind.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static bool can_run(void)
{
    const char *variant = getenv("PRONY_VARIANT");
#ifdef PRONY_HAVE_VALGRIND
    return (!variant || strcmp(variant, "release") == 0) && access("/usr/bin/valgrind", X_OK) == 0;
#else
    return !variant && false;
#endif
}

static struct callgrind_result measure(const char *name, struct arena *arena)
{
    const char *directory = getenv("PRONY_BIN");
    const char *const arguments[] = { arena_format(arena, "%s/kernels", directory ? directory : "build/bin"), NULL };
    struct callgrind_request request = { .arguments = arguments, .name = name, .timeout_s = 60, .interrupt_fd = -1 };
    struct callgrind_result result;
    struct error error;
    if (callgrind_measure(&request, arena, &result, &error))
        fail_msg("%s", error.text);
    return result;
}

/* Whatever the environment, to the last miss of a cache. */
static void test_identical(void **state)
{
    struct arena arena = { 0 };
    (void)state;
    if (!can_run())
        skip();
    struct callgrind_result first = measure("rmsnorm/f32/scalar/cols:896", &arena);
    setenv("PRONY_TEST_LONG", "/some/longer/path/than/there/was", 1);
    setenv("NOBODY_SEES_THIS", "0123456789", 1);
    struct callgrind_result second = measure("rmsnorm/f32/scalar/cols:896", &arena);
    unsetenv("PRONY_TEST_LONG");
    unsetenv("NOBODY_SEES_THIS");
    if (!first.counted || !second.counted)
        fail_msg("%s", first.counted ? second.reason : first.reason);
    assert_int_equal(first.metric_count, second.metric_count);
    for (size_t i = 0; i < first.metric_count; i++)
        if (first.metrics[i].value != second.metrics[i].value)
            fail_msg("%s: %.17g, then %.17g", first.metrics[i].name, first.metrics[i].value, second.metrics[i].value);
    assert_string_equal(first.metrics[0].name, "callgrind_instructions");
    /* Of 896 columns: at least some instructions each, and no set-up. */
    assert_in_range((unsigned long)first.metrics[0].value, 896 * 2, 896 * 40);
    assert_non_null(first.variant);
    assert_null(strstr(first.variant, "avx512"));
    arena_release(&arena);
}

/* Beforehand where the name says so; else the library sees the threads when the loop begins. */
static void test_threads(void **state)
{
    struct arena arena = { 0 };
    (void)state;
    if (!can_run() || sysconf(_SC_NPROCESSORS_ONLN) < 2)
        skip();
    char *name = mem_format("peak/bandwidth/read/threads:%ld", sysconf(_SC_NPROCESSORS_ONLN));
    struct callgrind_result result = measure(name, &arena);
    assert_false(result.counted);
    if (!strstr(result.reason, "several threads"))
        fail_msg("%s", result.reason);
    assert_true(result.wall_s == 0); /* nothing was started */
    const char *directory = getenv("PRONY_BIN");
    char *command = mem_format("valgrind --tool=callgrind --callgrind-out-file=/dev/null %s/kernels "
                               "--prony_callgrind=true --benchmark_format=json --benchmark_filter='^%s$' 2>/dev/null",
                               directory ? directory : "build/bin", name);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char text[8192];
    text[fread(text, 1, sizeof text - 1, pipe)] = 0;
    pclose(pipe);
    if (!strstr(text, "\"skipped\": true") || !strstr(text, "threads"))
        fail_msg("%s", text);
    free(command);
    free(name);
    arena_release(&arena);
}

/* No CPU that valgrind shows has AVX-512. */
static void test_hidden_kernel(void **state)
{
    struct arena arena = { 0 };
    (void)state;
    if (!can_run())
        skip();
    struct callgrind_result result = measure("rmsnorm/f32/avx512/cols:896", &arena);
    assert_false(result.counted);
    assert_non_null(strstr(result.reason, "hides"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_identical), cmocka_unit_test(test_threads),
                                        cmocka_unit_test(test_hidden_kernel) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
