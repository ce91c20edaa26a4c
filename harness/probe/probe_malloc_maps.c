/* probe_malloc_maps.c: mmap, mmap64 and mremap with a count of what they mapped, in programs that are linked with the
 * counting malloc. The C library calls its own (for big blocks, stacks and libraries), so those are not in the count.
 */
#include "harness/probe/probe_malloc.h"

#if defined(PROBE_MALLOC_COUNTS) && defined(__LP64__)

#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t mapped_bytes; /* lint: allocator. By all threads so far */

uint64_t prony_malloc_mapped_bytes(void)
{
    return __atomic_load_n(&mapped_bytes, __ATOMIC_RELAXED);
}

static void *own_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    void *memory = (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
    if (memory != MAP_FAILED)
        __atomic_fetch_add(&mapped_bytes, length, __ATOMIC_RELAXED);
    return memory;
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
    __attribute__((alias("own_mmap")));
void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset)
    __attribute__((alias("own_mmap")));

void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *wanted = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    void *memory = (void *)syscall(SYS_mremap, old, old_length, length, flags, wanted);
    if (memory != MAP_FAILED && length > old_length)
        __atomic_fetch_add(&mapped_bytes, length - old_length, __ATOMIC_RELAXED);
    return memory;
}

#else

uint64_t prony_malloc_mapped_bytes(void)
{
    return 0;
}

#endif
