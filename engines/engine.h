/* engine.h: what an inference engine is to Prony, and how to add one.
 *
 * An engine is a loaded model, immutable and shared. A session is one mutable timeline on it: KV cache, position.
 * Options go in as a struct, an opaque handle comes out. Every function that can fail returns 0 or an error code and
 * fills *error; a failed call leaves the session as it was unless the text says otherwise.
 *
 * To add an engine: one folder under engines/ that exports a const struct engine_ops, and one row in engines/table.c.
 * Optional operations (marked so) are NULL where the engine cannot do them; callers check, and report that as such.
 * tests/engines/conformance_test.c runs over every row. */
#ifndef PRONY_ENGINES_ENGINE_H
#define PRONY_ENGINES_ENGINE_H

#include "harness/base/error.h"
#include "kernels/formats.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct session;

struct engine_options {
    const char *model;   /* native: path of a GGUF file; stub: its script */
    const char *kernels; /* overrides for kernel_select, NULL = none */
    int threads;         /* >= 1 */
    bool pin_threads;
};

struct session_options {
    size_t context;               /* positions; 0 = the model's own limit, at most 4096 */
    size_t batch;                 /* tokens a prefill step works on at once; 0 = 512 */
    enum tensor_format kv_format; /* FORMAT_F16 or FORMAT_F32 */
    bool all_logits;              /* prefill keeps the logits of every position, not only of the last */
};

/* One line of describe(): the kernel variant an operation really runs ("matmul q4_K" -> "matmul_q4_K__amx"). */
struct engine_choice {
    const char *operation;
    const char *variant;
};

/* Strings belong to the engine and live as long as it does. */
struct engine_info {
    const char *engine;       /* "native" */
    const char *model_name;   /* general.name, or the file's stem */
    const char *architecture; /* "qwen2" */
    const char *format;       /* the dominant weight format as people call it: "q8_0", "q4_K_M" */
    size_t vocab_size, layers, width, ff_width, heads, kv_heads, head_size, context_limit;
    uint64_t parameters;
    uint64_t weight_bytes;  /* mapped tensor data */
    uint64_t private_bytes; /* allocated by the engine itself */
    int threads;
    const struct engine_choice *choices;
    size_t choice_count;
};

struct session_info {
    size_t position, context;
    uint64_t kv_bytes, scratch_bytes;
};

struct token_info {
    int64_t bos, eos;      /* -1 = none */
    bool add_bos, add_eos; /* what tokenize() adds when asked for the model's own habit */
};

enum tokenize_flags {
    TOKENIZE_ADD_SPECIAL = 1,  /* put BOS/EOS around the text where the model wants them */
    TOKENIZE_PARSE_SPECIAL = 2 /* "<|im_end|>" in the text is that token; without it, it is plain text */
};

/* Parts of a layer that can be run alone on hidden states, for the layers suite. */
enum engine_part { PART_NORM, PART_ROPE, PART_ATTENTION, PART_FFN, PART_LAYER, PART_OUTPUT, PART_COUNT };

/* ---- tracing: where the time of a call goes ---- */

/* What a thread does. Work that follows a product value by value belongs to it: adding to the residual stream to
 * ATTENTION_OUTPUT and DOWN, the activation function to GATE_UP, making the input of the next product to what made it
 * (of a single token: to the product that reads it). */
enum engine_operation {
    OPERATION_EMBED,
    OPERATION_ATTENTION_NORM,
    OPERATION_QKV,
    OPERATION_ROPE, /* bias, norm of heads, rotation, storing keys and values */
    OPERATION_ATTENTION,
    OPERATION_ATTENTION_OUTPUT,
    OPERATION_FFN_NORM,
    OPERATION_GATE_UP,
    OPERATION_DOWN,
    OPERATION_OUTPUT_NORM,
    OPERATION_OUTPUT,
    OPERATION_WAIT, /* no work: for the start of the threads, at a barrier, for the last thread at the end */
    OPERATION_COUNT
};

/* One stretch of time of one thread. bytes: weights and cached keys and values that had to move, once each in a call
 * however many threads read them; activations stay in caches and do not count. flops: multiplications and additions of
 * the definition (kernels/cost.c); what only converts a number format does not count. */
struct engine_span {
    int64_t start_ns, end_ns; /* clock_wall_ns */
    uint64_t bytes, flops;
    uint32_t rows; /* of weights, of tokens where there are no weights, of heads in attention */
    int16_t layer; /* -1 = none */
    uint16_t operation;
};

/* One thread's, on cache lines of its own. Spans are in order and never overlap. */
struct engine_lane {
    _Alignas(64) struct engine_span *spans;
    size_t count, capacity;
    uint64_t dropped; /* spans that had no place */
};

struct engine_trace {
    struct engine_lane *lanes; /* [lane_count], one a thread */
    size_t lane_count;
    void *memory;
};

struct engine_ops {
    const char *name;
    const char *summary; /* one line for --help */

    int (*open)(struct engine **engine, const struct engine_options *options, struct error *error);
    void (*close)(struct engine *engine); /* NULL is allowed; sessions are closed before */
    int (*describe)(struct engine *engine, struct engine_info *info, struct error *error);

    int (*session_open)(struct session **session, struct engine *engine, const struct session_options *options,
                        struct error *error);
    void (*session_close)(struct session *session);
    void (*session_describe)(struct session *session, struct session_info *info);
    /* Forgets everything from position on (0 = all). position must not exceed the current one. */
    int (*rewind)(struct session *session, size_t position, struct error *error);

    /* Appends count >= 1 tokens; afterwards logits() is valid. ERROR_LIMIT when the context would overflow,
     * ERROR_USAGE for a token outside the vocabulary, ERROR_NUMERIC when the logits came out as NaN. */
    int (*prefill)(struct session *session, const uint32_t *tokens, size_t count, struct error *error);
    int (*decode)(struct session *session, uint32_t token, struct error *error); /* appends one token */
    /* logits[rows][vocab_size] of the last call: 1 row, or with all_logits one a prefilled token. Valid until the
     * next call on this session. NULL before the first. */
    const float *(*logits)(struct session *session, size_t *rows);

    /* Optional. Text -> ids. *tokens is allocated for the caller (free). */
    int (*tokenize)(struct engine *engine, const char *text, size_t length, unsigned flags, uint32_t **tokens,
                    size_t *count, struct error *error);
    /* Optional. One id -> its raw bytes (not always whole UTF-8 characters); the pointer lives as long as the engine.
     */
    int (*token_bytes)(struct engine *engine, uint32_t token, const char **bytes, size_t *length, struct error *error);
    /* Optional. */
    int (*token_info)(struct engine *engine, struct token_info *info, struct error *error);
    /* Optional. True if generation stops after this token (eos, eot). */
    bool (*token_ends)(struct engine *engine, uint32_t token);

    /* Optional. The session's state as bytes, and back (same model, same kv_format, context large enough).
     * *data is allocated for the caller (free). */
    int (*snapshot)(struct session *session, void **data, size_t *size_bytes, struct error *error);
    int (*restore)(struct session *session, const void *data, size_t size_bytes, struct error *error);

    /* Optional. Runs one part of one layer on x[count][width] in place, at the session's position, as prefill
     * (count > 1) or decode (count 1) would; PART_OUTPUT fills logits() instead. The position does not move. */
    int (*run_part)(struct session *session, enum engine_part part, size_t layer, float *x, size_t count,
                    struct error *error);

    /* Optional. From now on prefill, decode and run_part add their spans to trace, which stays the caller's and must
     * have a lane for every thread of the engine; NULL stops it. Nothing is allocated, and results stay the same bit
     * for bit. */
    int (*trace)(struct session *session, struct engine_trace *trace, struct error *error);
    /* Optional. The kernels that an operation mostly consists of, in a call of count tokens at the session's position,
     * as the kernels suite names its cases, so that both can be compared: "matvec/q8_0/avx2/rows:896/cols:896".
     * Separated by spaces; empty where there is none. */
    void (*operation_kernels)(struct session *session, enum engine_operation operation, size_t layer, size_t count,
                              char *text, size_t size);
};

/* engines/table.c: all engines of this build, NULL at the end. */
extern const struct engine_ops *const engine_table[];
/* NULL if unknown. */
const struct engine_ops *engine_find(const char *name);

/* ---- helpers for tracing (engines/trace.c) ---- */

/* Takes memory for spans_a_thread of each thread, and touches it. */
int engine_trace_open(struct engine_trace *trace, size_t threads, size_t spans_a_thread, struct error *error);
void engine_trace_close(struct engine_trace *trace); /* zero bytes are allowed */
void engine_trace_clear(struct engine_trace *trace);
/* For engines. A span that continues the last one (same operation and layer, no gap) makes that longer, unless it is a
 * WAIT. Counts what has no place. */
void engine_lane_add(struct engine_lane *lane, const struct engine_span *span);
/* "attention_norm" */
const char *engine_operation_name(enum engine_operation operation);

/* ---- helpers over any engine (engines/generate.c) ---- */

/* Joins token bytes into whole UTF-8 characters: an unfinished tail is kept back until the next token completes it.
 * Zero bytes = empty. */
struct utf8_stream {
    char pending[8];
    size_t pending_length;
};
/* Writes what is complete into out (at least 3 * length + 8 bytes); returns the number of bytes written. Bytes that can
 * never become valid UTF-8 come out as U+FFFD, which takes three. */
size_t utf8_stream_push(struct utf8_stream *stream, const char *bytes, size_t length, char *out);
/* The rest at the end of a text, as U+FFFD if it is unfinished. out: at least 8 bytes. */
size_t utf8_stream_finish(struct utf8_stream *stream, char *out);

#endif
