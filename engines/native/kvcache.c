/* kvcache.c: the memory of the KV cache. It is left untouched here: pages become resident as positions are written, so
 * that a long context costs only what is used. */
#include "engines/native/kvcache.h"

#include "harness/base/mem.h"
#include <stdlib.h>

int kvcache_open(struct kvcache *cache, const struct hyper *hyper, size_t context, enum tensor_format format,
                 struct error *error)
{
    *cache = (struct kvcache){
        .format = format,
        .layers = hyper->layers,
        .kv_heads = hyper->kv_heads,
        .context = context,
        .head_size = hyper->head_size,
        .position_bytes = format_row_bytes(format, hyper->head_size),
    };
    size_t runs = cache->layers * cache->kv_heads, half;
    if (__builtin_mul_overflow(context, cache->position_bytes, &half) || __builtin_mul_overflow(half, runs, &half) ||
        half > SIZE_MAX / 4)
        return error_set(error, ERROR_MEMORY, "a KV cache of %zu positions does not fit the address space", context);
    cache->size_bytes = 2 * half;
    cache->keys = mem_aligned(half);
    cache->values = mem_aligned(half);
    if (cache->keys && cache->values)
        return 0;
    kvcache_close(cache);
    return error_set(error, ERROR_MEMORY, "no memory for a KV cache of %zu positions (%zu MiB)", context, half >> 19);
}

void kvcache_close(struct kvcache *cache)
{
    free(cache->keys);
    free(cache->values);
    *cache = (struct kvcache){ 0 };
}
