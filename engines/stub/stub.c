/* stub.c: the scripted engine. Its model is a text of key=value words separated by commas (README.md lists them).
 *
 * Logits are a hash of the seed and of every token so far, so they depend on the whole history as a real engine's do,
 * and are the same on every machine. Time is burnt, not slept, as a real engine would. */
#include "engines/stub/stub.h"

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEVER = -1, BYTE_TOKENS = 256, MAX_VOCAB = 1 << 24, MAX_CONTEXT = 1 << 24 };

static const char snapshot_magic[8] = "PRONYSTB";

struct script {
    int64_t vocab, layers, context, seed;
    int64_t load_us, prefill_us, decode_us, jitter_us; /* prefill_us is a token's, jitter_us comes on top of a call */
    int64_t fail_at, hang_at, crash_at, nan_at;        /* positions; NEVER = not at all */
};

struct engine {
    struct script script;
    int threads;
    struct arena arena;
    char *bytes; /* token id -> its byte */
};

struct session {
    struct engine *engine;
    size_t context, position;
    bool all_logits;
    size_t logits_rows;
    float *logits;
    uint64_t *hashes; /* [context + 1]: hash of the first i tokens */
    struct rng jitter;
    struct engine_trace *trace; /* the caller's, or NULL */
};

static const struct script_key {
    const char *name;
    size_t offset;
    int64_t min, max;
} script_keys[] = {
    { "vocab", offsetof(struct script, vocab), 1, MAX_VOCAB },
    { "layers", offsetof(struct script, layers), 1, 4096 },
    { "context", offsetof(struct script, context), 1, MAX_CONTEXT },
    { "seed", offsetof(struct script, seed), 0, INT64_MAX },
    { "load_us", offsetof(struct script, load_us), 0, 1000000000 },
    { "prefill_us", offsetof(struct script, prefill_us), 0, 1000000000 },
    { "decode_us", offsetof(struct script, decode_us), 0, 1000000000 },
    { "jitter_us", offsetof(struct script, jitter_us), 0, 1000000000 },
    { "fail_at", offsetof(struct script, fail_at), 0, MAX_CONTEXT },
    { "hang_at", offsetof(struct script, hang_at), 0, MAX_CONTEXT },
    { "crash_at", offsetof(struct script, crash_at), 0, MAX_CONTEXT },
    { "nan_at", offsetof(struct script, nan_at), 0, MAX_CONTEXT },
};

/* ---- script ---- */

static int read_word(struct script *script, char *word, struct error *error)
{
    char *value = strchr(word, '=');
    if (!value)
        return error_set(error, ERROR_USAGE, "stub script: expected key=value, found '%s'", word);
    *value++ = 0;
    for (size_t i = 0; i < sizeof script_keys / sizeof script_keys[0]; i++) {
        const struct script_key *key = &script_keys[i];
        int64_t number;
        if (!str_equal(key->name, word))
            continue;
        if (!str_parse_i64(value, &number) || number < key->min || number > key->max)
            return error_set(error, ERROR_USAGE, "stub script: %s is '%s', expected %" PRId64 " to %" PRId64, word,
                             value, key->min, key->max);
        memcpy((char *)script + key->offset, &number, sizeof number);
        return 0;
    }
    return error_set(error, ERROR_USAGE, "stub script: unknown key '%s'", word);
}

static int read_script(struct script *script, const char *text, struct error *error)
{
    *script = (struct script){ .vocab = 257, .layers = 2, .context = 4096 };
    script->fail_at = script->hang_at = script->crash_at = script->nan_at = NEVER;
    char *copy = mem_strdup(text ? text : ""), *rest = copy;
    int code = 0;
    for (char *word; !code && (word = strsep(&rest, ","));) {
        if (*word)
            code = read_word(script, word, error);
    }
    free(copy);
    return code;
}

static void burn_us(int64_t duration_us)
{
    int64_t end_ns = clock_wall_ns() + duration_us * 1000;
    while (duration_us && clock_wall_ns() < end_ns) {}
}

/* ---- engine ---- */

static int stub_open(struct engine **result, const struct engine_options *options, struct error *error)
{
    struct script script;
    *result = NULL;
    int code = read_script(&script, options->model, error);
    if (code)
        return code;
    if (options->threads < 1)
        return error_set(error, ERROR_USAGE, "thread count %d is not at least 1", options->threads);
    struct engine *engine = mem_alloc(sizeof *engine);
    engine->script = script;
    engine->threads = options->threads;
    engine->bytes = arena_alloc(&engine->arena, BYTE_TOKENS);
    for (int i = 0; i < BYTE_TOKENS; i++)
        engine->bytes[i] = (char)i;
    burn_us(script.load_us);
    *result = engine;
    return 0;
}

static void stub_close(struct engine *engine)
{
    if (!engine)
        return;
    arena_release(&engine->arena);
    free(engine);
}

static int stub_describe(struct engine *engine, struct engine_info *info, struct error *error)
{
    static const struct engine_choice choices[] = { { "logits", "hash" } };
    (void)error;
    *info = (struct engine_info){
        .engine = "stub",
        .model_name = "stub",
        .architecture = "stub",
        .format = "f32",
        .vocab_size = (size_t)engine->script.vocab,
        .layers = (size_t)engine->script.layers,
        .width = 1,
        .ff_width = 1,
        .heads = 1,
        .kv_heads = 1,
        .head_size = 1,
        .context_limit = (size_t)engine->script.context,
        .private_bytes = sizeof *engine + engine->arena.total_bytes,
        .threads = engine->threads,
        .choices = choices,
        .choice_count = sizeof choices / sizeof choices[0],
    };
    return 0;
}

/* ---- session ---- */

static void stub_session_close(struct session *session)
{
    if (!session)
        return;
    free(session->logits);
    free(session->hashes);
    free(session);
}

static int stub_session_open(struct session **result, struct engine *engine, const struct session_options *options,
                             struct error *error)
{
    *result = NULL;
    size_t context = options->context ? options->context : (size_t)engine->script.context;
    if (context > MAX_CONTEXT)
        return error_set(error, ERROR_LIMIT, "a context of %zu positions is out of range", context);
    if (options->kv_format != FORMAT_F16 && options->kv_format != FORMAT_F32)
        return error_set(error, ERROR_USAGE, "the KV cache can be f16 or f32");
    struct session *session = mem_alloc(sizeof *session);
    session->engine = engine;
    session->context = context;
    session->all_logits = options->all_logits;
    session->logits =
        mem_aligned((session->all_logits ? context : 1) * (size_t)engine->script.vocab * sizeof *session->logits);
    session->hashes = mem_aligned((context + 1) * sizeof *session->hashes);
    if (!session->logits || !session->hashes) {
        stub_session_close(session);
        return error_set(error, ERROR_MEMORY, "no memory for a session of %zu positions", context);
    }
    session->hashes[0] = rng_mix((uint64_t)engine->script.seed, 0);
    rng_seed(&session->jitter, (uint64_t)engine->script.seed);
    *result = session;
    return 0;
}

static void stub_session_describe(struct session *session, struct session_info *info)
{
    *info = (struct session_info){
        .position = session->position,
        .context = session->context,
        .kv_bytes = (session->context + 1) * sizeof *session->hashes,
    };
}

static int stub_rewind(struct session *session, size_t position, struct error *error)
{
    if (position > session->position)
        return error_set(error, ERROR_USAGE, "cannot rewind to position %zu: the session is at %zu", position,
                         session->position);
    session->position = position;
    session->logits_rows = 0;
    return 0;
}

/* What the script wants to happen when the token at position is processed. */
static int act_out(const struct script *script, size_t position, struct error *error)
{
    int64_t at = (int64_t)position;
    if (at == script->crash_at)
        raise(SIGSEGV);
    while (at == script->hang_at)
        pause();
    if (at == script->fail_at)
        return error_set(error, ERROR_STATE, "stub: scripted failure at position %zu", position);
    if (at == script->nan_at)
        return error_set(error, ERROR_NUMERIC, "stub: scripted NaN in the logits of position %zu", position);
    return 0;
}

/* Logits between -8 and 8. */
static void fill_logits(float *logits, size_t vocab, uint64_t hash)
{
    for (size_t i = 0; i < vocab; i++)
        logits[i] = (float)((double)(rng_mix(hash, i) >> 40) / 1048576.0 - 8.0);
}

/* The time of a call in equal parts: the embedding, one operation a layer, the logits. As scripted as the time itself.
 */
static void add_spans(const struct session *session, size_t count, int64_t start_ns)
{
    int64_t layers = session->engine->script.layers, parts = layers + 2, duration_ns = clock_wall_ns() - start_ns;
    for (int64_t i = 0; i < parts; i++) {
        struct engine_span span = {
            .start_ns = start_ns + duration_ns * i / parts,
            .end_ns = start_ns + duration_ns * (i + 1) / parts,
            .bytes = (uint64_t)(i + 1) * 1000,
            .flops = (uint64_t)(i + 1) * 2000 * count,
            .rows = (uint32_t)count,
            .layer = (int16_t)(i > 0 && i <= layers ? i - 1 : -1),
            .operation = i == 0        ? OPERATION_EMBED
                         : i <= layers ? OPERATION_DOWN
                                       : OPERATION_OUTPUT,
        };
        engine_lane_add(&session->trace->lanes[0], &span);
    }
}

static int run_tokens(struct session *session, const uint32_t *tokens, size_t count, int64_t token_us,
                      struct error *error)
{
    const int64_t start_ns = session->trace ? clock_wall_ns() : 0;
    const struct script *script = &session->engine->script;
    size_t vocab = (size_t)script->vocab;
    if (!count)
        return error_set(error, ERROR_USAGE, "no tokens to process");
    for (size_t i = 0; i < count; i++) {
        if (tokens[i] >= vocab)
            return error_set(error, ERROR_USAGE, "token %u is outside the vocabulary of %zu", tokens[i], vocab);
    }
    if (count > session->context - session->position)
        return error_set(error, ERROR_LIMIT, "context full: %zu tokens after position %zu exceed the context of %zu",
                         count, session->position, session->context);
    session->logits_rows = 0;
    if (script->jitter_us)
        burn_us((int64_t)rng_below(&session->jitter, (uint64_t)script->jitter_us));
    for (size_t i = 0; i < count; i++) {
        size_t position = session->position + i;
        int code = act_out(script, position, error);
        if (code)
            return code;
        burn_us(token_us);
        session->hashes[position + 1] = rng_mix(session->hashes[position], tokens[i]);
        if (session->all_logits || i + 1 == count)
            fill_logits(session->logits + (session->all_logits ? i * vocab : 0), vocab, session->hashes[position + 1]);
    }
    session->position += count;
    session->logits_rows = session->all_logits ? count : 1;
    if (session->trace)
        add_spans(session, count, start_ns);
    return 0;
}

static int stub_trace(struct session *session, struct engine_trace *trace, struct error *error)
{
    if (trace && trace->lane_count < 1)
        return error_set(error, ERROR_USAGE, "a trace of no threads is too small");
    session->trace = trace;
    return 0;
}

static int stub_prefill(struct session *session, const uint32_t *tokens, size_t count, struct error *error)
{
    return run_tokens(session, tokens, count, session->engine->script.prefill_us, error);
}

static int stub_decode(struct session *session, uint32_t token, struct error *error)
{
    return run_tokens(session, &token, 1, session->engine->script.decode_us, error);
}

static const float *stub_logits(struct session *session, size_t *rows)
{
    if (rows)
        *rows = session->logits_rows;
    return session->logits_rows ? session->logits : NULL;
}

/* ---- text: one token a byte, then the end token ---- */

static int need_bytes(const struct engine *engine, struct error *error)
{
    if (engine->script.vocab > BYTE_TOKENS)
        return 0;
    return error_set(error, ERROR_UNSUPPORTED, "stub: a vocabulary of %" PRId64 " has no text, more than %d has",
                     engine->script.vocab, BYTE_TOKENS);
}

static int stub_tokenize(struct engine *engine, const char *text, size_t length, unsigned flags, uint32_t **tokens,
                         size_t *count, struct error *error)
{
    (void)flags;
    int code = need_bytes(engine, error);
    if (code)
        return code;
    *tokens = mem_array(length + 1, sizeof **tokens);
    *count = length;
    for (size_t i = 0; i < length; i++)
        (*tokens)[i] = (unsigned char)text[i];
    return 0;
}

static int stub_token_bytes(struct engine *engine, uint32_t token, const char **bytes, size_t *length,
                            struct error *error)
{
    int code = need_bytes(engine, error);
    if (code)
        return code;
    if ((int64_t)token >= engine->script.vocab)
        return error_set(error, ERROR_USAGE, "token %u is outside the vocabulary of %" PRId64, token,
                         engine->script.vocab);
    *length = token < BYTE_TOKENS;
    *bytes = *length ? &engine->bytes[token] : "";
    return 0;
}

static int stub_token_info(struct engine *engine, struct token_info *info, struct error *error)
{
    (void)error;
    *info = (struct token_info){ .bos = -1, .eos = engine->script.vocab > BYTE_TOKENS ? BYTE_TOKENS : -1 };
    return 0;
}

static bool stub_token_ends(struct engine *engine, uint32_t token)
{
    return engine->script.vocab > BYTE_TOKENS && token == BYTE_TOKENS;
}

/* ---- snapshots ---- */

struct snapshot_header {
    char magic[8];
    uint64_t start_hash; /* says whether the seed is the same */
    uint64_t position, logits_count;
};

static int stub_snapshot(struct session *session, void **data, size_t *size_bytes, struct error *error)
{
    size_t vocab = (size_t)session->engine->script.vocab;
    struct snapshot_header header = {
        .start_hash = session->hashes[0],
        .position = session->position,
        .logits_count = session->logits_rows ? vocab : 0,
    };
    memcpy(header.magic, snapshot_magic, sizeof header.magic);
    size_t hash_bytes = (session->position + 1) * sizeof *session->hashes;
    size_t logits_bytes = (size_t)header.logits_count * sizeof *session->logits;
    *size_bytes = sizeof header + hash_bytes + logits_bytes;
    char *bytes = malloc(*size_bytes);
    if (!bytes)
        return error_set(error, ERROR_MEMORY, "no memory for a snapshot of %zu bytes", *size_bytes);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, session->hashes, hash_bytes);
    if (logits_bytes)
        memcpy(bytes + sizeof header + hash_bytes, session->logits + (session->logits_rows - 1) * vocab, logits_bytes);
    *data = bytes;
    return 0;
}

static int stub_restore(struct session *session, const void *data, size_t size_bytes, struct error *error)
{
    size_t vocab = (size_t)session->engine->script.vocab;
    struct snapshot_header header;
    if (size_bytes < sizeof header)
        return error_set(error, ERROR_FORMAT, "snapshot: %zu bytes are too few for a header", size_bytes);
    memcpy(&header, data, sizeof header);
    if (memcmp(header.magic, snapshot_magic, sizeof header.magic) != 0)
        return error_set(error, ERROR_FORMAT, "snapshot: not a snapshot of a stub session");
    if (header.start_hash != session->hashes[0] || (header.logits_count && header.logits_count != vocab))
        return error_set(error, ERROR_FORMAT, "snapshot: made with another script");
    if (header.position > session->context)
        return error_set(error, ERROR_LIMIT, "snapshot: %" PRIu64 " positions do not fit a context of %zu",
                         header.position, session->context);
    size_t hash_bytes = ((size_t)header.position + 1) * sizeof *session->hashes;
    size_t logits_bytes = (size_t)header.logits_count * sizeof *session->logits;
    if (size_bytes != sizeof header + hash_bytes + logits_bytes)
        return error_set(error, ERROR_FORMAT, "snapshot: %zu bytes, expected %zu", size_bytes,
                         sizeof header + hash_bytes + logits_bytes);
    memcpy(session->hashes, (const char *)data + sizeof header, hash_bytes);
    if (logits_bytes)
        memcpy(session->logits, (const char *)data + sizeof header + hash_bytes, logits_bytes);
    session->position = (size_t)header.position;
    session->logits_rows = header.logits_count ? 1 : 0;
    return 0;
}

const struct engine_ops stub_ops = {
    .name = "stub",
    .summary = "no model: scripted latencies, failures, hangs and crashes, for testing",
    .open = stub_open,
    .close = stub_close,
    .describe = stub_describe,
    .session_open = stub_session_open,
    .session_close = stub_session_close,
    .session_describe = stub_session_describe,
    .rewind = stub_rewind,
    .prefill = stub_prefill,
    .decode = stub_decode,
    .logits = stub_logits,
    .tokenize = stub_tokenize,
    .token_bytes = stub_token_bytes,
    .token_info = stub_token_info,
    .token_ends = stub_token_ends,
    .snapshot = stub_snapshot,
    .restore = stub_restore,
    .run_part = NULL,
    .trace = stub_trace,
};
