/* probe_memory.h: how much memory this process holds and held at most (Linux: /proc/self/status, smaps_rollup). */
#ifndef PRONY_PROBE_MEMORY_H
#define PRONY_PROBE_MEMORY_H

#include "harness/base/error.h"
#include <stdint.h>

struct probe_memory {
    uint64_t resident_bytes; /* VmRSS */
    uint64_t peak_bytes;     /* VmHWM: highest VmRSS since start or the last reset */
    uint64_t virtual_bytes;  /* VmSize: all mappings, whether touched or not */
    /* The resident set's parts (Linux 4.5; else both 0): heap, stacks and anonymous mappings; pages of mapped files,
     * weights for instance. */
    uint64_t resident_anonymous_bytes, resident_file_bytes;
};

int probe_memory_read(struct probe_memory *memory, struct error *error);
/* The resident set to the page, which VmRSS is not. Walks the page tables: 25 us, and more in a big process. Falls back
 * on VmRSS where there is no smaps_rollup (Linux 4.14). Does not allocate. */
int probe_memory_read_resident(uint64_t *resident_bytes, struct error *error);
/* Peak starts again at the present size (clear_refs 5, Linux 4.0). Fails where /proc/self/clear_refs is read-only. */
int probe_memory_reset_peak(struct error *error);

#endif
