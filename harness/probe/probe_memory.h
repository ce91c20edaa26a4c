/* probe_memory.h: how much memory this process holds and held at most (Linux: /proc/self/status). */
#ifndef PRONY_PROBE_MEMORY_H
#define PRONY_PROBE_MEMORY_H

#include "harness/base/error.h"
#include <stdint.h>

struct probe_memory {
    uint64_t resident_bytes; /* VmRSS */
    uint64_t peak_bytes;     /* VmHWM: highest VmRSS since start or the last reset */
};

int probe_memory_read(struct probe_memory *memory, struct error *error);
/* Peak starts again at the present size (clear_refs 5, Linux 4.0). Fails where /proc/self/clear_refs is read-only. */
int probe_memory_reset_peak(struct error *error);

#endif
