/* probe_malloc.c: a counting malloc family around glibc's, by symbol interposition: a definition in the program wins
 * over the one in the shared C library, whose own is still reachable as __libc_malloc and so on. Only programs that are
 * linked with this file have it.
 *
 * Counts live in slots, one a thread, so that threads share no cache line. A slot goes back when its thread ends and
 * keeps its counts, so the sum over all slots is the sum over all threads that ever were. Nothing here allocates or
 * locks. Sizes are counted while a window is open only: asking for them costs about as much as the counting. */
#include "harness/probe/probe_malloc.h"
#include "harness/probe/probe_allocations.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef PROBE_MALLOC_COUNTS

static const char *find_problem(void)
{
#ifdef PROBE_MALLOC_SANITIZER
    return "allocations are not counted: the sanitizer has a malloc of its own";
#else
    return "allocations are not counted: the C library is not glibc";
#endif
}

static void read_counts(struct probe_allocations *so_far)
{
    *so_far = (struct probe_allocations){ 0 };
}

static void open_window(void)
{
}

static void read_window(struct probe_allocations_window *window)
{
    *window = (struct probe_allocations_window){ 0 };
}

static void close_window(struct probe_allocations_window *window)
{
    read_window(window);
}

static void start_record(struct probe_record_buffer *buffer)
{
    (void)buffer;
}

static void stop_record(void)
{
}

#else

void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t item_bytes);
void *__libc_realloc(void *old, size_t size_bytes);
void *__libc_memalign(size_t alignment, size_t size_bytes);
void __libc_free(void *memory);

enum { SLOT_LIMIT = 512, CACHE_LINE_BYTES = 64 };

struct slot {
    _Alignas(CACHE_LINE_BYTES) uint64_t count; /* only its thread writes */
    uint64_t requested_bytes;
    bool taken;
};

static struct slot slots[SLOT_LIMIT]; /* lint: allocator. Slot 0 is shared by those that have none, atomically */
static uint32_t slot_end = 1;         /* lint: allocator. Above all slots that were ever taken */
static pthread_key_t end_key;         /* lint: allocator. Its destructor gives the slot of a thread back */
static bool has_end_key;              /* lint: allocator */
static __thread struct slot *own __attribute__((tls_model("initial-exec"))); /* lint: allocator */
static __thread bool is_ending __attribute__((tls_model("initial-exec")));   /* lint: allocator */

enum { WATCH_WINDOW = 1, WATCH_RECORD = 2 };
static uint32_t watching; /* lint: allocator. What looks at single allocations: the one thing that all of them read */

/* The window's sizes are those of the blocks that malloc gave. All threads write here, in windows only. */
static struct {
    struct probe_allocations start;
    uint64_t start_mapped_bytes, block_bytes;
    int64_t live_bytes, peak_bytes;
} window; /* lint: allocator */

/* ---- slots ---- */

static void end_thread(void *slot)
{
    own = NULL;
    is_ending = true; /* what other destructors still allocate goes to slot 0 */
    __atomic_store_n(&((struct slot *)slot)->taken, false, __ATOMIC_RELEASE);
}

static void raise_end(uint32_t end)
{
    uint32_t before = __atomic_load_n(&slot_end, __ATOMIC_RELAXED);
    while (before < end &&
           !__atomic_compare_exchange_n(&slot_end, &before, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

/* NULL if this thread is to count in slot 0. */
static struct slot *take_slot(void)
{
    if (is_ending)
        return NULL;
    for (uint32_t i = 1; i < SLOT_LIMIT; i++) {
        if (__atomic_load_n(&slots[i].taken, __ATOMIC_RELAXED) ||
            __atomic_exchange_n(&slots[i].taken, true, __ATOMIC_ACQUIRE))
            continue;
        raise_end(i + 1);
        own = &slots[i];
        if (has_end_key)
            pthread_setspecific(end_key, own); /* may allocate, and finds own set */
        return own;
    }
    return NULL;
}

/* Of the threads of the parent only the one that forked lives on. */
static void free_slots_of_others(void)
{
    for (uint32_t i = 1; i < SLOT_LIMIT; i++)
        slots[i].taken = &slots[i] == own;
}

__attribute__((constructor)) static void prepare(void)
{
    has_end_key = pthread_key_create(&end_key, end_thread) == 0;
    if (has_end_key && own)
        pthread_setspecific(end_key, own);
    pthread_atfork(NULL, NULL, free_slots_of_others);
}

/* ---- counting ---- */

static void count_shared(size_t requested_bytes)
{
    __atomic_fetch_add(&slots[0].count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&slots[0].requested_bytes, requested_bytes, __ATOMIC_RELAXED);
}

/* A plain addition: only readers come from other threads. */
static inline void add(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}

static inline uint32_t watched_now(void)
{
    return __atomic_load_n(&watching, __ATOMIC_RELAXED);
}

static void change_live(int64_t bytes)
{
    int64_t live = __atomic_add_fetch(&window.live_bytes, bytes, __ATOMIC_RELAXED);
    int64_t peak = __atomic_load_n(&window.peak_bytes, __ATOMIC_RELAXED);
    while (live > peak &&
           !__atomic_compare_exchange_n(&window.peak_bytes, &peak, live, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

/* old_bytes: of the block that realloc replaced. */
static __attribute__((noinline)) void watch_gain(uint32_t watched, void *memory, size_t requested_bytes,
                                                 size_t old_bytes, const void *caller)
{
    if (watched & WATCH_WINDOW) {
        size_t bytes = malloc_usable_size(memory);
        __atomic_fetch_add(&window.block_bytes, bytes, __ATOMIC_RELAXED);
        change_live((int64_t)bytes - (int64_t)old_bytes);
    }
    if (watched & WATCH_RECORD)
        prony_malloc_record_gain(memory, requested_bytes, caller);
}

static __attribute__((noinline)) void watch_loss(uint32_t watched, void *memory)
{
    if (watched & WATCH_WINDOW)
        change_live(-(int64_t)malloc_usable_size(memory));
    if (watched & WATCH_RECORD)
        prony_malloc_record_forget(memory);
}

static inline __attribute__((always_inline)) void *counted(void *memory, size_t requested_bytes, size_t old_bytes)
{
    if (!memory)
        return NULL;
    struct slot *slot = own ? own : take_slot();
    if (__builtin_expect(slot != NULL, true)) {
        add(&slot->count, 1);
        add(&slot->requested_bytes, requested_bytes);
    } else {
        count_shared(requested_bytes);
    }
    uint32_t watched = watched_now();
    if (__builtin_expect(watched != 0, false))
        watch_gain(watched, memory, requested_bytes, old_bytes, __builtin_return_address(0));
    return memory;
}

/* ---- the malloc family ---- */

static void *own_malloc(size_t size_bytes)
{
    return counted(__libc_malloc(size_bytes), size_bytes, 0);
}
void *malloc(size_t size_bytes) __attribute__((alias("own_malloc")));

void *calloc(size_t count, size_t item_bytes)
{
    return counted(__libc_calloc(count, item_bytes), count * item_bytes, 0);
}

void *realloc(void *old, size_t size_bytes)
{
    uint32_t watched = watched_now();
    size_t old_bytes = watched & WATCH_WINDOW ? malloc_usable_size(old) : 0;
    struct probe_record *record = watched & WATCH_RECORD && old ? prony_malloc_record_forget(old) : NULL;
    void *memory = __libc_realloc(old, size_bytes);
    if (!memory && !size_bytes && old_bytes)
        change_live(-(int64_t)old_bytes); /* that was a free */
    if (!memory && size_bytes && record)
        prony_malloc_record_recall(record);
    return counted(memory, size_bytes, old_bytes);
}

void *reallocarray(void *old, size_t count, size_t item_bytes)
{
    size_t size_bytes;
    if (__builtin_mul_overflow(count, item_bytes, &size_bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, size_bytes);
}

void *memalign(size_t alignment, size_t size_bytes)
{
    return counted(__libc_memalign(alignment, size_bytes), size_bytes, 0);
}

void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    return memalign(alignment, size_bytes);
}

int posix_memalign(void **result, size_t alignment, size_t size_bytes)
{
    if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
        return EINVAL;
    int errno_before = errno; /* which this function promises to leave alone */
    void *memory = memalign(alignment, size_bytes);
    errno = errno_before;
    if (!memory)
        return ENOMEM;
    *result = memory;
    return 0;
}

void *valloc(size_t size_bytes)
{
    return memalign((size_t)sysconf(_SC_PAGESIZE), size_bytes);
}

void *pvalloc(size_t size_bytes)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), rounded;
    if (__builtin_add_overflow(size_bytes, page_bytes - 1, &rounded)) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(page_bytes, rounded / page_bytes * page_bytes);
}

void free(void *memory)
{
    uint32_t watched = watched_now();
    if (__builtin_expect(watched != 0, false) && memory)
        watch_loss(watched, memory);
    __libc_free(memory);
}

/* ---- hooks ---- */

static void read_counts(struct probe_allocations *so_far)
{
    uint32_t end = __atomic_load_n(&slot_end, __ATOMIC_RELAXED);
    *so_far = (struct probe_allocations){ 0 };
    for (uint32_t i = 0; i < end; i++) {
        so_far->count += __atomic_load_n(&slots[i].count, __ATOMIC_RELAXED);
        so_far->requested_bytes += __atomic_load_n(&slots[i].requested_bytes, __ATOMIC_RELAXED);
    }
}

static const char *find_problem(void)
{
    void *(*volatile used)(size_t size_bytes) = malloc; /* volatile: the dynamic linker decides, not the compiler */
    struct probe_allocations so_far;
    read_counts(&so_far);
    if (!so_far.count) { /* valgrind puts its own code in the place of ours, and nothing ever counts */
        free(used(1));
        read_counts(&so_far);
    }
    if (used == own_malloc && so_far.count)
        return NULL;
    return "allocations are not counted: another malloc came first, a sanitizer's or valgrind's perhaps";
}

static void open_window(void)
{
    read_counts(&window.start);
    window.start_mapped_bytes = prony_malloc_mapped_bytes();
    window.block_bytes = 0;
    window.live_bytes = window.peak_bytes = 0;
    __atomic_fetch_or(&watching, WATCH_WINDOW, __ATOMIC_SEQ_CST);
}

static void read_window(struct probe_allocations_window *result)
{
    struct probe_allocations so_far;
    read_counts(&so_far);
    *result = (struct probe_allocations_window){
        .count = so_far.count - window.start.count,
        .requested_bytes = so_far.requested_bytes - window.start.requested_bytes,
        .block_bytes = __atomic_load_n(&window.block_bytes, __ATOMIC_RELAXED),
        .mapped_bytes = prony_malloc_mapped_bytes() - window.start_mapped_bytes,
        .peak_bytes = __atomic_load_n(&window.peak_bytes, __ATOMIC_RELAXED),
        .growth_bytes = __atomic_load_n(&window.live_bytes, __ATOMIC_RELAXED),
    };
}

static void close_window(struct probe_allocations_window *result)
{
    __atomic_fetch_and(&watching, ~(uint32_t)WATCH_WINDOW, __ATOMIC_SEQ_CST);
    read_window(result);
}

static void start_record(struct probe_record_buffer *buffer)
{
    prony_malloc_record_start(buffer);
    __atomic_fetch_or(&watching, WATCH_RECORD, __ATOMIC_SEQ_CST);
}

static void stop_record(void)
{
    __atomic_fetch_and(&watching, ~(uint32_t)WATCH_RECORD, __ATOMIC_SEQ_CST);
}

#endif

const struct probe_malloc_hooks prony_malloc_hooks = { .find_problem = find_problem,
                                                       .read = read_counts,
                                                       .open_window = open_window,
                                                       .read_window = read_window,
                                                       .close_window = close_window,
                                                       .start_record = start_record,
                                                       .stop_record = stop_record };
