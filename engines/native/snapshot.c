/* snapshot.c: a session's state as bytes: a header, keys and values of the positions so far, the last logits.
 *
 * The bytes are for the machine and build that made them. The header names model shape and cache format, and a
 * checksum covers the rest, so that bytes of another model or damaged ones are refused before anything is touched. */
#include "engines/native/session.h"

#include <stdlib.h>
#include <string.h>

static const char snapshot_magic[8] = "PRONYKV1";

struct snapshot_header {
    char magic[8];
    uint64_t checksum; /* of everything after this member */
    uint64_t weight_bytes;
    uint32_t layers, kv_heads, head_size, vocab;
    uint32_t kv_format, has_logits;
    uint64_t position;
};

/* FNV-1a (Fowler, Noll, Vo) over 8 bytes at a time: it detects damage, it does not defend against forgery. */
static uint64_t checksum(const unsigned char *data, size_t size_bytes)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; size_bytes >= 8; data += 8, size_bytes -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 32;
    }
    for (; size_bytes; data++, size_bytes--)
        hash = (hash ^ *data) * 0x100000001b3u;
    return hash;
}

static uint64_t checksum_snapshot(const void *data, size_t size_bytes)
{
    size_t skipped = offsetof(struct snapshot_header, weight_bytes);
    return checksum((const unsigned char *)data + skipped, size_bytes - skipped);
}

static struct snapshot_header make_header(const struct session *session)
{
    const struct hyper *hyper = &session->model->hyper;
    struct snapshot_header header = {
        .weight_bytes = session->model->weight_bytes,
        .layers = hyper->layers,
        .kv_heads = hyper->kv_heads,
        .head_size = hyper->head_size,
        .vocab = hyper->vocab,
        .kv_format = (uint32_t)session->cache.format,
        .has_logits = session->logits_rows > 0,
        .position = session->position,
    };
    memcpy(header.magic, snapshot_magic, sizeof header.magic);
    return header;
}

static size_t run_bytes(const struct session *session, uint64_t position)
{
    return (size_t)position * session->cache.position_bytes;
}

static size_t snapshot_bytes(const struct session *session, const struct snapshot_header *header)
{
    return sizeof *header + 2 * session->cache.layers * session->cache.kv_heads * run_bytes(session, header->position) +
           (header->has_logits ? header->vocab * sizeof(float) : 0);
}

int session_snapshot(struct session *session, void **data, size_t *size_bytes, struct error *error)
{
    const struct kvcache *cache = &session->cache;
    struct snapshot_header header = make_header(session);
    size_t size = snapshot_bytes(session, &header), run = run_bytes(session, header.position);
    unsigned char *bytes = malloc(size);
    if (!bytes)
        return error_set(error, ERROR_MEMORY, "no memory for a snapshot of %zu bytes", size);
    unsigned char *to = bytes + sizeof header;
    for (size_t i = 0; i < cache->layers * cache->kv_heads; i++) {
        size_t offset = kvcache_offset(cache, 0, i, 0);
        memcpy(to, cache->keys + offset, run);
        memcpy(to + run, cache->values + offset, run);
        to += 2 * run;
    }
    if (header.has_logits)
        memcpy(to, session->logits + (session->logits_rows - 1) * header.vocab, header.vocab * sizeof(float));
    memcpy(bytes, &header, sizeof header);
    header.checksum = checksum_snapshot(bytes, size);
    memcpy(bytes, &header, sizeof header);
    *data = bytes;
    *size_bytes = size;
    return 0;
}

static int check_header(const struct session *session, const struct snapshot_header *header, const void *data,
                        size_t size_bytes, struct error *error)
{
    struct snapshot_header own = make_header(session);
    if (memcmp(header->magic, own.magic, sizeof own.magic) != 0)
        return error_set(error, ERROR_FORMAT, "snapshot: not a snapshot of a native session");
    if (header->weight_bytes != own.weight_bytes || header->layers != own.layers || header->kv_heads != own.kv_heads ||
        header->head_size != own.head_size || header->vocab != own.vocab)
        return error_set(error, ERROR_FORMAT, "snapshot: made with another model");
    if (header->kv_format != own.kv_format)
        return error_set(error, ERROR_FORMAT, "snapshot: its KV cache is %s, this session's is %s",
                         header->kv_format < FORMAT_COUNT ? format_table[header->kv_format].name : "unknown",
                         format_table[own.kv_format].name);
    if (header->position > session->context)
        return error_set(error, ERROR_LIMIT, "snapshot: %llu positions do not fit a context of %zu",
                         (unsigned long long)header->position, session->context);
    if (size_bytes != snapshot_bytes(session, header))
        return error_set(error, ERROR_FORMAT, "snapshot: %zu bytes, expected %zu", size_bytes,
                         snapshot_bytes(session, header));
    if (header->checksum != checksum_snapshot(data, size_bytes))
        return error_set(error, ERROR_FORMAT, "snapshot: damaged, its checksum does not match");
    return 0;
}

int session_restore(struct session *session, const void *data, size_t size_bytes, struct error *error)
{
    struct snapshot_header header;
    if (size_bytes < sizeof header)
        return error_set(error, ERROR_FORMAT, "snapshot: %zu bytes are too few for a header", size_bytes);
    memcpy(&header, data, sizeof header);
    int code = check_header(session, &header, data, size_bytes, error);
    if (code)
        return code;
    const struct kvcache *cache = &session->cache;
    const unsigned char *from = (const unsigned char *)data + sizeof header;
    size_t run = run_bytes(session, header.position);
    for (size_t i = 0; i < cache->layers * cache->kv_heads; i++) {
        size_t offset = kvcache_offset(cache, 0, i, 0);
        memcpy(cache->keys + offset, from, run);
        memcpy(cache->values + offset, from + run, run);
        from += 2 * run;
    }
    if (header.has_logits)
        memcpy(session->logits, from, header.vocab * sizeof(float));
    session->position = (size_t)header.position;
    session->logits_rows = header.has_logits ? 1 : 0;
    return 0;
}
