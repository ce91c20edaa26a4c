/* layers.c: the forward pass: embedding, the layers' operations, logits; and how their work is split over threads.
 *
 * Work is claimed dynamically (pool_next) in slices of weight rows, or of tokens where there is no weight. Steps that
 * follow a product element by element (bias, rotation, storing keys, SwiGLU, adding to the residual stream, quantizing
 * for the next product) are done by the thread that computed the slice, while it is in its cache; a layer needs a
 * barrier only where one operation reads what all threads wrote.
 *
 * For a single token the norm and the quantization of one row are so short that each thread does them for itself
 * rather than wait for another. The results do not depend on the split: every value is computed by one thread in an
 * order that is fixed. */
#include "engines/native/layers.h"

#include "engines/native/spans.h"
#include "harness/base/clock.h"
#include <math.h>
#include <string.h>

enum {
    ROW_BLOCK = 8,           /* tokens a thread claims at once where there is no weight */
    ATTENTION_QUERIES = 128, /* query vectors (tokens x heads of the group) of one attention work item */
    DECODE_SLICES = 4,       /* work items a thread for a matrix-vector product: enough to even out the threads */
    PREFILL_SLICES = 2,      /* work items a thread, at least, for a matrix product */
    /* Weight rows of a work item in prefill, at most. More rows mean that the activations are read less often from
     * beyond L2; but the results (batch x rows f32; two of them for gate and up) should stay there. */
    MAX_SLICE = 256,
    MAX_SLICE_HIDDEN = 128
};

/* One thread inside one forward pass. */
struct task {
    struct forward *forward;
    struct session *session;
    struct worker *worker;
    const struct kernel_set *kernels;
    struct pool *pool;
    size_t threads;
    struct recorder *recorder; /* NULL = not traced */
};

/* Rows that a product reads, in each act format that was asked for. */
struct input {
    struct act_buffers act;
    size_t count, cols;
};

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t least_multiple(size_t a, size_t b)
{
    size_t x = a, y = b;
    while (y) {
        size_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

/* ---- marks, for sessions that are traced ---- */

static void mark(const struct task *task, enum engine_operation operation)
{
    if (task->recorder)
        recorder_mark(task->recorder, operation);
}

/* A barrier that ends an operation. One thread waits for nobody. */
static void finish(const struct task *task, enum engine_operation operation)
{
    mark(task, operation);
    pool_barrier(task->pool);
    if (task->recorder && task->threads > 1)
        recorder_mark(task->recorder, OPERATION_WAIT);
}

/* ---- shapes of work ---- */

static const struct kernel_row *product_row(const struct matrix *matrix, size_t count)
{
    return count == 1 ? matrix->matvec : matrix->matmul;
}

/* The act formats that products of count rows with these matrices read. */
static unsigned act_mask(size_t count, const struct matrix *a, const struct matrix *b, const struct matrix *c)
{
    unsigned mask = 1u << product_row(a, count)->act;
    if (b)
        mask |= 1u << product_row(b, count)->act;
    if (c)
        mask |= 1u << product_row(c, count)->act;
    return mask;
}

static size_t round_up(size_t value, size_t unit)
{
    return ceil_div(value, unit) * unit;
}

/* Weight rows a work item takes, a multiple of unit; for batches about max_rows at most. */
static size_t slice_rows(const struct task *task, size_t count, size_t rows, size_t unit, size_t max_rows)
{
    size_t items = task->threads == 1 ? 1 : task->threads * DECODE_SLICES;
    if (count > 1) {
        items = ceil_div(rows, max_rows);
        if (items < task->threads * PREFILL_SLICES)
            items = task->threads * PREFILL_SLICES;
        items = round_up(items, task->threads);
    }
    return round_up(ceil_div(rows, items), unit);
}

static size_t kernel_unit(const struct matrix *matrix, size_t count)
{
    size_t unit = product_row(matrix, count)->slice_rows;
    return unit ? unit : 1;
}

size_t forward_slice_floats(const struct model *model, size_t count)
{
    const struct hyper *hyper = &model->hyper;
    size_t unit = 1, single = hyper->width;
    for (size_t i = 0; i < hyper->layers; i++) {
        const struct layer_weights *layer = &model->layers[i];
        const struct matrix *matrices[] = { &layer->q,  &layer->k,    &layer->v,   &layer->output,
                                            &layer->up, &layer->gate, &layer->down };
        for (size_t j = 0; j < sizeof matrices / sizeof matrices[0]; j++)
            unit = least_multiple(unit, kernel_unit(matrices[j], 2));
    }
    unit = least_multiple(least_multiple(unit, hyper->head_size), 64);
    if (single < model_kv_width(hyper))
        single = model_kv_width(hyper);
    if (single < hyper->ff_width)
        single = hyper->ff_width;
    size_t batch = count * round_up(MAX_SLICE, unit);
    return batch > single + unit ? batch : single + unit;
}

/* y[i * y_stride + r] = W row (first_row + r) . input row i */
static void multiply(const struct task *task, const struct matrix *matrix, const struct input *input, size_t first_row,
                     size_t rows, float *y, size_t y_stride)
{
    const struct kernel_row *row = product_row(matrix, input->count);
    const unsigned char *w = matrix->data + first_row * matrix->row_bytes;
    const void *act = input->act.rows[row->act];
    if (task->recorder)
        recorder_note(task->recorder, rows * matrix->row_bytes, 2 * rows * matrix->cols * input->count, rows);
    if (input->count == 1) {
        row->function.matvec(y, w, matrix->row_bytes, act, rows, matrix->cols);
        return;
    }
    row->function.matmul(&(struct matmul_arguments){
        .y = y,
        .y_stride = y_stride,
        .w = w,
        .w_row_bytes = matrix->row_bytes,
        .act = act,
        .act_row_bytes = act_row_bytes(row->act, matrix->cols),
        .count = input->count,
        .rows = rows,
        .cols = matrix->cols,
        .scratch = task->worker->scratch,
    });
}

/* ---- making inputs ---- */

static void quantize_rows(const struct task *task, struct act_buffers *to, size_t to_row, const float *from,
                          size_t stride, size_t rows, size_t cols, unsigned mask)
{
    for (int act = ACT_F32 + 1; act < ACT_COUNT; act++) {
        if (mask & 1u << act)
            task->kernels->rows[OP_ACT][act]->function.act(
                to->rows[act] + to_row * act_row_bytes((enum act_format)act, cols), from, stride, rows, cols);
    }
}

static void norm_rows(const struct task *task, float *y, const float *x, const float *weight, size_t rows)
{
    size_t width = task->session->model->hyper.width;
    task->kernels->rows[OP_RMSNORM][FORMAT_F32]->function.rmsnorm(
        y, width, x, width, weight, task->session->model->hyper.norm_epsilon, rows, width);
    if (task->recorder)
        recorder_note(task->recorder, 0, 4 * rows * width, rows);
}

/* All threads read the weights of a norm, and all of them norm a single token; it counts once. */
static void note_norm(const struct task *task, bool alone)
{
    struct recorder *recorder = task->recorder;
    if (!recorder)
        return;
    if (alone && !recorder->is_first)
        recorder->flops = recorder->rows = 0;
    if (recorder->is_first)
        recorder->bytes += task->session->model->hyper.width * sizeof(float);
}

/* norm(x) in the formats of mask. Ends with a barrier if count > 1. */
static struct input norm_input(const struct task *task, enum engine_operation operation, const float *x, size_t count,
                               const float *weight, unsigned mask)
{
    size_t width = task->session->model->hyper.width;
    bool alone = count == 1;
    struct input input = { alone ? task->worker->act : task->session->act_in, count, width };
    float *normed = (float *)(void *)input.act.rows[ACT_F32];
    if (alone) {
        norm_rows(task, normed, x, weight, 1);
        quantize_rows(task, &input.act, 0, normed, width, 1, width, mask);
        note_norm(task, true);
        mark(task, operation);
        return input;
    }
    for (size_t i = pool_next(task->pool) * ROW_BLOCK; i < count; i = pool_next(task->pool) * ROW_BLOCK) {
        size_t rows = count - i < ROW_BLOCK ? count - i : ROW_BLOCK;
        norm_rows(task, normed + i * width, x + i * width, weight, rows);
        quantize_rows(task, &input.act, i, normed + i * width, width, rows, width, mask);
    }
    note_norm(task, false);
    finish(task, operation);
    return input;
}

/* Rows x[count][cols], complete, in the formats of mask, for the product of operation. Ends with a barrier if
 * count > 1. */
static struct input plain_input(const struct task *task, enum engine_operation operation, struct act_buffers *buffers,
                                float *x, size_t count, size_t cols, unsigned mask)
{
    struct input input = { count == 1 ? task->worker->act : *buffers, count, cols };
    if (count == 1) {
        quantize_rows(task, &input.act, 0, x, cols, 1, cols, mask);
    } else {
        for (size_t i = pool_next(task->pool) * ROW_BLOCK; i < count; i = pool_next(task->pool) * ROW_BLOCK)
            quantize_rows(task, &input.act, i, x + i * cols, cols, count - i < ROW_BLOCK ? count - i : ROW_BLOCK, cols,
                          mask);
        finish(task, operation);
    }
    input.act.rows[ACT_F32] = (unsigned char *)x;
    return input;
}

/* Puts x (cols values of row number row, from column first on) into its place in rows of total columns. An activation
 * row keeps its three parts one after another, so a part of the columns is made as a row of its own and then dealt
 * out. first is a multiple of 64. */
static void quantize_columns(const struct task *task, struct act_buffers *to, size_t row, const float *x, size_t first,
                             size_t cols, size_t total, unsigned mask)
{
    if (mask & 1u << ACT_F32)
        memcpy((float *)(void *)to->rows[ACT_F32] + row * total + first, x, cols * sizeof *x);
    if (mask & 1u << ACT_BF16) {
        unsigned char *target = to->rows[ACT_BF16] + row * act_row_bytes(ACT_BF16, total) + first * 2;
        task->kernels->rows[OP_ACT][ACT_BF16]->function.act(target, x, cols, 1, cols);
    }
    if (mask & 1u << ACT_Q8) {
        unsigned char *part = task->worker->act_columns;
        unsigned char *target = to->rows[ACT_Q8] + row * act_row_bytes(ACT_Q8, total);
        size_t padded = act_padded_cols(cols);
        task->kernels->rows[OP_ACT][ACT_Q8]->function.act(part, x, cols, 1, cols);
        memcpy(target + first, part, padded);
        memcpy(target + act_padded_cols(total) + first / 32 * 4, act_q8_scales(part, cols), padded / 32 * 4);
        memcpy(target + act_padded_cols(total) + act_padded_cols(total) / 32 * 4 + first / 16 * 4,
               act_q8_sums(part, cols), padded / 16 * 4);
    }
}

/* ---- attention ---- */

static void add(const struct task *task, float *y, const float *x, size_t count)
{
    task->kernels->rows[OP_ADD][FORMAT_F32]->function.add(y, x, count);
}

static void rotate(const struct task *task, float *x, size_t heads, size_t position)
{
    const struct hyper *hyper = &task->session->model->hyper;
    task->kernels->rows[OP_ROPE][FORMAT_F32]->function.rope(x, hyper->head_size, heads, hyper->rotary_size,
                                                            task->session->rope + position * hyper->rotary_size,
                                                            hyper->rope_neox);
}

/* What q and k get after their product: bias, norm of each head, rotation. */
static void finish_heads(const struct task *task, float *x, size_t first_row, size_t rows, const float *bias,
                         const float *norm, size_t position)
{
    const struct hyper *hyper = &task->session->model->hyper;
    size_t size = hyper->head_size, heads = rows / size;
    if (bias)
        add(task, x, bias + first_row, rows);
    if (norm)
        task->kernels->rows[OP_RMSNORM][FORMAT_F32]->function.rmsnorm(x, size, x, size, norm, hyper->norm_epsilon,
                                                                      heads, size);
    rotate(task, x, heads, position);
}

static void store_heads(const struct task *task, unsigned char *cache_data, size_t layer, const float *x,
                        size_t first_row, size_t rows, size_t position)
{
    const struct kvcache *cache = &task->session->cache;
    size_t size = cache->head_size;
    for (size_t i = 0; i < rows; i += size) {
        unsigned char *target = cache_data + kvcache_offset(cache, layer, (first_row + i) / size, position);
        if (cache->format == FORMAT_F32)
            memcpy(target, x + i, size * sizeof *x);
        else
            task->kernels->rows[OP_QUANTIZE][cache->format]->function.quantize(target, x + i, size);
    }
}

/* Ends the span of what follows the products of q, k and v. */
static void mark_heads(const struct task *task, size_t first_row, size_t rows, const float *bias, const float *norm,
                       bool rotated, bool stored)
{
    const struct hyper *hyper = &task->session->model->hyper;
    const struct kvcache *cache = &task->session->cache;
    size_t count = task->forward->count, heads = rows / hyper->head_size, bytes = bias ? rows * sizeof(float) : 0;
    if (!task->recorder)
        return;
    if (norm && first_row == 0)
        bytes += hyper->head_size * sizeof(float);
    if (stored)
        bytes += count * heads * cache->position_bytes;
    size_t flops = (bias ? rows : 0) + (norm ? 4 * rows : 0) + (rotated ? 3 * heads * hyper->rotary_size : 0);
    recorder_note(task->recorder, bytes, count * flops, count * heads);
    recorder_mark(task->recorder, OPERATION_ROPE);
}

static void slice_q(const struct task *task, const struct layer_weights *layer, const struct input *input,
                    size_t first_row, size_t rows)
{
    size_t width = layer->q.rows;
    float *q = task->session->q + first_row;
    multiply(task, &layer->q, input, first_row, rows, q, width);
    mark(task, OPERATION_QKV);
    for (size_t i = 0; i < input->count; i++)
        finish_heads(task, q + i * width, first_row, rows, layer->q_bias, layer->q_norm,
                     task->forward->first_position + i);
    mark_heads(task, first_row, rows, layer->q_bias, layer->q_norm, true, false);
}

static void slice_kv(const struct task *task, size_t layer_index, bool is_key, const struct input *input,
                     size_t first_row, size_t rows)
{
    const struct layer_weights *layer = &task->session->model->layers[layer_index];
    const struct kvcache *cache = &task->session->cache;
    float *part = task->worker->slice_a;
    multiply(task, is_key ? &layer->k : &layer->v, input, first_row, rows, part, rows);
    mark(task, OPERATION_QKV);
    for (size_t i = 0; i < input->count; i++, part += rows) {
        size_t position = task->forward->first_position + i;
        if (is_key)
            finish_heads(task, part, first_row, rows, layer->k_bias, layer->k_norm, position);
        else if (layer->v_bias)
            add(task, part, layer->v_bias + first_row, rows);
        store_heads(task, is_key ? cache->keys : cache->values, layer_index, part, first_row, rows, position);
    }
    mark_heads(task, first_row, rows, is_key ? layer->k_bias : layer->v_bias, is_key ? layer->k_norm : NULL, is_key,
               true);
}

/* q into session->q; keys and values into the cache. Slices are whole heads. */
static void project_qkv(const struct task *task, size_t layer_index, const struct input *input)
{
    const struct layer_weights *layer = &task->session->model->layers[layer_index];
    size_t count = input->count, unit = task->session->model->hyper.head_size;
    unit = least_multiple(unit, kernel_unit(&layer->q, count));
    unit = least_multiple(unit, kernel_unit(&layer->k, count));
    unit = least_multiple(unit, kernel_unit(&layer->v, count));
    size_t slice = slice_rows(task, count, layer->q.rows + 2 * layer->k.rows, unit, MAX_SLICE_HIDDEN);
    size_t q_items = ceil_div(layer->q.rows, slice), kv_items = ceil_div(layer->k.rows, slice);
    for (size_t item = pool_next(task->pool); item < q_items + 2 * kv_items; item = pool_next(task->pool)) {
        bool is_q = item < q_items;
        size_t first_row = (is_q ? item : (item - q_items) % kv_items) * slice;
        size_t end = is_q ? layer->q.rows : layer->k.rows;
        size_t rows = end - first_row < slice ? end - first_row : slice;
        if (is_q)
            slice_q(task, layer, input, first_row, rows);
        else
            slice_kv(task, layer_index, item - q_items < kv_items, input, first_row, rows);
    }
    finish(task, OPERATION_ROPE);
}

/* Tokens of one attention work item. */
static size_t attention_block_tokens(size_t group)
{
    return ceil_div(ATTENTION_QUERIES, group);
}

size_t forward_attention_rows(size_t group)
{
    return attention_block_tokens(group) * group;
}

/* Query heads of a group that one work item takes. A single token has few items, one a KV head; when the threads are
 * more, a group is divided, and its keys and values are read more than once. */
static size_t attention_item_heads(const struct task *task, size_t count, size_t group)
{
    size_t kv_heads = task->session->model->hyper.kv_heads;
    if (count > 1 || task->threads <= kv_heads)
        return group;
    size_t parts = ceil_div(task->threads, kv_heads);
    return parts < group ? ceil_div(group, parts) : 1;
}

/* Keys and values count once: with the last queries, which see all of them, and the first part of a group. */
static void note_attention(const struct task *task, size_t first, size_t queries, size_t heads, bool first_part)
{
    const struct forward *forward = task->forward;
    const struct kvcache *cache = &task->session->cache;
    size_t positions = forward->first_position + first + queries;
    struct kernel_shape shape = { .rows = positions, .cols = cache->head_size, .count = queries, .group = heads };
    double flops = kernel_cost(task->kernels->rows[OP_ATTENTION][cache->format], &shape).flops;
    bool has_all = first_part && first + queries == forward->count;
    recorder_note(task->recorder, has_all ? 2 * positions * cache->position_bytes : 0, (uint64_t)flops,
                  queries * heads);
}

/* Heads' outputs into session->attention, and, when a head group's columns can be quantized alone, into act_in. */
static void attend(const struct task *task, size_t layer, size_t count, unsigned mask, bool quantize)
{
    struct session *session = task->session;
    const struct hyper *hyper = &session->model->hyper;
    const struct kvcache *cache = &session->cache;
    size_t group = hyper->heads / hyper->kv_heads, width = model_q_width(hyper);
    size_t item_heads = attention_item_heads(task, count, group), parts = ceil_div(group, item_heads);
    size_t block = attention_block_tokens(group), blocks = ceil_div(count, block), row = hyper->kv_heads * parts;
    for (size_t item = pool_next(task->pool); item < blocks * row; item = pool_next(task->pool)) {
        /* The last queries see the most keys: they go first, so that no thread is left with a long item at the end. */
        size_t first = (blocks - 1 - item / row) * block, kv_head = item % row / parts;
        size_t queries = count - first < block ? count - first : block;
        size_t first_head = item % parts * item_heads;
        size_t heads = group - first_head < item_heads ? group - first_head : item_heads;
        size_t column = (kv_head * group + first_head) * hyper->head_size, cols = heads * hyper->head_size;
        float *out = session->attention + first * width + column;
        size_t offset = kvcache_offset(cache, layer, kv_head, 0);
        task->kernels->rows[OP_ATTENTION][cache->format]->function.attention(&(struct attention_arguments){
            .out = out,
            .out_stride = width,
            .q = session->q + first * width + column,
            .q_stride = width,
            .k = cache->keys + offset,
            .v = cache->values + offset,
            .kv_stride_bytes = cache->position_bytes,
            .count = queries,
            .group = heads,
            .head_size = hyper->head_size,
            .first_position = task->forward->first_position + first,
            .scale = 1.0f / sqrtf((float)hyper->head_size),
            .scratch = task->worker->scratch,
        });
        for (size_t i = 0; quantize && i < queries; i++)
            quantize_columns(task, &session->act_in, first + i, out + i * width, column, cols, width, mask);
        if (task->recorder)
            note_attention(task, first, queries, heads, first_head == 0);
    }
    finish(task, OPERATION_ATTENTION);
}

/* x += W input (+ bias) */
static void add_product(const struct task *task, enum engine_operation operation, const struct matrix *matrix,
                        const struct input *input, const float *bias)
{
    float *x = task->session->x, *part = task->worker->slice_a;
    size_t slice = slice_rows(task, input->count, matrix->rows, kernel_unit(matrix, input->count), MAX_SLICE);
    for (size_t first = pool_next(task->pool) * slice; first < matrix->rows; first = pool_next(task->pool) * slice) {
        size_t rows = matrix->rows - first < slice ? matrix->rows - first : slice;
        multiply(task, matrix, input, first, rows, part, rows);
        for (size_t i = 0; i < input->count; i++) {
            add(task, x + i * matrix->rows + first, part + i * rows, rows);
            if (bias)
                add(task, x + i * matrix->rows + first, bias + first, rows);
        }
        if (task->recorder)
            recorder_note(task->recorder, bias ? rows * sizeof *bias : 0, (bias ? 2u : 1u) * input->count * rows, 0);
    }
    finish(task, operation);
}

static void attention_block(const struct task *task, size_t layer_index)
{
    struct session *session = task->session;
    const struct hyper *hyper = &session->model->hyper;
    const struct layer_weights *layer = &session->model->layers[layer_index];
    size_t count = task->forward->count, width = model_q_width(hyper);
    struct input input = norm_input(task, OPERATION_ATTENTION_NORM, session->x, count, layer->attention_norm,
                                    act_mask(count, &layer->q, &layer->k, &layer->v));
    project_qkv(task, layer_index, &input);
    unsigned mask = act_mask(count, &layer->output, NULL, NULL);
    bool quantize = count > 1 && hyper->heads / hyper->kv_heads * hyper->head_size % 64 == 0;
    unsigned rest = mask & ~(1u << ACT_F32);
    attend(task, layer_index, count, rest, quantize);
    if (quantize || !rest) {
        input = (struct input){ session->act_in, count, width };
        input.act.rows[ACT_F32] = (unsigned char *)session->attention;
    } else {
        input = plain_input(task, OPERATION_ATTENTION_OUTPUT, &session->act_in, session->attention, count, width, rest);
    }
    add_product(task, OPERATION_ATTENTION_OUTPUT, &layer->output, &input, layer->output_bias);
}

/* ---- feed-forward ---- */

/* silu(gate) * up of a slice of rows; both products read the same input. */
static void slice_hidden(const struct task *task, const struct layer_weights *layer, const struct input *input,
                         size_t first, size_t rows, unsigned mask)
{
    struct session *session = task->session;
    size_t count = input->count;
    float *gate = count == 1 ? session->hidden + first : task->worker->slice_a, *up = task->worker->slice_b;
    multiply(task, &layer->gate, input, first, rows, gate, rows);
    multiply(task, &layer->up, input, first, rows, up, rows);
    task->kernels->rows[OP_SILU_MUL][FORMAT_F32]->function.silu_mul(gate, gate, up, count * rows);
    for (size_t i = 0; count > 1 && i < count; i++)
        quantize_columns(task, &session->act_hidden, i, gate + i * rows, first, rows, layer->gate.rows, mask);
    if (task->recorder)
        recorder_note(task->recorder, 0, 5 * count * rows, 0);
}

static void ffn_block(const struct task *task, size_t layer_index)
{
    struct session *session = task->session;
    const struct layer_weights *layer = &session->model->layers[layer_index];
    size_t count = task->forward->count, ff_width = layer->gate.rows;
    struct input input = norm_input(task, OPERATION_FFN_NORM, session->x, count, layer->ff_norm,
                                    act_mask(count, &layer->gate, &layer->up, NULL));
    unsigned mask = act_mask(count, &layer->down, NULL, NULL);
    size_t unit = least_multiple(kernel_unit(&layer->gate, count), kernel_unit(&layer->up, count));
    if (count > 1)
        unit = least_multiple(unit, 64);
    size_t slice = slice_rows(task, count, ff_width, unit, MAX_SLICE_HIDDEN);
    for (size_t first = pool_next(task->pool) * slice; first < ff_width; first = pool_next(task->pool) * slice)
        slice_hidden(task, layer, &input, first, ff_width - first < slice ? ff_width - first : slice, mask);
    finish(task, OPERATION_GATE_UP);
    if (count == 1)
        input = plain_input(task, OPERATION_DOWN, &session->act_in, session->hidden, 1, ff_width, mask);
    else
        input = (struct input){ session->act_hidden, count, ff_width };
    add_product(task, OPERATION_DOWN, &layer->down, &input, NULL);
}

/* ---- both ends ---- */

static void embed(const struct task *task)
{
    const struct matrix *embedding = &task->session->model->global.embedding;
    dequantize_function *dequantize = task->session->model->dequantize_embedding->function.dequantize;
    size_t count = task->forward->count;
    for (size_t i = pool_next(task->pool); i < count; i = pool_next(task->pool)) {
        dequantize(task->session->x + i * embedding->cols,
                   embedding->data + task->forward->tokens[i] * embedding->row_bytes, embedding->cols);
        if (task->recorder)
            recorder_note(task->recorder, embedding->row_bytes, 2 * embedding->cols, 1);
    }
    finish(task, OPERATION_EMBED);
}

static bool all_finite(const float *x, size_t count)
{
    /* A NaN or an infinity anywhere makes the sum of x * 0 a NaN; four sums because one would wait for each addition.
     */
    float sums[4] = { 0 };
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size_t j = 0; j < 4; j++)
            sums[j] += x[i + j] * 0.0f;
    }
    for (; i < count; i++)
        sums[0] += x[i] * 0.0f;
    return sums[0] + sums[1] + sums[2] + sums[3] == 0.0f;
}

static void output(const struct task *task)
{
    struct forward *forward = task->forward;
    struct session *session = task->session;
    const struct global_weights *global = &session->model->global;
    const struct matrix *matrix = &global->output;
    size_t count = forward->all_logits ? forward->count : 1;
    const float *x = session->x + (forward->count - count) * matrix->cols;
    struct input input =
        norm_input(task, OPERATION_OUTPUT_NORM, x, count, global->output_norm, act_mask(count, matrix, NULL, NULL));
    /* Quantization may turn a NaN into a number, so the hidden states are looked at too. */
    if (task->worker == session->workers && !all_finite(x, count * matrix->cols))
        atomic_store(&forward->not_finite, true);
    size_t slice = slice_rows(task, count, matrix->rows, kernel_unit(matrix, count), MAX_SLICE);
    for (size_t first = pool_next(task->pool) * slice; first < matrix->rows; first = pool_next(task->pool) * slice) {
        size_t rows = matrix->rows - first < slice ? matrix->rows - first : slice;
        multiply(task, matrix, &input, first, rows, forward->logits + first, matrix->rows);
        for (size_t i = 0; i < count; i++) {
            if (!all_finite(forward->logits + i * matrix->rows + first, rows))
                atomic_store(&forward->not_finite, true);
        }
    }
    mark(task, OPERATION_OUTPUT);
}

/* ---- parts for measuring ---- */

static void norm_alone(const struct task *task, size_t layer)
{
    struct session *session = task->session;
    size_t count = task->forward->count, width = session->model->hyper.width;
    for (size_t i = pool_next(task->pool) * ROW_BLOCK; i < count; i = pool_next(task->pool) * ROW_BLOCK)
        norm_rows(task, session->x + i * width, session->x + i * width, session->model->layers[layer].attention_norm,
                  count - i < ROW_BLOCK ? count - i : ROW_BLOCK);
    note_norm(task, false);
    finish(task, OPERATION_ATTENTION_NORM);
}

static void rope_alone(const struct task *task)
{
    struct session *session = task->session;
    const struct hyper *hyper = &session->model->hyper;
    size_t count = task->forward->count;
    for (size_t i = pool_next(task->pool) * ROW_BLOCK; i < count; i = pool_next(task->pool) * ROW_BLOCK) {
        for (size_t j = i; j < count && j < i + ROW_BLOCK; j++)
            rotate(task, session->x + j * hyper->width, hyper->width / hyper->head_size,
                   task->forward->first_position + j);
        if (task->recorder)
            recorder_note(task->recorder, 0, 3 * (count - i < ROW_BLOCK ? count - i : ROW_BLOCK) * hyper->width, 0);
    }
    finish(task, OPERATION_ROPE);
}

/* A thread's time begins with the call, so that what it takes to start it is a wait. */
static void start_recorder(struct task *task, struct recorder *recorder, int thread_index)
{
    struct engine_trace *trace = task->session->trace;
    *recorder = (struct recorder){ .lane = &trace->lanes[thread_index],
                                   .last_ns = task->forward->start_ns,
                                   .layer = -1,
                                   .is_first = thread_index == 0 };
    task->recorder = recorder;
    if (task->threads > 1)
        recorder_mark(recorder, OPERATION_WAIT);
}

static void run_thread(void *context, int thread_index, int thread_count)
{
    struct recorder recorder;
    struct forward *forward = context;
    struct session *session = forward->session;
    struct task task = {
        .forward = forward,
        .session = session,
        .worker = &session->workers[thread_index],
        .kernels = &session->engine->kernels,
        .pool = session->engine->pool,
        .threads = (size_t)thread_count,
    };
    if (session->trace)
        start_recorder(&task, &recorder, thread_index);
    if (forward->parts & FORWARD_EMBED)
        embed(&task);
    for (size_t layer = forward->layer_begin; layer < forward->layer_end; layer++) {
        if (task.recorder)
            recorder.layer = (int16_t)layer;
        if (forward->parts & FORWARD_NORM)
            norm_alone(&task, layer);
        if (forward->parts & FORWARD_ROPE)
            rope_alone(&task);
        if (forward->parts & FORWARD_ATTENTION)
            attention_block(&task, layer);
        if (forward->parts & FORWARD_FFN)
            ffn_block(&task, layer);
    }
    if (task.recorder)
        recorder.layer = -1;
    if (forward->parts & FORWARD_LOGITS)
        output(&task);
}

/* What is left of the pass for the threads that were done early: a wait for the last one, and for the caller to see it.
 */
static void mark_end(struct engine_trace *trace, size_t threads)
{
    int64_t end_ns = clock_wall_ns();
    for (size_t i = 0; threads > 1 && i < threads; i++) {
        struct engine_lane *lane = &trace->lanes[i];
        struct engine_span span = { .end_ns = end_ns, .layer = -1, .operation = OPERATION_WAIT };
        span.start_ns = lane->count ? lane->spans[lane->count - 1].end_ns : end_ns;
        engine_lane_add(lane, &span);
    }
}

void forward_run(struct forward *forward)
{
    struct pool *pool = forward->session->engine->pool;
    struct engine_trace *trace = forward->session->trace;
    atomic_init(&forward->not_finite, false);
    if (trace)
        forward->start_ns = clock_wall_ns();
    pool_run(pool, run_thread, forward);
    if (trace)
        mark_end(trace, (size_t)pool_thread_count(pool));
}
