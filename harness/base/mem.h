/* mem.h: small allocations that cannot fail in any way a caller could handle.
 *
 * mem_* print "out of memory" and exit(2) when malloc fails. Use them for bookkeeping (names, lists). Sizes that come
 * from a file or a user (buffers, caches, weights) are allocated with malloc/aligned_alloc and reported as
 * ERROR_MEMORY. Everything is released with free(). */
#ifndef PRONY_BASE_MEM_H
#define PRONY_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size_bytes);                           /* zeroed */
void *mem_array(size_t count, size_t item_bytes);             /* zeroed; checks the product */
void *mem_resize(void *old, size_t count, size_t item_bytes); /* realloc; new bytes are not zeroed */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Large buffers: aligned to 64 bytes, NULL when there is no memory. Released with free(). */
void *mem_aligned(size_t size_bytes);

/* Grows *items (of item_bytes each) so that index count fits; amortized doubling. */
#define MEM_GROW(items, count, capacity)                                \
    do {                                                                \
        if ((count) >= (capacity)) {                                    \
            (capacity) = (capacity) ? (capacity)*2 : 16;                \
            (items) = mem_resize((items), (capacity), sizeof *(items)); \
        }                                                               \
    } while (0)

#endif
