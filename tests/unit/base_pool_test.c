/* The thread pool and the barrier: every work item exactly once, barriers that really separate, and many short runs in
 * a row (lost wake-ups would hang here). */
#include "harness/base/barrier.h"
#include "harness/base/cpu.h"
#include "harness/base/pool.h"

#include <sched.h>
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

struct tally {
    _Atomic int calls[40];
    int count; /* expected thread_count */
};

static void tally_call(void *context, int thread_index, int thread_count)
{
    struct tally *tally = context;
    assert_int_equal(thread_count, tally->count);
    atomic_fetch_add(&tally->calls[thread_index], 1);
}

/* Any number of its threads in any order, and only those. */
static void test_growing_pool(void **state)
{
    (void)state;
    struct error error;
    struct pool *pool;
    struct tally tally = { .count = 0 };
    int expected[40] = { 0 };
    assert_int_equal(pool_create_growing(&pool, NULL, 0, &error), 0);
    for (int i = 0; i < 400; i++) {
        tally.count = 1 + (i * 7) % (i < 200 ? 5 : 40);
        assert_int_equal(pool_reserve(pool, tally.count, &error), 0);
        pool_run_on(pool, tally.count, tally_call, &tally);
        for (int t = 0; t < tally.count; t++)
            expected[t]++;
    }
    for (int t = 0; t < 40; t++)
        assert_int_equal(tally.calls[t], expected[t]);
    assert_int_equal(pool_thread_count(pool), 40);
    pool_destroy(pool);
}

static void note_cpu(void *context, int thread_index, int thread_count)
{
    int *cpus = context;
    (void)thread_count;
    cpus[thread_index] = cpu_allowed(NULL, 0) == 1 ? sched_getcpu() : -1;
}

static void test_pins_to_a_list(void **state)
{
    (void)state;
    struct error error;
    struct pool *pool;
    int allowed[1024], seen[5], before = cpu_allowed(allowed, 1024);
    const int cpus[] = { allowed[before - 1], allowed[0] };
    assert_int_equal(pool_create_growing(&pool, cpus, 2, &error), 0);
    assert_int_equal(pool_reserve(pool, 5, &error), 0);
    pool_run_on(pool, 5, note_cpu, seen);
    for (int i = 0; i < 5; i++)
        assert_int_equal(seen[i], cpus[i % 2]);
    pool_destroy(pool);
    assert_int_equal(cpu_allowed(NULL, 0), before);
}

/* ---- barrier ---- */

struct meeting {
    struct barrier barrier;
    _Atomic int arrived, early;
};

/* Thread i comes i times, then leaves. */
static void meet_and_leave(void *context, int thread_index, int thread_count)
{
    struct meeting *meeting = context;
    for (int round = 0, expected = 0; round < thread_index; round++) {
        expected += thread_count - 1 - round; /* those that come to this round */
        atomic_fetch_add(&meeting->arrived, 1);
        uint32_t phase = barrier_arrive(&meeting->barrier);
        while (!barrier_wait(&meeting->barrier, phase, 1000000)) {}
        if (atomic_load(&meeting->arrived) < expected)
            atomic_fetch_add(&meeting->early, 1);
    }
    barrier_leave(&meeting->barrier, 1);
}

static void test_barrier(void **state)
{
    (void)state;
    struct error error;
    struct pool *pool;
    struct meeting meeting = { .early = 0 };
    assert_int_equal(pool_create(&pool, 6, 0, &error), 0);
    for (int i = 0; i < 100; i++) {
        atomic_store(&meeting.arrived, 0);
        barrier_start(&meeting.barrier, 6);
        pool_run(pool, meet_and_leave, &meeting);
        assert_int_equal(meeting.arrived, 0 + 1 + 2 + 3 + 4 + 5);
    }
    assert_int_equal(meeting.early, 0);
    pool_destroy(pool);
}

static void test_barrier_limit(void **state)
{
    (void)state;
    struct barrier barrier = { 0 };
    barrier_start(&barrier, 2);
    uint32_t phase = barrier_arrive(&barrier);
    assert_false(barrier_wait(&barrier, phase, 1000000));
    barrier_leave(&barrier, 1);
    assert_true(barrier_wait(&barrier, phase, 0));
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
        cmocka_unit_test(test_growing_pool),
        cmocka_unit_test(test_pins_to_a_list),
        cmocka_unit_test(test_barrier),
        cmocka_unit_test(test_barrier_limit),
        cmocka_unit_test(test_refuses_bad_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
