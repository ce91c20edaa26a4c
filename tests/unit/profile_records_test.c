/* profile_records_test.c: the kernel's records from synthetic bytes: rings that wrap, records that are cut, what
 * becomes of them as stacks. */
#include "harness/base/str.h"
#include "harness/probe/profile/fold.h"
#include "harness/probe/profile/perf_records.h"
#include "harness/probe/profile/perf_ring.h"
#include "harness/probe/profile/recording.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

/* ---- building records ---- */

static void put(struct str *out, uint64_t value, size_t size)
{
    str_append_bytes(out, &value, size);
}

static void finish(struct str *out, size_t start)
{
    uint16_t size = (uint16_t)(out->length - start);
    memcpy(out->data + start + 6, &size, sizeof size);
}

static size_t begin(struct str *out, uint32_t type, uint16_t misc)
{
    size_t start = out->length;
    put(out, type, 4);
    put(out, misc, 2);
    put(out, 0, 2);
    return start;
}

static void put_trailer(struct str *out, uint32_t process, uint32_t thread, uint64_t time_ns)
{
    put(out, process, 4);
    put(out, thread, 4);
    put(out, time_ns, 8);
}

static void put_name(struct str *out, uint64_t time_ns, uint32_t process, uint32_t thread, const char *name,
                     bool is_exec)
{
    size_t start = begin(out, PERF_RECORD_COMM, is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
    char padded[16] = { 0 };
    snprintf(padded, sizeof padded, "%s", name);
    put(out, process, 4);
    put(out, thread, 4);
    str_append_bytes(out, padded, sizeof padded);
    put_trailer(out, process, thread, time_ns);
    finish(out, start);
}

static void put_fork(struct str *out, uint64_t time_ns, uint32_t process, uint32_t parent, uint32_t thread)
{
    size_t start = begin(out, PERF_RECORD_FORK, 0);
    put(out, process, 4);
    put(out, parent, 4);
    put(out, thread, 4);
    put(out, parent, 4);
    put(out, time_ns, 8);
    put_trailer(out, process, thread, time_ns);
    finish(out, start);
}

static void put_map(struct str *out, uint64_t time_ns, uint32_t process, uint64_t start_address, const char *path)
{
    size_t start = begin(out, PERF_RECORD_MMAP2, 0);
    char padded[32] = { 0 };
    snprintf(padded, sizeof padded, "%s", path);
    put(out, process, 4);
    put(out, process, 4);
    put(out, start_address, 8);
    put(out, 0x1000, 8);
    put(out, 0x200, 8);
    for (int i = 0; i < 4; i++)
        put(out, 7, 8);
    str_append_bytes(out, padded, sizeof padded);
    put_trailer(out, process, process, time_ns);
    finish(out, start);
}

static void put_maps_text(struct str *out, uint64_t time_ns, uint32_t process, const char *text)
{
    size_t start = begin(out, PERF_RECORDS_MAPS_TEXT, 0);
    put(out, process, 4);
    put(out, process, 4);
    str_append_bytes(out, text, strlen(text) + 1);
    put_trailer(out, process, process, time_ns);
    finish(out, start);
}

static void put_lost(struct str *out, uint64_t time_ns, uint64_t lost)
{
    size_t start = begin(out, PERF_RECORD_LOST, 0);
    put(out, 1, 8);
    put(out, lost, 8);
    put_trailer(out, 1, 1, time_ns);
    finish(out, start);
}

/* used: bytes of the stack's copy that the kernel filled; stack_bytes 0 = no stack, without_registers: kernel thread.
 */
static void put_sample(struct str *out, uint64_t time_ns, uint32_t process, uint32_t thread, size_t stack_bytes,
                       size_t used, bool without_registers)
{
    size_t start = begin(out, PERF_RECORD_SAMPLE, 0);
    put(out, 0x1234, 8);
    put(out, process, 4);
    put(out, thread, 4);
    put(out, time_ns, 8);
    put(out, 2000000, 8);
    put(out, 2, 8); /* the kernel's part of the stack */
    put(out, (uint64_t)PERF_CONTEXT_KERNEL, 8);
    put(out, 0xffffffff00000001, 8);
    put(out, without_registers ? 0 : 2, 8);
    for (int bit = 0; bit < REGISTERS_KERNEL_BITS && !without_registers; bit++)
        if (registers_of_kernel[bit] >= 0)
            put(out, 1000 + (uint64_t)registers_of_kernel[bit], 8);
    put(out, stack_bytes, 8);
    for (size_t i = 0; i < stack_bytes; i++)
        str_append_char(out, (char)i);
    if (stack_bytes)
        put(out, used, 8);
    finish(out, start);
}

/* ---- records ---- */

static void test_sample(void **state)
{
    (void)state;
    struct str bytes = { 0 };
    struct record record;
    size_t offset = 0;
    put_sample(&bytes, 77, 5, 6, 64, 64, false);
    put_sample(&bytes, 78, 5, 6, 64, 24, false);
    put_sample(&bytes, 79, 5, 6, 0, 0, true);
    assert_true(perf_records_next(bytes.data, bytes.length, &offset, &record));
    assert_int_equal(record.kind, RECORD_SAMPLE);
    assert_int_equal(record.address, 0x1234);
    assert_int_equal(record.process, 5);
    assert_int_equal(record.thread, 6);
    assert_int_equal(record.time_ns, 77);
    assert_int_equal(record.weight, 2000000);
    assert_int_equal(record.chain_length, 2);
    assert_true(perf_records_chain(&record, 1) == 0xffffffff00000001);
    assert_true(record.has_registers);
    for (unsigned i = 0; i < REGISTERS_COUNT; i++)
        assert_int_equal(record.registers[i], 1000 + i);
    assert_int_equal(record.stack_bytes, 64);
    assert_int_equal(record.stack[63], 63);
    assert_true(record.stack_is_full);
    assert_true(perf_records_next(bytes.data, bytes.length, &offset, &record));
    assert_int_equal(record.stack_bytes, 24);
    assert_false(record.stack_is_full);
    assert_true(perf_records_next(bytes.data, bytes.length, &offset, &record));
    assert_false(record.has_registers);
    assert_int_equal(record.stack_bytes, 0);
    assert_false(perf_records_next(bytes.data, bytes.length, &offset, &record));
    str_release(&bytes);
}

static void test_others(void **state)
{
    (void)state;
    struct str bytes = { 0 };
    struct record record;
    size_t offset = 0;
    put_map(&bytes, 10, 3, 0x7000, "/lib/x.so");
    put_name(&bytes, 11, 3, 4, "worker", true);
    put_fork(&bytes, 12, 8, 3, 9);
    put_lost(&bytes, 13, 42);
    perf_records_next(bytes.data, bytes.length, &offset, &record);
    assert_int_equal(record.kind, RECORD_MAP);
    assert_string_equal(record.text, "/lib/x.so");
    assert_int_equal(record.start, 0x7000);
    assert_int_equal(record.end, 0x8000);
    assert_int_equal(record.offset, 0x200);
    assert_int_equal(record.time_ns, 10);
    perf_records_next(bytes.data, bytes.length, &offset, &record);
    assert_int_equal(record.kind, RECORD_NAME);
    assert_string_equal(record.text, "worker");
    assert_true(record.is_exec);
    assert_int_equal(record.thread, 4);
    perf_records_next(bytes.data, bytes.length, &offset, &record);
    assert_int_equal(record.kind, RECORD_FORK);
    assert_int_equal(record.process, 8);
    assert_int_equal(record.parent_process, 3);
    assert_int_equal(record.thread, 9);
    perf_records_next(bytes.data, bytes.length, &offset, &record);
    assert_int_equal(record.kind, RECORD_LOST);
    assert_int_equal(record.lost, 42);
    assert_int_equal(offset, bytes.length);
    str_release(&bytes);
}

/* Every possible cut of every record: no more is read than is there, and whole records before the cut stay. */
static void test_cut(void **state)
{
    (void)state;
    struct str bytes = { 0 };
    put_name(&bytes, 1, 3, 4, "worker", false);
    size_t first = bytes.length;
    put_sample(&bytes, 2, 5, 6, 64, 64, false);
    put_map(&bytes, 3, 3, 0x7000, "/lib/x.so");
    for (size_t length = 0; length <= bytes.length; length++) {
        void *exact = malloc(length ? length : 1); /* for the address sanitizer */
        memcpy(exact, bytes.data, length);
        struct record record;
        size_t offset = 0, count = 0;
        while (perf_records_next(exact, length, &offset, &record))
            count++;
        assert_true(count >= (length >= first) && count <= 3);
        free(exact);
    }
    /* A record that says it is shorter than its content. */
    for (uint16_t size = 0; size < 200; size++) {
        struct record record;
        size_t offset = first;
        memcpy(bytes.data + first + 6, &size, sizeof size);
        if (perf_records_next(bytes.data, bytes.length, &offset, &record))
            assert_true(record.kind == RECORD_OTHER || record.kind == RECORD_SAMPLE);
        else
            assert_true(size < 8);
    }
    str_release(&bytes);
}

/* ---- the ring ---- */

static void collect(void *context, const void *bytes, size_t size_bytes)
{
    str_append_bytes(context, bytes, size_bytes);
}

static void test_ring(void **state)
{
    (void)state;
    enum { RING_BYTES = 256 };
    unsigned char ring[RING_BYTES];
    struct perf_event_mmap_page *page = calloc(1, sizeof *page);
    struct str source = { 0 }, out = { 0 };
    for (int i = 0; i < 40; i++)
        put_name(&source, (uint64_t)i, 1, 2, "wrap", false);
    /* As much as fits each time: records lie across the end of the ring again and again. */
    size_t step = 200;
    for (size_t from = 0; from < source.length; from += step) {
        size_t size = source.length - from < step ? source.length - from : step;
        for (size_t i = 0; i < size; i++)
            ring[(page->data_head + i) % RING_BYTES] = (unsigned char)source.data[from + i];
        page->data_head += size;
        perf_ring_drain(page, ring, RING_BYTES, collect, &out);
        assert_true(page->data_tail == page->data_head);
    }
    assert_int_equal(out.length, source.length);
    assert_memory_equal(out.data, source.data, source.length);
    size_t before = out.length;
    perf_ring_drain(page, ring, RING_BYTES, collect, &out);
    assert_int_equal(out.length, before);
    /* More than the ring holds is nonsense: nothing is taken. */
    page->data_head += RING_BYTES + 1;
    perf_ring_drain(page, ring, RING_BYTES, collect, &out);
    assert_int_equal(out.length, before);
    assert_true(page->data_tail == page->data_head);
    str_release(&source);
    str_release(&out);
    free(page);
}

/* A full disk keeps what was there and says so. */
static void test_full_disk(void **state)
{
    (void)state;
    struct recording recording;
    struct str bytes = { 0 };
    struct rlimit before, small;
    struct record record;
    struct error error;
    size_t offset = 0, count = 0;
    for (int i = 0; i < 100; i++)
        put_sample(&bytes, (uint64_t)i, 1, 1, 16, 16, false);
    assert_int_equal(recording_open(&recording, &error), 0);
    recording_append(&recording, bytes.data, bytes.length);
    assert_string_equal(recording.problem, "");
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){ bytes.length + 100, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    recording_append(&recording, bytes.data, bytes.length);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_non_null(strstr(recording.problem, "is full"));
    recording_append(&recording, bytes.data, bytes.length); /* there would be room again, but with a hole before it */
    assert_int_equal(recording.written_bytes, bytes.length + 100);
    assert_int_equal(recording_map(&recording, &error), 0);
    assert_int_equal(recording.size_bytes, bytes.length + 100);
    while (perf_records_next(recording.data, recording.size_bytes, &offset, &record))
        count += record.kind == RECORD_SAMPLE;
    assert_int_equal(count, 100);
    recording_close(&recording);
    str_release(&bytes);
}

/* ---- folding ---- */

static const char *top_name(const struct stacks *stacks, size_t node)
{
    while (stacks_nodes(stacks)[node].parent != 0)
        node = stacks_nodes(stacks)[node].parent;
    return stacks_frames(stacks)[stacks_nodes(stacks)[node].frame].function;
}

/* Samples that end below a thread of that name. */
static uint64_t count_of(const struct stacks *stacks, const char *thread)
{
    uint64_t count = 0;
    for (size_t i = 1; i < stacks_node_count(stacks); i++)
        if (stacks_nodes(stacks)[i].count && strcmp(top_name(stacks, i), thread) == 0)
            count += stacks_nodes(stacks)[i].count;
    return count;
}

static void test_threads(void **state)
{
    (void)state;
    struct str bytes = { 0 };
    struct fold_facts facts;
    struct fold_options options = { 0 };
    /* Written by several CPUs, so not in the order of time. */
    put_sample(&bytes, 50, 1, 1, 16, 16, false);
    put_name(&bytes, 10, 1, 1, "program", true);
    put_fork(&bytes, 20, 1, 1, 2);
    put_sample(&bytes, 22, 1, 2, 16, 16, false);
    put_name(&bytes, 25, 1, 2, "pool", false); /* named after its first sample */
    put_fork(&bytes, 30, 1, 1, 3);
    put_name(&bytes, 31, 1, 3, "pool", false);
    put_fork(&bytes, 32, 1, 1, 4);
    put_name(&bytes, 33, 1, 4, "idle", false);
    put_sample(&bytes, 40, 1, 3, 16, 16, false);
    put_sample(&bytes, 41, 1, 3, 16, 16, false);
    put_lost(&bytes, 42, 5);
    put_name(&bytes, 60, 1, 1, "next", true); /* another program in the same process */
    put_sample(&bytes, 61, 1, 1, 16, 16, false);
    put_fork(&bytes, 70, 1, 1, 2); /* the number of a thread that is gone */
    put_sample(&bytes, 71, 1, 2, 16, 16, false);
    struct stacks *stacks = stacks_create();
    fold_records(bytes.data, bytes.length, &options, stacks, &facts);
    assert_int_equal(facts.sample_count, 6);
    assert_int_equal(facts.lost_count, 5);
    assert_int_equal(facts.unknown_count, 6);
    assert_int_equal(facts.weight, 12000000);
    assert_int_equal(count_of(stacks, "program"), 1);
    assert_int_equal(count_of(stacks, "pool"), 1);
    assert_int_equal(count_of(stacks, "pool #2"), 2);
    assert_int_equal(count_of(stacks, "next"), 1);
    assert_int_equal(count_of(stacks, "next #2"), 1);
    assert_int_equal(count_of(stacks, "idle"), 0);
    stacks_release(stacks);
    stacks = stacks_create();
    options.merge_threads = true;
    fold_records(bytes.data, bytes.length, &options, stacks, &facts);
    assert_int_equal(count_of(stacks, "[unknown]"), 6);
    stacks_release(stacks);
    stacks = stacks_create();
    fold_records(NULL, 0, &options, stacks, &facts);
    assert_int_equal(facts.sample_count, 0);
    stacks_release(stacks);
    str_release(&bytes);
}

/* Samples at addresses of that file. */
static uint64_t count_in(const struct stacks *stacks, const char *object)
{
    uint64_t count = 0;
    for (size_t i = 1; i < stacks_node_count(stacks); i++) {
        const struct stacks_node *parent = &stacks_nodes(stacks)[stacks_nodes(stacks)[i].parent];
        if (stacks_nodes(stacks)[i].count && strcmp(stacks_frames(stacks)[parent->frame].object, object) == 0)
            count += stacks_nodes(stacks)[i].count;
    }
    return count;
}

/* A mapping holds from its record on and ends when the process becomes another program. A list of all mappings, which
 * the timer writes from time to time, holds for what came since the list before. */
static void test_mappings(void **state)
{
    (void)state;
    struct str bytes = { 0 };
    struct fold_facts facts;
    const struct fold_options options = { 0 };
    put_sample(&bytes, 10, 1, 1, 16, 16, false);
    put_map(&bytes, 20, 1, 0, "/nowhere/one.so");
    put_sample(&bytes, 30, 1, 1, 16, 16, false);
    put_fork(&bytes, 35, 2, 1, 2);
    put_name(&bytes, 40, 1, 1, "next", true);
    put_sample(&bytes, 50, 1, 1, 16, 16, false);
    put_sample(&bytes, 60, 2, 2, 16, 16, false); /* the child goes on with what its parent had */
    put_maps_text(&bytes, 100, 3, "5000-6000 r-xp 00000000 00:00 0 /nowhere/other.so\n");
    put_sample(&bytes, 90, 3, 3, 16, 16, false);
    put_sample(&bytes, 200, 3, 3, 16, 16, false);
    put_maps_text(&bytes, 300, 3, "0-1000 r-xp 00000000 00:00 0 /nowhere/two.so\n");
    struct stacks *stacks = stacks_create();
    fold_records(bytes.data, bytes.length, &options, stacks, &facts);
    assert_int_equal(facts.sample_count, 6);
    assert_int_equal(count_in(stacks, "one.so"), 2);
    assert_int_equal(count_in(stacks, "two.so"), 1);
    assert_int_equal(count_in(stacks, ""), 3);
    stacks_release(stacks);
    str_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),    cmocka_unit_test(test_others),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_ring),      cmocka_unit_test(test_threads), cmocka_unit_test(test_mappings),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
