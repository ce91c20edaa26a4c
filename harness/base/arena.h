/* arena.h: many small allocations with one lifetime, released together.
 *
 * An arena is named after its lifetime (model_arena, report_arena). Pointers stay valid until arena_release.
 * Not thread-safe. Exits on out of memory, as mem.h. */
#ifndef PRONY_BASE_ARENA_H
#define PRONY_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *blocks;
    size_t used_bytes; /* in the newest block */
    size_t total_bytes;
};

/* An arena set to zero bytes is ready to use. */
void *arena_alloc(struct arena *arena, size_t size_bytes); /* zeroed, 16-byte aligned */
void *arena_array(struct arena *arena, size_t count, size_t item_bytes);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_release(struct arena *arena);

#endif
