/* probe_counters: groups, windows, multiplexing and every way to fail, on a PMU that the test plays. */
#include "tests/unit/benchmark_support.h"
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_counters.h"
#include "harness/probe/probe_obstacles.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>

enum { EVENT_LIMIT = 64, SLOT_LIMIT = 4 };

/* A PMU: descriptors are 100, 101, ...; hardware groups hold slot_limit events. */
static struct {
    int open_errno, enable_errno, read_errno;
    bool no_inherit; /* groups cannot be inherited */
    ssize_t read_limit;
    struct {
        bool open;
        int leader;
        struct perf_event_attr attributes;
        uint64_t count;
    } events[EVENT_LIMIT];
    int event_count, open_count;
    uint64_t enabled_ns[2], running_ns[2]; /* software, hardware */
    int reads, enables;
} pmu;

static bool is_hardware(int event)
{
    return pmu.events[event].attributes.type != PERF_TYPE_SOFTWARE;
}

static size_t fake_encode(void *context, const char *name, struct perf_event_attr *attributes, size_t limit)
{
    (void)context;
    memset(attributes, 0, sizeof *attributes);
    attributes[0].type = PERF_TYPE_RAW;
    if (str_starts(name, "hw"))
        return 1;
    attributes[0].type = PERF_TYPE_SOFTWARE;
    if (str_starts(name, "sw"))
        return 1;
    if (!str_starts(name, "hybrid"))
        return 0;
    assert_true(limit >= 2);
    attributes[1] = attributes[0];
    attributes[0].type = attributes[1].type = PERF_TYPE_HARDWARE;
    attributes[0].config = 4ull << 32;
    attributes[1].config = 8ull << 32;
    return 2;
}

static int fake_open(void *context, const struct perf_event_attr *attributes, pid_t thread, int leader)
{
    (void)context;
    (void)thread;
    int members = 0;
    if (pmu.open_errno && attributes->type != PERF_TYPE_SOFTWARE)
        return -pmu.open_errno;
    if (pmu.no_inherit && attributes->inherit)
        return -EINVAL;
    assert_true(attributes->exclude_kernel && attributes->read_format & PERF_FORMAT_GROUP);
    assert_int_equal(attributes->disabled, leader < 0);
    for (int i = 0; i < pmu.event_count && leader >= 0; i++)
        members += pmu.events[i].open && pmu.events[i].leader == leader;
    if (leader >= 0 && attributes->type != PERF_TYPE_SOFTWARE && members >= SLOT_LIMIT)
        return -EINVAL;
    int event = pmu.event_count++;
    pmu.events[event].open = true;
    pmu.events[event].leader = leader < 0 ? 100 + event : leader;
    pmu.events[event].attributes = *attributes;
    pmu.open_count++;
    return 100 + event;
}

static ssize_t fake_read(void *context, int group, void *buffer, size_t size_bytes)
{
    (void)context;
    uint64_t words[3 + EVENT_LIMIT] = { 0 };
    bool hardware = is_hardware(group - 100);
    pmu.reads++;
    if (pmu.read_errno)
        return -pmu.read_errno;
    words[1] = pmu.enabled_ns[hardware];
    words[2] = pmu.running_ns[hardware];
    for (int i = 0; i < pmu.event_count; i++)
        if (pmu.events[i].open && pmu.events[i].leader == group)
            words[3 + words[0]++] = pmu.events[i].count;
    ssize_t length = (ssize_t)((3 + words[0]) * sizeof *words);
    assert_int_equal(length, size_bytes);
    if (pmu.read_limit >= 0 && pmu.read_limit < length)
        length = pmu.read_limit;
    memcpy(buffer, words, (size_t)length);
    return length;
}

static int fake_enable(void *context, int group)
{
    (void)context;
    assert_int_equal(pmu.events[group - 100].leader, group);
    pmu.enables++;
    return -pmu.enable_errno;
}

static void fake_close(void *context, int descriptor)
{
    (void)context;
    assert_true(pmu.events[descriptor - 100].open);
    pmu.events[descriptor - 100].open = false;
    pmu.open_count--;
}

/* A virtual machine on which everything is allowed. */
static void fake_look(void *context, struct probe_obstacles *obstacles)
{
    (void)context;
    *obstacles = (struct probe_obstacles){ .paranoid_level = 2, .is_virtual = true };
}

static const struct probe_counters_backend fake_pmu = { .encode = fake_encode,
                                                        .open = fake_open,
                                                        .read = fake_read,
                                                        .enable = fake_enable,
                                                        .close = fake_close,
                                                        .look = fake_look };

static void pass(uint64_t counts, uint64_t enabled_ns, uint64_t running_ns)
{
    for (int i = 0; i < pmu.event_count; i++)
        pmu.events[i].count += counts * (uint64_t)(i + 1);
    pmu.enabled_ns[0] += enabled_ns; /* software always runs */
    pmu.running_ns[0] += enabled_ns;
    pmu.enabled_ns[1] += enabled_ns;
    pmu.running_ns[1] += running_ns;
}

struct fixture {
    struct probe_counters_plan *plan;
    struct probe_counters *set;
};

static int reset_pmu(void **state)
{
    (void)state;
    memset(&pmu, 0, sizeof pmu);
    pmu.read_limit = -1;
    pass(1000, 70000, 30000); /* whatever was before does not count */
    return 0;
}

static struct fixture open_names(const char *names)
{
    struct fixture fixture = { .plan = probe_counters_plan_create(&fake_pmu, names) };
    fixture.set = probe_counters_open(fixture.plan);
    pass(500, 9000, 1000);
    return fixture;
}

static void release(struct fixture *fixture)
{
    probe_counters_close(fixture->set);
    probe_counters_plan_release(fixture->plan);
    assert_int_equal(pmu.open_count, 0);
}

static struct probe_counter_value value_of(const struct fixture *fixture, size_t index)
{
    struct probe_counter_value value;
    probe_counters_value(fixture->set, index, &value);
    return value;
}

/* ---- values ---- */

static void test_windows_are_summed(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1,hw2,sw1");
    assert_int_equal(pmu.enables, 2); /* software is a group apart */
    for (int i = 0; i < 3; i++) {
        probe_counters_start(fixture.set);
        pass(10, 100, 100);
        probe_counters_stop(fixture.set);
        pass(999, 100, 20); /* a pause, in which others had the PMU */
    }
    assert_int_equal(pmu.reads, 12);
    for (size_t i = 0; i < 3; i++) {
        struct probe_counter_value value = value_of(&fixture, i);
        assert_int_equal(value.state, PROBE_COUNTER_OK);
        assert_true(value.value == 30 * (double)(i + 1) && value.running_share == 1);
        assert_string_equal(value.reason, "");
    }
    probe_counters_reset(fixture.set);
    assert_int_equal(value_of(&fixture, 0).state, PROBE_COUNTER_NOT_COUNTED);
    release(&fixture);
}

static void test_reading_allocates_nothing(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1,hw2,hw3,hw4,hw5,sw1");
    uint64_t before = probe_allocations_count();
    for (int i = 0; i < 10; i++) {
        probe_counters_start(fixture.set);
        probe_counters_stop(fixture.set);
    }
    assert_int_equal(probe_allocations_count(), before);
    release(&fixture);
}

static void test_multiplexing_scales_by_differences(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1,sw1");
    probe_counters_start(fixture.set);
    pass(10, 400, 100);
    probe_counters_stop(fixture.set);
    probe_counters_start(fixture.set);
    pass(10, 400, 300);
    probe_counters_stop(fixture.set);
    struct probe_counter_value value = value_of(&fixture, 0);
    assert_int_equal(value.state, PROBE_COUNTER_SCALED);
    assert_true(value.value == 40 && value.running_share == 0.5);
    assert_non_null(strstr(value.reason, "extrapolated"));
    value = value_of(&fixture, 1);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    assert_true(value.value == 40);
    release(&fixture);
}

static void test_never_on_hardware(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1,sw1");
    probe_counters_start(fixture.set);
    pass(0, 400, 0);
    probe_counters_stop(fixture.set);
    assert_int_equal(value_of(&fixture, 0).state, PROBE_COUNTER_NOT_COUNTED);
    assert_non_null(strstr(value_of(&fixture, 0).reason, "never"));
    assert_int_equal(value_of(&fixture, 1).state, PROBE_COUNTER_OK); /* it counted, nothing */
    release(&fixture);
}

static void test_full_groups_overflow(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1,hw2,sw1,hw3,hw4,hw5,hw6,sw2");
    assert_int_equal(pmu.enables, 3);
    assert_int_equal(pmu.events[5].leader, 105);
    assert_int_equal(pmu.events[6].leader, 105);
    assert_int_equal(pmu.events[7].leader, pmu.events[2].leader);
    probe_counters_start(fixture.set);
    pass(1, 10, 10);
    probe_counters_stop(fixture.set);
    for (size_t i = 0; i < 8; i++)
        assert_true(value_of(&fixture, i).value == (double)(i + 1));
    release(&fixture);
}

/* The two kinds of core of a hybrid CPU take turns, so their shares add up. */
static void test_hybrid_pmus_add_up(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hybrid");
    assert_int_equal(pmu.enables, 2);
    probe_counters_start(fixture.set);
    pass(10, 100, 50); /* each half the time */
    probe_counters_stop(fixture.set);
    assert_int_equal(value_of(&fixture, 0).state, PROBE_COUNTER_OK);
    assert_true(value_of(&fixture, 0).value == 30);
    release(&fixture);
}

static void test_groups_without_inheritance(void **state)
{
    (void)state;
    pmu.no_inherit = true;
    struct fixture fixture = open_names("hw1,hw2,sw1");
    assert_int_equal(pmu.open_count, 3);
    assert_int_equal(pmu.enables, 2);
    assert_int_equal(value_of(&fixture, 2).state, PROBE_COUNTER_NOT_COUNTED);
    release(&fixture);
}

/* ---- failures ---- */

static void test_names(void **state)
{
    (void)state;
    struct fixture fixture = open_names(",hw1,nonsense,,hw1,sw1,");
    assert_int_equal(probe_counters_plan_count(fixture.plan), 3);
    assert_string_equal(probe_counters_plan_name(fixture.plan, 2), "sw1");
    assert_false(probe_counters_plan_is_known(fixture.plan, 1));
    assert_int_equal(value_of(&fixture, 1).state, PROBE_COUNTER_UNSUPPORTED);
    assert_string_equal(value_of(&fixture, 1).reason, "unknown name");
    release(&fixture);
    fixture = open_names("");
    assert_int_equal(probe_counters_plan_count(fixture.plan), 0);
    probe_counters_start(fixture.set);
    probe_counters_stop(fixture.set);
    release(&fixture);
}

static void test_open_failures(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *reason, *remedy;
    } failures[] = {
        { ENOENT, "no PMU", "software events" },
        { ENODEV, "no PMU", "software events" },
        { EACCES, "permit", "perf_event_paranoid" },
        { EPERM, "permit", "CAP_PERFMON" },
        { ENOSYS, "no system call", "CONFIG_PERF_EVENTS" },
        { EMFILE, "too many open files", "ulimit" },
        { ENFILE, "too many open files", "file-max" },
        { EBUSY, "another program", "nmi_watchdog" },
        { EINVAL, "settings", "modifiers" },
        { ENOSPC, "no counter left", "fewer" },
        { ENOMEM, "no memory", "fewer" },
        { EOPNOTSUPP, "cannot count", "another" },
        { EIO, "perf_event_open: ", "" },
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        reset_pmu(state);
        pmu.open_errno = failures[i].code;
        struct fixture fixture = open_names("hw1,sw1");
        probe_counters_start(fixture.set);
        pass(10, 100, 100);
        probe_counters_stop(fixture.set);
        struct probe_counter_value value = value_of(&fixture, 0);
        assert_int_equal(value.state, PROBE_COUNTER_UNSUPPORTED);
        assert_non_null(strstr(value.reason, failures[i].reason));
        assert_non_null(strstr(value.remedy, failures[i].remedy));
        assert_int_equal(value_of(&fixture, 1).state, PROBE_COUNTER_OK); /* the rest goes on */
        release(&fixture);
    }
}

static void test_enable_fails(void **state)
{
    (void)state;
    pmu.enable_errno = EACCES;
    struct fixture fixture = open_names("hw1,hw2");
    assert_int_equal(value_of(&fixture, 1).state, PROBE_COUNTER_UNSUPPORTED);
    release(&fixture);
}

static void expect_lost_window(ssize_t read_limit, int read_errno, const char *reason)
{
    struct fixture fixture = open_names("hw1,sw1");
    probe_counters_start(fixture.set);
    pass(10, 100, 100);
    pmu.read_limit = read_limit;
    pmu.read_errno = read_errno;
    probe_counters_stop(fixture.set);
    pmu.read_limit = -1;
    pmu.read_errno = 0;
    struct probe_counter_value value = value_of(&fixture, 0);
    assert_int_equal(value.state, PROBE_COUNTER_NOT_COUNTED);
    assert_non_null(strstr(value.reason, reason));
    probe_counters_reset(fixture.set);
    probe_counters_start(fixture.set);
    pass(10, 100, 100);
    probe_counters_stop(fixture.set);
    assert_int_equal(value_of(&fixture, 0).state, PROBE_COUNTER_OK); /* the next run is a new start */
    release(&fixture);
}

static void test_reading_failures(void **state)
{
    (void)state;
    expect_lost_window(0, 0, "off the hardware"); /* what the kernel answers for a pinned event that lost its place */
    reset_pmu(state);
    expect_lost_window(16, 0, "part");
    reset_pmu(state);
    expect_lost_window(-1, EIO, strerror(EIO));
    reset_pmu(state);
    expect_lost_window(-1, ENODEV, strerror(ENODEV)); /* the CPU was unplugged */
}

static void test_failed_start_spoils_the_run(void **state)
{
    (void)state;
    struct fixture fixture = open_names("hw1");
    probe_counters_start(fixture.set);
    pass(10, 100, 100);
    probe_counters_stop(fixture.set);
    pmu.read_limit = 8;
    probe_counters_start(fixture.set);
    pmu.read_limit = -1;
    pass(10, 100, 100);
    probe_counters_stop(fixture.set);
    assert_int_equal(value_of(&fixture, 0).state, PROBE_COUNTER_NOT_COUNTED); /* half a run is no value */
    release(&fixture);
}

/* ---- this machine ---- */

static void test_page_faults_of_this_machine(void **state)
{
    (void)state;
    enum { PAGES = 64, PAGE_BYTES = 4096 };
    const struct probe_counters_backend *perf = probe_counters_perf();
    if (!perf)
        skip();
    struct fixture fixture = { .plan = probe_counters_plan_create(perf, "perf::PAGE-FAULTS,perf::NO-SUCH-EVENT") };
    fixture.set = probe_counters_open(fixture.plan);
    struct probe_counter_value value = value_of(&fixture, 0);
    if (value.state != PROBE_COUNTER_UNSUPPORTED) { /* a container may forbid it */
        probe_counters_start(fixture.set);
        char *block = aligned_alloc(PAGE_BYTES, PAGES * PAGE_BYTES);
        for (size_t i = 0; i < PAGES; i++)
            ((volatile char *)block)[i * PAGE_BYTES] = 1;
        probe_counters_stop(fixture.set);
        free(block);
        value = value_of(&fixture, 0);
        assert_true(value.state == PROBE_COUNTER_OK && value.value >= 0);
    } else {
        assert_true(value.reason[0]);
    }
    assert_false(probe_counters_plan_is_known(fixture.plan, 1));
    probe_counters_close(fixture.set);
    probe_counters_plan_release(fixture.plan);
}

/* ---- through the library ---- */

static void counting_benchmark(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        pass(10, 100, 50);
        benchmark_state_pause_timing(state);
        pass(1000, 100, 10);
        benchmark_state_resume_timing(state);
    }
}

static void test_library(void **state)
{
    (void)state;
    benchmark_registry_get()->perf_backend = &fake_pmu;
    benchmark_iterations(benchmark_register("BM", counting_benchmark, NULL), 4);
    struct outcome outcome = run_library("--benchmark_perf_counters=sw1,hw1,nonsense,,hw2 --benchmark_format=json");
    assert_int_equal(outcome.leftovers, 0);
    assert_near(number(record(&outcome, 0), "sw1"), 10, 0); /* an iteration */
    assert_near(number(record(&outcome, 0), "hw1"), 40, 0); /* 20, half of the time */
    assert_near(number(record(&outcome, 0), "hw2"), 60, 0);
    assert_null(json_object_get(record(&outcome, 0), "nonsense"));
    assert_non_null(strstr(outcome.err, "Unknown performance counter name: nonsense\n"));
    assert_non_null(strstr(outcome.err, "A performance counter name was the empty string\n"));
    outcome_release(&outcome);
    assert_int_equal(pmu.open_count, 0);
}

static void test_library_without_pmu(void **state)
{
    (void)state;
    pmu.open_errno = ENOENT;
    benchmark_registry_get()->perf_backend = &fake_pmu;
    benchmark_iterations(benchmark_register("BM", counting_benchmark, NULL), 4);
    struct outcome outcome = run_library("--benchmark_perf_counters=hw1 --benchmark_format=json");
    assert_null(json_object_get(record(&outcome, 0), "hw1")); /* absent, not 0 */
    assert_non_null(
        strstr(outcome.err, "***WARNING*** Performance counter hw1 is left out: this virtual machine has no PMU"));
    outcome_release(&outcome);
}

/* What threads.c does: each thread has a set of its own, and the sum knows what one of them lacks. */
static void *run_thread(void *context)
{
    struct benchmark_measurement *measurement = context;
    struct benchmark_perf *perf = benchmark_registry_get()->perf;
    benchmark_perf_begin(perf, measurement, 2);
    probe_counters_start(measurement->perf_set);
    pass(10, 100, 100);
    probe_counters_stop(measurement->perf_set);
    benchmark_perf_end(perf, measurement);
    return NULL;
}

static void test_threads_merge(void **state)
{
    (void)state;
    struct benchmark_instances instances = { 0 };
    struct benchmark_measurement sum = { 0 }, part = { 0 };
    struct benchmark_registry *registry = benchmark_registry_get();
    pthread_t thread;
    registry->perf = benchmark_perf_create(&fake_pmu, "sw1,hw1", &instances);
    run_thread(&sum);
    assert_int_equal(pmu.open_count, 2); /* the program's own */
    pmu.open_errno = EMFILE;
    assert_int_equal(pthread_create(&thread, NULL, run_thread, &part), 0);
    pthread_join(thread, NULL);
    benchmark_perf_merge(&sum, &part);
    assert_int_equal(sum.counter_report_count, 2);
    assert_int_equal(sum.counter_reports[0].state, BENCHMARK_COUNTER_OK);
    assert_non_null(benchmark_counters_find(&sum.counters, "sw1"));
    assert_int_equal(sum.counter_reports[1].state, BENCHMARK_COUNTER_UNSUPPORTED);
    assert_non_null(strstr(sum.counter_reports[1].reason, "open files"));
    assert_null(benchmark_counters_find(&sum.counters, "hw1"));
    benchmark_measurement_reset(&sum);
    benchmark_measurement_reset(&part);
    benchmark_perf_release(registry->perf);
    registry->perf = NULL;
    assert_int_equal(pmu.open_count, 0);
}

static void test_nothing_to_count_with(void **state)
{
    (void)state;
    struct benchmark_instances instances = { 0 };
    struct redirection err = redirect(STDERR_FILENO);
    struct benchmark_perf *none = benchmark_perf_create(NULL, "CYCLES", &instances);
    struct benchmark_perf *unasked = benchmark_perf_create(NULL, "", &instances);
    char *text = restore(&err);
    assert_null(none);
    assert_null(unasked);
    assert_string_equal(text, "Performance counters not supported.\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_windows_are_summed, reset_pmu),
        cmocka_unit_test_setup(test_reading_allocates_nothing, reset_pmu),
        cmocka_unit_test_setup(test_multiplexing_scales_by_differences, reset_pmu),
        cmocka_unit_test_setup(test_never_on_hardware, reset_pmu),
        cmocka_unit_test_setup(test_full_groups_overflow, reset_pmu),
        cmocka_unit_test_setup(test_hybrid_pmus_add_up, reset_pmu),
        cmocka_unit_test_setup(test_groups_without_inheritance, reset_pmu),
        cmocka_unit_test_setup(test_names, reset_pmu),
        cmocka_unit_test_setup(test_open_failures, reset_pmu),
        cmocka_unit_test_setup(test_enable_fails, reset_pmu),
        cmocka_unit_test_setup(test_reading_failures, reset_pmu),
        cmocka_unit_test_setup(test_failed_start_spoils_the_run, reset_pmu),
        cmocka_unit_test_setup(test_page_faults_of_this_machine, reset_pmu),
        cmocka_unit_test_setup(test_library, reset_pmu),
        cmocka_unit_test_setup(test_library_without_pmu, reset_pmu),
        cmocka_unit_test_setup(test_threads_merge, reset_pmu),
        cmocka_unit_test_setup(test_nothing_to_count_with, reset_pmu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
