/* attention_test.c: every attention row against the scalar row, and the scalar row against the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/mem.h"
#include "tests/support/kernel_support.h"

struct shape {
    size_t count, group, head_size, first_position;
};

/* Head sizes below, at and between vector widths; keys that end in every part of a block; queries that straddle one. */
static const struct shape shapes[] = {
    { 1, 1, 64, 0 },   { 1, 7, 64, 0 },    { 1, 7, 64, 62 },  { 1, 7, 64, 200 },  { 1, 4, 128, 63 },
    { 1, 2, 8, 40 },   { 2, 1, 8, 0 },     { 3, 2, 80, 5 },   { 5, 3, 96, 61 },   { 9, 1, 20, 130 },
    { 17, 2, 64, 7 },  { 64, 7, 64, 0 },   { 65, 1, 128, 1 }, { 33, 4, 8, 100 },  { 13, 5, 33, 50 },
    { 70, 6, 80, 30 }, { 129, 2, 64, 64 }, { 7, 8, 256, 11 }, { 40, 14, 64, 90 }, { 1, 13, 1, 300 },
};

enum { KV_HEADS = 3, OUT_GAP = 3 };

struct inputs {
    struct shape shape;
    struct guarded q, k, v;
    size_t kv_stride_bytes;
};

/* Spread scores, so that the running maximum rises often and by a lot. */
static struct inputs make_inputs(enum tensor_format format, struct shape shape, uint64_t seed)
{
    struct inputs in = { .shape = shape };
    size_t values = (shape.first_position + shape.count) * KV_HEADS * shape.head_size;
    size_t value_bytes = format_row_bytes(format, 1);
    in.kv_stride_bytes = KV_HEADS * shape.head_size * value_bytes;
    in.q = random_floats(shape.count * shape.group * shape.head_size, seed);
    struct guarded k = random_floats(values, seed + 1), v = random_floats(values, seed + 2);
    in.k = guarded_alloc(values * value_bytes);
    in.v = guarded_alloc(values * value_bytes);
    for (size_t i = 0; i < values; i++) {
        if (format == FORMAT_F16) {
            ((uint16_t *)in.k.data)[i] = float_to_half(((float *)k.data)[i]);
            ((uint16_t *)in.v.data)[i] = float_to_half(((float *)v.data)[i]);
        } else {
            ((float *)in.k.data)[i] = ((float *)k.data)[i];
            ((float *)in.v.data)[i] = ((float *)v.data)[i];
        }
    }
    guarded_release(&k);
    guarded_release(&v);
    return in;
}

static void release_inputs(struct inputs *in)
{
    guarded_release(&in->q);
    guarded_release(&in->k);
    guarded_release(&in->v);
}

static size_t out_stride(const struct shape *shape)
{
    return shape->group * shape->head_size + OUT_GAP;
}

/* The last KV head, so that a read beyond it meets the guard page. */
static struct guarded run_row(const struct kernel_row *row, const struct inputs *in)
{
    const struct shape *shape = &in->shape;
    size_t head_bytes = shape->head_size * format_row_bytes(row->format, 1);
    size_t out_count = shape->count * out_stride(shape) - OUT_GAP;
    struct guarded out = guarded_alloc(out_count * sizeof(float));
    for (size_t i = 0; i < out_count; i++)
        ((float *)out.data)[i] = NAN;
    size_t scratch_bytes = row->scratch_bytes ? row->scratch_bytes(shape->head_size, shape->count * shape->group) : 0;
    struct guarded scratch = guarded_alloc((scratch_bytes + 63) / 64 * 64);
    struct attention_arguments arguments = {
        .out = out.data,
        .out_stride = out_stride(shape),
        .q = in->q.data,
        .q_stride = shape->group * shape->head_size,
        .k = (const char *)in->k.data + (KV_HEADS - 1) * head_bytes,
        .v = (const char *)in->v.data + (KV_HEADS - 1) * head_bytes,
        .kv_stride_bytes = in->kv_stride_bytes,
        .count = shape->count,
        .group = shape->group,
        .head_size = shape->head_size,
        .first_position = shape->first_position,
        .scale = 1 / sqrtf((float)shape->head_size),
        .scratch = scratch.data,
    };
    row->function.attention(&arguments);
    for (size_t i = 0; i < out_count; i++) {
        if (i % out_stride(shape) >= shape->group * shape->head_size) {
            if (!isnan(((float *)out.data)[i]))
                fail_msg("%s: wrote between the rows of out, at %zu", row->name, i);
            ((float *)out.data)[i] = 0;
        }
    }
    guarded_release(&scratch);
    return out;
}

static void test_rows_agree_with_scalar(void **state)
{
    (void)state;
    struct kernel_table table = kernel_table(OP_ATTENTION);
    for (size_t i = 0; i < table.count; i++) {
        const struct kernel_row *row = &table.rows[i], *reference = row_reference(row);
        assert_non_null(reference);
        if (row == reference || !row_runs(row))
            continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            struct inputs in = make_inputs(row->format, shapes[s], 100 * i + s);
            struct guarded want = run_row(reference, &in), got = run_row(row, &in);
            double error = rms_error(got.data, want.data, shapes[s].count * out_stride(&shapes[s]) - OUT_GAP);
            if (!(error <= row->tolerance))
                fail_msg("%s: count %zu group %zu head_size %zu position %zu: rms error %.3g > %.3g", row->name,
                         shapes[s].count, shapes[s].group, shapes[s].head_size, shapes[s].first_position, error,
                         row->tolerance);
            guarded_release(&want);
            guarded_release(&got);
            release_inputs(&in);
        }
    }
}

static double key_value(const struct inputs *in, const struct guarded *cache, enum tensor_format format, size_t p,
                        size_t d)
{
    size_t at = (p * KV_HEADS + KV_HEADS - 1) * in->shape.head_size + d;
    return format == FORMAT_F16 ? (double)half_to_float(((uint16_t *)cache->data)[at])
                                : (double)((float *)cache->data)[at];
}

/* softmax(scale q K^T) V of one query and head, with all scores at once, in f64. */
static void define(double *out, const struct inputs *in, enum tensor_format format, size_t query, size_t head)
{
    const struct shape *shape = &in->shape;
    const float *q = (const float *)in->q.data + (query * shape->group + head) * shape->head_size;
    size_t seen = shape->first_position + query + 1;
    double *weights = mem_array(seen, sizeof *weights), largest = -INFINITY, sum = 0;
    for (size_t p = 0; p < seen; p++) {
        for (size_t d = 0; d < shape->head_size; d++)
            weights[p] += (double)q[d] * key_value(in, &in->k, format, p, d);
        weights[p] *= (double)(1 / sqrtf((float)shape->head_size));
        largest = fmax(largest, weights[p]);
    }
    for (size_t d = 0; d < shape->head_size; d++)
        out[d] = 0;
    for (size_t p = 0; p < seen; p++) {
        double weight = exp(weights[p] - largest);
        sum += weight;
        for (size_t d = 0; d < shape->head_size; d++)
            out[d] += weight * key_value(in, &in->v, format, p, d);
    }
    for (size_t d = 0; d < shape->head_size; d++)
        out[d] /= sum;
    free(weights);
}

static void test_scalar_is_the_definition(void **state)
{
    (void)state;
    const struct shape shape = { 41, 3, 24, 30 };
    const enum tensor_format formats[] = { FORMAT_F32, FORMAT_F16 };
    for (size_t f = 0; f < 2; f++) {
        struct kernel_row key = { .op = OP_ATTENTION, .format = formats[f] };
        struct inputs in = make_inputs(formats[f], shape, 9 + f);
        struct guarded got = run_row(row_reference(&key), &in);
        for (size_t query = 0; query < shape.count; query++) {
            for (size_t head = 0; head < shape.group; head++) {
                double want[24];
                define(want, &in, formats[f], query, head);
                const float *values = (const float *)got.data + query * out_stride(&shape) + head * shape.head_size;
                for (size_t d = 0; d < shape.head_size; d++)
                    assert_true(fabs((double)values[d] - want[d]) < 1e-6 * (1 + fabs(want[d])));
            }
        }
        guarded_release(&got);
        release_inputs(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalar_is_the_definition),
        cmocka_unit_test(test_rows_agree_with_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
