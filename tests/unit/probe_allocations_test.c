/* probe_allocations: every way to allocate is counted, in every thread, alive or not; windows know sizes. */
#include "harness/probe/probe_allocations.h"
#include "harness/base/error.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void *volatile sink; /* keeps the compiler from removing a malloc and its free */
static volatile size_t huge = SIZE_MAX / 2;

static void touch_heap(size_t size_bytes)
{
    void *volatile memory = malloc(size_bytes);
    free(memory);
}

static void need_counting(void)
{
    if (!probe_allocations_available()) {
        struct probe_allocations_window window;
        assert_non_null(strstr(probe_allocations_problem(), "not counted"));
        assert_int_equal(probe_allocations_count(), 0);
        probe_allocations_open_window();
        touch_heap(10);
        probe_allocations_close_window(&window);
        assert_int_equal(window.count, 0);
        skip();
    }
    assert_null(probe_allocations_problem());
}

static uint64_t counted_since(struct probe_allocations *before, uint64_t *bytes)
{
    struct probe_allocations now;
    probe_allocations_read(&now);
    *bytes = now.requested_bytes - before->requested_bytes;
    uint64_t count = now.count - before->count;
    *before = now;
    return count;
}

static void expect(struct probe_allocations *before, uint64_t want_bytes)
{
    uint64_t bytes;
    assert_int_equal(counted_since(before, &bytes), 1);
    assert_int_equal(bytes, want_bytes);
}

static void expect_aligned(struct probe_allocations *before, void *memory, size_t alignment, uint64_t bytes)
{
    sink = memory;
    expect(before, bytes);
    assert_int_equal((uintptr_t)memory % alignment, 0);
    memset(memory, 1, bytes);
    free(memory);
}

static void test_every_way_to_allocate(void **state)
{
    (void)state;
    struct probe_allocations before;
    void *block = NULL;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    need_counting();
    probe_allocations_read(&before);
    sink = malloc(10);
    expect(&before, 10);
    sink = realloc(sink, 20000);
    expect(&before, 20000);
    free(sink);
    sink = realloc(NULL, 5);
    expect(&before, 5);
    free(sink);
    sink = reallocarray(NULL, 6, 7);
    expect(&before, 42);
    free(sink);
    sink = calloc(3, 4);
    assert_int_equal(((char *)sink)[11], 0);
    expect(&before, 12);
    free(sink);
    expect_aligned(&before, aligned_alloc(64, 128), 64, 128);
    expect_aligned(&before, memalign(256, 100), 256, 100);
    expect_aligned(&before, valloc(100), page, 100);
    expect_aligned(&before, pvalloc(page + 1), page, 2 * page);
    errno = 77;
    assert_int_equal(posix_memalign(&block, 4096, 10), 0);
    assert_int_equal(errno, 77);
    expect_aligned(&before, block, 4096, 10);
    sink = strdup("calls from inside the C library count as well");
    expect(&before, 46);
    free(sink);
}

static void test_failures_do_not_count(void **state)
{
    (void)state;
    struct probe_allocations before;
    uint64_t bytes;
    void *block = NULL, *none = NULL;
    size_t odd = 3;
    need_counting();
    probe_allocations_read(&before);
    errno = 0;
    void *(*volatile allocate)(size_t) = malloc; /* clang takes malloc for one that leaves errno alone */
    sink = allocate(huge);
    assert_true(sink == NULL && errno == ENOMEM);
    sink = calloc(huge, 4);
    assert_null(sink);
    sink = reallocarray(none, huge, 4);
    assert_null(sink);
    sink = memalign(64, huge);
    assert_null(sink);
    sink = pvalloc(SIZE_MAX - huge % 2);
    assert_null(sink);
    assert_int_equal(posix_memalign(&block, odd, 10), EINVAL);
    errno = 77;
    assert_int_equal(posix_memalign(&block, 64, huge), ENOMEM);
    assert_true(errno == 77 && block == NULL);
    assert_int_equal(counted_since(&before, &bytes), 0);
    assert_int_equal(bytes, 0);
    free(NULL);
}

/* ---- threads ---- */

enum { THREADS = 4, EACH = 1000 };

static pthread_key_t late_key;

/* Runs at the thread's end, maybe after the counts have been put away. */
static void allocate_late(void *memory)
{
    free(memory);
    touch_heap(8);
}

static void *allocate_many(void *context)
{
    (void)context;
    pthread_setspecific(late_key, malloc(16));
    for (int i = 0; i < EACH; i++)
        touch_heap((size_t)i);
    return NULL;
}

static void test_threads_that_ended(void **state)
{
    (void)state;
    struct probe_allocations before;
    uint64_t bytes;
    pthread_t threads[THREADS];
    need_counting();
    pthread_key_create(&late_key, allocate_late);
    probe_allocations_read(&before);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, allocate_many, NULL), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    uint64_t count = counted_since(&before, &bytes), least = (uint64_t)3 * THREADS * (EACH + 2);
    assert_in_range(count, least, least + 3 * THREADS * 4); /* pthread_create allocates, too */
    pthread_key_delete(late_key);
}

static void *count_in_thread(void *context)
{
    touch_heap(1);
    *(uint64_t *)context = probe_allocations_count();
    return NULL;
}

static void *allocate_between(void *barrier)
{
    touch_heap(1);
    pthread_barrier_wait(barrier);
    touch_heap(1);
    return NULL;
}

/* More threads at once than have counts of their own, twice. */
static void test_many_threads(void **state)
{
    enum { MANY = 600, STACK_BYTES = 64 * 1024 };
    (void)state;
    static pthread_t threads[MANY];
    pthread_attr_t attributes;
    pthread_barrier_t barrier;
    need_counting();
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    uint64_t before = probe_allocations_count();
    for (int round = 0; round < 2; round++) {
        pthread_barrier_init(&barrier, NULL, MANY);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(pthread_create(&threads[i], &attributes, allocate_between, &barrier), 0);
        for (int i = 0; i < MANY; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&barrier);
    }
    pthread_attr_destroy(&attributes);
    assert_true(probe_allocations_count() >= before + 4 * MANY);
}

static void test_fork(void **state)
{
    (void)state;
    need_counting();
    touch_heap(1);
    uint64_t before = probe_allocations_count();
    pid_t child = fork();
    if (child == 0) {
        uint64_t seen = 0;
        pthread_t thread;
        sink = malloc(100);
        free(sink);
        if (pthread_create(&thread, NULL, count_in_thread, &seen) || pthread_join(thread, NULL))
            _exit(2);
        _exit(seen >= before + 2 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- windows ---- */

static void test_window(void **state)
{
    (void)state;
    struct probe_allocations_window window;
    need_counting();
    void *before = malloc(5000), *kept;
    sink = malloc(3000);
    int64_t before_bytes = (int64_t)malloc_usable_size(before);
    probe_allocations_open_window();
    for (int i = 0; i < 10; i++)
        touch_heap(10000);
    kept = malloc(1000);
    sink = realloc(sink, 4000);
    free(before);
    probe_allocations_close_window(&window);
    int64_t kept_bytes = (int64_t)malloc_usable_size(kept);
    assert_int_equal(window.count, 12);
    assert_in_range(window.block_bytes, 105000, 106000);
    assert_in_range(window.peak_bytes, 10000, 10100); /* not more than one of the ten lived at a time */
    assert_in_range(window.growth_bytes + before_bytes, kept_bytes + 990, kept_bytes + 1010);
    free(kept);
    free(sink);
}

static void test_window_of_frees(void **state)
{
    (void)state;
    struct probe_allocations_window window;
    need_counting();
    void *block = malloc(5000);
    void *other = malloc(600);
    int64_t bytes = (int64_t)(malloc_usable_size(block) + malloc_usable_size(other));
    probe_allocations_open_window();
    free(block);
    sink = realloc(other, 0); /* frees */
    probe_allocations_close_window(&window);
    assert_int_equal(window.count, 0);
    assert_int_equal(window.peak_bytes, 0);
    assert_true(window.growth_bytes == -bytes);
    probe_allocations_open_window();
    probe_allocations_close_window(&window); /* nothing is left of the one before */
    assert_int_equal(window.growth_bytes, 0);
    touch_heap(10); /* outside */
    assert_int_equal(window.count, 0);
}

static void *allocate_in_window(void *barrier)
{
    void *volatile memory = malloc(100000);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    free(memory);
    return NULL;
}

static void test_window_sums_threads(void **state)
{
    (void)state;
    struct probe_allocations_window window;
    pthread_barrier_t barrier;
    pthread_t threads[THREADS];
    need_counting();
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    probe_allocations_open_window();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_in_window, &barrier), 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    probe_allocations_close_window(&window);
    pthread_barrier_destroy(&barrier);
    assert_in_range(window.peak_bytes, THREADS * 100000, THREADS * 102000);
    assert_true(window.growth_bytes < THREADS * 2000); /* threads leave or take some for their stacks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_to_allocate),
        cmocka_unit_test(test_failures_do_not_count),
        cmocka_unit_test(test_threads_that_ended),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_of_frees),
        cmocka_unit_test(test_window_sums_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
