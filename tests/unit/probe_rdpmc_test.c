/* probe_rdpmc: the protocol of the mapped page, on a page and a counter that the test plays, and a set that uses it. */
#include "harness/base/mem.h"
#include "harness/probe/probe_counters.h"
#include "harness/probe/probe_rdpmc.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNTER_BITS = 48, EVENT_LIMIT = 8 };

/* Descriptors are 10, 11, ...; each has a page, and one counter in the "hardware" at index descriptor - 10. */
static struct {
    struct perf_event_mmap_page pages[EVENT_LIMIT];
    uint64_t counters[EVENT_LIMIT]; /* what the instruction gives: 48 bits */
    uint64_t ticks;
    int event_count, reads, maps;
    int changes;      /* how often the kernel changes page 0 under the reader */
    int64_t call_lie; /* what read() says more than the pages */
    bool no_maps;
} machine;

static uint64_t read_counter(void *context, uint32_t index)
{
    (void)context;
    if (machine.changes-- > 0) { /* rescheduled: another offset, and the counter starts elsewhere */
        machine.pages[0].lock += 2;
        machine.pages[0].offset += 100;
        machine.counters[0] = 5;
    }
    return machine.counters[index] & ((1ull << COUNTER_BITS) - 1);
}

static uint64_t read_ticks(void *context)
{
    (void)context;
    return machine.ticks;
}

static const struct probe_rdpmc_clocks clocks = { read_counter, read_ticks, NULL };

static int begin(void **state)
{
    (void)state;
    memset(&machine, 0, sizeof machine);
    for (uint32_t i = 0; i < EVENT_LIMIT; i++) {
        struct perf_event_mmap_page *page = &machine.pages[i];
        page->lock = 4;
        page->index = i + 1;
        page->offset = 1000;
        page->time_enabled = 5000;
        page->time_running = 4000;
        page->cap_user_rdpmc = page->cap_user_time = 1;
        page->pmc_width = COUNTER_BITS;
        page->time_shift = 1; /* a tick is 3 / 2 ns */
        page->time_mult = 3;
    }
    machine.ticks = 200;
    return 0;
}

/* ---- the page ---- */

static void test_reading(void **state)
{
    struct probe_rdpmc_reading reading;
    (void)state;
    machine.counters[0] = 234;
    assert_true(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    assert_int_equal(reading.count, 1234);
    assert_int_equal(reading.enabled_ns, 5300);
    assert_int_equal(reading.running_ns, 4300);
    machine.pages[0].time_offset = 7;
    assert_true(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    assert_int_equal(reading.enabled_ns, 5307);
}

/* The kernel starts counters at a negative number, so that they overflow in time. */
static void test_sign(void **state)
{
    struct probe_rdpmc_reading reading;
    (void)state;
    machine.counters[0] = (uint64_t)-600;
    assert_true(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    assert_int_equal(reading.count, 400);
    machine.pages[0].pmc_width = 64;
    machine.counters[0] = 12;
    assert_true(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    assert_int_equal(reading.count, 1012);
}

static void test_changes_meanwhile(void **state)
{
    struct probe_rdpmc_reading reading;
    (void)state;
    machine.counters[0] = 1;
    machine.changes = 3;
    assert_true(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    assert_int_equal(reading.count, 1305);
    machine.changes = 1000000; /* never still */
    assert_false(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
    machine.changes = 0;
    machine.pages[0].lock |= 1; /* being written, for ever */
    assert_false(probe_rdpmc_read(&machine.pages[0], &clocks, &reading));
}

static void test_what_does_not_allow_it(void **state)
{
    struct probe_rdpmc_reading reading;
    struct perf_event_mmap_page *page = &machine.pages[0];
    (void)state;
    page->cap_user_rdpmc = 0;
    assert_false(probe_rdpmc_read(page, &clocks, &reading));
    begin(state);
    page->cap_user_time = 0;
    assert_false(probe_rdpmc_read(page, &clocks, &reading));
    begin(state);
    page->index = 0; /* not on the hardware now */
    assert_false(probe_rdpmc_read(page, &clocks, &reading));
    begin(state);
    page->pmc_width = 0;
    assert_false(probe_rdpmc_read(page, &clocks, &reading));
    page->pmc_width = 65;
    assert_false(probe_rdpmc_read(page, &clocks, &reading));
}

static void test_short_clocks(void **state)
{
    struct probe_rdpmc_reading reading;
    struct perf_event_mmap_page *page = &machine.pages[0];
    (void)state;
    page->cap_user_time_short = 1; /* 8 bits, which went around since the page was written */
    page->time_mask = 0xff;
    page->time_cycles = 250;
    machine.ticks = 6;
    assert_true(probe_rdpmc_read(page, &clocks, &reading));
    assert_int_equal(reading.enabled_ns, 5000 + (250 + 12) * 3 / 2);
}

/* ---- sets ---- */

static size_t encode(void *context, const char *name, struct perf_event_attr *attributes, size_t limit)
{
    (void)context, (void)limit;
    memset(attributes, 0, sizeof *attributes);
    attributes->type = name[0] == 's' ? PERF_TYPE_SOFTWARE : PERF_TYPE_RAW;
    return 1;
}

static int open_event(void *context, const struct perf_event_attr *attributes, pid_t thread, int group)
{
    (void)context, (void)thread, (void)group;
    assert_int_equal(attributes->inherit, 0);
    return 10 + machine.event_count++;
}

/* Every group of these tests has all events. */
static ssize_t read_group(void *context, int group, void *buffer, size_t size_bytes)
{
    (void)context, (void)group;
    uint64_t *words = buffer;
    machine.reads++;
    words[0] = size_bytes / sizeof *words - 3;
    words[1] = 5300;
    words[2] = 5300;
    for (uint64_t i = 0; i < words[0]; i++)
        words[3 + i] = 1000 + machine.counters[i] + (uint64_t)machine.call_lie;
    return (ssize_t)size_bytes;
}

static int enable(void *context, int group)
{
    (void)context, (void)group;
    return 0;
}

static void close_event(void *context, int descriptor)
{
    (void)context, (void)descriptor;
}

static void *map_page(void *context, int descriptor)
{
    (void)context;
    if (machine.no_maps && descriptor == 11)
        return NULL;
    machine.maps++;
    return &machine.pages[descriptor - 10];
}

static void unmap_page(void *context, void *page)
{
    (void)context, (void)page;
    machine.maps--;
}

static const struct probe_rdpmc_clocks *find_clocks(void *context)
{
    (void)context;
    return &clocks;
}

static const struct probe_counters_backend backend = { .encode = encode,
                                                       .open = open_event,
                                                       .read = read_group,
                                                       .enable = enable,
                                                       .close = close_event,
                                                       .map = map_page,
                                                       .unmap = unmap_page,
                                                       .clocks = find_clocks };

/* Opens names, counts something in each event; returns whether that was without system calls. */
static bool counts_quietly(const char *names)
{
    struct probe_counters_plan *plan = probe_counters_plan_create(&backend, names);
    struct probe_counters_options options = { .alone = true, .user_reads = true };
    struct probe_counters *set = probe_counters_open_with(plan, &options);
    int before = machine.reads;
    probe_counters_start(set);
    for (int i = 0; i < EVENT_LIMIT; i++)
        machine.counters[i] += 40;
    probe_counters_stop(set);
    bool quiet = machine.reads == before && probe_counters_has_user_reads(set);
    assert_true(quiet || machine.reads > before);
    probe_counters_close(set);
    probe_counters_plan_release(plan);
    assert_int_equal(machine.maps, 0);
    return quiet;
}

static void test_set_reads_pages(void **state)
{
    struct probe_counters_options options = { .alone = true, .user_reads = true };
    struct probe_counters_plan *plan = probe_counters_plan_create(&backend, "a,b");
    (void)state;
    struct probe_counters *set = probe_counters_open_with(plan, &options);
    assert_true(probe_counters_has_user_reads(set));
    int reads = machine.reads;
    for (int window = 0; window < 2; window++) {
        probe_counters_start(set);
        machine.counters[0] += 20;
        machine.counters[1] += 5;
        machine.ticks += 100;
        probe_counters_stop(set);
    }
    assert_int_equal(machine.reads, reads); /* not one system call */
    struct probe_counter_value value;
    probe_counters_value(set, 0, &value);
    assert_int_equal(value.state, PROBE_COUNTER_OK);
    assert_true(value.value == 40);
    probe_counters_value(set, 1, &value);
    assert_true(value.value == 10);
    probe_counters_start(set);
    machine.pages[0].index = 0; /* taken off the hardware: the kernel knows */
    probe_counters_stop(set);
    assert_int_equal(machine.reads, reads + 1);
    probe_counters_close(set);
    probe_counters_plan_release(plan);
    assert_int_equal(machine.maps, 0);
}

static void test_set_falls_back(void **state)
{
    assert_true(counts_quietly("a,b,c"));
    begin(state);
    machine.call_lie = 7; /* the pages say something else than the kernel */
    assert_false(counts_quietly("a,b"));
    begin(state);
    machine.no_maps = true; /* of the second event */
    assert_false(counts_quietly("a,b"));
    begin(state);
    machine.pages[0].cap_user_rdpmc = 0;
    assert_false(counts_quietly("a"));
    begin(state);
    assert_false(counts_quietly("software")); /* not of a PMU */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reading, begin),
        cmocka_unit_test_setup(test_sign, begin),
        cmocka_unit_test_setup(test_changes_meanwhile, begin),
        cmocka_unit_test_setup(test_what_does_not_allow_it, begin),
        cmocka_unit_test_setup(test_short_clocks, begin),
        cmocka_unit_test_setup(test_set_reads_pages, begin),
        cmocka_unit_test_setup(test_set_falls_back, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
