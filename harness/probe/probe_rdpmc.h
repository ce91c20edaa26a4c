/* probe_rdpmc.h: a hardware counter of the calling thread, read in user space by the protocol of the page that
 * perf_event_open maps (perf_event.h, struct perf_event_mmap_page). A tenth of the cost of a system call. */
#ifndef PRONY_PROBE_RDPMC_H
#define PRONY_PROBE_RDPMC_H

#include <stdbool.h>
#include <stdint.h>

struct perf_event_mmap_page;

/* The instructions; tests have their own. */
struct probe_rdpmc_clocks {
    uint64_t (*counter)(void *context, uint32_t index); /* rdpmc */
    uint64_t (*ticks)(void *context);                   /* rdtsc */
    void *context;
};
/* NULL where the instruction does not exist. */
const struct probe_rdpmc_clocks *probe_rdpmc_machine(void);

struct probe_rdpmc_reading {
    uint64_t count, enabled_ns, running_ns;
};
/* False where the page does not allow it (not even now: the event is not on the hardware), or after too many tries
 * while the kernel was changing the page. Then read() has the value. */
bool probe_rdpmc_read(const volatile struct perf_event_mmap_page *page, const struct probe_rdpmc_clocks *clocks,
                      struct probe_rdpmc_reading *reading);

#endif
