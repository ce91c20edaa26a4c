/* kvcache.h: keys and values of the positions a session has seen: [layer][kv_head][position][head_size], each head's
 * positions in one contiguous run, so that attention streams them. Values are f16 or f32. */
#ifndef PRONY_NATIVE_KVCACHE_H
#define PRONY_NATIVE_KVCACHE_H

#include "engines/native/model.h"

struct kvcache {
    enum tensor_format format;
    size_t layers, kv_heads, context, head_size;
    size_t position_bytes; /* one head's key at one position */
    size_t size_bytes;     /* keys and values together */
    unsigned char *keys, *values;
};

/* ERROR_MEMORY when context positions do not fit. */
int kvcache_open(struct kvcache *cache, const struct hyper *hyper, size_t context, enum tensor_format format,
                 struct error *error);
void kvcache_close(struct kvcache *cache);

/* Byte offset of a position, the same in keys and values. */
static inline size_t kvcache_offset(const struct kvcache *cache, size_t layer, size_t head, size_t position)
{
    return ((layer * cache->kv_heads + head) * cache->context + position) * cache->position_bytes;
}

#endif
