/* probe_allocations.h: how often and how much this process allocated.
 *
 * Only a program that is linked with probe_malloc.c (libprony_benchmark_malloc) counts: that file replaces the malloc
 * family by counting wrappers around the C library's own, new and delete of C++ included. An allocator or heap profiler
 * brought by LD_PRELOAD then does not see the allocations. Where counting is impossible (sanitizers bring their own
 * malloc, other C libraries) the counts stay 0 and probe_allocations_problem says why. README.md has the cost. */
#ifndef PRONY_PROBE_ALLOCATIONS_H
#define PRONY_PROBE_ALLOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

/* All threads that ever were. */
struct probe_allocations {
    uint64_t count;           /* malloc, calloc, realloc and their relatives, where they gave memory */
    uint64_t requested_bytes; /* what they were asked for */
};

/* What happened between open and close. Sizes are those of the blocks (malloc_usable_size), which may be some bytes
 * more than was asked for. */
struct probe_allocations_window {
    uint64_t count, block_bytes;
    uint64_t requested_bytes; /* what was asked for, as in struct probe_allocations */
    uint64_t mapped_bytes;    /* what the program itself had mapped by mmap and mremap, files included. The C library's
                               * own mappings are not in it: for big blocks of the heap, stacks of threads, libraries. */
    int64_t peak_bytes;       /* the most that lived at any time beyond what lived at the start; 0 or more */
    int64_t growth_bytes;     /* what lives at the end minus what lived at the start */
};

bool probe_allocations_available(void);
/* Why nothing is counted, as a sentence without its final point; NULL if it is. */
const char *probe_allocations_problem(void);
/* What would help against the problem; NULL = nothing known. */
const char *probe_allocations_remedy(void);
void probe_allocations_read(struct probe_allocations *so_far);
uint64_t probe_allocations_count(void);
/* One window at a time. While it is open each allocation costs more. */
void probe_allocations_open_window(void);
void probe_allocations_read_window(struct probe_allocations_window *window); /* so far */
void probe_allocations_close_window(struct probe_allocations_window *window);

#endif
