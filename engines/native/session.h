/* session.h: one timeline on a loaded model, and all the memory that running it takes. Private to engines/native. */
#ifndef PRONY_NATIVE_SESSION_H
#define PRONY_NATIVE_SESSION_H

#include "engines/engine.h"
#include "engines/native/kvcache.h"
#include "engines/native/native.h"

/* Activations of a batch in each format that some kernel reads; an unused format is NULL. */
struct act_buffers {
    unsigned char *rows[ACT_COUNT]; /* [ACT_F32] is plain float */
};

/* What one thread has for itself. */
struct worker {
    struct act_buffers act; /* one row */
    unsigned char *act_columns;
    float *slice_a, *slice_b; /* results of a slice of weight rows */
    void *scratch;            /* of kernels */
};

struct session {
    struct engine *engine;
    const struct model *model;
    struct kvcache cache;
    size_t context, batch;
    size_t position;
    bool all_logits;
    size_t logits_rows; /* 0 = logits are not valid */
    unsigned act_mask;  /* bit per act format that some kernel of this model reads */

    float *rope;      /* [context][rotary_size / 2] pairs {cos, sin} */
    float *x;         /* [batch][width] the residual stream */
    float *q;         /* [batch][q width] */
    float *attention; /* [batch][q width] */
    float *hidden;    /* [batch][ff_width], only for a single token: larger batches never materialize it in f32 */
    float *logits;    /* [all_logits ? context : 1][vocab] */
    struct act_buffers act_in, act_hidden;
    struct worker *workers; /* one a thread */

    struct engine_trace *trace; /* the caller's; NULL = forward passes are not traced */

    void **owned; /* every buffer above */
    size_t owned_count, owned_capacity;
    uint64_t scratch_bytes;
};

int session_open(struct session **session, struct engine *engine, const struct session_options *options,
                 struct error *error);
void session_close(struct session *session);
void session_describe(struct session *session, struct session_info *info);
int session_rewind(struct session *session, size_t position, struct error *error);
int session_prefill(struct session *session, const uint32_t *tokens, size_t count, struct error *error);
int session_decode(struct session *session, uint32_t token, struct error *error);
const float *session_logits(struct session *session, size_t *rows);
int session_run_part(struct session *session, enum engine_part part, size_t layer, float *x, size_t count,
                     struct error *error);

/* spans.c */
int session_trace(struct session *session, struct engine_trace *trace, struct error *error);
void session_operation_kernels(struct session *session, enum engine_operation operation, size_t layer, size_t count,
                               char *text, size_t size);

/* snapshot.c */
int session_snapshot(struct session *session, void **data, size_t *size_bytes, struct error *error);
int session_restore(struct session *session, const void *data, size_t size_bytes, struct error *error);

#endif
