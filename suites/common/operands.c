/* operands.c: see operands.h. One driver an operation: how to prepare, how to call, how to check. */
#include "suites/common/operands.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISTINCT_ROWS = 61, /* weight rows that are really random; they repeat in the matrix, in memory they do not */
    CHECK_SLICES = 3,   /* of a matmul */
    CHECK_ROWS = 16,
    MAX_COPIES = 4096
};

void operands_stream_release(struct operands_stream *stream)
{
    free(stream->data);
    *stream = (struct operands_stream){ 0 };
}

const struct kernel_row *operands_reference(const struct kernel_row *row)
{
    struct kernel_table table = kernel_table(row->op);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *candidate = &table.rows[i];
        if (candidate->needs == 0 && candidate->format == row->format &&
            (row->op != OP_ACT || candidate->act == row->act))
            return candidate;
    }
    return NULL;
}

/* ---- building ---- */

/* 64-byte aligned memory of the operands' lifetime. */
static void *allocate(struct operands *operands, size_t size_bytes)
{
    uintptr_t address = (uintptr_t)arena_alloc(&operands->arena, size_bytes + 64);
    return (void *)((address + 63) / 64 * 64);
}

static float *random_floats(struct operands *operands, size_t count, uint64_t seed)
{
    float *values = allocate(operands, count * sizeof *values);
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)rng_normal(&rng);
    return values;
}

static const struct kernel_row *find_act(enum act_format format)
{
    struct kernel_table table = kernel_table(OP_ACT);
    for (size_t i = 0; i < table.count; i++)
        if (table.rows[i].act == format && table.rows[i].needs == 0)
            return &table.rows[i];
    return NULL;
}

/* x in the activation format that a matrix row wants. */
static void *convert(struct operands *operands, enum act_format format, size_t count)
{
    size_t cols = operands->shape.cols;
    if (format == ACT_F32)
        return operands->x;
    void *act = allocate(operands, count * act_row_bytes(format, cols));
    find_act(format)->function.act(act, operands->x, cols, count, cols);
    return act;
}

static void *scratch_for(struct operands *operands, const struct kernel_row *row, size_t cols, size_t count)
{
    return row->scratch_bytes ? allocate(operands, row->scratch_bytes(cols, count) + 64) : NULL;
}

/* Room for copies of copy_bytes each; they start at multiples of 64. */
static int reserve_copies(struct operands *operands, struct operands_stream *stream, size_t copy_bytes,
                          size_t stream_bytes, struct error *error)
{
    operands->copy_bytes = (copy_bytes + 63) / 64 * 64;
    operands->copy_count = (stream_bytes + operands->copy_bytes - 1) / operands->copy_bytes;
    if (operands->copy_count < 1)
        operands->copy_count = 1;
    if (operands->copy_count > MAX_COPIES)
        operands->copy_count = MAX_COPIES;
    size_t needed = operands->copy_count * operands->copy_bytes;
    if (needed > stream->size_bytes) {
        operands_stream_release(stream);
        stream->data = mem_aligned(needed);
        if (!stream->data)
            return error_set(error, ERROR_MEMORY, "no memory for %zu bytes of weights", needed);
        stream->size_bytes = needed;
    }
    operands->copies = stream->data;
    return 0;
}

static void repeat_first_copy(struct operands *operands)
{
    for (size_t i = 1; i < operands->copy_count; i++)
        memcpy(operands->copies + i * operands->copy_bytes, operands->copies, operands->copy_bytes);
}

static const struct kernel_row *find_quantize(enum tensor_format format)
{
    struct kernel_table table = kernel_table(OP_QUANTIZE);
    for (size_t i = 0; i < table.count; i++)
        if (table.rows[i].format == format && table.rows[i].needs == 0)
            return &table.rows[i];
    return NULL;
}

static int build_weights(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                         struct error *error)
{
    size_t rows = operands->shape.rows, cols = operands->shape.cols;
    enum tensor_format format = operands->row->format;
    const struct kernel_row *quantize = find_quantize(format);
    operands->w_row_bytes = format_row_bytes(format, cols);
    if (!quantize)
        return error_set(error, ERROR_UNSUPPORTED, "no quantize row for %s", format_table[format].name);
    int code = reserve_copies(operands, stream, rows * operands->w_row_bytes, stream_bytes, error);
    if (code)
        return code;
    size_t distinct = rows < DISTINCT_ROWS ? rows : DISTINCT_ROWS;
    float *values = random_floats(operands, distinct * cols, rng_mix(1, format));
    for (size_t r = 0; r < distinct; r++)
        quantize->function.quantize(operands->copies + r * operands->w_row_bytes, values + r * cols, cols);
    for (size_t r = distinct; r < rows; r++)
        memcpy(operands->copies + r * operands->w_row_bytes, operands->copies + r % distinct * operands->w_row_bytes,
               operands->w_row_bytes);
    repeat_first_copy(operands);
    return 0;
}

static void allocate_results(struct operands *operands, size_t y_count, size_t expected_count)
{
    operands->y_count = y_count;
    operands->expected_count = expected_count;
    operands->y = allocate(operands, y_count * sizeof(float));
    operands->expected = allocate(operands, expected_count * sizeof(float));
}

/* ---- matvec ---- */

static int prepare_matvec(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                          struct error *error)
{
    int code = build_weights(operands, stream, stream_bytes, error);
    if (code)
        return code;
    operands->x = random_floats(operands, operands->shape.cols, 2);
    operands->act = convert(operands, operands->row->act, 1);
    operands->reference_act = convert(operands, operands->reference->act, 1);
    allocate_results(operands, operands->shape.rows, operands->shape.rows);
    return 0;
}

static void call_matvec(const struct operands *operands, size_t copy)
{
    operands->row->function.matvec(operands->y, operands->copies + copy * operands->copy_bytes, operands->w_row_bytes,
                                   operands->act, operands->shape.rows, operands->shape.cols);
}

static void expect_matvec(struct operands *operands)
{
    operands->reference->function.matvec(operands->expected, operands->copies, operands->w_row_bytes,
                                         operands->reference_act, operands->shape.rows, operands->shape.cols);
}

/* ---- matmul ---- */

static int prepare_matmul(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                          struct error *error)
{
    const struct kernel_shape *shape = &operands->shape;
    int code = build_weights(operands, stream, stream_bytes, error);
    if (code)
        return code;
    operands->x = random_floats(operands, shape->count * shape->cols, 2);
    operands->act = convert(operands, operands->row->act, shape->count);
    operands->reference_act = convert(operands, operands->reference->act, shape->count);
    allocate_results(operands, shape->count * shape->rows, shape->count * CHECK_SLICES * CHECK_ROWS);
    operands->scratch = scratch_for(operands, operands->row, shape->cols, shape->count);
    operands->reference_scratch = scratch_for(operands, operands->reference, shape->cols, shape->count);
    return 0;
}

static void call_matmul(const struct operands *operands, size_t copy)
{
    const struct kernel_shape *shape = &operands->shape;
    const struct matmul_arguments arguments = {
        .y = operands->y,
        .y_stride = shape->rows,
        .w = operands->copies + copy * operands->copy_bytes,
        .w_row_bytes = operands->w_row_bytes,
        .act = operands->act,
        .act_row_bytes = act_row_bytes(operands->row->act, shape->cols),
        .count = shape->count,
        .rows = shape->rows,
        .cols = shape->cols,
        .scratch = operands->scratch,
    };
    operands->row->function.matmul(&arguments);
}

/* First weight row of a checked slice: the start, the middle and the end of the matrix. */
static size_t slice_start(const struct operands *operands, size_t slice)
{
    return (operands->shape.rows - CHECK_ROWS) * slice / (CHECK_SLICES - 1);
}

static void expect_matmul(struct operands *operands)
{
    const struct kernel_shape *shape = &operands->shape;
    for (size_t slice = 0; slice < CHECK_SLICES; slice++) {
        const struct matmul_arguments arguments = {
            .y = operands->expected + slice * CHECK_ROWS,
            .y_stride = (size_t)CHECK_SLICES * CHECK_ROWS,
            .w = operands->copies + slice_start(operands, slice) * operands->w_row_bytes,
            .w_row_bytes = operands->w_row_bytes,
            .act = operands->reference_act,
            .act_row_bytes = act_row_bytes(operands->reference->act, shape->cols),
            .count = shape->count,
            .rows = CHECK_ROWS,
            .cols = shape->cols,
            .scratch = operands->reference_scratch,
        };
        operands->reference->function.matmul(&arguments);
    }
}

/* Brings the checked slices of y into the layout of expected. */
static void gather_matmul(struct operands *operands, float *gathered)
{
    for (size_t i = 0; i < operands->shape.count; i++)
        for (size_t slice = 0; slice < CHECK_SLICES; slice++)
            memcpy(gathered + (i * CHECK_SLICES + slice) * CHECK_ROWS,
                   operands->y + i * operands->shape.rows + slice_start(operands, slice), CHECK_ROWS * sizeof(float));
}

/* ---- attention ---- */

/* Copies hold keys, then values, of one KV head: positions one after another. */
static int prepare_attention(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                             struct error *error)
{
    const struct kernel_shape *shape = &operands->shape;
    size_t kv_count = 2 * shape->rows * shape->cols, values = shape->count * shape->group * shape->cols;
    size_t value_bytes = format_row_bytes(operands->row->format, 1);
    int code = reserve_copies(operands, stream, kv_count * value_bytes, stream_bytes, error);
    if (code)
        return code;
    float *kv = random_floats(operands, kv_count, 3);
    if (operands->row->format == FORMAT_F16)
        for (size_t i = 0; i < kv_count; i++)
            ((uint16_t *)(void *)operands->copies)[i] = float_to_half(kv[i]);
    else
        memcpy(operands->copies, kv, kv_count * sizeof *kv);
    repeat_first_copy(operands);
    operands->x = random_floats(operands, values, 4);
    allocate_results(operands, values, values);
    operands->scratch = scratch_for(operands, operands->row, shape->cols, shape->count * shape->group);
    operands->reference_scratch = scratch_for(operands, operands->reference, shape->cols, shape->count * shape->group);
    return 0;
}

static void run_attention(const struct operands *operands, const struct kernel_row *row, float *out, void *scratch,
                          size_t copy)
{
    const struct kernel_shape *shape = &operands->shape;
    size_t position_bytes = format_row_bytes(row->format, shape->cols);
    const unsigned char *k = operands->copies + copy * operands->copy_bytes;
    const struct attention_arguments arguments = {
        .out = out,
        .out_stride = shape->group * shape->cols,
        .q = operands->x,
        .q_stride = shape->group * shape->cols,
        .k = k,
        .v = k + shape->rows * position_bytes,
        .kv_stride_bytes = position_bytes,
        .count = shape->count,
        .group = shape->group,
        .head_size = shape->cols,
        .first_position = shape->rows - shape->count,
        .scale = 1 / sqrtf((float)shape->cols),
        .scratch = scratch,
    };
    row->function.attention(&arguments);
}

static void call_attention(const struct operands *operands, size_t copy)
{
    run_attention(operands, operands->row, operands->y, operands->scratch, copy);
}

static void expect_attention(struct operands *operands)
{
    run_attention(operands, operands->reference, operands->expected, operands->reference_scratch, 0);
}

/* ---- rows of f32: norm, silu, add, softmax, rope ---- */

static int prepare_rows(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                        struct error *error)
{
    size_t count = operands->shape.count * operands->shape.cols;
    (void)stream, (void)stream_bytes, (void)error;
    operands->copy_count = 1;
    operands->x = random_floats(operands, count, 5);
    operands->x2 = random_floats(operands, count, 6);
    allocate_results(operands, count, count);
    return 0;
}

static void run_rows(const struct operands *operands, const struct kernel_row *row, float *y)
{
    size_t cols = operands->shape.cols, count = operands->shape.count;
    switch (row->op) {
    case OP_RMSNORM: row->function.rmsnorm(y, cols, operands->x, cols, operands->x2, 1e-6f, count, cols); break;
    case OP_SILU_MUL: row->function.silu_mul(y, operands->x, operands->x2, count * cols); break;
    case OP_ADD: row->function.add(y, operands->x, count * cols); break;
    case OP_SOFTMAX:
        for (size_t i = 0; i < count; i++)
            row->function.softmax(y + i * cols, operands->x + i * cols, 1.0f, cols);
        break;
    case OP_ROPE: row->function.rope(y, cols, count, cols, operands->x2, true); break;
    default: break;
    }
}

static void call_rows(const struct operands *operands, size_t copy)
{
    (void)copy;
    run_rows(operands, operands->row, operands->y);
}

static void expect_rows(struct operands *operands)
{
    run_rows(operands, operands->reference, operands->expected);
}

/* In place: both results start from the same values. */
static int prepare_in_place(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                            struct error *error)
{
    int code = prepare_rows(operands, stream, stream_bytes, error);
    memcpy(operands->y, operands->x, operands->y_count * sizeof(float));
    memcpy(operands->expected, operands->x, operands->y_count * sizeof(float));
    for (size_t i = 0; operands->row->op == OP_ROPE && i + 1 < operands->shape.cols; i += 2) {
        operands->x2[i] = cosf((float)i); /* a rotation keeps lengths, so that no number of turns overflows */
        operands->x2[i + 1] = sinf((float)i);
    }
    return code;
}

/* ---- act ---- */

static int prepare_act(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                       struct error *error)
{
    size_t rows = operands->shape.rows, cols = operands->shape.cols;
    (void)stream, (void)stream_bytes, (void)error;
    operands->copy_count = 1;
    operands->x = random_floats(operands, rows * cols, 7);
    operands->act = allocate(operands, rows * act_row_bytes(operands->row->act, cols));
    operands->reference_act = allocate(operands, rows * act_row_bytes(operands->row->act, cols));
    allocate_results(operands, rows * cols, rows * cols);
    return 0;
}

static void call_act(const struct operands *operands, size_t copy)
{
    (void)copy;
    size_t cols = operands->shape.cols;
    operands->row->function.act(operands->act, operands->x, cols, operands->shape.rows, cols);
}

/* The f32 values that activations stand for. */
static void decode_act(const struct operands *operands, const void *act, float *values)
{
    size_t cols = operands->shape.cols;
    enum act_format format = operands->row->act;
    for (size_t r = 0; r < operands->shape.rows; r++) {
        const unsigned char *row = (const unsigned char *)act + r * act_row_bytes(format, cols);
        for (size_t i = 0; i < cols; i++) {
            if (format == ACT_Q8)
                values[r * cols + i] = act_q8_scales(row, cols)[i / 32] * (float)(int8_t)row[i];
            else
                values[r * cols + i] = bf16_to_float(((const uint16_t *)(const void *)row)[i]);
        }
    }
}

static void expect_act(struct operands *operands)
{
    size_t cols = operands->shape.cols;
    operands->reference->function.act(operands->reference_act, operands->x, cols, operands->shape.rows, cols);
    decode_act(operands, operands->reference_act, operands->expected);
    decode_act(operands, operands->act, operands->y);
}

/* ---- dequantize, quantize ---- */

static int prepare_dequantize(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                              struct error *error)
{
    size_t count = operands->shape.rows * operands->shape.cols;
    int code = build_weights(operands, stream, stream_bytes, error);
    if (!code)
        allocate_results(operands, count, count);
    return code;
}

static void run_dequantize(const struct operands *operands, const struct kernel_row *row, float *y, size_t copy)
{
    for (size_t r = 0; r < operands->shape.rows; r++)
        row->function.dequantize(y + r * operands->shape.cols,
                                 operands->copies + copy * operands->copy_bytes + r * operands->w_row_bytes,
                                 operands->shape.cols);
}

static void call_dequantize(const struct operands *operands, size_t copy)
{
    run_dequantize(operands, operands->row, operands->y, copy);
}

static void expect_dequantize(struct operands *operands)
{
    run_dequantize(operands, operands->reference, operands->expected, 0);
}

static int prepare_quantize(struct operands *operands, struct operands_stream *stream, size_t stream_bytes,
                            struct error *error)
{
    (void)stream, (void)stream_bytes, (void)error;
    operands->copy_count = 1;
    operands->w_row_bytes = format_row_bytes(operands->row->format, operands->shape.cols);
    operands->x = random_floats(operands, operands->shape.rows * operands->shape.cols, 8);
    operands->act = allocate(operands, operands->shape.rows * operands->w_row_bytes);
    return 0;
}

static void call_quantize(const struct operands *operands, size_t copy)
{
    (void)copy;
    for (size_t r = 0; r < operands->shape.rows; r++)
        operands->row->function.quantize((char *)operands->act + r * operands->w_row_bytes,
                                         operands->x + r * operands->shape.cols, operands->shape.cols);
}

/* ---- one driver an operation ---- */

struct driver {
    int (*prepare)(struct operands *operands, struct operands_stream *stream, size_t stream_bytes, struct error *error);
    operands_call *call;
    void (*expect)(struct operands *operands); /* NULL: only scalar rows exist */
    bool streamed;
};

static const struct driver drivers[OP_COUNT] = {
    [OP_ACT] = { prepare_act, call_act, expect_act, false },
    [OP_MATVEC] = { prepare_matvec, call_matvec, expect_matvec, true },
    [OP_MATMUL] = { prepare_matmul, call_matmul, expect_matmul, true },
    [OP_DEQUANTIZE] = { prepare_dequantize, call_dequantize, expect_dequantize, false },
    [OP_QUANTIZE] = { prepare_quantize, call_quantize, NULL, false },
    [OP_RMSNORM] = { prepare_rows, call_rows, expect_rows, false },
    [OP_ROPE] = { prepare_in_place, call_rows, expect_rows, false },
    [OP_ATTENTION] = { prepare_attention, call_attention, expect_attention, true },
    [OP_SILU_MUL] = { prepare_rows, call_rows, expect_rows, false },
    [OP_ADD] = { prepare_in_place, call_rows, expect_rows, false },
    [OP_SOFTMAX] = { prepare_rows, call_rows, expect_rows, false },
};

int operands_prepare(struct operands *operands, const struct kernel_row *row, const struct kernel_shape *shape,
                     struct operands_stream *stream, size_t stream_bytes, struct error *error)
{
    *operands = (struct operands){ .row = row, .reference = operands_reference(row), .shape = *shape };
    if (!operands->reference)
        return error_set(error, ERROR_UNSUPPORTED, "%s: no scalar row to compare with", row->name);
    return drivers[row->op].prepare(operands, stream, stream_bytes, error);
}

void operands_release(struct operands *operands)
{
    arena_release(&operands->arena);
}

operands_call *operands_call_of(enum kernel_op op)
{
    return drivers[op].call;
}

bool operands_are_streamed(enum kernel_op op)
{
    return drivers[op].streamed;
}

static struct operands_error compare(const float *got, const float *want, size_t count)
{
    double squares = 0, want_squares = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        if (!isfinite(difference))
            return (struct operands_error){ INFINITY, INFINITY };
        squares += difference * difference;
        want_squares += (double)want[i] * (double)want[i];
        largest = fmax(largest, difference);
    }
    double rms = sqrt(want_squares / (double)count);
    if (!(rms > 0))
        return (struct operands_error){ INFINITY, INFINITY }; /* a result of zeros proves nothing */
    return (struct operands_error){ sqrt(squares / (double)count) / rms, largest / rms };
}

struct operands_error operands_check(struct operands *operands)
{
    const struct driver *driver = &drivers[operands->row->op];
    const float *got = operands->y;
    driver->call(operands, 0);
    if (!driver->expect)
        return (struct operands_error){ 0, 0 };
    driver->expect(operands);
    if (operands->row->op == OP_MATMUL) {
        float *gathered = allocate(operands, operands->expected_count * sizeof *gathered);
        gather_matmul(operands, gathered);
        got = gathered;
    }
    return compare(got, operands->expected, operands->expected_count);
}
