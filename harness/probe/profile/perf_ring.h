/* perf_ring.h: the buffer that the kernel shares with the reader of a perf event: a page of bookkeeping, then 2^n pages
 * that it fills round and round (perf_event_open(2), "MMAP layout"). */
#ifndef PRONY_PROBE_PROFILE_PERF_RING_H
#define PRONY_PROBE_PROFILE_PERF_RING_H

#include <linux/perf_event.h>
#include <stddef.h>

/* Hands what is new to sink, in order, in one or two pieces, whole records when put together; then gives the room back.
 * data_bytes: a power of two. */
void perf_ring_drain(struct perf_event_mmap_page *page, const void *data, size_t data_bytes,
                     void (*sink)(void *context, const void *bytes, size_t size_bytes), void *context);

#endif
