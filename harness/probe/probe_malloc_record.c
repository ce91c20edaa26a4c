/* probe_malloc_record.c: call stacks of allocations, sampled by bytes, while a recording runs.
 *
 * The bytes that a thread asks for are a line on which points lie at random, interval_bytes apart on average (a Poisson
 * process, as in tcmalloc's and Go's heap profiles); an allocation that covers a point is recorded. So one of s bytes
 * is with probability 1 - exp(-s / interval), and stands for s / (1 - exp(-s / interval)) bytes: the estimate is
 * unbiased (Horvitz, Thompson 1952). probe_recording.c does that division.
 *
 * Nothing here allocates, locks or calls into stdio: a record is written to memory that was mapped before, found by an
 * atomic counter. The stack is walked by libgcc's unwinder along the tables of .eh_frame, as an exception would, so
 * that code without frame pointers gives right stacks. It runs after the C library's malloc has returned and let go of
 * its locks. Should it allocate itself, that is not recorded. */
#include "harness/probe/probe_malloc.h"

#ifdef PROBE_MALLOC_COUNTS

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

enum { OWN_FRAMES = 8 }; /* at most that many of this file's and malloc's come first */

/* Of one thread in one recording. */
struct sampler {
    uint32_t recording; /* 0 = none yet */
    uint64_t random;
    double left_bytes; /* to the next point */
    bool is_busy;
};

static struct probe_record_buffer *buffer;                                         /* lint: allocator */
static __thread struct sampler sampler __attribute__((tls_model("initial-exec"))); /* lint: allocator */

void prony_malloc_record_start(struct probe_record_buffer *new_buffer)
{
    __atomic_store_n(&buffer, new_buffer, __ATOMIC_SEQ_CST);
}

/* ---- where the points lie ---- */

/* Natural logarithm for 0 < x <= 1 to 1e-9, without libm, which programs need not be linked with. x = m 2^e with m in
 * [0.7, 1.41], and ln m = 2 artanh((m - 1) / (m + 1)) as a series. */
static double logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m /= 2;
        exponent++;
    }
    double t = (m - 1) / (m + 1), square = t * t;
    double series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square * (1.0 / 9 + square / 11))));
    return exponent * 0.6931471805599453 + 2 * t * series;
}

/* Steele, Lea, Flood 2014 (SplitMix64). */
static uint64_t next_random(void)
{
    uint64_t z = sampler.random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Exponentially distributed: the gaps of a Poisson process. */
static double draw_gap(const struct probe_record_buffer *into)
{
    double uniform = (double)((next_random() >> 11) + 1) * 0x1p-53; /* above 0, at most 1 */
    return -logarithm(uniform) * (double)into->interval_bytes;
}

static void begin_thread(struct probe_record_buffer *into)
{
    uint32_t number = __atomic_fetch_add(&into->thread_count, 1, __ATOMIC_RELAXED);
    sampler.recording = into->recording_count;
    sampler.random = into->seed + number * 0xd1342543de82ef95u;
    sampler.left_bytes = draw_gap(into);
}

/* Whether a point lies in the next bytes. Behind them it starts anew: a Poisson process has no memory. */
static bool is_sampled(struct probe_record_buffer *into, uint64_t bytes)
{
    if (into->interval_bytes <= 1)
        return true;
    if (sampler.recording != into->recording_count)
        begin_thread(into);
    sampler.left_bytes -= (double)bytes;
    if (sampler.left_bytes > 0)
        return false;
    sampler.left_bytes = draw_gap(into);
    return true;
}

/* ---- a record ---- */

struct walk {
    uintptr_t frames[PROBE_RECORD_FRAMES + OWN_FRAMES];
    size_t count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *walk_pointer)
{
    struct walk *walk = walk_pointer;
    uintptr_t address = _Unwind_GetIP(context);
    if (!address || walk->count == PROBE_RECORD_FRAMES + OWN_FRAMES)
        return _URC_END_OF_STACK;
    walk->frames[walk->count++] = address;
    return _URC_NO_REASON;
}

/* From the caller of malloc on. */
static void take_stack(struct probe_record *record, const void *caller)
{
    struct walk walk = { .count = 0 };
    size_t first = 0;
    _Unwind_Backtrace(add_frame, &walk);
    while (first < walk.count && first < OWN_FRAMES && walk.frames[first] != (uintptr_t)caller)
        first++;
    if (first == walk.count || walk.frames[first] != (uintptr_t)caller) { /* no table for malloc's own frame */
        walk.frames[0] = (uintptr_t)caller;
        walk.count = 1;
        first = 0;
    }
    size_t count = walk.count - first;
    record->frame_count = (uint16_t)(count < PROBE_RECORD_FRAMES ? count : PROBE_RECORD_FRAMES);
    memcpy(record->frames, walk.frames + first, record->frame_count * sizeof record->frames[0]);
}

static uint32_t first_slot(const struct probe_record_buffer *into, const void *memory)
{
    return (uint32_t)((uintptr_t)memory * 0x9e3779b97f4a7c15u >> 40) & into->slot_mask;
}

/* Freed blocks leave their slots to others, so that an address that comes again and again makes no long chain. */
static void remember(struct probe_record_buffer *into, const void *memory, uint32_t number)
{
    for (uint32_t i = first_slot(into, memory);; i = (i + 1) & into->slot_mask) {
        uint32_t there = __atomic_load_n(&into->slots[i], __ATOMIC_ACQUIRE);
        while (!there || __atomic_load_n(&into->records[there - 1].freed, __ATOMIC_RELAXED))
            if (__atomic_compare_exchange_n(&into->slots[i], &there, number + 1, false, __ATOMIC_RELEASE,
                                            __ATOMIC_ACQUIRE))
                return;
    }
}

void prony_malloc_record_gain(void *memory, uint64_t requested_bytes, const void *caller)
{
    struct probe_record_buffer *into = __atomic_load_n(&buffer, __ATOMIC_ACQUIRE);
    if (sampler.is_busy || !is_sampled(into, requested_bytes ? requested_bytes : 1))
        return;
    uint32_t number = __atomic_fetch_add(&into->record_count, 1, __ATOMIC_RELAXED);
    if (number >= into->record_limit)
        return;
    struct probe_record *record = &into->records[number];
    sampler.is_busy = true;
    record->memory = memory;
    record->requested_bytes = requested_bytes;
    record->thread = (uint32_t)syscall(SYS_gettid);
    take_stack(record, caller);
    __atomic_store_n(&record->ready, 1, __ATOMIC_RELEASE);
    remember(into, memory, number);
    sampler.is_busy = false;
}

struct probe_record *prony_malloc_record_forget(const void *memory)
{
    struct probe_record_buffer *into = __atomic_load_n(&buffer, __ATOMIC_ACQUIRE);
    for (uint32_t i = first_slot(into, memory);; i = (i + 1) & into->slot_mask) {
        uint32_t there = __atomic_load_n(&into->slots[i], __ATOMIC_ACQUIRE);
        if (!there)
            return NULL;
        struct probe_record *record = &into->records[there - 1];
        if (record->memory == memory && !__atomic_load_n(&record->freed, __ATOMIC_RELAXED)) {
            __atomic_store_n(&record->freed, 1, __ATOMIC_RELAXED);
            return record;
        }
    }
}

void prony_malloc_record_recall(struct probe_record *record)
{
    __atomic_store_n(&record->freed, 0, __ATOMIC_RELAXED);
}

#endif
