/* The ready memory manager and --prony_memory in a program that is linked with the counting malloc. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_allocations.h"
#include <sys/mman.h>

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

static void need_counting(void)
{
    if (probe_allocations_available())
        return;
    assert_null(benchmark_malloc_manager());
    benchmark_iterations(benchmark_register("BM", nothing, NULL), 1);
    struct outcome outcome = run_library("--prony_memory --benchmark_format=json");
    assert_non_null(strstr(outcome.err, "--prony_memory: allocations are not counted: the sanitizer"));
    assert_null(json_object_get(record(&outcome, 0), "prony_heap_peak_bytes"));
    outcome_release(&outcome);
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

/* ---- the memory run and growth ---- */

enum { THREADS = 2, MAP_BYTES = 1 << 20 };

/* What the code around the loop and fixtures allocate does not count. */
static void of_all_threads(struct benchmark_state *state)
{
    void *volatile around = malloc(5000);
    while (benchmark_state_keep_running(state)) {
        void *volatile block = malloc(48);
        void *volatile grown = realloc(block, 100);
        free(grown);
    }
    free(around);
}

static void mapping(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
        char *memory = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            break;
        memory = mremap(memory, MAP_BYTES, 2 * MAP_BYTES, MREMAP_MAYMOVE);
        memory[0] = 1;
        munmap(memory, 2 * MAP_BYTES);
    }
}

static void test_memory_run_counts_the_loop(void **state)
{
    (void)state;
    need_counting();
    benchmark_iterations(benchmark_threads(benchmark_register("threads", of_all_threads, NULL), THREADS), 20);
    benchmark_iterations(benchmark_register("mapping", mapping, NULL), 20);
    benchmark_iterations(benchmark_register("few", of_all_threads, NULL), 3);
    struct outcome outcome = run_library("--prony_memory --benchmark_format=json");
    const json_t *threads = record(&outcome, 0), *maps = record(&outcome, 1);
    assert_true(number(threads, "prony_memory_operations") == 16 * THREADS);
    assert_true(number(threads, "prony_heap_allocations_per_operation") == 2);
    assert_true(number(threads, "prony_heap_allocated_bytes") == 148);
    assert_true(number(threads, "prony_heap_growth_bytes") == 0);
    assert_in_range((uint64_t)number(threads, "prony_heap_peak_bytes"), 100, 300);
    assert_true(number(threads, "prony_mapped_bytes") == 0);
    assert_true(number(maps, "prony_mapped_bytes") == 2 * MAP_BYTES);
    assert_true(number(maps, "prony_page_faults_per_operation") >= 1);
    assert_true(number(record(&outcome, 2), "prony_memory_operations") == 3);
    outcome_release(&outcome);
}

static void leak_small(struct benchmark_state *state)
{
    void ***chain = benchmark_state_fixture(state);
    while (benchmark_state_keep_running(state)) {
        void **block = malloc(16);
        *block = *chain;
        *chain = block;
    }
}

static void make_chain(struct benchmark_state *state)
{
    void **chain = calloc(1, sizeof *chain);
    benchmark_state_set_fixture(state, chain);
}

static void drop_chain(struct benchmark_state *state)
{
    void **chain = benchmark_state_fixture(state);
    for (void **block = *chain, **next; block; block = next) {
        next = *block;
        free(block);
    }
    free(chain);
}

enum { CACHE_BLOCKS = 40 };
static void *cache[CACHE_BLOCKS];
static int cached;

static void fill_cache(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        if (cached < CACHE_BLOCKS)
            cache[cached++] = malloc(500);
}

static void drop_cache(struct benchmark_state *state)
{
    (void)state;
    while (cached)
        free(cache[--cached]);
}

static void uneven(struct benchmark_state *state)
{
    uint32_t random = 1;
    while (benchmark_state_keep_running(state)) {
        random = random * 1664525 + 1013904223;
        free(sink);
        sink = malloc(1 + (random >> 20));
    }
}

static const char *growth_of(const struct outcome *outcome, size_t index)
{
    return json_string_value(json_object_get(record(outcome, index), "prony_growth"));
}

static void test_growth(void **state)
{
    (void)state;
    need_counting();
    sink = NULL;
    struct benchmark *family = benchmark_register("leak", leak_small, NULL);
    benchmark_setup_case(family, make_chain);
    benchmark_teardown_case(family, drop_chain);
    benchmark_teardown_case(benchmark_register("cache", fill_cache, NULL), drop_cache);
    benchmark_register("uneven", uneven, NULL);
    benchmark_threads(benchmark_register("steady", of_all_threads, NULL), THREADS);
    struct outcome outcome = run_library("--prony_growth=1000 --benchmark_min_time=10x --benchmark_format=json");
    assert_string_equal(growth_of(&outcome, 0), "growing");
    assert_in_range((uint64_t)number(record(&outcome, 0), "prony_growth_bytes_per_operation"), 16, 32);
    assert_string_equal(growth_of(&outcome, 1), "settling");
    assert_true(number(record(&outcome, 1), "prony_growth_bytes_per_operation") == 0);
    assert_string_equal(growth_of(&outcome, 2), "steady");
    assert_string_equal(growth_of(&outcome, 3), "steady");
    const json_t *course = json_object_get(json_object_get(record(&outcome, 3), "prony_courses"), "live_bytes");
    const json_t *operations = json_object_get(course, "operations");
    size_t count = json_array_size(operations);
    assert_true(count >= 17 && count == json_array_size(json_object_get(course, "values")));
    assert_true(json_number_value(json_array_get(operations, 0)) == 0);
    assert_true(json_number_value(json_array_get(operations, count - 1)) == 1000 * THREADS);
    assert_null(json_object_get(record(&outcome, 0), "prony_memory_operations"));
    outcome_release(&outcome);
    free(sink);
    sink = NULL;
}

/* Mapped, so the heap does not know it. */
static char *pages;
static size_t pages_used;

static void touch_pages(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        pages[pages_used++ * 4096] = 1;
}

static void map_pages(struct benchmark_state *state)
{
    (void)state;
    pages = mmap(NULL, 1200 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    madvise(pages, 1200 * 4096, MADV_NOHUGEPAGE);
    pages_used = 0;
}

static void unmap_pages(struct benchmark_state *state)
{
    (void)state;
    munmap(pages, 1200 * 4096);
}

static void test_growth_outside_the_heap(void **state)
{
    (void)state;
    struct benchmark *family = benchmark_register("pages", touch_pages, NULL);
    benchmark_setup_case(family, map_pages);
    benchmark_teardown_case(family, unmap_pages);
    struct outcome outcome = run_library("--prony_growth=1000 --benchmark_min_time=10x --benchmark_format=json");
    const json_t *found = record(&outcome, 0);
    assert_string_equal(growth_of(&outcome, 0), "growing");
    assert_string_equal(json_string_value(json_object_get(found, "prony_growth_of")), "rss_bytes");
    assert_near(number(found, "prony_growth_bytes_per_operation"), 4096, 800);
    outcome_release(&outcome);
}

static void fail_late(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
        if (benchmark_state_max_iterations(state) > 10) {
            benchmark_state_skip_with_error(state, "enough");
            break;
        }
    }
}

static void expect_no_growth(const struct outcome *outcome, size_t index, const char *reason)
{
    const json_t *counters = json_object_get(record(outcome, index), "prony_counters");
    const json_t *counter = json_object_get(counters, "growth_bytes_per_operation");
    assert_null(json_object_get(record(outcome, index), "prony_growth"));
    assert_string_equal(json_string_value(json_object_get(counter, "reason")), reason);
}

static void test_growth_that_cannot_be_had(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("few", nothing, NULL), 15);
    benchmark_register("late", fail_late, NULL);
    struct outcome outcome = run_library("--prony_growth=100 --benchmark_min_time=10x --benchmark_format=json");
    expect_no_growth(&outcome, 0, "the case runs exactly 15 iterations, and growth shows from 16 on");
    expect_no_growth(&outcome, 1, "the run that looks for growth was skipped or failed");
    outcome_release(&outcome);
    if (probe_allocations_available()) { /* the window was closed all the same */
        struct probe_allocations_window window;
        probe_allocations_open_window();
        sink = malloc(100);
        probe_allocations_close_window(&window);
        assert_int_equal(window.requested_bytes, 100);
        free(sink);
        sink = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_peak_is_the_case_s),
        cmocka_unit_test(test_only_when_asked),
        cmocka_unit_test(test_programs_own_manager_stays),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_memory_run_counts_the_loop),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_growth_outside_the_heap),
        cmocka_unit_test(test_growth_that_cannot_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
