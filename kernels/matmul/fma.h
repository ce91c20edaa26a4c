/* fma.h: the tiled matrix product in f32 on fused multiply-adds, AVX2 or AVX-512 by the file that includes it.
 *
 * Loops, from the outside: FMA_PANEL_ROWS outputs (two vectors), FMA_PANEL_COLS of k, for which the weights are
 * unpacked to f32 and transposed (the panel stays in L1), FMA_TOKENS activation rows, k. The sums of a block live in
 * registers; from one part of k to the next they go through y, which also keeps their rounding small. */
#ifndef PRONY_KERNELS_MATMUL_FMA_H
#define PRONY_KERNELS_MATMUL_FMA_H

#include "kernels/kernel.h"
#include "kernels/matmul/scratch.h"
#include <immintrin.h>
#include <string.h>

#if defined(__AVX512F__)
enum { FMA_LANES = 16, FMA_TOKENS = 12 };
typedef __m512 fma_vector;
#else
enum { FMA_LANES = 8, FMA_TOKENS = 6 };
typedef __m256 fma_vector;
#endif
enum { FMA_PANEL_ROWS = 2 * FMA_LANES, FMA_PANEL_COLS = 256 };

struct fma_scratch {
    float panel[FMA_PANEL_COLS][FMA_PANEL_ROWS];
    float row[FMA_LANES][FMA_PANEL_COLS]; /* for packers that go by way of f32 rows */
};
static_assert(sizeof(struct fma_scratch) <= MATMUL_SCRATCH_FMA, "kernels/matmul/scratch.h");

/* The same FMA_LANES rows, k from 0 on. Rows behind the last one repeat it: their results are never stored. */
struct fma_rows {
    const char *row[FMA_LANES];
};

/* Writes panel[k][0 .. FMA_LANES) for start <= k < start + cols; panel points at k = start. */
typedef void fma_packer(float (*panel)[FMA_PANEL_ROWS], const struct fma_rows *rows, size_t start, size_t cols,
                        struct fma_scratch *scratch);

#if defined(__AVX512F__)
static inline fma_vector fma_zero(void)
{
    return _mm512_setzero_ps();
}

static inline fma_vector fma_load(const float *p)
{
    return _mm512_load_ps(p);
}

static inline fma_vector fma_multiply_add(fma_vector a, float b, fma_vector c)
{
    return _mm512_fmadd_ps(a, _mm512_set1_ps(b), c);
}

static inline void fma_store(float *y, fma_vector sum, size_t lanes, bool accumulate)
{
    __mmask16 mask = (__mmask16)((1u << lanes) - 1);
    if (accumulate)
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, y));
    _mm512_mask_storeu_ps(y, mask, sum);
}

/* out[i * FMA_PANEL_ROWS], lane r = in[r], lane i. */
static inline void fma_transpose(float *out, fma_vector in[FMA_LANES])
{
    __m512 a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(in[i], in[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(in[i], in[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        for (int j = 0; j < 2; j++) {
            __m512d low = _mm512_castps_pd(a[i + j]), high = _mm512_castps_pd(a[i + 2 + j]);
            b[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            b[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    }
    for (int i = 0; i < 4; i++) { /* b[4 q + i]: rows 4q .. 4q+3, column 4 lane + i */
        __m512 even01 = _mm512_shuffle_f32x4(b[i], b[4 + i], 0x88), odd01 = _mm512_shuffle_f32x4(b[i], b[4 + i], 0xdd);
        __m512 even23 = _mm512_shuffle_f32x4(b[8 + i], b[12 + i], 0x88);
        __m512 odd23 = _mm512_shuffle_f32x4(b[8 + i], b[12 + i], 0xdd);
        _mm512_store_ps(out + (i + 0) * FMA_PANEL_ROWS, _mm512_shuffle_f32x4(even01, even23, 0x88));
        _mm512_store_ps(out + (i + 4) * FMA_PANEL_ROWS, _mm512_shuffle_f32x4(odd01, odd23, 0x88));
        _mm512_store_ps(out + (i + 8) * FMA_PANEL_ROWS, _mm512_shuffle_f32x4(even01, even23, 0xdd));
        _mm512_store_ps(out + (i + 12) * FMA_PANEL_ROWS, _mm512_shuffle_f32x4(odd01, odd23, 0xdd));
    }
}
#else
static inline fma_vector fma_zero(void)
{
    return _mm256_setzero_ps();
}

static inline fma_vector fma_load(const float *p)
{
    return _mm256_load_ps(p);
}

static inline fma_vector fma_multiply_add(fma_vector a, float b, fma_vector c)
{
    return _mm256_fmadd_ps(a, _mm256_set1_ps(b), c);
}

static inline void fma_store(float *y, fma_vector sum, size_t lanes, bool accumulate)
{
    if (lanes == FMA_LANES) {
        _mm256_storeu_ps(y, accumulate ? _mm256_add_ps(sum, _mm256_loadu_ps(y)) : sum);
        return;
    }
    __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    if (accumulate)
        sum = _mm256_add_ps(sum, _mm256_maskload_ps(y, mask));
    _mm256_maskstore_ps(y, mask, sum);
}

static inline void fma_transpose(float *out, fma_vector in[FMA_LANES])
{
    __m256 a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_ps(in[i], in[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(in[i], in[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; j++) {
            b[i + 2 * j] = _mm256_shuffle_ps(a[i + j], a[i + 2 + j], _MM_SHUFFLE(1, 0, 1, 0));
            b[i + 2 * j + 1] = _mm256_shuffle_ps(a[i + j], a[i + 2 + j], _MM_SHUFFLE(3, 2, 3, 2));
        }
    }
    for (int i = 0; i < 4; i++) {
        _mm256_store_ps(out + i * FMA_PANEL_ROWS, _mm256_permute2f128_ps(b[i], b[4 + i], 0x20));
        _mm256_store_ps(out + (i + 4) * FMA_PANEL_ROWS, _mm256_permute2f128_ps(b[i], b[4 + i], 0x31));
    }
}
#endif

/* A packer for weights that are numbers themselves. load reads FMA_LANES of them; the last columns of a row are loaded
 * from a copy, so that nothing behind the row is read. */
static inline __attribute__((always_inline)) void fma_pack_numbers(float (*panel)[FMA_PANEL_ROWS],
                                                                   const struct fma_rows *rows, size_t start,
                                                                   size_t cols, size_t number_bytes,
                                                                   fma_vector (*load)(const void *numbers))
{
    for (size_t k = 0; k < cols; k += FMA_LANES) {
        fma_vector in[FMA_LANES];
        for (size_t r = 0; r < FMA_LANES; r++) {
            const char *numbers = rows->row[r] + (start + k) * number_bytes;
            char tail[FMA_LANES * sizeof(float)] = { 0 };
            if (cols - k < FMA_LANES)
                numbers = memcpy(tail, numbers, (cols - k) * number_bytes);
            in[r] = load(numbers);
        }
        fma_transpose(panel[k],
                      in); /* columns from cols on are never read; FMA_PANEL_COLS is a multiple of FMA_LANES */
    }
}

struct fma_block {
    float *y;
    size_t y_stride;
    const float *x;
    size_t x_stride; /* floats */
    const float (*panel)[FMA_PANEL_ROWS];
    size_t outputs, cols;
    bool accumulate;
};

/* tokens is a constant where this is inlined. */
static inline __attribute__((always_inline)) void fma_block_run(const struct fma_block *b, size_t tokens)
{
    fma_vector low[FMA_TOKENS], high[FMA_TOKENS];
    const float *x[FMA_TOKENS];
    for (size_t t = 0; t < tokens; t++) {
        low[t] = high[t] = fma_zero();
        x[t] = b->x + t * b->x_stride;
    }
    for (size_t k = 0; k < b->cols; k++) {
        fma_vector w0 = fma_load(b->panel[k]), w1 = fma_load(b->panel[k] + FMA_LANES);
        for (size_t t = 0; t < tokens; t++) {
            low[t] = fma_multiply_add(w0, x[t][k], low[t]);
            high[t] = fma_multiply_add(w1, x[t][k], high[t]);
        }
    }
    for (size_t t = 0; t < tokens; t++) {
        float *y = b->y + t * b->y_stride;
        fma_store(y, low[t], b->outputs < FMA_LANES ? b->outputs : FMA_LANES, b->accumulate);
        if (b->outputs > FMA_LANES)
            fma_store(y + FMA_LANES, high[t], b->outputs - FMA_LANES, b->accumulate);
    }
}

static inline void fma_panel_run(const struct matmul_arguments *a, struct fma_block b)
{
    size_t t = 0;
    for (; t + FMA_TOKENS <= a->count; t += FMA_TOKENS) {
        fma_block_run(&b, FMA_TOKENS);
        b.y += FMA_TOKENS * b.y_stride;
        b.x += FMA_TOKENS * b.x_stride;
    }
    for (; t + 2 <= a->count; t += 2) {
        fma_block_run(&b, 2);
        b.y += 2 * b.y_stride;
        b.x += 2 * b.x_stride;
    }
    if (t < a->count)
        fma_block_run(&b, 1);
}

static inline struct fma_rows fma_rows(const struct matmul_arguments *a, size_t first)
{
    struct fma_rows rows;
    for (size_t i = 0; i < FMA_LANES; i++)
        rows.row[i] = (const char *)a->w + (first + i < a->rows ? first + i : a->rows - 1) * a->w_row_bytes;
    return rows;
}

static inline __attribute__((always_inline)) void fma_matmul(const struct matmul_arguments *a, fma_packer *pack)
{
    struct fma_scratch *scratch = a->scratch;
    struct fma_block block = { .y_stride = a->y_stride,
                               .x_stride = a->act_row_bytes / sizeof(float),
                               .panel = (const float(*)[FMA_PANEL_ROWS])scratch->panel };
    for (size_t row = 0; row < a->rows; row += FMA_PANEL_ROWS) {
        struct fma_rows low = fma_rows(a, row), high = fma_rows(a, row + FMA_LANES);
        block.outputs = a->rows - row < FMA_PANEL_ROWS ? a->rows - row : FMA_PANEL_ROWS;
        for (size_t start = 0; start < a->cols; start += FMA_PANEL_COLS) {
            block.cols = a->cols - start < FMA_PANEL_COLS ? a->cols - start : FMA_PANEL_COLS;
            block.y = a->y + row;
            block.x = (const float *)a->act + start;
            block.accumulate = start > 0;
            pack(scratch->panel, &low, start, block.cols, scratch);
            pack((float(*)[FMA_PANEL_ROWS])(scratch->panel[0] + FMA_LANES), &high, start, block.cols, scratch);
            fma_panel_run(a, block);
        }
    }
}

#endif
