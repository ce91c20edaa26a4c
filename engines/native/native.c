/* native.c: the engine's row: opening a model, describing it, and the tokenizer behind the interface. */
#include "engines/native/native.h"

#include "engines/native/arch.h"
#include "engines/native/session.h"
#include "harness/base/cpu.h"
#include "harness/base/mem.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

static void add_choice(struct engine *engine, enum kernel_op op, const char *format, const struct kernel_row *row)
{
    if (!row)
        return;
    engine->choices = mem_resize(engine->choices, engine->choice_count + 1, sizeof *engine->choices);
    engine->choices[engine->choice_count++] = (struct engine_choice){
        arena_format(&engine->arena, "%s%s%s", kernel_op_names[op], format ? " " : "", format ? format : ""),
        row->name,
    };
}

/* The variants that this model really runs, for describe(). */
static void list_choices(struct engine *engine)
{
    static const enum kernel_op plain[] = { OP_RMSNORM, OP_ROPE, OP_SILU_MUL, OP_ADD, OP_SOFTMAX };
    static const char *const act_names[ACT_COUNT] = { "f32", "q8", "bf16" };
    const struct model *model = &engine->model;
    unsigned acts = 0;
    for (int format = 0; format < FORMAT_COUNT; format++) {
        if (!model->bytes_by_format[format])
            continue;
        const struct kernel_row *matvec = engine->kernels.rows[OP_MATVEC][format];
        const struct kernel_row *matmul = engine->kernels.rows[OP_MATMUL][format];
        add_choice(engine, OP_MATVEC, format_table[format].name, matvec);
        add_choice(engine, OP_MATMUL, format_table[format].name, matmul);
        acts |= 1u << matvec->act | 1u << matmul->act;
    }
    add_choice(engine, OP_DEQUANTIZE, format_table[model->global.embedding.format].name, model->dequantize_embedding);
    for (int act = ACT_F32 + 1; act < ACT_COUNT; act++) {
        if (acts & 1u << act)
            add_choice(engine, OP_ACT, act_names[act], engine->kernels.rows[OP_ACT][act]);
    }
    add_choice(engine, OP_ATTENTION, "f16", engine->kernels.rows[OP_ATTENTION][FORMAT_F16]);
    add_choice(engine, OP_ATTENTION, "f32", engine->kernels.rows[OP_ATTENTION][FORMAT_F32]);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        add_choice(engine, plain[i], NULL, engine->kernels.rows[plain[i]][FORMAT_F32]);
}

static int check_kernels(const struct kernel_set *kernels, struct error *error)
{
    static const enum kernel_op needed[] = { OP_RMSNORM, OP_ROPE, OP_SILU_MUL, OP_ADD };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!kernels->rows[needed[i]][FORMAT_F32])
            return error_set(error, ERROR_UNSUPPORTED, "no %s kernel for this machine", kernel_op_names[needed[i]]);
    }
    return 0;
}

static void native_close(struct engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_destroy(&engine->tokenizer_lock);
    tokenizer_close(engine->tokenizer);
    model_close(&engine->model);
    pool_destroy(engine->pool);
    free(engine->choices);
    arena_release(&engine->arena);
    free(engine);
}

/* Bytes that malloc has handed out, mapped blocks included. */
static uint64_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return (uint64_t)info.uordblks + info.hblkhd;
}

static int native_open(struct engine **result, const struct engine_options *options, struct error *error)
{
    struct cpu_info cpu;
    uint64_t heap_before = heap_bytes();
    *result = NULL;
    if (!options->model || !*options->model)
        return error_set(error, ERROR_USAGE, "no model given: the native engine needs a GGUF file");
    struct engine *engine = mem_alloc(sizeof *engine);
    pthread_mutex_init(&engine->tokenizer_lock, NULL);
    cpu_detect(&cpu);
    int code = kernel_select(&engine->kernels, &cpu, options->kernels, error);
    if (!code)
        code = check_kernels(&engine->kernels, error);
    if (!code)
        code = pool_create(&engine->pool, options->threads, options->pin_threads, error);
    if (!code)
        code = model_open(&engine->model, options->model, &engine->kernels, error);
    if (code) {
        native_close(engine);
        return code;
    }
    list_choices(engine);
    uint64_t heap_after = heap_bytes();
    engine->private_bytes = heap_after > heap_before ? heap_after - heap_before : 0;
    *result = engine;
    return 0;
}

static int native_describe(struct engine *engine, struct engine_info *info, struct error *error)
{
    const struct model *model = &engine->model;
    const struct hyper *hyper = &model->hyper;
    (void)error;
    pthread_mutex_lock(&engine->tokenizer_lock); /* the tokenizer adds to them when it is opened */
    const uint64_t private_bytes = engine->private_bytes;
    pthread_mutex_unlock(&engine->tokenizer_lock);
    *info = (struct engine_info){
        .engine = "native",
        .model_name = model->name,
        .architecture = model->arch->name,
        .format = model->format_name,
        .vocab_size = hyper->vocab,
        .layers = hyper->layers,
        .width = hyper->width,
        .ff_width = hyper->ff_width,
        .heads = hyper->heads,
        .kv_heads = hyper->kv_heads,
        .head_size = hyper->head_size,
        .context_limit = hyper->context,
        .parameters = model->parameters,
        .weight_bytes = model->weight_bytes,
        .private_bytes = private_bytes,
        .threads = pool_thread_count(engine->pool),
        .choices = engine->choices,
        .choice_count = engine->choice_count,
    };
    return 0;
}

/* ---- tokenizer ---- */

static void open_tokenizer(struct engine *engine)
{
    const struct gguf *gguf = &engine->model.gguf;
    uint64_t heap_before = heap_bytes();
    if (!gguf_find(gguf, "tokenizer.ggml.model"))
        error_set(&engine->tokenizer_error, ERROR_UNSUPPORTED, "%s: has no tokenizer", gguf->path);
    else if (tokenizer_open(&engine->tokenizer, gguf, &engine->tokenizer_error))
        engine->tokenizer = NULL;
    uint64_t heap_after = heap_bytes();
    engine->private_bytes += heap_after > heap_before ? heap_after - heap_before : 0;
}

const struct tokenizer *native_tokenizer(struct engine *engine, struct error *error)
{
    pthread_mutex_lock(&engine->tokenizer_lock);
    if (!engine->tokenizer && !engine->tokenizer_error.code)
        open_tokenizer(engine);
    const struct tokenizer *tokenizer = engine->tokenizer;
    pthread_mutex_unlock(&engine->tokenizer_lock);
    if (!tokenizer)
        error_set(error, engine->tokenizer_error.code, "%s", engine->tokenizer_error.text);
    return tokenizer;
}

static int native_tokenize(struct engine *engine, const char *text, size_t length, unsigned flags, uint32_t **tokens,
                           size_t *count, struct error *error)
{
    const struct tokenizer *tokenizer = native_tokenizer(engine, error);
    if (!tokenizer)
        return engine->tokenizer_error.code;
    return tokenizer_encode(tokenizer, text, length, flags, tokens, count, error);
}

static int native_token_bytes(struct engine *engine, uint32_t token, const char **bytes, size_t *length,
                              struct error *error)
{
    const struct tokenizer *tokenizer = native_tokenizer(engine, error);
    if (!tokenizer)
        return engine->tokenizer_error.code;
    return tokenizer_token_bytes(tokenizer, token, false, bytes, length, error);
}

static int native_token_info(struct engine *engine, struct token_info *info, struct error *error)
{
    const struct tokenizer *tokenizer = native_tokenizer(engine, error);
    if (!tokenizer)
        return engine->tokenizer_error.code;
    tokenizer_info(tokenizer, info);
    return 0;
}

static bool native_token_ends(struct engine *engine, uint32_t token)
{
    const struct tokenizer *tokenizer = native_tokenizer(engine, NULL);
    return tokenizer && tokenizer_ends(tokenizer, token);
}

const struct engine_ops native_ops = {
    .name = "native",
    .summary = "Prony's own engine: GGUF models on the CPU",
    .open = native_open,
    .close = native_close,
    .describe = native_describe,
    .session_open = session_open,
    .session_close = session_close,
    .session_describe = session_describe,
    .rewind = session_rewind,
    .prefill = session_prefill,
    .decode = session_decode,
    .logits = session_logits,
    .tokenize = native_tokenize,
    .token_bytes = native_token_bytes,
    .token_info = native_token_info,
    .token_ends = native_token_ends,
    .snapshot = session_snapshot,
    .restore = session_restore,
    .run_part = session_run_part,
    .trace = session_trace,
    .operation_kernels = session_operation_kernels,
};
