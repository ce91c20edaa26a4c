/* The thread pool: every work item exactly once, barriers that really separate, and many short runs in a row (lost
 * wake-ups would hang here). */
#include "harness/base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { ITEMS = 500, PHASES = 20 };

struct work {
    struct pool *pool;
    int done[PHASES][ITEMS];
    _Atomic int early; /* items seen unfinished after the barrier of their phase */
};

static void run_phases(void *context, int thread_index, int thread_count)
{
    struct work *work = context;
    (void)thread_index;
    (void)thread_count;
    for (int phase = 0; phase < PHASES; phase++) {
        for (size_t i; (i = pool_next(work->pool)) < ITEMS;)
            work->done[phase][i]++;
        pool_barrier(work->pool);
        for (int i = 0; i < ITEMS; i++)
            if (work->done[phase][i] != 1)
                atomic_fetch_add(&work->early, 1);
        pool_barrier(work->pool);
    }
}

static void check_phases(int threads)
{
    struct error error;
    struct work *work = calloc(1, sizeof *work);
    assert_int_equal(pool_create(&work->pool, threads, 0, &error), 0);
    assert_int_equal(pool_thread_count(work->pool), threads);
    pool_run(work->pool, run_phases, work);
    assert_int_equal(atomic_load(&work->early), 0);
    pool_destroy(work->pool);
    free(work);
}

static void test_one_thread(void **state)
{
    (void)state;
    check_phases(1);
}

static void test_more_threads_than_cpus(void **state)
{
    (void)state;
    check_phases(2);
    check_phases(7);
}

static void count_call(void *context, int thread_index, int thread_count)
{
    (void)thread_index;
    (void)thread_count;
    atomic_fetch_add((_Atomic int *)context, 1);
}

static void test_many_runs_with_pauses(void **state)
{
    (void)state;
    struct error error;
    struct pool *pool;
    _Atomic int calls = 0;
    assert_int_equal(pool_create(&pool, 3, 1, &error), 0);
    for (int i = 0; i < 300; i++) {
        pool_run(pool, count_call, &calls);
        if (i % 100 == 0)
            usleep(1000); /* long enough for the workers to fall asleep */
    }
    assert_int_equal(calls, 900);
    pool_destroy(pool);
}

static void test_refuses_bad_counts(void **state)
{
    (void)state;
    struct error error;
    struct pool *pool;
    assert_int_equal(pool_create(&pool, 0, 0, &error), ERROR_USAGE);
    assert_string_equal(error.text, "thread count 0 is not between 1 and 1024");
    assert_null(pool);
    pool_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_more_threads_than_cpus),
        cmocka_unit_test(test_many_runs_with_pauses),
        cmocka_unit_test(test_refuses_bad_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
