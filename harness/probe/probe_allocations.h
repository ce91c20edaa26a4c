/* probe_allocations.h: how often this process allocated.
 *
 * A program that links this unit has its malloc family replaced by counting wrappers around the C library's own
 * (measured: about 5 ns a call). Where that is impossible (sanitizers bring their own malloc, other C libraries) the
 * count stays 0 and probe_allocations_available says so. */
#ifndef PRONY_PROBE_ALLOCATIONS_H
#define PRONY_PROBE_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

bool probe_allocations_available(void);
/* malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign calls of all threads so far. */
uint64_t probe_allocations_count(void);

#endif
