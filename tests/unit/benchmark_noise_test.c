/* benchmark_noise_test.c: which readings contaminate a sample, what the records say, and that a competitor for the CPU
 * is seen. */
#include "tests/unit/benchmark_support.h"
#include "harness/base/clock.h"
#include "harness/benchmark/internal.h"
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

/* ---- the judgement ---- */

static const struct benchmark_noise quiet = {
    .is_done = true,
    .difference = { .has_usage = true,
                    .voluntary_count = 3,
                    .involuntary_count = 2,
                    .minor_faults = 900,
                    .has_migrations = true },
    .clock_before_hz = 3.7e9,
    .clock_after_hz = 3.69e9,
};

static void expect(struct benchmark_noise noise, int64_t delay_ns, double usual_hz, const char *part)
{
    char *reason = benchmark_noise_judge(&noise, delay_ns, 1e9, usual_hz);
    if (!part && reason)
        fail_msg("contaminated: %s", reason);
    if (part && (!reason || !strstr(reason, part)))
        fail_msg("'%s' instead of '%s'", reason ? reason : "(clean)", part);
    free(reason);
}

static void test_judgement(void **state)
{
    struct benchmark_noise noise = quiet;
    (void)state;
    expect(noise, 0, 3.7e9, NULL);
    expect(noise, 10000000, 3.7e9, NULL); /* exactly 1 % */
    expect(noise, 15000000, 3.7e9, "1.5 %");
    noise.difference.major_faults = 3;
    expect(noise, 0, 3.7e9, "3 pages");
    expect(noise, 500000000, 3.7e9, "50.0 %"); /* both are said */
    expect(noise, 500000000, 3.7e9, "3 pages");
    noise = quiet;
    noise.difference.migrations = 2;
    expect(noise, 0, 3.7e9, "another CPU");
    noise.difference.has_migrations = false;
    expect(noise, 0, 3.7e9, NULL);
}

static void test_clock(void **state)
{
    struct benchmark_noise noise = quiet;
    (void)state;
    noise.clock_before_hz = 3.6e9; /* 2.7 % */
    expect(noise, 0, 3.7e9, NULL);
    noise.clock_before_hz = 3.5e9;
    expect(noise, 0, 3.7e9, "3.50 GHz before");
    expect(noise, 0, 0, NULL); /* what is usual is not known */
    noise.clock_before_hz = 0; /* cannot be read */
    expect(noise, 0, 3.7e9, NULL);
    noise.clock_after_hz = 4.0e9;
    expect(noise, 0, 3.7e9, "4.00 GHz behind");
}

/* The median of the last readings, which a single odd one does not move. */
static void test_history(void **state)
{
    struct benchmark_clock_history history = { 0 };
    struct benchmark_noise slow = quiet;
    (void)state;
    for (int i = 0; i < 100; i++)
        benchmark_noise_remember(&history, &quiet);
    slow.clock_before_hz = slow.clock_after_hz = 2e9;
    benchmark_noise_remember(&history, &slow);
    struct benchmark_measurement measurement = { .noise = slow, .real_ns = 1000000000, .cpu_ns = 500000000 };
    struct benchmark_run run = { .iterations = 100 };
    benchmark_noise_report(&run, &measurement, &history);
    assert_true(run.noise.is_known);
    assert_non_null(strstr(run.noise.contamination, "2.00 GHz before, usual is 3.69"));
    assert_int_equal(run.counter_report_count, 1);
    assert_string_equal(run.counter_reports[0].name, "estimated_cycles");
    assert_near(run.counter_reports[0].value, 0.5 * 2e9, 1e-12);
    benchmark_perf_release_reports(run.counter_reports, run.counter_report_count);
    free(run.noise.contamination);
}

static void test_merge(void **state)
{
    struct benchmark_noise sum = { .is_on = true }, other = quiet;
    (void)state;
    other.clock_before_hz = other.clock_after_hz = 0; /* only thread 0 reads it */
    benchmark_noise_merge(&sum, &quiet);
    benchmark_noise_merge(&sum, &other);
    assert_int_equal(sum.difference.minor_faults, 1800);
    assert_near(sum.clock_before_hz, 3.7e9, 1e-12);
}

/* ---- records ---- */

static void spin(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        for (int64_t end = clock_thread_cpu_ns() + 1000000; clock_thread_cpu_ns() < end;) {}
}

static void test_off(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("spin", spin, NULL), 2);
    struct outcome outcome = run_library("--benchmark_format=json");
    static const char *const keys[] = { "prony_contaminated", "prony_migrations", "prony_clock_before_ghz",
                                        "prony_minor_faults", "prony_counters" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_null(json_object_get(record(&outcome, 0), keys[i]));
    outcome_release(&outcome);
}

static void test_record(void **state)
{
    (void)state;
    benchmark_iterations(benchmark_register("spin", spin, NULL), 2);
    benchmark_threads(benchmark_iterations(benchmark_register("spin", spin, NULL), 2), 2);
    struct outcome outcome = run_library("--benchmark_format=json --prony_noise");
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = record(&outcome, i), *counters = json_object_get(one, "prony_counters");
        assert_true(number(one, "prony_voluntary_switches") >= 0);
        assert_true(number(one, "prony_minor_faults") >= 0);
        assert_true(number(one, "prony_major_faults") >= 0);
        assert_true(json_object_get(one, "prony_migrations") || json_object_get(counters, "migrations"));
        double contaminated = number(one, "prony_contaminated");
        assert_true(contaminated == 0 || strcmp(text(one, "prony_contamination"), "(absent)") != 0);
        double ghz = number(one, "prony_clock_before_ghz");
        const json_t *cycles = json_object_get(counters, "estimated_cycles");
        assert_string_equal(text(cycles, "state"), "approximate");
        assert_non_null(strstr(text(cycles, "reason"), "estimate"));
        /* A million ns of CPU time an iteration, at least; by the mean of two readings. */
        assert_true(number(cycles, "value") > 1e6 * ghz * 0.4);
    }
    outcome_release(&outcome);
}

/* ---- a competitor ---- */

static pid_t start_competitor(void)
{
    pid_t parent = getpid(), child = fork();
    if (child)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) {}
    _exit(0);
}

/* Two that want the same CPU get half of it each: the delay is about as long as the work. */
static void test_competitor(void **state)
{
    cpu_set_t before, one;
    struct probe_scheduling scheduling;
    (void)state;
    probe_scheduling_read(&scheduling);
    if (!scheduling.has_run_delay)
        skip();
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    pid_t competitor = start_competitor();
    benchmark_iterations(benchmark_register("spin", spin, NULL), 100);
    struct outcome outcome = run_library("--benchmark_format=json --prony_noise");
    kill(competitor, SIGKILL);
    waitpid(competitor, NULL, 0);
    sched_setaffinity(0, sizeof before, &before);
    assert_near(number(record(&outcome, 0), "prony_contaminated"), 1, 0);
    assert_non_null(strstr(text(record(&outcome, 0), "prony_contamination"), "waited"));
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_judgement), cmocka_unit_test(test_clock),
                                        cmocka_unit_test(test_history),   cmocka_unit_test(test_merge),
                                        cmocka_unit_test(test_off),       cmocka_unit_test(test_record),
                                        cmocka_unit_test(test_competitor) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
