/* session.c: takes a session's memory once, when it opens, and drives forward passes over it.
 *
 * Invariant: the cache holds valid keys and values for positions 0 .. position - 1, whatever lies beyond is garbage.
 * A forward pass writes beyond position first and moves it only when it succeeded, so a failed call changes nothing
 * but the logits, which are then no longer valid. */
#include "engines/native/session.h"

#include "engines/native/layers.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_CONTEXT = 4096, DEFAULT_BATCH = 512, MAX_TOUCHED_BYTES = 64 << 20 };

/* ---- opening ---- */

static void *take_bytes(struct session *session, size_t count, size_t item_bytes, struct error *error)
{
    size_t size_bytes;
    void *buffer = NULL;
    /* A cache line more than asked for: vector kernels may store whole registers at the end of a row. */
    if (!__builtin_mul_overflow(count, item_bytes, &size_bytes) && size_bytes < SIZE_MAX / 2)
        buffer = mem_aligned(size_bytes + 64);
    if (!buffer) {
        error_set(error, ERROR_MEMORY, "no memory for a session buffer of %zu x %zu bytes", count, item_bytes);
        return NULL;
    }
    MEM_GROW(session->owned, session->owned_count, session->owned_capacity);
    session->owned[session->owned_count++] = buffer;
    session->scratch_bytes += size_bytes;
    /* Touched now, so that the first forward pass does not pay for the pages. Larger ones are logits of all positions,
     * which are often not used to their end. */
    if (size_bytes <= MAX_TOUCHED_BYTES)
        memset(buffer, 0, size_bytes);
    return buffer;
}

static float *take_floats(struct session *session, size_t rows, size_t cols, struct error *error)
{
    return take_bytes(session, rows, cols * sizeof(float), error);
}

static int take_act(struct session *session, struct act_buffers *act, size_t rows, size_t cols, struct error *error)
{
    for (int format = 0; format < ACT_COUNT; format++) {
        if (format != ACT_F32 && !(session->act_mask & 1u << format))
            continue;
        act->rows[format] = take_bytes(session, rows, act_row_bytes((enum act_format)format, cols), error);
        if (!act->rows[format])
            return error->code;
    }
    return 0;
}

/* Calls visit for each matrix of the model. */
static void visit_matrices(const struct model *model, void (*visit)(void *context, const struct matrix *matrix),
                           void *context)
{
    visit(context, &model->global.output);
    for (size_t i = 0; i < model->hyper.layers; i++) {
        const struct layer_weights *layer = &model->layers[i];
        const struct matrix *matrices[] = { &layer->q,    &layer->k,  &layer->v,   &layer->output,
                                            &layer->gate, &layer->up, &layer->down };
        for (size_t j = 0; j < sizeof matrices / sizeof matrices[0]; j++)
            visit(context, matrices[j]);
    }
}

struct needs {
    size_t batch, scratch_bytes;
    unsigned act_mask;
};

static void note_needs(void *context, const struct matrix *matrix)
{
    struct needs *needs = context;
    needs->act_mask |= 1u << matrix->matvec->act | 1u << matrix->matmul->act;
    if (matrix->matmul->scratch_bytes) {
        size_t bytes = matrix->matmul->scratch_bytes(matrix->cols, needs->batch);
        if (needs->scratch_bytes < bytes)
            needs->scratch_bytes = bytes;
    }
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int take_workers(struct session *session, size_t scratch_bytes, struct error *error)
{
    const struct hyper *hyper = &session->model->hyper;
    size_t threads = (size_t)pool_thread_count(session->engine->pool);
    size_t widest = max_size(max_size(hyper->width, hyper->ff_width), model_q_width(hyper));
    size_t slice_floats = forward_slice_floats(session->model, session->batch);
    session->workers = take_bytes(session, threads, sizeof *session->workers, error);
    if (!session->workers)
        return error->code;
    for (size_t i = 0; i < threads; i++) {
        struct worker *worker = &session->workers[i];
        int code = take_act(session, &worker->act, 1, widest, error);
        if (code)
            return code;
        worker->act_columns = take_bytes(session, 1, act_row_bytes(ACT_Q8, widest), error);
        worker->slice_a = take_floats(session, slice_floats, 1, error);
        worker->slice_b = take_floats(session, slice_floats, 1, error);
        worker->scratch = take_bytes(session, 1, scratch_bytes, error);
        if (!worker->act_columns || !worker->slice_a || !worker->slice_b || !worker->scratch)
            return error->code;
    }
    return 0;
}

/* Rotation angles position * base^(-2i/rotary_size), scaled (rope.scaling) or divided (rope_freqs) where the model says
 * so; in double, since an f32 angle of thousands of radians has lost its fraction. */
static void fill_rope(const struct session *session)
{
    const struct hyper *hyper = &session->model->hyper;
    const float *factors = session->model->global.rope_factors;
    size_t pairs = hyper->rotary_size / 2;
    for (size_t pair = 0; pair < pairs; pair++) {
        double frequency = pow((double)hyper->rope_base, -2.0 * (double)pair / (double)hyper->rotary_size);
        frequency *= (double)hyper->rope_scale / (factors ? (double)factors[pair] : 1.0);
        for (size_t position = 0; position < session->context; position++) {
            float *cos_sin = session->rope + (position * pairs + pair) * 2;
            cos_sin[0] = (float)cos((double)position * frequency);
            cos_sin[1] = (float)sin((double)position * frequency);
        }
    }
}

static int take_memory(struct session *session, struct error *error)
{
    const struct hyper *hyper = &session->model->hyper;
    const struct kernel_row *attention = session->engine->kernels.rows[OP_ATTENTION][session->cache.format];
    struct needs needs = { .batch = session->batch };
    visit_matrices(session->model, note_needs, &needs);
    size_t group = hyper->heads / hyper->kv_heads;
    if (attention->scratch_bytes)
        needs.scratch_bytes =
            max_size(needs.scratch_bytes, attention->scratch_bytes(hyper->head_size, forward_attention_rows(group)));
    session->act_mask = needs.act_mask;
    size_t batch = session->batch, logits_rows = session->all_logits ? session->context : 1;
    session->rope = take_floats(session, session->context, hyper->rotary_size, error);
    session->x = take_floats(session, batch, hyper->width, error);
    session->q = take_floats(session, batch, model_q_width(hyper), error);
    session->attention = take_floats(session, batch, model_q_width(hyper), error);
    session->hidden = take_floats(session, 1, hyper->ff_width, error);
    session->logits = take_floats(session, logits_rows, hyper->vocab, error);
    if (!session->rope || !session->x || !session->q || !session->attention || !session->hidden || !session->logits)
        return error->code;
    int code = take_act(session, &session->act_in, batch, max_size(hyper->width, model_q_width(hyper)), error);
    if (!code)
        code = take_act(session, &session->act_hidden, batch, hyper->ff_width, error);
    return code ? code : take_workers(session, needs.scratch_bytes, error);
}

static int check_options(const struct session *session, const struct session_options *options, struct error *error)
{
    const struct hyper *hyper = &session->model->hyper;
    const struct kernel_set *kernels = &session->engine->kernels;
    if (options->kv_format != FORMAT_F16 && options->kv_format != FORMAT_F32)
        return error_set(error, ERROR_USAGE, "the KV cache can be f16 or f32, not %s",
                         options->kv_format < FORMAT_COUNT ? format_table[options->kv_format].name : "this");
    if (!kernels->rows[OP_ATTENTION][options->kv_format] ||
        (options->kv_format != FORMAT_F32 && !kernels->rows[OP_QUANTIZE][options->kv_format]))
        return error_set(error, ERROR_UNSUPPORTED, "no kernels for a KV cache in %s",
                         format_table[options->kv_format].name);
    if (session->context > 1u << 30)
        return error_set(error, ERROR_LIMIT, "a context of %zu positions is out of range", session->context);
    if (hyper->sliding_window && session->context > hyper->sliding_window)
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s attends over a sliding window of %u positions; a context of %zu would need it, and it is "
                         "not supported: use a context of at most %u",
                         session->model->gguf.path, hyper->sliding_window, session->context, hyper->sliding_window);
    return 0;
}

int session_open(struct session **result, struct engine *engine, const struct session_options *options,
                 struct error *error)
{
    struct error local;
    error = error ? error : &local;
    *result = NULL;
    const struct hyper *hyper = &engine->model.hyper;
    struct session *session = mem_alloc(sizeof *session);
    session->engine = engine;
    session->model = &engine->model;
    session->all_logits = options->all_logits;
    session->context = options->context;
    if (!session->context) {
        session->context = hyper->context < DEFAULT_CONTEXT ? hyper->context : DEFAULT_CONTEXT;
        if (hyper->sliding_window && session->context > hyper->sliding_window)
            session->context = hyper->sliding_window;
    }
    session->batch = options->batch ? options->batch : DEFAULT_BATCH;
    if (session->batch > session->context)
        session->batch = session->context;
    int code = check_options(session, options, error);
    if (!code)
        code = kvcache_open(&session->cache, hyper, session->context, options->kv_format, error);
    if (!code)
        code = take_memory(session, error);
    if (code) {
        session_close(session);
        return code;
    }
    fill_rope(session);
    *result = session;
    return 0;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->owned_count; i++)
        free(session->owned[i]);
    free(session->owned);
    kvcache_close(&session->cache);
    free(session);
}

void session_describe(struct session *session, struct session_info *info)
{
    *info = (struct session_info){
        .position = session->position,
        .context = session->context,
        .kv_bytes = session->cache.size_bytes,
        .scratch_bytes = session->scratch_bytes,
    };
}

/* ---- running ---- */

int session_rewind(struct session *session, size_t position, struct error *error)
{
    if (position > session->position)
        return error_set(error, ERROR_USAGE, "cannot rewind to position %zu: the session is at %zu", position,
                         session->position);
    session->position = position;
    session->logits_rows = 0;
    return 0;
}

static int check_room(const struct session *session, size_t count, struct error *error)
{
    if (count <= session->context - session->position)
        return 0;
    return error_set(error, ERROR_LIMIT, "context full: %zu tokens after position %zu exceed the context of %zu", count,
                     session->position, session->context);
}

static int check_tokens(const struct session *session, const uint32_t *tokens, size_t count, struct error *error)
{
    if (!count)
        return error_set(error, ERROR_USAGE, "no tokens to process");
    for (size_t i = 0; i < count; i++) {
        if (tokens[i] >= session->model->hyper.vocab)
            return error_set(error, ERROR_USAGE, "token %u is outside the vocabulary of %u", tokens[i],
                             session->model->hyper.vocab);
    }
    return check_room(session, count, error);
}

int session_prefill(struct session *session, const uint32_t *tokens, size_t count, struct error *error)
{
    int code = check_tokens(session, tokens, count, error);
    if (code)
        return code;
    size_t vocab = session->model->hyper.vocab;
    session->logits_rows = 0;
    for (size_t done = 0; done < count;) {
        size_t part = count - done < session->batch ? count - done : session->batch;
        bool last = done + part == count;
        struct forward forward = {
            .session = session,
            .parts =
                FORWARD_EMBED | FORWARD_ATTENTION | FORWARD_FFN | (last || session->all_logits ? FORWARD_LOGITS : 0u),
            .layer_end = session->model->hyper.layers,
            .tokens = tokens + done,
            .count = part,
            .first_position = session->position + done,
            .logits = session->logits + (session->all_logits ? done * vocab : 0),
            .all_logits = session->all_logits,
        };
        forward_run(&forward);
        if (atomic_load(&forward.not_finite))
            return error_set(error, ERROR_NUMERIC, "%s: NaN or infinity in the logits of positions %zu to %zu",
                             session->model->gguf.path, forward.first_position, forward.first_position + part - 1);
        done += part;
    }
    session->position += count;
    session->logits_rows = session->all_logits ? count : 1;
    return 0;
}

int session_decode(struct session *session, uint32_t token, struct error *error)
{
    return session_prefill(session, &token, 1, error);
}

const float *session_logits(struct session *session, size_t *rows)
{
    if (rows)
        *rows = session->logits_rows;
    return session->logits_rows ? session->logits : NULL;
}

int session_run_part(struct session *session, enum engine_part part, size_t layer, float *x, size_t count,
                     struct error *error)
{
    static const unsigned parts[PART_COUNT] = {
        [PART_NORM] = FORWARD_NORM,
        [PART_ROPE] = FORWARD_ROPE,
        [PART_ATTENTION] = FORWARD_ATTENTION,
        [PART_FFN] = FORWARD_FFN,
        [PART_LAYER] = FORWARD_ATTENTION | FORWARD_FFN,
        [PART_OUTPUT] = FORWARD_LOGITS,
    };
    const struct hyper *hyper = &session->model->hyper;
    if ((unsigned)part >= PART_COUNT || layer >= hyper->layers)
        return error_set(error, ERROR_USAGE, "no part %d of layer %zu: the model has %u layers", (int)part, layer,
                         hyper->layers);
    if (!count || count > session->batch)
        return error_set(error, ERROR_USAGE, "a part runs on 1 to %zu rows, not %zu", session->batch, count);
    int code = check_room(session, count, error);
    if (code)
        return code;
    memcpy(session->x, x, count * hyper->width * sizeof *x);
    struct forward forward = {
        .session = session,
        .parts = parts[part],
        .layer_begin = layer,
        .layer_end = layer + 1,
        .count = count,
        .first_position = session->position,
        .logits = session->logits,
        .all_logits = session->all_logits,
    };
    session->logits_rows = 0;
    forward_run(&forward);
    if (atomic_load(&forward.not_finite))
        return error_set(error, ERROR_NUMERIC, "NaN or infinity in the logits");
    if (part == PART_OUTPUT)
        session->logits_rows = session->all_logits ? count : 1;
    else
        memcpy(x, session->x, count * hyper->width * sizeof *x);
    return 0;
}
