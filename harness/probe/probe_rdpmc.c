/* probe_rdpmc.c: the page's protocol: an even lock before and the same lock after, the counter's index plus one, the
 * offset that the kernel keeps, and the time since the page was written. */
#include "harness/probe/probe_rdpmc.h"
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stddef.h>

enum { TRIES = 100, WORD_BITS = 64 };

#if defined __x86_64__
static uint64_t read_counter(void *context, uint32_t index)
{
    uint32_t low, high;
    (void)context;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index));
    return (uint64_t)high << 32 | low;
}

static uint64_t read_ticks(void *context)
{
    uint32_t low, high;
    (void)context;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

const struct probe_rdpmc_clocks *probe_rdpmc_machine(void)
{
    static const struct probe_rdpmc_clocks machine = { read_counter, read_ticks, NULL };
    return &machine;
}
#else
const struct probe_rdpmc_clocks *probe_rdpmc_machine(void)
{
    return NULL;
}
#endif

/* Nanoseconds that the thread has run since the page was written. */
static uint64_t elapsed_ns(const volatile struct perf_event_mmap_page *page, uint64_t ticks)
{
    uint16_t shift = page->time_shift;
    uint32_t factor = page->time_mult;
    if (page->cap_user_time_short)
        ticks = page->time_cycles + ((ticks - page->time_cycles) & page->time_mask);
    uint64_t whole = ticks >> shift, rest = ticks & (((uint64_t)1 << shift) - 1);
    return page->time_offset + whole * factor + ((rest * factor) >> shift);
}

/* The counter has fewer than 64 bits and may have passed its highest value: a signed number. */
static int64_t extend_sign(uint64_t value, unsigned width)
{
    unsigned unused = WORD_BITS - width;
    return (int64_t)(value << unused) >> unused;
}

/* What the page says now; false if nothing. */
static bool read_once(const volatile struct perf_event_mmap_page *page, const struct probe_rdpmc_clocks *clocks,
                      struct probe_rdpmc_reading *reading)
{
    uint32_t index = page->index;
    unsigned width = page->pmc_width;
    if (!page->cap_user_rdpmc || !page->cap_user_time || !index || !width || width > WORD_BITS)
        return false;
    uint64_t since_ns = elapsed_ns(page, clocks->ticks(clocks->context));
    reading->enabled_ns = page->time_enabled + since_ns;
    reading->running_ns = page->time_running + since_ns;
    reading->count = (uint64_t)page->offset + (uint64_t)extend_sign(clocks->counter(clocks->context, index - 1), width);
    return true;
}

bool probe_rdpmc_read(const volatile struct perf_event_mmap_page *page, const struct probe_rdpmc_clocks *clocks,
                      struct probe_rdpmc_reading *reading)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t lock = page->lock;
        if (lock & 1)
            continue;
        atomic_signal_fence(memory_order_seq_cst);
        bool allowed = read_once(page, clocks, reading);
        atomic_signal_fence(memory_order_seq_cst);
        if (page->lock == lock)
            return allowed;
    }
    return false;
}
