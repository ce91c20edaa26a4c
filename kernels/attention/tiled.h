/* tiled.h: attention in tiles, for any vector width (kernels/vector.h) and cache format.
 *
 * A row is one (query, head of the group) pair. The outer loop goes over blocks of TILE_KEYS keys, which are converted
 * to f32 once: K transposed, so that lanes run over keys, V as it is. The inner loop goes over tiles of up to TILE_ROWS
 * rows that see the block: scores = Q K^T (lanes over keys), running softmax, out += weights V (lanes over the head).
 * Both products keep their sums in registers. out holds the unnormalized sums until the end.
 * For one query (decode) the rows are the heads of the group, so K and V are read once for all of them. */
#ifndef PRONY_KERNELS_ATTENTION_TILED_H
#define PRONY_KERNELS_ATTENTION_TILED_H

#include "kernels/kernel.h"
#include "kernels/vector.h"
#include <math.h>

enum { TILE_KEYS = 64, TILE_ROWS = 6 };
/* Vectors a register tile is wide: 6 x 4 sums of 32 registers, 6 x 2 of 16. */
enum { TILE_VECTORS = VECTOR_LANES == 16 ? 4 : 2 };

struct tile {
    const float *q[TILE_ROWS];
    float *out[TILE_ROWS];
    size_t seen[TILE_ROWS]; /* keys of the block that the row sees */
    size_t seen_most;       /* the largest of them */
};

struct tile_buffers {
    float *k;       /* [head_size][TILE_KEYS] */
    float *v;       /* [TILE_KEYS][padded head size] */
    float *scores;  /* [TILE_ROWS][TILE_KEYS] */
    float *maximum; /* [rows] of the running softmax */
    float *sum;     /* [rows] */
    size_t v_stride;
};

VECTOR_INLINE size_t tile_padded(size_t head_size)
{
    return (head_size + VECTOR_LANES - 1) / VECTOR_LANES * VECTOR_LANES;
}

VECTOR_INLINE vector tile_load(const char *at, enum tensor_format format, size_t first, size_t n)
{
    if (format == FORMAT_F16) {
        const uint16_t *half = (const uint16_t *)(const void *)at + first;
        return n >= VECTOR_LANES ? vector_load_f16(half) : vector_load_f16_first(half, n);
    }
    const float *values = (const float *)(const void *)at + first;
    return n >= VECTOR_LANES ? vector_load(values) : vector_load_first(values, n);
}

/* Keys first .. first + keys - 1 to f32; keys that do not exist are zeros. */
VECTOR_INLINE void tile_convert(const struct attention_arguments *a, const struct tile_buffers *b,
                                enum tensor_format format, size_t first, size_t keys)
{
    const char *k = (const char *)a->k + first * a->kv_stride_bytes;
    const char *v = (const char *)a->v + first * a->kv_stride_bytes;
    for (size_t d = 0; d < a->head_size; d += VECTOR_LANES) {
        size_t n = a->head_size - d < VECTOR_LANES ? a->head_size - d : VECTOR_LANES;
        for (size_t p = 0; p < keys; p += VECTOR_LANES) {
            vector rows[VECTOR_LANES];
#pragma GCC unroll 16
            for (size_t i = 0; i < VECTOR_LANES; i++)
                rows[i] = p + i < keys ? tile_load(k + (p + i) * a->kv_stride_bytes, format, d, n) : vector_zero();
            vector_transpose(rows);
#pragma GCC unroll 16
            for (size_t i = 0; i < VECTOR_LANES; i++) {
                if (i < n)
                    vector_store(b->k + (d + i) * TILE_KEYS + p, rows[i]);
            }
        }
        for (size_t p = 0; p < keys; p++)
            vector_store(b->v + p * b->v_stride + d, tile_load(v + p * a->kv_stride_bytes, format, d, n));
    }
}

/* rows x width vectors of scores; rows and width are constants at every call. */
VECTOR_INLINE void tile_scores_part(const struct tile *t, float *scores, const float *k, size_t head_size, size_t rows,
                                    size_t width)
{
    vector sums[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++)
            sums[r][c] = vector_zero();
    }
    for (size_t d = 0; d < head_size; d++, k += TILE_KEYS) {
        vector keys[TILE_VECTORS];
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++)
            keys[c] = vector_load(k + c * VECTOR_LANES);
#pragma GCC unroll 6
        for (size_t r = 0; r < rows; r++) {
            vector q = vector_set(t->q[r][d]);
#pragma GCC unroll 4
            for (size_t c = 0; c < width; c++)
                sums[r][c] = vector_fma(q, keys[c], sums[r][c]);
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++)
            vector_store(scores + r * TILE_KEYS + c * VECTOR_LANES, sums[r][c]);
    }
}

VECTOR_INLINE void tile_scores(const struct tile *t, const struct tile_buffers *b, size_t head_size, size_t rows)
{
    size_t c = 0, vectors = (t->seen_most + VECTOR_LANES - 1) / VECTOR_LANES;
    for (; c + TILE_VECTORS <= vectors; c += TILE_VECTORS)
        tile_scores_part(t, b->scores + c * VECTOR_LANES, b->k + c * VECTOR_LANES, head_size, rows, TILE_VECTORS);
    for (; c < vectors; c++)
        tile_scores_part(t, b->scores + c * VECTOR_LANES, b->k + c * VECTOR_LANES, head_size, rows, 1);
}

/* Columns d .. d + n - 1 of out += weights V; n < VECTOR_LANES only with width 1. */
VECTOR_INLINE void tile_values_part(const struct tile *t, const struct tile_buffers *b, size_t d, size_t n, size_t rows,
                                    size_t width)
{
    vector sums[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++)
            sums[r][c] =
                n < VECTOR_LANES ? vector_load_first(t->out[r] + d, n) : vector_load(t->out[r] + d + c * VECTOR_LANES);
    }
    const float *v = b->v + d, *weights = b->scores;
    for (size_t p = 0; p < t->seen_most; p++, v += b->v_stride, weights++) {
        vector values[TILE_VECTORS];
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++)
            values[c] = vector_load(v + c * VECTOR_LANES);
#pragma GCC unroll 6
        for (size_t r = 0; r < rows; r++) {
            vector weight = vector_set(weights[r * TILE_KEYS]);
#pragma GCC unroll 4
            for (size_t c = 0; c < width; c++)
                sums[r][c] = vector_fma(weight, values[c], sums[r][c]);
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
        for (size_t c = 0; c < width; c++) {
            if (n < VECTOR_LANES)
                vector_store_first(t->out[r] + d, sums[r][c], n);
            else
                vector_store(t->out[r] + d + c * VECTOR_LANES, sums[r][c]);
        }
    }
}

VECTOR_INLINE void tile_values(const struct tile *t, const struct tile_buffers *b, size_t head_size, size_t rows)
{
    size_t d = 0;
    for (; d + TILE_VECTORS * VECTOR_LANES <= head_size; d += TILE_VECTORS * VECTOR_LANES)
        tile_values_part(t, b, d, VECTOR_LANES, rows, TILE_VECTORS);
    for (; d + VECTOR_LANES <= head_size; d += VECTOR_LANES)
        tile_values_part(t, b, d, VECTOR_LANES, rows, 1);
    if (d < head_size)
        tile_values_part(t, b, d, head_size - d, rows, 1);
}

VECTOR_INLINE void tile_scale_row(float *row, size_t head_size, float factor)
{
    size_t d = 0;
    for (; d + VECTOR_LANES <= head_size; d += VECTOR_LANES)
        vector_store(row + d, vector_mul(vector_load(row + d), vector_set(factor)));
    if (d < head_size) {
        vector last = vector_mul(vector_load_first(row + d, head_size - d), vector_set(factor));
        vector_store_first(row + d, last, head_size - d);
    }
}

/* One row's scores become weights exp(scale * score - maximum); sum and out follow a maximum that rises. */
VECTOR_INLINE void tile_softmax(float *scores, size_t seen, size_t seen_most, float scale, float *maximum, float *sum,
                                float *out, size_t head_size)
{
    const vector nothing = vector_set(-INFINITY);
    vector largest = nothing;
    for (size_t p = 0; p < seen_most; p += VECTOR_LANES) {
        vector x = vector_mul(vector_load(scores + p), vector_set(scale));
        if (p + VECTOR_LANES > seen)
            x = vector_first(x, seen > p ? seen - p : 0, nothing);
        vector_store(scores + p, x);
        largest = vector_max(largest, x);
    }
    float risen = vector_maximum(largest);
    if (risen > *maximum) {
        float shrink = expf(*maximum - risen);
        *maximum = risen;
        *sum *= shrink;
        tile_scale_row(out, head_size, shrink);
    }
    vector sums = vector_zero();
    for (size_t p = 0; p < seen_most; p += VECTOR_LANES) {
        vector weights = vector_exp(vector_sub(vector_load(scores + p), vector_set(*maximum)));
        vector_store(scores + p, weights);
        sums = vector_add(sums, weights);
    }
    *sum += vector_sum(sums);
}

/* rows: a constant, so that the sums of both products are registers. row: the first row's number. */
VECTOR_INLINE void tile_run(const struct attention_arguments *a, const struct tile *t, const struct tile_buffers *b,
                            size_t row, size_t rows)
{
    tile_scores(t, b, a->head_size, rows);
    for (size_t r = 0; r < rows; r++)
        tile_softmax(b->scores + r * TILE_KEYS, t->seen[r], t->seen_most, a->scale, b->maximum + row + r,
                     b->sum + row + r, t->out[r], a->head_size);
    tile_values(t, b, a->head_size, rows);
}

/* Every row from row on sees at least one of the block's keys. */
VECTOR_INLINE void tile_block(const struct attention_arguments *a, const struct tile_buffers *b, size_t first_key,
                              size_t keys, size_t row)
{
    size_t row_count = a->count * a->group, rows;
    for (; row < row_count; row += rows) {
        size_t left = row_count - row;
        rows = left >= 2 * TILE_ROWS ? TILE_ROWS : left > TILE_ROWS ? (left + 1) / 2 : left;
        struct tile t = { .seen_most = 0 };
        for (size_t r = 0; r < rows; r++) {
            size_t query = (row + r) / a->group, head = (row + r) % a->group;
            t.q[r] = a->q + query * a->q_stride + head * a->head_size;
            t.out[r] = a->out + query * a->out_stride + head * a->head_size;
            size_t seen = a->first_position + query + 1 - first_key;
            t.seen[r] = seen < keys ? seen : keys;
        }
        t.seen_most = t.seen[rows - 1];
        switch (rows) {
        case 1: tile_run(a, &t, b, row, 1); break;
        case 2: tile_run(a, &t, b, row, 2); break;
        case 3: tile_run(a, &t, b, row, 3); break;
        case 4: tile_run(a, &t, b, row, 4); break;
        case 5: tile_run(a, &t, b, row, 5); break;
        default: tile_run(a, &t, b, row, TILE_ROWS); break;
        }
    }
}

VECTOR_INLINE void tiled_attention(const struct attention_arguments *a, enum tensor_format format)
{
    struct tile_buffers b = { .v_stride = tile_padded(a->head_size) };
    b.k = a->scratch;
    b.v = b.k + TILE_KEYS * a->head_size;
    b.scores = b.v + TILE_KEYS * b.v_stride;
    b.maximum = b.scores + TILE_ROWS * TILE_KEYS;
    b.sum = b.maximum + a->count * a->group;
    for (size_t row = 0; row < a->count * a->group; row++) {
        b.maximum[row] = -INFINITY;
        b.sum[row] = 0;
        memset(a->out + row / a->group * a->out_stride + row % a->group * a->head_size, 0,
               a->head_size * sizeof(float));
    }
    size_t key_count = a->first_position + a->count;
    for (size_t first = 0; first < key_count; first += TILE_KEYS) {
        size_t keys = key_count - first < TILE_KEYS ? key_count - first : TILE_KEYS;
        size_t query = first > a->first_position ? first - a->first_position : 0; /* the first that sees the block */
        tile_convert(a, &b, format, first, keys);
        tile_block(a, &b, first, keys, query * a->group);
    }
    for (size_t row = 0; row < a->count * a->group; row++)
        tile_scale_row(a->out + row / a->group * a->out_stride + row % a->group * a->head_size, a->head_size,
                       1 / b.sum[row]);
}

#endif
