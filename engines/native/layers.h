/* layers.h: the forward pass of a decoder, whole or in parts. Private to engines/native.
 *
 * One forward pass is one pool_run; barriers separate the operations. */
#ifndef PRONY_NATIVE_LAYERS_H
#define PRONY_NATIVE_LAYERS_H

#include "engines/native/session.h"
#include <stdatomic.h>

enum forward_part {
    FORWARD_EMBED = 1,     /* tokens -> session->x */
    FORWARD_ATTENTION = 2, /* x += attention(norm(x)), keys and values into the cache */
    FORWARD_FFN = 4,       /* x += ffn(norm(x)) */
    FORWARD_LOGITS = 8,    /* x -> logits */
    FORWARD_NORM = 16,     /* x = norm(x), alone, for measuring */
    FORWARD_ROPE = 32      /* x = rope(x) taken as heads, alone, for measuring */
};

struct forward {
    struct session *session;
    unsigned parts; /* enum forward_part bits */
    size_t layer_begin, layer_end;
    const uint32_t *tokens; /* [count], for FORWARD_EMBED */
    size_t count;           /* 1 .. session->batch */
    size_t first_position;
    int64_t start_ns;       /* when it is traced */
    float *logits;          /* where FORWARD_LOGITS writes */
    bool all_logits;        /* one row a token; false: only the last token's */
    atomic_bool not_finite; /* set when a logit or the last hidden state is NaN or infinite */
};

void forward_run(struct forward *forward);

/* Query vectors an attention work item holds at most, for its scratch memory. group: query heads a KV head. */
size_t forward_attention_rows(size_t group);

/* Floats that slice_a and slice_b of a worker must hold for batches up to count. */
size_t forward_slice_floats(const struct model *model, size_t count);

#endif
