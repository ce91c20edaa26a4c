/* perf_ring.c: head and tail of the kernel's ring. */
#include "harness/probe/profile/perf_ring.h"
#include <stdint.h>

void perf_ring_drain(struct perf_event_mmap_page *page, const void *data, size_t data_bytes,
                     void (*sink)(void *context, const void *bytes, size_t size_bytes), void *context)
{
    /* Acquire: what lies before the head has been written. Release: we are done reading before the room is given back.
     */
    uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;
    /* More than a ring full cannot be: then somebody has broken the page. */
    if (head - tail > data_bytes)
        tail = head;
    while (tail != head) {
        size_t from = (size_t)(tail & (data_bytes - 1));
        size_t size = (size_t)(head - tail);
        if (size > data_bytes - from)
            size = data_bytes - from;
        sink(context, (const unsigned char *)data + from, size);
        tail += size;
    }
    __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}
