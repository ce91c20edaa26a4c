/* probe_allocations.h: how often this process allocated.
 *
 * A program that links this unit has its malloc family replaced by counting wrappers around the C library's own. That
 * costs about 3 ns a malloc and free, and an allocator or heap profiler brought by LD_PRELOAD does not see the
 * allocations. Where it is impossible (sanitizers bring their own malloc, other C libraries) the count stays 0 and
 * probe_allocations_available says so. */
#ifndef PRONY_PROBE_ALLOCATIONS_H
#define PRONY_PROBE_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

bool probe_allocations_available(void);
/* malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign calls of all threads so far. */
uint64_t probe_allocations_count(void);

#endif
