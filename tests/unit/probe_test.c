/* Probes: each reading reacts to what it is there to see. */
#include "harness/base/clock.h"
#include "harness/base/error.h"
#include "harness/probe/probe_memory.h"
#include "harness/probe/probe_scheduling.h"

#include <pthread.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

enum { BLOCK_BYTES = 64 * 1024 * 1024, SLACK_BYTES = 4 * 1024 * 1024 };

static void test_peak_follows_and_resets(void **state)
{
    (void)state;
    struct probe_memory before, during, after;
    struct error error;
    assert_int_equal(probe_memory_read(&before, &error), 0);
    char *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(block, MAP_FAILED);
    memset(block, 1, BLOCK_BYTES);
    assert_int_equal(probe_memory_read(&during, &error), 0);
    assert_true(during.resident_bytes + SLACK_BYTES >= before.resident_bytes + BLOCK_BYTES);
    munmap(block, BLOCK_BYTES);
    assert_int_equal(probe_memory_read(&after, &error), 0);
    assert_true(after.peak_bytes >= during.resident_bytes - SLACK_BYTES); /* the peak remembers */
    assert_true(after.resident_bytes + BLOCK_BYTES <= during.resident_bytes + SLACK_BYTES);
    if (probe_memory_reset_peak(&error)) {
        print_message("skipped: %s\n", error.text); /* a container may hold clear_refs back */
        skip();
    }
    assert_int_equal(probe_memory_read(&after, &error), 0);
    assert_true(after.peak_bytes <= during.peak_bytes - BLOCK_BYTES + SLACK_BYTES);
}

static void test_voluntary_switches(void **state)
{
    (void)state;
    struct probe_scheduling before, after;
    probe_scheduling_read(&before);
    for (int i = 0; i < 5; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    probe_scheduling_read(&after);
    struct probe_scheduling difference = probe_scheduling_difference(&after, &before);
    assert_true(difference.has_switches);
    assert_true(difference.voluntary_count >= 5);
    assert_true(difference.involuntary_count >= 0);
    if (difference.has_run_delay)
        assert_true(difference.run_delay_ns >= 0 && difference.run_delay_ns < 10000000000);
}

static void test_absent_stays_absent(void **state)
{
    (void)state;
    struct probe_scheduling known = { true, true, 100, 5, 6 }, unknown = { 0 }, later = { true, true, 50, 9, 9 };
    struct probe_scheduling difference = probe_scheduling_difference(&unknown, &known);
    assert_false(difference.has_run_delay);
    assert_false(difference.has_switches);
    difference = probe_scheduling_difference(&later, &known); /* a thread took its delay along when it ended */
    assert_false(difference.has_run_delay);
    assert_int_equal(difference.involuntary_count, 4);
}

/* Burns CPU time for a while: some of it is lost to others on a busy machine. */
static void spin(int64_t wall_ns)
{
    for (int64_t start = clock_wall_ns(); clock_wall_ns() - start < wall_ns;) {}
}

static void test_monitor_spares_readings(void **state)
{
    (void)state;
    struct probe_scheduling_monitor monitor = { 0 };
    probe_scheduling_begin(&monitor);
    int64_t first = monitor.last_wall_ns;
    assert_true(monitor.has_last);
    monitor.last.run_delay_ns = -50000; /* as if much had happened since */
    monitor.last.involuntary_count -= 7;
    struct probe_scheduling result = probe_scheduling_end(&monitor, -3); /* clocks that are read one after the other */
    assert_int_equal(result.run_delay_ns, 0);
    assert_int_equal(result.involuntary_count, 0);
    assert_int_equal(monitor.last_wall_ns, first);
    assert_int_equal(result.has_run_delay, monitor.last.has_run_delay);
    result = probe_scheduling_end(&monitor, 30000);
    assert_true(monitor.last_wall_ns > first);
    if (result.has_run_delay)
        assert_int_equal(result.run_delay_ns, 30000); /* not more than the run was off the CPU */
    assert_true(result.involuntary_count >= 7);
    probe_scheduling_monitor_close(&monitor);
}

static void test_monitor_renews_old_reading(void **state)
{
    (void)state;
    struct probe_scheduling_monitor monitor = { 0 };
    probe_scheduling_begin(&monitor);
    int64_t first = monitor.last_wall_ns;
    spin(2000000);
    probe_scheduling_begin(&monitor);
    assert_true(monitor.last_wall_ns > first);
    probe_scheduling_monitor_close(&monitor);
}

static void *wait_for_end(void *barrier)
{
    pthread_barrier_wait(barrier);
    return NULL;
}

/* A sanitizer may have started some. */
static int threads_beside_this(void)
{
    struct stat tasks;
    assert_int_equal(stat("/proc/self/task", &tasks), 0);
    return (int)tasks.st_nlink - 3;
}

static void test_monitor_reads_beside_threads(void **state)
{
    (void)state;
    pthread_barrier_t barrier;
    pthread_t thread;
    struct probe_scheduling_monitor monitor = { 0 }, own = { .of_thread = true };
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &barrier), 0);
    probe_scheduling_begin(&monitor);
    assert_false(monitor.alone);
    int64_t first = monitor.last_wall_ns;
    struct probe_scheduling result = probe_scheduling_end(&monitor, 0); /* another thread may have waited */
    assert_true(monitor.last_wall_ns > first);
    assert_true(result.has_switches);
    probe_scheduling_begin(&own);
    first = own.last_wall_ns;
    probe_scheduling_end(&own, 0); /* of this thread nothing is unknown */
    assert_int_equal(own.last_wall_ns, first);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    probe_scheduling_monitor_close(&monitor);
    probe_scheduling_monitor_close(&own);
}

/* Threads that are known to sleep cost no readings. */
static void test_monitor_knows_sleepers(void **state)
{
    (void)state;
    pthread_barrier_t barrier;
    pthread_t thread;
    struct probe_scheduling_monitor monitor = { .sleepers = threads_beside_this() + 1 };
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &barrier), 0);
    probe_scheduling_begin(&monitor);
    assert_true(monitor.alone);
    int64_t first = monitor.last_wall_ns;
    struct probe_scheduling result = probe_scheduling_end(&monitor, 0);
    assert_int_equal(monitor.last_wall_ns, first);
    assert_int_equal(result.run_delay_ns, 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    probe_scheduling_monitor_close(&monitor);
}

/* A child of a fork does not go on with its parent's file. */
static void test_monitor_file_is_of_the_thread(void **state)
{
    (void)state;
    struct probe_scheduling_monitor monitor = { .of_thread = true };
    probe_scheduling_begin(&monitor);
    int owner = monitor.thread_id;
    assert_int_equal(owner, getpid());
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        probe_scheduling_end(&monitor, INT64_MAX);
        _exit(monitor.thread_id == getpid() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    probe_scheduling_monitor_close(&monitor);
    assert_int_equal(monitor.thread_id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_follows_and_resets),    cmocka_unit_test(test_voluntary_switches),
        cmocka_unit_test(test_absent_stays_absent),        cmocka_unit_test(test_monitor_spares_readings),
        cmocka_unit_test(test_monitor_renews_old_reading), cmocka_unit_test(test_monitor_reads_beside_threads),
        cmocka_unit_test(test_monitor_knows_sleepers),     cmocka_unit_test(test_monitor_file_is_of_the_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
