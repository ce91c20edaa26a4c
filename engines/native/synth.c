/* synth.c: see synth.h. The rows of all tensors are cut into blocks; the pool's threads take blocks in turn, fill,
 * quantize and write them where they belong. */
#include "engines/native/synth.h"
#include "engines/native/gguf_write.h"
#include "engines/native/synth_plan.h"
#include "engines/native/synth_text.h"
#include "engines/native/synth_vocab.h"
#include "engines/native/synth_weights.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/pool.h"
#include "harness/base/str.h"
#include "kernels/kernel.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_VALUES = 1 << 18 }; /* values a work item has at least, unless its tensor is smaller */

struct synth_job {
    const struct synth_options *options;
    struct pool *pool;
    const struct synth_plan *plan;
    struct gguf_write *writer;
    const struct kernel_row *quantizers[FORMAT_COUNT];
    size_t *first_block; /* [tensor_count + 1]: number of each tensor's first work item */
    size_t max_cols, max_block_bytes;
    _Atomic uint64_t written_bytes;
    _Atomic bool failed;
    pthread_mutex_t mutex; /* guards error */
    struct error error;    /* the first one */
};

static size_t tensor_rows(const struct synth_tensor *tensor)
{
    return tensor->rows > 0 ? tensor->rows : 1;
}

static size_t rows_per_block(const struct synth_tensor *tensor)
{
    size_t rows = (BLOCK_VALUES + tensor->cols - 1) / tensor->cols;
    return rows < tensor_rows(tensor) ? rows : tensor_rows(tensor);
}

static const struct synth_tensor *find_block(const struct synth_job *job, size_t block, size_t *index)
{
    size_t low = 0, high = job->plan->tensor_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (job->first_block[middle] <= block)
            low = middle;
        else
            high = middle;
    }
    *index = low;
    return &job->plan->tensors[low];
}

static int write_block(struct synth_job *job, size_t block, float *row, char *buffer, struct error *error)
{
    size_t index;
    const struct synth_tensor *tensor = find_block(job, block, &index);
    const size_t step = rows_per_block(tensor), row_bytes = format_row_bytes(tensor->format, tensor->cols);
    const size_t first = (block - job->first_block[index]) * step;
    const size_t count = tensor_rows(tensor) - first < step ? tensor_rows(tensor) - first : step;
    quantize_function *quantize = job->quantizers[tensor->format]->function.quantize;
    for (size_t i = 0; i < count; i++) {
        synth_weights_row(row, job->plan->shape, tensor, job->options->seed, first + i);
        quantize(buffer + i * row_bytes, row, tensor->cols);
    }
    atomic_fetch_add(&job->written_bytes, count * row_bytes);
    return gguf_write_data(job->writer, index, first * row_bytes, buffer, count * row_bytes, error);
}

static void record_failure(struct synth_job *job, const struct error *error)
{
    pthread_mutex_lock(&job->mutex);
    if (!atomic_exchange(&job->failed, true))
        job->error = *error;
    pthread_mutex_unlock(&job->mutex);
}

/* One thread's share. */
static void write_blocks(void *context, int thread_index, int thread_count)
{
    (void)thread_count;
    struct synth_job *job = context;
    const struct synth_options *options = job->options;
    const size_t block_count = job->first_block[job->plan->tensor_count];
    struct error error = { 0 };
    float *row = mem_aligned(job->max_cols * sizeof *row);
    char *buffer = mem_aligned(job->max_block_bytes);
    if (row == NULL || buffer == NULL) {
        error_set(&error, ERROR_MEMORY, "%s: no memory for blocks of %zu bytes", options->path, job->max_block_bytes);
        record_failure(job, &error);
    }
    while (!atomic_load(&job->failed)) {
        size_t block = pool_next(job->pool);
        if (block >= block_count)
            break;
        if (write_block(job, block, row, buffer, &error) != 0)
            record_failure(job, &error);
        if (thread_index == 0 && options->progress != NULL &&
            !options->progress(options->progress_context, atomic_load(&job->written_bytes), job->writer->data_bytes)) {
            error_set(&error, ERROR_STATE, "%s: interrupted", options->path);
            record_failure(job, &error);
        }
    }
    free(row);
    free(buffer);
}

static int write_tensors(const struct synth_options *options, const struct synth_plan *plan, struct gguf_write *writer,
                         struct error *error)
{
    struct synth_job job = { .options = options, .plan = plan, .writer = writer };
    const struct kernel_table table = kernel_table(OP_QUANTIZE);
    for (size_t i = 0; i < table.count; i++)
        job.quantizers[table.rows[i].format] = &table.rows[i];
    job.first_block = mem_array(plan->tensor_count + 1, sizeof *job.first_block);
    for (size_t i = 0; i < plan->tensor_count; i++) {
        const struct synth_tensor *tensor = &plan->tensors[i];
        const size_t step = rows_per_block(tensor), block_bytes = step * format_row_bytes(tensor->format, tensor->cols);
        job.first_block[i + 1] = job.first_block[i] + (tensor_rows(tensor) + step - 1) / step;
        job.max_cols = tensor->cols > job.max_cols ? tensor->cols : job.max_cols;
        job.max_block_bytes = block_bytes > job.max_block_bytes ? block_bytes : job.max_block_bytes;
    }
    int code = pool_create(&job.pool, options->threads, 0, error);
    if (code == 0) {
        pthread_mutex_init(&job.mutex, NULL);
        pool_run(job.pool, write_blocks, &job);
        pthread_mutex_destroy(&job.mutex);
        pool_destroy(job.pool);
    }
    free(job.first_block);
    if (code == 0 && atomic_load(&job.failed)) {
        code = job.error.code;
        if (error != NULL)
            *error = job.error;
    }
    return code;
}

/* <architecture>.<name>, on the caller's buffer. */
static const char *key(char *buffer, size_t size, const struct synth_shape *shape, const char *name)
{
    snprintf(buffer, size, "%s.%s", shape->architecture, name);
    return buffer;
}

static void add_keys(struct gguf_write *writer, const struct synth_options *options, const struct synth_shape *shape,
                     const struct synth_mix *mix)
{
    char name[96], text[96];
    gguf_write_text(writer, "general.architecture", shape->architecture);
    gguf_write_text(writer, "general.type", "model");
    gguf_write_text(writer, "general.name", shape->name);
    snprintf(text, sizeof text, "random weights, seed %llu: for benchmarks, not for answers",
             (unsigned long long)options->seed);
    gguf_write_text(writer, "general.description", text);
    gguf_write_u32(writer, "general.file_type", mix->file_type);
    gguf_write_u32(writer, "general.quantization_version", 2);

    const struct {
        const char *name;
        size_t value;
    } counts[] = {
        { "block_count", shape->layers },
        { "context_length", shape->context },
        { "embedding_length", shape->width },
        { "feed_forward_length", shape->ff_width },
        { "attention.head_count", shape->heads },
        { "attention.head_count_kv", shape->kv_heads },
        { "attention.key_length", shape->head_size },
        { "attention.value_length", shape->head_size },
        { "rope.dimension_count", shape->head_size },
        { "vocab_size", shape->vocab_size },
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        gguf_write_u32(writer, key(name, sizeof name, shape, counts[i].name), (uint32_t)counts[i].value);
    gguf_write_f32(writer, key(name, sizeof name, shape, "attention.layer_norm_rms_epsilon"), shape->epsilon);
    gguf_write_f32(writer, key(name, sizeof name, shape, "rope.freq_base"), shape->rope_base);
}

/* Everything after the options were understood: shape and vocab agree on the vocabulary's size. */
static int write_file(const struct synth_options *options, const struct synth_shape *shape, const struct synth_mix *mix,
                      const struct synth_vocab *vocab, struct synth_result *result, struct error *error)
{
    struct gguf_write writer;
    struct synth_plan plan;
    int code = gguf_write_open(&writer, options->path, error);
    if (code != 0)
        return code;
    synth_plan_create(&plan, shape, mix, vocab->used);
    add_keys(&writer, options, shape, mix);
    synth_vocab_write(vocab, &writer);
    uint64_t parameters = 0;
    for (size_t i = 0; i < plan.tensor_count; i++) {
        const struct synth_tensor *tensor = &plan.tensors[i];
        gguf_write_tensor(&writer, tensor->name, tensor->format, tensor->rows, tensor->cols);
        if (tensor->role != ROLE_ROPE_FACTOR)
            parameters += (uint64_t)tensor_rows(tensor) * tensor->cols;
    }
    code = gguf_write_begin(&writer, error);
    if (code == 0)
        code = write_tensors(options, &plan, &writer, error);
    if (code == 0 && result != NULL)
        *result = (struct synth_result){ gguf_write_size(&writer), parameters, vocab->size };
    if (code == 0)
        code = gguf_write_finish(&writer, error);
    else
        gguf_write_abandon(&writer);
    synth_plan_release(&plan);
    return code;
}

static int open_vocab(const struct synth_options *options, const struct synth_shape *shape, struct synth_vocab *vocab,
                      struct error *error)
{
    const size_t size = options->vocab_size > 0 ? options->vocab_size : shape->vocab_size;
    if (options->vocab_from != NULL)
        return synth_vocab_copy(vocab, options->vocab_from, size, options->vocab_size > 0, error);
    struct str text = { 0 };
    if (options->vocab_text != NULL) {
        int code = file_read(options->vocab_text, &text.data, &text.length, error);
        if (code != 0)
            return code;
    } else {
        for (size_t i = 0; i < synth_text_piece_count; i++)
            str_append(&text, synth_text_pieces[i]);
    }
    int code = synth_vocab_train(vocab, shape->pre, text.data, text.length, size, error);
    free(text.data);
    return code;
}

static int unknown_name(struct error *error, const char *what, const char *name)
{
    return error_set(error, ERROR_USAGE, "unknown %s '%s' (prony-engine synth --list shows all)", what, name);
}

int synth_write(const struct synth_options *options, struct synth_result *result, struct error *error)
{
    const struct synth_shape *published = synth_shape_find(options->shape);
    if (published == NULL)
        return unknown_name(error, "shape", options->shape);
    const struct synth_mix *mix = synth_mix_find(options->format);
    if (mix == NULL)
        return unknown_name(error, "format", options->format);
    struct synth_shape shape = *published;
    if (options->layers > 0)
        shape.layers = options->layers;

    struct synth_vocab vocab;
    int code = open_vocab(options, &shape, &vocab, error);
    if (code != 0)
        return code;
    shape.vocab_size = vocab.size;
    code = write_file(options, &shape, mix, &vocab, result, error);
    synth_vocab_close(&vocab);
    return code;
}
