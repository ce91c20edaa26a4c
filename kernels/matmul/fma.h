/* fma.h: the tiled matrix product in f32 on fused multiply-adds, AVX2 or AVX-512 by the file that includes it.
 *
 * Loops, from the outside: FMA_PANEL_ROWS outputs (two vectors), FMA_PANEL_COLS of k, for which the weights are
 * unpacked to f32 and transposed (the panel stays in L1), FMA_TOKENS activation rows, k. The sums of a block live in
 * registers; from one part of k to the next they go through y, which also keeps their rounding small. */
#ifndef PRONY_KERNELS_MATMUL_FMA_H
#define PRONY_KERNELS_MATMUL_FMA_H

#include "kernels/kernel.h"
#include "kernels/matmul/panel.h"
#include "kernels/matmul/scratch.h"
#include <string.h>

#if defined(__AVX512F__)
enum { FMA_TOKENS = 12 };
#else
enum { FMA_TOKENS = 6 };
#endif
enum { FMA_PANEL_ROWS = 2 * LANES, FMA_PANEL_COLS = 256 };

struct fma_scratch {
    float panel[FMA_PANEL_COLS][FMA_PANEL_ROWS];
};
static_assert(sizeof(struct fma_scratch) <= MATMUL_SCRATCH_FMA, "kernels/matmul/scratch.h");

/* Writes panel[k][0 .. LANES) for start <= k < start + cols; panel points at k = start. */
typedef void fma_packer(float (*panel)[FMA_PANEL_ROWS], const struct panel_rows *rows, size_t start, size_t cols);

#if defined(__AVX512F__)
/* out[i * FMA_PANEL_ROWS], lane r = in[r], lane i. */
static inline void fma_transpose(float *out, lanes_float in[LANES])
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
static inline void fma_transpose(float *out, lanes_float in[LANES])
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

/* A packer for weights that are numbers themselves. load reads LANES of them; the last columns of a row are loaded
 * from a copy, so that nothing behind the row is read. */
static inline __attribute__((always_inline)) void fma_pack_numbers(float (*panel)[FMA_PANEL_ROWS],
                                                                   const struct panel_rows *rows, size_t start,
                                                                   size_t cols, size_t number_bytes,
                                                                   lanes_float (*load)(const void *numbers))
{
    for (size_t k = 0; k < cols; k += LANES) {
        lanes_float in[LANES];
        for (size_t r = 0; r < LANES; r++) {
            const char *numbers = rows->row[r] + (start + k) * number_bytes;
            char tail[LANES * sizeof(float)] = { 0 };
            if (cols - k < LANES)
                numbers = memcpy(tail, numbers, (cols - k) * number_bytes);
            in[r] = load(numbers);
        }
        fma_transpose(panel[k], in); /* columns from cols on are never read; FMA_PANEL_COLS is a multiple of LANES */
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
    lanes_float low[FMA_TOKENS], high[FMA_TOKENS];
    const float *x[FMA_TOKENS];
    for (size_t t = 0; t < tokens; t++) {
        low[t] = high[t] = LANES_OP(setzero_ps)();
        x[t] = b->x + t * b->x_stride;
    }
    for (size_t k = 0; k < b->cols; k++) {
        lanes_float w0 = LANES_OP(load_ps)(b->panel[k]), w1 = LANES_OP(load_ps)(b->panel[k] + LANES);
        for (size_t t = 0; t < tokens; t++) {
            lanes_float value = LANES_OP(set1_ps)(x[t][k]);
            low[t] = LANES_OP(fmadd_ps)(w0, value, low[t]);
            high[t] = LANES_OP(fmadd_ps)(w1, value, high[t]);
        }
    }
    for (size_t t = 0; t < tokens; t++) {
        float *y = b->y + t * b->y_stride;
        lanes_store(y, low[t], b->outputs < LANES ? b->outputs : LANES, b->accumulate);
        if (b->outputs > LANES)
            lanes_store(y + LANES, high[t], b->outputs - LANES, b->accumulate);
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

static inline __attribute__((always_inline)) void fma_matmul(const struct matmul_arguments *a, fma_packer *pack)
{
    struct fma_scratch *scratch = a->scratch;
    struct fma_block block = { .y_stride = a->y_stride,
                               .x_stride = a->act_row_bytes / sizeof(float),
                               .panel = (const float(*)[FMA_PANEL_ROWS])scratch->panel };
    for (size_t row = 0; row < a->rows; row += FMA_PANEL_ROWS) {
        const char *w = (const char *)a->w + row * a->w_row_bytes;
        struct panel_rows low = panel_rows(w, a->w_row_bytes, a->rows - row), high = low;
        if (row + LANES < a->rows)
            high = panel_rows(w + LANES * a->w_row_bytes, a->w_row_bytes, a->rows - row - LANES);
        block.outputs = a->rows - row < FMA_PANEL_ROWS ? a->rows - row : FMA_PANEL_ROWS;
        for (size_t start = 0; start < a->cols; start += FMA_PANEL_COLS) {
            block.cols = a->cols - start < FMA_PANEL_COLS ? a->cols - start : FMA_PANEL_COLS;
            block.y = a->y + row;
            block.x = (const float *)a->act + start;
            block.accumulate = start > 0;
            pack(scratch->panel, &low, start, block.cols);
            pack((float(*)[FMA_PANEL_ROWS])(scratch->panel[0] + LANES), &high, start, block.cols);
            fma_panel_run(a, block);
        }
    }
}

#endif
