/* probe_malloc.h: how probe_allocations.c and probe_recording.c find the counting malloc (probe_malloc*.c), which is
 * linked on demand. */
#ifndef PRONY_PROBE_MALLOC_H
#define PRONY_PROBE_MALLOC_H

#include <stdint.h>
#include <stdlib.h> /* __GLIBC__ */

/* PROBE_MALLOC_COUNTS: the malloc family can be counted in this build. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PROBE_MALLOC_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PROBE_MALLOC_SANITIZER 1
#endif
#if defined(__GLIBC__) && !defined(PROBE_MALLOC_SANITIZER)
#define PROBE_MALLOC_COUNTS 1
#endif

struct probe_allocations;
struct probe_allocations_window;

/* One sampled allocation. 512 bytes. */
enum { PROBE_RECORD_FRAMES = 60 };
struct probe_record {
    void *memory;
    uint64_t requested_bytes;
    uint32_t thread;      /* Linux's id */
    uint16_t frame_count; /* PROBE_RECORD_FRAMES: perhaps there were more */
    uint8_t ready, freed;
    uint64_t unused;
    uintptr_t frames[PROBE_RECORD_FRAMES]; /* return addresses, that of the malloc function first */
};

/* Where the counting malloc puts its samples. Mapped, zeroed and never unmapped: a thread may still be writing when
 * the recording has ended. */
struct probe_record_buffer {
    uint64_t interval_bytes; /* mean bytes between two samples; 1 = every allocation */
    uint64_t seed;
    uint32_t record_limit, slot_mask; /* slots: a power of two, at least twice the records */
    uint32_t record_count;            /* asked for; beyond the limit they are lost */
    uint32_t thread_count;            /* that sampled so far in this recording */
    uint32_t recording_count;         /* tells threads that a new one has begun */
    struct probe_record *records;
    uint32_t *slots; /* record number + 1 by address of the block, to see it freed; 0 = empty */
};

struct probe_malloc_hooks {
    const char *(*find_problem)(void); /* why nothing is counted; NULL if all is well */
    void (*read)(struct probe_allocations *so_far);
    void (*open_window)(void);
    void (*read_window)(struct probe_allocations_window *window);
    void (*close_window)(struct probe_allocations_window *window);
    void (*start_record)(struct probe_record_buffer *buffer);
    void (*stop_record)(void);
};
/* Weak in probe_allocations.c: its address is NULL in a program without it. */
extern const struct probe_malloc_hooks prony_malloc_hooks __attribute__((visibility("default")));

/* ---- between the files of the counting malloc ---- */

#pragma GCC visibility push(hidden)
/* What the program itself has mapped so far, all threads (probe_malloc_maps.c). */
uint64_t prony_malloc_mapped_bytes(void);
/* probe_malloc_record.c. gain: after memory was given; caller: the address that the malloc function returns to. forget:
 * before it is freed; the record that sampled it, or NULL, which recall takes back. */
void prony_malloc_record_start(struct probe_record_buffer *buffer);
void prony_malloc_record_gain(void *memory, uint64_t requested_bytes, const void *caller);
struct probe_record *prony_malloc_record_forget(const void *memory);
void prony_malloc_record_recall(struct probe_record *record);
#pragma GCC visibility pop

#endif
