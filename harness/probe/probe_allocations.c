/* probe_allocations.c: counting wrappers around glibc's allocator, by symbol interposition: a definition in the
 * program wins over the one in the shared C library, whose own is still reachable as __libc_malloc and so on.
 * One atomic counter for all threads: allocations in timed code are what the counter is there to find, not the
 * common case, so its cost under contention does not matter. */
#include "harness/probe/probe_allocations.h"
#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZER_OWNS_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER_OWNS_MALLOC 1
#endif

#if defined(__GLIBC__) && !defined(SANITIZER_OWNS_MALLOC)

static uint64_t allocation_count; /* lint: allocator */

void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t item_bytes);
void *__libc_realloc(void *old, size_t size_bytes);
void *__libc_memalign(size_t alignment, size_t size_bytes);
void __libc_free(void *memory);
void *memalign(size_t alignment, size_t size_bytes);

static void count_one(void)
{
    __atomic_fetch_add(&allocation_count, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size_bytes)
{
    count_one();
    return __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t item_bytes)
{
    count_one();
    return __libc_calloc(count, item_bytes);
}

void *realloc(void *old, size_t size_bytes)
{
    count_one();
    return __libc_realloc(old, size_bytes);
}

void *memalign(size_t alignment, size_t size_bytes)
{
    count_one();
    return __libc_memalign(alignment, size_bytes);
}

void *aligned_alloc(size_t alignment, size_t size_bytes)
{
    count_one();
    return __libc_memalign(alignment, size_bytes);
}

int posix_memalign(void **result, size_t alignment, size_t size_bytes)
{
    if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
        return EINVAL;
    count_one();
    void *memory = __libc_memalign(alignment, size_bytes);
    if (!memory)
        return ENOMEM;
    *result = memory;
    return 0;
}

/* Not counted, but it must meet the memory of the wrappers above: with LD_PRELOAD another allocator's free would win.
 */
void free(void *memory)
{
    __libc_free(memory);
}

bool probe_allocations_available(void)
{
    return true;
}

uint64_t probe_allocations_count(void)
{
    return __atomic_load_n(&allocation_count, __ATOMIC_RELAXED);
}

#else

bool probe_allocations_available(void)
{
    return false;
}

uint64_t probe_allocations_count(void)
{
    return 0;
}

#endif
