/* probe_noise_test.c: what is counted moves when it should, and an odd text of the kernel's is no number. */
#include "harness/base/core_clock.h"
#include "harness/probe/probe_noise.h"
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static void test_parse(void **state)
{
    int64_t count = -1;
    (void)state;
    assert_true(probe_noise_parse_migrations("x (1)\nse.nr_migrations    :      17\nnr_switches : 4\n", &count));
    assert_int_equal(count, 17);
    assert_true(probe_noise_parse_migrations("nr_migrations:0", &count));
    assert_int_equal(count, 0);
    static const char *const bad[] = { "",
                                       "nr_switches : 4\n",
                                       "se.nr_migrations",
                                       "se.nr_migrations : ",
                                       "se.nr_migrations : x\n",
                                       "se.nr_migrations 17\n",
                                       "se.nr_migrations : -3\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (probe_noise_parse_migrations(bad[i], &count))
            fail_msg("taken for a number: %s", bad[i]);
}

static void test_faults_and_switches(void **state)
{
    enum { PAGES = 50 };
    struct probe_noise before, after;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)state;
    probe_noise_read(&before, true);
    char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < PAGES; i++)
        ((volatile char *)memory)[i * page] = 1;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    probe_noise_read(&after, true);
    munmap(memory, PAGES * page);
    struct probe_noise difference = probe_noise_difference(&after, &before);
    assert_true(difference.has_usage);
    assert_true(difference.minor_faults >= PAGES);
    assert_true(difference.voluntary_count >= 1);
}

/* Sent to another CPU and back. */
static void test_migrations(void **state)
{
    struct probe_noise before, after;
    cpu_set_t all, one;
    (void)state;
    sched_getaffinity(0, sizeof all, &all);
    probe_noise_read(&before, true);
    if (CPU_COUNT(&all) < 2 || !before.has_migrations)
        skip();
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (CPU_ISSET(cpu, &all))
            sched_setaffinity(0, sizeof one, &one);
    }
    sched_setaffinity(0, sizeof all, &all);
    probe_noise_read(&after, true);
    assert_true(probe_noise_difference(&after, &before).migrations >= 1);
}

static void test_absent_stays_absent(void **state)
{
    struct probe_noise known = { .has_usage = true, .minor_faults = 5, .has_migrations = true, .migrations = 2 };
    struct probe_noise unknown = { .has_usage = true, .minor_faults = 9 };
    (void)state;
    struct probe_noise difference = probe_noise_difference(&unknown, &known);
    assert_true(difference.has_usage);
    assert_int_equal(difference.minor_faults, 4);
    assert_false(difference.has_migrations);
    probe_noise_add(&known, &unknown);
    assert_int_equal(known.minor_faults, 14);
    assert_false(known.has_migrations);
}

/* Any clock between that of a watch and one that does not exist yet. */
static void test_core_clock(void **state)
{
    (void)state;
    double hz = core_clock_read_hz(5, 16384);
#if defined(__x86_64__) || defined(__aarch64__)
    assert_true(hz > 1e7 && hz < 2e10);
#else
    assert_true(hz == 0);
#endif
    assert_true(core_clock_read_hz(0, 16384) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse), cmocka_unit_test(test_faults_and_switches),
                                        cmocka_unit_test(test_migrations), cmocka_unit_test(test_absent_stays_absent),
                                        cmocka_unit_test(test_core_clock) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
